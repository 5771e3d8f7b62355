"""Facts that reconcile finds by itself: drift, and what became of the monitor's senses."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from policy_monitor.drift import PRINCIPAL, Difference, Thing, is_aws_managed
from policy_monitor.mutations import (
    Actor,
    ActorKind,
    Mutation,
    MutationKind,
    SenseLost,
    SenseRegained,
)
from policy_monitor.vigilance import Looked

EVENT_NAME = "Drift"


def drift_facts(
    differences: Iterable[Difference], first_seen: Mapping[Thing, str], account: str, region: str
) -> Iterator[Mutation]:
    """Differences as facts, of the time at which they were first seen.

    What bears on the watched roles' access is one fact, so that its effect is the net one; what
    AWS changed is AWS's; a policy that only others use, and each other principal's uses, are told
    by themselves.
    """
    groups: dict[str, list[Difference]] = {}
    for difference in differences:
        by_aws = "aws" if is_aws_managed(difference.thing) else ""
        group = difference.thing[1] if difference.apart else by_aws
        groups.setdefault(group, []).append(difference)
    for members in groups.values():
        only = members[0] if len(members) == 1 else None
        time = max(first_seen[difference.thing] for difference in members)
        yield Mutation(
            time=time,
            event_id=_id("drift", time, *sorted(each.fingerprint for each in members)),
            event_name=EVENT_NAME,
            account=account,
            region=region,
            actor=Actor(ActorKind.AWS if is_aws_managed(members[0].thing) else ActorKind.UNKNOWN),
            kind=MutationKind.DRIFT,
            changes=tuple(dict.fromkeys(change for each in members for change in each.changes)),
            target=only.resource if only and only.thing[0] != PRINCIPAL else "",
        )


def sense_facts(
    found: Mapping[str, Looked], blind: Mapping[str, str], time: str, account: str, region: str
) -> Iterator[Mutation]:
    """The senses that do not work and did, and those that do again.

    Parameters
    ----------
    found : Mapping[str, Looked]
        What was looked to; of what was not, nothing is said.
    blind : Mapping[str, str]
        The senses that the ledger knows to be lost.
    """
    for sense, look in sorted(found.items()):
        change: SenseLost | SenseRegained
        if look.problem and sense not in blind:
            change = SenseLost(sense, look.thing, look.problem)
        elif not look.problem and sense in blind:
            change = SenseRegained(sense, look.thing)
        else:
            continue
        name = type(change).__name__
        yield Mutation(
            time=time,
            event_id=_id("sense", time, name, sense),
            event_name=name,
            account=account,
            region=region,
            actor=Actor(ActorKind.UNKNOWN),
            kind=MutationKind.TAMPER,
            changes=(change,),
        )


def _id(sort: str, *parts: str) -> str:
    return f"{sort}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"
