"""Whether a value of a context key matches one of a condition's values, negation aside."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from iamdiff.globs import Reading, is_literal, literal, matcher, reader
from iamdiff.model import Condition, Quantifier, Relation, ValueType
from iamdiff.values import (
    fold_case,
    read_address_range,
    read_binary,
    read_boolean,
    read_date,
    read_number,
)

TEXT = (ValueType.STRING, ValueType.ARN)

_COMPARISONS: dict[Relation, Callable[[Any, Any], bool]] = {
    Relation.EQUALS: lambda value, wanted: value == wanted,
    Relation.LESS_THAN: lambda value, wanted: value < wanted,
    Relation.LESS_THAN_EQUALS: lambda value, wanted: value <= wanted,
    Relation.GREATER_THAN: lambda value, wanted: value > wanted,
    Relation.GREATER_THAN_EQUALS: lambda value, wanted: value >= wanted,
    Relation.IN_RANGE: lambda value, wanted: wanted.covers(value),
}

READERS: dict[ValueType, Callable[[str], Any]] = {
    ValueType.NUMERIC: read_number,
    ValueType.DATE: read_date,
    ValueType.BOOL: read_boolean,
    ValueType.IP: read_address_range,
    ValueType.BINARY: read_binary,
}


@lru_cache(maxsize=4096)
def value_test(condition: Condition) -> Callable[[str], bool] | None:
    """Whether a value matches one of a condition's values, its negation aside.

    None where one of the policy's values cannot be read as the operator's type. Without values
    nothing matches where AWS says so ("Empty array condition ForAllValues", "... ForAnyValue",
    "... IfExists", access-analyzer-reference-policy-checks), and None stands for the rest.
    """
    operator = condition.operator
    if not condition.values:
        told = operator.quantifier is not Quantifier.NONE or operator.if_exists
        return TextTest(frozenset(), ()) if told and not operator.negated else None
    kind, relation = operator.type, operator.relation
    if kind in TEXT:
        patterns = patterns_of(condition)
        names = {text for text, reading in patterns if _is_name(text, reading)}
        tests = [reader(*each) for each in patterns if not _is_name(*each)]
        return TextTest(frozenset(names), tests)
    read, compare = READERS[kind], _COMPARISONS[relation]
    wanted = [read(value) for value in condition.values]
    if any(value is None for value in wanted):
        return None

    def test(text: str) -> bool:
        value = read(text)
        return value is not None and any(compare(value, each) for each in wanted)

    return test


class TextTest:
    """Names that are looked up, and tests for the other values of a condition."""

    def __init__(self, names: frozenset[str], tests: Sequence[Callable[[str], bool]]) -> None:
        self.names = names
        self.tests = tests

    def __call__(self, text: str) -> bool:
        """Whether a value is one of the names, or passes a test."""
        return text in self.names or any(test(text) for test in self.tests)


def _is_name(text: str, reading: Reading) -> bool:
    return reading is Reading.PLAIN and is_literal(text)


def weight(condition: Condition) -> int:
    """What it costs to test one value: each policy value, but for those that are looked up."""
    if condition.operator.type not in TEXT:
        return 3 * len(condition.values)
    return 1 + sum(not _is_name(*each) for each in patterns_of(condition))


def patterns_of(condition: Condition) -> list[tuple[str, Reading]]:
    """The values of a String… or Arn… condition as patterns, and how to read each.

    Those that no ARN matches are left out.
    """
    operator, values = condition.operator, condition.values
    if operator.type is ValueType.ARN:
        parts = [value.partition(":") for value in values]
        return [
            (f"arn{colon}{rest}", Reading.ARN)
            for first, colon, rest in parts
            if matcher(first)("arn")
        ]
    if operator.relation is Relation.LIKE:
        return [(value, Reading.PLAIN) for value in values]
    if operator.relation is Relation.EQUALS_IGNORE_CASE:
        return [(fold_case(literal(value)), Reading.FOLDED) for value in values]
    return [(literal(value), Reading.PLAIN) for value in values]
