"""Policy variables: their syntax, and what takes their place."""

import pytest
from tests.unit.iamdiff.policies import ROLE, allow, condition_outcome, deny, outcome_of, request

from iamdiff.logic import Doubt, Undecided
from iamdiff.patterns import Wildcard, pattern_of
from iamdiff.variables import Variable, parse_variables, resolve, stands_in_first_fields

USER = "arn:aws:iam::123456789012:user/${aws:username}"


def test_a_text_is_taken_apart_at_its_variables() -> None:
    assert parse_variables("a${aws:username}-${aws:PrincipalTag/x.y, 'b c'}${*}${?}${$}d") == (
        "a",
        Variable("aws:username"),
        "-",
        Variable("aws:PrincipalTag/x.y", "b c"),
        Variable("", "*"),
        Variable("", "?"),
        Variable("", "$"),
        "d",
    )
    assert parse_variables("$a{b}$") == ("$a{b}$",)
    assert parse_variables("${a:b, ''}") == (Variable("a:b", ""),)
    assert parse_variables("${a:b, 'c}d'}") == (Variable("a:b", "c}d"),)


@pytest.mark.parametrize(
    "text",
    ["${", "a${aws:username", "${}", "${aws: username}", "${aws:username,'x'}",
     "${aws:username, x}", "${aws:username, 'x}", "${**}", "${a${b}}", "${a:b }", "${a:b, 'it's'}"],
)  # fmt: skip
def test_what_begins_no_well_formed_variable_is_open(text: str) -> None:
    found = parse_variables(text)
    assert isinstance(found, Undecided)
    assert found.code is Doubt.VARIABLE_SYNTAX
    assert text in found.sentence
    assert condition_outcome("StringLike", text, "x") is Doubt.VARIABLE_SYNTAX
    assert outcome_of(allow(Resource=f"arn:aws:s3:::{text}"), request()) is Doubt.VARIABLE_SYNTAX


def test_values_and_defaults_are_literal() -> None:
    found = resolve("*${a:b}${c:d, '?'}", lambda key: ("*",) if key == "a:b" else ())
    assert found == (Wildcard.RUN, "*", "?")
    assert pattern_of("*?x") == (Wildcard.RUN, Wildcard.ONE, "x")


@pytest.mark.parametrize(
    ("text", "early"),
    [
        ("arn:aws:s3:::b/${a:b}", False),
        ("arn:aws:s3:::${a:b}", False),
        ("arn:aws:s3::${a:b}:b", True),
        ("arn:${a:b}:s3:::b", True),
        ("${a:b}", True),
        ("arn:aws:s3:${*}::b", True),
        ("arn:aws:s3:${a:b", False),  # no variable
        ("arn:aws:s3:::b", False),
        ("arn:aws", False),
    ],
)
def test_colons_tell_in_which_field_a_variable_stands(text: str, early: bool) -> None:
    assert stands_in_first_fields(text, 5) is early


def test_a_resource_takes_the_value_of_a_variable() -> None:
    own = allow("iam:GetUser", Resource=USER)
    resource = "arn:aws:iam::123456789012:user/jo"
    assert outcome_of(own, request("iam:GetUser", resource, context={"aws:UserName": "jo"})) is True
    assert (
        outcome_of(own, request("iam:GetUser", resource, context={"aws:username": "al"})) is False
    )


def test_a_resource_pattern_whose_variable_has_no_value_matches_nothing() -> None:
    asked = request("iam:GetUser", "arn:aws:iam::123456789012:user/jo")
    assert outcome_of(allow("iam:GetUser", Resource=USER), asked) is False
    assert outcome_of(allow("iam:GetUser", Resource=[USER, "*"]), asked) is True
    assert outcome_of(deny("iam:GetUser", NotResource=USER), asked) is True


def test_an_empty_set_is_no_value_and_an_empty_text_is_one() -> None:
    pattern = allow(Resource="arn:aws:s3:::b/${a:b, 'x'}")
    asked = "arn:aws:s3:::b/"
    assert outcome_of(pattern, request(resource=f"{asked}x", context={"a:b": ()})) is True
    assert outcome_of(pattern, request(resource=f"{asked}x", context={"a:b": ""})) is False
    assert outcome_of(pattern, request(resource=asked, context={"a:b": ""})) is True


def test_a_default_takes_the_place_of_an_absent_key_and_of_no_other() -> None:
    team = "team-${aws:PrincipalTag/team, 'company-wide'}"
    assert condition_outcome("StringEquals", team, "team-company-wide") is True
    for given, holds in (("team-a", True), ("team-company-wide", False)):
        found = condition_outcome("StringEquals", team, given, also={"aws:PrincipalTag/Team": "a"})
        assert found is holds


