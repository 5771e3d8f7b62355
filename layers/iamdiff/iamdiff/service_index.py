"""The actions of one service: which statements of both sides speak of which.

Actions that the same statements speak of are a class. Where a class has no name of its own, an
action that the patterns of the policies tell apart stands for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from iamdiff.budget import Budget
from iamdiff.cells import ACTION_CHARACTERS, cells
from iamdiff.globs import are_literal, is_literal, matcher


class Sides(NamedTuple):
    """Statement bodies of the old and of the new side, as masks."""

    old: int = 0
    new: int = 0

    def __or__(self, other: "Sides") -> "Sides":
        """Either's bodies."""
        return Sides(self.old | other.old, self.new | other.new)


_NONE = Sides()


def union(first: Sides, others: Iterable[Sides]) -> Sides:
    """The bodies of all of some."""
    old, new = first
    for before, after in others:
        old |= before
        new |= after
    return first if (old, new) == first else Sides(old, new)


class ActionCell(NamedTuple):
    """A class of actions of one group.

    Attributes
    ----------
    service : str
        ``*`` for a service that neither side names.
    patterns : tuple[str, ...]
        The narrowest patterns of the policies that cover it (``*`` for all else of the service).
    examples : tuple[str, ...]
        Actions' names in it, in lower case: of each pattern that is a name, else one.
    """

    service: str
    patterns: tuple[str, ...]
    examples: tuple[str, ...]


class _Holders(NamedTuple):
    """What tells a pattern from others: its bodies, and by exclusion whether it holds it."""

    sides: Sides
    exclusions: tuple[bool, ...]


class ServiceIndex:
    """The patterns of one service.

    Attributes
    ----------
    names : Mapping[str, Sides]
        By pattern of Action elements: the bodies that hold it.
    moved : AbstractSet[str]
        Those that some body holds on one side alone.
    excluded : Sequence[tuple[AbstractSet[str], Sides]]
        The patterns of each NotAction element, and the bodies that use it.
    everywhere : Sides
        The bodies that speak of every action of every service.
    """

    def __init__(
        self,
        service: str,
        names: Mapping[str, Sides],
        moved: AbstractSet[str],
        excluded: Sequence[tuple[AbstractSet[str], Sides]],
        everywhere: Sides,
    ) -> None:
        self.service = service
        self.names = names
        self.moved = moved
        self.excluded = excluded
        self.everywhere = everywhere
        self.wildcards: list[tuple[str, Callable[[str], bool], Sides]] = []
        if not are_literal(names):
            self.wildcards = [
                (name, matcher(name), sides)
                for name, sides in names.items()
                if not is_literal(name)
            ]
        self.is_plain = not self.wildcards and not excluded and everywhere == _NONE

    def cells(self, *, sweeping: bool, budget: Budget) -> Iterator[tuple[Sides, ActionCell]]:
        """Classes of this service's actions; where not `sweeping`, those that changed."""
        changed = self.names.keys() if sweeping else self._changed()
        moving = [test for name, test, _ in self.wildcards if name in changed]
        excluded = {each for patterns, _ in self.excluded for each in patterns}
        literals: Iterable[str] = changed
        if moving or sweeping:
            # A name that stands still changes where a pattern that matches it does.
            literals = [
                name
                for name in dict.fromkeys((*self.names, *sorted(excluded)))
                if sweeping or name in changed or any(test(name) for test in moving)
            ]
        literals = list(filter(is_literal, literals) if self.wildcards or excluded else literals)
        budget.spend(len(literals) * (2 + len(self.wildcards) // 2) + len(self.names))
        by_sides: dict[Sides, list[str]] = {}
        for name in literals:
            by_sides.setdefault(self.sides_of(name), []).append(name)
        for sides, names in by_sides.items():
            alike = tuple(names)
            yield sides, ActionCell(self.service, alike, alike)
        if not sweeping and not moving:
            return
        wildcards = [name for name, _, _ in self.wildcards]
        wildcards += sorted(each for each in excluded if not is_literal(each))
        wildcards = list(dict.fromkeys(wildcards))
        # Patterns that the same bodies speak of are one class.
        classes: dict[_Holders, list[str]] = {}
        for name in wildcards:
            classes.setdefault(self._holders(name), []).append(name)
        of = {name: each for each, names in enumerate(classes.values()) for name in names}
        members = list(map(tuple, classes.values()))
        interest = {1 << of[name] for name in wildcards if name in changed}
        for mask, example in cells(
            wildcards,
            budget=budget,
            classes=[of[name] for name in wildcards],
            characters=ACTION_CHARACTERS,
            interest=0 if sweeping else sum(interest),
            empty=False,
            avoid=[*filter(is_literal, self.names), *filter(is_literal, excluded)],
        ):
            closest = narrowest(n for n in wildcards if mask >> of[n] & 1 and matcher(n)(example))
            patterns = members[of[closest]] if closest in of else ("*",)
            holders = [each for place, each in enumerate(classes) if mask >> place & 1]
            yield self._sides(holders), ActionCell(self.service, patterns, (example,))

    def _changed(self) -> Mapping[str, None]:
        """The patterns that other bodies hold on one side than on the other, in their order."""
        return {
            name: None
            for name in sorted(self.moved)
            if self.names[name].old != self.names[name].new
        }

    def _holders(self, name: str) -> _Holders:
        return _Holders(
            self.names.get(name, _NONE), tuple(name in patterns for patterns, _ in self.excluded)
        )

    def _sides(self, matched: Sequence[_Holders]) -> Sides:
        """The bodies that speak of an action that the patterns of some classes match."""
        speaking = [each.sides for each in matched]
        for place, (_, sides) in enumerate(self.excluded):
            if not any(each.exclusions[place] for each in matched):
                speaking.append(sides)
        return union(self.everywhere, speaking)

    def sides_of(self, name: str) -> Sides:
        """The bodies that speak of one action."""
        if self.is_plain:
            return self.names.get(name, _NONE)
        speaking = [sides for _, test, sides in self.wildcards if test(name)]
        for patterns, sides in self.excluded:
            if not any(matcher(pattern)(name) for pattern in patterns):
                speaking.append(sides)
        own = self.names.get(name)
        if own is not None:
            speaking.append(own)
        if len(speaking) == 1 and self.everywhere == _NONE:
            return speaking[0]
        return union(self.everywhere, speaking)


def narrowest(patterns: Iterable[str]) -> str:
    """The pattern that covers least, by its letters; ``*`` where there is none."""
    return max(patterns, key=_letters, default="*")


def _letters(pattern: str) -> tuple[bool, int]:
    return is_literal(pattern), len(pattern) - pattern.count("*")
