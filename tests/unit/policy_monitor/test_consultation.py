"""Second opinions on findings: asked once, recorded, and weighed whenever findings are derived."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from tests.histories import (
    CEILING,
    POLICY,
    ROLE,
    SETTINGS,
    Shelf,
    allow,
    deny,
    genesis,
    managed,
    mutation,
    policy,
    role,
    statement,
    trust,
)

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.consultation import MOST_CHECKS
from policy_monitor.errors import LedgerMovedError
from policy_monitor.findings import Finding
from policy_monitor.judgement import judge
from policy_monitor.ledger import Current, Genesis, Ledger
from policy_monitor.masks import mask
from policy_monitor.mutations import (
    BoundaryPut,
    Mutation,
    PolicyAttached,
    PolicyCreated,
    TrustChanged,
    VersionCreated,
)
from policy_monitor.opinions import CODE, Check, Opinion, PolicyType, Result

shelf = Shelf()
READ, MORE = shelf(allow("s3:GetObject")), shelf(allow("s3:GetObject", "s3:PutObject"))
NO_DELETE = shelf(deny("s3:DeleteObject"))
TRUST, OPEN = shelf(trust()), shelf(trust("*"))
BASE = genesis(role(attached=frozenset({POLICY}), trust=TRUST), managed(POLICY, READ))
WIDENED = mutation("e1", VersionCreated(POLICY, "v2", MORE, default=True))

type Asked = Callable[[Check], Opinion | None]


class Analyst:
    """Access Analyzer, as far as a test says what it answers; remembers what it was asked."""

    def __init__(self, answer: Asked) -> None:
        self.answer = answer
        self.asked: list[Check] = []

    def ask(self, check: Check) -> Opinion | None:
        self.asked.append(check)
        return self.answer(check)


def says(result: Result, text: str = "") -> Asked:
    return lambda check: Opinion(check.key, result, text)


def grown(check: Check) -> Opinion:
    """FAIL where the new policy speaks of more: right for the policies of these tests."""
    more = len(check.new) > len(check.existing)
    return Opinion(check.key, Result.FAIL if more else Result.PASS)


def ledger_of(*mutations: Mutation, base: Genesis = BASE) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.put_genesis(base, shelf.documents)
    for each in mutations:
        ledger.append(each, shelf.documents)
    return ledger


def current(ledger: Ledger) -> dict[str, Finding]:
    rows = ledger.snapshot().current.values()
    found = [ledger.finding(row.slot, row.finding_id) for row in rows]
    return {f.subject.type.value: f for f in found if f and f.kind == "change"}


def member(finding: Finding) -> Mapping[str, Any]:
    said: Mapping[str, Any] = finding.comparison["second_opinion"]
    return said


def test_an_answer_that_agrees_stands_beside_the_verdict() -> None:
    ledger, analyst = ledger_of(WIDENED), Analyst(grown)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    found = current(ledger)
    assert {f.verdict for f in found.values()} == {"expansion"}
    assert all(member(f) == {"gained": "FAIL", "lost": "PASS", "note": ""} for f in found.values())
    # The role holds this one policy: both findings ask the same.
    assert len(analyst.asked) == 2


def test_an_answer_that_disagrees_makes_the_finding_undetermined_with_both() -> None:
    ledger = ledger_of(WIDENED)
    judge(ledger, SETTINGS, None, analyzer=Analyst(says(Result.PASS)))
    for finding in current(ledger).values():
        assert finding.verdict == "undetermined"
        (reason,) = finding.comparison["undetermined"]
        assert reason["code"] == CODE
        assert "this monitor says expansion" in reason["sentence"]
        assert "says that nothing is gained and that nothing is lost" in reason["sentence"]
        assert finding.severity == "high"
        assert finding.comparison["gained"]


def test_deriving_again_asks_nothing_again_and_finds_the_same() -> None:
    ledger = ledger_of(WIDENED)
    judge(ledger, SETTINGS, None, analyzer=Analyst(says(Result.PASS)))
    before = current(ledger)
    again = Analyst(says(Result.FAIL))
    for code in ("", "another"):
        judged = judge(ledger, SETTINGS, None, code=code, analyzer=again)
        assert judged.recorded == ()
    assert (current(ledger), again.asked) == (before, [])


@pytest.mark.parametrize("text", ["denied", "throttled"])
def test_without_an_answer_the_finding_is_told_at_once_and_says_so(text: str) -> None:
    ledger, silent = ledger_of(WIDENED), Analyst(says(Result.NONE, text))
    judge(ledger, SETTINGS, None, analyzer=silent)
    found = current(ledger)
    assert {f.verdict for f in found.values()} == {"expansion"}
    assert all(member(f) == {"gained": None, "lost": None, "note": text} for f in found.values())
    assert len(silent.asked) == 1
    later = Analyst(grown)
    assert judge(ledger, SETTINGS, None, analyzer=later).recorded == ()
    assert later.asked == []


def test_what_could_not_be_asked_any_more_is_told_without_an_opinion() -> None:
    ledger = ledger_of(WIDENED)
    judge(ledger, SETTINGS, None, analyzer=Analyst(lambda _: None))
    for finding in current(ledger).values():
        assert finding.verdict == "expansion"
        assert "second_opinion" not in finding.comparison


def test_switched_on_later_it_asks_of_new_findings_alone() -> None:
    ledger, analyst = ledger_of(WIDENED), Analyst(grown)
    judge(ledger, SETTINGS, None)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert analyst.asked == []
    ledger.append(
        mutation("e2", TrustChanged(ROLE, OPEN), time="2026-06-02T00:00:00Z"), shelf.documents
    )
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert {check.policy_type for check in analyst.asked} == {PolicyType.RESOURCE}


def test_switched_off_nothing_is_asked_nor_read() -> None:
    ledger = ledger_of(WIDENED)
    judge(ledger, SETTINGS, None, analyzer=Analyst(says(Result.PASS)))
    judge(ledger, SETTINGS, None)
    for finding in current(ledger).values():
        assert finding.verdict == "expansion"
        assert "second_opinion" not in finding.comparison


def test_the_first_of_two_judges_has_its_answer_stand() -> None:
    """Another judge asks at the same time, and is answered otherwise."""
    ledger = ledger_of(WIDENED)

    def outrun(check: Check) -> Opinion:
        ledger.put_opinion(Opinion(check.key, Result.PASS))
        return Opinion(check.key, Result.FAIL)

    judge(ledger, SETTINGS, None, analyzer=Analyst(outrun))
    for finding in current(ledger).values():
        assert (finding.verdict, member(finding)["gained"]) == ("undetermined", "PASS")
    assert judge(ledger, SETTINGS, None, analyzer=Analyst(grown)).recorded == ()


class Contested(MemoryLedger):
    """A ledger into which another judge writes between this one's derivation and its record."""

    def __init__(self, other: Callable[[MemoryLedger], object]) -> None:
        super().__init__()
        self._other: Callable[[MemoryLedger], object] | None = other

    def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
        other, self._other = self._other, None
        if other is not None:
            other(self)
        super().record(seq, findings)


