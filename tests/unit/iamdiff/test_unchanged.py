"""What is left out of a comparison because both sides say it, and what must not be."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, gained
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Document, Verdict, compare
from iamdiff.unchanged import without_unchanged

READS, RUNS, LISTS = allow("s3:Get*"), allow("ec2:RunInstances"), allow("S3:ListBucket")


def _numbers(access: Access) -> list[int]:
    return [each.number for each in access.statements]


def _kept(old: Document, new: Document) -> list[list[int]]:
    return list(map(_numbers, without_unchanged(Access((old,)), Access((new,)))))


def test_what_both_sides_say_of_other_services_is_left_out() -> None:
    assert _kept(document(READS, RUNS), document(RUNS, READS, LISTS)) == [[0], [1, 2]]


def test_nothing_is_left_where_both_sides_say_the_same() -> None:
    renamed = {**READS, "Sid": "Reads"}
    assert _kept(document(READS, RUNS), document(RUNS, renamed, RUNS)) == [[], []]


@pytest.mark.parametrize("changed", [allow("*"), allow(NotAction="iam:*"), deny("*:*")])
def test_nothing_is_left_out_where_a_change_may_touch_every_service(
    changed: dict[str, Any],
) -> None:
    assert _kept(document(READS, RUNS), document(READS, RUNS, changed)) == [[0, 1], [0, 1, 2]]


@pytest.mark.parametrize("kept", [deny("*"), deny(NotAction="iam:*"), allow(["ec2:*", "s3:Put*"])])
def test_what_both_sides_say_of_a_changed_service_stays(kept: dict[str, Any]) -> None:
    assert _kept(document(kept), document(kept, READS)) == [[0], [0, 1]]


def test_statements_that_only_their_version_reads_differently_are_no_equals() -> None:
    own = allow(Resource="arn:aws:s3:::bucket/${aws:username}")
    assert _kept(document(own), document(own, version=None)) == [[0], [0]]


def test_a_boundary_on_one_side_alone_leaves_all_in() -> None:
    policy, ceiling = document(READS), document(allow("*"))
    kept = without_unchanged(Access((policy,)), Access((policy,), ceiling))
    assert list(map(_numbers, kept)) == [[0], [0, 0]]


def test_what_both_boundaries_say_of_other_services_is_left_out() -> None:
    ceiling = document(READS, RUNS)
    old, new = Access((document(READS),), ceiling), Access((document(READS, LISTS),), ceiling)
    assert list(map(_numbers, without_unchanged(old, new))) == [[0, 0], [0, 1, 0]]


def test_a_policy_that_is_the_boundary_as_well_is_missed_where_it_is_detached() -> None:
    both = document(READS)
    found = compare(Access((both,), both), Access((), both))
    assert found.verdict is Verdict.REDUCTION
    assert gained(compare(Access((), both), Access((both,), both))) == ["s3:Get*"]


def test_what_is_left_out_still_tells_which_keys_hold_several_values() -> None:
    # Neither Deny holds of a key with several values, and only the other statement says there may
    # be any.
    key = "vendor:key"
    stops = [
        deny(Condition={operator: {key: value}})
        for operator, value in (("Null", "true"), ("StringEquals", "a"), ("StringNotEquals", "a"))
    ]
    several = allow("ec2:*", Condition={"ForAnyValue:StringEquals": {key: "a"}})
    assert between([*stops, several], [*stops, several, allow()]).verdict is Verdict.EXPANSION
    assert between(stops, [*stops, allow()]).verdict is Verdict.EQUIVALENT
