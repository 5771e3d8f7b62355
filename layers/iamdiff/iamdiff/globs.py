"""Sets of strings written with ``*`` and ``?``: whether they match, and how they overlap.

The question that everything else asks is `cells`: into which classes do these patterns split all
strings, and what is one string of each class? A class is named by a mask, bit i set where pattern
i matches. The answer is exact: no class is missed and none is invented.

A literal ``*`` or ``?`` inside a pattern (``${*}``, or a value under StringEquals) is written as a
character of the private use area; `literal` and `readable` convert.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from iamdiff.budget import Budget

ARN_FIELDS = 6
_STAR, _QUESTION = "\ue000", "\ue001"
_LITERAL = str.maketrans({"*": _STAR, "?": _QUESTION})
_READABLE = str.maketrans({_STAR: "*", _QUESTION: "?"})

ACTION_CHARACTERS = "xyzabcdefghijklmnopqrstuvw0123456789_.-"
"""What an action's name is made of, in lower case; the first are preferred in examples."""
VALUE_CHARACTERS = "xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW0123456789-_./=+@,!~#%&"


class Reading(Enum):
    """How a pattern reads a string."""

    PLAIN = "plain"
    """Letter by letter."""
    FOLDED = "folded"
    """Ignoring case; the pattern is in lower case."""
    ARN = "arn"
    """As six fields: stars and question marks of the first five stop at a colon."""


class Cell(NamedTuple):
    """One class of strings: which patterns match it, and one string of it."""

    mask: int
    example: str


def literal(text: str) -> str:
    """Write a text as the pattern that matches it alone."""
    return text.translate(_LITERAL)


def readable(text: str) -> str:
    """Write an example as people and requests do."""
    return text.translate(_READABLE)


