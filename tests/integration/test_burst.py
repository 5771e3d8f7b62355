"""Five thousand events at once, late and repeated ones among them."""

from random import Random
from typing import Any

from tests.histories import ACCOUNT, EXTRA, POLICY, ROLE, SETTINGS, Shelf, allow, genesis
from tests.histories import managed as managed_state
from tests.histories import role as role_state
from tests.iam_events import iam_event

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.detection import detect
from policy_monitor.judgement import BEHIND, judge
from policy_monitor.ledger import Snapshot

EVENTS = 5_000
BATCH = 250
"""Events that a batch of the stream holds; it may hold a thousand."""

shelf = Shelf()
READ, WRITE = shelf(allow("s3:GetObject")), shelf(allow("s3:PutObject"))
BASE = genesis(
    role_state(attached=frozenset({POLICY})),
    managed_state(POLICY, READ),
    managed_state(EXTRA, WRITE),
)


class CountingLedger(MemoryLedger):
    """A ledger in memory that notes how many facts each judgement reads."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    def following(self, time: str) -> Snapshot:
        found = super().following(time)
        self.reads[-1:] = [len(found.mutations)]  # it has read all there is to make this
        return found

    def snapshot(self) -> Snapshot:
        found = super().snapshot()
        self.reads.append(len(found.mutations))
        return found


def burst(count: int) -> list[dict[str, Any]]:
    """A policy comes and goes, three times a second, and is told somewhat out of order."""
    noise = Random(count)  # noqa: S311 (reproducible, no secret)
    events = []
    for number in range(count):
        hours, seconds = divmod(number // 3, 3600)
        name = "DetachRolePolicy" if number % 2 else "AttachRolePolicy"
        event = iam_event(
            name,
            {"roleName": ROLE, "policyArn": EXTRA},
            eventTime=f"2026-06-01T{12 + hours}:{seconds // 60:02}:{seconds % 60:02}Z",
            eventID=f"{number:05}",
        )
        events.append((number + noise.randrange(40), event))
        if noise.random() < 0.1:
            events.append((number + noise.randrange(200), event))
    return [event for _, event in sorted(events, key=lambda each: each[0])]


def test_a_burst_is_recorded_once_and_each_batch_is_judged_by_little_more_than_itself() -> None:
    ledger, iam = CountingLedger(), MemoryIam()
    ledger.put_genesis(BASE, shelf.documents)
    told = burst(EVENTS)
    for start in range(0, len(told), BATCH):
        for event in told[start : start + BATCH]:
            detect(event, ledger, iam, SETTINGS, b"key", account=ACCOUNT)
        judge(ledger, SETTINGS, None)

    batches = -(-len(told) // BATCH)
    assert len(ledger.reads) == batches
    assert max(ledger.reads) <= BATCH + 2 * BEHIND  # whatever the ledger holds by then
    whole = MemoryLedger.snapshot(ledger)
    assert len(whole.mutations) == EVENTS
    assert whole.seq == whole.derived == EVENTS + 1

    alone = MemoryLedger()
    alone.put_genesis(BASE, shelf.documents)
    for mutation in whole.mutations:
        alone.append(mutation, {})
    judge(alone, SETTINGS, None)
    assert holding(ledger) == holding(alone)


def holding(ledger: MemoryLedger) -> dict[str, str]:
    """The findings that hold."""
    current = MemoryLedger.snapshot(ledger).current
    return {slot: row.finding_id for slot, row in current.items()}
