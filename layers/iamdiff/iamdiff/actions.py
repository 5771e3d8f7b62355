"""Which statements speak of which actions: the actions of two accesses, grouped.

Actions that the same statements of both sides speak of are alike in all that follows, so they are
decided together. A group can hold a difference only where something about its actions changed, so
only groups in which the two sides' statements differ are made at all: most of two versions of a
policy is never looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

from iamdiff.budget import Budget
from iamdiff.cells import ACTION_CHARACTERS
from iamdiff.service_index import ActionCell, ServiceIndex, Sides, union

_NAME_CHARACTERS = frozenset(ACTION_CHARACTERS + "*?")
_SERVICE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
EVERY_SERVICE = "*"


class ActionPattern(NamedTuple):
    """``s3:Get*`` in lower case, taken apart; service and name ``*`` for every action."""

    service: str
    name: str


@lru_cache(maxsize=16384)
def parse_action(text: str) -> ActionPattern | None:
    """Take an action pattern apart; None where no action's name can match it.

    Actions are compared without case (IAM User Guide, "IAM JSON policy elements: Action").
    """
    service, _, name = text.lower().partition(":")
    if service and not service.strip("*") and not name.strip("*"):
        return ActionPattern(EVERY_SERVICE, "*")
    if not (service and name and text.isascii()):
        return None
    if not (_SERVICE_CHARACTERS.issuperset(service) and _NAME_CHARACTERS.issuperset(name)):
        return None
    return ActionPattern(service, "*" if not name.strip("*") else name)


type Texts = tuple[str, ...]
"""Action patterns of one element, as they were written."""

type Names = Mapping[str, AbstractSet[str]]
"""Action patterns by service."""


@lru_cache(maxsize=1024)
def names_of(texts: Texts) -> Names:
    """The patterns of one element by service, without those that no action's name can match."""
    found: dict[str, set[str]] = {}
    for pattern in map(parse_action, texts):
        if pattern is None:
            continue
        service, name = pattern
        names = found.get(service)
        if names is None:
            found[service] = {name}
        else:
            names.add(name)
    return found


_NOTHING: AbstractSet[str] = frozenset()

EVERY_BODY = -1
"""The mask of all bodies."""


class Exclusion:
    """A NotAction element: its patterns by service, and the bodies that use it."""

    def __init__(self, patterns: Names, sides: Sides) -> None:
        self.patterns = patterns
        self.sides = sides


