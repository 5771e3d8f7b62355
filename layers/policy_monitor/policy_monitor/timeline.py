"""One baseline and a set of mutations, as a sequence of states. Pure.

The set decides alone: neither the order in which mutations came in nor how often matters.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from policy_monitor.ledger import Checkpoint, Genesis
from policy_monitor.mutations import Mutation
from policy_monitor.ordering import Wider, changed, ordered
from policy_monitor.readings import Writing, Writings
from policy_monitor.state import AccountState, PolicyState

WINDOW = timedelta(minutes=15)
"""Mutations this long before the baseline was read are judged, older ones only listed."""

READING = timedelta(minutes=5)
"""A baseline may lack what happened this long before its end: reading it takes many calls, and
IAM's answers are eventually consistent ("Changes that I make are not always immediately visible",
IAM User Guide)."""

TIME = "%Y-%m-%dT%H:%M:%SZ"


class Step(NamedTuple):
    """A mutation between two states.

    Attributes
    ----------
    order_untold : bool
        Another order within its second would have led elsewhere, and nothing tells which it was.
    doubts : frozenset[Writing]
        What would change how the mutation reads, if a later one told it.
    """

    mutation: Mutation
    before: AccountState
    after: AccountState
    order_untold: bool = False
    doubts: frozenset[Writing] = frozenset()


def steps(
    start: Genesis | Checkpoint, mutations: Iterable[Mutation], wider: Wider | None = None
) -> Iterator[Step]:
    """The mutations that are judged, in timeline order, each with its states.

    Parameters
    ----------
    start : Genesis or Checkpoint
        A checkpoint stands for all mutations up to its time: `mutations` are those after it.

    Notes
    -----
    Those within fifteen minutes before the baseline was read may be in it or not. So they are
    folded from a state in which nothing is known but documents of versions, which never change:
    they are judged by what they say themselves.
    """
    distinct = list({mutation.key: mutation for mutation in mutations}.values())
    if isinstance(start, Genesis):
        earliest = earlier(start.read_at, WINDOW)
        window = [m for m in distinct if earliest <= m.time <= start.read_at]
        yield from walk(clouded(start.state), window, wider)
    state, later = _start(start, distinct, wider)
    yield from walk(state, later, wider)


def fold(
    start: Genesis | Checkpoint, mutations: Iterable[Mutation], wider: Wider | None = None
) -> AccountState:
    """The state after all mutations."""
    state, later = _start(start, {m.key: m for m in mutations}.values(), wider)
    return _last(state, walk(state, later, wider))


def digests(start: Genesis | Checkpoint, mutations: Iterable[Mutation]) -> frozenset[str]:
    """The documents that the states of a timeline may name."""
    found: set[str | None] = set()
    for role in start.state.roles.values():
        found |= {role.trust, *role.inline.values()}
    for policy in start.state.policies.values():
        found |= set(policy.versions.values())
    for mutation in mutations:
        for change in mutation.changes:
            found |= {getattr(change, name, None) for name in _DIGESTS}
            for name in _LISTS:
                found |= {sha256 for _, sha256 in getattr(change, name, ())}
    return frozenset(sha256 for sha256 in found if sha256 is not None)


_DIGESTS = ("sha256", "trust_sha256", "boundary_sha256")
_LISTS = ("inline", "versions")


def fold_through(
    time: str,
    start: Genesis | Checkpoint,
    mutations: Iterable[Mutation],
    wider: Wider | None = None,
) -> tuple[AccountState, frozenset[Writing]]:
    """The state after all mutations up to a time, and what would change how they read.

    `mutations` are all that are known, since a later one may tell how an earlier one reads. The
    time is that of a mutation after the baseline was read.
    """
    state, later = _start(start, {m.key: m for m in mutations}.values(), wider)
    doubts = start.doubts if isinstance(start, Checkpoint) else frozenset()
    for step in walk(state, later, wider):
        if step.mutation.time > time:
            break
        state, doubts = step.after, doubts | step.doubts
    return state, doubts


def _start(
    start: Genesis | Checkpoint, mutations: Iterable[Mutation], wider: Wider | None
) -> tuple[AccountState, list[Mutation]]:
    """The state as of the baseline's reading, with what it may have missed, and what follows."""
    if isinstance(start, Checkpoint):
        return start.state, list(mutations)
    genesis = start
    since = earlier(genesis.read_at, READING)
    missed, later = [], []
    for mutation in mutations:
        if mutation.time > genesis.read_at:
            later.append(mutation)
        elif mutation.time >= since:
            missed.append(mutation)
    return _last(genesis.state, walk(genesis.state, missed, wider)), later


def _last(state: AccountState, walked: Iterable[Step]) -> AccountState:
    for step in walked:
        state = step.after
    return state


def walk(
    state: AccountState, mutations: Iterable[Mutation], wider: Wider | None = None
) -> Iterator[Step]:
    """Steps from a state that is known to lie before all mutations."""
    remaining = sorted(mutations, key=lambda mutation: mutation.key)
    writings = Writings(remaining)
    for _, group in groupby(remaining, key=lambda mutation: mutation.time):
        told = list(group)
        doubts = {mutation.key: writings.doubts(mutation, state) for mutation in told}
        order = ordered(state, [writings.settled(m, state) for m in told], wider)
        for mutation in order.mutations:
            after = changed(state, mutation)
            untold = mutation.key in order.untold
            yield Step(mutation, state, after, untold, doubts[mutation.key])
            state = after


def clouded(state: AccountState) -> AccountState:
    """What can be said of the time before a baseline: which documents there are, not what held."""
    return AccountState(
        roles={
            name: role._replace(known=False, trust=None, inline=dict.fromkeys(role.inline))
            for name, role in state.roles.items()
        },
        policies={arn: PolicyState(arn, p.versions) for arn, p in state.policies.items()},
        uses=state.uses,
    )


def earlier(time: str, span: timedelta) -> str:
    """An earlier time; times before year 1 do not exist, and nothing happened there."""
    moment = datetime.strptime(time, TIME).replace(tzinfo=UTC)
    floor = datetime.min.replace(tzinfo=UTC)
    return (max(moment, floor + span) - span).isoformat().replace("+00:00", "Z")
