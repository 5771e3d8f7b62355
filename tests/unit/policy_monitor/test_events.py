import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.iam_events import (
    ACCOUNT,
    AWS_POLICY,
    BOUNDARY,
    OTHER_POLICY,
    POLICY,
    ROLE,
    WATCHED_ROLE_ITSELF,
    iam_event,
    refused,
)

from policy_monitor.api_calls import API_CALLS
from policy_monitor.documents import digest
from policy_monitor.errors import UnreadableEventError
from policy_monitor.events import ParsedEvent, account_of, parse_event, parse_record
from policy_monitor.masks import mask
from policy_monitor.mutations import (
    ActorKind,
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    MutationKind,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    PolicyUseChanged,
    RoleCreated,
    RoleDeleted,
    RoleTagged,
    RoleUntagged,
    RoleUpdated,
    TrustChanged,
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.settings import Settings

KEY = b"a key for tests"
SETTINGS = Settings()
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "a-secret-between-us"}},
        }
    ],
}
TEXT, SHA = json.dumps(DOCUMENT), digest(DOCUMENT)
TRUST_TEXT, TRUST_SHA = json.dumps(TRUST, indent=2), digest(mask(TRUST, KEY))

# The answer of CreatePolicyVersion and of CreatePolicy, as recorded.
VERSION_ANSWER = {
    "policyVersion": {
        "versionId": "v4",
        "isDefaultVersion": True,
        "createDate": "Nov 22, 2026 6:00:00 AM",
    }
}
STAGED_ANSWER = {"policyVersion": VERSION_ANSWER["policyVersion"] | {"isDefaultVersion": False}}
POLICY_ANSWER = {
    "policy": {"arn": POLICY, "policyName": POLICY.rsplit("/", 1)[1], "defaultVersionId": "v1"}
}
ROLE_ANSWER = {"role": {"arn": ROLE_ARN, "roleName": ROLE, "path": "/"}}

