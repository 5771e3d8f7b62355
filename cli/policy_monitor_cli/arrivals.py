"""What became of each event of a replay, told by the ledger once all have come."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy_monitor.history import history
from policy_monitor.ledger import Ledger, Outbox
from policy_monitor_cli.material import SHOWN, detail, event_time
from policy_monitor_cli.outcome import Delivery, Fate, Message, Outcome
from policy_monitor_report.evidence import evidence

CONCERNS_NOTHING = "concerns nothing that is watched"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that came.

    Attributes
    ----------
    problem : str
        Why it could not be understood; empty where it could.
    note : str
        Why nothing was recorded of it, if nothing was.
    """

    origin: str
    event: Mapping[str, Any]
    problem: str = ""
    note: str = CONCERNS_NOTHING


def outcome(
    arrivals: Iterable[Arrival],
    ledger: Ledger,
    outbox: Outbox | None = None,
    *,
    others: int = 0,
    lost: Sequence[Delivery] = (),
    messages: Iterable[Message] = (),
    log: str = "",
    late: Mapping[str, str] | None = None,
) -> Outcome:
    """All of a replay, from what came and what the ledger made of it.

    Parameters
    ----------
    others : int
        How many more came, which concern nothing that is watched.
    lost : Sequence[Delivery]
        What came of an event and could not be handled.
    messages, log, late
        As in `Outcome`.
    """
    rests_on = evidence(ledger)
    entries = tuple(history(ledger, outbox))
    recorded = {mutation.event_id for mutation in rests_on.mutations}
    found = {entry.finding.event_id for entry in entries}
    counts: Counter[Fate] = Counter({Fate.IGNORED: others})
    counts[Fate.DEAD_LETTER] = len(lost)
    deliveries = list(lost)
    seen: set[str] = set()
    events = others
    for arrival in arrivals:
        events += 1
        record = detail(arrival.event)
        event_id = str(record.get("eventID"))
        if arrival.problem:
            fate, reason = Fate.DEAD_LETTER, arrival.problem
        elif event_id in recorded and event_id in seen:
            fate, reason = Fate.DUPLICATE, "delivered before: known by its event id"
        elif event_id in found:
            seen.add(event_id)
            continue
        elif event_id in recorded:
            seen.add(event_id)
            fate, reason = Fate.IGNORED, "recorded; it bears on nothing that is watched"
        else:
            fate, reason = Fate.IGNORED, arrival.note
        counts[fate] += 1
        if fate is not Fate.IGNORED or counts[fate] - others <= SHOWN:
            name = str(record.get("eventName") or "event without a name")
            time = event_time(arrival.event)
            deliveries.append(Delivery(arrival.origin, time, name, fate, reason))
    return Outcome(
        events=events,
        entries=entries,
        evidence=rests_on,
        deliveries=tuple(sorted(deliveries, key=lambda delivery: delivery.time)),
        counts=counts,
        messages=tuple(messages),
        log=log,
        late=late or {},
    )
