"""The template's EventBridge rules: which events wake detect, and which do not.

The patterns are the template's own, with its parameters filled in; the matcher is moto's.
"""

import json
from itertools import pairwise
from typing import Any

import pytest
from tests.eventpatterns import (
    EVENT_PATTERN_CHARACTERS,
    check_event_pattern,
    envelope,
    matches,
)
from tests.iam_events import (
    ATTACHMENT_EVENTS,
    AWS_POLICY,
    BOUNDARY,
    BOUNDARY_EVENTS,
    OTHER_POLICY,
    POLICY,
    POLICY_EVENTS,
    ROLE,
    ROLE_EVENTS,
    ROOT,
    RULE_OF,
    WATCHED_ROLE_ITSELF,
    iam_event,
    recorded_parameters,
    refused,
    template,
    woken,
)

from policy_monitor.api_calls import API_CALLS
from policy_monitor_cli.template import Rule, TemplateError, load_template

NAMES = {"RoleName": "r" * 64, "PolicyName": "p" * 128, "BoundaryNamePart": "b" * 64}
LONGEST = {
    **NAMES,
    "KeyArn": f"arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/{'k' * 64}",
    "AWS::StackName": "s" * 128,
    "TrailLogGroupName": "l" * 512,
}
# Of an event source mapping, Ref is an id of this length.
MAPPINGS = {"JudgeFunctionMutations", "AnnounceFunctionFindings"}
MAPPING_ID = "91eaeb7e-c976-4bf9-8a2f-3b4e0f8d1a11"

# The ways in which parameters are missing: null in a refused call, dropped or marked above 100 KB
# (CloudTrail User Guide, "CloudTrail record contents"), empty in some recorded events.
OMISSIONS: list[Any] = [
    None,
    {},
    {"omitted": True, "originalSize": 118406, "reason": "requestParameters too large"},
]
NO_PARAMETERS = "no field"


def pattern_rules(**parameters: str) -> list[Rule]:
    return [rule for rule in template(**parameters).rules if rule.pattern]


def iam_rules() -> list[Rule]:
    """Those of what is watched; the others watch the monitor itself."""
    return [
        rule for rule in pattern_rules() if rule.pattern and rule.pattern["source"] == ["aws.iam"]
    ]


def event_names(rule: Rule) -> set[str]:
    assert rule.pattern
    return set(rule.pattern["detail"]["eventName"])


# ------------------------------------------------------------------------------- the patterns


@pytest.mark.parametrize("parameters", [{}, LONGEST], ids=["defaults", "longest"])
def test_patterns_are_such_as_eventbridge_takes(parameters: dict[str, str]) -> None:
    for rule in pattern_rules(**parameters):
        assert rule.pattern
        check_event_pattern(rule.pattern)
        text = json.dumps(rule.pattern)
        for mapping in MAPPINGS:
            text = text.replace(mapping, MAPPING_ID)
        assert len(text) < EVENT_PATTERN_CHARACTERS


