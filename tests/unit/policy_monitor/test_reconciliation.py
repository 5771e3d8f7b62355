"""When reconcile acts on a difference, and when it waits."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts import PERIOD, Account, details, later
from tests.histories import (
    ACCOUNT,
    CUSTOMER,
    EXTRA,
    POLICY,
    ROLE,
    ROLE_ARN,
    mutation,
)
from tests.watched_role import (
    BASE,
    READ,
    READ_WRITE,
    START,
    TRUST,
    begun,
    shelf,
    with_inline,
)

from policy_monitor.adapters.memory import MemoryIam
from policy_monitor.errors import InputError, PolicyMonitorError
from policy_monitor.findings import FindingKind
from policy_monitor.ledger import Snapshot
from policy_monitor.mutations import (
    ActorKind,
    InlinePolicyPut,
    MutationKind,
    PolicyAttached,
    VersionCreated,
)
from policy_monitor.notebook import Note
from policy_monitor.reconciliation import IN_FLIGHT

# ------------------------------------------------------------------ the first run


def test_the_first_run_records_what_iam_holds_and_announces_it() -> None:
    fresh = Account(MemoryIam(details(BASE, shelf.documents)), START)
    result = fresh.run()
    stored = fresh.ledger.snapshot().genesis
    assert result.genesis == stored
    assert stored is not None
    assert (stored.read_at, stored.account, stored.region) == (START, ACCOUNT, "us-east-1")
    assert stored.state == BASE
    assert len(fresh.ledger.documents([TRUST, READ])) == 2
    (row,) = fresh.ledger.snapshot().current.values()
    finding = fresh.ledger.finding(row.slot, row.finding_id)
    assert finding is not None
    assert (finding.kind, finding.subject.arn) == (FindingKind.BASELINE, ROLE_ARN)


def test_the_baseline_is_never_replaced() -> None:
    held = begun()
    first = held.ledger.snapshot()
    held.hold(with_inline(), shelf.documents)
    assert held.run_again().genesis is None
    assert held.ledger.snapshot().genesis == first.genesis


def test_the_time_is_asked_after_iam_has_answered() -> None:
    asked = []

    class Iam(MemoryIam):
        def authorization_details(self) -> Mapping[str, Any]:
            asked.append("iam")
            return super().authorization_details()

    class Clocked(Account):
        now = property(lambda _: asked.append("time") or START, lambda *_: None)  # type: ignore[func-returns-value]

    Clocked(Iam(details(BASE._replace(roles={}), shelf.documents)), START).run()
    assert asked == ["iam", "time"]


def test_a_baseline_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="RoleDetailList"):
        Account(MemoryIam(), START).run()


def test_a_baseline_that_is_gone_is_not_replaced_by_another() -> None:
    held = begun()
    snapshot = held.ledger.snapshot()
    held.ledger.snapshot = lambda: snapshot._replace(genesis=None)  # type: ignore[method-assign]
    with pytest.raises(PolicyMonitorError, match="baseline is gone"):
        held.run_again()


def test_facts_that_came_before_the_baseline_do_not_stand_in_its_way() -> None:
    fresh = Account(MemoryIam(details(BASE, shelf.documents)), START)
    fresh.ledger.append(mutation("1", InlinePolicyPut(ROLE, "i", READ), time=START), {})
    assert fresh.run().genesis is not None


def test_a_quiet_run_reads_the_ledger_once_and_none_of_its_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = begun()
    monkeypatch.setattr(Account, "judge", lambda _: None)
    reads: list[str] = []
    snapshot = held.ledger.snapshot

    def counted() -> Snapshot:
        reads.append("snapshot")
        return snapshot()

    monkeypatch.setattr(held.ledger, "snapshot", counted)
    monkeypatch.setattr(held.ledger, "documents", lambda _: reads.append("documents"))
    held.run_again()
    assert reads == ["snapshot"]


# ------------------------------------------------------------------ when it acts


def test_where_iam_and_ledger_agree_nothing_is_recorded() -> None:
    held = begun()
    result = held.run_again(3)
    assert (result.recorded, result.found, result.waiting) == ((), (), 0)
    assert held.history.questions == []
    assert held.findings() == []


def test_a_difference_is_noted_first_and_recorded_a_period_later() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    first = held.run_again()
    assert (first.recorded, first.waiting) == ((), 1)
    assert held.findings() == []
    seen_at = held.now
    (drift,) = held.run_again().recorded
    assert (drift.kind, drift.time) == (MutationKind.DRIFT, seen_at)
    assert drift.actor.kind is ActorKind.UNKNOWN
    assert drift.target == ROLE
    (finding,) = held.findings()
    assert (finding.kind, finding.verdict) == (FindingKind.DRIFT, "expansion")
    assert held.run_again().waiting == 0
    assert len(held.findings()) == 1


def test_two_runs_in_quick_succession_are_not_two_readings_a_period_apart() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.now = later(held.now, IN_FLIGHT - timedelta(seconds=1))
    assert held.run().recorded == ()
    held.now = later(held.now, timedelta(seconds=1))
    assert len(held.run().recorded) == 1


def test_a_difference_that_is_gone_again_was_none() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.hold(BASE, shelf.documents)
    assert held.run_again().waiting == 0
    assert held.run_again().recorded == ()


def test_a_difference_that_looks_otherwise_is_given_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.hold(with_inline(sha256=READ), shelf.documents)
    assert held.run_again().recorded == ()
    assert len(held.run_again().recorded) == 1


def test_an_event_in_flight_explains_the_difference_when_it_arrives() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    change = InlinePolicyPut(ROLE, "i", READ_WRITE)
    held.ledger.append(mutation("e", change, time=later(START, PERIOD / 3), actor=CUSTOMER), {})
    result = held.run_again()
    assert (result.recorded, result.waiting) == ((), 0)
    (finding,) = held.findings()
    assert finding.event_id == "e"


def test_a_fact_of_the_same_thing_meanwhile_begins_the_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    meanwhile = later(held.now, timedelta(minutes=1))
    # Something happened to the role that leads back to where it was.
    held.ledger.append(mutation("1", PolicyAttached(ROLE, POLICY), time=meanwhile), {})
    assert held.run_again().recorded == ()
    (drift,) = held.run_again().recorded
    assert drift.time > meanwhile


def test_a_fact_of_another_thing_meanwhile_does_not() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    time = later(held.now, timedelta(minutes=1))
    change = VersionCreated(EXTRA, "v2", READ, default=True)
    held.ledger.append(mutation("1", change, time=time), {})
    assert len(held.run_again().recorded) == 1


def test_a_clock_that_goes_back_begins_the_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.now = later(held.now, -PERIOD)
    assert held.run().recorded == ()
    assert len(held.run_again().recorded) == 1


def test_a_note_that_is_lost_only_delays() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.notebook.write(Note("2020-01-01T00:00:00Z", 0))
    assert held.run_again().recorded == ()
    assert len(held.run_again().recorded) == 1


def test_a_run_that_dies_after_recording_records_once() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    note = held.notebook.last()
    assert note is not None
    (drift,) = held.run_again().recorded
    held.notebook.write(note)  # as if the process had died before it wrote its own
    assert held.run_again().recorded == ()
    assert held.ledger.snapshot().mutations == (drift,)


# ------------------------------------------------------------------ the ledger's own order


def test_the_engine_is_asked_only_where_a_second_can_be_read_in_two_orders() -> None:
    held = begun()
    held.ledger.append(
        mutation("1", InlinePolicyPut(ROLE, "i", READ), time=later(START, PERIOD)), {}
    )
    held.run()
    assert held.weighed == 0

    held.ledger.append(
        mutation("2", InlinePolicyPut(ROLE, "i", READ_WRITE), time=later(START, PERIOD)), {}
    )
    held.run()
    assert held.weighed > 0
