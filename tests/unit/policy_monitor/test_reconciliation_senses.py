"""The senses, as reconcile looks to them on every run."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.accounts import Account
from tests.histories import (
    ROLE,
    mutation,
)
from tests.watched_role import (
    READ,
    START,
    begun,
    shelf,
    with_inline,
)

from policy_monitor.adapters.memory import MemoryIam
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.mutations import (
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PartTouched,
    StackOperated,
)
from policy_monitor.operations import EVENT_NAME
from policy_monitor.parts import Sort
from policy_monitor.senses import IAM, JUDGEMENT, LEDGER, TRAIL


class FailingIam(MemoryIam):
    """IAM that does not answer."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def authorization_details(self) -> Mapping[str, Any]:
        raise self.error


def test_a_sense_is_told_lost_once_and_regained_once() -> None:
    held = begun()
    held.problems = {TRAIL: "trail audit is not logging"}
    result = held.run_again()
    assert [m.event_name for m in result.recorded] == ["SenseLost"]
    assert result.blind == {TRAIL: "trail audit is not logging"}
    assert held.run_again(2).recorded == ()
    held.problems = {TRAIL: ""}
    result = held.run_again()
    assert [m.event_name for m in result.recorded] == ["SenseRegained"]
    assert result.blind == {}
    assert held.run_again().recorded == ()
    assert [f.event_name for f in held.findings()] == ["SenseLost", "SenseRegained"]


def test_a_sense_that_cannot_be_checked_just_now_stays_as_it_was() -> None:
    held = begun()
    held.problems = {TRAIL: "trail audit is not logging"}
    held.run_again()
    held.problems = {}
    result = held.run_again()
    assert result.recorded == ()
    assert result.blind == {TRAIL: "trail audit is not logging"}


def test_iam_that_may_not_be_read_is_a_sense_lost() -> None:
    held = begun()
    good = held.iam
    held.iam = FailingIam(PolicyMonitorError("iam:GetAccountAuthorizationDetails was denied"))
    result = held.run_again()
    assert "iam:GetAccountAuthorizationDetails" in result.blind[IAM]
    held.iam = good
    assert held.run_again().blind == {}


def test_iam_that_does_not_answer_fails_the_run_after_the_senses_were_looked_to() -> None:
    held = begun()
    held.iam = FailingIam(RetryableError("this account: throttled"))
    held.problems = {TRAIL: "there is no trail"}
    with pytest.raises(RetryableError):
        held.run_again()
    held.judge()
    (finding,) = held.findings()
    assert finding.event_name == "SenseLost"


def test_findings_that_lag_behind_the_facts_are_noticed_a_run_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = begun()
    monkeypatch.setattr(Account, "judge", lambda _: None)
    held.ledger.append(mutation("1", InlinePolicyPut(ROLE, "i", READ), time=START), {})
    held.hold(with_inline(sha256=READ), shelf.documents)
    assert JUDGEMENT not in held.run_again().blind
    assert "facts" in held.run_again().blind[JUDGEMENT]
    monkeypatch.undo()
    held.judge()
    assert JUDGEMENT not in held.run_again().blind


def test_facts_that_are_gone_from_the_ledger_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    held = begun()
    monkeypatch.setattr(Account, "judge", lambda _: None)
    snapshot = held.ledger.snapshot
    held.ledger.snapshot = lambda: snapshot()._replace(seq=5)  # type: ignore[method-assign]
    assert held.run_again().blind[LEDGER] == "5 facts were recorded, and 1 are there"


def by_cloudformation(event_id: str, time: str) -> Mutation:
    """CloudFormation changes a part of the monitor."""
    name = "policy-monitor-RoleRule-1"
    change = PartTouched(Sort.RULE, "changed", f"arn:{name}", (name,), by_stack=True)
    return mutation(event_id, change, time=time, kind=MutationKind.TAMPER)


def test_what_cloudformation_did_to_the_monitor_and_nothing_explains_is_told_once() -> None:
    held = begun()
    held.run_again(8)  # past the hour in which the stack itself is made
    held.ledger.append(by_cloudformation("1", held.now), {})
    assert held.run().recorded == ()  # an event that explains it may be on its way
    (told,) = held.run_again().recorded
    assert told.event_name == EVENT_NAME
    assert held.run_again(2).recorded == ()
    assert [f.event_name for f in held.findings()] == [EVENT_NAME]


def test_what_an_operation_of_the_stack_explains_is_not() -> None:
    held = begun()
    held.run_again(8)
    operation = StackOperated("policy-monitor", "changed", held.now)
    told = mutation("op", operation, time=held.now, kind=MutationKind.TAMPER)
    held.ledger.append(told._replace(event_name="UpdateStack"), {})
    held.ledger.append(by_cloudformation("1", held.now), {})
    assert held.run_again(3).recorded == ()
    assert [f.event_name for f in held.findings()] == ["UpdateStack"]
