"""Patterns with wildcards, run all at once over the strings that tell them apart."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from iamdiff.budget import Budget
from iamdiff.globs import Reading, arn_fields, is_literal, reader

WORDS = 4096
"""Bits of an int that cost about as much to go over as a step."""


class Cell(NamedTuple):
    """One class of strings: which patterns match it, and one string of it."""

    mask: int
    example: str


class Wildcard(NamedTuple):
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


class Automaton:
    """Runs all patterns at once: a state is the set of positions reached, as bits of an int.

    Position i of a pattern means that i of its characters (stars aside) were read. A star keeps
    its position alive; the last position accepts.
    """

    def __init__(self, wildcards: Sequence[Wildcard], characters: str) -> None:
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
        self.finals = sum(final for final, _ in self.final)
        self.awaited: dict[int, set[str]] = {}
        self.kept: dict[int, int] = {0: -1}
        self.accepted: dict[int, int] = {0: 0}

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

    def walk(self, interest: int, budget: Budget, *, empty: bool) -> Iterator[tuple[int, str]]:
        """Every state that can be reached, shortest strings first, as mask and string."""
        alive = sum(extent for bit, extent in self.extent.items() if interest & bit)
        queue = deque([(self.start, "")])
        seen = {self.start} if empty else set()
        while queue:
            state, text = queue.popleft()
            budget.spend(3 + 3 * state.bit_count() + self.size // WORDS * 64)
            if text or empty:
                yield self._accepted(state), text
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
        hit = after & self.settled
        kept = self.kept.get(hit)
        if kept is None:
            kept = self.kept[hit] = self._kept(hit)
        return after & kept

    def _kept(self, hit: int) -> int:
        """The positions that go on once some that accept for good are reached."""
        found = -1
        for final, rest in self.settling:
            if hit & found & final:
                found &= rest
        return found

    def _accepted(self, state: int) -> int:
        """The classes whose patterns match what led to a state."""
        finals = state & self.finals
        mask = self.accepted.get(finals)
        if mask is None:
            mask = 0
            for final, bit in self.final:
                if finals & final:
                    mask |= bit
            self.accepted[finals] = mask
        return mask

    def _next_characters(self, state: int) -> Iterator[str]:
        """What leads to different states: each character that a pattern awaits, and another."""
        # What the stars reached await changes seldom from state to state.
        waiting = state & self.loops
        awaited = self.awaited.get(waiting)
        if awaited is None:
            awaited = self.awaited[waiting] = self._awaited(waiting)
            awaited.update(":" if self.colons_matter else "")
        if state != waiting:
            awaited = awaited | self._awaited(state ^ waiting)
        for character in self.characters:
            if character not in awaited:
                yield character
                break
        yield from sorted(awaited)

    def _awaited(self, state: int) -> set[str]:
        """The characters that a pattern awaits."""
        awaited: set[str] = set()
        while state:
            low = state & -state
            awaited.update(self.token[low.bit_length() - 1])
            state ^= low
        return awaited