# Name, requestParameters, responseElements, what changes.
CALLS: list[tuple[str, dict[str, Any], Any, Change]] = [
    (
        "AttachRolePolicy",
        {"roleName": ROLE, "policyArn": AWS_POLICY},
        None,
        PolicyAttached(ROLE, AWS_POLICY),
    ),
    (
        "AttachRolePolicy",
        {"roleName": "another", "policyArn": POLICY},
        None,
        PolicyUseChanged("role/another", Use.ATTACHED, POLICY, begun=True),
    ),
    (
        "DetachRolePolicy",
        {"roleName": ROLE, "policyArn": POLICY},
        None,
        PolicyDetached(ROLE, POLICY),
    ),
    (
        "DetachRolePolicy",
        {"roleName": "another", "policyArn": POLICY},
        None,
        PolicyUseChanged("role/another", Use.ATTACHED, POLICY, begun=False),
    ),
    (
        "PutRolePolicy",
        {"roleName": ROLE, "policyName": "extra", "policyDocument": TEXT},
        None,
        InlinePolicyPut(ROLE, "extra", SHA),
    ),
    (
        "DeleteRolePolicy",
        {"roleName": ROLE, "policyName": "extra"},
        None,
        InlinePolicyDeleted(ROLE, "extra"),
    ),
    (
        "PutRolePermissionsBoundary",
        {"roleName": ROLE, "permissionsBoundary": BOUNDARY},
        None,
        BoundaryPut(ROLE, BOUNDARY),
    ),
    (
        "PutRolePermissionsBoundary",
        {"roleName": "another", "permissionsBoundary": OTHER_POLICY},
        None,
        PolicyUseChanged("role/another", Use.BOUNDARY, OTHER_POLICY, begun=True),
    ),
    ("DeleteRolePermissionsBoundary", {"roleName": ROLE}, None, BoundaryDeleted(ROLE)),
    (
        "DeleteRolePermissionsBoundary",
        {"roleName": "another"},
        None,
        PolicyUseChanged("role/another", Use.BOUNDARY, None, begun=False),
    ),
    (
        "UpdateAssumeRolePolicy",
        {"roleName": ROLE, "policyDocument": TRUST_TEXT},
        None,
        TrustChanged(ROLE, TRUST_SHA),
    ),
    (
        "CreateRole",
        {
            "roleName": ROLE,
            "path": "/",
            "assumeRolePolicyDocument": TRUST_TEXT,
            "permissionsBoundary": BOUNDARY,
            "maxSessionDuration": 7200,
            "tags": [{"key": "customeraudit", "value": "TRUE"}],
        },
        ROLE_ANSWER,
        RoleCreated(
            ROLE,
            ROLE_ARN,
            TRUST_SHA,
            boundary=BOUNDARY,
            tags=(("customeraudit", "TRUE"),),
            max_session_seconds=7200,
        ),
    ),
    (
        "CreateRole",
        {"roleName": ROLE, "path": "/vendors/", "assumeRolePolicyDocument": TRUST_TEXT},
        None,
        RoleCreated(ROLE, f"arn:aws:iam::{ACCOUNT}:role/vendors/{ROLE}", TRUST_SHA),
    ),
    (
        "CreateRole",
        {
            "roleName": "airflow-worker",
            "assumeRolePolicyDocument": TRUST_TEXT,
            "permissionsBoundary": BOUNDARY,
        },
        None,
        PolicyUseChanged("role/airflow-worker", Use.BOUNDARY, BOUNDARY, begun=True),
    ),
    ("DeleteRole", {"roleName": ROLE}, None, RoleDeleted(ROLE)),
    ("UpdateRole", {"roleName": ROLE, "maxSessionDuration": 43200}, None, RoleUpdated(ROLE, 43200)),
    ("UpdateRole", {"roleName": ROLE, "description": "x"}, None, RoleUpdated(ROLE, None)),
    (
        "TagRole",
        {"roleName": ROLE, "tags": [{"key": "team", "value": "a"}, {"key": "env", "value": ""}]},
        None,
        RoleTagged(ROLE, (("team", "a"), ("env", ""))),
    ),
    ("UntagRole", {"roleName": ROLE, "tagKeys": ["team"]}, None, RoleUntagged(ROLE, ("team",))),
    (
        "CreatePolicyVersion",
        {"policyArn": POLICY, "policyDocument": TEXT, "setAsDefault": True},
        VERSION_ANSWER,
        VersionCreated(POLICY, "v4", SHA, default=True),
    ),
    (
        "CreatePolicyVersion",
        {"policyArn": OTHER_POLICY, "policyDocument": TEXT, "setAsDefault": False},
        STAGED_ANSWER,
        VersionCreated(OTHER_POLICY, "v4", SHA, default=False),
    ),
    (
        "CreatePolicyVersion",
        {"policyArn": POLICY, "policyDocument": {"omitted": True}, "setAsDefault": True},
        VERSION_ANSWER,
        VersionCreated(POLICY, "v4", None, default=True),
    ),
    (
        "SetDefaultPolicyVersion",
        {"policyArn": POLICY, "versionId": "v2"},
        None,
        DefaultVersionSet(POLICY, "v2"),
    ),
    (
        "SetPolicyVersion",
        {"policyArn": POLICY, "versionId": "v2"},
        None,
        DefaultVersionSet(POLICY, "v2"),
    ),
    (
        "DeletePolicyVersion",
        {"policyArn": POLICY, "versionId": "v1"},
        None,
        VersionDeleted(POLICY, "v1"),
    ),
    (
        "CreatePolicy",
        {"policyName": "AstronomerCrossAccountRole", "path": "/", "policyDocument": TEXT},
        POLICY_ANSWER,
        PolicyCreated(POLICY, "v1", SHA),
    ),
    (
        "CreatePolicy",
        {"policyName": "X", "path": "/team/a/", "policyDocument": TEXT},
        None,
        PolicyCreated(f"arn:aws:iam::{ACCOUNT}:policy/team/a/X", "v1", SHA),
    ),
    ("DeletePolicy", {"policyArn": POLICY}, None, PolicyDeleted(POLICY)),
    (
        "AttachUserPolicy",
        {"userName": "ada", "policyArn": POLICY},
        None,
        PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=True),
    ),
    (
        "DetachUserPolicy",
        {"userName": "ada", "policyArn": POLICY},
        None,
        PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=False),
    ),
    (
        "AttachGroupPolicy",
        {"groupName": "ops", "policyArn": POLICY},
        None,
        PolicyUseChanged("group/ops", Use.ATTACHED, POLICY, begun=True),
    ),
    (
        "DetachGroupPolicy",
        {"groupName": "ops", "policyArn": POLICY},
        None,
        PolicyUseChanged("group/ops", Use.ATTACHED, POLICY, begun=False),
    ),
    (
        "PutUserPermissionsBoundary",
        {"userName": "ada", "permissionsBoundary": BOUNDARY},
        None,
        PolicyUseChanged("user/ada", Use.BOUNDARY, BOUNDARY, begun=True),
    ),
    (
        "DeleteUserPermissionsBoundary",
        {"userName": "ada"},
        None,
        PolicyUseChanged("user/ada", Use.BOUNDARY, None, begun=False),
    ),
    (
        "CreateUser",
        {"userName": "ada", "permissionsBoundary": BOUNDARY},
        None,
        PolicyUseChanged("user/ada", Use.BOUNDARY, BOUNDARY, begun=True),
    ),
]


