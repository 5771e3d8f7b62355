"""Which statements speak of which actions: the actions of two accesses, grouped.

Actions that the same statements of both sides speak of are alike in all that follows, so they are
decided together. A group can hold a difference only where something about its actions changed, so
only groups in which the two sides' statements differ are made at all: most of two versions of a
policy is never looked at.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from iamdiff.budget import Budget
from iamdiff.cells import ACTION_CHARACTERS
from iamdiff.service_index import ActionCell, ServiceIndex, Sides, union

_NAME_CHARACTERS = frozenset(ACTION_CHARACTERS + "*?")
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
    if service.strip("*") == "" and name.strip("*") == "":
        return ActionPattern(EVERY_SERVICE, "*")
    if not name or not _NAME_CHARACTERS.issuperset(name):
        return None
    return ActionPattern(service, "*" if not name.strip("*") else name)


EVERY_BODY = -1
"""The mask of all bodies."""


type Texts = tuple[str, ...]
"""Action patterns of one element, as they were written."""


class Exclusion:
    """A NotAction element: its patterns by service, and the bodies that use it."""

    def __init__(self, patterns: dict[str, list[str]], sides: Sides) -> None:
        self.patterns = patterns
        self.sides = sides


class ActionIndex:
    """The action patterns of both sides, by service, with the bodies that hold each."""

    def __init__(self) -> None:
        self.services: dict[str, dict[str, Sides]] = {}
        self.everywhere = Sides()
        self.exclusions: dict[frozenset[ActionPattern], Exclusion] = {}
        self.known: dict[str, ServiceIndex] = {}

    def of_service(self, service: str) -> ServiceIndex:
        """The patterns of one service."""
        found = self.known.get(service)
        if found is None:
            excluded = [(e.patterns.get(service, []), e.sides) for e in self.exclusions.values()]
            names = self.services.get(service, {})
            found = ServiceIndex(service, names, excluded, self.everywhere)
            self.known[service] = found
        return found

    def add(self, texts: Iterable[str], sides: Sides, only: Container[str] | None) -> None:
        """Enter patterns of Action elements, or what of them speaks of some services."""
        services = self.services
        for pattern in map(parse_action, texts):
            if pattern is None:
                continue
            service, name = pattern
            if only is not None and service not in only and service != EVERY_SERVICE:
                continue
            if service == EVERY_SERVICE:
                self.everywhere |= sides
                continue
            names = services.get(service)
            if names is None:
                names = services[service] = {}
            known = names.get(name)
            names[name] = sides if known is None else union(known, (sides,))

    def add_exclusion(self, texts: Iterable[str], sides: Sides) -> None:
        """Enter a NotAction element; one that excludes everything matches nothing."""
        patterns = frozenset(p for text in texts if (p := parse_action(text)) is not None)
        if any(pattern.service == EVERY_SERVICE for pattern in patterns):
            return
        known = self.exclusions.get(patterns)
        if known is not None:
            known.sides |= sides
            return
        by_service: dict[str, list[str]] = {}
        for pattern in sorted(patterns):
            by_service.setdefault(pattern.service, []).append(pattern.name)
        self.exclusions[patterns] = Exclusion(by_service, sides)

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
                cell = ActionCell(EVERY_SERVICE, ("*",), "x")
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
    changed: list[tuple[Iterable[str], Sides]] = []
    same: list[tuple[Iterable[str], Sides]] = []
    for body, before, after in actions:
        bit = 1 << body
        if before == after:
            same += [(texts, Sides(bit, bit)) for texts in before]
            continue
        old, new = dict.fromkeys(chain(*before)), dict.fromkeys(chain(*after))
        changed.append(([text for text in old if text not in new], Sides(old=bit)))
        changed.append(([text for text in new if text not in old], Sides(new=bit)))
        same.append(([text for text in old if text in new], Sides(bit, bit)))
    touched = {
        pattern.service
        for texts, _ in changed
        for text in texts
        if (pattern := parse_action(text)) is not None
    }
    anything = EVERY_SERVICE in touched or any(s.old != s.new for s in exclusions.values())
    index = ActionIndex()
    for texts, sides in changed:
        index.add(texts, sides, None)
    for texts, sides in same:
        index.add(texts, sides, None if anything else touched)
    for texts, sides in exclusions.items():
        index.add_exclusion(texts, sides)
    return index
