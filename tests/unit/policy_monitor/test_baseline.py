import json
from typing import Any
from urllib.parse import quote

import pytest

from policy_monitor.baseline import read_baseline
from policy_monitor.documents import digest, mask
from policy_monitor.errors import InputError
from policy_monitor.mutations import Use
from policy_monitor.settings import Settings

KEY = b"the stack's own secret"
ROLE = "astronomer-remote-management"
IAM = "arn:aws:iam::123456789012"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
WATCHED = f"{IAM}:policy/AstronomerCrossAccountRole"
BOUNDARY = f"{IAM}:policy/team/AstroOperationalBoundaryV2"
OTHER = f"{IAM}:policy/Other"


def document(*actions: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "planted-secret-7f"}},
        }
    ],
}


def role(name: str = ROLE, **details: Any) -> dict[str, Any]:
    return {
        "RoleName": name,
        "Arn": f"{IAM}:role/{name}",
        "AssumeRolePolicyDocument": TRUST,
        "RolePolicyList": [],
        "AttachedManagedPolicies": [],
        **details,
    }


def attached(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rsplit("/", 1)[-1], "PolicyArn": arn} for arn in arns]


def bounded(arn: str) -> dict[str, str]:
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def policy(arn: str, default: str = "v1", **versions: Any) -> dict[str, Any]:
    versions = versions or {"v1": document("s3:Get*")}
    return {
        "PolicyName": arn.rsplit("/", 1)[-1],
        "Arn": arn,
        "DefaultVersionId": default,
        "PolicyVersionList": [
            {"VersionId": version, "Document": text, "IsDefaultVersion": version == default}
            for version, text in versions.items()
        ],
    }


def details(**lists: Any) -> dict[str, Any]:
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []} | {
        name: [*entities] for name, entities in lists.items()
    }


def test_a_watched_role_is_read_with_all_that_bears_on_it() -> None:
    held = role(
        AttachedManagedPolicies=attached(ADMINISTRATOR, WATCHED),
        RolePolicyList=[{"PolicyName": "inline", "PolicyDocument": document("ec2:*")}],
        PermissionsBoundary=bounded(BOUNDARY),
        Tags=[{"Key": "customeraudit", "Value": "TRUE"}],
        MaxSessionDuration=7200,
    )
    policies = [policy(arn) for arn in (ADMINISTRATOR, WATCHED, BOUNDARY, OTHER)]

    state, documents = read_baseline(
        details(RoleDetailList=[held], Policies=policies), Settings(), KEY
    )

    read = state.roles[ROLE]
    assert state.complete
    assert read.arn == f"{IAM}:role/{ROLE}"
    assert read.attached == {ADMINISTRATOR, WATCHED}
    assert read.boundary == BOUNDARY
    assert read.tags == {"customeraudit": "TRUE"}
    assert read.max_session_seconds == 7200
    assert read.known
    assert read.inline == {"inline": digest(document("ec2:*"))}
    assert read.trust == digest(mask(TRUST, KEY))
    assert set(state.policies) == {ADMINISTRATOR, WATCHED, BOUNDARY}
    assert documents == {
        digest(text): text for text in (document("ec2:*"), document("s3:Get*"), mask(TRUST, KEY))
    }


def test_no_external_id_leaves_the_baseline() -> None:
    _, documents = read_baseline(details(RoleDetailList=[role()]), Settings(), KEY)

    assert "planted" not in json.dumps(documents)
    assert "****7f#" in json.dumps(documents)


def test_a_policy_is_read_with_all_its_versions() -> None:
    versions = {f"v{number}": document(f"s3:Get{number}*") for number in (7, 9, 11)}

    state, documents = read_baseline(
        details(Policies=[policy(WATCHED, "v9", **versions)]), Settings(), KEY
    )

    read = state.policies[WATCHED]
    assert read.default == "v9"
    assert read.versions == {version: digest(text) for version, text in versions.items()}
    assert read.sha256 == digest(versions["v9"])
    assert documents == {digest(text): text for text in versions.values()}


def test_documents_may_be_percent_encoded_as_the_api_gives_them() -> None:
    def encoded(text: dict[str, Any]) -> str:
        return quote(json.dumps(text))

    plain = details(
        RoleDetailList=[role(AttachedManagedPolicies=attached(WATCHED))],
        Policies=[policy(WATCHED, v1=document("s3:*"))],
    )
    raw = details(
        RoleDetailList=[
            role(AttachedManagedPolicies=attached(WATCHED), AssumeRolePolicyDocument=encoded(TRUST))
        ],
        Policies=[policy(WATCHED, v1=encoded(document("s3:*")))],
    )

    assert read_baseline(raw, Settings(), KEY) == read_baseline(plain, Settings(), KEY)


