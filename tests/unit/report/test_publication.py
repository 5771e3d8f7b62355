"""The report is written where it would tell something new, and only there."""

from dataclasses import dataclass, field

import pytest
from tests.contract.ledgers import a_finding, a_genesis, a_mutation, first

from iamdiff.catalogue import Catalogue, EmptyCatalogue
from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.adapters.notebook import MemoryNotebook
from policy_monitor.errors import InputError
from policy_monitor.ledger import AnnouncementKey, Notice
from policy_monitor.notebook import Note
from policy_monitor_report.publication import publish
from policy_monitor_report.report import Records, of_stack

NOW = "2026-11-22T06:00:00Z"


@dataclass
class Desk:
    """A place in memory."""

    public: bool = False
    pages: list[bytes] = field(default_factory=list)
    lying: str = ""

    def check(self) -> None:
        if self.public:
            raise InputError("public")

    def edition(self) -> str:
        return self.lying

    def put(self, page: bytes, edition: str) -> None:
        self.pages.append(page)
        self.lying = edition


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def records() -> Records:
    ledger = MemoryLedger()
    ledger.put_genesis(a_genesis(), {})
    ledger.append(a_mutation(1), {})
    ledger.record(2, [first(a_finding(1, summary="It can do more."))])
    ledger.mark_derived(2)
    return Records(ledger, MemoryOutbox(now=lambda: NOW), MemoryNotebook())


def look(desk: Desk, records: Records, *, now: str = NOW, code: str = "1") -> bool:
    source = of_stack("monitor")
    return publish(desk, records, EmptyCatalogue, source=source, code=code, now=now)


def test_the_page_tells_what_is_recorded(desk: Desk, records: Records) -> None:
    assert look(desk, records)
    (page,) = desk.pages
    for part in ("It can do more.", "From the ledger of stack monitor", "2026-11-22 06:00:00 UTC"):
        assert part.encode() in page


def test_a_look_that_finds_nothing_new_makes_no_page(desk: Desk, records: Records) -> None:
    def unread() -> Catalogue:
        raise AssertionError

    look(desk, records)
    later = "2026-11-22T23:59:59Z"
    assert not publish(desk, records, unread, source="From a test", code="1", now=later)
    assert len(desk.pages) == 1


def test_a_change_that_nobody_is_told_of_is_on_the_page(desk: Desk, records: Records) -> None:
    look(desk, records)
    records.ledger.append(a_mutation(2), {})
    equivalent = a_finding(2, "equivalent", summary="Nothing changed.")
    records.ledger.record(3, [first(equivalent)])
    records.ledger.mark_derived(3)
    assert look(desk, records)
    assert b"Nothing changed." in desk.pages[-1]


def test_many_changes_between_two_looks_are_one_page(desk: Desk, records: Records) -> None:
    look(desk, records)
    for number in range(2, 50):
        records.ledger.append(a_mutation(number), {})
    assert look(desk, records)
    assert not look(desk, records)
    assert len(desk.pages) == 2


def test_facts_that_are_not_judged_yet_are_said_and_then_judged(
    desk: Desk, records: Records
) -> None:
    records.ledger.append(a_mutation(2), {})
    look(desk, records)
    assert b"not judged yet" in desk.pages[-1]
    records.ledger.mark_derived(3)
    assert look(desk, records)
    assert b"not judged yet" not in desk.pages[-1]


@pytest.mark.parametrize("state", ["begin", "finish", "skip"])
def test_who_was_told_is_on_the_page(desk: Desk, records: Records, state: str) -> None:
    look(desk, records)
    getattr(records.outbox, state)(AnnouncementKey("1-expansion", 1, "slack"))
    assert look(desk, records)
    assert b"in Slack" in desk.pages[-1]


def test_a_notice_that_is_noted_is_on_the_page(desk: Desk, records: Records) -> None:
    look(desk, records)
    records.ledger.put_notice(
        Notice("1-expansion", "They wrote to us.", "arn:aws:iam::1:user/a", NOW)
    )
    assert look(desk, records)
    assert b"They wrote to us." in desk.pages[-1]


def test_a_day_and_other_code_make_another_page(desk: Desk, records: Records) -> None:
    look(desk, records)
    assert look(desk, records, now="2026-11-23T00:00:00Z")
    assert look(desk, records, now="2026-11-23T00:00:00Z", code="2")
    assert len(desk.pages) == 3


def test_another_run_of_reconcile_alone_makes_no_page(desk: Desk, records: Records) -> None:
    look(desk, records)
    records.notebook.write(Note("2026-11-22T06:00:00Z", 2))
    assert not look(desk, records)


def test_what_comes_while_the_page_is_made_is_on_the_next(desk: Desk, records: Records) -> None:
    def meanwhile() -> Catalogue:
        records.ledger.append(a_mutation(2), {})
        return EmptyCatalogue()

    publish(desk, records, meanwhile, source="From a test", code="1", now=NOW)
    assert look(desk, records)
    assert not look(desk, records)


def test_where_the_public_could_read_it_nothing_is_read_or_written(records: Records) -> None:
    desk = Desk(public=True)
    with pytest.raises(InputError):
        look(desk, records)
    assert desk.pages == []


def test_a_place_that_became_public_is_an_error_at_every_look(desk: Desk, records: Records) -> None:
    look(desk, records)
    desk.public = True
    with pytest.raises(InputError):
        look(desk, records)