def parse(event: dict[str, Any]) -> ParsedEvent | None:
    return parse_event(event, SETTINGS, KEY)


def parsed(event: dict[str, Any]) -> ParsedEvent:
    found = parse(event)
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "parameters", "answer", "change"), CALLS)
def test_a_successful_call_becomes_its_change(
    name: str, parameters: dict[str, Any], answer: Any, change: Change
) -> None:
    found = parsed(iam_event(name, parameters, responseElements=answer))
    assert found.mutation.kind is MutationKind.CHANGE
    assert found.mutation.changes == (change,)
    assert found.mutation.time == "2026-11-22T06:00:00Z"
    assert found.mutation.account == ACCOUNT


def test_every_call_of_the_table_is_tested() -> None:
    assert {name for name, *_ in CALLS} == set(API_CALLS)


@pytest.mark.parametrize(("name", "parameters", "answer", "change"), CALLS)
def test_the_vendors_refused_call_changes_nothing_and_is_an_attempt(
    name: str, parameters: dict[str, Any], answer: Any, change: Change
) -> None:
    del answer, change
    event = iam_event(name, parameters, errorCode="NoSuchEntity", userIdentity=WATCHED_ROLE_ITSELF)
    found = parsed(event).mutation
    assert (found.kind, found.changes, found.error) == (MutationKind.ATTEMPT, (), "NoSuchEntity")
    assert found.actor.kind is ActorKind.VENDOR


DENIED = "is not authorized to perform: iam:X on resource: "


@pytest.mark.parametrize(
    ("name", "resource", "target"),
    [
        ("DeleteRolePolicy", f"role {ROLE} because no identity-based policy allows", ROLE),
        ("PutRolePolicy", f"role {ROLE} with an explicit deny in an identity-based policy", ROLE),
        ("CreateRole", f"{ROLE_ARN} because no identity-based policy allows", ROLE),
        ("CreateRole", f"arn:aws:iam::{ACCOUNT}:role/a/b/{ROLE} because no", ROLE),
        ("SetDefaultPolicyVersion", f"policy {POLICY} version v2 because no", POLICY),
        ("CreatePolicyVersion", f"policy {POLICY}", POLICY),
        ("CreatePolicy", "policy AstronomerCrossAccountRole because no", POLICY),
    ],
)
def test_a_denied_calls_target_is_read_from_its_message(
    name: str, resource: str, target: str
) -> None:
    event = refused(name, f"User: arn:aws:iam::{ACCOUNT}:user/ada {DENIED}{resource}")
    found = parsed(event).mutation
    assert (found.kind, found.target) == (MutationKind.ATTEMPT, target)
    assert found.actor.kind is ActorKind.CUSTOMER