class ActionIndex:
    """The action patterns of both sides, by service, with the bodies that hold each.

    Attributes
    ----------
    moved : dict[str, set[str]]
        By service: the patterns that some body holds on one side alone.
    """

    def __init__(self) -> None:
        self.services: dict[str, dict[str, Sides]] = {}
        self.moved: dict[str, set[str]] = {}
        self.everywhere = Sides()
        self.exclusions: dict[frozenset[tuple[str, str]], Exclusion] = {}
        self.known: dict[str, ServiceIndex] = {}

    def of_service(self, service: str) -> ServiceIndex:
        """The patterns of one service."""
        found = self.known.get(service)
        if found is None:
            excluded = [
                (e.patterns.get(service, _NOTHING), e.sides) for e in self.exclusions.values()
            ]
            names = self.services.get(service, {})
            moved = self.moved.get(service, _NOTHING)
            found = ServiceIndex(service, names, moved, excluded, self.everywhere)
            self.known[service] = found
        return found

    def add(self, service: str, names: AbstractSet[str], sides: Sides) -> None:
        """Enter patterns of one service."""
        if service == EVERY_SERVICE:
            self.everywhere |= sides
            return
        if sides.old != sides.new:
            self.moved.setdefault(service, set()).update(names)
        ordered = sorted(names)
        known = self.services.get(service)
        if known is None:
            self.services[service] = dict.fromkeys(ordered, sides)
            return
        for name in ordered:
            before = known.get(name)
            known[name] = sides if before is None else union(before, (sides,))

    def add_exclusion(self, texts: Texts, sides: Sides) -> None:
        """Enter a NotAction element; one that excludes everything matches nothing."""
        names = names_of(texts)
        if EVERY_SERVICE in names:
            return
        patterns = frozenset((service, name) for service in names for name in names[service])
        known = self.exclusions.get(patterns)
        if known is not None:
            known.sides |= sides
            return
        self.exclusions[patterns] = Exclusion(names, sides)

    def named_services(self) -> set[str]:
        """The services of which some pattern speaks."""
        return set(self.services).union(*(each.patterns for each in self.exclusions.values()))

    def groups(self, budget: Budget) -> dict[Sides, list[ActionCell]]:
        """Actions by the bodies that speak of them, where the two sides' bodies differ.

        Raises
        ------
        BudgetExceeded
            The patterns overlap in too many ways.
        """
        found: dict[Sides, list[ActionCell]] = {}
        sweeping = self.everywhere.old != self.everywhere.new or any(
            exclusion.sides.old != exclusion.sides.new for exclusion in self.exclusions.values()
        )
        for service in sorted(self.named_services() if sweeping else self.services):
            for sides, cell in self.of_service(service).cells(sweeping=sweeping, budget=budget):
                if sides.old != sides.new:
                    found.setdefault(sides, []).append(cell)
        if sweeping:
            sides = self.everywhere
            for exclusion in self.exclusions.values():
                sides |= exclusion.sides
            if sides.old != sides.new:
                cell = ActionCell(EVERY_SERVICE, ("*",), ("x",))
                found.setdefault(sides, []).append(cell)
        return found


def build_index(
    actions: Iterable[tuple[int, Sequence[Texts], Sequence[Texts]]],
    exclusions: Mapping[Texts, Sides],
) -> ActionIndex:
    """Index the actions of bodies, as far as a difference can arise there.

    What a body says of the same actions on both sides is entered only where it speaks of a service
    of which something else is said on one side: elsewhere nothing can differ.

    Parameters
    ----------
    actions : Iterable[tuple[int, Sequence[Texts], Sequence[Texts]]]
        By body: its Action elements of the old side, and of the new.
    exclusions : Mapping[Texts, Sides]
        By NotAction element: the bodies that have it.
    """
    changed: list[tuple[str, AbstractSet[str], Sides]] = []
    same: list[tuple[Names, Names, Sides]] = []
    for body, before, after in actions:
        bit = 1 << body
        if before == after:
            both = Sides(bit, bit)
            same += [(names, names, both) for names in map(names_of, before)]
            continue
        old, new = _joined(before), _joined(after)
        changed += _left_out(old, new, Sides(old=bit))
        changed += _left_out(new, old, Sides(new=bit))
        same.append((old, new, Sides(bit, bit)))
    touched = {service for service, _, _ in changed}
    anything = EVERY_SERVICE in touched or any(s.old != s.new for s in exclusions.values())
    touched.add(EVERY_SERVICE)
    index = ActionIndex()
    for service, names, sides in changed:
        index.add(service, names, sides)
    for old, new, sides in same:
        for service, names in old.items():
            if (anything or service in touched) and service in new:
                index.add(service, names & new[service], sides)
    for texts, sides in exclusions.items():
        index.add_exclusion(texts, sides)
    return index


def _joined(elements: Sequence[Texts]) -> Names:
    """The patterns of some elements together."""
    if len(elements) == 1:
        return names_of(elements[0])
    found: dict[str, set[str]] = {}
    for each in map(names_of, elements):
        for service, names in each.items():
            found.setdefault(service, set()).update(names)
    return found


def _left_out(
    some: Names, others: Names, sides: Sides
) -> Iterator[tuple[str, AbstractSet[str], Sides]]:
    """What is among some patterns, and not among others."""
    for service, names in some.items():
        left = names - others.get(service, _NOTHING)
        if left:
            yield service, left, sides
