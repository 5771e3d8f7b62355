import pytest
from tests.histories import NOON, SETTINGS, genesis, mutation, role

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.derivation import derive
from policy_monitor.findings import Finding, Severity, SubjectType
from policy_monitor.judgement import judge
from policy_monitor.mutations import Mutation, MutationKind, SenseLost, SenseRegained
from policy_monitor.senses import RULE, SENSES, SUBSCRIPTIONS, TRAIL
from policy_monitor.timeline import fold

BASE = genesis(role())
STOPPED = "trail audit is not logging"
LATER, LATEST = "2026-06-01T12:15:00Z", "2026-06-01T12:30:00Z"


def lost(event_id: str, sense: str = TRAIL, time: str = NOON) -> Mutation:
    return mutation(event_id, SenseLost(sense, sense, STOPPED), time=time, kind=MutationKind.TAMPER)


def regained(event_id: str, sense: str = TRAIL, time: str = LATER) -> Mutation:
    return mutation(event_id, SenseRegained(sense, sense), time=time, kind=MutationKind.TAMPER)


def found(*mutations: Mutation) -> tuple[Finding, ...]:
    return derive(BASE, mutations, {}, SETTINGS, None)


def test_a_lost_sense_is_told_and_again_when_it_is_regained() -> None:
    gone, back = found(lost("1"), regained("2"))
    assert gone.subject.type is back.subject.type is SubjectType.MONITOR
    assert (gone.verdict, gone.severity) == ("undetermined", Severity.CRITICAL)
    assert STOPPED in gone.summary
    assert (back.verdict, back.severity) == ("equivalent", Severity.INFO)
    assert back.summary == SENSES[TRAIL].regained


def test_a_sense_that_is_lost_already_is_not_told_again() -> None:
    findings = found(lost("1"), lost("2", time=LATER), regained("3", time=LATEST))
    assert [finding.event_id for finding in findings] == ["1", "3"]


def test_a_sense_that_was_never_lost_is_not_told_to_be_regained() -> None:
    assert found(regained("1")) == ()


def test_senses_are_lost_each_for_itself() -> None:
    one, other = f"{RULE}:RoleRule", f"{RULE}:PolicyRule"
    findings = found(lost("1", one), lost("2", other, LATER), regained("3", one, LATEST))
    assert [finding.event_id for finding in findings] == ["1", "2", "3"]
    assert fold(BASE, [lost("1", one), lost("2", other)]).blind == {one: STOPPED, other: STOPPED}


@pytest.mark.parametrize("sense", SENSES)
def test_every_sense_says_what_its_loss_means_and_what_to_do(sense: str) -> None:
    gone, back = found(lost("1", sense), regained("2", sense))
    assert gone.severity is SENSES[sense].severity
    assert gone.summary.startswith(SENSES[sense].lost)
    assert gone.summary.endswith(SENSES[sense].remedy)
    (reason,) = gone.comparison["undetermined"]
    assert (reason["code"], reason["sentence"]) == (f"blind-{sense}", STOPPED)
    assert "again" in back.summary


def test_an_earlier_loss_that_comes_late_takes_the_place_of_the_later_one() -> None:
    ledger = MemoryLedger()
    ledger.put_genesis(BASE, {})
    ledger.append(lost("2", SUBSCRIPTIONS, LATER), {})
    judge(ledger, SETTINGS, None)
    ledger.append(lost("1", SUBSCRIPTIONS), {})
    judge(ledger, SETTINGS, None)

    rows = ledger.snapshot().current.values()
    held = {(f := ledger.finding(row.slot, row.finding_id)) and f.event_id: f for row in rows}
    assert held["1"] is not None
    assert held["2"] is not None
    assert (held["1"].verdict, held["2"].verdict) == ("undetermined", "equivalent")
    assert held["2"].severity is Severity.INFO


def test_what_is_known_of_access_does_not_depend_on_the_senses() -> None:
    seeing = fold(BASE, [])
    assert fold(BASE, [lost("1")])._replace(blind={}) == seeing
    assert fold(BASE, [lost("1"), regained("2")]) == seeing
