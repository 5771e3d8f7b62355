"""Real records in a stream of real records of others: what does not concern us leaves no trace."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from tests.conformance.records import rows
from tests.histories import genesis
from tests.unit.policy_monitor.test_events import CLASSES, WATCHED

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.detection import detect
from policy_monitor.errors import UnreadableEventError
from policy_monitor.judgement import judge

OTHERS = 3_000


def held(records: Iterable[Mapping[str, Any]]) -> tuple[MemoryLedger, int]:
    """A ledger that these records have come to, and how many could not be understood."""
    ledger, iam, unreadable = MemoryLedger(), MemoryIam(), 0
    ledger.put_genesis(genesis(read_at="2015-01-01T00:00:00Z"), {})
    for record in records:
        try:
            detect({"source": "aws.iam", "detail": record}, ledger, iam, WATCHED, b"key")
        except UnreadableEventError:
            unreadable += 1
    judge(ledger, WATCHED, None)
    return ledger, unreadable


def key(record: Mapping[str, Any]) -> tuple[Any, Any]:
    return record.get("eventTime"), record.get("eventID")


def test_the_records_of_others_around_ours_change_nothing() -> None:
    found = rows("cloudtrail_iam_records")
    # Some of the records were made by hand and share an id: then the first to come is kept.
    by_key = {key(row["record"]): row["record"] for row in found if row["id"] in CLASSES}
    ours = list(by_key.values())
    theirs = [row["record"] for row in found if row["id"] not in CLASSES]
    noise = Random(1)  # noqa: S311 (reproducible, no secret)
    around = [{**noise.choice(theirs), "eventID": f"other-{number}"} for number in range(OTHERS)]
    stream = [*around, *ours, *noise.sample(ours, 5)]  # some are delivered twice
    noise.shuffle(stream)

    alone, unreadable = held(ours)
    whole, unreadable_too = held(stream)

    told = alone.snapshot()
    assert len(told.mutations) == len(ours) - unreadable
    assert unreadable <= unreadable_too <= unreadable + 5
    assert whole.snapshot() == told
    assert len(told.current) > 0
    assert list(whole.findings()) == list(alone.findings())
