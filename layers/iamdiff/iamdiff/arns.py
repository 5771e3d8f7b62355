"""Resource patterns: which ARNs they match, and how they overlap.

A pattern matches field by field (IAM User Guide, "IAM JSON policy elements: Resource"): what
stands in the first five fields never crosses a colon, the sixth takes the rest. A pattern with
fewer fields is completed with ``*``; `readings` tells where AWS's pages also allow another
reading.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from iamdiff.budget import Budget
from iamdiff.globs import ARN_FIELDS, Cell, arn_fields, cells, matcher

EVERYTHING = "*"
"""The resource of actions that take none, and the pattern that matches it and every ARN."""

_FIRST_FIELD = "arn"
# Where a field is free, an example shows what such a field usually holds.
_USUAL = ("arn", "aws", "s3", "us-east-1", "123456789012", "example")


class Pattern(NamedTuple):
    """A resource pattern as its six fields; `universal` is the bare ``*``."""

    text: str
    fields: tuple[str, ...]
    universal: bool


@lru_cache(maxsize=4096)
def parse_pattern(text: str) -> Pattern:
    """Split a resource pattern into its six fields, completed with ``*``."""
    if text and not text.strip("*"):
        return Pattern(text, ("*",) * ARN_FIELDS, universal=True)
    return Pattern(text, arn_fields(text), universal=False)


@lru_cache(maxsize=4096)
def is_ambiguous(text: str) -> bool:
    """Whether completion and a star that runs over colons read a short pattern differently.

    Only a ``*`` that ends a field may run over colons; where nothing but bare stars follows it,
    the readings agree.
    """
    fields = text.split(":", ARN_FIELDS - 1)
    if len(fields) == ARN_FIELDS:
        return False
    return any(
        field.endswith("*") and set(fields[index + 1 :]) > {"*"}
        for index, field in enumerate(fields[:-1])
    )


@lru_cache(maxsize=1024)
def crossing_readings(text: str) -> tuple[str, ...]:
    """A short pattern whose field-ending stars run over colons, as patterns of six fields."""
    found: list[str] = []

    def extend(done: str, rest: str, colons: int) -> None:
        for index, character in enumerate(rest):
            if character == ":" and colons < ARN_FIELDS - 1:
                colons += 1
            elif rest[index:].startswith("*:") and colons < ARN_FIELDS - 1:
                head, tail = done + rest[:index], rest[index + 1 :]
                for crossed in range(ARN_FIELDS - colons):
                    extend(head + "*" + ":*" * crossed, tail, colons + crossed)
                return
        if colons == ARN_FIELDS - 1:
            found.append(done + rest)

    extend("", text, 0)
    return tuple(dict.fromkeys(found))


def matches(pattern: Pattern, resource: str) -> bool:
    """Whether a pattern matches ``*`` or an ARN."""
    if pattern.universal:
        return True
    fields = resource.split(":", ARN_FIELDS - 1)
    return len(fields) == ARN_FIELDS and all(
        matcher(glob)(field) for glob, field in zip(pattern.fields, fields, strict=True)
    )


def mask_of(resource: str, patterns: Sequence[Pattern]) -> int:
    """Which of the patterns match a resource."""
    return sum(1 << index for index, each in enumerate(patterns) if matches(each, resource))


def resource_cells(patterns: Sequence[Pattern], *, budget: Budget, interest: int) -> list[Cell]:
    """Split ``*`` and all ARNs by which patterns match them.

    Parameters
    ----------
    patterns : Sequence[Pattern]
        Distinct patterns.
    interest : int
        Where it is not 0, only cells that share a bit with it are wanted.

    Raises
    ------
    BudgetExceeded
        The patterns overlap in too many ways.
    """
    universal = sum(1 << i for i, pattern in enumerate(patterns) if pattern.universal)
    found: dict[int, str] = {}
    if not interest or universal & interest:
        found[universal] = EVERYTHING
    alive = 0
    for index, pattern in enumerate(patterns):
        if not pattern.universal and matcher(pattern.fields[0])(_FIRST_FIELD):
            alive |= 1 << index
    wanted = 0 if universal & interest else interest
    if wanted and not alive & wanted:
        return [Cell(mask, text) for mask, text in found.items()]
    for mask, text in _Tails(patterns, wanted, budget).of(alive, 1).items():
        found.setdefault(universal | mask, f"{_FIRST_FIELD}:{text}")
    return [Cell(mask, text) for mask, text in found.items() if not interest or mask & interest]


def arn_cells(patterns: Sequence[Pattern], *, budget: Budget) -> list[Cell]:
    """Split all ARNs by which patterns match them, as the Arn… condition operators do.

    There ``*`` is a pattern like others: six fields of ``*``.
    """
    alive = sum(1 << i for i, each in enumerate(patterns) if matcher(each.fields[0])(_FIRST_FIELD))
    tails = _Tails(patterns, 0, budget).of(alive, 1)
    return [Cell(mask, f"{_FIRST_FIELD}:{text}") for mask, text in tails.items()]


class _Tails:
    """The cells of the fields from a given one on, for the patterns still alive there."""

    def __init__(self, patterns: Sequence[Pattern], interest: int, budget: Budget) -> None:
        self.patterns = patterns
        self.interest = interest
        self.budget = budget
        self.memo: dict[tuple[int, int], dict[int, str]] = {}

    def of(self, alive: int, field: int) -> dict[int, str]:
        """By mask of the patterns that match to the end: an example of the remaining fields."""
        known = self.memo.get((alive, field))
        if known is None:
            known = self.memo[alive, field] = self._compute(alive, field)
        return known

    def _compute(self, alive: int, field: int) -> dict[int, str]:
        if not alive:
            return {0: ":".join(_USUAL[field:])}
        by_glob: dict[str, int] = {}
        for index, pattern in enumerate(self.patterns):
            if alive >> index & 1:
                glob = pattern.fields[field]
                by_glob[glob] = by_glob.get(glob, 0) | 1 << index
        globs = list(by_glob)
        masks = list(by_glob.values())
        wanted = sum(1 << i for i, mask in enumerate(masks) if mask & self.interest)
        found: dict[int, str] = {}
        for mask, example in cells(globs, budget=self.budget, interest=wanted):
            remaining = sum(bits for i, bits in enumerate(masks) if mask >> i & 1)
            if self.interest and not remaining & self.interest:
                continue
            text = _usual(globs, mask, field, example)
            if field == ARN_FIELDS - 1:
                found.setdefault(remaining, text)
                continue
            for rest, tail in self.of(remaining, field + 1).items():
                self.budget.spend()
                if not self.interest or rest & self.interest:
                    found.setdefault(rest, f"{text}:{tail}")
        return found


def _usual(globs: Sequence[str], mask: int, field: int, example: str) -> str:
    """What a field usually holds where that is in the cell, else the example."""
    if is_in(_USUAL[field], globs, mask):
        return _USUAL[field]
    return example


def is_in(text: str, globs: Sequence[str], mask: int) -> bool:
    """Whether a text lies in a cell."""
    return all(matcher(glob)(text) == bool(mask >> i & 1) for i, glob in enumerate(globs))
