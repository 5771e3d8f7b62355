"""No event that matters is missed: real records, the vendor's alarm, and what the domain judges."""

import gzip
import json
import re
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.eventpatterns import envelope
from tests.iam_events import (
    ACCOUNT,
    AWS_POLICY,
    BOUNDARY,
    OTHER_POLICY,
    POLICY,
    ROLE,
    ROOT,
    RULE_OF,
    SOMEBODY,
    WATCHED_ROLE_ITSELF,
    iam_event,
    recorded_parameters,
    woken,
)

from policy_monitor.errors import UnreadableEventError
from policy_monitor.events import parse_event
from policy_monitor.settings import Settings

RECORDS = ROOT.parent / "shared" / "conformance" / "cloudtrail_iam_records.jsonl.gz"
STORY = sorted((ROOT / "events").glob("[0-9]*.json"))

# What real records wake with the default parameters, none of which they name: each policy's
# versions and anybody's boundary, and trust policies whose role was cut out of the record.
WAKE_BY_DEFAULT = {
    "CreatePolicyVersion__TrailDiscover-01",
    "CreatePolicy__TrailDiscover-01",
    "DeleteRolePermissionsBoundary__TrailDiscover-01",
    "DeleteUserPermissionsBoundary__TrailDiscover-01",
    "PutRolePermissionsBoundary__TrailDiscover-01",
    "PutUserPermissionsBoundary__TrailDiscover-01",
    "SetDefaultPolicyVersion__TrailDiscover-01",
    "UpdateAssumeRolePolicy__panther-analysis-01",
    "UpdateAssumeRolePolicy__panther-analysis-02",
    "UpdateAssumeRolePolicy__panther-analysis-03",
}

# The terms of the metric filter in the vendor's documentation (design, section 1).
VENDOR_EVENTS = {"AttachRolePolicy", "DetachRolePolicy", "SetPolicyVersion"}
VENDOR_POLICIES = ("*OperationalBoundary*", "*AstronomerCrossAccountRole")
VENDOR_ROLE = "astronomer-remote-management"


@cache
def real_records() -> dict[str, dict[str, Any]]:
    if not RECORDS.exists():
        pytest.skip(f"{RECORDS} is not there: real records come with the conformance data")
    with gzip.open(RECORDS, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["id"]: row["record"] for row in rows}


def vendor_alarm_matches(record: dict[str, Any]) -> bool:
    """The vendor's filter, as CloudWatch Logs reads it: no term matches a field that is absent.

    "Filter pattern syntax for metric filters" in the CloudWatch Logs User Guide: ``=`` compares
    text with case, a star stands for any text.
    """
    parameters = record.get("requestParameters") or {}
    arn, role = parameters.get("policyArn"), parameters.get("roleName")
    return record["eventName"] in VENDOR_EVENTS and (
        role == VENDOR_ROLE
        or (arn is not None and any(fnmatchcase(arn, pattern) for pattern in VENDOR_POLICIES))
    )


# ------------------------------------------------------------------------------- real records


def test_real_records_of_others_wake_detect_only_where_their_names_cannot_tell() -> None:
    waking = {name for name, record in real_records().items() if woken(envelope(record))}
    assert waking == WAKE_BY_DEFAULT


def test_a_real_record_of_a_role_wakes_detect_where_that_role_is_watched() -> None:
    named = {
        identifier: (record, role)
        for identifier, record in real_records().items()
        if record["eventName"] in RULE_OF and (role := role_of(record))
    }
    assert len(named) >= 12
    for identifier, (record, role) in named.items():
        rule = RULE_OF[record["eventName"]]
        assert woken(envelope(record), RoleName=role) == [rule], identifier
        assert woken(envelope(record), RoleName="somebody-else") in ([], ["PolicyRule"])


def role_of(record: dict[str, Any]) -> str | None:
    """The role that a record is about: from its parameters, or the message of a refusal."""
    if name := (record.get("requestParameters") or {}).get("roleName"):
        return str(name)
    found = re.search(r"on resource: (?:role |arn:\S+:role/)(\S+)", record.get("errorMessage", ""))
    return found[1] if found else None


def test_a_real_record_of_a_policy_wakes_detect_where_that_policy_is_watched() -> None:
    attached = {
        identifier: record
        for identifier, record in real_records().items()
        if (record.get("requestParameters") or {}).get("policyArn")
    }
    assert len(attached) >= 10
    for identifier, record in attached.items():
        name = record["requestParameters"]["policyArn"].rsplit("/", 1)[1]
        rule = RULE_OF[record["eventName"]]
        assert woken(envelope(record), PolicyName=name) == [rule], identifier
        assert woken(envelope(record), BoundaryNamePart=name[1:-1]) == [rule], identifier