@pytest.mark.parametrize("mine", [says(Result.NONE, "throttled"), lambda _: None])
def test_judges_that_know_different_answers_end_with_all_of_them(mine: Asked) -> None:
    ledger = Contested(lambda it: judge(it, SETTINGS, None, analyzer=Analyst(says(Result.PASS))))
    ledger.put_genesis(BASE, shelf.documents)
    ledger.append(WIDENED, shelf.documents)
    judge(ledger, SETTINGS, None, analyzer=Analyst(mine))
    first = current(ledger)
    assert judge(ledger, SETTINGS, None, analyzer=Analyst(grown)).recorded == ()
    assert current(ledger) == first
    expected = "expansion" if mine(Check("", "", PolicyType.IDENTITY)) else "undetermined"
    assert {finding.verdict for finding in first.values()} == {expected}


def test_the_opinion_is_on_the_documents_themselves_not_on_a_part_or_a_principal() -> None:
    """A Deny that is gone widens the policy as a part, and allows nothing by itself."""
    both = shelf(policy(statement("Allow", "s3:GetObject"), statement("Deny", "s3:DeleteObject")))
    base = genesis(role(attached=frozenset({POLICY}), trust=TRUST), managed(POLICY, both))
    lifted = mutation("e1", VersionCreated(POLICY, "v2", READ, default=True))
    ledger = ledger_of(lifted, base=base)
    judge(ledger, SETTINGS, None, analyzer=Analyst(says(Result.PASS)))
    assert {name: f.verdict for name, f in current(ledger).items()} == {
        "policy": "expansion",
        "role": "equivalent",
    }