def is_literal(pattern: str) -> bool:
    """Whether a pattern matches one string only."""
    return "*" not in pattern and "?" not in pattern


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for one pattern; ``*`` is any run of characters, ``?`` is one."""
    if is_literal(pattern):
        return pattern.__eq__
    if "?" not in pattern:
        first, *middle, last = pattern.split("*")
        if not middle and not last:
            return lambda text: text.startswith(first)
        return lambda text: _matches_in_order(text, first, middle, last)
    return lambda text: _matches(pattern, text)


def _matches_in_order(text: str, first: str, middle: Sequence[str], last: str) -> bool:
    """Whether the parts between the stars stand in `text`, one after the other."""
    end = len(text) - len(last)
    position = len(first)
    if end < position or not text.startswith(first) or not text.endswith(last):
        return False
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True


def _matches(pattern: str, text: str) -> bool:
    """Greedy match with one step back to the last star: linear in practice, never exponential."""
    p = t = 0
    star, mark = -1, 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, mark, p = p, t, p + 1
        elif p < len(pattern) and pattern[p] in ("?", text[t]):
            p, t = p + 1, t + 1
        elif star >= 0:
            mark += 1
            p, t = star + 1, mark
        else:
            return False
    return all(character == "*" for character in pattern[p:])


def mask_of(text: str, patterns: Sequence[str]) -> int:
    """Which of the patterns match a text."""
    mask = 0
    for index, pattern in enumerate(patterns):
        if matcher(pattern)(text):
            mask |= 1 << index
    return mask


def cells(
    patterns: Sequence[str],
    *,
    budget: Budget,
    characters: str = VALUE_CHARACTERS,
    interest: int = 0,
    empty: bool = True,
    readings: Sequence[Reading] | None = None,
) -> list[Cell]:
    """Split all strings by which patterns match them.

    Parameters
    ----------
    patterns : Sequence[str]
        Distinct patterns.
    characters : str
        What a string may be made of besides the characters of the patterns.
    interest : int
        Where it is not 0, only cells that share a bit with it are wanted.
    empty : bool
        Whether the empty string is a string of this universe.
    readings : Sequence[Reading] | None
        How each pattern is read; None: all plainly.

    Raises
    ------
    BudgetExceeded
        The patterns overlap in too many ways.
    """
    budget.spend(len(patterns) + 1)
    how = readings or [Reading.PLAIN] * len(patterns)
    universal, literals, wildcards = _sort_out(patterns, how)
    tests = [(1 << i, reader(patterns[i], how[i])) for i in wildcards]
    found: dict[int, str] = {}
    for text, index in literals.items():
        mask = universal | 1 << index
        for bit, test in tests:
            if test(text):
                mask |= bit
        if text or empty:
            found[mask] = text
    if universal & interest:
        interest = 0
    packed = sum(1 << place for place, index in enumerate(wildcards) if interest >> index & 1)
    if packed or not interest:
        search = _Search(budget, characters, packed, empty)
        wild = search.cells([patterns[i] for i in wildcards], [how[i] for i in wildcards], literals)
        for mask, text in wild:
            spread = sum(1 << i for place, i in enumerate(wildcards) if mask >> place & 1)
            found.setdefault(universal | spread, text)
    return [Cell(mask, text) for mask, text in found.items() if not interest or mask & interest]


def _sort_out(
    patterns: Sequence[str], how: Sequence[Reading]
) -> tuple[int, dict[str, int], list[int]]:
    """Those that match everything (a mask), those that match one string, and the others."""
    universal = 0
    literals: dict[str, int] = {}
    wildcards: list[int] = []
    for index, pattern in enumerate(patterns):
        if pattern and not pattern.strip("*") and how[index] is not Reading.ARN:
            universal |= 1 << index
        elif is_literal(pattern) and how[index] is Reading.PLAIN:
            literals[pattern] = index
        else:
            wildcards.append(index)
    return universal, literals, wildcards


def reader(pattern: str, how: Reading) -> Callable[[str], bool]:
    """A test for one pattern, read in its way."""
    test = matcher(pattern)
    if how is Reading.FOLDED:
        return lambda text: test(text.lower())
    if how is Reading.ARN:
        fields = [matcher(field) for field in arn_fields(pattern)]
        return lambda text: (
            text.count(":") >= ARN_FIELDS - 1
            and all(
                matches(field)
                for matches, field in zip(fields, text.split(":", ARN_FIELDS - 1), strict=True)
            )
        )
    return test


def arn_fields(pattern: str) -> tuple[str, ...]:
    """The six fields of an ARN pattern; one that has fewer is completed with ``*``."""
    fields = pattern.split(":", ARN_FIELDS - 1)
    return (*fields, *["*"] * (ARN_FIELDS - len(fields)))


class _Search(NamedTuple):
    """The cells of patterns with wildcards: by a tree where it is easy, else by an automaton."""

    budget: Budget
    characters: str
    interest: int
    empty: bool

    def cells(
        self, patterns: Sequence[str], how: Sequence[Reading], literals: Iterable[str]
    ) -> list[Cell]:
        """The cells, with examples that are none of the `literals`."""
        taken = frozenset(literals)
        if all(
            reading is Reading.PLAIN and pattern.endswith("*") and is_literal(pattern[:-1])
            for pattern, reading in zip(patterns, how, strict=True)
        ):
            quick = _prefix_cells(patterns, taken, self.characters, empty=self.empty)
            if quick is not None:
                self.budget.spend(len(patterns))
                return [c for c in quick if not self.interest or c.mask & self.interest]
        return self._by_automaton(patterns, how, taken)

    def _by_automaton(
        self, patterns: Sequence[str], how: Sequence[Reading], taken: frozenset[str]
    ) -> list[Cell]:
        # Strings that are taken get a pattern of their own only when one of them comes up as an
        # example: then the search goes round it. Each round settles one string at least.
        bits = (1 << len(patterns)) - 1
        avoided: list[str] = []
        while True:
            automaton = _Automaton(
                [*patterns, *avoided], [*how, *[Reading.PLAIN] * len(avoided)], self.characters
            )
            found: dict[int, str] = {}
            for mask, text in automaton.walk(self.interest, self.budget, empty=self.empty):
                if mask & ~bits == 0:
                    found.setdefault(mask, text)
            clashes = [text for text in found.values() if text in taken]
            if not clashes:
                return [Cell(mask, text) for mask, text in found.items()]
            avoided += clashes


def _prefix_cells(
    patterns: Sequence[str], taken: frozenset[str], characters: str, *, empty: bool
) -> list[Cell] | None:
    """Cells of patterns that are all of the form ``prefix*``: a tree, so no search is needed.

    Returns None where an example does not come easily (the general search finds it or shows that
    there is none).
    """
    prefixes = {pattern[:-1]: 1 << index for index, pattern in enumerate(patterns)}
    masks: dict[str, int] = {"": 0}
    for prefix in sorted(prefixes):
        mask = prefixes[prefix]
        for other, bit in prefixes.items():
            if prefix.startswith(other):
                mask |= bit
        masks[prefix] = mask
    found = []
    for prefix, mask in masks.items():
        for filler in _fillers(prefix, characters, empty=empty):
            if filler not in taken and not any(
                filler.startswith(other) for other in prefixes if not prefix.startswith(other)
            ):
                found.append(Cell(mask, filler))
                break
        else:
            return None
    return found


def _fillers(prefix: str, characters: str, *, empty: bool) -> Iterator[str]:
    for character in characters:
        yield prefix + character
    for character in characters[:4]:
        yield prefix + character * 4
    if prefix or empty:
        yield prefix


class _Automaton:
    """Runs all patterns at once: a state is the set of positions reached, as bits of an int.

    Position i of a pattern means that i of its characters (stars aside) were read. A star keeps
    its position alive; the last position accepts.
    """

    def __init__(self, patterns: Sequence[str], how: Sequence[Reading], characters: str) -> None:
        self.characters = characters
        self.colons_matter = Reading.ARN in how
        self.start = self.size = 0
        self.loops = self.any = 0
        self.loops_on_colon = self.any_on_colon = 0
        self.by_character: dict[str, int] = {}
        self.token: list[str] = []
        self.final: list[int] = []
        self.extent: list[int] = []
        for pattern, reading in zip(patterns, how, strict=True):
            first = self.size
            self.start |= 1 << first
            if reading is Reading.ARN:
                *fields, last = arn_fields(pattern)
                self._add("".join(f"{field}:" for field in fields), reading, stops=True)
                self._add(last, reading, stops=False)
            else:
                self._add(pattern, reading, stops=False)
            self.final.append(1 << self.size)
            self.token.append("")
            self.size += 1
            self.extent.append((1 << self.size) - (1 << first))

    def _add(self, pattern: str, reading: Reading, *, stops: bool) -> None:
        """Append the positions of a piece of a pattern; `stops`: its wildcards stop at colons."""
        for character in pattern:
            bit = 1 << self.size
            if character == "*":
                self.loops |= bit
                self.loops_on_colon |= 0 if stops else bit
                continue
            each: Iterable[str] = character
            if character == "?":
                self.any |= bit
                self.any_on_colon |= 0 if stops else bit
                each = ""
            elif reading is Reading.FOLDED:
                each = {character, character.upper()}
            for one in each:
                self.by_character[one] = self.by_character.get(one, 0) | bit
            self.token.append("".join(each))
            self.size += 1

    def walk(self, interest: int, budget: Budget, *, empty: bool) -> Iterator[Cell]:
        """Every state that can be reached, shortest strings first, as mask and string."""
        alive = sum(extent for i, extent in enumerate(self.extent) if interest >> i & 1)
        queue = deque([(self.start, "")])
        seen = {self.start} if empty else set()
        while queue:
            state, text = queue.popleft()
            budget.spend()
            if text or empty:
                yield Cell(self._accepted(state), text)
            for character in self._next_characters(state):
                after = self._step(state, character)
                if after not in seen and (not alive or after & alive):
                    seen.add(after)
                    queue.append((after, text + character))

    def _step(self, state: int, character: str) -> int:
        awaiting = self.by_character.get(character, 0)
        if character == ":":
            return (state & (awaiting | self.any_on_colon)) << 1 | state & self.loops_on_colon
        return (state & (awaiting | self.any)) << 1 | state & self.loops

    def _accepted(self, state: int) -> int:
        return sum(1 << index for index, final in enumerate(self.final) if state & final)

    def _next_characters(self, state: int) -> Iterator[str]:
        """What leads to different states: each character that a pattern awaits, and another."""
        awaited: set[str] = set(":" if self.colons_matter else "")
        while state:
            low = state & -state
            awaited.update(self.token[low.bit_length() - 1])
            state ^= low
        for character in self.characters:
            if character not in awaited:
                yield character
                break
        yield from sorted(awaited)
