"""What an access allows, in the catalogue's actions: which of them, and within which limits.

Whether some request for an action is allowed, and whether some is refused, is asked of what the
comparison itself asks (`Differ`), so an inventory says nothing that a comparison would deny. What
an action takes is said as a Deny of every other resource, on both sides of the question.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from iamdiff.actions import EVERY_SERVICE, ServiceIndex, Sides, parse_action
from iamdiff.arns import parse_pattern
from iamdiff.bodies import Body, BodyTable, Place
from iamdiff.budget import DEFAULT_STEPS, Budget, BudgetExceeded
from iamdiff.callers import CallerClass, caller_classes
from iamdiff.catalogue import Catalogue, CataloguedAction
from iamdiff.comparison import Reason
from iamdiff.differences import Before, Decision, Differ, bits
from iamdiff.globs import is_literal, matcher
from iamdiff.kinds import Kind
from iamdiff.model import Access, Condition, Effect
from iamdiff.solver import Solver

MOST_STEPS = 10 * DEFAULT_STEPS
"""Work for one inventory: it asks of each group of actions what a comparison asks of the changed
ones."""

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


class Holding(NamedTuple):
    """A catalogued action that some request is allowed for.

    Attributes
    ----------
    limits : frozenset[Limit]
        Empty: every request for it is allowed, on whatever it takes.
    latent : bool
        Allowed only on resources that it is not known to take.
    """

    action: CataloguedAction
    limits: frozenset[Limit]
    latent: bool


class Rule(NamedTuple):
    """A statement that counts, with those that say the same of other actions.

    Attributes
    ----------
    actions : tuple[str, ...]
        The catalogued actions that it allows; of a Deny: those that it takes something from.
    """

    places: tuple[Place, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an access allows.

    Attributes
    ----------
    actions : Mapping[str, tuple[CataloguedAction, ...]]
        All catalogued actions of the services in which something is allowed.
    holdings : tuple[Holding, ...]
        Those that are allowed, by name.
    allows, denies : tuple[Rule, ...]
        The Allow statements that they come from, and the Deny statements that limit them.
    beyond_boundary : tuple[str, ...]
        Catalogued actions that the boundary stops altogether.
    uncatalogued : tuple[str, ...]
        Action patterns of Allow statements that no catalogued action matches.
    undetermined : tuple[Reason, ...]
        What could not be decided; it is counted as allowed.
    """

    actions: Mapping[str, tuple[CataloguedAction, ...]]
    holdings: tuple[Holding, ...]
    allows: tuple[Rule, ...] = ()
    denies: tuple[Rule, ...] = ()
    beyond_boundary: tuple[str, ...] = ()
    uncatalogued: tuple[str, ...] = ()
    undetermined: tuple[Reason, ...] = ()
    catalogue_date: str = ""


