"""Operators and absence: a row of the table of docs/semantics.md a test."""

from itertools import product
from typing import Any

import pytest
from tests.unit.iamdiff.policies import (
    OBJECT,
    ROLE,
    allow,
    condition_outcome,
    outcome_of,
    request,
)

from iamdiff.logic import Doubt
from iamdiff.model import ContextValue, ValueType
from iamdiff.operators import OPERATORS

# A value of the policy, one of a request that matches it, one that does not.
SAMPLES = {
    "StringEquals": ("a*", "a*", "ab"),
    "StringEqualsIgnoreCase": ("Ab", "aB", "abc"),
    "StringLike": ("a*c?", "abbcd", "abc"),
    "NumericEquals": ("1.50", "1.5", "2"),
    "NumericLessThan": ("10", "9.99", "10"),
    "NumericLessThanEquals": ("10", "10.0", "10.01"),
    "NumericGreaterThan": ("10", "11", "10"),
    "NumericGreaterThanEquals": ("-1", "-1", "-2"),
    "DateEquals": ("2020-01-01", "2020-01-01T01:00:00+01:00", "2020-01-02"),
    "DateLessThan": ("2020-01-01", "1577836799", "2020-01-01T00:00Z"),
    "DateLessThanEquals": ("2020-01-01", "1577836800", "1577836801"),
    "DateGreaterThan": ("1577836800", "2020-01-01T00:00:00.5Z", "2020-01-01"),
    "DateGreaterThanEquals": ("2020-01", "2020-01-01", "2019-12-31"),
    "Bool": ("true", "True", "false"),
    "BinaryEquals": ("QUI=", "QUI=", "QUM="),
    "IpAddress": ("203.0.113.0/24", "203.0.113.9", "203.0.114.0"),
    "ArnLike": ("arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/a/b", "arn:aws:iam::1:role/b"),
}
SAMPLES["StringNotEquals"] = SAMPLES["StringEquals"]
SAMPLES["StringNotEqualsIgnoreCase"] = SAMPLES["StringEqualsIgnoreCase"]
SAMPLES["StringNotLike"] = SAMPLES["StringLike"]
SAMPLES["NumericNotEquals"] = SAMPLES["NumericEquals"]
SAMPLES["DateNotEquals"] = SAMPLES["DateEquals"]
SAMPLES["NotIpAddress"] = SAMPLES["IpAddress"]
SAMPLES["ArnEquals"] = SAMPLES["ArnNotEquals"] = SAMPLES["ArnNotLike"] = SAMPLES["ArnLike"]

COMPARING = [name for name in OPERATORS if name != "Null"]
POSITIVE = [name for name in COMPARING if not OPERATORS[name].negated]
NEGATED = [name for name in COMPARING if OPERATORS[name].negated]
ABSENT: tuple[ContextValue | None, ...] = (None, ())


def test_every_operator_has_its_samples() -> None:
    assert SAMPLES.keys() == set(COMPARING)


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
def test_a_single_value_matches_or_not(name: str, suffix: str) -> None:
    wanted, match, other = SAMPLES[name]
    negated = OPERATORS[name].negated
    for given in (match, (match,)):
        assert condition_outcome(name + suffix, wanted, given) is not negated
    for given in (other, (other,)):
        assert condition_outcome(name + suffix, wanted, given) is negated


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("given", ABSENT)
def test_a_positive_operator_is_false_without_its_key(name: str, given: ContextValue) -> None:
    assert condition_outcome(name, SAMPLES[name][0], given) is False


