"""What is told of a baseline: that the monitor is live, and what each watched role can do then."""

from collections.abc import Iterator, Mapping
from typing import Any

from policy_monitor.access import Reason, role_access
from policy_monitor.comparisons import Comparisons, undetermined
from policy_monitor.findings import DocumentVersion, FindingKind, Subject, SubjectType
from policy_monitor.ledger import Genesis
from policy_monitor.mutations import Actor, ActorKind, Mutation, MutationKind
from policy_monitor.recorded_call import partition
from policy_monitor.scene import Effect, no_effect
from policy_monitor.settings import Settings
from policy_monitor.transitions import find_role

EVENT_NAME = "Baseline"
_EVENT_ID = "genesis"
_PERMISSIONS_MANAGEMENT = "Permissions management"
_SHOWN = 3

type Told = tuple[Mutation, Effect, str, Mapping[str, Any] | None]
"""What stands for the reading of the baseline, its effect (none), a summary, and the holdings."""


def beginnings(genesis: Genesis, comparisons: Comparisons, settings: Settings) -> Iterator[Told]:
    """One for each watched role; none where the baseline does not say of which account it is."""
    if not genesis.account or not genesis.state.complete:
        return
    reading = Mutation(
        time=genesis.read_at,
        event_id=_EVENT_ID,
        event_name=EVENT_NAME,
        account=genesis.account,
        region=genesis.region,
        actor=Actor(ActorKind.UNKNOWN),
        kind=MutationKind.CHANGE,
    )
    for name in settings.roles:
        role = find_role(genesis.state, name)
        if role is None:
            arn = f"arn:{partition(genesis.region)}:iam::{genesis.account}:role/{name}"
            effect = _effect(arn, DocumentVersion(None, None))
            yield reading, effect, _awaited(name), None
            continue
        held = role_access(genesis.state, name)
        effect = _effect(role.arn, held.all)
        if reasons := comparisons.unknown(held):
            yield (
                reading,
                effect._replace(answer=undetermined(reasons)),
                _unknown(name, reasons),
                None,
            )
            continue
        found = comparisons.holdings(held, role.arn)
        yield reading, effect, _summary(name, found), found


def _effect(arn: str, held: DocumentVersion) -> Effect:
    return no_effect(Subject(SubjectType.ROLE, arn), FindingKind.BASELINE, held)


def _awaited(name: str) -> str:
    return (
        f"The monitor is live: there is no role {name} in this account yet, and its creation will "
        "be told."
    )


def _unknown(name: str, reasons: tuple[Reason, ...]) -> str:
    sentence = reasons[0].sentence.rstrip(".")
    return (
        f"The monitor is live: what {name} can do today is not fully known "
        f"({sentence[:1].lower()}{sentence[1:]})."
    )


def _summary(name: str, found: Mapping[str, Any] | None) -> str:
    if found is None:
        return f"The monitor is live and watches {name}."
    services = [row["service"] for row in found["services"]]
    if not services:
        return f"The monitor is live: {name} can do nothing today."
    managing = [
        row["service"] for row in found["services"] if _PERMISSIONS_MANAGEMENT in row["levels"]
    ]
    permissions = f", and manage permissions in {_names(managing)}" if managing else ""
    return (
        f"The monitor is live: today {name} can use {_counted(found['allowed'], 'known action')} "
        f"of {_counted(len(services), 'service')}{permissions}."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _names(names: list[str]) -> str:
    shown, rest = names[:_SHOWN], len(names) - _SHOWN
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)
