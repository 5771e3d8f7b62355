"""The ways in which one side refuses what the other allows, each a question about conditions."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from iamdiff.clauses import ALWAYS, Clause


class Before(StrEnum):
    """What stopped a gained request before (or stops a lost one now)."""

    NOT_ALLOWED = "not_allowed"
    CONDITION = "condition"
    DENIED = "denied"
    BOUNDARY = "boundary"


class Cause(NamedTuple):
    """Why a request is allowed on one side and not on the other; bodies by number.

    Attributes
    ----------
    allow, within : int | None
        The identity statement and the boundary statement that allow it. None for `allow`: a Deny
        of a policy that is judged as a part was lifted.
    """

    allow: int | None
    within: int | None
    before: Before


class Standing(NamedTuple):
    """What one side says of a class of requests: bodies by their conditions, each block once.

    `ceiling` are the boundary's allows, None where there is no boundary.
    """

    allows: dict[Clause, int]
    denies: dict[Clause, int]
    ceiling: dict[Clause, int] | None


class Question(NamedTuple):
    """Which conditions must hold and which must not, for a cause to show."""

    cause: Cause
    true: list[Clause]
    false: list[Clause]
    stopped_by: int | None = None


def questions(then: Standing, now: Standing) -> Iterator[Question]:
    """Each way in which a request can be allowed now and refused then."""
    if ALWAYS in now.denies or now.ceiling == {}:
        return
    ceilings: Iterable[tuple[Clause, int | None]] = (
        [(ALWAYS, None)] if now.ceiling is None else list(now.ceiling.items())
    )
    for allow, number in now.allows.items():
        for within, ceiling in ceilings:
            yield from _refusals(then, now, (allow, number), (within, ceiling))


def lifted_denies(then: Standing, now: Standing) -> Iterator[Question]:
    """A Deny that is gone, whatever is allowed."""
    for block, number in then.denies.items():
        if block not in now.denies:
            cause = Cause(None, None, Before.DENIED)
            yield Question(cause, [block], list(now.denies), number)


def _refusals(
    then: Standing, now: Standing, allow: tuple[Clause, int], within: tuple[Clause, int | None]
) -> Iterator[Question]:
    """The ways in which what one allow grants now was refused then.

    Where nothing allowed it, or no boundary did, that is all there is to tell.
    """
    true = [allow[0], within[0]]
    denies = list(now.denies)
    if not then.allows or then.ceiling == {}:
        before = Before.BOUNDARY if then.allows else Before.NOT_ALLOWED
        yield Question(Cause(allow[1], within[1], before), true, denies)
        return
    if allow[0] not in then.allows:
        cause = Cause(allow[1], within[1], Before.CONDITION)
        yield Question(cause, true, [*denies, *then.allows])
    for deny, stopped_by in then.denies.items():
        if deny not in now.denies:
            cause = Cause(allow[1], within[1], Before.DENIED)
            yield Question(cause, [*true, deny], denies, stopped_by)
    if then.ceiling is not None and within[0] not in then.ceiling:
        cause = Cause(allow[1], within[1], Before.BOUNDARY)
        yield Question(cause, true, [*denies, *then.ceiling])