@pytest.mark.parametrize("path", STORY, ids=lambda path: path.stem)
def test_the_story_wakes_detect_but_for_the_role_of_somebody_else(path: Path) -> None:
    event = json.loads(path.read_text())
    is_watched = path.stem != "07-another-role" and "reconcile-due" not in path.stem
    rules = RULE_OF | {"StopLogging": "TrailRule"}
    assert woken(event) == ([rules[event["detail"]["eventName"]]] if is_watched else [])


# ------------------------------------------------------------------------------- the vendor's alarm

ARNS = [
    f"arn:{partition}:iam::{account}:policy{path}{name}"
    for partition, account, path, name in product(
        ("aws", "aws-us-gov", "aws-cn"),
        (ACCOUNT, "aws"),
        ("/", "/astronomer/", "/OperationalBoundary/"),
        (
            "AstronomerCrossAccountRole",
            "My-AstronomerCrossAccountRole",
            "AstronomerCrossAccountRole2",
            "AstronomerOperationalBoundary",
            "OperationalBoundary-1",
            "data-team-readonly",
        ),
    )
]


def test_the_vendors_alarm_rings_for_no_call_that_the_rules_miss() -> None:
    names = [*RULE_OF, "GetPolicy", "PutGroupPolicy"]
    rung = 0
    for name, arn, role in product(names, ARNS, (ROLE, "somebody")):
        event = iam_event(name, {"policyArn": arn, "roleName": role, "versionId": "v2"})
        if vendor_alarm_matches(event["detail"]):
            rung += 1
            assert woken(event) == [RULE_OF[name]]
    assert rung > 400


@given(
    name=st.sampled_from(sorted(VENDOR_EVENTS)),
    arn=st.none() | st.from_regex(r"\A[!-~]{0,20}(OperationalBoundary[!-~]{0,20}|[!-~]{0,5})\Z"),
    role=st.none() | st.just(ROLE) | st.text(max_size=8),
    error=st.none() | st.sampled_from(["AccessDenied", "NoSuchEntity"]),
)
def test_nor_for_any_call_of_generated_names(
    name: str, arn: str | None, role: str | None, error: str | None
) -> None:
    given_parameters = {"policyArn": arn, "roleName": role}
    parameters = {key: value for key, value in given_parameters.items() if value is not None}
    event = iam_event(name, parameters, **({} if error is None else {"errorCode": error}))
    if vendor_alarm_matches(event["detail"]):
        assert woken(event)


def test_the_vendors_alarm_misses_what_the_rules_let_through() -> None:
    # The hole that matters most: the events by which a policy's default version really changes.
    for name in ("CreatePolicyVersion", "SetDefaultPolicyVersion"):
        event = iam_event(name, {"policyArn": POLICY, "versionId": "v2", "setAsDefault": True})
        assert not vendor_alarm_matches(event["detail"])
        assert woken(event) == ["PolicyRule"]


# ------------------------------------------------------------------------------- the domain

# IAM's wordings, with and without what follows the target.
MESSAGES = [
    "User: ada is not authorized to perform: iam:X on resource: role {role} because …",
    "ada may not perform iam:X on resource: arn:aws:iam::123456789012:role/{role} with …",
    "The role with name {role} cannot be found.",
]


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Calls on watched and other principals and policies: successful, refused, parts left out."""
    name = draw(st.sampled_from(sorted(RULE_OF)))
    principal = draw(st.sampled_from([ROLE, ROLE.title(), "somebody"]))
    policy = draw(st.sampled_from([POLICY, BOUNDARY, OTHER_POLICY, AWS_POLICY]))
    parameters = recorded_parameters(name, principal, policy)
    if name in {"CreateRole", "CreateUser"} and draw(st.booleans()):
        parameters["permissionsBoundary"] = policy
    left_out = draw(st.sampled_from(["", "policyArn", "Name", *parameters]))
    if left_out:
        parameters = {key: parameters[key] for key in parameters if not key.endswith(left_out)}
    fields: dict[str, Any] = {
        "userIdentity": draw(st.sampled_from([SOMEBODY, WATCHED_ROLE_ITSELF]))
    }
    if draw(st.booleans()):
        fields["errorCode"] = "AccessDenied"
        if message := draw(st.none() | st.sampled_from(MESSAGES)):
            # With case: EventBridge compares no part of a text without it. What is missed so, a
            # refused call that spells the role otherwise, changes nothing.
            fields["errorMessage"] = message.format(role=draw(st.sampled_from([ROLE, "somebody"])))
    return iam_event(name, draw(st.sampled_from([parameters, None, {}])), **fields)


@settings(max_examples=1000)
@given(calls())
def test_whatever_the_domain_judges_a_rule_lets_through(event: dict[str, Any]) -> None:
    if is_judged(event):
        assert woken(event) == [RULE_OF[event["detail"]["eventName"]]]


def is_judged(event: dict[str, Any]) -> bool:
    """Whether the domain makes a mutation of an event, or calls it unreadable."""
    try:
        return parse_event(event, Settings(), b"key") is not None
    except UnreadableEventError:
        return True
