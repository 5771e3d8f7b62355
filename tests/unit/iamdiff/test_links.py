"""Conditions with policy variables, in a context and beside each other, as the evaluator has it."""

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import pytest
from tests.unit.iamdiff.policies import Outcome, allow, document, request

from iamdiff.bodies import normal_block, resource_link
from iamdiff.evaluator import matches_statement
from iamdiff.globs import literal
from iamdiff.links import holds, implies
from iamdiff.logic import Doubt, Undecided
from iamdiff.model import Condition, ContextValue, Document

KEY = "ex:k"
OPERATORS = (
    *("StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists"),
    *("StringEqualsIgnoreCase", "StringEqualsIfExists", "ArnLike", "ArnNotEquals"),
    *("ForAnyValue:StringEquals", "ForAnyValue:StringNotLike", "ForAnyValue:ArnLike"),
    *("ForAllValues:StringNotEquals", "ForAllValues:StringLike"),
    *("NumericEquals", "NumericNotEquals", "Bool", "Null"),
)
ODD: tuple[Any, ...] = ("${ex:a", ["true", "perhaps"], [])
VALUES: tuple[Any, ...] = (
    *("${ex:a}", "x${ex:a, 'b'}", "b*", "${*}", "", "true", "5"),
    *(["${ex:a}", "b"], ["a", "${ex:b}"]),
    *ODD,
)
GIVEN: tuple[ContextValue | None, ...] = (
    *(None, "", "a", "B", "b", "xb", "*", "5", "true", "arn:aws:s3:::a"),
    *(("a", "b"), ("", ""), ("a", "a"), ("", "b")),
)
VARIABLES: tuple[Mapping[str, ContextValue], ...] = (
    *({}, {"ex:a": ""}, {"ex:a": "a"}, {"ex:a": "*"}, {"ex:a": "arn:aws:s3:::a"}),
)
UNREADABLE = {
    *(Doubt.VARIABLE_SYNTAX, Doubt.UNREADABLE_VALUE, Doubt.EMPTY_LIST, Doubt.VARIABLE_OPERATOR)
}


@cache
def read(operator: str, *values: str) -> tuple[Document, Condition]:
    """A statement with one condition, and the condition as the comparison has it."""
    made = document(allow(Condition={operator: {KEY: [*values]}}))
    (condition,) = normal_block(made.statements[0].conditions, variables=True)
    return made, condition


def asked(made: Document, context: Mapping[str, ContextValue]) -> Outcome:
    """What the evaluator says of a statement."""
    truth = matches_statement(made.statements[0], request(context=context), variables=True)
    return truth.code if isinstance(truth, Undecided) else truth


def written(context: dict[str, ContextValue]) -> dict[str, ContextValue]:
    """A context as the comparison writes it: a star in it is no wildcard."""
    return {
        key: literal(value) if isinstance(value, str) else tuple(map(literal, value))
        for key, value in context.items()
    }


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_condition_holds_where_the_evaluator_says_so(operator: str) -> None:
    for values, given, variables in product(VALUES, GIVEN, VARIABLES):
        made, condition = read(operator, *([values] if isinstance(values, str) else values))
        context = dict(variables) if given is None else {**variables, KEY: given}
        found = holds(condition, written(context), "*")
        expected = asked(made, context)
        if expected in UNREADABLE:
            assert found is None, (values, context)
        elif isinstance(expected, bool):
            # Where nobody can read a value, more is left open than has to be.
            left_open = values in ODD or isinstance(given, tuple)
            assert found is expected or (found is None and left_open), (values, context)


def test_a_resource_matches_no_pattern_whose_variable_has_no_value() -> None:
    pattern = "arn:aws:s3:::${ex:a}"
    for context, matched in (({"ex:a": "b"}, True), ({"ex:a": "c"}, False), ({}, False)):
        for negated in (False, True):
            link = resource_link(pattern, negated=negated)
            assert holds(link, context, "arn:aws:s3:::b") is (matched is not negated)


TEMPLATES: tuple[tuple[str, ...], ...] = (
    *[(each,) for each in ("${ex:a}", "${ex:a}*", "*${ex:a}", "?${ex:a}", "${ex:a}${ex:b}")],
    *[(f"arn:aws:s3:{each}${{ex:a}}",) for each in ("::", "*:*:", "r:1:z:")],
    *(("${ex:a}", "b"), ("b${*}${ex:a}",), ("b*${ex:a}",)),
)
HELD = (
    *(None, "a", "b", "ba", "aa", "b*a", "b*", "bb", "arn:aws:s3:::a", "arn:aws:s3:r:1:z:a"),
    *(("a", "b"), ("b", "bb")),
)


def test_a_condition_that_implies_another_never_holds_without_it() -> None:
    contexts = [
        {key: value for key, value in zip((KEY, "ex:a", "ex:b"), held, strict=True) if value}
        for held in product(HELD, (None, "a", "b", "*a"), (None, "a"))
    ]
    known: dict[Condition, list[Outcome]] = {}
    for operator, values in product(OPERATORS[:-4], TEMPLATES):
        made, condition = read(operator, *values)
        known[condition] = [asked(made, context) for context in contexts]
    implied = 0
    for (one, ones), (other, others) in product(known.items(), repeat=2):
        if one != other and implies(one, other):
            implied += 1
            pairs = zip(ones, others, strict=True)
            assert not any(here is True and there is False for here, there in pairs), (one, other)
    assert implied
