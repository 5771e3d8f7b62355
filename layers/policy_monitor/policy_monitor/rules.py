"""What the template's rules and archive let through, to compare with what EventBridge holds.

The template is where they are made; a test holds these against it, for any parameters.
"""

from collections.abc import Mapping
from typing import Any

ROLE_RULE, ATTACHMENT_RULE, POLICY_RULE, ARCHIVE = (
    "RoleRule",
    "AttachmentRule",
    "PolicyRule",
    "Archive",
)

_ROLE_CALLS = (
    "CreateRole",
    "CreateUser",
    "DeleteRole",
    "DeleteRolePolicy",
    "PutRolePolicy",
    "TagRole",
    "UntagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
)
_ATTACHMENT_CALLS = (
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
)
_POLICY_CALLS = (
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRolePermissionsBoundary",
    "DeleteUserPermissionsBoundary",
    "PutRolePermissionsBoundary",
    "PutUserPermissionsBoundary",
    "SetDefaultPolicyVersion",
    "SetPolicyVersion",
)

_ABSENT = [{"exists": False}]


def patterns(role: str, policy: str, boundary_part: str) -> Mapping[str, Mapping[str, Any]]:
    """The event patterns by logical name; parameters are those of the template."""
    names = [{"suffix": {"equals-ignore-case": policy}}, {"wildcard": f"*{boundary_part}*"}]
    this_role = {"requestParameters": {"roleName": [{"equals-ignore-case": role}]}}
    refused: list[Mapping[str, Any]] = [
        {"errorMessage": [{"wildcard": f"*{role}*"}]},
        {
            "errorCode": [{"exists": True}],
            "userIdentity": {
                "sessionContext": {"sessionIssuer": {"userName": [{"equals-ignore-case": role}]}}
            },
        },
    ]
    without_role = {"roleName": _ABSENT, "userName": _ABSENT}
    return {
        ROLE_RULE: _pattern(
            _ROLE_CALLS,
            this_role,
            {"requestParameters": {"permissionsBoundary": names}},
            {"requestParameters": without_role, "errorMessage": _ABSENT},
            *refused,
        ),
        ATTACHMENT_RULE: _pattern(
            _ATTACHMENT_CALLS,
            this_role,
            {"requestParameters": {"policyArn": names}},
            {"requestParameters": {"policyArn": _ABSENT}, "errorMessage": _ABSENT},
            {
                "requestParameters": {**without_role, "groupName": _ABSENT},
                "errorMessage": _ABSENT,
            },
            *refused,
        ),
        POLICY_RULE: _pattern(_POLICY_CALLS),
        ARCHIVE: _pattern((*_ROLE_CALLS, *_ATTACHMENT_CALLS, *_POLICY_CALLS)),
    }


def _pattern(names: tuple[str, ...], *alternatives: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "source": ["aws.iam"],
        "detail-type": ["AWS API Call via CloudTrail", "Amazon API Call via CloudTrail"],
        "detail": {
            "eventSource": ["iam.amazonaws.com"],
            "eventName": list(names),
            **({"$or": list(alternatives)} if alternatives else {}),
        },
    }
