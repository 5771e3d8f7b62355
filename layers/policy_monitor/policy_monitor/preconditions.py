"""What a state must hold for a call to have succeeded there, as far as it can be told. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
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
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.state import AccountState
from policy_monitor.transitions import find_role, version_number


def can_follow(state: AccountState, mutation: Mutation) -> bool:
    """Whether a mutation's call can have succeeded in a state; True where it cannot be told."""
    return all(
        condition(state, change)
        for change in mutation.changes
        if (condition := CONDITIONS.get(type(change))) is not None
    )


def _may_hold_role(state: AccountState, name: str) -> bool:
    return find_role(state, name) is not None or not state.complete


def _is_attached(state: AccountState, change: PolicyDetached) -> bool:
    role = find_role(state, change.role)
    if role is None:
        return not state.complete
    return change.policy_arn in role.attached or not role.known


def _has_inline(state: AccountState, change: InlinePolicyDeleted) -> bool:
    role = find_role(state, change.role)
    if role is None:
        return not state.complete
    return change.name in role.inline or not role.known


def _is_empty(state: AccountState, change: RoleDeleted) -> bool:
    """IAM refuses to delete a role that holds policies (API_DeleteRole: DeleteConflict)."""
    role = find_role(state, change.role)
    if role is None:
        return not state.complete
    return not role.attached and not role.inline


def _is_newer(state: AccountState, change: VersionCreated) -> bool:
    policy = state.policies.get(change.policy_arn)
    known = policy.versions if policy else {}
    return all(version_number(change.version) > version_number(version) for version in known)


def _is_not_default(state: AccountState, change: VersionDeleted) -> bool:
    """IAM refuses to delete the default version (API_DeletePolicyVersion)."""
    policy = state.policies.get(change.policy_arn)
    return policy is None or policy.default != change.version


def _is_unused(state: AccountState, change: PolicyDeleted) -> bool:
    """IAM refuses to delete a policy that is attached (API_DeletePolicy: DeleteConflict)."""
    return not any(
        change.policy_arn in role.attached or change.policy_arn == role.boundary
        for role in state.roles.values()
    )


def _is_used(state: AccountState, change: PolicyUseChanged) -> bool:
    if change.begun or change.policy_arn is None or not state.complete:
        return True
    users = state.uses.get(change.policy_arn, frozenset())
    return (change.principal, change.use) in users


CONDITIONS: Mapping[type, Callable[[AccountState, Any], bool]] = {
    **dict.fromkeys(
        (
            PolicyAttached,
            InlinePolicyPut,
            BoundaryPut,
            BoundaryDeleted,
            TrustChanged,
            RoleUpdated,
            RoleTagged,
            RoleUntagged,
        ),
        lambda state, change: _may_hold_role(state, change.role),
    ),
    PolicyDetached: _is_attached,
    InlinePolicyDeleted: _has_inline,
    RoleCreated: lambda state, change: find_role(state, change.role) is None,
    RoleDeleted: _is_empty,
    VersionCreated: _is_newer,
    VersionDeleted: _is_not_default,
    PolicyCreated: lambda state, change: change.policy_arn not in state.policies,
    PolicyDeleted: _is_unused,
    PolicyUseChanged: _is_used,
}
"""When a call can have succeeded; one that is not here always can."""
