"""IAM calls as CloudTrail records them and EventBridge delivers them, for the contract tests."""

from functools import cache
from pathlib import Path
from typing import Any

from tests.eventpatterns import envelope, matches

from policy_monitor_cli.template import Template, load_template

ROOT = Path(__file__).parents[1]

ACCOUNT = "123456789012"
ROLE = "astronomer-remote-management"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/AstronomerCrossAccountRole"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/AstronomerOperationalBoundary-cell-7"
OTHER_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/data-team-readonly"
AWS_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"

ROLE_EVENTS = (
    "CreateRole",
    "DeleteRole",
    "DeleteRolePolicy",
    "PutRolePolicy",
    "TagRole",
    "UntagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
)
ATTACHMENT_EVENTS = (
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
)
POLICY_EVENTS = (
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "SetDefaultPolicyVersion",
    "SetPolicyVersion",
)
BOUNDARY_EVENTS = (
    "DeleteRolePermissionsBoundary",
    "DeleteUserPermissionsBoundary",
    "PutRolePermissionsBoundary",
    "PutUserPermissionsBoundary",
)
RULE_OF = (
    dict.fromkeys((*ROLE_EVENTS, "CreateUser"), "RoleRule")
    | dict.fromkeys(ATTACHMENT_EVENTS, "AttachmentRule")
    | dict.fromkeys((*POLICY_EVENTS, *BOUNDARY_EVENTS), "PolicyRule")
)
"""Every call of the design's table, and the rule that lets it through."""

SOMEBODY = {"type": "IAMUser", "userName": "ada", "accountId": ACCOUNT}
WATCHED_ROLE_ITSELF = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/astro-support-5512",
    "accountId": ACCOUNT,
    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": ROLE}},
}


@cache
def template(**parameters: str) -> Template:
    """The project's template with these parameters."""
    return load_template(ROOT / "template.yaml", parameters)


def woken(event: dict[str, Any], **parameters: str) -> list[str]:
    """The rules that let an event through."""
    rules = template(**parameters).rules
    return [rule.logical_id for rule in rules if rule.pattern and matches(rule.pattern, event)]


def iam_event(name: str, parameters: Any, **fields: Any) -> dict[str, Any]:
    """A call in its envelope; `fields` replace or add to those of the record."""
    return envelope(
        {
            "eventVersion": "1.11",
            "userIdentity": SOMEBODY,
            "eventTime": "2026-11-22T06:00:00Z",
            "eventSource": "iam.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "requestParameters": parameters,
            "responseElements": None,
            "eventID": "0f5d1c5e-6f0f-4b7e-9a55-3c1f3b0e8f11",
            "recipientAccountId": ACCOUNT,
        }
        | fields
    )


def refused(name: str, message: str | None, **fields: Any) -> dict[str, Any]:
    """A call that IAM denied, as recorded: no parameters, the target in the message alone."""
    text = {} if message is None else {"errorMessage": message}
    return iam_event(name, None, errorCode="AccessDenied", **text, **fields)


def recorded_parameters(name: str, principal: str, policy: str) -> dict[str, Any]:
    """The requestParameters of a call on a principal and a policy, as recorded."""
    if name == "CreatePolicy":
        return {"policyName": policy.rsplit("/", 1)[1], "path": "/", "policyDocument": "{}"}
    if name in POLICY_EVENTS:
        return {"policyArn": policy, "versionId": "v2", "policyDocument": "{}"}
    kind = next(kind for kind in ("role", "user", "group") if kind in name.lower())
    parameters = {f"{kind}Name": principal}
    if name in ATTACHMENT_EVENTS:
        return parameters | {"policyArn": policy}
    if name in BOUNDARY_EVENTS and name.startswith("Put"):
        return parameters | {"permissionsBoundary": policy}
    if name in {"PutRolePolicy", "DeleteRolePolicy"}:
        return parameters | {"policyName": "inline", "policyDocument": "{}"}
    return parameters
