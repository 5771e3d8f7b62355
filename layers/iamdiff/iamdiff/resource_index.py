"""The resource patterns of the bodies that speak of a group of actions, in classes.

Patterns that the same bodies hold are one class: which of them matches makes no difference.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from iamdiff.arns import EVERYTHING, Pattern, matches
from iamdiff.automata import Cell
from iamdiff.bodies import BodyTable
from iamdiff.budget import Budget
from iamdiff.globs import bits
from iamdiff.service_index import narrowest


class ResourceIndex(NamedTuple):
    """The patterns, their classes, and who holds them.

    Attributes
    ----------
    classes : tuple[int, ...]
        The class of each of `patterns`; class i is bit i of a cell's mask.
    members : tuple[list[Pattern], ...]
        The patterns of each class.
    holders : tuple[int, ...]
        By class: the bodies that hold it.
    masks : dict[int, int]
        By body: the classes that it holds.
    elsewhere : int
        The bodies that speak of resources that none of their patterns matches.
    """

    patterns: tuple[Pattern, ...]
    classes: tuple[int, ...]
    members: tuple[list[Pattern], ...]
    holders: tuple[int, ...]
    masks: dict[int, int]
    elsewhere: int

    def candidates(self, cell: Cell) -> Iterator[int]:
        """The bodies that may speak of a cell."""
        mask = self.elsewhere
        for each in bits(cell.mask):
            mask |= self.holders[each]
        return bits(mask)

    def holds(self, resource: str, cell: Cell) -> bool:
        """Whether a resource lies in a cell."""
        if resource == cell.example:
            return True
        missing = cell.mask
        for pattern, each in zip(self.patterns, self.classes, strict=True):
            if matches(pattern, resource):
                if not cell.mask >> each & 1:
                    return False
                missing &= ~(1 << each)
        return not missing

    def labels(self, cell: Cell) -> tuple[str, ...]:
        """The narrowest patterns of the policies that cover a cell; ``*`` for all else."""
        matched = {
            pattern.text: each
            for each in bits(cell.mask)
            for pattern in self.members[each]
            if matches(pattern, cell.example)
        }
        if not matched:
            return (EVERYTHING,)
        return tuple(pattern.text for pattern in self.members[matched[narrowest(matched)]])


def index_resources(
    table: BodyTable, numbers: Sequence[int], changed: int, budget: Budget
) -> tuple[ResourceIndex, int]:
    """The patterns of some bodies, and those on which a change may show (0: any)."""
    holders: dict[Pattern, int] = {}
    linked: set[Pattern] = set()
    for number in numbers:
        body = table.bodies[number]
        patterns = body.resources or ()
        budget.spend(len(patterns))
        linked.update(body.templates)
        for pattern in patterns:
            holders[pattern] = holders.get(pattern, 0) | 1 << number
    by_holders: dict[tuple[int, Pattern | None], int] = {}
    classes = tuple(
        by_holders.setdefault((who, each if each in linked else None), len(by_holders))
        for each, who in holders.items()
    )
    masks = dict.fromkeys(numbers, 0)
    for (who, _), each in by_holders.items():
        for number in bits(who):
            masks[number] |= 1 << each
    members: tuple[list[Pattern], ...] = tuple([] for _ in by_holders)
    for pattern, each in zip(holders, classes, strict=True):
        members[each].append(pattern)
    elsewhere = interest = 0
    for number in numbers:
        body = table.bodies[number]
        if body.inverted or body.resources is None:
            elsewhere |= 1 << number
        elif changed >> number & 1:
            interest |= masks[number]
    bodies = tuple(who for who, _ in by_holders)
    index = ResourceIndex(tuple(holders), classes, members, bodies, masks, elsewhere)
    return index, 0 if elsewhere & changed else interest
