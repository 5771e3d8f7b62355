"""judge begins at a checkpoint where one holds, and at the baseline where none does."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from tests.histories import (
    EXTRA,
    POLICY,
    ROLE,
    SETTINGS,
    Shelf,
    allow,
    genesis,
    managed,
    mutation,
    role,
)

from policy_monitor import catalogue
from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.judgement import judge
from policy_monitor.ledger import Snapshot
from policy_monitor.mutations import (
    Change,
    DefaultVersionSet,
    Documents,
    Mutation,
    PolicyAttached,
    PolicyDetached,
    VersionCreated,
)
from policy_monitor.settings import Settings

shelf = Shelf()
READ, WRITE = shelf(allow("s3:GetObject")), shelf(allow("s3:PutObject"))
BASE = genesis(role(attached=frozenset({POLICY})), managed(POLICY, READ), managed(EXTRA, WRITE))


def at(minute: int, change: Change | None = None) -> Mutation:
    """A mutation at a minute: EXTRA comes and goes."""
    comes = PolicyAttached(ROLE, EXTRA, "v1", WRITE)
    told = change or (PolicyDetached(ROLE, EXTRA) if minute % 2 else comes)
    hour, rest = divmod(minute, 60)
    return mutation(f"e{minute}", told, time=f"2026-06-01T{12 + hour}:{rest:02}:00Z")


@dataclass
class Reads:
    """What a judgement read: mutations, and whether that was all of the ledger."""

    mutations: int = 0
    whole: bool = False


@dataclass
class CountingLedger(MemoryLedger):
    """A ledger in memory that counts what is read of it."""

    reads: Reads = field(default_factory=Reads)
    documents_read: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def snapshot(self) -> Snapshot:
        found = super().snapshot()
        self.reads = Reads(len(found.mutations), whole=True)
        return found

    def following(self, time: str) -> Snapshot:
        found = super().following(time)
        self.reads = Reads(len(found.mutations))
        return found

    def documents(self, digests: Iterable[str]) -> Documents:
        asked = set(digests)
        self.documents_read |= asked
        return super().documents(asked)


def judged(ledger: MemoryLedger, settings: Settings = SETTINGS, code: str = "1") -> None:
    judge(ledger, settings, None, code=code, behind=3)


@pytest.fixture
def ledger() -> CountingLedger:
    """A ledger with a checkpoint that leaves the last three of twelve mutations behind it."""
    made = CountingLedger()
    made.put_genesis(BASE, shelf.documents)
    for minute in range(12):
        made.append(at(minute), shelf.documents)
    judged(made)
    kept = made.checkpoint()
    assert kept is not None
    assert (kept.through, kept.facts) == (at(8).time, 10)
    return made


def verdicts(ledger: MemoryLedger) -> list[str]:
    current = ledger.snapshot().current
    found = [ledger.finding(current[slot].slot, current[slot].finding_id) for slot in current]
    return [finding.verdict for finding in sorted(filter(None, found), key=lambda each: each.slot)]


def test_one_new_event_is_judged_by_what_follows_the_checkpoint(ledger: CountingLedger) -> None:
    ledger.append(at(12), shelf.documents)
    judged(ledger)
    assert ledger.reads == Reads(4)
    assert verdicts(ledger) == [*["expansion", "reduction"] * 6, "expansion"]


def test_what_follows_does_not_grow_with_the_ledger(ledger: CountingLedger) -> None:
    for minute in range(12, 100):
        ledger.append(at(minute), shelf.documents)
        judged(ledger)
        assert not ledger.reads.whole
        assert ledger.reads.mutations <= 6
    assert verdicts(ledger) == ["expansion", "reduction"] * 50


def test_documents_that_nothing_holds_any_more_are_not_read(ledger: CountingLedger) -> None:
    gone = shelf(allow("ec2:*"))
    for minute in range(12, 30):
        change = VersionCreated(EXTRA, "v2", gone, default=False) if minute == 12 else None
        ledger.append(at(minute, change), shelf.documents)
    judged(ledger)
    ledger.documents_read.clear()
    ledger.append(at(30), shelf.documents)
    judged(ledger)
    assert ledger.documents_read == {READ, WRITE, gone}  # a version that waits is held


@pytest.mark.parametrize("minute", [0, 8])
def test_a_late_event_before_the_checkpoint_makes_it_void(
    ledger: CountingLedger, minute: int
) -> None:
    late = at(minute)._replace(event_id="late", changes=(PolicyDetached(ROLE, POLICY),))
    ledger.append(late, shelf.documents)
    judged(ledger)
    assert ledger.reads == Reads(13, whole=True)
    assert verdicts(ledger).count("reduction") == 7
    ledger.append(at(12), shelf.documents)
    judged(ledger)
    assert ledger.reads == Reads(4)  # there is a new one


def test_a_late_event_after_the_checkpoint_leaves_it_valid(ledger: CountingLedger) -> None:
    late = at(9)._replace(event_id="late", changes=(PolicyDetached(ROLE, POLICY),))
    ledger.append(late, shelf.documents)
    judged(ledger)
    assert ledger.reads == Reads(4)
    assert verdicts(ledger).count("reduction") == 7


def test_a_new_event_and_a_late_one_do_not_hide_each_other(ledger: CountingLedger) -> None:
    ledger.append(at(12), shelf.documents)
    ledger.append(
        at(2)._replace(event_id="late", changes=(PolicyDetached(ROLE, POLICY),)), shelf.documents
    )
    judged(ledger)
    assert ledger.reads.whole
    assert len(verdicts(ledger)) == 14


def test_an_event_that_refutes_what_was_read_before_the_checkpoint_is_heeded(
    ledger: CountingLedger,
) -> None:
    """What was read for EXTRA's attachments as version v1 was made only now: it was renewed."""
    ledger.append(at(12, VersionCreated(EXTRA, "v1", READ, default=True)), shelf.documents)
    judged(ledger)
    assert ledger.reads.whole


