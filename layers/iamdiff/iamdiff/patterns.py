"""Patterns of single texts for the reference evaluator: ``*`` any run of characters, ``?`` one.

A pattern is a sequence of units: stretches of characters, and wildcards. So a ``*`` that a policy
variable brought along stays a character (IAM User Guide, "IAM policy elements: Variables and
tags").
"""

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache


class Wildcard(Enum):
    """A unit of a pattern that is no character."""

    RUN = "*"
    ONE = "?"


type Unit = str | Wildcard
"""A stretch of characters, or a wildcard."""

type Pattern = str | tuple[Unit, ...]
"""A sequence of units; where none is a wildcard it may be a text."""

_WILDCARDS = {wildcard.value: wildcard for wildcard in Wildcard}


@lru_cache(maxsize=16384)
def pattern_of(text: str) -> tuple[Unit, ...]:
    """A pattern as a policy writes it; variables in it are text."""
    return tuple(_WILDCARDS.get(each, each) for each in re.split(r"([*?])", text) if each)


def plain_or_pattern(pattern: Pattern) -> Pattern:
    """A pattern as a text where it holds no wildcard, so that matching it is comparing."""
    characters = [unit for unit in pattern if isinstance(unit, str)]
    return "".join(characters) if len(characters) == len(pattern) else pattern


def matches(pattern: Pattern, text: str) -> bool:
    """Whether a pattern matches the whole of a text.

    Walks both from the left; on a mismatch the last ``*`` swallows one character more. To try an
    earlier ``*`` again could not help, so the work is at most the product of the lengths.
    """
    if isinstance(pattern, str):
        return pattern == text
    at = place = resume = 0
    star = None
    while True:
        unit = pattern[at] if at < len(pattern) else None
        if unit is Wildcard.RUN:
            star, resume = at, place
            at += 1
            if at == len(pattern):
                return True
        elif unit is None and place == len(text):
            return True
        elif unit is Wildcard.ONE and place < len(text):
            at += 1
            place += 1
        elif isinstance(unit, str) and text.startswith(unit, place):
            at += 1
            place += len(unit)
        elif star is not None and resume < len(text):
            resume += 1
            at, place = star + 1, resume
        else:
            return False


def split(pattern: Sequence[Unit], fields: int) -> list[Pattern]:
    """Cut a pattern at its first colons into at most `fields` fields; the last takes the rest."""
    parts: list[tuple[Unit, ...]] = [()]
    for unit in pattern:
        if isinstance(unit, Wildcard):
            parts[-1] += (unit,)
            continue
        own, *others = unit.split(":", fields - len(parts))
        parts[-1] += (own,) if own else ()
        parts += [(other,) if other else () for other in others]
    return [*parts]
