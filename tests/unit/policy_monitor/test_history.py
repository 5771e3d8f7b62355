"""The listing of all findings: what holds, what took whose place, who was told when."""

from itertools import count

import pytest
from tests.contract.ledgers import a_finding, after, first

from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.findings import Finding
from policy_monitor.history import Entry, entry_json, history
from policy_monitor.ledger import AnnouncementKey, Current

EXPANSION, REDUCTION = a_finding(1, "expansion"), a_finding(1, "reduction")


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def outbox() -> MemoryOutbox:
    ticks = count()
    return MemoryOutbox(now=lambda: f"2026-11-22T07:00:{next(ticks):02}Z")


def told(outbox: MemoryOutbox, finding: Finding, revision: int = 1, channel: str = "sns") -> None:
    key = AnnouncementKey(finding.finding_id, revision, channel)
    outbox.begin(key)
    outbox.finish(key)


def record(ledger: MemoryLedger, finding: Finding, row: Current | None = None) -> Current:
    pair = first(finding) if row is None else after(row, finding)
    ledger.record(0, [pair])
    return pair[1]


def by_id(ledger: MemoryLedger, outbox: MemoryOutbox) -> dict[str, Entry]:
    return {entry.finding.finding_id: entry for entry in history(ledger, outbox)}


def test_a_finding_that_was_told_and_holds_no_longer_is_corrected_by_the_next(
    ledger: MemoryLedger, outbox: MemoryOutbox
) -> None:
    row = record(ledger, EXPANSION)
    told(outbox, EXPANSION)
    record(ledger, REDUCTION, row)

    was, holds = history(ledger, outbox)

    assert (was.finding, was.superseded_by) == (EXPANSION, REDUCTION.finding_id)
    assert (holds.finding, holds.superseded_by) == (REDUCTION, None)
    assert (was.correction_of, holds.correction_of) == (None, EXPANSION.finding_id)


def test_nobody_is_corrected_who_was_not_told(ledger: MemoryLedger, outbox: MemoryOutbox) -> None:
    record(ledger, REDUCTION, record(ledger, EXPANSION))

    assert [entry.correction_of for entry in history(ledger, outbox)] == [None, None]


def test_a_finding_that_holds_again_corrects_the_one_between(
    ledger: MemoryLedger, outbox: MemoryOutbox
) -> None:
    row = record(ledger, REDUCTION, record(ledger, EXPANSION))
    for finding in (EXPANSION, REDUCTION):
        told(outbox, finding)
    record(ledger, EXPANSION, row)

    entries = by_id(ledger, outbox)

    assert entries[EXPANSION.finding_id].superseded_by is None
    assert entries[EXPANSION.finding_id].correction_of == REDUCTION.finding_id
    assert entries[REDUCTION.finding_id].correction_of == EXPANSION.finding_id


def test_a_finding_that_said_the_same_as_the_one_before_corrects_nothing(
    ledger: MemoryLedger, outbox: MemoryOutbox
) -> None:
    row = record(ledger, EXPANSION)
    told(outbox, EXPANSION)
    record(ledger, REDUCTION, row)
    outbox.skip(AnnouncementKey(REDUCTION.finding_id, 2, "sns"))

    assert by_id(ledger, outbox)[REDUCTION.finding_id].correction_of is None


def test_a_finding_in_its_own_place_corrects_nothing(
    ledger: MemoryLedger, outbox: MemoryOutbox
) -> None:
    row = first(EXPANSION, told_with="the-roles-finding")
    ledger.record(0, [row])
    told(outbox, EXPANSION, revision=2)
    record(ledger, EXPANSION, row[1])

    (entry,) = history(ledger, outbox)

    assert (entry.correction_of, entry.told_with) == (None, None)


def test_a_finding_comes_before_those_that_it_tells_too(ledger: MemoryLedger) -> None:
    # Its slot sorts first, so only what it is told with puts it last.
    by_policy = first(a_finding(1, "expansion", finding_id="policy"), told_with="role")
    subject = a_finding(1).subject
    role = a_finding(1, finding_id="role", subject=type(subject)(subject.type, subject.arn + "z"))
    ledger.record(0, [by_policy, first(role)])

    assert [entry.finding.finding_id for entry in history(ledger)] == ["role", "policy"]


def test_an_entry_is_a_finding_with_what_only_the_ledger_knows(
    ledger: MemoryLedger, outbox: MemoryOutbox
) -> None:
    row = record(ledger, EXPANSION)
    told(outbox, EXPANSION, channel="slack")
    outbox.begin(AnnouncementKey(EXPANSION.finding_id, 1, "sns"))
    record(ledger, REDUCTION, row)

    line, last = (entry_json(entry) for entry in history(ledger, outbox))

    assert line["schema"] == "policy-monitor/finding/1"
    assert line["finding_id"] == EXPANSION.finding_id
    assert (line["superseded_by"], line["told_with"]) == (REDUCTION.finding_id, None)
    assert line["announced"] == [
        {"channel": "slack", "state": "sent", "time": "2026-11-22T07:00:01Z"},
        {"channel": "sns", "state": "started", "time": "2026-11-22T07:00:02Z"},
    ]
    assert (last["correction_of"], last["announced"]) == (EXPANSION.finding_id, [])
