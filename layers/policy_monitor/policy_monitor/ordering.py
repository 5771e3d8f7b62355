"""The order of mutations within one second, where CloudTrail's eventTime tells none.

Each mutation tells of a call that succeeded, so an order in which one of them could not have
succeeded is not what happened. Where more than one order is left and they lead to different
states, nothing tells which it was: the order that leads to the wider access is taken, and the
mutations concerned are marked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Any

from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    PolicyObserved,
    PolicyUseChanged,
    RoleCreated,
    RoleDeleted,
    RoleObserved,
    RoleTagged,
    RoleUntagged,
    RoleUpdated,
    TrustChanged,
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.state import AccountState
from policy_monitor.transitions import applied, find_role, version_number

type Wider = Callable[[AccountState, AccountState], bool]
"""Whether the second state gives more access than the first, and no less."""


@dataclass(frozen=True, slots=True)
class Order:
    """Mutations of one second in order, and the ids of those whose order nothing tells."""

    mutations: tuple[Mutation, ...]
    untold: frozenset[str] = frozenset()


def ordered(state: AccountState, mutations: Iterable[Mutation], wider: Wider | None) -> Order:
    """Put mutations of one second in an order in which each applies.

    Parameters
    ----------
    state : AccountState
        The state before that second.
    wider : callable, optional
        Decides between two orders that both apply. Without it, what takes away comes before what
        gives, and ids decide the rest.
    """
    order = _applicable_order(state, sorted(mutations, key=_rank))
    states = _states(state, order)
    places = {mutation.key: place for place, mutation in enumerate(order)}
    untold: set[str] = set()
    for earlier, later in _contending(tuple(order)):
        i, j = places[earlier.key], places[later.key]
        swapped = [later, *order[i:j]]
        if i > j or not _each_applies(states[i], swapped):
            continue
        otherwise = _states(states[i], swapped)
        if otherwise[-1] == states[j + 1]:
            continue
        untold |= {earlier.key, later.key}
        if wider is not None and wider(states[j + 1], otherwise[-1]):
            order[i : j + 1] = swapped
            states[i:] = [*otherwise[:-1], *_states(otherwise[-1], order[j + 1 :])]
            places |= {mutation.key: i + place for place, mutation in enumerate(swapped)}
    return Order(tuple(order), frozenset(untold))


def changed(state: AccountState, mutation: Mutation) -> AccountState:
    """The state after a mutation."""
    return reduce(applied, mutation.changes, state)


def _states(state: AccountState, mutations: Sequence[Mutation]) -> list[AccountState]:
    """The states before each mutation, and the one after the last."""
    return list(accumulate(mutations, changed, initial=state))


def _applicable_order(state: AccountState, mutations: list[Mutation]) -> list[Mutation]:
    """Take the first that applies, again and again; where none does, the first."""
    order = []
    while mutations:
        following = next((m for m in mutations if _applies(state, m)), mutations[0])
        mutations.remove(following)
        order.append(following)
        state = changed(state, following)
    return order


def _each_applies(state: AccountState, mutations: Sequence[Mutation]) -> bool:
    for mutation in mutations:
        if not _applies(state, mutation):
            return False
        state = changed(state, mutation)
    return True


def _applies(state: AccountState, mutation: Mutation) -> bool:
    return all(
        condition(state, change)
        for change in mutation.changes
        if (condition := CONDITIONS.get(type(change))) is not None
    )


def _contending(order: Sequence[Mutation]) -> Iterator[tuple[Mutation, Mutation]]:
    """Neighbours among the mutations that alter the same thing."""
    last: dict[tuple[str, str], dict[tuple[str, ...], Mutation]] = {}
    for mutation in order:
        parts = {part for change in mutation.changes for part in ALTERED[type(change)](change)}
        earlier = {
            known.key: known
            for part in sorted(parts)
            for key, known in last.get((part[0], part[1]), {}).items()
            # A whole role contends with each of its parts.
            if key[: len(part)] == part or part[: len(key)] == key
        }
        yield from ((known, mutation) for known in earlier.values())
        for part in parts:
            last.setdefault((part[0], part[1]), {})[part] = mutation


def _part(*names: str) -> Callable[[Any], tuple[tuple[str, ...], ...]]:
    """A part of a role: constant names, or ``.field`` for a field of the change."""

    def parts(change: Any) -> tuple[tuple[str, ...], ...]:
        told = (getattr(change, name[1:]) if name.startswith(".") else name for name in names)
        return (("role", change.role.casefold(), *told),)

    return parts


def _policy(change: Any) -> tuple[tuple[str, ...], ...]:
    return (("policy", change.policy_arn),)


def _use(change: PolicyUseChanged) -> tuple[tuple[str, ...], ...]:
    """A principal has one boundary at most, whatever its policy."""
    arn = "" if change.use is Use.BOUNDARY else change.policy_arn or ""
    return (("use", change.principal, change.use, arn),)


# The parts of the state that a change sets, from the whole to the part.
ALTERED: Mapping[type, Callable[[Any], tuple[tuple[str, ...], ...]]] = {
    PolicyAttached: _part("attached", ".policy_arn"),
    PolicyDetached: _part("attached", ".policy_arn"),
    InlinePolicyPut: _part("inline", ".name"),
    InlinePolicyDeleted: _part("inline", ".name"),
    BoundaryPut: _part("boundary"),
    BoundaryDeleted: _part("boundary"),
    TrustChanged: _part("trust"),
    RoleUpdated: _part("session"),
    RoleTagged: lambda change: tuple(
        ("role", change.role.casefold(), "tag", key) for key, _ in change.tags
    ),
    RoleUntagged: lambda change: tuple(
        ("role", change.role.casefold(), "tag", key) for key in change.keys
    ),
    RoleCreated: _part(),
    RoleDeleted: _part(),
    RoleObserved: _part(),
    VersionCreated: _policy,
    DefaultVersionSet: _policy,
    VersionDeleted: _policy,
    PolicyCreated: _policy,
    PolicyDeleted: _policy,
    PolicyObserved: _policy,
    PolicyUseChanged: _use,
}


# What takes away stands before what gives: where both orders apply, that is the wider reading.
RANKS: Mapping[type, int] = {
    RoleCreated: 0,
    PolicyCreated: 0,
    VersionCreated: 1,
    PolicyDetached: 2,
    InlinePolicyDeleted: 2,
    BoundaryPut: 2,
    RoleUntagged: 2,
    PolicyAttached: 3,
    InlinePolicyPut: 3,
    DefaultVersionSet: 3,
    TrustChanged: 3,
    RoleTagged: 3,
    RoleUpdated: 3,
    PolicyUseChanged: 3,
    BoundaryDeleted: 4,
    VersionDeleted: 5,
    PolicyDeleted: 5,
    RoleDeleted: 5,
    # IAM's word, read after what happened in that second.
    PolicyObserved: 6,
    RoleObserved: 6,
}


def _rank(mutation: Mutation) -> tuple[int, int, str]:
    ranks = [RANKS[type(change)] for change in mutation.changes]
    numbers = [
        version_number(change.version)
        for change in mutation.changes
        if isinstance(change, VersionCreated)
    ]
    return (max(ranks, default=0), max(numbers, default=0), mutation.event_id)


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
