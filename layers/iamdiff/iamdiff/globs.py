"""Sets of strings written with ``*`` and ``?``, and whether they match.

A literal ``*`` or ``?`` inside a pattern (``${*}``, or a value under StringEquals) is written as
half a surrogate pair, which no policy holds (`sources.load_json`); `literal` and `readable`
convert.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from operator import methodcaller

ARN_FIELDS = 6
NO_ARN = ":" * (ARN_FIELDS - 1)
"""A pattern of six fields that no ARN matches."""
_STAR, _QUESTION = "\ud800", "\ud801"
_LITERAL = str.maketrans({"*": _STAR, "?": _QUESTION})
_READABLE = str.maketrans({_STAR: "*", _QUESTION: "?"})


class Reading(Enum):
    """How a pattern reads a string."""

    PLAIN = "plain"
    """Letter by letter."""
    FOLDED = "folded"
    """Ignoring case; the pattern is in lower case."""
    ARN = "arn"
    """As six fields: stars and question marks of the first five stop at a colon."""


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def literal(text: str) -> str:
    """Write a text as the pattern that matches it alone."""
    return text if is_literal(text) else text.translate(_LITERAL)


def readable(text: str) -> str:
    """Write an example as people and requests do."""
    return text if text.isascii() else text.translate(_READABLE)


def is_literal(pattern: str) -> bool:
    """Whether a pattern matches one string only."""
    return "*" not in pattern and "?" not in pattern


def are_literal(patterns: Iterable[str]) -> bool:
    """Whether each of some patterns matches one string only."""
    return is_literal("".join(patterns))


def instance(pattern: str) -> str:
    """A text that a pattern matches."""
    return pattern.replace("*", "x").replace("?", "x")


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for one pattern; ``*`` is any run of characters, ``?`` is one."""
    if is_literal(pattern):
        return pattern.__eq__
    if "?" not in pattern:
        first, *middle, last = pattern.split("*")
        if not middle and not last:
            return methodcaller("startswith", first)
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


def _matches(pattern: str, text: str, *, apart_from: str = "") -> bool:
    """Greedy match with one step back to the last star: linear in practice, never exponential.

    A question mark matches any character `apart_from` one.
    """
    p = t = 0
    star, mark = -1, 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, mark, p = p, t, p + 1
        elif p < len(pattern) and (
            pattern[p] == text[t] or (pattern[p] == "?" and text[t] != apart_from)
        ):
            p, t = p + 1, t + 1
        elif star >= 0:
            mark += 1
            p, t = star + 1, mark
        else:
            return False
    return all(character == "*" for character in pattern[p:])


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


def globs_meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns.

    Where both have a star, only what stands before their first stars and after their last ones
    can clash: between them each star takes whatever the other pattern asks for.
    """
    if "*" not in one:
        one, other = other, one
    if "*" not in other:
        return _takes(one, other)
    return _agree(one.partition("*")[0], other.partition("*")[0]) and _agree(
        one.rpartition("*")[2][::-1], other.rpartition("*")[2][::-1]
    )


def covers(pattern: str, other: str) -> bool:
    """Whether a pattern surely matches whatever another one does.

    Not told of all that do: ``a?*b`` matches what ``a*bb`` does.
    """
    if "?" in pattern:
        return _matches(pattern, other, apart_from="*")
    return matcher(pattern)(other)


def _takes(pattern: str, fixed: str) -> bool:
    """Whether a pattern matches a text of one with no star: its parts stand there in order."""
    if "*" not in pattern:
        return len(pattern) == len(fixed) and _agree(pattern, fixed)
    first, *middle, last = pattern.split("*")
    end = len(fixed) - len(last)
    position = len(first)
    if end < position or not _agree(first, fixed) or not _agree(last, fixed[end:]):
        return False
    for part in middle:
        while not _agree(part, fixed[position:]):
            position += 1
        position += len(part)
    return position <= end


def _agree(one: str, other: str) -> bool:
    """Whether two beginnings without stars can be of one text."""
    if one.startswith(other) or other.startswith(one):
        return True
    return all(a == b or "?" in (a, b) for a, b in zip(one, other, strict=False))
