"""How patterns overlap: the classes into which they split all strings, and a string of each.

A class is named by a mask, bit i set where pattern i (or a pattern of class i) matches. The answer
is exact: no class is missed and none is invented.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from iamdiff.automata import WORDS, Automaton, Cell, Wildcard
from iamdiff.budget import Budget
from iamdiff.globs import Reading, is_literal

ACTION_CHARACTERS = "xyzabcdefghijklmnopqrstuvw0123456789_.-"
"""What an action's name is made of, in lower case; the first are preferred in examples."""
VALUE_CHARACTERS = "xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW0123456789-_./=+@,!~#%&"


def cells(
    patterns: Sequence[str],
    *,
    budget: Budget,
    classes: Sequence[int] | None = None,
    characters: str = VALUE_CHARACTERS,
    interest: int = 0,
    empty: bool = True,
    readings: Sequence[Reading] | None = None,
    avoid: Iterable[str] = (),
) -> list[Cell]:
    """Split all strings by which patterns match them.

    Parameters
    ----------
    classes : Sequence[int] | None
        The class of each pattern: patterns of one class count as one, bit i of a mask is class i.
        None: each is a class of its own.
    characters : str
        What a string may be made of besides the characters of the patterns.
    interest : int
        Where it is not 0, only cells that share a bit with it are wanted.
    empty : bool
        Whether the empty string is a string of this universe.
    readings : Sequence[Reading] | None
        How each pattern is read; None: all plainly.
    avoid : Iterable[str]
        Strings that are left out of the universe.

    Raises
    ------
    BudgetExceeded
        The patterns overlap in too many ways.
    """
    universal, literals, wildcards = _sort_out(
        patterns,
        [1 << i for i in (range(len(patterns)) if classes is None else classes)],
        readings or [Reading.PLAIN] * len(patterns),
    )
    budget.spend(len(patterns) + len(literals) * len(wildcards) // 2 + 1)
    found: dict[int, str] = {}
    for text, bit in literals.items():
        mask = universal | bit
        for each in wildcards:
            if each.bit & ~mask and each.test(text):
                mask |= each.bit
        if text or empty:
            found[mask] = text
    if universal & interest:
        interest = 0
    if not interest or any(each.bit & interest for each in wildcards):
        search = _Search(budget, characters, interest, empty)
        for mask, text in search.cells(wildcards, [*literals, *avoid]):
            found.setdefault(universal | mask, text)
    return [Cell(mask, text) for mask, text in found.items() if not interest or mask & interest]


def _sort_out(
    patterns: Sequence[str], bits: Sequence[int], readings: Sequence[Reading]
) -> tuple[int, dict[str, int], list[Wildcard]]:
    """Classes that match everything, those that match one string each, and the wildcards."""
    universal = 0
    literals: dict[str, int] = {}
    wildcards: dict[Wildcard, None] = {}
    for pattern, bit, reading in zip(patterns, bits, readings, strict=True):
        if pattern and not pattern.strip("*") and reading is not Reading.ARN:
            universal |= bit
        elif is_literal(pattern) and reading is Reading.PLAIN:
            literals[pattern] = literals.get(pattern, 0) | bit
        else:
            wildcards[Wildcard(pattern, bit, reading)] = None
    return universal, literals, [each for each in wildcards if each.bit & ~universal]


class _Search(NamedTuple):
    """The cells of patterns with wildcards: by a tree where it is easy, else by an automaton."""

    budget: Budget
    characters: str
    interest: int
    empty: bool

    def cells(self, wildcards: Sequence[Wildcard], literals: Iterable[str]) -> list[Cell]:
        """The cells, with examples that are none of the `literals`."""
        taken = frozenset(literals)
        prefixes: dict[str, int] = {}
        for each in wildcards:
            prefix = each.prefix
            if prefix is None:
                return self._by_automaton(wildcards, taken)
            prefixes[prefix] = prefixes.get(prefix, 0) | each.bit
        quick = _prefix_cells(prefixes, taken, self.characters, self.budget, empty=self.empty)
        if quick is None:
            return self._by_automaton(wildcards, taken)
        return [cell for cell in quick if not self.interest or cell.mask & self.interest]

    def _by_automaton(self, wildcards: Sequence[Wildcard], taken: frozenset[str]) -> list[Cell]:
        # Strings that are taken get a pattern of their own only when one of them comes up as an
        # example: then the search goes round it. Each round settles one string at least.
        avoiding = 1 << max((each.bit.bit_length() for each in wildcards), default=0)
        avoided: list[Wildcard] = []
        while True:
            size = sum(len(each.pattern) for each in (*wildcards, *avoided))
            self.budget.spend(size + size * size // WORDS)
            automaton = Automaton([*wildcards, *avoided], self.characters)
            found: dict[int, str] = {}
            for mask, text in automaton.walk(self.interest, self.budget, empty=self.empty):
                if not mask & avoiding:
                    found.setdefault(mask, text)
            clashes = [text for text in found.values() if text in taken]
            if not clashes:
                return [Cell(mask, text) for mask, text in found.items()]
            avoided += [Wildcard(text, avoiding, Reading.PLAIN) for text in clashes]


def _prefix_cells(
    prefixes: Mapping[str, int],
    taken: frozenset[str],
    characters: str,
    budget: Budget,
    *,
    empty: bool,
) -> list[Cell] | None:
    """Cells of patterns that are all of the form ``prefix*``: a tree, so no search is needed.

    Returns None where an example does not come easily (the general search finds it or shows that
    there is none).
    """
    found: dict[int, str] = {}
    above: list[tuple[str, int]] = []
    ordered = sorted({*prefixes, ""})
    for place, prefix in enumerate(ordered):
        while above and not prefix.startswith(above[-1][0]):
            above.pop()
        mask = prefixes.get(prefix, 0) | (above[-1][1] if above else 0)
        above.append((prefix, mask))
        below = []
        for other in ordered[place + 1 :]:
            if not other.startswith(prefix):
                break
            below.append(other)
        budget.spend(len(below) // 4 + 2 + len(prefixes) // WORDS * 8)
        for filler in _fillers(prefix, characters, empty=empty):
            if filler not in taken and not any(filler.startswith(other) for other in below):
                found.setdefault(mask, filler)
                break
        else:
            return None
    return [Cell(mask, text) for mask, text in found.items()]


def _fillers(prefix: str, characters: str, *, empty: bool) -> Iterator[str]:
    for character in characters:
        yield prefix + character
    for character in characters[:4]:
        yield prefix + character * 4
    if prefix or empty:
        yield prefix