def test_an_event_about_another_version_leaves_the_checkpoint_valid(
    ledger: CountingLedger,
) -> None:
    ledger.append(at(12, DefaultVersionSet(EXTRA, "v2", READ)), shelf.documents)
    judged(ledger)
    assert not ledger.reads.whole


def test_other_code_settings_or_catalogue_begin_at_the_baseline(ledger: CountingLedger) -> None:
    judged(ledger)
    assert not ledger.reads.whole
    for change in (
        lambda: judged(ledger, code="2"),
        lambda: judged(ledger, Settings(roles=(ROLE, "another"))),
        lambda: judge(ledger, SETTINGS, catalogue.load(), code="1", behind=3),
    ):
        ledger.reads = Reads()
        change()
        assert ledger.reads.whole


def test_a_ledger_that_lost_its_checkpoint_is_judged_from_the_baseline(
    ledger: CountingLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_checkpoint", None)
    ledger.append(at(12), shelf.documents)
    judged(ledger)
    assert ledger.reads.whole
    assert verdicts(ledger) == [*["expansion", "reduction"] * 6, "expansion"]


def test_no_checkpoint_is_kept_where_facts_are_missing() -> None:
    class Lacking(MemoryLedger):
        def snapshot(self) -> Snapshot:
            found = super().snapshot()
            return found._replace(mutations=found.mutations[1:])

    ledger = Lacking()
    ledger.put_genesis(BASE, shelf.documents)
    for minute in range(12):
        ledger.append(at(minute), shelf.documents)
    judged(ledger)
    assert ledger.checkpoint() is None


def test_facts_of_the_time_before_the_baseline_make_no_checkpoint() -> None:
    ledger = MemoryLedger()
    ledger.put_genesis(BASE._replace(read_at=at(20).time), shelf.documents)
    for minute in range(12):
        ledger.append(at(minute), shelf.documents)
    judged(ledger)
    assert ledger.checkpoint() is None