def test_a_denied_call_on_something_else_is_ignored_unless_the_vendor_made_it() -> None:
    message = f"User: x {DENIED}role another because no identity-based policy allows it"
    assert parse(refused("PutRolePolicy", message)) is None
    event = refused("PutRolePolicy", message, userIdentity=WATCHED_ROLE_ITSELF)
    assert parsed(event).mutation.target == "another"


def test_a_denied_call_whose_target_nothing_tells_is_kept() -> None:
    assert parsed(refused("PutRolePolicy", None)).mutation.target == ""


def test_of_a_role_and_a_policy_the_watched_one_is_the_target() -> None:
    event = iam_event(
        "AttachRolePolicy", {"roleName": "another", "policyArn": POLICY}, errorCode="LimitExceeded"
    )
    assert parsed(event).mutation.target == POLICY


@pytest.mark.parametrize(
    "event",
    [
        iam_event("AttachRolePolicy", {"roleName": "another", "policyArn": OTHER_POLICY}),
        iam_event("PutRolePolicy", {"roleName": "another"}),
        iam_event("UpdateAssumeRolePolicy", {"roleName": "another", "policyDocument": None}),
        iam_event("CreateRole", {"roleName": "another", "permissionsBoundary": OTHER_POLICY}),
        iam_event("TagRole", {"roleName": "another", "tags": "odd"}),
        iam_event("UntagRole", {"roleName": "another", "tagKeys": ["team"]}),
        iam_event("UpdateRole", {"roleName": "another", "maxSessionDuration": 43200}),
        iam_event("DeleteRolePolicy", {"roleName": "another", "policyName": "i"}),
        iam_event("DeleteRole", {"roleName": "another"}),
        iam_event("AttachUserPolicy", {"userName": "ada", "policyArn": AWS_POLICY}),
        iam_event("CreateUser", {"userName": "ada"}),
        iam_event("CreateAccessKey", {"userName": "ada"}),
        iam_event("GetRole", {"roleName": ROLE}),
        iam_event("AttachPolicy", {"policyName": "x"}, eventSource="iot.amazonaws.com"),
        {**iam_event("DeleteRole", {"roleName": ROLE}), "source": "aws.iot"},
        iam_event("CreateServiceLinkedRole", None),
    ],
)
def test_what_does_not_concern_the_watched_access_is_ignored(event: dict[str, Any]) -> None:
    assert parse(event) is None


def test_an_event_of_another_account_is_none_of_this_accounts() -> None:
    event = iam_event("DeleteRole", {"roleName": ROLE})
    assert parse_event(event, SETTINGS, KEY, "999999999999") is None
    assert parse_event(event, SETTINGS, KEY, ACCOUNT) is not None


def test_an_event_of_another_region_is_judged_since_iam_is_global() -> None:
    event = iam_event("DeleteRole", {"roleName": ROLE}, awsRegion="us-gov-west-1")
    assert parsed(event).mutation.region == "us-gov-west-1"


@pytest.mark.parametrize("region", ['{"a": 1e999}', "us:east", "US-EAST-1", "a" * 33, "", 7, None])
def test_what_is_no_name_of_a_region_is_none_and_stops_no_event(region: object) -> None:
    event = iam_event("DeleteRole", {"roleName": ROLE}, awsRegion=region)
    assert parsed(event).mutation.region == ""
    trail = {"requestParameters": {"name": "management"}, "eventSource": "cloudtrail.amazonaws.com"}
    stopped = iam_event("StopLogging", None, awsRegion=region, **trail)
    stopped["source"] = "aws.cloudtrail"
    assert parsed(stopped).mutation.target == f"arn:aws:cloudtrail::{ACCOUNT}:trail/management"


def test_a_policy_created_in_another_partition_has_an_arn_of_that_partition() -> None:
    event = iam_event(
        "CreatePolicy", {"policyName": "X", "policyDocument": TEXT}, awsRegion="cn-north-1"
    )
    assert parsed(event).mutation.changes[0] == PolicyCreated(
        f"arn:aws-cn:iam::{ACCOUNT}:policy/X", "v1", SHA
    )


def test_a_role_name_is_compared_without_case() -> None:
    found = parsed(iam_event("DeleteRole", {"roleName": ROLE.upper()}))
    assert found.mutation.changes == (RoleDeleted(ROLE.upper()),)


