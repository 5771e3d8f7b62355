"""Resource patterns of fewer than six fields, read with stars that run over colons."""

from functools import partial

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow

from iamdiff import Verdict
from iamdiff.arns import (
    Splits,
    arn_cells,
    crossing_readings,
    is_ambiguous,
    matches,
    parse_pattern,
    resource_cells,
)
from iamdiff.budget import Budget
from iamdiff.resources import matches_resource_pattern


@pytest.mark.parametrize(
    ("short", "readings"),
    [
        ("arn:aws:sqs:*:q", ["*:*:q", "*:*:*:q"]),
        ("arn:aws:sqs:r*:q?", ["r*:*:q?", "r*:*:*:q?"]),
        ("arn:aws:sqs:r:1", []),
        ("arn:aws:sqs:*a:q", []),
        ("arn:aws:sqs:*:q*", ["*:q*:*", "*:*:q*", "*:*:*:q*"]),
    ],
)
def test_a_star_that_ends_a_field_runs_over_colons(short: str, readings: list[str]) -> None:
    assert sorted(crossing_readings(short)) == sorted(f"arn:aws:sqs:{each}" for each in readings)


def test_stars_share_the_colons_that_are_left() -> None:
    found = crossing_readings("arn:aws:*:a*:b")
    tails = ("*:a*:*:b", "*:a*:*:*:b", "*:*:a*:b", "*:*:a*:*:b", "*:*:*:a*:b", "*:*:*:*:a*:b")
    assert sorted(found) == sorted(f"arn:aws:{each}" for each in tails)


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        ("arn:aws:s3:q1:1:x", Verdict.EQUIVALENT),
        ("arn:aws:s3:r:1:x", Verdict.EXPANSION),
        ("arn:aws:s3:r:q1:x", Verdict.UNDETERMINED),
    ],
)
def test_a_short_pattern_covers_what_both_readings_cover(resource: str, verdict: Verdict) -> None:
    short = allow(Resource="arn:aws:*:q*")
    found = between([short], [short, allow(Resource=resource)])
    assert found.verdict is verdict
    assert codes(found) == ({"short-arn"} if verdict is Verdict.UNDETERMINED else set())


@pytest.mark.parametrize(
    ("pattern", "ambiguous"),
    [
        *[("arn:aws:sqs:*:q", True), ("arn:aws:s*:r:q", True), ("arn:aws:*:q*", True)],
        *[("arn:aws:sqs:r:q", False), ("arn:aws:s*:*", False), ("arn:aws:s*", False)],
        *[("arn:aws:sqs:*:1:q", False), ("arn:aws:*a:q", False), ("arn:*:*:r:*", True)],
    ],
)
def test_only_what_follows_a_star_at_the_end_of_a_field_has_two_readings(
    pattern: str, *, ambiguous: bool
) -> None:
    assert is_ambiguous(pattern) is ambiguous


RESOURCES = (
    *("*", "arn:aws:s3:::a", "arn:aws:s3:::ab", "arn:aws:s3:::a:b", "arn:aws:s3:::a:bc"),
    *("arn:aws:sqs:r:1:a", "arn:aws:sqs:r:1:a:b", "arn:aws-cn:s3:::a", "arn:aws:s3:::"),
)
PATTERNS = (
    *("*", "**", "", "?", "arn:*", "arn:aws:s3", "arn:aws:s?:::a*", "arn:aws:s3:::a", "a?n:*"),
    *(
        "arn:aws:s3:::a?",
        "arn:aws:s3:::a:b",
        "arn:aws:s3:::?:b*",
        "arn:aws:s3:::*:b",
        "arn:aws:s3:*",
    ),
    *("arn:aws:*:a", "arn:aws:sqs:?:1:a:*", "arn:aws*:s3:::a", "arn:aws:s3::::a", "arn:*:*:*:*:a"),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_as_the_evaluator_has_it(pattern: str) -> None:
    for resource in RESOURCES:
        expected = matches_resource_pattern(pattern, resource, lambda _: (), variables=False)
        if isinstance(expected, bool):
            assert matches(parse_pattern(pattern), resource) is expected, resource


def test_a_resource_of_fewer_than_six_fields_is_none_that_a_pattern_matches() -> None:
    assert not matches(parse_pattern("arn:*:*:*:*:*"), "arn:aws:s3")


def test_a_pattern_that_matches_no_arn_has_no_class() -> None:
    patterns = [parse_pattern("arn:aws:s3:::a"), parse_pattern("urn:aws:s3:::b")]
    assert resource_cells(patterns, [0, 1], budget=Budget(), interest=0b10) == []
    (found,) = resource_cells(patterns, [0, 1], budget=Budget(), interest=0b01)
    assert found == (0b01, "arn:aws:s3:::a")


USUAL = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("pattern", "example", "other"),
    [
        ("arn:aws:s?:*:*:a", f"aws:s3:{USUAL}:a", f"aws::{USUAL}:example"),
        ("arn:aws:s3:*:*:*", f"aws:s3:{USUAL}:example", f"aws:x:{USUAL}:example"),
        ("arn:*:s3:*:*:*", f"aws:s3:{USUAL}:example", f"aws:x:{USUAL}:example"),
        ("arn:aws*:ec2:*:1:a?", "aws:ec2:us-east-1:1:ax", f"x:s3:{USUAL}:example"),
    ],
)
def test_where_a_field_is_free_an_example_has_there_what_is_usual(
    pattern: str, example: str, other: str
) -> None:
    patterns = [parse_pattern(pattern)]
    for interest in (0, 1):
        found = dict(resource_cells(patterns, [0], budget=Budget(), interest=interest))
        assert found[1] == f"arn:{example}"
    assert dict(arn_cells(patterns, [0], budget=Budget())) == {
        0: f"arn:{other}",
        1: f"arn:{example}",
    }


def test_what_was_split_before_is_split_alike_for_another_class_or_interest() -> None:
    patterns = [parse_pattern(f"arn:aws:s3:::{name}") for name in ("a*", "*b", "a*c")]
    splits: Splits = {}
    for classes in ([0, 1, 2], [0, 1, 1], [1, 0, 0]):
        for interest in (0, 0b1, 0b10):
            asked = partial(resource_cells, patterns, classes, interest=interest)
            assert asked(budget=Budget(), splits=splits) == asked(budget=Budget())
    size = len(splits)
    resource_cells(patterns, [0, 1, 2], budget=Budget(), interest=0, splits=splits)
    assert len(splits) == size > 1