@pytest.mark.parametrize("name", NEGATED)
@pytest.mark.parametrize("given", ABSENT)
def test_a_negated_operator_is_true_without_its_key(name: str, given: ContextValue) -> None:
    assert condition_outcome(name, SAMPLES[name][0], given) is True


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("given", ABSENT)
def test_if_exists_is_true_without_its_key(name: str, given: ContextValue) -> None:
    assert condition_outcome(f"{name}IfExists", SAMPLES[name][0], given) is True


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
@pytest.mark.parametrize("given", [*ABSENT, "", ("",)])
def test_for_any_value_is_false_of_an_empty_set(
    name: str, suffix: str, given: ContextValue
) -> None:
    assert condition_outcome(f"ForAnyValue:{name}{suffix}", SAMPLES[name][0], given) is False


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
@pytest.mark.parametrize("given", [*ABSENT, "", ("",)])
def test_for_all_values_is_true_of_an_empty_set(
    name: str, suffix: str, given: ContextValue
) -> None:
    assert condition_outcome(f"ForAllValues:{name}{suffix}", SAMPLES[name][0], given) is True


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
def test_without_set_operator_several_values_do_not_match(name: str, suffix: str) -> None:
    wanted, match, other = SAMPLES[name]
    for given in product((match, other), repeat=2):
        assert condition_outcome(name + suffix, wanted, given) is False


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
def test_for_any_value_asks_for_some_value(name: str, suffix: str) -> None:
    wanted, match, other = SAMPLES[name]
    good, bad = (other, match) if OPERATORS[name].negated else (match, other)
    for given, holds in (((good, bad), True), ((bad, bad), False), ((bad,), False), (good, True)):
        assert condition_outcome(f"ForAnyValue:{name}{suffix}", wanted, given) is holds


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
def test_for_all_values_asks_for_every_value(name: str, suffix: str) -> None:
    wanted, match, other = SAMPLES[name]
    good, bad = (other, match) if OPERATORS[name].negated else (match, other)
    for given, holds in (((good, good), True), ((good, bad), False), ((bad,), False), (good, True)):
        assert condition_outcome(f"ForAllValues:{name}{suffix}", wanted, given) is holds


@pytest.mark.parametrize(
    ("wanted", "is_absent"), [("true", True), ("false", False), ("True", True)]
)
def test_null_asks_whether_the_key_is_absent(wanted: str, is_absent: bool) -> None:
    for given in ABSENT:
        assert condition_outcome("Null", wanted, given) is is_absent
    for present in ("x", ("x", "y"), "", ("",)):
        assert condition_outcome("Null", wanted, present) is not is_absent
    for given in (None, "x"):
        assert condition_outcome("Null", ["true", "false"], given) is True
        assert condition_outcome("Null", "absent", given) is Doubt.UNREADABLE_VALUE


@pytest.mark.parametrize("given", [None, "x", ("x", "y")])
def test_null_under_a_set_operator_is_always_true_or_always_false(given: ContextValue) -> None:
    for wanted in ("true", "false"):
        assert condition_outcome("ForAllValues:Null", wanted, given) is True
        assert condition_outcome("ForAnyValue:Null", wanted, given) is False


@pytest.mark.parametrize("value", ["", ("",)])
def test_to_a_single_operator_an_empty_text_is_a_value(value: ContextValue) -> None:
    assert condition_outcome("StringEquals", "", value) is True
    assert condition_outcome("StringEquals", "x", value) is False
    assert condition_outcome("StringNotEquals", "x", value) is True
    assert condition_outcome("StringLike", "*", value) is True


def test_in_a_larger_set_an_empty_text_is_a_member() -> None:
    assert condition_outcome("ForAllValues:StringEquals", "x", ("x", "")) is False
    assert condition_outcome("ForAnyValue:StringEquals", "", ("x", "")) is True


def test_a_positive_operator_takes_any_of_its_values_a_negated_one_none() -> None:
    for given, among in (("a", True), ("b", True), ("c", False)):
        assert condition_outcome("StringEquals", ["a", "b"], given) is among
        assert condition_outcome("StringNotEquals", ["a", "b"], given) is not among
        assert condition_outcome("ForAllValues:StringEquals", ["a", "b"], (given, "a")) is among
        assert (
            condition_outcome("ForAnyValue:StringNotEquals", ["a", "b"], (given, "a")) is not among
        )


