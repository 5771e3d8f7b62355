"""What is told of changes of the monitor itself."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts import later
from tests.eventpatterns import envelope
from tests.histories import CUSTOMER, NOON, READ_AT, ROLE, SETTINGS, genesis, mutation, role
from tests.tamper_events import BY_CLOUDFORMATION, PARTS, cases, record_of, tamper_event

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.announcement import is_told
from policy_monitor.derivation import derive
from policy_monitor.events import parse_event
from policy_monitor.findings import Finding, Severity, SubjectType
from policy_monitor.integrity import own_sentence
from policy_monitor.judgement import judge
from policy_monitor.mutations import (
    Mutation,
    MutationKind,
    PartTouched,
    RoleDeleted,
    StackOperated,
    TouchesUnexplained,
)
from policy_monitor.operations import OPERATION, unexplained
from policy_monitor.parts import SORTS, Sort
from policy_monitor.settings import Settings

BASE = genesis(role())
WATCH = SETTINGS._replace(parts=PARTS)
RULE = "arn:aws:events:us-east-1:123456789012:rule/policy-monitor-RoleRule-1"


def found(*mutations: Mutation) -> tuple[Finding, ...]:
    findings = derive(BASE, mutations, {}, SETTINGS, None)
    return tuple(finding for finding in findings if finding.kind != "baseline")


def recorded(event: dict[str, Any]) -> Mutation:
    parsed = parse_event(event, WATCH, b"key")
    assert parsed is not None
    return parsed.mutation


def touch(event_id: str, time: str = NOON, **fields: Any) -> Mutation:
    """CloudFormation changes a rule of the monitor."""
    name = RULE.rsplit("/", 1)[1]
    change = PartTouched(Sort.RULE, "changed", RULE, (name,), by_stack=True)
    return tampering(event_id, change, time, **fields)


def operation(event_id: str, time: str = NOON, stack: str = "policy-monitor") -> Mutation:
    """Somebody lets CloudFormation change a stack."""
    return tampering(event_id, StackOperated(stack, "changed", time), time, target=stack)


def tampering(event_id: str, change: Any, time: str, **fields: Any) -> Mutation:
    values = {"kind": MutationKind.TAMPER, "actor": CUSTOMER, **fields}
    return mutation(event_id, change, time=time, **values)


def fact(*mutations: Mutation, until: str = "2027-01-01T00:00:00Z") -> tuple[Mutation, ...]:
    return tuple(unexplained(mutations, BASE, until))


def left_open(it: Mutation) -> list[str]:
    """The ids of the changes that a fact says nothing explains."""
    (change,) = it.changes
    assert isinstance(change, TouchesUnexplained)
    return [event_id for _, event_id, _ in change.touches]


# ------------------------------------------------------------------------------- by anybody


@pytest.mark.parametrize(
    "case", {case.row.sort: case for case in cases() if case.row.sort != "stack"}.values(), ids=str
)
def test_a_change_is_critical_and_says_who_did_what_to_what_and_what_that_may_mean(
    case: Any,
) -> None:
    (finding,) = found(recorded(tamper_event(case)))
    assert (finding.kind, finding.subject.type) == ("tamper", SubjectType.MONITOR)
    assert (finding.verdict, finding.severity) == ("undetermined", Severity.CRITICAL)
    known = SORTS[case.row.sort]
    assert known.consequence in finding.summary
    assert finding.summary.endswith(known.remedy)
    assert case.row.calls[case.call] in finding.summary
    assert finding.subject.arn.startswith("arn:aws:")
    assert is_told(finding, SETTINGS)


@pytest.mark.parametrize("by_cloudformation", [False, True])
def test_a_refused_change_is_an_attempt_on_the_monitor_whoever_made_it(
    *, by_cloudformation: bool
) -> None:
    case = next(case for case in cases() if case.call == "DisableRule")
    fields: dict[str, Any] = BY_CLOUDFORMATION if by_cloudformation else {}
    findings = found(recorded(tamper_event(case, errorCode="AccessDenied", **fields)))
    if by_cloudformation:  # a stack that may not do what it is to do fails, and says so
        assert findings == ()
        return
    (finding,) = findings
    assert (finding.kind, finding.subject.type) == ("attempt", SubjectType.MONITOR)
    assert (finding.verdict, finding.severity) == ("equivalent", Severity.HIGH)
    assert "AWS refused it (AccessDenied)" in finding.summary
    assert is_told(finding, SETTINGS)


def test_a_part_that_the_record_does_not_name_is_said_to_be_unnamed() -> None:
    event = tamper_event(next(case for case in cases() if case.row.sort is Sort.FUNCTION))
    event["detail"]["requestParameters"] = None
    (finding,) = found(recorded(event))
    assert finding.severity is Severity.CRITICAL
    assert "a function that the record does not name" in finding.summary


def test_several_alarms_of_one_call_are_one_finding() -> None:
    case = next(case for case in cases() if case.call == "DeleteAlarms")
    event = tamper_event(case)
    other = "policy-monitor-HeartbeatAlarm-9"
    event["detail"]["requestParameters"]["alarmNames"] += [other, "somebody-elses"]
    (finding,) = found(recorded(event))
    assert other in finding.summary
    assert "somebody-elses" not in finding.summary


def test_many_alarms_of_one_call_are_counted() -> None:
    case = next(case for case in cases() if case.call == "DeleteAlarms")
    event = tamper_event(case)
    names = [f"policy-monitor-ErrorsAlarm-{number}" for number in range(2000)]
    event["detail"]["requestParameters"]["alarmNames"] = names
    (finding,) = found(recorded(event))
    assert "policy-monitor-ErrorsAlarm-2 and 97 more" in finding.summary


@pytest.mark.parametrize("value", [[[["policy-monitor-ErrorsAlarm-1"]]], [{}], [None, 1], {"a": 1}])
def test_what_is_no_list_of_names_names_nothing(value: Any) -> None:
    case = next(case for case in cases() if case.call == "DeleteAlarms")
    event = tamper_event(case)
    event["detail"]["requestParameters"]["alarmNames"] = value
    (finding,) = found(recorded(event))
    assert "does not name" in finding.summary


def test_a_customer_may_give_tampering_another_severity() -> None:
    mutations = [recorded(tamper_event(next(cases())))]
    settings = Settings(severities=(("tampering", "high"),))
    *_, finding = derive(BASE, mutations, {}, settings, None)
    assert finding.severity is Severity.HIGH


# ------------------------------------------------------------------------------- by CloudFormation


def test_an_operation_of_the_stack_is_one_message_for_the_record() -> None:
    touches = [touch(str(second), f"2026-06-01T12:00:{second:02}Z") for second in range(5, 50)]
    (finding,) = found(operation("op"), *touches)
    assert (finding.event_id, finding.severity) == ("op", Severity.INFO)
    assert (finding.kind, finding.verdict) == ("tamper", "equivalent")
    assert is_told(finding, SETTINGS)


def test_the_removal_of_the_stack_is_critical() -> None:
    change = StackOperated("policy-monitor", "deleted", NOON)
    (finding,) = found(tampering("op", change, NOON))
    assert (finding.severity, finding.verdict) == (Severity.CRITICAL, "undetermined")


def test_who_calls_cloudformation_is_who_is_told() -> None:
    parameters = {"stackName": "policy-monitor"}
    event = envelope(record_of("cloudformation", "UpdateStack", requestParameters=parameters))
    change = recorded(event).changes[0]
    assert change == StackOperated("policy-monitor", "changed", "2026-11-22T06:00:00Z")


def test_what_an_operation_explains_is_no_fact_of_its_own() -> None:
    end = later(NOON, OPERATION)
    assert fact(operation("op"), touch("1"), touch("2", end)) == ()
    (late,) = fact(operation("op"), touch("1"), touch("2", later(end, timedelta(seconds=1))))
    assert left_open(late) == ["2"]
    (early,) = fact(operation("op", later(NOON, timedelta(seconds=1))), touch("1"))
    assert left_open(early) == ["1"]


def test_what_nothing_explains_is_told_once_and_high() -> None:
    touches = [touch("1"), touch("2", later(NOON, timedelta(seconds=9)))]
    (unexplained_fact,) = fact(*touches)
    (finding,) = found(*touches, unexplained_fact)
    assert (finding.kind, finding.severity) == ("tamper", Severity.HIGH)
    assert "rule/policy-monitor-RoleRule-1" in finding.summary
    assert fact(*touches, unexplained_fact) == ()


def test_what_may_still_be_explained_is_given_time() -> None:
    assert fact(touch("1"), until="2026-06-01T11:59:59Z") == ()


def test_the_hour_after_the_baseline_is_that_of_the_stacks_creation() -> None:
    assert fact(touch("1", READ_AT), touch("2", later(READ_AT, OPERATION))) == ()
    assert len(fact(touch("3", later(READ_AT, OPERATION + timedelta(seconds=1))))) == 1


def test_a_refused_change_by_cloudformation_needs_no_explanation() -> None:
    assert fact(touch("1", error="AccessDenied")) == ()


def test_an_operation_that_comes_late_takes_the_finding_back() -> None:
    ledger = MemoryLedger()
    ledger.put_genesis(BASE, {})
    for each in (touch("1"), *fact(touch("1"))):
        ledger.append(each, {})
    judge(ledger, SETTINGS, None)
    ledger.append(operation("op"), {})
    judge(ledger, SETTINGS, None)
    rows = ledger.snapshot().current.values()
    held = [ledger.finding(row.slot, row.finding_id) for row in rows]
    (taken_back,) = [f for f in held if f and f.event_name == "Unexplained"]
    assert "an operation of the monitor's own stack, which came in later" in taken_back.summary
    told = {f.event_name: (f.verdict, f.severity) for f in held if f and f.kind == "tamper"}
    assert told == {
        "Event": ("equivalent", Severity.INFO),
        "Unexplained": ("equivalent", Severity.INFO),
    }


def test_an_operation_of_a_stack_that_its_record_does_not_name_softens_what_it_may_explain() -> (
    None
):
    (unexplained_fact,) = fact(operation("op", stack=""), touch("1"))
    (finding,) = found(operation("op", stack=""), touch("1"), unexplained_fact)
    assert finding.event_name == "Unexplained"
    assert finding.severity is Severity.INFO


def test_each_actor_is_told_of_by_itself() -> None:
    other = CUSTOMER._replace(arn="arn:aws:iam::123456789012:user/eve")
    assert len(fact(touch("1"), touch("2", actor=other))) == 2


# ------------------------------------------------------------------------------- laws


SECONDS = st.integers(0, 7200)


@st.composite
def happenings(draw: st.DrawFn) -> list[Mutation]:
    """Operations and changes by CloudFormation within two hours."""
    made: list[Mutation] = []
    for number, second in enumerate(draw(st.lists(SECONDS, max_size=8))):
        time = later(NOON, timedelta(seconds=second))
        match draw(st.sampled_from(["touch", "touch", "operation", "unnamed"])):
            case "touch":
                made.append(touch(str(number), time))
            case kind:
                stack = "policy-monitor" if kind == "operation" else ""
                made.append(operation(str(number), time, stack))
    return made


@given(made=happenings(), data=st.data())
def test_findings_depend_on_what_happened_not_on_how_it_was_told(
    made: list[Mutation], data: st.DataObject
) -> None:
    told = [*made, *fact(*made)]
    delivered = data.draw(st.permutations([*told, *told[: len(told) // 2]]))
    assert found(*delivered) == found(*told)
    assert set(fact(*delivered)) == set(fact(*told)) == set()


@given(made=happenings())
def test_each_change_by_cloudformation_is_told_by_an_operation_or_by_one_fact(
    made: list[Mutation],
) -> None:
    facts = fact(*made)
    told = {event_id for each in facts for event_id in left_open(each)}
    for each in made:
        if isinstance(each.changes[0], PartTouched):
            explaining = [
                other.time
                for other in made
                if isinstance(other.changes[0], StackOperated)
                and other.changes[0].stack
                and other.time <= each.time <= later(other.time, OPERATION)
            ]
            assert (each.event_id in told) is not bool(explaining)
    assert len(found(*made, *facts)) == len(facts) + sum(
        isinstance(each.changes[0], StackOperated) and bool(each.changes[0].stack) for each in made
    )


def test_the_ledger_ends_alike_whatever_comes_first() -> None:
    made = [operation("op"), touch("1"), touch("2", later(NOON, timedelta(hours=2)))]
    made += fact(*made)
    ends = []
    for order in permutations(made):
        ledger = MemoryLedger()
        ledger.put_genesis(BASE, {})
        for each in order:
            ledger.append(each, {})
            judge(ledger, SETTINGS, None)
        rows = ledger.snapshot().current.values()
        held = [ledger.finding(row.slot, row.finding_id) for row in rows]
        said = {f.finding_id for f in held if f and f.kind == "tamper" and f.severity != "info"}
        ends.append(said)
    assert all(end == ends[0] for end in ends)
    assert len(ends[0]) == 1


def test_of_what_is_no_change_of_the_monitor_there_is_nothing_to_say() -> None:
    deleted = mutation("1", RoleDeleted(ROLE))
    assert own_sentence(deleted.changes[0], "Somebody", deleted) == ""