def test_several_roles_may_be_watched_by_any_case_of_their_names() -> None:
    settings = Settings(roles=("One", "two"))

    state, _ = read_baseline(
        details(RoleDetailList=[role("one"), role("TWO"), role("three")]), settings, KEY
    )

    assert set(state.roles) == {"one", "TWO"}


def test_a_policy_that_is_attached_but_not_listed_has_unknown_documents() -> None:
    held = role(AttachedManagedPolicies=attached(ADMINISTRATOR), PermissionsBoundary=bounded(OTHER))

    state, _ = read_baseline(details(RoleDetailList=[held]), Settings(), KEY)

    for arn in (ADMINISTRATOR, OTHER):
        assert state.policies[arn].versions == {}
        assert state.policies[arn].sha256 is None


def test_who_else_uses_a_watched_policy_is_told_with_how() -> None:
    account = details(
        UserDetailList=[
            {"UserName": "u", "AttachedManagedPolicies": attached(OTHER, WATCHED)},
            {"UserName": "v", "PermissionsBoundary": bounded(BOUNDARY)},
        ],
        GroupDetailList=[{"GroupName": "g", "AttachedManagedPolicies": attached(WATCHED)}],
        RoleDetailList=[
            role(AttachedManagedPolicies=attached(WATCHED)),
            role(
                "r",
                AttachedManagedPolicies=attached(BOUNDARY),
                PermissionsBoundary=bounded(BOUNDARY),
            ),
        ],
        Policies=[policy(WATCHED), policy(BOUNDARY), policy(OTHER)],
    )

    state, _ = read_baseline(account, Settings(), KEY)

    assert state.uses == {
        WATCHED: {("user/u", Use.ATTACHED), ("group/g", Use.ATTACHED)},
        BOUNDARY: {("user/v", Use.BOUNDARY), ("role/r", Use.ATTACHED), ("role/r", Use.BOUNDARY)},
    }


def test_an_account_without_the_role_is_a_complete_baseline() -> None:
    state, documents = read_baseline(details(), Settings(), KEY)

    assert (state.roles, state.policies, state.uses) == ({}, {}, {})
    assert state.complete
    assert documents == {}


def without(entity: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entity.items() if key != name}


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({}, "no RoleDetailList; give the output of `aws iam"),
        ([], "no RoleDetailList"),
        ({"Roles": []}, "no RoleDetailList"),
        (details() | {"IsTruncated": True, "Marker": "x"}, "cut off; run .* without --max-items"),
        (details() | {"NextToken": "x"}, "cut off"),
        (details() | {"RoleDetailList": {}, "Policies": 5}, "Policies: expected a list of objects"),
        (details() | {"RoleDetailList": "x"}, "RoleDetailList: expected a list of objects"),
        (details(RoleDetailList=["x"]), "RoleDetailList: expected a list of objects"),
        (details(RoleDetailList=[{}]), r"RoleDetailList\[0\]\.RoleName: expected text"),
        (
            details(RoleDetailList=[role("x"), without(role(), "Arn")]),
            r"RoleDetailList\[1\]\.Arn: expected text",
        ),
        (
            details(RoleDetailList=[role(AssumeRolePolicyDocument="planted-secret")]),
            r"RoleDetailList\[0\]\.AssumeRolePolicyDocument: policy document: not JSON",
        ),
        (
            details(RoleDetailList=[without(role(), "AssumeRolePolicyDocument")]),
            r"RoleDetailList\[0\]\.AssumeRolePolicyDocument: no policy document",
        ),
        (
            details(RoleDetailList=[role(RolePolicyList=[{"PolicyName": "p"}])]),
            r"RoleDetailList\[0\]\.RolePolicyList\[0\]\.PolicyDocument: no policy document",
        ),
        (
            details(RoleDetailList=[role(AttachedManagedPolicies=[{"PolicyName": "p"}])]),
            r"AttachedManagedPolicies\[0\]\.PolicyArn: expected text",
        ),
        (
            details(RoleDetailList=[role(PermissionsBoundary="arn")]),
            "PermissionsBoundary: expected an object",
        ),
        (
            details(Policies=[without(policy(WATCHED), "DefaultVersionId")]),
            r"Policies\[0\]\.DefaultVersionId: expected text",
        ),
        (details(UserDetailList=[{}]), r"UserDetailList\[0\]\.UserName: expected text"),
    ],
)
def test_what_the_command_does_not_print_is_refused_in_one_line(account: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as refusal:
        read_baseline(account, Settings(), KEY)

    assert str(refusal.value).startswith("baseline: ")
    assert "\n" not in str(refusal.value)
    assert "planted" not in str(refusal.value)
