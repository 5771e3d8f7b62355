"""How each change alters the state. Pure.

A change tells of a call that *succeeded*, so what it needs was there: a role that is not in the
state, although something happened to it, exists, and what else it holds is unknown.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    PartTouched,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    PolicyObserved,
    PolicyUseChanged,
    PrincipalDeleted,
    RoleCreated,
    RoleDeleted,
    RoleObserved,
    RoleTagged,
    RoleUntagged,
    RoleUpdated,
    SenseLost,
    SenseRegained,
    StackOperated,
    TouchesUnexplained,
    TrustChanged,
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.state import AccountState, PolicyState, RoleState

MOST_OPERATIONS = 50
"""Operations of the monitor's stack that a state holds: more than one hour sees."""


def applied(state: AccountState, change: Change) -> AccountState:
    """The state after a change."""
    return TRANSITIONS[type(change)](state, change)


def find_role(state: AccountState, name: str) -> RoleState | None:
    """A role by its name, which IAM compares without case."""
    wanted = name.casefold()
    return next((role for key, role in state.roles.items() if key.casefold() == wanted), None)


@cache
def version_number(version: str) -> int:
    """The number of a policy version: IAM counts up and never gives one twice."""
    found = re.match(r"v(\d+)", version)
    return int(found[1]) if found else 0


def newer_versions(known: PolicyState | None, held: PolicyState | None) -> tuple[str, ...]:
    """Versions that a policy holds, not in force, made after all that is known of it; by number.

    Of a policy that is not known: those made after the one in force.
    """
    if held is None or held.default is None:
        return ()
    last = max(map(version_number, known.versions if known and known.versions else (held.default,)))
    newer = [v for v in held.versions if version_number(v) > last and v != held.default]
    return tuple(sorted(newer, key=version_number))


def in_force(state: AccountState, arn: str, version: str) -> AccountState:
    """The state in which another version of a policy is the default."""
    policy = state.policies.get(arn, PolicyState(arn))
    return state._replace(policies={**state.policies, arn: policy._replace(default=version)})


def _role(state: AccountState, name: str) -> RoleState:
    return find_role(state, name) or RoleState(name=name, arn="", known=False)


def _with_role(state: AccountState, role: RoleState) -> AccountState:
    return state._replace(roles={**state.roles, role.name: role})


def _without_role(state: AccountState, name: str) -> AccountState:
    kept = {key: role for key, role in state.roles.items() if key.casefold() != name.casefold()}
    return state._replace(roles=kept)


def _with_policy(
    state: AccountState, arn: str, version: str | None, sha256: str | None, *, default: bool
) -> AccountState:
    """Note a version of a policy. A document that is known stays: versions never change."""
    policy = state.policies.get(arn) or PolicyState(arn)
    versions = dict(policy.versions)
    if version is not None:
        versions[version] = versions.get(version) or sha256
    policy = PolicyState(arn, versions, version if default and version else policy.default)
    return state._replace(policies={**state.policies, arn: policy})


def _attach(state: AccountState, change: PolicyAttached) -> AccountState:
    role = _role(state, change.role)
    state = _with_role(state, role._replace(attached=role.attached | {change.policy_arn}))
    return _with_policy(state, change.policy_arn, change.version, change.sha256, default=True)


def _detach(state: AccountState, change: PolicyDetached) -> AccountState:
    role = _role(state, change.role)
    return _with_role(state, role._replace(attached=role.attached - {change.policy_arn}))


def _put_inline(state: AccountState, change: InlinePolicyPut) -> AccountState:
    role = _role(state, change.role)
    return _with_role(state, role._replace(inline={**role.inline, change.name: change.sha256}))


def _delete_inline(state: AccountState, change: InlinePolicyDeleted) -> AccountState:
    role = _role(state, change.role)
    kept = {name: sha256 for name, sha256 in role.inline.items() if name != change.name}
    return _with_role(state, role._replace(inline=kept))


def _put_boundary(state: AccountState, change: BoundaryPut) -> AccountState:
    role = _role(state, change.role)
    state = _with_role(state, role._replace(boundary=change.policy_arn))
    return _with_policy(state, change.policy_arn, change.version, change.sha256, default=True)


def _delete_boundary(state: AccountState, change: BoundaryDeleted) -> AccountState:
    return _with_role(state, _role(state, change.role)._replace(boundary=None))


def _change_trust(state: AccountState, change: TrustChanged) -> AccountState:
    return _with_role(state, _role(state, change.role)._replace(trust=change.sha256))


def _create_role(state: AccountState, change: RoleCreated) -> AccountState:
    role = RoleState(
        name=change.role,
        arn=change.arn,
        boundary=change.boundary,
        trust=change.trust_sha256,
        tags=dict(change.tags),
        max_session_seconds=change.max_session_seconds,
    )
    state = _with_role(_without_role(state, change.role), role)
    if change.boundary is None:
        return state
    return _with_policy(
        state, change.boundary, change.boundary_version, change.boundary_sha256, default=True
    )


def _delete_role(state: AccountState, change: RoleDeleted) -> AccountState:
    return _without_role(state, change.role)


def _update_role(state: AccountState, change: RoleUpdated) -> AccountState:
    role = _role(state, change.role)
    seconds = change.max_session_seconds
    if seconds is None:
        seconds = role.max_session_seconds
    return _with_role(state, role._replace(max_session_seconds=seconds))


