"""The values of one context key, split into cells by the conditions that read it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from iamdiff.arns import arn_cells, parse_pattern
from iamdiff.automata import Cell
from iamdiff.budget import Budget
from iamdiff.cells import cells
from iamdiff.contexts import KeyState, Predicate, null_predicate, predicate
from iamdiff.globs import Reading, bits
from iamdiff.model import Condition, ContextValue, Quantifier, ValueType
from iamdiff.value_tests import READERS, TEXT, TextTest, patterns_of, value_test, weight
from iamdiff.values import AddressRange

if TYPE_CHECKING:
    from decimal import Decimal


class KeyFacts(NamedTuple):
    """What is known of a key whatever the policies say.

    Attributes
    ----------
    present : bool
        AWS documents it as always included in the request.
    several : bool
        Whether it is an array.
    fixed : str | None
        The one value that it holds (a bound principal's), if it does.
    never : bool
        It is never there (``aws:username`` of a role session).
    arn : bool
        It holds nothing but ARNs (``aws:PrincipalArn``).
    """

    present: bool = False
    several: bool = False
    fixed: str | None = None
    never: bool = False
    arn: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether what it holds is known."""
        return self.never or self.fixed is not None


class Domain(NamedTuple):
    """A key's values.

    Attributes
    ----------
    examples : tuple[str, ...]
        One value of each cell.
    predicates : dict[Condition, Predicate]
        By condition; one that is missing cannot be read.
    exact : bool
        False where conditions of different types read the key: a class may be missing.
    """

    examples: tuple[str, ...]
    predicates: dict[Condition, Predicate]
    start: KeyState
    exact: bool = True

    def void(self, condition: Condition) -> Predicate:
        """The predicate of a condition whose values match nothing."""
        return predicate(condition.operator, 0, self.start.within, _empty_cell(self.examples))

    def options(self, state: KeyState) -> list[ContextValue | None]:
        """What the key may hold: absent, one value of each cell, or several values."""
        found: list[ContextValue | None] = [None] if state.absent else []
        found += [self.examples[place] for place in bits(state.single)]
        if state.several:
            found.append(self._several(state))
        return found

    def value(self, state: KeyState) -> ContextValue:
        """What the key may hold where it is not absent: one value if that will do."""
        return self.examples[next(bits(state.single))] if state.single else self._several(state)

    def _several(self, state: KeyState) -> tuple[str, ...]:
        """Several values, the same one twice where there is no other: a key may repeat them."""
        masks = (*(mask & state.within for mask in state.touching), state.within)
        chosen = dict.fromkeys(self.examples[next(bits(mask))] for mask in masks)
        for place in bits(state.within):
            if len(chosen) > 1:
                break
            chosen[self.examples[place]] = None
        values = tuple(chosen)
        return values if len(values) > 1 else values * 2


def _empty_cell(examples: Sequence[str]) -> int:
    """The cell of the empty text; 0 where it is in none of its own."""
    return 1 << examples.index("") if "" in examples else 0


def build_domain(
    conditions: Iterable[Condition], facts: KeyFacts, budget: Budget, *, apart: bool = False
) -> Domain:
    """Split the values of a key by the conditions on it.

    Conditions whose values cannot be read have no predicate in the result.

    Parameters
    ----------
    apart : bool
        Whether values that the same conditions name are told apart, for policy variables to equal.

    Raises
    ------
    BudgetExceeded
        The conditions overlap in too many ways.
    """
    nulls: list[Condition] = []
    readers: dict[Condition, Callable[[str], bool]] = {}
    for condition in conditions:
        if condition.operator.type is ValueType.NULL:
            nulls.append(condition)
        elif (test := value_test(condition)) is not None:
            readers[condition] = test
    has_sets = facts.several or any(c.operator.quantifier is not Quantifier.NONE for c in readers)
    # To set operators the empty text alone is an empty set: it is in a cell of its own.
    examples, exact = _examples(list(readers), facts, budget, empty=not has_sets, apart=apart)
    reads_text = not readers or any(c.operator.type is ValueType.STRING for c in readers)
    if has_sets and reads_text and facts.fixed is None:
        examples.append("")
    several = facts.several and facts.fixed is None
    budget.spend(len(examples) * sum(map(weight, readers)) // 2 * (5 if several else 1))
    everything = (1 << len(examples)) - 1
    empty = _empty_cell(examples)
    predicates = {}
    places = {example: place for place, example in enumerate(examples)}
    for condition, test in readers.items():
        matched = _matched(test, places)
        predicates[condition] = predicate(condition.operator, matched, everything, empty)
    for condition in nulls:
        found = null_predicate(condition, everything)
        if found is not None:
            predicates[condition] = found
    start = KeyState(
        absent=not facts.present and facts.fixed is None,
        single=0 if facts.never else everything,
        several=several and not facts.never,
        within=everything,
    )
    return Domain(tuple(examples), predicates, start, exact)


UNREAD = "x"
"""The value of a key that no condition but a linked one reads."""
UNREAD_ARN = "arn:aws:iam::123456789012:role/x"
"""The same of a key that holds nothing but ARNs."""


def _matched(test: Callable[[str], bool], places: dict[str, int]) -> int:
    """The cells whose examples, by their places, pass a test."""
    if isinstance(test, TextTest) and not test.tests:
        return sum(1 << places[name] for name in test.names if name in places)
    return sum(1 << place for example, place in places.items() if test(example))


def _examples(
    conditions: Sequence[Condition], facts: KeyFacts, budget: Budget, *, empty: bool, apart: bool
) -> tuple[list[str], bool]:
    """One value of each cell; and whether these are surely all cells.

    `empty` is whether the empty text may stand for others.
    """
    if facts.fixed is not None:
        return [facts.fixed], True
    by_type: dict[ValueType, list[Condition]] = {}
    for condition in filter(_has_values, conditions):
        kind = condition.operator.type
        by_type.setdefault(ValueType.STRING if kind in TEXT else kind, []).append(condition)
    if not by_type:
        return [UNREAD], True
    examples: dict[str, None] = {}
    for kind, group in by_type.items():
        if kind in TEXT:
            found = _text_examples(group, budget, empty=empty, apart=apart, arn=facts.arn)
        else:
            found = _typed_examples(kind, group)
        budget.spend(len(found))
        examples.update(dict.fromkeys(found))
    return list(examples), len(by_type) == 1


def _has_values(condition: Condition) -> bool:
    return bool(condition.values)


def _text_examples(
    conditions: Sequence[Condition], budget: Budget, *, empty: bool, apart: bool, arn: bool
) -> list[str]:
    holders: dict[tuple[str, Reading], int] = {}
    for place, condition in enumerate(conditions):
        for pattern in patterns_of(condition):
            holders[pattern] = holders.get(pattern, 0) | 1 << place
    # Which of the patterns that the same conditions hold matches makes no difference.
    by_holders: dict[int, int] = {}
    classes = [by_holders.setdefault(each, len(by_holders)) for each in holders.values()]
    if apart:
        classes = list(range(len(holders)))
    if all(reading is Reading.ARN for _, reading in holders):
        found = arn_cells([parse_pattern(text) for text, _ in holders], classes, budget=budget)
        if not arn and all(mask for mask, _ in found):
            found.append(Cell(0, UNREAD))
        return [example for _, example in found]
    arns = 0
    patterns = [*holders]
    if arn:
        arns = 1 << len(holders)
        patterns.append(_ANY_ARN)
        classes.append(len(holders))
    texts, readings = zip(*patterns, strict=True)
    found = cells(texts, budget=budget, classes=classes, readings=readings, empty=empty)
    return [example for mask, example in found if mask & arns == arns]


_ANY_ARN = ("arn:*:*:*:*:*", Reading.ARN)


def _typed_examples(kind: ValueType, conditions: Sequence[Condition]) -> list[str]:
    wanted = sorted({value for condition in conditions for value in condition.values})
    read = [value for text in wanted if (value := READERS[kind](text)) is not None]
    match kind:
        case ValueType.NUMERIC:
            return [format(point, "f") for point in _around(read)]
        case ValueType.DATE:
            return [_written_date(point) for point in _around(read)]
        case ValueType.IP:
            return _addresses(read)
        case ValueType.BOOL:
            return ["true", "false"]
        case _:
            return [*wanted, "AAAA" * (1 + max(map(len, wanted)) // 4)]


def _around(read: "Sequence[Decimal]") -> "list[Decimal]":
    """Each point, one value of each gap between them, and one beyond either end."""
    from decimal import MAX_PREC, Context, Decimal  # noqa: PLC0415 - the same

    exactly = Context(prec=MAX_PREC)
    half = Decimal("0.5")
    points = sorted(set(read))
    gaps = [exactly.multiply(half, exactly.add(low, high)) for low, high in pairwise(points)]
    return [*points, exactly.subtract(points[0], 1), *gaps, exactly.add(points[-1], 1)]


def _written_date(seconds: "Decimal") -> str:
    """A date as requests hold it: ISO 8601 where it is a whole second of our era, else epoch."""
    from datetime import UTC, datetime  # noqa: PLC0415 - slow to import, and few policies need it

    if seconds != int(seconds) or not 0 <= seconds < _YEAR_9999:
        return format(seconds, "f")
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_YEAR_9999 = 253_370_764_800
_BITS = {4: 32, 6: 128}


def _addresses(ranges: Sequence[AddressRange]) -> list[str]:
    """One address of each class that the ranges make, of both versions of IP."""
    from ipaddress import IPv4Address, IPv6Address  # noqa: PLC0415 - the same

    found = []
    for version, write in ((4, IPv4Address), (6, IPv6Address)):
        starts = {0}
        for each in ranges:
            if each.version == version:
                starts |= {each.first, each.last + 1}
        found += [str(write(start)) for start in sorted(starts) if start < 1 << _BITS[version]]
    return found