def take_inventory(
    access: Access,
    *,
    catalogue: Catalogue,
    kind: str = Kind.IDENTITY,
    principal: str | None = None,
    steps: int = MOST_STEPS,
) -> Inventory:
    """Say which catalogued actions an access allows, and within which limits.

    Parameters
    ----------
    kind : str
        ``identity``, ``trust`` or ``resource``.
    principal : str | None
        The ARN of the one principal that makes the requests; None: any.
    steps : int
        How much work may be done; what is left then is counted as allowed.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    stock = _Stock(access, Kind(kind), principal, catalogue, Budget(steps))
    ambiguous = stock.count(crossing=False)
    if ambiguous:
        stock.count(crossing=True)
        named = ", ".join(sorted(ambiguous))
        stock.doubt(
            "short-arn", f"AWS's pages allow two readings of {named}; either's actions count"
        )
    return stock.inventory()


class _Outcome(NamedTuple):
    """What holds of a group of actions; bodies by number."""

    allows: frozenset[int] = frozenset()
    denies: frozenset[int] = frozenset()
    limits: frozenset[Limit] = frozenset()
    latent: bool = False
    beyond_boundary: bool = False


type _Places = tuple[tuple[int, int], ...]
"""Statements by document and index."""


@dataclass(slots=True)
class _Stock:
    """An inventory in the making."""

    access: Access
    kind: Kind
    principal: str | None
    catalogue: Catalogue
    budget: Budget
    actions: dict[str, CataloguedAction] = field(default_factory=dict)
    limits: dict[str, set[Limit]] = field(default_factory=dict)
    not_latent: set[str] = field(default_factory=set)
    beyond_boundary: set[str] = field(default_factory=set)
    allows: dict[_Places, set[str]] = field(default_factory=dict)
    denies: dict[_Places, set[str]] = field(default_factory=dict)
    places: dict[_Places, tuple[Place, ...]] = field(default_factory=dict)
    reasons: dict[str, Reason] = field(default_factory=dict)

    def doubt(self, code: str, sentence: str) -> None:
        """Note what could not be decided."""
        self.reasons[sentence] = Reason(code, sentence)

    def count(self, *, crossing: bool) -> set[str]:
        """Count what one reading of short resource patterns allows; which patterns are such."""
        table = BodyTable(crossing=crossing)
        table.add(self.access, 1, bounded=False)
        asked = _Asked(table)
        relevant = list(self._relevant(table, asked))
        for caller in caller_classes(table, self.kind, self.principal):
            for doubt in caller.doubts:
                self.doubt(doubt.code, doubt.sentence)
            questions = _Questions(
                asked,
                caller,
                Solver(caller.facts(self.catalogue), self.budget),
                self.budget,
                bounded=bounded,
            )
            for action, mask, shape in relevant:
                self._enter(action, self._outcome(questions, mask & caller.mask, shape), table)
            for condition in questions.doubts:
                name = f"{condition.operator.name} on {condition.key}"
                self.doubt("condition", f"{name} could not be decided; its actions count")
        return table.ambiguous

    def _relevant(
        self, table: BodyTable, asked: "_Asked"
    ) -> Iterator[tuple[CataloguedAction, int, int]]:
        """The actions that an Allow speaks of, with their bodies and what they take."""
        index = table.index
        swept = index.everywhere.new
        for exclusion in index.exclusions.values():
            swept |= exclusion.sides.new
        services = self.catalogue.services() if swept & asked.allows else ()
        for service in dict.fromkeys(chain(services, index.services)):
            spoken = ServiceIndex(index, service)
            for name, action in self.catalogue.actions(service).items():
                mask = spoken.sides_of(name).new
                if mask & asked.allows:
                    yield action, mask, asked.shape(action, mask)

    def _outcome(self, questions: "_Questions", mask: int, shape: int) -> _Outcome:
        try:
            return questions.outcome(mask, shape)
        except BudgetExceeded:
            self.doubt(
                "budget",
                f"the policies overlap in too many ways to count in {self.budget.limit} steps; "
                "the actions that are left count",
            )
            return _Outcome(frozenset(bits(mask & questions.asked.allows)), limits=frozenset(Limit))

    def _enter(self, action: CataloguedAction, outcome: _Outcome, table: BodyTable) -> None:
        name = action.name
        self.actions[name] = action
        for numbers, rules in ((outcome.allows, self.allows), (outcome.denies, self.denies)):
            for number in numbers:
                rules.setdefault(self._places(table, number), set()).add(name)
        if outcome.beyond_boundary:
            self.beyond_boundary.add(name)
        if outcome.allows:
            self.limits.setdefault(name, set()).update(outcome.limits)
            if not outcome.latent:
                self.not_latent.add(name)

    def _places(self, table: BodyTable, number: int) -> _Places:
        places = tuple(table.places[1][number])
        key = tuple((place.document, place.statement.index) for place in places)
        self.places[key] = places
        return key

    def inventory(self) -> Inventory:
        """What was counted."""
        holdings = tuple(
            Holding(self.actions[name], frozenset(self.limits[name]), name not in self.not_latent)
            for name in sorted(self.limits)
        )
        services = sorted({name.partition(":")[0] for name in self.limits})
        return Inventory(
            {each: tuple(self.catalogue.actions(each).values()) for each in services},
            holdings,
            self._rules(self.allows),
            self._rules(self.denies),
            tuple(sorted(self.beyond_boundary - self.limits.keys())),
            tuple(self._uncatalogued()),
            tuple(self.reasons.values()),
            self.catalogue.date,
        )

    def _rules(self, found: Mapping[_Places, Iterable[str]]) -> tuple[Rule, ...]:
        return tuple(Rule(self.places[key], tuple(sorted(found[key]))) for key in sorted(found))

    def _uncatalogued(self) -> Iterator[str]:
        seen = set()
        for document in self.access.identity:
            for statement in document.statements:
                if statement.effect is Effect.DENY or statement.inverted_actions:
                    continue
                for text in statement.actions:
                    if text.lower() not in seen and not self._is_catalogued(text):
                        seen.add(text.lower())
                        yield text

    def _is_catalogued(self, text: str) -> bool:
        pattern = parse_action(text)
        if pattern is None:
            return False
        known = self.catalogue.actions(pattern.service)
        return pattern.service == EVERY_SERVICE or any(map(matcher(pattern.name), known))


class _Asked:
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


class _Questions:
    """What is asked of each group of actions, for one class of principals."""

    def __init__(
        self, asked: _Asked, caller: CallerClass, solver: Solver, budget: Budget, *, bounded: bool
    ) -> None:
        self.asked = asked
        self.bounded = bounded
        self.doubts: dict[Condition, None] = {}
        self.known: dict[tuple[int, int], _Outcome] = {}
        bodies = len(asked.table.bodies)

        def differ(*, bounded: bool) -> Differ:
            return Differ(asked.table, solver, budget, bounded, caller, bodies)

        self.within = differ(bounded=bounded)
        self.unbounded = differ(bounded=False)

    def outcome(self, mask: int, shape: int) -> _Outcome:
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

    def _outcome(self, mask: int, shape: int) -> _Outcome:
        asked = self.asked
        if not mask & asked.allows:
            return _Outcome()
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
        allowed = self._gained(self.within, Sides(mask & ~asked.allows, mask), shape)
        latent = not allowed and shape != 0
        if latent:
            allowed = self._gained(self.within, Sides(mask & ~asked.allows, mask), 0)
        if not allowed:
            return _Outcome(denies=denied_by, beyond_boundary=bool(beyond))
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
        allows = frozenset(
            difference.cause.allow
            for decision in allowed
            for difference in decision.gained
            if difference.cause.allow is not None
        )
        return _Outcome(
            allows or frozenset(bits(mask & asked.allows)), denied_by, frozenset(limits), latent
        )

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