def test_all_operators_and_all_keys_must_hold() -> None:
    block = {"StringEquals": {"ex:a": "1", "ex:b": "2"}, "Bool": {"ex:c": "true"}}
    full = {"ex:a": "1", "ex:b": "2", "ex:c": "true"}
    assert outcome_of(allow(Condition=block), request(context=full)) is True
    for key in full:
        wrong = request(context={**full, key: "x"})
        assert outcome_of(allow(Condition=block), wrong) is False
    assert outcome_of(allow(Condition={}), request()) is True
    assert outcome_of(allow(Condition={"Bool": {}}), request()) is True


def test_one_key_may_stand_under_several_operators() -> None:
    block = {"NumericGreaterThan": {"ex:n": "1"}, "NumericLessThan": {"ex:n": "3"}}
    for given, holds in (("1", False), ("2", True), ("3", False)):
        assert outcome_of(allow(Condition=block), request(context={"ex:n": given})) is holds


def test_names_of_keys_ignore_case_and_values_do_not() -> None:
    tag = "aws:PrincipalTag/Team"
    assert condition_outcome("StringEquals", "a", None, key=tag, also={tag.upper(): "a"}) is True
    assert condition_outcome("StringEquals", "a", "A") is False
    assert condition_outcome("StringLike", "a*", "Ab") is False
    assert condition_outcome("ArnLike", "arn:aws:iam::1:role/A", "arn:aws:iam::1:role/a") is False


def test_string_equals_takes_wildcards_for_characters() -> None:
    assert condition_outcome("StringEquals", "a*", "ab") is False
    assert condition_outcome("StringEquals", "a?", "a?") is True
    assert condition_outcome("StringEqualsIgnoreCase", "A*", "a*") is True


@pytest.mark.parametrize(("pattern", "given", "matches"), [
    ("*", "", True), ("?", "", False), ("", "", True), ("", "a", False), ("a", "a\n", False),
    ("*", "a\nb", True), ("?", "\n", True), ("*a*b*", "xxaxbx", True), ("*a*b", "abxb", True),
    ("*ab", "aab", True), ("*a?b*", "aab-axb", True), ("a**b", "ab", True), ("*?*", "", False),
    ("*a", "a", True), ("a*b", "ab", True), ("*a*", "a", True),
    ("[a]", "a", False), ("a.c", "abc", False),
])  # fmt: skip
def test_wildcards_stand_for_any_run_and_for_one(pattern: str, given: str, matches: bool) -> None:
    assert condition_outcome("StringLike", pattern, given) is matches


def test_a_hostile_pattern_takes_no_long_time() -> None:
    assert condition_outcome("StringLike", "*a" * 300 + "b", "a" * 3000) is False


@pytest.mark.parametrize(
    ("pattern", "given", "matches"),
    [
        # AWS's own example: a StringLike would match, an ArnLike does not.
        (
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
            False,
        ),
        ("arn:aws:sns:*:1:a:*", "arn:aws:sns:r:1:a:b:c", True),
        ("arn:aws:sns:*:*:?", "arn:aws:sns:r:1:t", True),
        ("arn:aws:sns:*:*:?", "arn:aws:sns:r:1:tt", False),
        ("*:*:*:*:*:*", "arn:aws:sns:r:1:t", True),
        ("*:*:*:*:*:*", "no:arn:at:all:but:six", False),
        ("arn:aws:sns:r:1:t", "t", False),
    ],
)
def test_an_arn_operator_compares_each_of_six_components(
    pattern: str, given: str, matches: bool
) -> None:
    for positive, negated in (("ArnLike", "ArnNotLike"), ("ArnEquals", "ArnNotEquals")):
        assert condition_outcome(positive, pattern, given) is matches
        assert condition_outcome(negated, pattern, given) is not matches


@pytest.mark.parametrize("pattern", ["*", "arn:aws:iam:*", "arn:aws:iam::123456789012"])
def test_an_arn_pattern_of_fewer_components_is_open_where_it_could_match(pattern: str) -> None:
    assert condition_outcome("ArnLike", pattern, ROLE) is Doubt.SHORT_ARN
    assert condition_outcome("ArnNotLike", pattern, ROLE) is Doubt.SHORT_ARN
    assert condition_outcome("ArnLike", [pattern, ROLE], ROLE) is True
    assert condition_outcome("ArnLike", pattern, "no ARN") is False
    assert condition_outcome("ArnLike", "arn:aws:s3", ROLE) is False


