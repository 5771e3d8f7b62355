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
from policy_monitor.preconditions import can_follow
from policy_monitor.state import AccountState
from policy_monitor.transitions import applied, version_number

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
    parts = {mutation.key: _parts(mutation) for mutation in order}
    places = {mutation.key: place for place, mutation in enumerate(order)}
    untold: set[str] = set()
    for earlier, later in _contending(tuple(order), parts):
        i, j = places[earlier.key], places[later.key]
        if i > j:
            continue
        # What lies between and touches neither would not see the difference.
        both = parts[earlier.key] | parts[later.key]
        between = [m for m in order[i + 1 : j] if _touch(parts[m.key], both)]
        swapped = [later, earlier, *between]
        if not _each_applies(states[i], swapped):
            continue
        as_is = _states(states[i], [earlier, *between, later])[-1]
        otherwise = _states(states[i], swapped)[-1]
        if as_is == otherwise:
            continue
        untold |= {earlier.key, later.key}
        if wider is not None and wider(as_is, otherwise):
            order.insert(i, order.pop(j))
            states[i:] = _states(states[i], order[i:])
            places = {mutation.key: place for place, mutation in enumerate(order)}
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
        following = next((m for m in mutations if can_follow(state, m)), mutations[0])
        mutations.remove(following)
        order.append(following)
        state = changed(state, following)
    return order


def _each_applies(state: AccountState, mutations: Sequence[Mutation]) -> bool:
    for mutation in mutations:
        if not can_follow(state, mutation):
            return False
        state = changed(state, mutation)
    return True


type Part = tuple[str, ...]
"""A part of the state, from the whole to the part: ``role``, its name, ``inline``, a name."""


def _parts(mutation: Mutation) -> frozenset[Part]:
    return frozenset(part for change in mutation.changes for part in ALTERED[type(change)](change))


def _touch(some: Iterable[Part], others: Iterable[Part]) -> bool:
    """Whether a part of one is a part of the other; a whole role touches each of its parts."""
    return any(
        one[: len(other)] == other or other[: len(one)] == one for one in some for other in others
    )


def _contending(
    order: Sequence[Mutation], parts: Mapping[str, frozenset[Part]]
) -> Iterator[tuple[Mutation, Mutation]]:
    """Neighbours among the mutations that alter the same thing."""
    last: dict[Part, dict[Part, Mutation]] = {}  # by thing (a role, a policy), then by part
    for mutation in order:
        own = parts[mutation.key]
        earlier = {
            known.key: known
            for part in sorted(own)
            for key, known in _known_touching(last.get(part[:2], {}), part)
        }
        yield from ((known, mutation) for known in earlier.values())
        for part in own:
            last.setdefault(part[:2], {})[part] = mutation


def _known_touching(last: Mapping[Part, Mutation], part: Part) -> Iterator[tuple[Part, Mutation]]:
    """What last altered a part, or the whole that it is of, or a part of it."""
    prefixes = (part[:length] for length in range(2, len(part) + 1))
    yield from ((prefix, last[prefix]) for prefix in prefixes if prefix in last)
    if len(part) == 2:  # noqa: PLR2004 (a whole role, a policy)
        yield from ((key, known) for key, known in last.items() if key != part)


def _part(*names: str) -> Callable[[Any], tuple[Part, ...]]:
    """A part of a role: constant names, or ``.field`` for a field of the change."""

    def parts(change: Any) -> tuple[Part, ...]:
        told = (getattr(change, name[1:]) if name.startswith(".") else name for name in names)
        return (("role", change.role.casefold(), *told),)

    return parts


def _policy(change: Any) -> tuple[Part, ...]:
    return (("policy", change.policy_arn),)


def _use(change: PolicyUseChanged) -> tuple[Part, ...]:
    """A principal has one boundary at most, whatever its policy."""
    arn = "" if change.use is Use.BOUNDARY else change.policy_arn or ""
    return (("use", change.principal, change.use, arn),)


# The parts of the state that a change sets, from the whole to the part.
ALTERED: Mapping[type, Callable[[Any], tuple[Part, ...]]] = {
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