@pytest.mark.parametrize("parameters", [None, {}, {"omitted": True}, {"policyDocument": "x"}])
@pytest.mark.parametrize("name", sorted(API_CALLS))
def test_a_call_whose_parameters_are_omitted_is_kept(name: str, parameters: Any) -> None:
    found = parsed(iam_event(name, parameters)).mutation
    assert (found.kind, found.target) == (MutationKind.OMITTED, "")


def test_a_padded_trust_policy_makes_the_trust_unknown() -> None:
    for parameters in (None, {"roleName": ROLE}, {"roleName": ROLE, "policyDocument": None}):
        found = parsed(iam_event("UpdateAssumeRolePolicy", parameters)).mutation
        assert found.changes == (TrustChanged(ROLE, None),)


def test_a_new_version_without_its_number_is_omitted_but_its_policy_known() -> None:
    found = parsed(
        iam_event("CreatePolicyVersion", {"policyArn": POLICY, "policyDocument": TEXT})
    ).mutation
    assert (found.kind, found.target) == (MutationKind.OMITTED, POLICY)


@pytest.mark.parametrize(("name", "part"), [("TagRole", "tags"), ("UntagRole", "tagKeys")])
def test_tags_that_are_omitted_are_not_taken_for_none(name: str, part: str) -> None:
    found = parsed(iam_event(name, {"roleName": ROLE, part: {"omitted": True}})).mutation
    assert (found.kind, found.target, found.changes) == (MutationKind.OMITTED, ROLE, ())


@pytest.mark.parametrize("default", [True, False])
def test_a_version_takes_effect_by_what_was_asked_for_where_the_answer_does_not_say(
    default: bool,
) -> None:
    for spelled in (default, str(default).lower()):
        asked = {"policyArn": POLICY, "policyDocument": TEXT, "setAsDefault": spelled}
        answer = {"policyVersion": {"versionId": "v4"}}
        found = parsed(iam_event("CreatePolicyVersion", asked, responseElements=answer)).mutation
        assert found.changes == (VersionCreated(POLICY, "v4", SHA, default=default),)


def test_an_external_id_leaves_no_trace() -> None:
    event = iam_event("UpdateAssumeRolePolicy", {"roleName": ROLE, "policyDocument": TRUST_TEXT})
    assert "a-secret-between-us" not in repr(parsed(event))


def test_the_same_document_has_the_same_digest_however_it_is_written() -> None:
    reordered = json.dumps({"Statement": DOCUMENT["Statement"], "Version": "2012-10-17"}, indent=4)
    digests = {
        next(
            iter(
                parsed(
                    iam_event(
                        "PutRolePolicy",
                        {"roleName": ROLE, "policyName": "extra", "policyDocument": text},
                    )
                ).documents
            )
        )
        for text in (TEXT, reordered)
    }
    assert digests == {SHA}


def without(event: dict[str, Any], name: str) -> dict[str, Any]:
    return {**event, "detail": {k: v for k, v in event["detail"].items() if k != name}}


