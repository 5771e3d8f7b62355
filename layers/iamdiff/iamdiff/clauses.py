"""The conditions of statements as questions about them are put together: each block once.

A question joins the blocks of a few statements, and most questions of a comparison join the same
ones. So each block, and each condition, is an object that stands for itself, and what it reads is
a mask.
"""

from collections.abc import Iterable, Sequence

from iamdiff.bodies import RESOURCE, Block, is_linked
from iamdiff.links import variables_of
from iamdiff.model import Condition

READS_RESOURCE = 1
"""The bit of `RESOURCE` among the keys."""


class Term:
    """One condition of a comparison, known by itself.

    Attributes
    ----------
    bit : int
        Its bit among all conditions.
    key : int
        The bit of its key among all keys.
    linked : int
        Where it holds policy variables: its key and theirs; else 0.
    """

    __slots__ = ("bit", "condition", "key", "linked")

    def __init__(self, condition: Condition, bit: int, key: int, linked: int) -> None:
        self.condition = condition
        self.bit = bit
        self.key = key
        self.linked = linked


class Clause:
    """The conditions of a statement: a block, known by itself.

    Attributes
    ----------
    mask : int
        Its conditions.
    keys : int
        Their keys.
    linked : tuple[int, ...]
        What each of those with policy variables reads.
    """

    __slots__ = ("block", "keys", "linked", "mask", "terms")

    def __init__(self, block: Block, terms: Sequence[Term]) -> None:
        self.block = block
        self.terms = terms
        self.linked = tuple(term.linked for term in terms if term.linked)
        self.mask = self.keys = 0
        for term in terms:
            self.mask |= term.bit
            self.keys |= term.key


ALWAYS = Clause((), ())
"""The clause of statements without conditions."""


class Clauses:
    """The clauses of one comparison."""

    def __init__(self) -> None:
        self.known: dict[Block, Clause] = {(): ALWAYS}
        self.terms: dict[Condition, Term] = {}
        self.keys: dict[str, int] = {RESOURCE: READS_RESOURCE}

    def of(self, block: Block) -> Clause:
        """The clause of a block."""
        found = self.known.get(block)
        if found is None:
            found = self.known[block] = Clause(block, tuple(map(self._term, block)))
        return found

    def _term(self, condition: Condition) -> Term:
        found = self.terms.get(condition)
        if found is None:
            key = self._bit(condition.key)
            linked = 0
            if is_linked(condition):
                linked = key
                for each in variables_of(condition):
                    linked |= self._bit(each)
            found = self.terms[condition] = Term(condition, 1 << len(self.terms), key, linked)
        return found

    def _bit(self, key: str) -> int:
        return self.keys.setdefault(key, 1 << len(self.keys))


def parts_of(
    required: Sequence[Term], false: Sequence[Clause]
) -> list[tuple[list[Term], list[Clause]]]:
    """What must hold and must not, by keys: first what no variable has a part in.

    Keys are independent, so each part has an answer of its own, or the whole has none. What no
    variable joins is one part. No part at all where there are no variables.
    """
    linked = [term.linked for term in required if term.linked]
    for clause in false:
        linked += clause.linked
    if not linked:
        return []
    parts: list[int] = []
    for keys in (*linked, *(clause.keys for clause in false)):
        joined = keys
        apart = []
        for part in parts:
            if part & keys:
                joined |= part
            else:
                apart.append(part)
        parts = [*apart, joined]
    read = _union(linked)
    tied = [part for part in parts if part & read]
    found: list[tuple[list[Term], list[Clause]]] = [([], []) for _ in range(len(tied) + 1)]
    for term in required:
        found[_place(term.key, tied)][0].append(term)
    for clause in false:
        found[_place(clause.keys, tied)][1].append(clause)
    return [part for part in found if part[0] or part[1]]


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _place(keys: int, tied: Sequence[int]) -> int:
    """The number of the part that holds some keys, from 1; 0 where no variable joins them."""
    for number, part in enumerate(tied, 1):
        if part & keys:
            return number
    return 0
