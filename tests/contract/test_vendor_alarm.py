"""The alarm that the vendor documents, and the corrected one: what each of them sees."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.records import rows
from tests.logpatterns import PatternRefusedError, matches

from policy_monitor.vendor_alarm import (
    BLINDNESSES,
    DOCUMENTED,
    LONGEST_PATTERN,
    SEEN_BY_NONE,
    corrected,
)
from policy_monitor_cli.template import load_template

ROOT = Path(__file__).parents[2]
ON = {"TrailLogGroupName": "aws-cloudtrail-logs"}
ROLE, POLICY, PART = (
    "astronomer-remote-management",
    "AstronomerCrossAccountRole",
    "OperationalBoundary",
)
OURS = corrected(ROLE, POLICY, PART)
POLICY_CALLS = ("CreatePolicyVersion", "SetDefaultPolicyVersion")

RECORDS = {
    path.stem: json.loads(path.read_text())["detail"]
    for path in sorted((ROOT / "events").glob("[0-9]*.json"))
    if "eventName" in json.loads(path.read_text()).get("detail", {})
}


def record(name: str, **parameters: Any) -> dict[str, Any]:
    return {
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "requestParameters": parameters or None,
    }


# ------------------------------------------------------------------------------- the template


@pytest.mark.parametrize(
    "names",
    [(ROLE, POLICY, PART), ("r" * 64, "p" * 128, "b" * 64)],
    ids=["astronomer", "longest"],
)
def test_the_template_holds_the_corrected_pattern(names: tuple[str, str, str]) -> None:
    parameters = dict(zip(("RoleName", "PolicyName", "BoundaryNamePart"), names, strict=True))
    template = load_template(ROOT / "template.yaml", ON | parameters)
    pattern = template.resources["TrailFilter"].properties["FilterPattern"]
    assert pattern == corrected(*names)
    assert len(pattern) <= LONGEST_PATTERN


def test_what_the_filter_counts_rings_the_alarm() -> None:
    resources = load_template(ROOT / "template.yaml", ON).resources
    (counted,) = resources["TrailFilter"].properties["MetricTransformations"]
    alarm = resources["TrailChangesAlarm"].properties
    assert resources["TrailFilter"].properties["LogGroupName"] == "aws-cloudtrail-logs"
    assert counted["MetricValue"] == "1"
    assert (alarm["Namespace"], alarm["MetricName"]) == (
        counted["MetricNamespace"],
        counted["MetricName"],
    )
    # A filter's metric has no dimension of its own: the name of the stack keeps two stacks apart.
    assert counted["MetricNamespace"] == "PolicyMonitor/policy-monitor"
    assert "Dimensions" not in alarm


def test_without_a_log_group_there_is_neither() -> None:
    resources = load_template(ROOT / "template.yaml").resources
    assert not {"TrailFilter", "TrailChangesAlarm"} & resources.keys()


# ------------------------------------------------------------------------------- what each sees


@pytest.mark.parametrize(
    ("call", "blindness"),
    [(call, each.name) for each in BLINDNESSES for call in each.calls],
)
def test_the_corrected_alarm_sees_what_the_documented_one_does_not(
    call: str, blindness: str
) -> None:
    subject = {"roleName": ROLE}
    if call in POLICY_CALLS:
        subject = {"policyArn": f"arn:aws:iam::123456789012:policy/path/{POLICY}"}
    padded = blindness == "a policy above 100 KB"
    seen = record(call, **({"requestParametersOmitted": True} if padded else subject))
    assert matches(OURS, seen)
    assert not matches(DOCUMENTED, seen)


def test_the_corrected_alarm_sees_all_that_the_documented_one_sees() -> None:
    for call in ("AttachRolePolicy", "DetachRolePolicy"):
        for subject in (
            {"roleName": ROLE, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            {"roleName": "x", "policyArn": f"arn:aws:iam::123456789012:policy/A{PART}B"},
            {"roleName": "x", "policyArn": f"arn:aws:iam::123456789012:policy/{POLICY}"},
        ):
            assert matches(DOCUMENTED, record(call, **subject))
            assert matches(OURS, record(call, **subject))


def test_of_the_demos_records_the_documented_alarm_sees_four_of_twenty_one() -> None:
    documented = {name for name, each in RECORDS.items() if matches(DOCUMENTED, each)}
    ours = {name for name, each in RECORDS.items() if matches(OURS, each)}
    assert documented < ours
    assert (len(documented), len(ours)) == (4, 21)
    # What is left: other people's roles and policies, refused calls, versions that are removed.
    assert {name[:2] for name in RECORDS.keys() - ours} == {"07", "11", "13", "15", "18", "29"}


@pytest.mark.parametrize(
    "other",
    [
        record("PutRolePolicy", roleName="another-role"),
        record("CreatePolicyVersion", policyArn="arn:aws:iam::123456789012:policy/Other"),
        {**record("AttachRolePolicy", roleName=ROLE), "errorCode": "AccessDenied"},
        {**record("CreatePolicyVersion", policyName="x"), "eventSource": "iot.amazonaws.com"},
    ],
    ids=["another role", "another policy", "refused", "of IoT"],
)
def test_neither_alarm_rings_for_what_concerns_nobody(other: dict[str, Any]) -> None:
    assert not matches(OURS, other)


def test_neither_alarm_sees_a_name_in_another_case() -> None:
    spelled = record("DetachRolePolicy", roleName=ROLE.title())
    assert not matches(DOCUMENTED, spelled)
    assert not matches(OURS, spelled)
    assert "another case" in SEEN_BY_NONE[0]


def test_real_records_of_any_role_are_seen_when_they_change_it() -> None:
    calls = {"AttachRolePolicy", "DetachRolePolicy"}
    calls |= {call for each in BLINDNESSES for call in each.calls}
    seen = set()
    for row in rows("cloudtrail_iam_records"):
        real = row["record"]
        role = (real.get("requestParameters") or {}).get("roleName")
        if role is None or '"' in role:
            continue
        changed = real["eventName"] in calls and "errorCode" not in real
        assert matches(corrected(role, POLICY, PART), real) == changed
        seen |= {real["eventName"]} if changed else set()
    assert {"AttachRolePolicy", "CreateRole", "UpdateAssumeRolePolicy"} <= seen


# ------------------------------------------------------------------------------- the matcher


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.a = "x" }', True),
        ('{ $.a = "X" }', False),
        ("{ $.a = x* }", True),
        ('{ $.b.c = "*two*" }', True),
        ('{ $.b.c = "*two" }', False),
        ("{ $.b.d NOT EXISTS && $.n.d NOT EXISTS }", True),
        ("{ $.a NOT EXISTS }", False),
        ("{ $.a = x || $.a = y && $.a = z }", True),
        ("{ ($.a = x || $.a = y) && $.a = z }", False),
    ],
)
def test_a_filter_pattern_means_what_aws_documents(pattern: str, found: bool) -> None:
    assert matches(pattern, {"a": "x", "b": {"c": "onetwothree"}, "n": None}) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "$.a = x",
        "{ $.a = x",
        "{ $.a == x }",
        "{ a = x }",
        "{ $.a = x } }",
        "{ $.a = " + "x" * LONGEST_PATTERN + " }",
    ],
)
def test_what_is_no_filter_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefusedError):
        matches(pattern, {})