DELETION = iam_event("DeleteRole", {"roleName": ROLE})


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({}, "detail"),
        ({"source": "aws.iam", "detail": "text"}, "detail"),
        ({"detail": {}}, "source"),
        ({"source": "aws.iam", "detail": {}}, "eventName"),
        (without(DELETION, "eventName"), "eventName"),
        (without(DELETION, "eventSource"), "eventSource"),
        (without(DELETION, "eventTime"), "eventTime"),
        (without(DELETION, "eventID"), "eventID"),
        (iam_event("DeleteRole", {"roleName": ROLE}, eventTime="yesterday"), "eventTime"),
        (
            iam_event("DeleteRole", {"roleName": ROLE}, eventTime="2026-02-30T00:00:00Z"),
            "eventTime",
        ),
        (
            iam_event("DeleteRole", {"roleName": ROLE}, eventTime="2026-11-22T06:00:00+01:00"),
            "eventTime",
        ),
        (iam_event("DeleteRole", {"roleName": ROLE}, eventID="a#b"), "eventID"),
        (iam_event("DeleteRole", {"roleName": ROLE}, eventID=7), "eventID"),
        (iam_event("DeleteRole", {"roleName": ROLE}, recipientAccountId="12"), "recipientAccount"),
        (iam_event("DeleteRole", {"roleName": ROLE}, errorCode=5), "errorCode"),
        (iam_event("DeleteRole", "roleName"), "requestParameters"),
        (iam_event("DeleteRole", [ROLE]), "requestParameters"),
        (iam_event("DeleteRole", [ROLE], errorCode="AccessDenied"), "requestParameters"),
        (iam_event("DeleteRole", {"roleName": 5}), "roleName"),
        (iam_event("DeleteRole", {"roleName": 5}, errorCode="AccessDenied"), "roleName"),
        (iam_event("AttachUserPolicy", {"userName": "a b", "policyArn": POLICY}), "userName"),
        (iam_event("DeletePolicy", {"policyArn": "AstronomerCrossAccountRole"}), "policyArn"),
        (iam_event("DeletePolicyVersion", {"policyArn": POLICY, "versionId": "4"}), "versionId"),
        (
            iam_event(
                "CreatePolicyVersion",
                {"policyArn": POLICY, "policyDocument": TEXT[:40]},
                responseElements=VERSION_ANSWER,
            ),
            "policyDocument",
        ),
        (
            iam_event(
                "CreatePolicyVersion",
                {"policyArn": POLICY, "policyDocument": DOCUMENT},
                responseElements=VERSION_ANSWER,
            ),
            "policyDocument",
        ),
        (
            iam_event(
                "CreatePolicyVersion",
                {"policyArn": POLICY, "policyDocument": TEXT, "setAsDefault": "perhaps"},
                responseElements={"policyVersion": {"versionId": "v4"}},
            ),
            "setAsDefault",
        ),
        (
            iam_event(
                "CreatePolicyVersion",
                {"policyArn": POLICY, "policyDocument": TEXT},
                responseElements="v4",
            ),
            "responseElements",
        ),
        (iam_event("TagRole", {"roleName": ROLE, "tags": [{"Key": "a"}]}), "tags"),
        (iam_event("TagRole", {"roleName": ROLE, "tags": "team"}), "tags"),
        (iam_event("UntagRole", {"roleName": ROLE, "tagKeys": "team"}), "tagKeys"),
        (iam_event("UpdateRole", {"roleName": ROLE, "maxSessionDuration": "1h"}), "maxSession"),
    ],
)
def test_what_cannot_be_understood_is_said_in_one_line(event: dict[str, Any], named: str) -> None:
    with pytest.raises(UnreadableEventError, match=named) as error:
        parse(event)
    assert "\n" not in str(error.value)


def test_an_odd_text_beside_a_change_hides_no_change() -> None:
    event = iam_event("DeleteRole", {"roleName": ROLE}, userAgent="half a pair: \ud800")
    parsed = parse_event(event, SETTINGS, KEY)
    assert parsed is not None
    assert parsed.mutation.changes == (RoleDeleted(ROLE),)
    assert parsed.mutation.actor.user_agent == "half a pair: \ufffd"


def test_a_record_that_nests_without_end_is_unreadable() -> None:
    nested: dict[str, Any] = {}
    for _ in range(100_000):
        nested = {"a": nested}
    with pytest.raises(UnreadableEventError, match="nested too deeply"):
        parse_event(iam_event("DeleteRole", {"roleName": ROLE, "x": nested}), SETTINGS, KEY)


def test_an_unreadable_document_is_not_quoted() -> None:
    text = TRUST_TEXT.removesuffix("}")
    event = iam_event("UpdateAssumeRolePolicy", {"roleName": ROLE, "policyDocument": text})
    with pytest.raises(UnreadableEventError) as error:
        parse(event)
    assert "a-secret-between-us" not in str(error.value)


