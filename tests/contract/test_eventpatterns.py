"""The checks that the other contract tests rest on refuse what AWS refuses."""

from typing import Any

import pytest
from tests.eventpatterns import (
    COMBINATIONS,
    PatternRefusedError,
    check_event_pattern,
    check_stream_filter,
    combinations,
    matches,
)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.iam"]},
        {"detail": {"a": [None, 1, True, "x"]}},
        {"detail": {"a": [{"prefix": "x"}, {"suffix": {"equals-ignore-case": "x"}}]}},
        {"detail": {"a": [{"wildcard": r"*a\**"}, {"anything-but": {"wildcard": "*x*"}}]}},
        {"detail": {"$or": [{"a": ["x"]}, {"b": [{"exists": False}]}], "c": ["y"]}},
        {"detail": {"a": [{"numeric": [">", 0]}], "b": [{"cidr": "10.0.0.0/8"}]}},
    ],
)
def test_what_eventbridge_documents_passes(pattern: dict[str, Any]) -> None:
    check_event_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param({}, id="empty"),
        pytest.param({"source": "aws.iam"}, id="no array"),
        pytest.param({"source": []}, id="empty array"),
        pytest.param({"source": [["aws.iam"]]}, id="array in array"),
        pytest.param({"a": [{"contains": "x"}]}, id="unknown operator"),
        pytest.param({"a": [{"prefix": "x", "suffix": "y"}]}, id="two operators"),
        pytest.param({"a": [{"wildcard": "**x"}]}, id="consecutive wildcards"),
        pytest.param({"a": [{"wildcard": r"\x*"}]}, id="escape of another character"),
        pytest.param({"a": [{"wildcard": {"equals-ignore-case": "x"}}]}, id="wildcard of operator"),
        pytest.param({"a": [{"exists": "false"}]}, id="exists of text"),
        pytest.param({"a": [{"prefix": ""}]}, id="empty prefix"),
        pytest.param({"$or": [{"a": ["x"]}]}, id="or of one"),
        pytest.param({"$or": [{"a": ["x"]}, {"prefix": ["x"]}]}, id="reserved name in or"),
        pytest.param({"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["z"]}]}, id="path beside and in or"),
    ],
)
def test_what_eventbridge_refuses_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(PatternRefusedError):
        check_event_pattern(pattern)


def test_combinations_multiply_over_parallel_ors_and_add_over_nested_ones() -> None:
    two = [{"a": ["x"]}, {"b": ["x"]}]
    three = [{"c": ["x"]}, {"d": ["x"]}, {"e": ["x"], "$or": [{"f": ["x"]}, {"g": ["x"]}]}]
    assert len(list(combinations({"$or": two, "detail": {"$or": three}}))) == 2 * (1 + 1 + 2)


def test_more_combinations_than_eventbridge_takes_are_refused() -> None:
    pattern = {"$or": [{f"a{number}": ["x"]} for number in range(COMBINATIONS + 1)]}
    with pytest.raises(PatternRefusedError, match="1001 combinations"):
        check_event_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param({"eventName": ["INSERT"]}, id="another key than dynamodb"),
        pytest.param({"dynamodb": {"a": [{"wildcard": "x*"}]}}, id="wildcard"),
        pytest.param({"dynamodb": {"a": [{"anything-but": {"prefix": "x"}}]}}, id="anything-but"),
        pytest.param({"dynamodb": {"a": [{"prefix": {"equals-ignore-case": "x"}}]}}, id="nested"),
    ],
)
def test_what_lambda_does_not_document_for_a_stream_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(PatternRefusedError):
        check_stream_filter(pattern)


def test_a_leaf_that_is_absent_matches_however_much_of_its_path_is_missing() -> None:
    pattern = {"detail": {"requestParameters": {"roleName": [{"exists": False}]}}}
    assert matches(pattern, {"detail": {}})
    assert matches(pattern, {"detail": {"requestParameters": None}})
    assert matches(pattern, {"detail": {"requestParameters": {"omitted": True}}})
    assert not matches(pattern, {"detail": {"requestParameters": {"roleName": "x"}}})
