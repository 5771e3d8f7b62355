"""Stack, functions, rules, alarms and table: each line's ok, warning and failed."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy_monitor.errors import InputError
from policy_monitor.wiring import Rule, Target
from policy_monitor.workings import Function
from policy_monitor_cli.checkup.facts import (
    AlarmFacts,
    FunctionFacts,
    StackFacts,
    TableFacts,
)
from policy_monitor_cli.checkup.lines import Line, Status
from policy_monitor_cli.checkup.parts import (
    RUNTIME,
    alarm_lines,
    function_lines,
    stack_lines,
    table_lines,
    waking_lines,
)
from policy_monitor_cli.template import load_template

ROOT = Path(__file__).parents[4]
RULE = "arn:aws:events:us-east-1:123456789012:rule/monitor-RoleRule-1"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:detect"


def told(lines: Iterable[Line]) -> tuple[Status, str]:
    """The status and the words of the one line; what is not ok says what to do."""
    (line,) = lines
    assert bool(line.remedy) == (line.status is not Status.OK)
    assert line.remedy == "" or line.remedy.endswith(".")
    assert not line.says.endswith(".")
    return line.status, line.says


def permission(**condition: Any) -> dict[str, Any]:
    statement = {
        "Sid": "x",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": condition or {"ArnLike": {"AWS:SourceArn": RULE}},
    }
    return {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


FUNCTION = FunctionFacts(Function("Active", arn=ARN, runtime=RUNTIME), permission())


def test_the_runtime_is_the_templates() -> None:
    functions = load_template(ROOT / "template.yaml").functions.values()
    assert {each.properties["Runtime"] for each in functions} == {RUNTIME}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CREATE_COMPLETE", Status.OK),
        ("UPDATE_COMPLETE", Status.OK),
        ("UPDATE_ROLLBACK_COMPLETE", Status.WARNING),
        ("UPDATE_IN_PROGRESS", Status.WARNING),
        ("UPDATE_ROLLBACK_FAILED", Status.FAILED),
        ("ROLLBACK_COMPLETE", Status.FAILED),
        ("DELETE_FAILED", Status.FAILED),
    ],
)
def test_a_stacks_status_says_whether_its_deployment_ended(status: str, expected: Status) -> None:
    assert told(stack_lines(StackFacts("m", status, ""))) == (
        expected,
        next(iter(stack_lines(StackFacts("m", status, "")))).says,
    )
    assert status in told(stack_lines(StackFacts("m", status, "")))[1]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, Status.OK, "is Active, on python3.13"),
        ({"state": "Inactive"}, Status.OK, "is Inactive"),
        ({"state": "Failed", "reason": "No key."}, Status.FAILED, "is Failed (No key)"),
        ({"state": "Pending"}, Status.FAILED, "is Pending"),
        ({"last_update": "Failed"}, Status.FAILED, "the last update of function f is Failed"),
        ({"reserved": 0}, Status.FAILED, "is switched off: its reserved concurrency is 0"),
        ({"reserved": 5}, Status.WARNING, "has a reserved concurrency of 5"),
        ({"runtime": "python3.9"}, Status.FAILED, "runs on python3.9"),
    ],
)
def test_a_function_that_cannot_run_is_named(
    fields: dict[str, Any], status: Status, said: str
) -> None:
    found, says = told(function_lines("f", FUNCTION.function._replace(**fields)))
    assert found is status
    assert said in says


def test_a_function_that_is_gone_is_named() -> None:
    assert told(function_lines("f", None)) == (Status.FAILED, "function f is gone")


def waking(rule: Rule | None, function: FunctionFacts = FUNCTION, *, off: bool = False) -> Any:
    return told(waking_lines("r", RULE, rule, [function], may_be_off=off))


def test_a_rule_may_wake_what_it_names() -> None:
    assert waking(Rule("ENABLED", "{}", [Target(ARN)]))[0] is Status.OK


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, "rule r is gone"),
        (Rule("DISABLED", "{}", [Target(ARN)]), "rule r is disabled"),
        (Rule("ENABLED", "{}", []), "rule r has no target"),
    ],
)
def test_a_rule_that_wakes_nobody_is_named(rule: Rule | None, said: str) -> None:
    assert waking(rule) == (Status.FAILED, said)


def test_a_schedule_that_a_parameter_switches_off_may_be_off() -> None:
    off = Rule("DISABLED", "", [Target(ARN)])
    assert waking(off, off=True)[0] is Status.OK
    assert waking(off, off=False)[0] is Status.FAILED


@pytest.mark.parametrize(
    "policy",
    [
        None,
        permission(ArnLike={"AWS:SourceArn": f"{RULE}-other"}),
        permission(StringEquals={"AWS:SourceAccount": "210987654321"}),
    ],
)
def test_a_permission_that_was_taken_away_is_noticed(policy: dict[str, Any] | None) -> None:
    rule = Rule("ENABLED", "{}", [Target(ARN)])
    status, says = waking(rule, replace(FUNCTION, policy=policy))
    assert status is Status.FAILED
    assert f"may not invoke {ARN}" in says


def test_a_rule_for_another_function_needs_no_permission_of_this_one() -> None:
    rule = Rule("ENABLED", "{}", [Target("arn:aws:events:us-east-1:210987654321:event-bus/b")])
    assert waking(rule, replace(FUNCTION, policy=None))[0] is Status.OK


def test_a_policy_that_cannot_be_read_is_an_error() -> None:
    rule = Rule("ENABLED", "{}", [Target(ARN)])
    with pytest.raises(InputError, match="cannot be read"):
        waking(rule, replace(FUNCTION, policy={"Statement": [{"Effect": "Maybe"}]}))


ALARMS = {"FailuresAlarm": "m-errors", "HeartbeatAlarm": "m-heart"}


def test_quiet_alarms_are_counted() -> None:
    quiet = {name: AlarmFacts("OK") for name in ALARMS.values()}
    assert told(alarm_lines(ALARMS, quiet)) == (Status.OK, "2 of 2 alarms are quiet")


@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        (
            AlarmFacts("ALARM", "r", "policy-monitor - a function failed."),
            "alarm FailuresAlarm rings: a function failed",
        ),
        (AlarmFacts("OK", actions_enabled=False), "alarm FailuresAlarm tells nobody"),
        (None, "alarm FailuresAlarm is gone"),
    ],
)
def test_an_alarm_that_rings_or_cannot_is_named(alarm: AlarmFacts | None, said: str) -> None:
    found = {"m-heart": AlarmFacts("INSUFFICIENT_DATA")}
    if alarm:
        found["m-errors"] = alarm
    bad, good = alarm_lines(ALARMS, found)
    assert bad.status is Status.FAILED
    assert said in bad.says
    assert good.says == "1 of 2 alarms are quiet"


TABLE = TableFacts("ACTIVE", streams=True, protected=True, recovery=True)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, Status.OK, "is ACTIVE, and can be restored"),
        ({"recovery": False}, Status.WARNING, "has no point-in-time recovery"),
        ({"protected": False}, Status.WARNING, "has no protection from deletion"),
        ({"streams": False}, Status.FAILED, "nothing is judged or told"),
        (
            {"status": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"},
            Status.FAILED,
            "is INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        ),
    ],
)
def test_a_table_that_loses_something_is_named(
    fields: dict[str, Any], status: Status, said: str
) -> None:
    found, says = told(table_lines("t", replace(TABLE, **fields), protection=True))
    assert found is status
    assert said in says


def test_a_table_is_protected_only_where_the_parameters_ask_for_it() -> None:
    bare = replace(TABLE, protected=False)
    assert told(table_lines("t", bare, protection=False))[0] is Status.OK
    assert told(table_lines("t", None, protection=False)) == (Status.FAILED, "table t is gone")
