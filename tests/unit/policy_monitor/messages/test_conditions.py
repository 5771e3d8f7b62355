import pytest

from iamdiff.operators import OPERATORS
from policy_monitor.messages.conditions import condition_phrases, context_phrase
from policy_monitor.messages.text import plain


@pytest.mark.parametrize(
    ("conditions", "texts"),
    [
        ({}, []),
        ({"StringEquals": {"aws:PrincipalTag/team": ["a"]}}, ["aws:PrincipalTag/team is a"]),
        (
            {"StringNotEquals": {"aws:RequestedRegion": ["a", "b"]}},
            ["aws:RequestedRegion is not a or b"],
        ),
        (
            {"StringLike": {"k": ["a", "b", "c", "d", "e"]}},
            ["k matches a, b, c or 2 more"],
        ),
        ({"BoolIfExists": {"k": [True]}}, ["k is true (if it is there at all)"]),
        ({"Null": {"k": "true"}}, ["k is absent"]),
        ({"Null": {"k": [False]}}, ["k is there"]),
        ({"ForAnyValue:StringLike": {"k": "a*"}}, ["some value of k matches a*"]),
        ({"ForAllValues:StringEquals": {"k": []}}, ["every value of k is none"]),
        ({"NumericLessThan": {"k": [5]}}, ["k is less than 5"]),
        ({"StringLikes": {"k": ["a"]}}, ["StringLikes on k: a"]),
        ({"ForNoValue:StringLike": {"k": ["a"]}}, ["ForNoValue:StringLike on k: a"]),
        (
            {"StringEquals": {"a": "1", "b": "2"}, "IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}},
            ["a is 1", "b is 2", "aws:SourceIp is in 10.0.0.0/8"],
        ),
    ],
)
def test_conditions_read_as_words(conditions: dict[str, object], texts: list[str]) -> None:
    assert [plain(phrase) for phrase in condition_phrases(conditions)] == texts


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_of_aws_has_words(operator: str) -> None:
    (phrase,) = condition_phrases({operator: {"k": ["true"]}})
    assert operator not in plain(phrase)


def test_a_key_of_an_example_shows_its_values() -> None:
    assert plain(context_phrase("k", ["a", "b"])) == "k = a and b"
    assert plain(context_phrase("k", "a")) == "k = a"
    assert plain(context_phrase("k", [])) == "k with no value"