@pytest.mark.parametrize("name", NAMES)
def test_no_parameter_of_a_pattern_may_be_longer(name: str) -> None:
    with pytest.raises(TemplateError, match=name):
        load_template(ROOT / "template.yaml", {name: LONGEST[name] + "x"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["a*bcd", 'a"bcd', "a\\bcd", "a bcd", ""])
def test_no_parameter_of_a_pattern_may_hold_what_a_pattern_reads_as_its_own(
    name: str, value: str
) -> None:
    with pytest.raises(TemplateError, match=name):
        load_template(ROOT / "template.yaml", {name: value})


def test_the_rules_listen_for_every_call_that_the_domain_judges_and_no_other() -> None:
    listened = set().union(*map(event_names, iam_rules()))
    assert listened == set(API_CALLS) == set(RULE_OF)


def test_no_two_rules_listen_for_the_same_call() -> None:
    names = sorted(name for rule in iam_rules() for name in event_names(rule))
    assert all(left != right for left, right in pairwise(names))


def test_each_rule_says_what_it_is_for_and_invokes_detect_with_retries_and_dead_letters() -> None:
    for rule in pattern_rules():
        assert rule.description
        assert rule.targets == ("DetectFunction",)
        (target,) = rule.target_properties
        assert target["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
        # The most that EventBridge takes: "Event retry policy and using dead-letter queues".
        assert target["RetryPolicy"] == {
            "MaximumRetryAttempts": 185,
            "MaximumEventAgeInSeconds": 86400,
        }


def test_each_rule_may_invoke_detect() -> None:
    granted = {
        permission.properties["SourceArn"]: permission.properties
        for permission in template().of_type("AWS::Lambda::Permission")
    }
    for rule in pattern_rules():
        permission = granted[f"{rule.logical_id}.Arn"]
        assert permission["FunctionName"] == "DetectFunction"
        assert permission["Principal"] == "events.amazonaws.com"


def test_the_archive_keeps_every_event_that_a_rule_may_let_through() -> None:
    (archive,) = template().of_type("AWS::Events::Archive")
    pattern = archive.properties["EventPattern"]
    check_event_pattern(pattern)
    assert set(pattern["detail"]["eventName"]) == set(RULE_OF)
    for name in RULE_OF:
        assert matches(pattern, iam_event(name, None))
    assert archive.properties["RetentionDays"] == 400


# ------------------------------------------------------------------------------- what is let in


@pytest.mark.parametrize("name", RULE_OF)
def test_a_call_on_what_is_watched_wakes_detect(name: str) -> None:
    event = iam_event(name, recorded_parameters(name, ROLE, POLICY))
    if name == "CreateUser":
        event["detail"]["requestParameters"]["permissionsBoundary"] = BOUNDARY
    assert woken(event) == [RULE_OF[name]]


@pytest.mark.parametrize("name", [*ROLE_EVENTS, "AttachRolePolicy", "DetachRolePolicy"])
def test_the_watched_roles_name_counts_in_any_case(name: str) -> None:
    event = iam_event(name, recorded_parameters(name, ROLE.upper(), AWS_POLICY))
    assert woken(event) == [RULE_OF[name]]


@pytest.mark.parametrize("policy", [POLICY, POLICY.swapcase(), BOUNDARY])
@pytest.mark.parametrize("name", ATTACHMENT_EVENTS)
def test_a_watched_policy_counts_whoever_gets_it(name: str, policy: str) -> None:
    assert woken(iam_event(name, recorded_parameters(name, "somebody", policy))) == [RULE_OF[name]]


@pytest.mark.parametrize("name", ["CreateRole", "CreateUser"])
def test_a_principal_that_is_created_under_a_watched_boundary_counts(name: str) -> None:
    parameters = recorded_parameters(name, "somebody", POLICY) | {"permissionsBoundary": BOUNDARY}
    assert woken(iam_event(name, parameters)) == ["RoleRule"]


@pytest.mark.parametrize("name", [*POLICY_EVENTS, *BOUNDARY_EVENTS])
def test_any_policys_versions_and_anybodys_boundary_are_let_through(name: str) -> None:
    event = iam_event(name, recorded_parameters(name, "somebody", OTHER_POLICY))
    assert woken(event) == ["PolicyRule"]


@pytest.mark.parametrize("parameters", [*OMISSIONS, NO_PARAMETERS], ids=str)
@pytest.mark.parametrize("name", RULE_OF)
def test_a_call_whose_parameters_were_left_out_is_let_through(name: str, parameters: Any) -> None:
    event = iam_event(name, parameters)
    if parameters == NO_PARAMETERS:
        del event["detail"]["requestParameters"]
    assert woken(event) == [RULE_OF[name]]


@pytest.mark.parametrize("name", RULE_OF)
@pytest.mark.parametrize(
    "target",
    [
        f"role {ROLE} because no identity-based policy allows it",
        f"arn:aws:iam::123456789012:role/{ROLE} with an explicit deny",
        f"role {ROLE}",
    ],
)
def test_a_refused_call_is_let_through_where_its_message_names_the_watched_role(
    name: str, target: str
) -> None:
    message = f"User: ada is not authorized to perform: iam:{name} on resource: {target}"
    assert woken(refused(name, message)) == [RULE_OF[name]]


@pytest.mark.parametrize("name", RULE_OF)
def test_a_refused_call_is_let_through_where_nothing_tells_its_target(name: str) -> None:
    assert woken(refused(name, None)) == [RULE_OF[name]]


@pytest.mark.parametrize("name", RULE_OF)
def test_what_the_watched_role_is_refused_is_let_through_whatever_it_was_aimed_at(
    name: str,
) -> None:
    parameters = recorded_parameters(name, "somebody", OTHER_POLICY)
    failed = iam_event(name, parameters, errorCode="NoSuchEntity", userIdentity=WATCHED_ROLE_ITSELF)
    denied = refused(
        name,
        f"not authorized to perform: iam:{name} on resource: role somebody because …",
        userIdentity=WATCHED_ROLE_ITSELF,
    )
    assert woken(failed) == woken(denied) == [RULE_OF[name]]


@pytest.mark.parametrize("name", RULE_OF)
def test_both_spellings_of_the_detail_type_are_let_through(name: str) -> None:
    # "Amazon API Call via CloudTrail" is how some pages of the China partition spell it.
    record = iam_event(name, recorded_parameters(name, ROLE, BOUNDARY))["detail"]
    event = envelope(record, **{"detail-type": "Amazon API Call via CloudTrail"})
    if name == "CreateUser":
        event["detail"]["requestParameters"]["permissionsBoundary"] = BOUNDARY
    assert woken(event) == [RULE_OF[name]]


# ------------------------------------------------------------------------------- what is not


@pytest.mark.parametrize("policy", [OTHER_POLICY, AWS_POLICY, f"{POLICY}-copy"])
@pytest.mark.parametrize("name", [*ROLE_EVENTS, *ATTACHMENT_EVENTS, "CreateUser"])
def test_a_call_on_others_wakes_nothing(name: str, policy: str) -> None:
    for principal in ("somebody", f"{ROLE}-2", ROLE.replace("-", "")):
        assert woken(iam_event(name, recorded_parameters(name, principal, policy))) == []


@pytest.mark.parametrize("name", [*ROLE_EVENTS, *ATTACHMENT_EVENTS, "CreateUser"])
@pytest.mark.parametrize("target", ["role reporting", "user ada", "group admins"])
def test_a_refused_call_on_others_wakes_nothing(name: str, target: str) -> None:
    message = f"User: ada is not authorized to perform: iam:{name} on resource: {target} because …"
    assert woken(refused(name, message)) == []


@pytest.mark.parametrize("name", [*ROLE_EVENTS, *ATTACHMENT_EVENTS, "CreateUser"])
def test_a_throttled_call_wakes_nothing(name: str) -> None:
    assert woken(iam_event(name, None, errorCode="Throttling", errorMessage="Rate exceeded")) == []


@pytest.mark.parametrize(
    "name",
    [
        "AddRoleToInstanceProfile",
        "AddUserToGroup",
        "CreateAccessKey",
        "CreateGroup",
        "DeleteUser",
        "GetPolicyVersion",
        "ListAttachedRolePolicies",
        "PutGroupPolicy",
        "PutUserPolicy",
        "TagPolicy",
    ],
)
def test_other_calls_of_iam_wake_nothing(name: str) -> None:
    parameters = {"roleName": ROLE, "policyArn": POLICY, "userName": "x", "groupName": "x"}
    assert woken(iam_event(name, parameters)) == []
    assert woken(iam_event(name, None)) == []


@pytest.mark.parametrize("name", ["CreatePolicy", "CreatePolicyVersion", "DeletePolicy"])
def test_calls_of_the_same_name_of_another_service_wake_nothing(name: str) -> None:
    # AWS IoT has them ("AWS IoT Core", Actions): policies of things, not of principals.
    record = iam_event(name, {"policyName": "x"}, eventSource="iot.amazonaws.com")["detail"]
    event = envelope(record)
    assert event["source"] == "aws.iot"
    assert woken(event) == []
    assert woken(event | {"source": "aws.iam"}) == []


@pytest.mark.parametrize("name", RULE_OF)
def test_events_that_cloudtrail_did_not_record_wake_nothing(name: str) -> None:
    record = iam_event(name, None)["detail"]
    assert woken(envelope(record, source="com.example")) == []
    assert woken(envelope(record, **{"detail-type": "AWS Console Sign In via CloudTrail"})) == []
