"""What holds of a group of actions in one access: whether it is allowed, and what limits it.

Whether some request is allowed, and whether some is refused, is asked of what the comparison
itself asks (`Differ`), so nothing is said here that a comparison would deny. What an action takes
is said as a Deny of every other resource, on both sides of the question.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from iamdiff.arns import parse_pattern
from iamdiff.bodies import Body, BodyTable
from iamdiff.budget import Budget
from iamdiff.callers import CallerClass
from iamdiff.catalogue import CataloguedAction
from iamdiff.differences import Decision, Differ
from iamdiff.globs import bits, is_literal
from iamdiff.model import Condition, Effect
from iamdiff.refusals import Before
from iamdiff.service_index import Sides
from iamdiff.solver import Solver

_EVERY_ARN = "arn:*:*:*:*:*"
_ANY_PARTITION = "arn:*:"
_PARTITION = 1


class Limit(StrEnum):
    """Why some request for an action that is allowed is refused all the same."""

    RESOURCES = "resources"
    """Nothing allows it on some resource that it takes."""
    CONDITIONS = "conditions"
    """What allows it has conditions."""
    DENIED = "denied"
    """A Deny stops what would else be allowed."""
    BOUNDARY = "boundary"
    """The permissions boundary stops what would else be allowed."""


_LIMITS = {Before.NOT_ALLOWED: Limit.RESOURCES, Before.CONDITION: Limit.CONDITIONS}


class Outcome(NamedTuple):
    """What holds of a group of actions; bodies by number.

    Attributes
    ----------
    allows : frozenset[int]
        What allows some request; empty where nothing does.
    denies : frozenset[int]
        What stops some request that is allowed else.
    latent : bool
        Only requests on resources that the actions are not known to take are allowed.
    beyond_boundary : bool
        Nothing is allowed, and something would be without the boundary.
    """

    allows: frozenset[int] = frozenset()
    denies: frozenset[int] = frozenset()
    limits: frozenset[Limit] = frozenset()
    latent: bool = False
    beyond_boundary: bool = False


class Asked:
    """The bodies of an access, and those that stand for what is asked about it."""

    def __init__(self, table: BodyTable) -> None:
        self.table = table
        self.allows = self.denies = self.particular = 0
        partitions: set[str] = set()
        for number, body in enumerate(table.bodies):
            bit = 1 << number
            if body.effect is Effect.DENY:
                self.denies |= bit
            elif not body.in_boundary:
                self.allows |= bit
            particular = [each for each in body.resources or () if not each.universal]
            if particular:
                self.particular |= bit
            partitions |= {each.fields[_PARTITION] for each in particular}
        partitions = set(filter(is_literal, partitions))
        # A principal lives in one partition: where the policies name one, it is that.
        self.partition = partitions.pop() if len(partitions) == 1 else "*"
        self.everything = self._add(_everything(in_boundary=False))
        self.no_ceiling = self._add(_everything(in_boundary=True))
        self.shapes: dict[tuple[str, ...], int] = {}

    def _add(self, body: Body) -> int:
        self.table.bodies.append(body)
        return 1 << len(self.table.bodies) - 1

    def shape(self, action: CataloguedAction, mask: int) -> int:
        """A Deny of what an action does not take; 0 where that makes no difference."""
        if not mask & self.particular:
            return 0
        types = tuple(dict.fromkeys(action.resources))
        found = self.shapes.get(types)
        if found is None:
            own = f"arn:{self.partition}:"
            texts = [each.replace(_ANY_PARTITION, own, 1) for each in types]
            patterns = tuple(map(parse_pattern, texts or [_EVERY_ARN]))
            denied = Body(
                Effect.DENY,
                in_boundary=False,
                resources=patterns,
                inverted=bool(types),
                block=(),
                principals=None,
            )
            found = self.shapes[types] = self._add(denied)
        return found


def _everything(*, in_boundary: bool) -> Body:
    """An Allow of everything."""
    return Body(
        Effect.ALLOW, in_boundary, resources=None, inverted=False, block=(), principals=None
    )


class Questions:
    """What is asked of each group of actions, for one class of principals."""

    def __init__(
        self,
        asked: Asked,
        caller: CallerClass,
        solver: Solver,
        budget: Budget,
        *,
        bounded: bool,
        limited: bool = True,
    ) -> None:
        self.asked = asked
        self.bounded = bounded
        self.limited = limited
        self.doubts: dict[Condition, None] = {}
        self.known: dict[tuple[int, int], Outcome] = {}
        self.within = Differ(asked.table, solver, budget, caller, bounded=bounded)
        self.unbounded = Differ(asked.table, solver, budget, caller, bounded=False)

    def outcome(self, mask: int, shape: int) -> Outcome:
        """What holds of the actions that some bodies speak of.

        Raises
        ------
        BudgetExceeded
            There is too much to look at.
        """
        found = self.known.get((mask, shape))
        if found is None:
            found = self.known[mask, shape] = self._outcome(mask, shape)
        return found

    def _outcome(self, mask: int, shape: int) -> Outcome:
        asked = self.asked
        if not mask & asked.allows:
            return Outcome()
        allowed, latent = self._allowed(mask, shape)
        if not self.limited:
            return Outcome(_allowing(allowed, mask & asked.allows), latent=latent)
        stopped = self._gained(self.within, Sides(mask, mask & ~asked.denies), shape)
        denied_by = frozenset(
            difference.stopped_by
            for decision in stopped
            for difference in decision.gained
            if difference.stopped_by is not None
        )
        beyond: Sequence[Decision] = ()
        if self.bounded:
            beyond = self._gained(self.within, Sides(mask, mask | asked.no_ceiling), shape)
        if not allowed:
            return Outcome(denies=denied_by, beyond_boundary=bool(beyond))
        refused = self._gained(
            self.unbounded, Sides(mask & asked.allows, asked.everything), 0 if latent else shape
        )
        limits = {
            _LIMITS[difference.cause.before]
            for decision in refused
            for difference in decision.gained
            if difference.cause.before in _LIMITS
        }
        limits |= {Limit.CONDITIONS for decision in refused if decision.gained_doubts}
        limits |= {Limit.DENIED} if stopped else set()
        limits |= {Limit.BOUNDARY} if beyond else set()
        allows = _allowing(allowed, mask & asked.allows)
        return Outcome(allows, denied_by, frozenset(limits), latent)

    def _allowed(self, mask: int, shape: int) -> tuple[Sequence[Decision], bool]:
        """Where something is allowed, and whether only on what no action takes."""
        nothing = mask & ~self.asked.allows
        allowed = self._gained(self.within, Sides(nothing, mask), shape)
        if allowed or not shape:
            return allowed, False
        return self._gained(self.within, Sides(nothing, mask), 0), True

    def _gained(self, differ: Differ, sides: Sides, shape: int) -> Sequence[Decision]:
        """Where the new side allows more, or may."""
        if sides.old == sides.new:
            return []
        decisions = [
            region.decision
            for region in differ.regions(Sides(sides.old | shape, sides.new | shape))
        ]
        for decision in decisions:
            self.doubts.update(dict.fromkeys(decision.gained_doubts))
        return [each for each in decisions if each.gained or each.gained_doubts]


def _allowing(allowed: Sequence[Decision], all_allows: int) -> frozenset[int]:
    """The Allow statements by which something is allowed; all where that is not told."""
    allows = frozenset(
        difference.cause.allow
        for decision in allowed
        for difference in decision.gained
        if difference.cause.allow is not None
    )
    return allows or frozenset(bits(all_allows) if allowed else ())
