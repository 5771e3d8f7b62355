"""The order of mutations within one second, where CloudTrail's eventTime tells none.

Each mutation tells of a call that succeeded, so an order in which one of them could not have
succeeded is not what happened. Where more than one order is left and they lead to different
states, nothing tells which it was: the order that leads to the wider access is taken, and the
mutations concerned are marked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
    MutationKind,
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
from policy_monitor.preconditions import can_follow
from policy_monitor.state import AccountState
from policy_monitor.transitions import applied, version_number

type Wider = Callable[[AccountState, AccountState], bool]
"""Whether the second state gives more access than the first, and no less."""


MOST_ORDERED = 6
"""Mutations of one second that alter the same thing and whose every order is tried."""


class Order(NamedTuple):
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

    Drift comes last: two readings that agree show what all calls of its second led to.
    """
    by_rank = sorted(mutations, key=_rank)
    drift = tuple(m for m in by_rank if m.kind is MutationKind.DRIFT)
    unordered = [m for m in by_rank if m.kind is not MutationKind.DRIFT]
    if len(unordered) < 2:  # noqa: PLR2004 (as nearly all seconds are: one mutation)
        return Order((*unordered, *drift))
    order = _applicable_order(state, unordered)
    places = {mutation.key: place for place, mutation in enumerate(order)}
    untold: set[str] = set()
    for component in _components(order):
        if len(component) > MOST_ORDERED:
            untold |= {m.key for m in component} if _overlap(component) else set()
            continue
        outcomes = _outcomes(state, component)
        if len(outcomes) < 2:  # noqa: PLR2004 (one outcome, or no order in which all apply)
            continue
        untold |= {mutation.key for mutation in component}
        taken, _ = outcomes[0] if wider is None else reduce(_widest(wider), outcomes)
        for place, mutation in zip([places[m.key] for m in component], taken, strict=True):
            order[place] = mutation
    return Order((*order, *drift), frozenset(untold))


def changed(state: AccountState, mutation: Mutation) -> AccountState:
    """The state after a mutation."""
    return reduce(applied, mutation.changes, state)


def _applicable_order(state: AccountState, mutations: list[Mutation]) -> list[Mutation]:
    """Take the first that applies, again and again; where none does, the first."""
    order = []
    while mutations:
        following = next((m for m in mutations if can_follow(state, m)), mutations[0])
        mutations.remove(following)
        order.append(following)
        state = changed(state, following)
    return order


type _Outcome = tuple[tuple[Mutation, ...], AccountState]


def _outcomes(state: AccountState, mutations: Sequence[Mutation]) -> list[_Outcome]:
    """The different states that orders in which each applies lead to, each with one such order.

    The first is that of the given order, if it is such a one.
    """
    outcomes: list[_Outcome] = []

    def follow(state: AccountState, done: tuple[Mutation, ...]) -> None:
        remaining = [mutation for mutation in mutations if mutation not in done]
        if not remaining:
            if all(state != known for _, known in outcomes):
                outcomes.append((done, state))
            return
        for mutation in remaining:
            if can_follow(state, mutation):
                follow(changed(state, mutation), (*done, mutation))

    follow(state, ())
    return outcomes


def _widest(wider: Wider) -> Callable[[_Outcome, _Outcome], _Outcome]:
    return lambda one, other: other if wider(one[1], other[1]) else one


type Part = tuple[str, ...]
"""A part of the state, from the whole to the part: ``role``, its name, ``inline``, a name."""


def _parts(mutation: Mutation) -> frozenset[Part]:
    return frozenset(part for change in mutation.changes for part in ALTERED[type(change)](change))


def _components(order: Sequence[Mutation]) -> list[list[Mutation]]:
    """Mutations that alter the same things, directly or through others, in the given order.

    A whole role and each of its parts are the same thing; two parts of it are not.
    """
    parts = {mutation.key: _parts(mutation) for mutation in order}
    whole = {part for own in parts.values() for part in own if _is_whole(part)}
    owner: dict[Part, list[Mutation]] = {}
    for mutation in order:
        things = {part[:2] if part[:2] in whole else part for part in parts[mutation.key]}
        first, *others = _distinct(owner[thing] for thing in things if thing in owner) or [[]]
        first.append(mutation)
        for other in others:
            first += other
            owner |= {thing: first for thing, members in owner.items() if members is other}
        owner |= dict.fromkeys(things, first)
    place = {mutation.key: number for number, mutation in enumerate(order)}
    return [
        sorted(component, key=lambda mutation: place[mutation.key])
        for component in _distinct(owner.values())
        if len(component) > 1
    ]


def _distinct(components: Iterable[list[Mutation]]) -> list[list[Mutation]]:
    """Each list once, though it may be named several times."""
    return list({id(component): component for component in components}.values())


def _is_whole(part: Part) -> bool:
    """Whether it is a whole role or policy: its sort and its name."""
    return len(part) == len(("role", "name"))


def _overlap(mutations: Iterable[Mutation]) -> bool:
    """Whether some part is altered twice, a role's creation aside: that comes first."""
    altered = [
        part
        for mutation in mutations
        if not all(isinstance(change, RoleCreated) for change in mutation.changes)
        for part in _parts(mutation)
    ]
    return len(altered) > len(set(altered)) or any(p[0] == "role" and _is_whole(p) for p in altered)


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


def _sense(change: SenseLost | SenseRegained) -> tuple[Part, ...]:
    return (("sense", change.sense),)


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
        ("role", change.role.casefold(), "tag", key.casefold()) for key, _ in change.tags
    ),
    RoleUntagged: lambda change: tuple(
        ("role", change.role.casefold(), "tag", key.casefold()) for key in change.keys
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
    PrincipalDeleted: lambda change: (("use", change.principal),),
    SenseLost: _sense,
    SenseRegained: _sense,
    # Nothing of the state whose order could matter.
    PartTouched: lambda _change: (),
    StackOperated: lambda _change: (),
    TouchesUnexplained: lambda _change: (),
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
    SenseLost: 3,
    SenseRegained: 3,
    StackOperated: 0,
    PartTouched: 3,
    TouchesUnexplained: 5,
    VersionDeleted: 5,
    PolicyDeleted: 5,
    PrincipalDeleted: 5,
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