def test_a_mask_key_that_is_missing_is_no_fault_of_the_event() -> None:
    event = iam_event("UpdateAssumeRolePolicy", {"roleName": ROLE, "policyDocument": TRUST_TEXT})
    with pytest.raises(Exception, match="mask key") as error:
        parse_event(event, SETTINGS, b"")
    assert not isinstance(error.value, UnreadableEventError)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(
    st.sampled_from(CALLS),
    st.dictionaries(
        st.sampled_from(
            ["eventTime", "eventID", "errorCode", "errorMessage", "userIdentity", "awsRegion"]
        ),
        json_values,
    ),
    st.data(),
)
def test_no_record_whatever_raises_anything_but_unreadable(
    call: tuple[str, dict[str, Any], Any, Change], fields: dict[str, Any], data: st.DataObject
) -> None:
    name, parameters, answer, _ = call
    spoilt = {
        key: data.draw(json_values) if data.draw(st.booleans()) else value
        for key, value in parameters.items()
    }
    event = iam_event(name, spoilt, responseElements=answer, **fields)
    try:
        found = parse(event)
    except UnreadableEventError as error:
        assert "\n" not in str(error)  # noqa: PT017 (either way must hold)
    else:
        assert found is None or found.mutation.event_name == name


# ------------------------------------------------------------------ real records

RECORDS = Path(__file__).parents[4] / "shared/conformance/cloudtrail_iam_records.jsonl.gz"


def conformance() -> list[dict[str, Any]]:
    if not RECORDS.exists():
        return []
    with gzip.open(RECORDS, "rt") as lines:
        return [json.loads(line) for line in lines]


needs_records = pytest.mark.skipif(
    not RECORDS.exists(), reason="no conformance data beside this checkout (../shared/conformance)"
)

WATCHED = Settings(
    roles=("TrailDiscover", "stratus-red-team-backdoor-r-role", "new-role"),
    policies=("TrailDiscover*",),
)
# What each record is, where these are watched; a record that is not named is ignored.
CLASSES = {
    "AttachRolePolicy__TrailDiscover-01": "attempt",
    "AttachRolePolicy__panther-analysis-03": "change",
    "AttachRolePolicy__panther-analysis-04": "change",
    "CreatePolicyVersion__TrailDiscover-01": "attempt",
    "CreatePolicy__TrailDiscover-01": "attempt",
    "CreateRole__TrailDiscover-01": "attempt",
    "CreateRole__panther-analysis-01": "omitted",  # a role name and no trust policy
    "CreateRole__stratus-red-team-01": "unreadable",  # no time, no id, no account
    "DetachRolePolicy__TrailDiscover-01": "attempt",
    "PutRolePermissionsBoundary__TrailDiscover-01": "attempt",
    "SetDefaultPolicyVersion__TrailDiscover-01": "attempt",
    "UpdateAssumeRolePolicy__panther-analysis-01": "omitted",  # a document and no role name
    "UpdateAssumeRolePolicy__panther-analysis-02": "omitted",
    "UpdateAssumeRolePolicy__panther-analysis-03": "omitted",
    "UpdateAssumeRolePolicy__stratus-red-team-01": "change",
}


@needs_records
@pytest.mark.parametrize("row", conformance(), ids=lambda row: row["id"])
def test_a_real_record_is_what_it_is(row: dict[str, Any]) -> None:
    try:
        found = parse_record(row["record"], WATCHED, KEY)
        kind = found.mutation.kind.value if found else "ignored"
    except UnreadableEventError:
        kind = "unreadable"
    assert kind == CLASSES.get(row["id"], "ignored")


@pytest.mark.parametrize("event", ["text", None, [DELETION]])
def test_what_is_no_object_is_no_event(event: Any) -> None:
    for read in (parse, account_of):
        with pytest.raises(UnreadableEventError, match="expected an object"):
            read(event)


def test_an_event_is_of_the_account_that_its_envelope_names() -> None:
    assert account_of({**DELETION, "account": ACCOUNT}) == ACCOUNT
    for account in (None, 123456789012, "12345678901", f"{ACCOUNT}0"):
        with pytest.raises(UnreadableEventError, match="no account id"):
            account_of({**DELETION, "account": account})


def test_a_refusal_that_names_nothing_may_be_of_what_is_watched() -> None:
    assert parsed(refused("PutRolePolicy", "Rate exceeded")).mutation.target == ""