def test_what_the_documents_leave_open_is_not_asked_about() -> None:
    """The role's tag decides it; the check knows of no tags."""
    never = {"NumericLessThan": "5", "NumericGreaterThan": "5", "StringLike": "*"}
    key = "aws:PrincipalTag/n"
    conditions = {operator: {key: value} for operator, value in never.items()}
    changed = shelf(policy(statement("Allow", "s3:GetObject", Condition=conditions)))
    held = role(attached=frozenset({POLICY}), trust=TRUST, tags={"n": "7"})
    base = genesis(held, managed(POLICY, shelf(allow("s3:PutObject"))))
    created = mutation("e1", VersionCreated(POLICY, "v2", changed, default=True))
    ledger, analyst = ledger_of(created, base=base), Analyst(grown)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    found = current(ledger)
    assert (found["policy"].verdict, found["role"].verdict) == ("undetermined", "reduction")
    assert analyst.asked == []
    assert all("second_opinion" not in f.comparison for f in found.values())


def test_a_role_within_a_boundary_is_not_asked_about_and_its_policies_are() -> None:
    base = genesis(
        role(attached=frozenset({POLICY}), boundary=CEILING, trust=TRUST),
        managed(POLICY, READ),
        managed(CEILING, MORE),
    )
    ledger, analyst = ledger_of(WIDENED, base=base), Analyst(grown)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    found = current(ledger)
    assert "permissions boundary" in member(found["role"])["note"]
    assert member(found["policy"])["gained"] == "FAIL"
    assert len(analyst.asked) == 2


def test_a_ceiling_that_is_set_is_not_asked_about() -> None:
    base = genesis(role(attached=frozenset({POLICY}), trust=TRUST), managed(POLICY, READ))
    put = mutation("e1", BoundaryPut(ROLE, CEILING, "v1", NO_DELETE))
    ledger, analyst = ledger_of(put, base=base), Analyst(grown)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert analyst.asked == []
    assert "not asked" in member(current(ledger)["role"])["note"]


def test_the_whole_set_of_a_role_is_asked_about_as_one_policy() -> None:
    extra = f"{POLICY}Extra"
    attached = mutation("e1", PolicyAttached(ROLE, extra, "v1", NO_DELETE))
    ledger, analyst = ledger_of(attached), Analyst(says(Result.PASS))
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert current(ledger)["role"].verdict == "equivalent"
    assert any("DeleteObject" in check.new and "GetObject" in check.new for check in analyst.asked)


def test_a_policy_that_comes_to_be_has_nothing_to_be_set_against() -> None:
    created = mutation("e1", PolicyCreated(CEILING, "v1", MORE))
    ledger, analyst = ledger_of(created), Analyst(grown)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert analyst.asked == []
    assert "one side has no policy" in member(current(ledger)["policy"])["note"]


def test_no_external_id_is_sent() -> None:
    def guarded(value: str) -> str:
        document = trust()
        document["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": value}}
        return shelf(mask(document, b"k" * 32))

    base = genesis(role(attached=frozenset({POLICY}), trust=guarded("planted-external-id-1")))
    changed = mutation("e1", TrustChanged(ROLE, guarded("planted-external-id-2")))
    ledger, analyst = ledger_of(changed, base=base), Analyst(says(Result.FAIL))
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert current(ledger)["trust"].verdict == "mixed"
    assert len(analyst.asked) == 2
    assert not [check for check in analyst.asked if "planted" in check.new + check.existing]


def test_a_burst_asks_a_bounded_number_and_is_found_whole() -> None:
    changes = [
        mutation(
            f"e{number}",
            VersionCreated(POLICY, f"v{number}", shelf(allow(f"s3:Action{number}")), default=True),
            time=f"2026-06-01T12:{number // 60:02}:{number % 60:02}Z",
        )
        for number in range(2, 70)
    ]
    ledger, analyst = ledger_of(*changes), Analyst(says(Result.FAIL))
    judged = judge(ledger, SETTINGS, None, analyzer=analyst)
    assert len(analyst.asked) == MOST_CHECKS < len(judged.recorded)
    assert {f.verdict for f in judged.recorded if f.kind == "change"} == {"mixed"}


def test_a_fact_that_comes_in_meanwhile_costs_no_second_question() -> None:
    class Moving(MemoryLedger):
        moved = False

        def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
            if not self.moved:
                self.moved = True
                raise LedgerMovedError("moved")
            super().record(seq, findings)

    ledger, analyst = Moving(), Analyst(grown)
    ledger.put_genesis(BASE, shelf.documents)
    ledger.append(WIDENED, shelf.documents)
    judge(ledger, SETTINGS, None, analyzer=analyst)
    assert len(analyst.asked) == 2