@pytest.mark.parametrize(("value", "given", "holds"), [
    ("a${*}", "a*", True), ("a${*}", "ab", False), ("${?}", "?", True), ("${?}", "x", False),
    ("${$}{a}", "${a}", True), ("${*}*", "*abc", True), ("${*}*", "abc", False),
])  # fmt: skip
def test_escapes_are_characters(value: str, given: str, holds: bool) -> None:
    assert condition_outcome("StringLike", value, given) is holds


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_without_the_version_of_2012_variables_are_text(version: str | None) -> None:
    like = "StringLike"
    assert condition_outcome(like, "${aws:x}", "${aws:x}", version=version) is True
    assert condition_outcome(like, "${aws:x}", "v", version=version, also={"aws:x": "v"}) is False
    # and a * in them is a wildcard
    assert condition_outcome(like, "${*}", "${anything}", version=version) is True
    assert condition_outcome(like, "${*}", "*", version=version) is False
    assert condition_outcome(like, "${", "${", version=version) is True
    resource = allow(Resource="arn:aws:s3:::b/${*}")
    asked = request(resource="arn:aws:s3:::b/${x}")
    assert outcome_of(resource, asked, version=version) is True


@pytest.mark.parametrize("values", [["${a:b}"], ["${a:b}", "x"]])
def test_a_value_whose_variable_is_absent_matches_nothing(values: list[str]) -> None:
    other_matches = "x" in values
    assert condition_outcome("StringEquals", values, "x") is other_matches
    assert condition_outcome("StringNotEquals", values, "x") is not other_matches
    assert condition_outcome("StringEqualsIfExists", "${a:b}", "x") is False
    assert condition_outcome("ArnLike", "${a:b}", ROLE) is False
    assert condition_outcome("ArnNotLike", "${a:b}", ROLE) is True


def test_a_key_with_several_values_is_no_variable() -> None:
    several = {"aws:TagKeys": ("a", "b")}
    assert (
        condition_outcome("StringEquals", "${aws:TagKeys}", "a", also=several)
        is Doubt.VARIABLE_SEVERAL_VALUES
    )
    assert (
        condition_outcome("StringEquals", "${aws:TagKeys}", "a", also={"aws:TagKeys": ("a",)})
        is True
    )
    resource = allow(Resource="arn:aws:s3:::bucket/${aws:TagKeys}")
    assert outcome_of(resource, request(context=several)) is Doubt.VARIABLE_SEVERAL_VALUES
    # A second variable without value settles it: nothing matches.
    none = allow(Resource="arn:aws:s3:::${aws:TagKeys}/${a:b}")
    assert outcome_of(none, request(context=several)) is False


@pytest.mark.parametrize(
    "operator", ["NumericEquals", "DateEquals", "Bool", "BinaryEquals", "IpAddress"]
)
def test_operators_of_other_types_take_no_variables(operator: str) -> None:
    assert (
        condition_outcome(operator, "${a:b}", "true", also={"a:b": "true"})
        is Doubt.VARIABLE_OPERATOR
    )


@pytest.mark.parametrize(
    ("pattern", "outcome"),
    [
        # It would match: whether it may, AWS's page leaves open.
        ("arn:aws:s3::${aws:PrincipalAccount}:bucket/key", Doubt.VARIABLE_FIELD),
        ("arn:aws:${a:b}:::bucket/key", Doubt.VARIABLE_FIELD),
        # It matches on no reading.
        ("arn:aws:s3::${aws:PrincipalAccount}:other/key", False),
        ("arn:aws:ec2::${aws:PrincipalAccount}:bucket/key", False),
        ("arn:aws:${c:d}:::bucket/key", False),
        ("arn:aws:s3:::bucket/${e:f}", True),
    ],
)
def test_a_variable_before_the_fifth_colon_is_decided_where_it_can_be(
    pattern: str, outcome: bool | Doubt
) -> None:
    context = {"aws:PrincipalAccount": "", "a:b": "s3", "e:f": "key"}
    asked = request(context=context)
    assert outcome_of(allow(Resource=pattern), asked) is outcome


def test_in_an_arn_condition_a_variable_may_stand_anywhere() -> None:
    whole = {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:*"}
    given = "arn:aws:sns:us-east-1:123456789012:*"
    assert condition_outcome("ArnEquals", "${aws:SourceArn}", given, also=whole) is True
    # The value's star is a character.
    other = "arn:aws:sns:us-east-1:123456789012:x"
    assert condition_outcome("ArnEquals", "${aws:SourceArn}", other, also=whole) is False
    account = {"aws:PrincipalAccount": "123456789012"}
    pattern = "arn:aws:sns:*:${aws:PrincipalAccount}:*"
    assert condition_outcome("ArnLike", pattern, other, also=account) is True
    assert condition_outcome("ArnLike", pattern, other, also={"aws:PrincipalAccount": "1"}) is False
