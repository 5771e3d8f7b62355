"""What an access allows, in the catalogue's actions: which of them, and within which limits."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from iamdiff.actions import EVERY_SERVICE, parse_action
from iamdiff.bodies import RESOURCE, BodyTable, Place, template_of
from iamdiff.budget import DEFAULT_STEPS, Budget, BudgetExceeded
from iamdiff.callers import ANYBODY, CallerClass, caller_classes
from iamdiff.catalogue import Catalogue, CataloguedAction
from iamdiff.globs import bits, matcher
from iamdiff.kinds import Kind
from iamdiff.limits import Asked, Limit, Outcome, Questions
from iamdiff.logic import Doubt
from iamdiff.model import Access, Condition, Effect
from iamdiff.reasons import Reason, two_readings
from iamdiff.solver import Solver

MOST_STEPS = 10 * DEFAULT_STEPS
"""Work for one inventory: it asks of each group of actions what a comparison asks of the changed
ones."""


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


class Inventory(NamedTuple):
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
    limited: bool = True,
    steps: int = MOST_STEPS,
) -> Inventory:
    """Say which catalogued actions an access allows, and within which limits.

    Parameters
    ----------
    kind : str
        ``identity``, ``trust`` or ``resource``.
    principal : str | None
        The ARN of the one principal that makes the requests; None: any.
    limited : bool
        Whether to ask what limits what is allowed, which takes most of the time; if not, no limits,
        Denies and stops of the boundary are told.
    steps : int
        How much work may be done; what is left then is counted as allowed.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    stock = _Stock(access, Kind(kind), principal, catalogue, Budget(steps), limited=limited)
    ambiguous = stock.count(crossing=False)
    if ambiguous:
        stock.count(crossing=True)
        for reason in two_readings(ambiguous, "; either's actions count"):
            stock.doubt(reason.code, reason.sentence)
    return stock.inventory()


type _Places = tuple[tuple[int, int], ...]
"""Statements by document and index."""


class _Stock:
    """An inventory in the making."""

    def __init__(
        self,
        access: Access,
        kind: Kind,
        principal: str | None,
        catalogue: Catalogue,
        budget: Budget,
        *,
        limited: bool,
    ) -> None:
        self.access = access
        self.kind = kind
        self.principal = principal
        self.catalogue = catalogue
        self.budget = budget
        self.limited = limited
        self.actions: dict[str, CataloguedAction] = {}
        self.limits: dict[str, set[Limit]] = {}
        self.not_latent: set[str] = set()
        self.beyond_boundary: set[str] = set()
        self.allows: dict[_Places, set[str]] = {}
        self.denies: dict[_Places, set[str]] = {}
        self.places: dict[_Places, tuple[Place, ...]] = {}
        self.reasons: dict[str, Reason] = {}

    def doubt(self, code: str, sentence: str) -> None:
        """Note what could not be decided."""
        self.reasons[sentence] = Reason(code, sentence)

    def count(self, *, crossing: bool) -> dict[str, Doubt]:
        """Count what one reading of short resource patterns allows; which patterns are such."""
        table = BodyTable(crossing=crossing)
        bounded = self.access.boundary is not None
        table.add(self.access, 1, bounded=bounded)
        asked = Asked(table)
        relevant = list(self._relevant(table, asked))
        for caller in self._callers(table):
            for doubt in caller.doubts:
                self.doubt(doubt.code, doubt.sentence)
            questions = Questions(
                asked,
                caller,
                Solver(caller.facts(self.access.statements, self.catalogue), self.budget),
                self.budget,
                bounded=bounded,
                limited=self.limited,
            )
            for action, mask, shape in relevant:
                self._enter(action, self._outcome(questions, mask & caller.mask, shape), table)
            for condition in questions.doubts:
                self._doubt_condition(condition)
        return table.ambiguous

    def _doubt_condition(self, condition: Condition) -> None:
        if condition.key == RESOURCE:
            name = f"the resource {template_of(condition.values[0])}"
        else:
            written = {
                each.key.lower(): each.key
                for statement in self.access.statements
                for each in statement.conditions
            }
            name = f"{condition.operator.name} on {written.get(condition.key, condition.key)}"
        self.doubt("condition", f"{name} could not be decided; its actions count")

    def _relevant(
        self, table: BodyTable, asked: Asked
    ) -> Iterator[tuple[CataloguedAction, int, int]]:
        """The actions that an Allow speaks of, with their bodies and what they take."""
        index = table.index()
        swept = index.everywhere.new
        for exclusion in index.exclusions.values():
            swept |= exclusion.sides.new
        services = self.catalogue.services() if swept & asked.allows else ()
        for service in dict.fromkeys(chain(services, index.services)):
            spoken = index.of_service(service)
            for name, action in self.catalogue.actions(service).items():
                mask = spoken.sides_of(name).new
                if mask & asked.allows:
                    yield action, mask, asked.shape(action, mask)

    def _callers(self, table: BodyTable) -> list[CallerClass]:
        try:
            return list(caller_classes(table, self.kind, self.principal, self.budget))
        except BudgetExceeded:
            self._doubt_the_rest()
            return [ANYBODY]

    def _doubt_the_rest(self) -> None:
        self.doubt(
            "budget",
            f"the policies overlap in too many ways to count in {self.budget.limit} steps; "
            "the actions that are left count",
        )

    def _outcome(self, questions: Questions, mask: int, shape: int) -> Outcome:
        try:
            return questions.outcome(mask, shape)
        except BudgetExceeded:
            self._doubt_the_rest()
            return Outcome(frozenset(bits(mask & questions.asked.allows)), limits=frozenset(Limit))

    def _enter(self, action: CataloguedAction, outcome: Outcome, table: BodyTable) -> None:
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
        key = tuple((place.document, place.statement.number) for place in places)
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
