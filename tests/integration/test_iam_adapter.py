"""The IAM adapter against an emulated account, and against recorded shapes where it has none."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from policy_monitor.adapters.iam import AwsIam
from policy_monitor.adapters.memory import MemoryIam
from policy_monitor.baseline import read_baseline
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.iam import Iam, IamAccount, PolicyVersion
from policy_monitor.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

IAM = "arn:aws:iam::123456789012"
ROLE = "astronomer-remote-management"
WATCHED = f"{IAM}:policy/AstronomerCrossAccountRole"
BOUNDARY = f"{IAM}:policy/OperationalBoundary"
KEY = b"the stack's own secret"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "planted+secret 7f"}},
        }
    ],
}


def document(*actions: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }


def new_client() -> "IAMClient":
    return boto3.client(
        "iam",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def account() -> Iterator["IAMClient"]:
    """The watched role with one policy of two versions, a boundary and an inline policy."""
    with mock_aws():
        client = new_client()
        for name in ("AstronomerCrossAccountRole", "OperationalBoundary"):
            client.create_policy(PolicyName=name, PolicyDocument=json.dumps(document("s3:Get*")))
        client.create_policy_version(
            PolicyArn=WATCHED, PolicyDocument=json.dumps(document("s3:%*")), SetAsDefault=True
        )
        for name in (ROLE, "other"):
            client.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=json.dumps(TRUST),
                PermissionsBoundary=BOUNDARY,
                MaxSessionDuration=7200,
                Tags=[{"Key": "team", "Value": "data"}],
            )
        client.attach_role_policy(RoleName=ROLE, PolicyArn=WATCHED)
        client.put_role_policy(
            RoleName=ROLE, PolicyName="inline", PolicyDocument=json.dumps(document("ec2:*"))
        )
        yield client


@pytest.fixture
def stubbed() -> Iterator[tuple[AwsIam, Stubber]]:
    client = new_client()
    with Stubber(client) as stubber:
        yield AwsIam(client), stubber
        stubber.assert_no_pending_responses()


@pytest.fixture(params=["aws", "memory"])
def iam(request: pytest.FixtureRequest, account: "IAMClient") -> IamAccount:
    """IAM itself, and its twin on what it tells of itself."""
    aws = AwsIam(account)
    return aws if request.param == "aws" else MemoryIam(aws.role_details((ROLE,)))


def test_the_default_version_comes_with_its_document(iam: Iam) -> None:
    assert iam.default_version(WATCHED) == PolicyVersion(WATCHED, "v2", document("s3:%*"))


def test_an_older_version_is_read_by_name(iam: Iam) -> None:
    assert iam.version(WATCHED, "v1") == PolicyVersion(WATCHED, "v1", document("s3:Get*"))


def test_what_is_gone_is_none(iam: Iam) -> None:
    assert iam.default_version(f"{IAM}:policy/Gone") is None
    assert iam.version(WATCHED, "v9") is None
    assert iam.version(f"{IAM}:policy/Gone", "v1") is None


def test_a_role_is_told_with_all_that_bears_on_it(iam: Iam) -> None:
    state, documents = read_baseline(iam.role_details((ROLE,)), Settings(), KEY)

    role = state.roles[ROLE]
    assert set(state.roles) == {ROLE}
    assert role.attached == {WATCHED}
    assert role.boundary == BOUNDARY
    assert role.max_session_seconds == 7200
    assert role.tags == {"team": "data"}
    assert documents[role.inline["inline"] or ""] == document("ec2:*")
    assert set(state.policies[WATCHED].versions) == {"v1", "v2"}
    assert documents[state.policies[WATCHED].sha256 or ""] == document("s3:%*")
    assert documents[state.policies[BOUNDARY].sha256 or ""] == document("s3:Get*")
    assert "planted" not in json.dumps(documents)


def test_a_role_that_is_gone_is_left_out(iam: Iam) -> None:
    assert iam.role_details(("gone",))["RoleDetailList"] == []


def test_the_whole_account_gives_the_same_role_and_policies(account: "IAMClient") -> None:
    iam = AwsIam(account)

    whole, documents = read_baseline(iam.authorization_details(), Settings(), KEY)
    asked, _ = read_baseline(iam.role_details((ROLE,)), Settings(), KEY)

    assert whole.policies == asked.policies
    assert whole.roles[ROLE].attached == asked.roles[ROLE].attached
    assert whole.roles[ROLE].inline == asked.roles[ROLE].inline
    assert whole.roles[ROLE].trust == asked.roles[ROLE].trust
    assert {principal for principal, _ in whole.uses[BOUNDARY]} == {"role/other"}
    assert documents


def page(*, marker: str = "", **lists: Any) -> dict[str, Any]:
    details: dict[str, Any] = {"RoleDetailList": [], "Policies": [], **lists}
    return details | ({"IsTruncated": True, "Marker": marker} if marker else {"IsTruncated": False})


def role_detail(name: str, *attached: str) -> dict[str, Any]:
    return {
        "RoleName": name,
        "Arn": f"{IAM}:role/{name}",
        "AssumeRolePolicyDocument": quote(json.dumps(TRUST)),
        "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn} for arn in attached],
    }


def test_all_pages_of_an_account_are_read(stubbed: tuple[AwsIam, Stubber]) -> None:
    iam, stubber = stubbed
    everything = {
        "Filter": ("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"),
        "MaxItems": 1000,
    }
    stubber.add_response(
        "get_account_authorization_details",
        page(RoleDetailList=[role_detail("one")], marker="next"),
        everything,
    )
    stubber.add_response(
        "get_account_authorization_details",
        page(
            RoleDetailList=[role_detail("two")],
            UserDetailList=[{"UserName": "u"}],
            GroupDetailList=[{"GroupName": "g"}],
        ),
        everything | {"Marker": "next"},
    )

    details = iam.authorization_details()

    assert [role["RoleName"] for role in details["RoleDetailList"]] == ["one", "two"]
    assert [user["UserName"] for user in details["UserDetailList"]] == ["u"]
    assert [group["GroupName"] for group in details["GroupDetailList"]] == ["g"]
    assert details["RoleDetailList"][0]["AssumeRolePolicyDocument"] == TRUST


def version_answer(version: str = "v1", *actions: str) -> dict[str, Any]:
    return {
        "PolicyVersion": {
            "VersionId": version,
            "IsDefaultVersion": True,
            "Document": quote(json.dumps(document(*actions))),
        }
    }


def test_an_attached_policy_of_aws_that_the_account_does_not_list_is_read(
    stubbed: tuple[AwsIam, Stubber],
) -> None:
    """Of all its versions only the default: AWS keeps hundreds."""
    iam, stubber = stubbed
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    roles = [role_detail("one", arn), role_detail("two", arn)]
    stubber.add_response("get_account_authorization_details", page(RoleDetailList=roles))
    stubber.add_response(
        "get_policy", {"Policy": {"Arn": arn, "DefaultVersionId": "v151"}}, {"PolicyArn": arn}
    )
    stubber.add_response(
        "get_policy_version",
        version_answer("v151", "s3:Get*"),
        {"PolicyArn": arn, "VersionId": "v151"},
    )

    (policy,) = iam.authorization_details()["Policies"]

    assert (policy["Arn"], policy["DefaultVersionId"]) == (arn, "v151")
    assert policy["PolicyVersionList"] == [
        {"VersionId": "v151", "IsDefaultVersion": True, "Document": document("s3:Get*")}
    ]


def test_a_default_version_deleted_between_two_calls_is_looked_up_again(
    stubbed: tuple[AwsIam, Stubber],
) -> None:
    iam, stubber = stubbed
    stubber.add_response("get_policy", {"Policy": {"DefaultVersionId": "v1"}})
    stubber.add_client_error("get_policy_version", "NoSuchEntity", "gone", 404)
    stubber.add_response("get_policy", {"Policy": {"DefaultVersionId": "v2"}})
    stubber.add_response("get_policy_version", version_answer("v2", "s3:*"))

    assert iam.default_version(WATCHED) == PolicyVersion(WATCHED, "v2", document("s3:*"))


def test_a_role_deleted_between_two_calls_is_gone_not_empty(
    stubbed: tuple[AwsIam, Stubber],
) -> None:
    iam, stubber = stubbed
    stubber.add_response(
        "get_role",
        {
            "Role": {
                "Path": "/",
                "RoleName": ROLE,
                "RoleId": "AROAEXAMPLEVENDORROLE",
                "Arn": f"{IAM}:role/{ROLE}",
                "CreateDate": "2022-06-21T10:02:09+00:00",
            }
        },
    )
    stubber.add_response("list_role_policies", {"PolicyNames": []})
    stubber.add_client_error("list_attached_role_policies", "NoSuchEntity", "gone", 404)

    assert iam.role_details((ROLE,))["RoleDetailList"] == []


@pytest.mark.parametrize(
    ("code", "status"), [("Throttling", 400), ("ServiceFailure", 500), ("ServiceUnavailable", 503)]
)
def test_throttling_and_outages_are_retryable(
    stubbed: tuple[AwsIam, Stubber], code: str, status: int
) -> None:
    iam, stubber = stubbed
    stubber.add_client_error("get_policy", code, "Rate exceeded", status)

    with pytest.raises(RetryableError, match=f"policy {WATCHED}: iam:GetPolicy: {code}"):
        iam.default_version(WATCHED)


def test_throttling_in_the_middle_of_the_pages_is_retryable(
    stubbed: tuple[AwsIam, Stubber],
) -> None:
    iam, stubber = stubbed
    stubber.add_response("get_account_authorization_details", page(marker="next"))
    stubber.add_client_error("get_account_authorization_details", "Throttling", "Rate exceeded")

    with pytest.raises(RetryableError, match="iam:GetAccountAuthorizationDetails: Throttling"):
        iam.authorization_details()


def test_a_timeout_is_retryable(account: "IAMClient") -> None:
    def fail(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="iam")

    account.meta.events.register("before-call.iam.GetPolicy", fail)

    with pytest.raises(RetryableError):
        AwsIam(account).default_version(WATCHED)


def test_a_denial_names_the_action_and_the_thing(stubbed: tuple[AwsIam, Stubber]) -> None:
    iam, stubber = stubbed
    stubber.add_client_error("get_role", "AccessDenied", "User is not authorized", 403)

    with pytest.raises(PolicyMonitorError, match=f"role {ROLE}: iam:GetRole was denied") as refusal:
        iam.role_details((ROLE,))

    assert not isinstance(refusal.value, RetryableError)
    assert "\n" not in str(refusal.value)


def test_an_arn_that_is_none_is_an_error_and_not_an_absence(account: "IAMClient") -> None:
    with pytest.raises(PolicyMonitorError, match="policy x: iam"):
        AwsIam(account).default_version("x")


def test_a_roles_session_length_is_read_by_itself(iam: IamAccount) -> None:
    assert iam.session_seconds(ROLE) == 7200
    assert iam.session_seconds("nobody") is None
