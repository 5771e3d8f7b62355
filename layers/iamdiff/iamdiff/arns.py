"""Resource patterns: which ARNs they match, and how they overlap.

A pattern matches field by field (IAM User Guide, "IAM JSON policy elements: Resource"): what
stands in the first five fields never crosses a colon, the sixth takes the rest. A pattern with
fewer fields is completed with ``*``; `readings` tells where AWS's pages also allow another
reading.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from iamdiff.automata import Cell
from iamdiff.budget import Budget
from iamdiff.cells import cells
from iamdiff.globs import ARN_FIELDS, arn_fields, bits, is_literal, matcher

EVERYTHING = "*"
"""The resource of actions that take none, and the pattern that matches it and every ARN."""

_FIRST_FIELD = "arn"
# Where a field is free, an example shows what such a field usually holds.
_USUAL = ("arn", "aws", "s3", "us-east-1", "123456789012", "example")


class Pattern(NamedTuple):
    """A resource pattern as its six fields.

    Attributes
    ----------
    universal : bool
        Whether it is the bare ``*``.
    """

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
        field.endswith("*") and not {"*"}.issuperset(fields[index + 1 :])
        for index, field in enumerate(fields[:-1])
    )


@lru_cache(maxsize=1024)
def crossing_readings(text: str) -> tuple[str, ...]:
    """A short pattern whose field-ending stars run over colons, as patterns of six fields."""
    found: list[str] = []
    last = ARN_FIELDS - 1

    def extend(done: str, rest: str, colons: int) -> None:
        for index, character in enumerate(rest):
            if character == ":" and colons < last:
                colons += 1
            elif character == "*" and rest[index + 1 : index + 2] in ("", ":") and colons < last:
                head, tail = done + rest[:index], rest[index + 1 :]
                for crossed in range(ARN_FIELDS - colons):
                    extend(head + "*" + ":*" * crossed, tail, colons + crossed)
                return
        if colons == last:
            found.append(done + rest)

    extend("", text, 0)
    return tuple(dict.fromkeys(found))


def matches(pattern: Pattern, resource: str) -> bool:
    """Whether a pattern matches ``*`` or an ARN."""
    return pattern.universal or _arn_matcher(pattern.text)(resource)


@lru_cache(maxsize=4096)
def _arn_matcher(text: str) -> Callable[[str], bool]:
    """A test for one pattern, the bare ``*`` aside."""
    head = text.partition("*")[0].partition("?")[0]
    tests = [
        (place, matcher(field))
        for place, field in enumerate(arn_fields(text))
        # What the head settles needs no other test.
        if field != "*" and (place >= head.count(":") or place == ARN_FIELDS - 1)
    ]

    def test(resource: str) -> bool:
        if not resource.startswith(head):
            return False
        fields = resource.split(":", ARN_FIELDS - 1)
        if len(fields) < ARN_FIELDS:
            return False
        for place, matches_field in tests:  # noqa: SIM110 - asked of every pattern
            if not matches_field(fields[place]):
                return False
        return True

    return test


type Splits = dict[tuple[object, ...], list[Cell]]
"""How fields were split before, by their patterns, classes and interest."""


def resource_cells(
    patterns: Sequence[Pattern],
    classes: Sequence[int],
    *,
    budget: Budget,
    interest: int,
    splits: Splits | None = None,
) -> list[Cell]:
    """Split ``*`` and all ARNs by which classes of patterns match them.

    Parameters
    ----------
    patterns : Sequence[Pattern]
        Distinct patterns.
    classes : Sequence[int]
        The class of each; class i is bit i of a cell's mask.
    interest : int
        Where it is not 0, only cells that share a bit with it are wanted.
    splits : Splits | None
        Of the same comparison: what was split once is not split again, and new ones are added.

    Raises
    ------
    BudgetExceeded
        The patterns overlap in too many ways.
    """
    universal = 0
    for pattern, each in zip(patterns, classes, strict=True):
        if pattern.universal:
            universal |= 1 << each
    found: dict[int, str] = {}
    if not interest or universal & interest:
        found[universal] = EVERYTHING
        interest = 0 if universal & interest else interest
    if not all(pattern.universal for pattern in patterns):
        open_ones = [
            (pattern, each)
            for pattern, each in zip(patterns, classes, strict=True)
            if not universal >> each & 1
        ]
        for mask, text in _arn_cells(open_ones, interest, budget, {} if splits is None else splits):
            found.setdefault(universal | mask, text)
    return [Cell(mask, text) for mask, text in found.items()]


def arn_cells(patterns: Sequence[Pattern], classes: Sequence[int], *, budget: Budget) -> list[Cell]:
    """Split all ARNs by which classes of patterns match, as the Arn… condition operators do.

    There ``*`` is a pattern like others: six fields of ``*``.
    """
    return _arn_cells(list(zip(patterns, classes, strict=True)), 0, budget, {})


def _arn_cells(
    patterns: Sequence[tuple[Pattern, int]], interest: int, budget: Budget, splits: Splits
) -> list[Cell]:
    """The cells of all ARNs, by patterns and their classes."""
    wanted = [
        (pattern.fields, each)
        for pattern, each in patterns
        if matcher(pattern.fields[0])(_FIRST_FIELD)
    ]
    tails = _Tails(wanted, interest, budget, splits)
    alive = (1 << len(wanted)) - 1
    if interest and not alive & tails.interest:
        return []
    return [Cell(mask, f"{_FIRST_FIELD}:{text}") for mask, text in tails.of(alive, 1).items()]


class _Tails:
    """The cells of the fields from a given one on, for the patterns still alive there.

    Attributes
    ----------
    interest : int
        The patterns of the classes that are of interest; 0: all.
    """

    def __init__(
        self,
        wanted: Sequence[tuple[tuple[str, ...], int]],
        interest: int,
        budget: Budget,
        splits: Splits,
    ) -> None:
        self.patterns = [fields for fields, _ in wanted]
        self.classes = [each for _, each in wanted]
        self.interest = sum(1 << i for i, each in enumerate(self.classes) if interest >> each & 1)
        self.budget = budget
        self.splits = splits
        self.memo: dict[tuple[int, int], dict[int, str]] = {}

    def of(self, alive: int, field: int) -> dict[int, str]:
        """By mask of the classes that match to the end: an example of the remaining fields."""
        known = self.memo.get((alive, field))
        if known is None:
            known = self.memo[alive, field] = self._compute(alive, field)
        return known

    def _compute(self, alive: int, field: int) -> dict[int, str]:
        if not alive:
            return {0: ":".join(_USUAL[field:])}
        self.budget.spend(len(self.patterns) // 8 + 1)
        by_glob: dict[str, int] = {}
        for index in bits(alive):
            glob = self.patterns[index][field]
            by_glob[glob] = by_glob.get(glob, 0) | 1 << index
        if field == ARN_FIELDS - 1:
            return self._last(by_glob)
        if len(by_glob) == 1:
            (glob,) = by_glob
            # What a name leaves out is of no interest where only what matches is.
            if glob == "*" or (self.interest and is_literal(glob)):
                text = _USUAL[field] if glob == "*" else glob
                rests = self.of(alive, field + 1).items()
                return {rest: f"{text}:{tail}" for rest, tail in rests}
        found: dict[int, str] = {}
        globs, members = list(by_glob), list(by_glob.values())
        wanted = sum(1 << i for i, mask in enumerate(members) if mask & self.interest)
        for mask, example in self._split(globs, None, wanted):
            remaining = sum(bits for i, bits in enumerate(members) if mask >> i & 1)
            text = _usual(globs, mask, field, example)
            for rest, tail in self.of(remaining, field + 1).items():
                self.budget.spend()
                found.setdefault(rest, f"{text}:{tail}")
        return found

    def _last(self, by_glob: dict[str, int]) -> dict[int, str]:
        """The cells of the last field, where classes are all that matters."""
        globs: list[str] = []
        classes: list[int] = []
        wanted = 0
        for glob, members in by_glob.items():
            for index in bits(members):
                globs.append(glob)
                classes.append(self.classes[index])
                wanted |= (self.interest >> index & 1) << classes[-1]
        usual = _class_mask(_USUAL[-1], globs, classes)
        return {
            mask: _USUAL[-1] if mask == usual else example
            for mask, example in self._split(globs, classes, wanted)
        }

    def _split(
        self, globs: Sequence[str], classes: Sequence[int] | None, interest: int
    ) -> list[Cell]:
        question = (*globs, *(classes or ()), interest)
        found = self.splits.get(question)
        if found is None:
            found = cells(globs, budget=self.budget, classes=classes, interest=interest)
            self.splits[question] = found
        return found


def _usual(globs: Sequence[str], mask: int, field: int, example: str) -> str:
    """What a field usually holds where that is in the cell, else the example."""
    usual = _USUAL[field]
    return usual if _class_mask(usual, globs, range(len(globs))) == mask else example


def _class_mask(text: str, globs: Sequence[str], classes: Sequence[int]) -> int:
    """The classes of the patterns that match a text."""
    mask = 0
    for glob, each in zip(globs, classes, strict=True):
        if matcher(glob)(text):
            mask |= 1 << each
    return mask
