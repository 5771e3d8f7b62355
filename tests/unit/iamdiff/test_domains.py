"""The values of one key in classes: none is missing, whatever the conditions on it join."""

from typing import Any

from tests.unit.iamdiff.comparing import between
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Verdict

ROLE = "arn:aws:iam::123456789012:role/vendor"
NOTHING = deny()


def when(**operators: dict[str, Any]) -> dict[str, Any]:
    return {"Condition": operators}


def test_the_empty_text_of_a_key_with_one_value_is_a_set_without_values() -> None:
    key = "aws:SourceVpc"
    old = allow(**when(StringEqualsIfExists={key: "a"}))
    new = allow(**when(**{"ForAllValues:StringEquals": {key: "a"}}))
    found = between([old], [new])
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context == {key: ""}


def test_the_empty_text_is_a_value_of_a_key_that_is_read_as_a_number_too() -> None:
    empty = when(
        **{"ForAllValues:StringEquals": {"ex:k": "a"}, "ForAllValues:NumericEquals": {"ex:k": "5"}},
        Null={"ex:k": "false"},
    )
    assert between([NOTHING], [allow(**empty)]).verdict is Verdict.EXPANSION


def test_a_key_of_a_bound_principal_is_never_the_empty_text() -> None:
    other = when(**{"ForAllValues:StringEquals": {"aws:PrincipalAccount": "999999999999"}})
    found = between([NOTHING], [allow(**other)], principal=ROLE)
    assert found.verdict is Verdict.EQUIVALENT


def test_a_value_that_two_conditions_name_is_not_one_that_the_second_names_alone() -> None:
    one, two = deny(**when(StringNotEquals={"ex:k": ["a", "b"]})), when(StringEquals={"ex:k": "a"})
    found = between([NOTHING], [allow(**two), one])
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context == {"ex:k": "a"}


def test_values_that_the_same_condition_names_are_told_apart_for_variables() -> None:
    joined = when(StringEquals={"ex:a": ["x", "y"], "ex:b": ["p", "q"], "ex:k": ["xp", "zz"]})
    joined["Condition"]["StringLike"] = {"ex:k": "${ex:a}${ex:b}"}
    found = between([NOTHING], [allow(**joined)])
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context == {"ex:a": "x", "ex:b": "p", "ex:k": "xp"}
