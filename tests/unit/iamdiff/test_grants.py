"""Rows of differences: what is put together, and in which patterns it is told."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Grant, Verdict
from iamdiff.grants import covers_arns, widest
from policy_monitor import catalogue

HOME = "arn:aws:s3:::home/"


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        *[(["a*", "ab"], ["a*"]), (["ab", "a*"], ["a*"]), (["ab*", "a*"], ["a*"])],
        *[(["a*", "b*", "c"], ["a*", "b*", "c"]), (["a", "b", "a"], ["a", "b"])],
        *[(["a", "*"], ["*"]), (["**", "*"], ["*"]), (["b", "a*", "a"], ["b", "a*"])],
        *[(["a*", "a**"], ["a*"]), (["a**", "a*"], ["a**"]), (["a*", "*b"], ["a*", "*b"])],
        *[(["a?", "a*"], ["a*"]), (["a?b", "a*b"], ["a*b"]), (["a*b", "a?b"], ["a*b"])],
        *[(["a*b", "a**b"], ["a*b"]), (["a**b", "a*b"], ["a**b"]), (["*b", "ab"], ["*b"])],
        *[(["aX*", "ab"], ["aX*", "ab"]), (["a*", "b", "bc"], ["a*", "b", "bc"])],
        *[(["a?", "ab", "ba"], ["a?", "ba"]), (["a*b", "*b", "?b"], ["*b"])],
    ],
)
def test_patterns_that_another_one_covers_are_left_out(
    patterns: list[str], kept: list[str]
) -> None:
    assert widest(patterns) == kept


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("arn:aws:rds:*:*:x", "arn:aws:rds:r:1:db:x", False),
        ("arn:aws:rds:*:*:x", "arn:aws:rds:r:1:x", True),
        ("arn:aws:rds:?:*:*x", "arn:aws:rds:r:1:db:x", True),
        ("arn:aws:rds:?:*:*x", "arn:aws:rds:*:1:db:x", False),
        ("arn:aws:rds:*", "arn:aws:rds:r:1:db:x", True),
        ("arn:aws:rds*", "arn:*:rds:*:*:x", False),
        ("*:*:*:*:*:*", "arn:aws:rds:*:*:x", True),
        ("*:*:*:*:*:*", "**", False),
        ("**", "*:*:*:*:*:*", True),
    ],
)
def test_resource_patterns_cover_each_other_field_by_field(
    wide: str, narrow: str, *, covered: bool
) -> None:
    assert covers_arns(wide, narrow) is covered
    (grant,) = between([], [allow(Resource=[narrow, wide])]).gained
    assert wide in grant.resources or covers_arns(narrow, wide)
    assert (narrow not in grant.resources) is covered


def test_a_pattern_that_names_leave_to_a_narrow_one_first_is_told_all_the_same() -> None:
    """So are the catalogued actions that it alone covers."""
    stops = deny(["s3:Get?Acl", "s3:GetAcl"], Condition={"Bool": {"aws:SecureTransport": "false"}})
    found = between([stops], [stops, allow("s3:Get*Acl")], catalogue=catalogue.load())
    (grant,) = found.gained
    assert grant.actions == ("s3:Get*Acl",)
    assert "s3:GetBucketAcl" in grant.catalogued


def test_patterns_that_differ_in_stars_alone_are_one_beside_a_variable() -> None:
    patterns = [f"{HOME}${{ex:a}}*", f"{HOME}*", f"{HOME}**"]
    found = between([], [allow(Resource=patterns)])
    assert found.verdict is Verdict.EXPANSION
    assert [grant.resources for grant in found.gained] == [(f"{HOME}**",)]


def _when(value: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"ex:k": value}}}


def _stopped_by(grant: Grant) -> list[int]:
    return [place.statement.number for place in grant.before_statements]


def test_what_one_statement_allows_of_several_groups_of_actions_is_one_row() -> None:
    stops = [deny("s3:Get*", **_when("a")), deny("s3:Put*", **_when("b"))]
    both = allow(["s3:Get*", "s3:Put*"])
    (grant,) = between([*stops], [*stops, both]).gained
    assert grant.actions == ("s3:Get*", "s3:Put*")
    (lifted,) = between([*stops, both], [both]).gained
    assert lifted.actions == ("s3:Get*", "s3:Put*")
    assert _stopped_by(lifted) == [0, 1]


def test_an_allow_that_two_denies_stopped_is_one_row_and_the_denies_alone_are_two() -> None:
    stops = [deny(**_when("a")), deny(**_when("b"))]
    found = between([*stops, allow()], [allow()])
    assert list(map(_stopped_by, found.gained)) == [[0, 1]]
    assert list(map(_stopped_by, found.lifted_denies)) == [[0], [1]]


def test_the_gravest_grants_come_first_and_what_nothing_can_use_last() -> None:
    added = [
        allow("s3:PutObject", Resource="arn:aws:s3:::no-object"),
        allow("s3:ListBucket", Resource="arn:aws:s3:::a"),
        allow(["s3:GetObject", "s3:GetObjectAcl"], Resource=f"{HOME}a"),
        allow(["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging"], Resource=f"{HOME}b"),
        allow("s3:PutBucketPolicy", Resource="arn:aws:s3:::b"),
    ]
    found = between([], added, catalogue=catalogue.load())
    told = [place.statement.number for grant in found.gained for place in grant.allowed_by]
    assert told == [4, 3, 2, 1, 0]


def test_without_a_catalogue_nothing_is_claimed_of_what_can_be_used() -> None:
    (grant,) = between([], [allow("s3:*", Resource="arn:aws:s3:::a")]).gained
    assert not grant.latent
