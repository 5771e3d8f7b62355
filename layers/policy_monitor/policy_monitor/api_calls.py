"""The IAM calls that change watched access: what each one changes, one row a call.

A row's function reads a *successful* call's requestParameters and responseElements. CloudTrail
writes IAM's parameter names with a small first letter (``PolicyArn`` is ``policyArn``). The
parameters of each call, and what they mean, are those of its page in the IAM API Reference
(``API_AttachRolePolicy`` and so on, named in the row); the shapes are those of recorded events.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from policy_monitor.errors import UnreadableEventError
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
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
from policy_monitor.recorded_call import (
    POLICY_ARN,
    VERSION,
    Aim,
    Call,
    OmittedPartError,
    is_omitted,
    mapping,
    policy_arn,
)


def _attach(call: Call) -> tuple[Change, ...]:
    role, arn = call.text(Aim.ROLE), call.text("policyArn", POLICY_ARN)
    return (PolicyAttached(role, arn),) if call.watches_role() else _use(call, Aim.ROLE, begun=True)


def _detach(call: Call) -> tuple[Change, ...]:
    role, arn = call.text(Aim.ROLE), call.text("policyArn", POLICY_ARN)
    return (
        (PolicyDetached(role, arn),) if call.watches_role() else _use(call, Aim.ROLE, begun=False)
    )


def _use(call: Call, aim: Aim, *, begun: bool) -> tuple[Change, ...]:
    """A principal that is not watched gets or loses a policy: matters where that is watched."""
    name, arn = call.text(aim), call.text("policyArn", POLICY_ARN)
    if not call.settings.watches_policy(arn):
        return ()
    return (PolicyUseChanged(_principal(aim, name), Use.ATTACHED, arn, begun),)


def _principal(aim: Aim, name: str) -> str:
    return f"{aim.removesuffix('Name')}/{name}"


def _put_inline(call: Call) -> tuple[Change, ...]:
    if not call.watches_role():
        return ()
    name, sha256 = call.text("policyName"), call.document("policyDocument")
    return (InlinePolicyPut(call.text(Aim.ROLE), name, sha256),)


def _delete_inline(call: Call) -> tuple[Change, ...]:
    if not call.watches_role():
        return ()
    return (InlinePolicyDeleted(call.text(Aim.ROLE), call.text("policyName")),)


def _put_boundary(call: Call, aim: Aim) -> tuple[Change, ...]:
    """Any boundary of another principal counts: a watched one may have been there before."""
    name, arn = call.text(aim), call.text("permissionsBoundary", POLICY_ARN)
    if aim is Aim.ROLE and call.watches_role():
        return (BoundaryPut(name, arn),)
    return (PolicyUseChanged(_principal(aim, name), Use.BOUNDARY, arn, begun=True),)


def _delete_boundary(call: Call, aim: Aim) -> tuple[Change, ...]:
    """The call names no policy, so whether it was a watched one is told by the ledger."""
    name = call.text(aim)
    if aim is Aim.ROLE and call.watches_role():
        return (BoundaryDeleted(name),)
    return (PolicyUseChanged(_principal(aim, name), Use.BOUNDARY, None, begun=False),)


def _change_trust(call: Call) -> tuple[Change, ...]:
    if not call.watches_role():
        return ()
    return (TrustChanged(call.text(Aim.ROLE), call.document("policyDocument")),)


def _create_role(call: Call) -> tuple[Change, ...]:
    name = call.text(Aim.ROLE)
    boundary = call.optional_text("permissionsBoundary", POLICY_ARN)
    if not call.watches_role():
        return _created_under(call, Aim.ROLE, name, boundary)
    path = call.optional_text("path", re.compile(r"/|/[\x21-\x7e]{1,510}/")) or "/"
    arn = call.answer("role", "arn", re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[\x21-\x7e]+"))
    return (
        RoleCreated(
            role=name,
            arn=arn or f"arn:{call.partition}:iam::{call.account}:role{path}{name}",
            trust_sha256=call.document("assumeRolePolicyDocument"),
            boundary=boundary,
            tags=_tags(call),
            max_session_seconds=_session_seconds(call),
        ),
    )


def _created_under(call: Call, aim: Aim, name: str, boundary: str | None) -> tuple[Change, ...]:
    if boundary is None or not call.settings.watches_policy(boundary):
        return ()
    return (PolicyUseChanged(_principal(aim, name), Use.BOUNDARY, boundary, begun=True),)


def _create_user(call: Call) -> tuple[Change, ...]:
    name = call.text(Aim.USER)
    return _created_under(
        call, Aim.USER, name, call.optional_text("permissionsBoundary", POLICY_ARN)
    )


def _delete_role(call: Call) -> tuple[Change, ...]:
    return (RoleDeleted(call.text(Aim.ROLE)),) if call.watches_role() else ()


def _update_role(call: Call) -> tuple[Change, ...]:
    if not call.watches_role():
        return ()
    return (RoleUpdated(call.text(Aim.ROLE), _session_seconds(call)),)


def _session_seconds(call: Call) -> int | None:
    value = call.parameters.get("maxSessionDuration")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableEventError(
            f"{call.name}: requestParameters.maxSessionDuration is {type(value).__name__}; "
            "expected a number of seconds"
        )
    return value


def _tag_role(call: Call) -> tuple[Change, ...]:
    if not call.watches_role():
        return ()
    if is_omitted(call.parameters.get("tags")):
        raise OmittedPartError("tags")
    return (RoleTagged(call.text(Aim.ROLE), _tags(call)),)


def _tags(call: Call) -> tuple[tuple[str, str], ...]:
    value = call.parameters.get("tags")
    if is_omitted(value):
        return ()
    if isinstance(value, list):
        tags = tuple(
            (tag.get("key"), tag.get("value")) for tag in value if isinstance(tag, Mapping)
        )
        texts = tuple((k, v) for k, v in tags if isinstance(k, str) and isinstance(v, str))
        if len(texts) == len(value):
            return texts
    raise UnreadableEventError(
        f"{call.name}: requestParameters.tags is no list of objects with key and value"
    )


def _untag_role(call: Call) -> tuple[Change, ...]:
    if not call.watches_role():
        return ()
    value = call.parameters.get("tagKeys")
    if is_omitted(value):
        raise OmittedPartError("tagKeys")
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise UnreadableEventError(f"{call.name}: requestParameters.tagKeys is no list of texts")
    return (RoleUntagged(call.text(Aim.ROLE), tuple(value)),)


def _create_version(call: Call) -> tuple[Change, ...]:
    """The version's id, and whether it took effect, are in the answer."""
    arn = call.text("policyArn", POLICY_ARN)
    version = call.answer("policyVersion", "versionId", VERSION)
    if version is None:
        raise OmittedPartError("responseElements.policyVersion.versionId")
    answered = mapping(
        f"{call.name}: responseElements.policyVersion", call.response.get("policyVersion")
    ).get("isDefaultVersion")
    asked = call.parameters.get("setAsDefault")
    return (
        VersionCreated(
            policy_arn=arn,
            version=version,
            sha256=call.document_if_there("policyDocument"),
            default=_is_true(call, asked if answered is None else answered),
        ),
    )


