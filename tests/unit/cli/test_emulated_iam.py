"""An emulated IAM that holds what snapshots show and follows what events record."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from policy_monitor.errors import InputError
from policy_monitor_cli.emulated_iam import EmulatedIam
from policy_monitor_cli.local_aws import LocalAws, local_aws

ACCOUNT = "123456789012"
OWN = f"arn:aws:iam::{ACCOUNT}:policy/team/Own"
AWS_MANAGED = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


def document(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(arn: str, default: str, **versions: str) -> dict[str, Any]:
    return {
        "Arn": arn,
        "PolicyName": arn.rsplit("/", 1)[-1],
        "Path": "/" + "/".join(arn.split("/")[1:-1]) + "/",
        "DefaultVersionId": default,
        "PolicyVersionList": [
            {"VersionId": v, "Document": document(action), "IsDefaultVersion": v == default}
            for v, action in versions.items()
        ],
    }


def trust(principal: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(**parts: Any) -> dict[str, Any]:
    return {"RoleName": "vendor", "AssumeRolePolicyDocument": trust(ACCOUNT), **parts}


POLICIES = [
    policy(OWN, "v7", v5="s3:GetObject", v7="s3:PutObject"),
    policy(AWS_MANAGED, "v12", v12="ec2:Describe*"),
]


def attached(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyArn": arn, "PolicyName": "x"} for arn in arns]


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(ACCOUNT) as emulated:
        yield emulated


def test_policies_keep_their_versions_whoever_manages_them(aws: LocalAws) -> None:
    client = aws.client("iam")
    EmulatedIam(client, ACCOUNT).install({"Policies": POLICIES})
    for arn, default, action in (
        (OWN, "v7", "s3:PutObject"),
        (AWS_MANAGED, "v12", "ec2:Describe*"),
    ):
        assert client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == default
        version = client.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]
        assert version["Document"] == document(action)


def test_a_recorded_version_gets_the_next_number(aws: LocalAws) -> None:
    client = aws.client("iam")
    iam = EmulatedIam(client, ACCOUNT)
    iam.install({"Policies": POLICIES})
    record = {
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreatePolicyVersion",
        "requestParameters": {
            "policyArn": OWN,
            "policyDocument": json.dumps(document("s3:*")),
            "setAsDefault": True,
        },
    }
    assert iam.repeat(record) is None
    assert client.get_policy(PolicyArn=OWN)["Policy"]["DefaultVersionId"] == "v8"


def test_a_role_is_set_to_what_a_snapshot_shows(aws: LocalAws) -> None:
    client = aws.client("iam")
    iam = EmulatedIam(client, ACCOUNT)
    inline = {"PolicyName": "in", "PolicyDocument": document("s3:*")}
    first = role(
        AttachedManagedPolicies=attached(OWN),
        RolePolicyList=[inline],
        PermissionsBoundary={"PermissionsBoundaryArn": OWN},
        Tags=[{"Key": "team", "Value": "a"}],
    )
    iam.install({"Policies": POLICIES, "RoleDetailList": [first]})
    second = role(AttachedManagedPolicies=attached(AWS_MANAGED))
    second["AssumeRolePolicyDocument"] = trust("406882777402")
    iam.install({"RoleDetailList": [second]})
    (held,) = client.get_account_authorization_details()["RoleDetailList"]
    assert [one["PolicyArn"] for one in held["AttachedManagedPolicies"]] == [AWS_MANAGED]
    assert held["AssumeRolePolicyDocument"] == trust("406882777402")
    assert held["RolePolicyList"] == held["Tags"] == []
    assert "PermissionsBoundary" not in held


def test_users_and_groups_use_policies_too(aws: LocalAws) -> None:
    client = aws.client("iam")
    user = {"UserName": "team", "AttachedManagedPolicies": attached(AWS_MANAGED)}
    group = {"GroupName": "team", "AttachedManagedPolicies": attached(OWN)}
    EmulatedIam(client, ACCOUNT).install(
        {"Policies": POLICIES, "UserDetailList": [user], "GroupDetailList": [group]}
    )
    of_user = client.list_attached_user_policies(UserName="team")["AttachedPolicies"]
    of_group = client.list_attached_group_policies(GroupName="team")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in (*of_user, *of_group)] == [AWS_MANAGED, OWN]


def test_a_recorded_call_is_made_again_with_all_its_parts(aws: LocalAws) -> None:
    client = aws.client("iam")
    iam = EmulatedIam(client, ACCOUNT)
    iam.install({"Policies": POLICIES, "RoleDetailList": [role()]})
    problem = iam.repeat(
        {
            "eventSource": "iam.amazonaws.com",
            "eventName": "TagRole",
            "requestParameters": {"roleName": "vendor", "tags": [{"key": "a", "value": "b"}]},
        }
    )
    assert problem is None
    assert client.list_role_tags(RoleName="vendor")["Tags"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize(
    "record",
    [
        {"eventName": "DeleteRole", "requestParameters": None},
        {"eventName": "DeleteRole", "requestParameters": {"omitted": True}},
        {"eventName": "DeleteRole", "requestParameters": {"roleName": "vendor"}, "errorCode": "X"},
        {"eventName": "SetPolicyVersion", "requestParameters": {"policyArn": OWN}},
    ],
)
def test_what_did_not_happen_or_is_not_told_changes_nothing(
    aws: LocalAws, record: dict[str, Any]
) -> None:
    client = aws.client("iam")
    iam = EmulatedIam(client, ACCOUNT)
    iam.install({"RoleDetailList": [role()]})
    assert iam.repeat({"eventSource": "iam.amazonaws.com", **record}) is None
    assert client.get_role(RoleName="vendor")["Role"]["RoleName"] == "vendor"


def test_a_call_that_iam_would_refuse_is_named(aws: LocalAws) -> None:
    iam = EmulatedIam(aws.client("iam"), ACCOUNT)
    problem = iam.repeat(
        {
            "eventSource": "iam.amazonaws.com",
            "eventName": "DeleteRole",
            "requestParameters": {"roleName": "nobody"},
        }
    )
    assert problem is not None
    assert "nobody" in problem


def test_a_snapshot_that_no_iam_could_have_held_is_bad_input(aws: LocalAws) -> None:
    iam = EmulatedIam(aws.client("iam"), ACCOUNT)
    with pytest.raises(InputError, match="cannot be put into the emulated account"):
        iam.install({"RoleDetailList": [role(AttachedManagedPolicies=attached(OWN))]})


def test_each_emulated_account_begins_empty() -> None:
    for _ in range(2):
        with local_aws(ACCOUNT) as emulated:
            client = emulated.client("iam")
            assert client.list_roles()["Roles"] == []
            client.create_role(RoleName="left", AssumeRolePolicyDocument="{}")


def test_a_missing_moto_is_one_line_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.moto_server.werkzeug_app", None)
    with (
        pytest.raises(InputError, match=r"cannot be loaded .*pip install 'moto\[all"),
        local_aws(ACCOUNT),
    ):
        pass
