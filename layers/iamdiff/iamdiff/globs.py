"""Sets of strings written with ``*`` and ``?``: whether they match, and how they overlap.

The question that everything else asks is `cells`: into which classes do these patterns split all
strings, and what is one string of each class? A class is named by a mask, bit i set where pattern
i matches. The answer is exact: no class is missed and none is invented.

A literal ``*`` or ``?`` inside a pattern (``${*}``, or a value under StringEquals) is written as a
character of the private use area; `literal` and `readable` convert.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from iamdiff.budget import Budget

ARN_FIELDS = 6
_WORDS = 4096
"""Bits of an int that cost about as much to go over as a step."""
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


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


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


class _Wildcard(NamedTuple):
    """A pattern with wildcards, the bit of its class, and how it is read."""

    pattern: str
    bit: int
    reading: Reading

    @property
    def test(self) -> Callable[[str], bool]:
        """Whether it matches a text."""
        return reader(self.pattern, self.reading)

    @property
    def prefix(self) -> str | None:
        """What it begins with, where it is nothing but a prefix and a star."""
        if self.reading is Reading.PLAIN and self.pattern.endswith("*"):
            prefix = self.pattern.rstrip("*")
            return prefix if is_literal(prefix) else None
        return None


def _sort_out(
    patterns: Sequence[str], bits: Sequence[int], readings: Sequence[Reading]
) -> tuple[int, dict[str, int], list[_Wildcard]]:
    """Classes that match everything, those that match one string each, and the wildcards."""
    universal = 0
    literals: dict[str, int] = {}
    wildcards: dict[_Wildcard, None] = {}
    for pattern, bit, reading in zip(patterns, bits, readings, strict=True):
        if pattern and not pattern.strip("*") and reading is not Reading.ARN:
            universal |= bit
        elif is_literal(pattern) and reading is Reading.PLAIN:
            literals[pattern] = literals.get(pattern, 0) | bit
        else:
            wildcards[_Wildcard(pattern, bit, reading)] = None
    return universal, literals, [each for each in wildcards if each.bit & ~universal]


@lru_cache(maxsize=4096)
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

    def cells(self, wildcards: Sequence[_Wildcard], literals: Iterable[str]) -> list[Cell]:
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

    def _by_automaton(self, wildcards: Sequence[_Wildcard], taken: frozenset[str]) -> list[Cell]:
        # Strings that are taken get a pattern of their own only when one of them comes up as an
        # example: then the search goes round it. Each round settles one string at least.
        avoiding = 1 << max((each.bit.bit_length() for each in wildcards), default=0)
        avoided: list[_Wildcard] = []
        while True:
            size = sum(len(each.pattern) for each in (*wildcards, *avoided))
            self.budget.spend(size + size * size // _WORDS)
            automaton = _Automaton([*wildcards, *avoided], self.characters)
            found: dict[int, str] = {}
            for mask, text in automaton.walk(self.interest, self.budget, empty=self.empty):
                if not mask & avoiding:
                    found.setdefault(mask, text)
            clashes = [text for text in found.values() if text in taken]
            if not clashes:
                return [Cell(mask, text) for mask, text in found.items()]
            avoided += [_Wildcard(text, avoiding, Reading.PLAIN) for text in clashes]


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
        budget.spend(len(below) // 4 + 2 + len(prefixes) // _WORDS * 8)
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


class _Automaton:
    """Runs all patterns at once: a state is the set of positions reached, as bits of an int.

    Position i of a pattern means that i of its characters (stars aside) were read. A star keeps
    its position alive; the last position accepts.
    """

    def __init__(self, wildcards: Sequence[_Wildcard], characters: str) -> None:
        self.characters = characters
        self.colons_matter = any(each.reading is Reading.ARN for each in wildcards)
        self.start = self.size = 0
        self.loops = self.any = 0
        self.loops_on_colon = self.any_on_colon = 0
        self.by_character: dict[str, int] = {}
        self.token: list[str] = []
        self.final: list[tuple[int, int]] = []
        self.extent: dict[int, int] = {}
        for pattern, bit, reading in wildcards:
            first = self.size
            self.start |= 1 << first
            if reading is Reading.ARN:
                *fields, last = arn_fields(pattern)
                self._add("".join(f"{field}:" for field in fields), reading, stops=True)
                self._add(last, reading, stops=False)
            else:
                self._add(pattern, reading, stops=False)
            self.final.append((1 << self.size, bit))
            self.token.append("")
            self.size += 1
            self.extent[bit] = self.extent.get(bit, 0) | (1 << self.size) - (1 << first)
        # What accepts for good settles its class: the class's other positions are dropped.
        self.settling = [
            (final, final | ~self.extent[bit])
            for final, bit in self.final
            if final & self.loops_on_colon
        ]
        self.settled = sum(final for final, _ in self.settling)

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
        alive = sum(extent for bit, extent in self.extent.items() if interest & bit)
        queue = deque([(self.start, "")])
        seen = {self.start} if empty else set()
        while queue:
            state, text = queue.popleft()
            budget.spend(2 + 2 * state.bit_count() + self.size // _WORDS * 64)
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
            after = (state & (awaiting | self.any_on_colon)) << 1 | state & self.loops_on_colon
        else:
            after = (state & (awaiting | self.any)) << 1 | state & self.loops
        if after & self.settled:
            for final, rest in self.settling:
                if after & final:
                    after &= rest
        return after

    def _accepted(self, state: int) -> int:
        mask = 0
        for final, bit in self.final:
            if state & final:
                mask |= bit
        return mask

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
