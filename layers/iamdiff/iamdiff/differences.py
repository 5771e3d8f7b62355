"""Where two accesses differ: the requests that one side allows and the other does not.

For a group of actions (all spoken of by the same bodies) the resources are split by which bodies
match them; in each class what is left is a question about conditions: can the allows of one side
hold while the other side refuses? The other side refuses because none of its allows holds,
because a Deny does, or because its boundary allows nothing: each way is asked by itself, so an
answer says what stopped the request before.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple

from iamdiff.arns import Splits, resource_cells
from iamdiff.automata import Cell
from iamdiff.bodies import Body, BodyTable, links_of, resource_link
from iamdiff.budget import Budget
from iamdiff.callers import CallerClass
from iamdiff.clauses import Clause
from iamdiff.domains import UNREAD, UNREAD_ARN
from iamdiff.globs import bits
from iamdiff.links import variables_of
from iamdiff.model import Condition, ContextValue, Effect
from iamdiff.refusals import Cause, Question, Standing, lifted_denies, questions
from iamdiff.resource_index import ResourceIndex, index_resources
from iamdiff.service_index import Sides
from iamdiff.solver import Solver, Target


class Difference(NamedTuple):
    """A cause, and a context in which it shows.

    Attributes
    ----------
    stopped_by : int | None
        The Deny that stops it on the other side.
    resource : str | None
        The resource that policy variables tie to the context; None where any of the cell will do.
    """

    cause: Cause
    stopped_by: int | None
    context: dict[str, ContextValue]
    resource: str | None


class Decision(NamedTuple):
    """What two sets of bodies allow differently.

    Attributes
    ----------
    lifted, added : tuple[Difference, ...]
        Requests that a Deny stopped on one side and none on the other, allowed or not. Where
        policies are judged as a part, they are gained and lost instead.
    gained_doubts, lost_doubts : tuple[Condition, ...]
        What could not be decided where nothing was found.
    """

    gained: tuple[Difference, ...]
    lost: tuple[Difference, ...]
    lifted: tuple[Difference, ...]
    added: tuple[Difference, ...]
    gained_doubts: tuple[Condition, ...]
    lost_doubts: tuple[Condition, ...]


class Region(NamedTuple):
    """A class of resources in a group of actions, and what differs there.

    Attributes
    ----------
    labels : tuple[str, ...]
        The narrowest patterns of the policies that cover it; ``*`` for all else.
    """

    resources: ResourceIndex
    cell: Cell
    labels: tuple[str, ...]
    decision: Decision


class Differ:
    """Compares the two sides of a body table.

    Attributes
    ----------
    bounded : bool
        Whether either side has a boundary; then both have one in the table.
    true, false : Clause, list[Clause]
        What holds of whoever makes the requests, and what does not.
    underived : int
        How many bodies the policies themselves make; those from there on are derived.
    part : bool
        Whether the policies are judged as a part of some access: a lifted Deny is a gain.
    unread : dict[str, ContextValue]
        What every request has of the variables in resource patterns, though no question asks.
    """

    def __init__(
        self,
        table: BodyTable,
        solver: Solver,
        budget: Budget,
        caller: CallerClass,
        *,
        bounded: bool,
        part: bool = False,
    ) -> None:
        self.table = table
        self.solver = solver
        self.budget = budget
        self.clauses: dict[int, Clause] = {}
        self.splits: Splits = {}
        self.true = solver.clauses.of(caller.true)
        self.false = list(map(solver.clauses.of, caller.false))
        self.bounded = bounded
        self.part = part
        self.underived = len(table.bodies)
        self.decided: dict[tuple[int, int, str | None], Decision] = {}
        self.derived: dict[tuple[int, tuple[str, ...]], int] = {}
        self.unread: dict[str, ContextValue] = {
            key: UNREAD_ARN if facts.arn else UNREAD
            for link in chain.from_iterable(map(links_of, table.bodies))
            for key in variables_of(link)
            if (facts := solver.facts(key)).present and not facts.is_bound
        }

    def regions(self, sides: Sides) -> Iterator[Region]:
        """The classes of resources in which a group of actions is allowed differently.

        Raises
        ------
        BudgetExceeded
            There is too much to look at.
        """
        numbers = list(bits(sides.old | sides.new))
        index, interest = index_resources(self.table, numbers, sides.old ^ sides.new, self.budget)
        for cell in resource_cells(
            index.patterns,
            index.classes,
            budget=self.budget,
            interest=interest,
            splits=self.splits,
        ):
            candidates = list(index.candidates(cell))
            self.budget.spend(len(candidates))
            old = new = 0
            for number in candidates:
                for active in self._active(number, index, cell):
                    old |= (sides.old >> number & 1) << active
                    new |= (sides.new >> number & 1) << active
            if old == new:
                continue
            decision = self._decide(old, new, index, cell)
            if any(decision):
                yield Region(index, cell, index.labels(cell), decision)

    def _active(self, number: int, index: ResourceIndex, cell: Cell) -> Iterable[int]:
        """The bodies that speak of a cell: the one itself, or derived ones, or none."""
        body = self.table.bodies[number]
        if body.resources is None:
            return (number,)
        matched = index.masks[number] & cell.mask
        if not matched:
            return (number,) if body.inverted else ()
        if not body.templates:
            return () if body.inverted else (number,)
        # A pattern with variables is a class of its own, and others are all alike.
        hit = [index.members[each][0] for each in bits(matched)]
        if any(pattern not in body.templates for pattern in hit):
            return () if body.inverted else (number,)
        templates = tuple(text for pattern in hit for text in body.templates[pattern])
        if body.inverted:
            return (self._derive(number, templates),)
        return [self._derive(number, (text,)) for text in templates]

    def _derive(self, number: int, templates: tuple[str, ...]) -> int:
        """A body that speaks of a cell only where the variables of its resources make it."""
        found = self.derived.get((number, templates))
        if found is None:
            body = self.table.bodies[number]
            links = (resource_link(text, negated=body.inverted) for text in templates)
            made = Body(
                body.effect,
                body.in_boundary,
                None,
                inverted=False,
                block=(*body.block, *links),
                principals=body.principals,
            )
            found = len(self.table.bodies)
            self.table.bodies.append(made)
            for places in self.table.places:
                if number in places:
                    places[found] = places[number]
            self.derived[number, templates] = found
        return found

    def _decide(self, old: int, new: int, index: ResourceIndex, cell: Cell) -> Decision:
        # Which resource it is matters only where a pattern with variables reads it.
        tied = bool((old | new) >> self.underived)
        read = cell.example if tied else None
        known = self.decided.get((old, new, read))
        if known is None:
            target = Target(cell.example, partial(index.holds, cell=cell), tied)
            then, now = self._standing(old), self._standing(new)
            gained_doubts: list[Condition] = []
            lost_doubts: list[Condition] = []
            gained = tuple(self._answers(self._questions(then, now), gained_doubts, target))
            lost = tuple(self._answers(self._questions(now, then), lost_doubts, target))
            # Of whole accesses a Deny says nothing that what is gained and lost does not.
            doubts = (gained_doubts, lost_doubts) if self.part else ([], [])
            lifted = tuple(self._answers(lifted_denies(then, now), doubts[0], target))
            added = tuple(self._answers(lifted_denies(now, then), doubts[1], target))
            if self.part:
                gained, lost, lifted, added = lifted + gained, added + lost, (), ()
            known = Decision(
                gained,
                lost,
                lifted,
                added,
                () if gained else tuple(dict.fromkeys(gained_doubts)),
                () if lost else tuple(dict.fromkeys(lost_doubts)),
            )
            self.decided[old, new, read] = known
        return known

    def _questions(self, then: Standing, now: Standing) -> Iterable[Question]:
        found = questions(then, now)
        # Of a part the lifted Deny is a gain itself: what an Allow makes of it lies within.
        return (each for each in found if each.stopped_by is None) if self.part else found

    def _standing(self, mask: int) -> "Standing":
        allows: dict[Clause, int] = {}
        denies: dict[Clause, int] = {}
        ceiling: dict[Clause, int] = {}
        for number in bits(mask):
            body = self.table.bodies[number]
            clause = self._clause(number)
            if body.effect is Effect.DENY:
                denies.setdefault(clause, number)
            elif body.in_boundary:
                ceiling.setdefault(clause, number)
            else:
                allows.setdefault(clause, number)
        return Standing(allows, denies, ceiling if self.bounded else None)

    def _clause(self, number: int) -> Clause:
        found = self.clauses.get(number)
        if found is None:
            found = self.solver.clauses.of(self.table.bodies[number].block)
            self.clauses[number] = found
        return found

    def _answers(
        self, questions: "Iterable[Question]", doubts: list[Condition], target: Target
    ) -> Iterator[Difference]:
        """The questions that some context answers with yes."""
        for question in questions:
            answer = self.solver.solve(
                [*question.true, self.true],
                [*question.false, *self.false],
                target,
            )
            if answer.context is not None:
                context = {**self.unread, **answer.context}
                yield Difference(question.cause, question.stopped_by, context, answer.resource)
            doubts += answer.doubts
