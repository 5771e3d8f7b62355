"""Conditions that must hold beside others that must not: what is ruled out, and what stays open."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Verdict

ROLE = "arn:aws:iam::123456789012:role/vendor"
HOME = "arn:aws:s3:::home/${aws:username}/*"
NOTHING = deny()


def when(**operators: dict[str, Any]) -> dict[str, Any]:
    return {"Condition": operators}


def test_a_deny_of_a_resource_whose_variable_has_no_value_stops_nothing() -> None:
    spared = [allow("s3:ListBucket"), deny(Resource=HOME)]
    one = allow(Resource="arn:aws:s3:::home/jo/a")
    assert between(spared, [*spared, one], principal=ROLE).verdict is Verdict.EXPANSION


def test_a_deny_of_a_resource_stops_nothing_where_another_leaves_its_variable_without_value() -> (
    None
):
    spared = [allow(Resource="arn:aws:s3:::home/jo/a"), deny(Resource=HOME)]
    nameless = deny(**when(StringLike={"aws:username": "*"}))
    found = between([NOTHING], [*spared, nameless])
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context == {}


def test_numbers_and_text_in_one_key_cast_no_doubt_on_what_another_key_rules_out() -> None:
    never = when(
        NumericLessThan={"ex:a": "5"},
        StringLike={"ex:a": "*", "ex:k": "b"},
        StringEquals={"ex:k": "a"},
    )
    assert between([NOTHING], [allow(**never)]).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize("also", [[], ["${ex:a}"]])
def test_two_variables_that_are_none_are_not_taken_for_the_same(also: list[str]) -> None:
    odd, other = (when(StringEquals={"ex:k": [*also, f"${{ex:{name}"]}) for name in "ab")
    found = between([NOTHING], [allow(**odd), deny(**other)])
    assert found.verdict is Verdict.UNDETERMINED
    assert codes(found) == {"variable-syntax"}


@pytest.mark.parametrize(
    ("operator", "opposite", "key"),
    [
        ("StringEquals", "StringNotEquals", "aws:TagKeys"),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "ex:k"),
    ],
)
def test_a_key_cannot_be_both_equal_and_unequal_to_a_variable(
    operator: str, opposite: str, key: str
) -> None:
    never = when(**{operator: {key: "${ex:a}"}, opposite: {key: "${ex:a}"}})
    assert between([NOTHING], [allow(**never)]).verdict is Verdict.EQUIVALENT


def test_a_variable_that_would_hold_several_values_leaves_open_what_it_equals() -> None:
    several = {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}
    several["ForAnyValue:StringLike"] = {"aws:TagKeys": "b"}
    equal = {"StringEquals": {"ex:k": "${aws:TagKeys}"}}
    found = between([NOTHING], [allow(**when(**several, **equal))])
    assert found.verdict is Verdict.UNDETERMINED


def test_an_array_cannot_both_share_a_value_with_a_variable_and_not() -> None:
    shared = {"ForAnyValue:StringEquals": {"aws:TagKeys": "${ex:a}"}}
    granted = allow(**when(**shared, StringEquals={"ex:k": "a"}))
    stopped = deny(**when(**shared, StringNotEquals={"ex:k": "b"}))
    assert between([NOTHING], [granted, stopped]).verdict is Verdict.EQUIVALENT


def test_a_deny_that_leaves_one_way_leaves_it_whatever_denies_stand_before_it() -> None:
    present = allow(**when(Null=dict.fromkeys(("ex:a", "ex:b", "ex:c"), "false")))
    either = deny(**when(StringEquals={"ex:a": "x", "ex:b": "x"}))
    one = deny(**when(StringEquals={"ex:c": "x"}))
    (grant,) = between([NOTHING], [present, either, one]).gained
    assert grant.witness.context["ex:c"] != "x"


@pytest.mark.parametrize(
    ("operator", "value"),
    [("StringEquals", "${ex:a"), ("StringEquals", []), ("Null", "perhaps")],
)
def test_what_nobody_can_read_is_no_way_out_of_a_deny_that_has_another(
    operator: str, value: Any
) -> None:
    present = allow(**when(Null={"ex:k": "false"}))
    odd = when(StringEquals={"ex:k": "a"})
    odd["Condition"].setdefault(operator, {})["ex:age"] = value
    found = between([NOTHING], [present, deny(**odd)])
    assert (found.verdict, found.undetermined) == (Verdict.EXPANSION, ())


@pytest.mark.parametrize(
    ("operator", "key"),
    [("NumericEquals", "ex:age"), ("ForAnyValue:NumericEquals", "aws:TagKeys")],
)
def test_a_key_whose_value_nobody_can_read_is_absent_for_one_deny_or_there_for_another(
    operator: str, key: str
) -> None:
    present = allow(**when(Null={"ex:j": "false", "ex:k": "false"}))
    unread = deny(**when(**{operator: {key: "ten"}}, StringEquals={"ex:k": "a"}))
    missing = deny(**when(Null={key: "true"}, StringEquals={"ex:j": "b"}))
    found = between([NOTHING], [present, unread, missing])
    assert found.verdict is Verdict.EXPANSION
    assert found.undetermined == ()


def test_an_array_that_shares_a_value_with_a_variable_may_have_to_hold_several() -> None:
    there = allow(**when(Null={"ex:a": "false"}))
    one = deny(**when(StringLike={"aws:TagKeys": "*"}))
    apart = deny(Condition={"ForAllValues:StringNotEquals": {"aws:TagKeys": "${ex:a}"}})
    found = between([NOTHING], [there, one, apart])
    assert found.verdict is Verdict.EXPANSION
    context = found.gained[0].witness.context
    assert context["ex:a"] in context["aws:TagKeys"]