UNREADABLE = {
    ValueType.NUMERIC: "ten",
    ValueType.DATE: "tomorrow",
    ValueType.BOOL: "yes",
    ValueType.BINARY: "?",
    ValueType.IP: "example.com",
}
TYPED = [name for name in COMPARING if OPERATORS[name].type in UNREADABLE]


@pytest.mark.parametrize("name", TYPED)
def test_a_policy_value_that_cannot_be_read_is_open(name: str) -> None:
    bad = UNREADABLE[OPERATORS[name].type]
    wanted, match, _ = SAMPLES[name]
    assert condition_outcome(name, bad, match) is Doubt.UNREADABLE_VALUE
    # Another value that matches settles it; an absent key does as well.
    assert condition_outcome(name, [bad, wanted], match) is not OPERATORS[name].negated
    assert condition_outcome(name, bad, None) is OPERATORS[name].negated
    assert condition_outcome(f"ForAllValues:{name}", bad, ()) is True


@pytest.mark.parametrize("name", TYPED)
def test_a_request_s_value_that_cannot_be_read_matches_nothing(name: str) -> None:
    bad = UNREADABLE[OPERATORS[name].type]
    found = condition_outcome(name, SAMPLES[name][0], bad)
    assert found is (Doubt.UNREADABLE_CONTEXT if OPERATORS[name].negated else False)


def test_addresses_of_both_versions_stand_side_by_side() -> None:
    ranges = ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]
    for given, inside in (
        ("203.0.113.1", True),
        ("2001:db8:1234:5678::1", True),
        ("2001:db8:1234:5679::1", False),
        ("::203.0.113.1", False),
    ):
        assert condition_outcome("IpAddress", ranges, given) is inside
        assert condition_outcome("NotIpAddress", ranges, given) is not inside


@pytest.mark.parametrize(
    ("operator", "absent", "present"),
    [
        ("StringEquals", Doubt.EMPTY_LIST, Doubt.EMPTY_LIST),
        ("StringNotEquals", Doubt.EMPTY_LIST, Doubt.EMPTY_LIST),
        ("Null", Doubt.EMPTY_LIST, Doubt.EMPTY_LIST),
        ("StringEqualsIfExists", True, False),
        ("StringNotEqualsIfExists", True, Doubt.EMPTY_LIST),
        ("ForAllValues:StringEquals", True, False),
        ("ForAllValues:StringNotEquals", True, Doubt.EMPTY_LIST),
        ("ForAnyValue:StringEquals", False, False),
        ("ForAnyValue:StringEqualsIfExists", False, False),
        ("ForAnyValue:StringNotEquals", Doubt.EMPTY_LIST, Doubt.EMPTY_LIST),
    ],
)
def test_an_operator_without_values_is_what_access_analyzer_says(
    operator: str, absent: Any, present: Any
) -> None:
    assert condition_outcome(operator, [], None) is absent
    assert condition_outcome(operator, [], "x") is present


def test_an_open_condition_matters_only_where_the_others_hold() -> None:
    block = {"DateLessThan": {"ex:d": "tomorrow"}, "StringEquals": {"ex:a": "1"}}
    for a, outcome in (("1", Doubt.UNREADABLE_VALUE), ("2", False)):
        asked = request(context={"ex:d": "2020-01-01", "ex:a": a})
        assert outcome_of(allow(Condition=block), asked) is outcome
    elsewhere = allow("s3:PutObject", Condition=block)
    assert outcome_of(elsewhere, request(context={"ex:d": "2020-01-01"})) is False
    other = allow(Resource="arn:aws:s3:::other/*", Condition=block)
    assert outcome_of(other, request(resource=OBJECT, context={"ex:d": "2020-01-01"})) is False