def _tag(state: AccountState, change: RoleTagged) -> AccountState:
    role = _role(state, change.role)
    kept = _without_tags(role, (key for key, _ in change.tags))
    return _with_role(state, role._replace(tags={**kept, **dict(change.tags)}))


def _untag(state: AccountState, change: RoleUntagged) -> AccountState:
    role = _role(state, change.role)
    return _with_role(state, role._replace(tags=_without_tags(role, change.keys)))


def _without_tags(role: RoleState, keys: Iterable[str]) -> Mapping[str, str]:
    """A role's tags but some; "Tags for IAM resources" (IAM User Guide): keys have no case."""
    gone = {key.casefold() for key in keys}
    return {key: value for key, value in role.tags.items() if key.casefold() not in gone}


def _create_version(state: AccountState, change: VersionCreated) -> AccountState:
    return _with_policy(
        state, change.policy_arn, change.version, change.sha256, default=change.default
    )


def _set_default(state: AccountState, change: DefaultVersionSet) -> AccountState:
    return _with_policy(state, change.policy_arn, change.version, change.sha256, default=True)


def _delete_version(state: AccountState, change: VersionDeleted) -> AccountState:
    policy = state.policies.get(change.policy_arn)
    if policy is None:
        return state
    kept = {key: sha256 for key, sha256 in policy.versions.items() if key != change.version}
    return state._replace(policies={**state.policies, policy.arn: policy._replace(versions=kept)})


def _create_policy(state: AccountState, change: PolicyCreated) -> AccountState:
    policy = PolicyState(change.policy_arn, {change.version: change.sha256}, change.version)
    return state._replace(policies={**state.policies, policy.arn: policy})


def _delete_policy(state: AccountState, change: PolicyDeleted) -> AccountState:
    kept = {arn: policy for arn, policy in state.policies.items() if arn != change.policy_arn}
    return state._replace(policies=kept)


def _change_use(state: AccountState, change: PolicyUseChanged) -> AccountState:
    """A principal has one boundary at most: a new one, or none, ends the use of any other."""
    use = (change.principal, change.use)
    uses = {
        arn: users - {use}
        if change.use is Use.BOUNDARY or (arn == change.policy_arn and not change.begun)
        else users
        for arn, users in state.uses.items()
    }
    if change.begun and change.policy_arn is not None:
        uses[change.policy_arn] = uses.get(change.policy_arn, frozenset()) | {use}
    return state._replace(uses={arn: users for arn, users in uses.items() if users})


def _delete_principal(state: AccountState, change: PrincipalDeleted) -> AccountState:
    own = {(change.principal, use) for use in Use}
    uses = {arn: users - own for arn, users in state.uses.items()}
    return state._replace(uses={arn: users for arn, users in uses.items() if users})


def _observe_role(state: AccountState, change: RoleObserved) -> AccountState:
    state = _without_role(state, change.role)
    if not change.exists:
        return state
    return _with_role(
        state,
        RoleState(
            name=change.role,
            arn=change.arn,
            attached=frozenset(change.attached),
            inline=dict(change.inline),
            boundary=change.boundary,
            trust=change.trust_sha256,
            tags=dict(change.tags),
            max_session_seconds=change.max_session_seconds,
        ),
    )


def _observe_policy(state: AccountState, change: PolicyObserved) -> AccountState:
    if not change.exists:
        return _delete_policy(state, PolicyDeleted(change.policy_arn))
    if change.versions:
        policy = PolicyState(change.policy_arn, dict(change.versions), change.version)
        return state._replace(policies={**state.policies, policy.arn: policy})
    return _with_policy(state, change.policy_arn, change.version, change.sha256, default=True)


def _lose_sense(state: AccountState, change: SenseLost) -> AccountState:
    return state._replace(blind={**state.blind, change.sense: change.reason})


def _regain_sense(state: AccountState, change: SenseRegained) -> AccountState:
    lost = {sense: reason for sense, reason in state.blind.items() if sense != change.sense}
    return state._replace(blind=lost)


def _operate(state: AccountState, change: StackOperated) -> AccountState:
    operations = sorted({*state.operations, (change.time, change.stack)})
    return state._replace(operations=tuple(operations[-MOST_OPERATIONS:]))


def _none(state: AccountState, _change: PartTouched | TouchesUnexplained) -> AccountState:
    """What happened to the monitor itself alters nothing that it knows of IAM."""
    return state


# The types of change are keys, so each function may name its own; mypy cannot follow that.
TRANSITIONS: Mapping[type, Callable[[AccountState, Any], AccountState]] = {
    PolicyAttached: _attach,
    PolicyDetached: _detach,
    InlinePolicyPut: _put_inline,
    InlinePolicyDeleted: _delete_inline,
    BoundaryPut: _put_boundary,
    BoundaryDeleted: _delete_boundary,
    TrustChanged: _change_trust,
    RoleCreated: _create_role,
    RoleDeleted: _delete_role,
    RoleUpdated: _update_role,
    RoleTagged: _tag,
    RoleUntagged: _untag,
    VersionCreated: _create_version,
    DefaultVersionSet: _set_default,
    VersionDeleted: _delete_version,
    PolicyCreated: _create_policy,
    PolicyDeleted: _delete_policy,
    PolicyUseChanged: _change_use,
    PrincipalDeleted: _delete_principal,
    RoleObserved: _observe_role,
    PolicyObserved: _observe_policy,
    SenseLost: _lose_sense,
    SenseRegained: _regain_sense,
    PartTouched: _none,
    StackOperated: _operate,
    TouchesUnexplained: _none,
}
