"""Two accesses as one table of statement bodies: what a statement says, its actions aside.

Statements that say the same of the same resources under the same conditions share a body, on
either side and wherever they stand. So reordered, split and merged statements, other Sids and
doubled values leave no trace, and comparing two sides of an action is comparing two sets of bits.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from iamdiff.actions import ActionIndex, Texts, build_index
from iamdiff.arns import Pattern, crossing_readings, is_ambiguous, parse_pattern
from iamdiff.globs import ARN_FIELDS, NO_ARN, literal
from iamdiff.logic import Doubt, Undecided
from iamdiff.model import (
    Access,
    Condition,
    Document,
    Effect,
    Operator,
    Principals,
    Relation,
    Statement,
    ValueType,
)
from iamdiff.service_index import Sides
from iamdiff.value_tests import TEXT
from iamdiff.variables import Variable, has_variables, parse_variables

RESOURCE = "(resource)"
"""The key of a `LINK`: no context key has parentheses."""

BOUNDARY = -1
"""The document number of the boundary."""

LINK = Operator("(matches)", ValueType.ARN, Relation.LIKE)
NOT_LINK = LINK._replace(negated=True)
"""Stand in a body's block for a resource pattern with variables, which is their one value: what
the resource must match, or must not."""

_TEMPLATE = "\ud802"
"""Begins a condition value in which ``${…}`` are variables."""


_NO_BOUNDARY = Document((Statement(0, "", Effect.ALLOW, ("*",), ("*",)),))


class Place(NamedTuple):
    """Where a statement stands: its document's number (BOUNDARY for the boundary's) and itself."""

    document: int
    statement: Statement


type Block = tuple[Condition, ...]


class Body(NamedTuple):
    """What statements say, their actions aside.

    Attributes
    ----------
    resources : tuple[Pattern, ...] | None
        None where the statement names none: it speaks of every resource.
    block : Block
        Its conditions in one order, their keys in lower case.
    templates : Mapping[Pattern, tuple[str, ...]]
        For those of `resources` that hold variables, which stand as ``*`` in them: how they were
        written.
    """

    effect: Effect
    in_boundary: bool
    resources: tuple[Pattern, ...] | None
    inverted: bool
    block: Block
    principals: Principals | None
    templates: Mapping[Pattern, tuple[str, ...]] = MappingProxyType({})


class Key(NamedTuple):
    """What tells bodies apart."""

    effect: Effect
    in_boundary: bool
    resources: frozenset[str] | None
    inverted: bool
    variables: bool
    block: Block
    principals: Principals | None


class BodyTable:
    """The bodies of both sides; body i is bit i of a mask.

    Attributes
    ----------
    crossing : bool
        How to read patterns with fewer than six fields: completed with ``*``, or those of
        resources with stars that run over colons, those of conditions as matching nothing. And
        whether an empty NotAction or NotResource makes a statement speak of nothing.
    actions : tuple[dict[int, list[Texts]], ...]
        By side and body: its Action elements.
    exclusions : dict[Texts, list[int]]
        By NotAction element: masks of the old and of the new side's bodies that have it.
    ambiguous : dict[str, Doubt]
        What the two readings read differently.
    """

    def __init__(self, *, crossing: bool = False) -> None:
        self.crossing = crossing
        self.bodies: list[Body] = []
        self.places: tuple[dict[int, list[Place]], dict[int, list[Place]]] = ({}, {})
        self.actions: tuple[dict[int, list[Texts]], ...] = ({}, {})
        self.exclusions: dict[Texts, list[int]] = {}
        self.ambiguous: dict[str, Doubt] = {}
        self.known: dict[Key, int] = {}
        self.said: dict[tuple[object, ...], int] = {}

    def add(self, access: Access, side: int, *, bounded: bool) -> None:
        """Enter the statements of one side: 0 for the old, 1 for the new.

        Where either side is `bounded`, a side without a boundary has one that allows everything:
        so what a boundary takes away shows for every action, not for those alone that it names.
        """
        for number, document in enumerate(access.identity):
            self._add_document(document, number, side)
        if access.boundary is not None:
            self._add_document(access.boundary, BOUNDARY, side)
        elif bounded:
            self._add_document(_NO_BOUNDARY, BOUNDARY, side)

    def _add_document(self, document: Document, number: int, side: int) -> None:
        actions, places = self.actions[side], self.places[side]
        for statement in document.statements:
            if _is_open(statement):
                self.ambiguous["an empty NotAction or NotResource"] = Doubt.EMPTY_LIST
                if self.crossing:
                    continue
            # Most statements say what another one, or their own kind on the other side, has said.
            said = (
                number == BOUNDARY,
                document.variables,
                statement.effect,
                statement.resources,
                statement.inverted_resources,
                statement.conditions,
                statement.principals,
            )
            body = self.said.get(said)
            if body is None:
                body = self._body(statement, number, variables=document.variables)
                self.said[said] = body
            known = places.get(body)
            if known is None:
                known = places[body] = []
                actions[body] = []
            if document is not _NO_BOUNDARY:
                known.append(Place(number, statement))
            if statement.inverted_actions:
                self.exclusions.setdefault(statement.actions, [0, 0])[side] |= 1 << body
            else:
                actions[body].append(statement.actions)

    def index(self) -> ActionIndex:
        """The actions of both sides' statements, as far as a difference can arise there."""
        old, new = self.actions
        return build_index(
            ((body, old.get(body, ()), new.get(body, ())) for body in range(len(self.bodies))),
            {texts: Sides(*sides) for texts, sides in self.exclusions.items()},
        )

    def _body(self, statement: Statement, number: int, *, variables: bool) -> int:
        resources = statement.resources
        variables = variables and has_variables("\n".join(statement.variable_texts))
        key = Key(
            statement.effect,
            number == BOUNDARY,
            None if resources is None else frozenset(resources),
            statement.inverted_resources,
            variables,
            self._block(statement.conditions, variables=variables),
            statement.principals,
        )
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.bodies)
            self.bodies.append(self._make(key))
        return found

    def _block(self, conditions: Sequence[Condition], *, variables: bool) -> Block:
        """Conditions in one order; by the crossing reading, short ARN patterns match nothing."""
        block = normal_block(conditions, variables=variables)
        if not block:
            return block
        short = {
            value
            for condition in block
            if condition.operator.type is ValueType.ARN
            for value in condition.values
            if value.count(":") < ARN_FIELDS - 1 and template_of(value) is None
        }
        self.ambiguous |= dict.fromkeys(short, Doubt.SHORT_ARN)
        if not short or not self.crossing:
            return block
        return tuple(
            each._replace(values=tuple(NO_ARN if v in short else v for v in each.values))
            if each.operator.type is ValueType.ARN
            else each
            for each in block
        )

    def _make(self, key: Key) -> Body:
        patterns: dict[Pattern, tuple[str, ...]] = {}
        everywhere: set[Pattern] = set()
        for text in sorted(key.resources or ()):
            plain, is_template = _without_variables(text) if key.variables else (text, False)
            for pattern in self._readings(plain):
                patterns[pattern] = (*patterns.get(pattern, ()), text)
                if not is_template:
                    everywhere.add(pattern)
        return Body(
            key.effect,
            key.in_boundary,
            None if key.resources is None else tuple(patterns),
            key.inverted,
            key.block,
            key.principals,
            {each: texts for each, texts in patterns.items() if each not in everywhere},
        )

    def _readings(self, text: str) -> Iterable[Pattern]:
        if is_ambiguous(text):
            self.ambiguous[text] = Doubt.SHORT_ARN
            if self.crossing:
                return [parse_pattern(each) for each in crossing_readings(text)]
        return [parse_pattern(text)]


