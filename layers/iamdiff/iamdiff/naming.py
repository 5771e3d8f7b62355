"""The actions of a row of differences: patterns as their authors wrote them, names as AWS does."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter

from iamdiff.actions import EVERY_BODY, EVERY_SERVICE, ActionIndex, Texts, build_index
from iamdiff.arns import EVERYTHING
from iamdiff.bodies import Place
from iamdiff.budget import Budget, BudgetExceeded
from iamdiff.catalogue import Catalogue, CataloguedAction, gravity
from iamdiff.globs import are_literal, instance, is_literal, matcher
from iamdiff.grants import Entry, Row, widest
from iamdiff.logic import Undecided
from iamdiff.model import Request, Statement
from iamdiff.service_index import ActionCell, Sides
from iamdiff.variables import Variable, has_variables, parse_variables


class Spelling:
    """Names as the policies' authors wrote them; looked up by their lower case."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements

    @cached_property
    def actions(self) -> Mapping[str, str]:
        """Action patterns."""
        return {text.lower(): text for each in self.statements for text in each.actions}

    def of(self, service: str, name: str) -> str:
        """An action pattern, given in lower case."""
        return self.actions.get(f"{service}:{name}", f"{service}:{name}")

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Context keys, those of policy variables among them."""
        return {key.lower(): key for each in self.statements for key in _keys_of(each)}


def _keys_of(statement: Statement) -> Iterator[str]:
    for condition in statement.conditions:
        yield condition.key
    for text in filter(has_variables, statement.variable_texts):
        parts = parse_variables(text)
        if not isinstance(parts, Undecided):
            yield from (part.key for part in parts if isinstance(part, Variable) and part.key)


class Naming:
    """What rows are named with.

    Attributes
    ----------
    groups : Mapping[Sides, Sequence[ActionCell]]
        The classes of actions of each group.
    mask : int
        The bodies that speak of the principals at hand.
    """

    def __init__(
        self,
        actions: ActionIndex,
        groups: Mapping[Sides, Sequence[ActionCell]],
        mask: int,
        catalogue: Catalogue,
        spelling: Spelling,
    ) -> None:
        self.actions = actions
        self.groups = groups
        self.mask = mask
        self.catalogue = catalogue
        self.spelling = spelling
        self.known: dict[tuple[str, str], Sides] = {}
        self.named: dict[tuple[Sides, ...], Named] = {}

    @cached_property
    def unnamed(self) -> Sequence[CataloguedAction]:
        """The catalogued actions of services that no policy names."""
        named = self.actions.named_services()
        services = (each for each in self.catalogue.services() if each not in named)
        return [action for each in services for action in self.catalogue.actions(each).values()]

    def request(self, action: str, resource: str, entry: Entry) -> Request:
        """A request that shows a difference."""
        context = {self.spelling.keys.get(key, key): value for key, value in entry.context.items()}
        return Request(action, resource, context=context)

    def group_of(self, service: str, name: str) -> Sides:
        """The group of an action."""
        found = self.known.get((service, name))
        if found is None:
            found = self.actions.of_service(service).sides_of(name)
            if self.mask != EVERY_BODY:
                found = Sides(found.old & self.mask, found.new & self.mask)
            self.known[service, name] = found
        return found

    def members(
        self, service: str, patterns: Collection[str], groups: Container[Sides]
    ) -> Iterator[CataloguedAction]:
        """The catalogued actions of a service that patterns cover and that are in some groups."""
        actions = self.catalogue.actions(service)
        names: Iterable[str] = actions
        if EVERYTHING not in patterns:
            covered = {name for pattern in patterns for name in filter(matcher(pattern), actions)}
            names = filter(covered.__contains__, actions)
        for name in names:
            if self.group_of(service, name) in groups:
                yield actions[name]


def speakers(places: Sequence[Place], cells: Iterable[ActionCell]) -> tuple[Place, ...]:
    """Those of some statements that speak of some actions: of any of the patterns that are told.

    All of them where that takes long to find out.
    """
    if len(places) == 1:
        return tuple(places)
    actions: list[tuple[int, Sequence[Texts], Sequence[Texts]]] = []
    exclusions: dict[Texts, Sides] = {}
    for number, (_, statement) in enumerate(places):
        if statement.inverted_actions:
            before = exclusions.get(statement.actions, Sides())
            exclusions[statement.actions] = before | Sides(new=1 << number)
        else:
            actions.append((number, (), (statement.actions,)))
    index = build_index(actions, exclusions)
    budget = Budget(_SOME_STEPS)
    mask = 0
    try:
        for cell in cells:
            spoken = index.of_service(cell.service)
            for name in dict.fromkeys((*cell.examples, *map(instance, cell.patterns))):
                budget.spend(1 + len(spoken.wildcards) + len(spoken.excluded))
                mask |= spoken.sides_of(name).new
    except BudgetExceeded:
        return tuple(places)
    return tuple(place for number, place in enumerate(places) if mask >> number & 1)


_SOME_STEPS = 20_000


_NAME, _LEVELS = attrgetter("name"), attrgetter("access_levels")


class Named:
    """The actions of some groups.

    Attributes
    ----------
    access_levels : tuple[str, ...]
        Those of `catalogued`, the gravest first.
    """

    def __init__(
        self,
        patterns: Iterable[str],
        catalogued: Iterable[CataloguedAction],
        uncatalogued: Iterable[str],
    ) -> None:
        self.patterns = tuple(patterns)
        self.catalogued = tuple(catalogued)
        self.uncatalogued = tuple(uncatalogued)
        levels = set[str]().union(*set(map(_LEVELS, self.catalogued)))
        self.access_levels = tuple(sorted(levels, key=gravity))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The catalogued actions' names, sorted."""
        return tuple(sorted(map(_NAME, self.catalogued)))

    def gravest_first(self) -> Iterator[CataloguedAction]:
        """The catalogued actions, the gravest first; seldom is more than the first looked at."""
        alike: dict[str, set[tuple[str, ...]]] = {}
        for levels in dict.fromkeys(map(_LEVELS, self.catalogued)):
            alike.setdefault("".join(levels[:1]), set()).add(levels)
        for gravest in sorted(alike, key=gravity):
            chosen = alike[gravest]
            yield from (each for each in self.catalogued if each.access_levels in chosen)


