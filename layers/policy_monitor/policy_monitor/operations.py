"""Which changes by CloudFormation an operation of the monitor's own stack explains, and which none.

That depends on the set of facts alone, so it does not matter in which order events come. What no
operation explains is a fact that reconcile records.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from policy_monitor.ledger import Genesis
from policy_monitor.mutations import (
    Actor,
    Mutation,
    MutationKind,
    PartTouched,
    StackOperated,
    TouchesUnexplained,
)

EVENT_NAME = "Unexplained"

OPERATION = timedelta(hours=1)
"""How long after its beginning an operation of the stack explains what CloudFormation changes."""


def unexplained(mutations: Iterable[Mutation], genesis: Genesis, until: str) -> Iterator[Mutation]:
    """Facts that tell of changes by CloudFormation that nothing explains, one for each actor.

    Parameters
    ----------
    until : str
        What happened later may still be explained by an event that is on its way.

    Notes
    -----
    The first hour after the baseline is that of the stack's creation, which began before the
    monitor could see it.
    """
    facts = list(mutations)
    changes = [(fact, change) for fact in facts for change in fact.changes]
    named = [c.time for _, c in changes if isinstance(c, StackOperated) and c.stack]
    told = {
        event_id
        for _, change in changes
        if isinstance(change, TouchesUnexplained)
        for _, event_id, _ in change.touches
    }
    left: dict[Actor, list[tuple[Mutation, PartTouched]]] = {}
    for fact, change in changes:
        if (
            isinstance(change, PartTouched)
            and change.by_stack
            and not fact.error
            and fact.event_id not in told
            and fact.time <= until
            and not explained(fact.time, [genesis.read_at, *named], also_before=genesis.read_at)
        ):
            left.setdefault(fact.actor, []).append((fact, change))
    for actor, found in left.items():
        touches = sorted((fact.time, fact.event_id, change.thing) for fact, change in found)
        ids = json.dumps([event_id for _, event_id, _ in touches])
        last, _ = max(found, key=lambda each: each[0].key)
        yield Mutation(
            time=last.time,
            event_id=f"unexplained-{hashlib.sha256(ids.encode()).hexdigest()[:32]}",
            event_name=EVENT_NAME,
            account=last.account,
            region=last.region,
            actor=actor,
            kind=MutationKind.TAMPER,
            changes=(TouchesUnexplained(tuple(touches)),),
        )


def explained(time: str, operations: Iterable[str], *, also_before: str = "") -> bool:
    """Whether an operation had begun, no longer ago than one takes."""
    if time <= also_before:
        return True
    moment = datetime.fromisoformat(time)
    return any(
        timedelta() <= moment - datetime.fromisoformat(begun) <= OPERATION for begun in operations
    )
