"""Differences in the terms that the policies' authors used: few rows, each with a witness."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from iamdiff.actions import EVERY_SERVICE, ActionCell, ActionIndex, ServiceIndex, Sides
from iamdiff.arns import EVERYTHING, parse_pattern
from iamdiff.bodies import Place
from iamdiff.budget import Budget, BudgetExceeded
from iamdiff.catalogue import Catalogue, CataloguedAction, gravity
from iamdiff.cells import cells
from iamdiff.differences import Region
from iamdiff.globs import is_literal, matcher, readable
from iamdiff.model import Condition, ContextValue, Request, Statement
from iamdiff.refusals import Before, Cause


class Grant(NamedTuple):
    """Requests that one side allows and the other does not, for one cause.

    Attributes
    ----------
    actions : tuple[str, ...]
        Patterns, in the policies' own terms.
    catalogued : tuple[str, ...]
        The catalogued actions among them, as AWS writes them, sorted.
    uncatalogued : tuple[str, ...]
        Names in `actions` that the catalogue lacks.
    access_levels : tuple[str, ...]
        Access levels of `catalogued`, the gravest first.
    conditions : tuple[Condition, ...]
        What the statement that allows it requires, as it was written.
    allowed_by, before_statements : tuple[Place, ...]
        The statements that allow it, and the Denies that stop it on the other side.
    latent : bool
        No catalogued action on a resource type that it takes can exercise it.
    """

    actions: tuple[str, ...]
    catalogued: tuple[str, ...]
    uncatalogued: tuple[str, ...]
    access_levels: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    allowed_by: tuple[Place, ...]
    before: Before
    before_statements: tuple[Place, ...]
    witness: Request
    latent: bool = False


class Entry(NamedTuple):
    """One difference, and where it shows."""

    region: Region
    cause: Cause
    stopped_by: int | None
    context: Mapping[str, ContextValue]
    resource: str | None

    def shapes(self, action: CataloguedAction) -> Iterable[str]:
        """Resources that an action takes and that show the difference."""
        if self.resource is not None:
            return [self.resource] if _takes(action, self.resource) else []
        return (
            resource
            for resource in _shapes(action, self.region)
            if self.region.resources.holds(resource, self.region.cell)
        )

    @property
    def any_resource(self) -> str:
        """A resource that shows the difference, whatever the action takes."""
        return readable(self.region.cell.example) if self.resource is None else self.resource


class Row:
    """A grant in the making: one cause, one set of resources, one or several groups of actions."""

    def __init__(self, cause: Cause, resources: tuple[str, ...]) -> None:
        self.cause = cause
        self.resources = resources
        self.groups: dict[Sides, Entry] = {}
        self.stopped_by: dict[int, None] = {}


class Spelling:
    """Names as the policies' authors wrote them; looked up by their lower case."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements

    @cached_property
    def actions(self) -> Mapping[str, str]:
        """Action patterns."""
        return {text.lower(): text for each in self.statements for text in each.actions}

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Context keys."""
        return {c.key.lower(): c.key for each in self.statements for c in each.conditions}


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
        self.services: dict[str, ServiceIndex] = {}
        self.known: dict[tuple[str, str], Sides] = {}

    def request(self, action: str, resource: str, entry: Entry) -> Request:
        """A request that shows a difference."""
        context = {self.spelling.keys.get(key, key): value for key, value in entry.context.items()}
        return Request(action, resource, context=context)

    def group_of(self, service: str, name: str) -> Sides:
        """The group of an action."""
        found = self.known.get((service, name))
        if found is None:
            index = self.services.get(service)
            if index is None:
                index = self.services[service] = ServiceIndex(self.actions, service)
            old, new = index.sides_of(name)
            found = self.known[service, name] = Sides(old & self.mask, new & self.mask)
        return found

    def members(
        self, service: str, patterns: Iterable[str], groups: Container[Sides]
    ) -> Iterator[CataloguedAction]:
        """The catalogued actions of a service that patterns cover and that are in some groups."""
        tests = [matcher(pattern) for pattern in patterns]
        for name, action in self.catalogue.actions(service).items():
            if any(test(name) for test in tests) and self.group_of(service, name) in groups:
                yield action


def rows_of(found: Iterable[tuple[Sides, Sequence[Entry]]]) -> list[Row]:
    """Put together what has the same cause on the same resources."""
    rows: dict[tuple[object, ...], Row] = {}
    for sides, entries in found:
        by_cause: dict[tuple[Cause, int | None], list[Entry]] = {}
        for entry in entries:
            # Where nothing but a Deny is told of, each Deny has a row of its own.
            alone = entry.stopped_by if entry.cause.allow is None else None
            by_cause.setdefault((entry.cause, alone), []).append(entry)
        for cause, members in by_cause.items():
            labels: dict[str, Entry] = {}
            for entry in members:
                for label in entry.region.labels:
                    labels.setdefault(label, entry)
            resources = tuple(widest(labels))
            row = rows.get((cause, resources))
            if row is None:
                row = rows[cause, resources] = Row(cause[0], resources)
            row.groups[sides] = labels[resources[0]]
            row.stopped_by |= {
                each.stopped_by: None for each in members if each.stopped_by is not None
            }
    return list(rows.values())


def widest(patterns: Iterable[str]) -> list[str]:
    """Those patterns that no other one covers, in their order."""
    texts = list(dict.fromkeys(patterns))
    if EVERYTHING in texts:
        return [EVERYTHING]
    if all(map(is_literal, texts)):
        return texts
    places = {text: place for place, text in enumerate(texts)}
    prefixes = {text[:-1] for text in texts if text.endswith("*") and is_literal(text[:-1])}
    lengths = {len(prefix) for prefix in prefixes}
    others = [t for t in texts if not is_literal(t) and t[:-1] not in prefixes][:_MOST_COMPARED]
    return [
        text
        for text in texts
        if not any(text[:length] in prefixes for length in lengths if length < len(text) - 1)
        and not any(
            # As texts, x* and x? cover each other: then the first one stays.
            other != text
            and _covers(other, text)
            and (places[other] < places[text] or not _covers(text, other))
            for other in (*others, *_prefix_patterns(text, prefixes))
        )
    ]


def _prefix_patterns(text: str, prefixes: Container[str]) -> Iterator[str]:
    """Patterns of a prefix and a star that are about as long as a text."""
    for length in (len(text) - 1, len(text)):
        if text[:length] in prefixes:
            yield f"{text[:length]}*"


def _covers(pattern: str, other: str) -> bool:
    return not is_literal(pattern) and matcher(pattern)(other)


class Named(NamedTuple):
    """The actions of a row."""

    patterns: tuple[str, ...]
    catalogued: tuple[CataloguedAction, ...]
    uncatalogued: tuple[str, ...]


def name_actions(row: Row, naming: Naming) -> Named:
    """The actions of a row as patterns and as the catalogue lists them."""
    by_service: dict[str, list[tuple[Sides, ActionCell]]] = {}
    for sides in row.groups:
        for cell in naming.groups[sides]:
            by_service.setdefault(cell.service, []).append((sides, cell))
    if EVERY_SERVICE in by_service:
        return Named((EVERYTHING,), tuple(_everything(row, naming)), ())
    patterns: list[str] = []
    catalogued: list[CataloguedAction] = []
    uncatalogued: list[str] = []
    for service, members in by_service.items():
        known = naming.catalogue.actions(service)
        names = widest(pattern for _, cell in members for pattern in cell.patterns)
        for name in names:
            listed = known.get(name)
            text = listed.name if listed else naming.spelling.actions.get(f"{service}:{name}")
            text = text or f"{service}:{name}"
            patterns.append(text)
            if is_literal(name) and not listed:
                uncatalogued.append(text)
        if all(map(is_literal, names)):
            catalogued += [known[name] for name in sorted(names) if name in known]
        else:
            catalogued += naming.members(service, names, row.groups)
    return Named(tuple(patterns), tuple(catalogued), tuple(uncatalogued))


def _everything(row: Row, naming: Naming) -> Iterable[CataloguedAction]:
    """The catalogued actions of a row that covers services that no policy names."""
    named = naming.actions.named_services()
    for service in naming.catalogue.services():
        if service in named:
            yield from naming.members(service, (EVERYTHING,), row.groups)
        else:
            yield from naming.catalogue.actions(service).values()


def access_levels(actions: Iterable[CataloguedAction]) -> tuple[str, ...]:
    """The access levels of some actions, the gravest first."""
    found = {level for action in actions for level in action.access_levels}
    return tuple(sorted(found, key=gravity))


def witness_of(row: Row, named: Named, naming: Naming) -> Request:
    """A request of a row: a catalogued action on a resource that it takes, where there is one."""
    gravest_first = sorted(named.catalogued, key=lambda a: gravity(a.access_levels[0]))
    for action in gravest_first[:_MOST_MET]:
        service, _, name = action.name.lower().partition(":")
        entry = row.groups.get(naming.group_of(service, name))
        if entry is None:
            continue
        for resource in entry.shapes(action):
            return naming.request(action.name, resource, entry)
    sides, entry = next(iter(row.groups.items()))
    cell = naming.groups[sides][0]
    name = cell.example if cell.service != EVERY_SERVICE else "Anything"
    service = _unnamed_service(naming) if cell.service == EVERY_SERVICE else cell.service
    listed = naming.catalogue.actions(service).get(name)
    spelled = listed.name if listed else naming.spelling.actions.get(f"{service}:{name}")
    return naming.request(spelled or f"{service}:{name}", entry.any_resource, entry)


def _takes(action: CataloguedAction, resource: str) -> bool:
    if resource == EVERYTHING:
        return not action.resources
    return any(matcher(template)(resource) for template in action.resources)


def _shapes(action: CataloguedAction, region: Region) -> Iterable[str]:
    """Resources that an action takes and that may lie in a region."""
    if not action.resources:
        yield EVERYTHING
        return
    example = readable(region.cell.example)
    named = region.labels != (EVERYTHING,)
    for template in action.resources:
        if named and matcher(template)(example):
            yield example
        yield _instance(template)


_BOTH = 0b11
_MOST_COMPARED = 200
"""Patterns that are compared with each other, to leave out what another one covers."""
_SOME_STEPS = 10_000
_MOST_MET = 1_000
_FILLINGS = ("arn", "aws", "", "us-east-1", "123456789012", "")


def _instance(template: str) -> str:
    """An ARN of a resource type."""
    fields = template.split(":", len(_FILLINGS) - 1)
    filled = [
        field.replace("*", filling or "example")
        for field, filling in zip(fields, _FILLINGS, strict=False)
    ]
    return ":".join(filled)


def _unnamed_service(naming: Naming) -> str:
    named = naming.actions.named_services()
    return next((s for s in naming.catalogue.services() if s not in named), "anyservice")


def is_latent(row: Row, named: Named) -> bool:
    """Whether no catalogued action can use a row on a resource type that it takes."""
    if named.uncatalogued or EVERYTHING in row.resources:
        return False
    templates = dict.fromkeys(t for action in named.catalogued for t in action.resources)
    if len(templates) * len(row.resources) > _MOST_MET:
        return False  # too many to look at, so nothing is claimed
    return not any(_meet(template, each) for template in templates for each in row.resources)


def _meet(one: str, other: str) -> bool:
    """Whether some ARN matches both patterns; yes where that takes long to find out."""
    return all(map(_fields_meet, parse_pattern(one).fields, parse_pattern(other).fields))


def _fields_meet(one: str, other: str) -> bool:
    if is_literal(one):
        return matcher(other)(one)
    if is_literal(other):
        return matcher(one)(other)
    return one == other or _globs_meet(one, other)


@lru_cache(maxsize=4096)
def _globs_meet(one: str, other: str) -> bool:
    try:
        found = cells((one, other), budget=Budget(_SOME_STEPS), interest=_BOTH)
    except BudgetExceeded:
        return True
    return any(cell.mask == _BOTH for cell in found)