def name_actions(row: Row, naming: Naming) -> Named:
    """The actions of a row as patterns and as the catalogue lists them."""
    groups = tuple(row.groups)
    found = naming.named.get(groups)
    if found is None:
        found = naming.named[groups] = _name_actions(row, naming)
    return found


def _name_actions(row: Row, naming: Naming) -> Named:
    by_service: dict[str, list[tuple[Sides, ActionCell]]] = {}
    for sides in row.groups:
        for cell in naming.groups[sides]:
            by_service.setdefault(cell.service, []).append((sides, cell))
    if EVERY_SERVICE in by_service:
        return Named((EVERYTHING,), _everything(row, naming), ())
    patterns: list[str] = []
    catalogued: list[CataloguedAction] = []
    uncatalogued: list[str] = []
    for service, members in by_service.items():
        known = naming.catalogue.actions(service)
        names = widest(pattern for _, cell in members for pattern in cell.patterns)
        listed = {name: known[name] for name in names if name in known}
        for name in names:
            if name in listed:
                patterns.append(listed[name].name)
                continue
            text = naming.spelling.of(service, name)
            patterns.append(text)
            if is_literal(name):
                uncatalogued.append(text)
        if are_literal(names):
            catalogued += [listed[name] for name in sorted(listed)]
        else:
            catalogued += naming.members(service, names, row.groups)
    return Named(patterns, catalogued, uncatalogued)


def _everything(row: Row, naming: Naming) -> Iterable[CataloguedAction]:
    """The catalogued actions of a row that covers services that no policy names."""
    yield from naming.unnamed
    for service in sorted(naming.actions.named_services()):
        yield from naming.members(service, (EVERYTHING,), row.groups)
