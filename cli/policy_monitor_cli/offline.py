"""A replay by the domain's own code, on a ledger and an IAM in memory."""

from collections.abc import Callable

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.baseline import read_baseline
from policy_monitor.catalogue import load
from policy_monitor.detection import detect
from policy_monitor.errors import InputError, UnreadableEventError
from policy_monitor.events import parse_event
from policy_monitor.judgement import judge
from policy_monitor.ledger import Genesis
from policy_monitor.mutations import Documents, MutationKind
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState
from policy_monitor.timeline import clouded
from policy_monitor_cli.arrivals import Arrival, outcome
from policy_monitor_cli.local_aws import REGION
from policy_monitor_cli.material import BEGINNING, MASK_KEY, Material, detail, event_time
from policy_monitor_cli.outcome import Outcome
from policy_monitor_cli.recorded_iam import RecordedIam


def replay_offline(
    material: Material, settings: Settings, on_event: Callable[[], None] = lambda: None
) -> Outcome:
    """Judge all events.

    Raises
    ------
    InputError
        The baseline is none, or nothing says which account is watched.
    """
    ledger = MemoryLedger()
    ledger.put_genesis(*genesis(material, settings, MASK_KEY))
    as_of_then = material.baseline if not material.late else None
    iam = RecordedIam(as_of_then.details if as_of_then else None)
    account = material.account if material.events else None
    problems: dict[int, str] = {}
    # In the order of time, so that IAM answers as of then; what the ledger makes of its facts does
    # not depend on it.
    order = sorted(range(len(material.events)), key=lambda n: event_time(material.events[n].event))
    for number in order:
        event = material.events[number].event
        on_event()
        iam.repeat(detail(event))
        try:
            parsed = parse_event(event, settings, MASK_KEY, account)
            if parsed is not None and parsed.mutation.kind is MutationKind.OMITTED:
                shown = material.telling(event)
                if shown is None:
                    # IAM as it was then is not known: recorded as it came, and undetermined.
                    ledger.append(parsed.mutation, parsed.documents)
                    continue
                iam.show(shown.details)
            detect(event, ledger, iam, settings, MASK_KEY, account=account)
        except UnreadableEventError as error:
            problems[number] = str(error)
    judge(ledger, settings, load())
    arrivals = (
        Arrival(item.origin, item.event, problems.get(number, ""))
        for number, item in enumerate(material.events)
    )
    return outcome(arrivals, ledger, others=material.others)


def genesis(material: Material, settings: Settings, mask_key: bytes) -> tuple[Genesis, Documents]:
    """What the events of a replay are folded from; without a baseline, nothing is known.

    Of one that was read after them only what never changes: the documents of versions.

    Raises
    ------
    InputError
        The baseline is not what the AWS CLI prints.
    """
    if material.baseline is None:
        return Genesis(BEGINNING, AccountState()), {}
    try:
        state, documents = read_baseline(material.baseline.details, settings, mask_key)
    except InputError as error:
        raise InputError(f"{material.baseline.origin}: {error}") from error
    if material.late:
        state = clouded(state)
    read_at = material.baseline.read_at or BEGINNING
    account = material.account if material.events or state.roles else ""
    return Genesis(read_at, state, account, REGION), documents