def _is_true(call: Call, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in ("true", "false"):
        return bool(value == "true")
    raise UnreadableEventError(
        f"{call.name}: setAsDefault {value!r:.80} is neither true nor false; "
        "send the event as CloudTrail recorded it"
    )


def _set_default(call: Call) -> tuple[Change, ...]:
    return (DefaultVersionSet(call.text("policyArn", POLICY_ARN), call.text("versionId", VERSION)),)


def _delete_version(call: Call) -> tuple[Change, ...]:
    return (VersionDeleted(call.text("policyArn", POLICY_ARN), call.text("versionId", VERSION)),)


def _create_policy(call: Call) -> tuple[Change, ...]:
    arn = call.answer("policy", "arn", POLICY_ARN)
    if arn is None:
        path = call.optional_text("path", re.compile(r"/|/[\x21-\x7e]{1,510}/")) or "/"
        arn = policy_arn(call.account, call.partition, call.text("policyName"), path)
    version = call.answer("policy", "defaultVersionId", VERSION) or "v1"
    return (PolicyCreated(arn, version, call.document_if_there("policyDocument")),)


def _delete_policy(call: Call) -> tuple[Change, ...]:
    return (PolicyDeleted(call.text("policyArn", POLICY_ARN)),)


class ApiCall(NamedTuple):
    """One row: a call, what it is aimed at, what it changes, and where it is documented.

    `changes` answers with nothing where the call does not concern what is watched.
    """

    name: str
    aim: Aim
    changes: Callable[[Call], tuple[Change, ...]]
    source: str


def _row(name: str, aim: Aim, changes: Callable[[Call], tuple[Change, ...]]) -> ApiCall:
    return ApiCall(name, aim, changes, f"IAM API Reference, API_{name}")


API_CALLS: Mapping[str, ApiCall] = {
    row.name: row
    for row in (
        _row("AttachRolePolicy", Aim.ROLE, _attach),
        _row("DetachRolePolicy", Aim.ROLE, _detach),
        _row("PutRolePolicy", Aim.ROLE, _put_inline),
        _row("DeleteRolePolicy", Aim.ROLE, _delete_inline),
        _row("PutRolePermissionsBoundary", Aim.ROLE, lambda call: _put_boundary(call, Aim.ROLE)),
        _row(
            "DeleteRolePermissionsBoundary",
            Aim.ROLE,
            lambda call: _delete_boundary(call, Aim.ROLE),
        ),
        _row("UpdateAssumeRolePolicy", Aim.ROLE, _change_trust),
        _row("CreateRole", Aim.ROLE, _create_role),
        _row("DeleteRole", Aim.ROLE, _delete_role),
        _row("UpdateRole", Aim.ROLE, _update_role),
        _row("TagRole", Aim.ROLE, _tag_role),
        _row("UntagRole", Aim.ROLE, _untag_role),
        _row("CreatePolicyVersion", Aim.POLICY, _create_version),
        _row("SetDefaultPolicyVersion", Aim.POLICY, _set_default),
        ApiCall(
            "SetPolicyVersion",
            Aim.POLICY,
            _set_default,
            "no such event exists; the vendor's page on its cross-account role names it so",
        ),
        _row("DeletePolicyVersion", Aim.POLICY, _delete_version),
        _row("CreatePolicy", Aim.NEW_POLICY, _create_policy),
        _row("DeletePolicy", Aim.POLICY, _delete_policy),
        _row("AttachUserPolicy", Aim.USER, lambda call: _use(call, Aim.USER, begun=True)),
        _row("DetachUserPolicy", Aim.USER, lambda call: _use(call, Aim.USER, begun=False)),
        _row("AttachGroupPolicy", Aim.GROUP, lambda call: _use(call, Aim.GROUP, begun=True)),
        _row("DetachGroupPolicy", Aim.GROUP, lambda call: _use(call, Aim.GROUP, begun=False)),
        _row("PutUserPermissionsBoundary", Aim.USER, lambda call: _put_boundary(call, Aim.USER)),
        _row(
            "DeleteUserPermissionsBoundary",
            Aim.USER,
            lambda call: _delete_boundary(call, Aim.USER),
        ),
        _row("CreateUser", Aim.USER, _create_user),
    )
}
"""Every call that is judged, by the name of its event."""