def _is_open(statement: Statement) -> bool:
    """Whether it excludes an empty list: then it speaks of everything, or of nothing."""
    return (statement.inverted_actions and not statement.actions) or (
        statement.inverted_resources and not statement.resources
    )


def normal_block(conditions: Sequence[Condition], *, variables: bool) -> Block:
    """Conditions in one order, keys in lower case, each value once."""
    if not conditions:
        return ()
    return tuple(
        sorted(
            {
                Condition(
                    condition.operator,
                    condition.key.lower(),
                    _values(condition, variables=variables),
                )
                for condition in conditions
            },
            key=lambda condition: (condition.key, condition.operator.name, condition.values),
        )
    )


def _values(condition: Condition, *, variables: bool) -> Texts:
    """A condition's values in one order, each once; operators of other types take no variables."""
    if variables and condition.operator.type in TEXT:
        return tuple(sorted(set(map(_value, condition.values))))
    return tuple(sorted(set(condition.values)))


def _value(text: str) -> str:
    """A condition value: escapes as literal characters, variables marked so that none is text."""
    if not has_variables(text):
        return text
    plain, is_template = _without_variables(text)
    return f"{_TEMPLATE}{text}" if is_template else plain


def template_of(value: str) -> str | None:
    """The text of a condition value that holds variables; None where it holds none."""
    return value[len(_TEMPLATE) :] if value.startswith(_TEMPLATE) else None


@lru_cache(maxsize=4096)
def is_linked(condition: Condition) -> bool:
    """Whether a condition holds policy variables, so that it reads more than its own key."""
    return any(value.startswith(_TEMPLATE) for value in condition.values)


def resource_link(template: str, *, negated: bool) -> Condition:
    """The condition that the resource matches a pattern with variables, or does not."""
    return Condition(NOT_LINK if negated else LINK, RESOURCE, (f"{_TEMPLATE}{template}",))


def links_of(body: Body) -> Iterator[Condition]:
    """The resource patterns with variables of a body, as conditions."""
    for texts in body.templates.values():
        for text in texts:
            yield resource_link(text, negated=False)


def _without_variables(text: str) -> tuple[str, bool]:
    """A pattern with ``*`` for its variables; and whether it had any."""
    parts = parse_variables(text)
    if isinstance(parts, Undecided):
        return text, True
    plain = "".join(
        part if isinstance(part, str) else literal(part.default or "") if not part.key else "*"
        for part in parts
    )
    return plain, any(isinstance(part, Variable) and part.key for part in parts)
