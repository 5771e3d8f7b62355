"""Changes in disguise: a policy with a path, a role that comes again under another name."""

import json
from typing import Any

import pytest
from tests.histories import (
    ACCOUNT,
    ROLE,
    ROLE_ARN,
    SETTINGS,
    Shelf,
    allow,
    genesis,
    managed,
    role,
    trust,
)
from tests.iam_events import iam_event

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.detection import detect
from policy_monitor.findings import Finding
from policy_monitor.judgement import judge

shelf = Shelf()
READ, WRITE, TRUST = allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject"), trust()
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/vendors/astro/AstronomerCrossAccountRole"
BASE = genesis(role(attached=frozenset({POLICY}), trust=shelf(TRUST)), managed(POLICY, shelf(READ)))


def told(*events: dict[str, Any]) -> list[Finding]:
    """The findings that hold after events, in the order of time."""
    ledger = MemoryLedger()
    ledger.put_genesis(BASE, shelf.documents)
    for event in events:
        detect(event, ledger, MemoryIam(), SETTINGS, b"key", account=ACCOUNT)
    judge(ledger, SETTINGS, None)
    return [each.finding for each in ledger.findings()]


def an_event(name: str, minute: int, parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    time = f"2026-06-01T12:{minute:02}:00Z"
    return iam_event(name, parameters, eventTime=time, eventID=f"e{minute}", **fields)


def test_a_policy_with_a_path_is_watched_by_its_name() -> None:
    event = an_event(
        "CreatePolicyVersion",
        1,
        {"policyArn": POLICY, "policyDocument": json.dumps(WRITE), "setAsDefault": True},
        responseElements={"policyVersion": {"versionId": "v2", "isDefaultVersion": True}},
    )
    found = {(finding.subject.arn, finding.verdict) for finding in told(event)}
    assert found == {(POLICY, "expansion"), (ROLE_ARN, "expansion")}


@pytest.mark.parametrize("spelled", [ROLE, ROLE.title()])
def test_a_role_that_goes_and_comes_again_elsewhere_is_judged_as_what_it_is_now(
    spelled: str,
) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/vendors/{spelled}"
    went = an_event("DeleteRole", 1, {"roleName": ROLE})
    came = an_event(
        "CreateRole",
        2,
        {
            "roleName": spelled,
            "path": "/vendors/",
            "assumeRolePolicyDocument": json.dumps(trust("*")),
        },
        responseElements={"role": {"arn": arn}},
    )
    given = an_event(
        "PutRolePolicy",
        3,
        {"roleName": spelled, "policyName": "own", "policyDocument": json.dumps(READ)},
    )
    found = told(given, came, went)
    assert sorted((f.event_name, f.subject.type, f.subject.arn, f.verdict) for f in found) == [
        ("CreateRole", "role", arn, "equivalent"),
        ("CreateRole", "trust", arn, "expansion"),
        ("DeleteRole", "role", ROLE_ARN, "reduction"),
        ("DeleteRole", "trust", ROLE_ARN, "reduction"),
        ("PutRolePolicy", "role", arn, "expansion"),
    ]


def test_a_role_of_another_name_that_takes_over_the_watched_policy_is_told() -> None:
    went = an_event("DeleteRole", 1, {"roleName": ROLE})
    taken = an_event("AttachRolePolicy", 2, {"roleName": "astronomer-2", "policyArn": POLICY})
    last = told(went, taken)[-1]
    assert (last.event_name, last.subject.arn) == ("AttachRolePolicy", POLICY)
    assert last.verdict == "expansion"
    assert "astronomer-2" in last.summary
