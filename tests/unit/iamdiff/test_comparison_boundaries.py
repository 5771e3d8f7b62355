"""A permissions boundary: what it takes away and gives back, for every action."""

import pytest
from tests.unit.iamdiff.comparing import gained, lost
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Verdict, compare

IDENTITY = document(allow(["ce:*", "s3:*"]))


def test_setting_a_boundary_takes_away_what_it_does_not_name() -> None:
    found = compare(Access((IDENTITY,)), Access((IDENTITY,), document(allow("s3:*"))))
    assert found.verdict is Verdict.REDUCTION
    assert (gained(found), lost(found)) == ([], ["ce:*"])
    assert found.lost[0].before == "boundary"


def test_removing_a_boundary_gives_back_what_it_did_not_name() -> None:
    found = compare(Access((IDENTITY,), document(allow("s3:*"))), Access((IDENTITY,)))
    assert found.verdict is Verdict.EXPANSION
    assert (gained(found), lost(found)) == (["ce:*"], [])
    assert [place.document for place in found.gained[0].allowed_by] == [0]


def test_a_boundary_that_allows_everything_changes_nothing() -> None:
    found = compare(Access((IDENTITY,)), Access((IDENTITY,), document(allow("*"))))
    assert found.verdict is Verdict.EQUIVALENT


def test_a_boundary_without_allows_takes_everything_away() -> None:
    found = compare(Access((IDENTITY,)), Access((IDENTITY,), document(deny("iam:*"))))
    assert found.verdict is Verdict.REDUCTION
    assert (gained(found), lost(found)) == ([], ["ce:*", "s3:*"])


def test_setting_a_boundary_takes_actions_without_resources_where_it_names_arns_only() -> None:
    identity = document(allow("ec2:DescribeInstances"))
    ceiling = document(allow("ec2:*", Resource="arn:aws:ec2:*:*:*"))
    found = compare(Access((identity,)), Access((identity,), ceiling))
    assert found.verdict is Verdict.REDUCTION
    assert found.lost[0].witness.resource == "*"


@pytest.mark.parametrize("grows", [True, False])
def test_a_boundary_that_names_more_gives_only_what_the_identity_allows(*, grows: bool) -> None:
    narrow, wide = document(allow("s3:Get*")), document(allow(["s3:Get*", "s3:Put*", "iam:*"]))
    old, new = (narrow, wide) if grows else (wide, narrow)
    found = compare(Access((IDENTITY,), old), Access((IDENTITY,), new))
    assert found.verdict is (Verdict.EXPANSION if grows else Verdict.REDUCTION)
    assert (gained(found), lost(found)) == ((["s3:Put*"], []) if grows else ([], ["s3:Put*"]))


def test_a_condition_in_a_new_boundary_is_what_stops_a_request_now() -> None:
    condition = {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    found = compare(Access((IDENTITY,)), Access((IDENTITY,), document(allow("*", **condition))))
    assert found.verdict is Verdict.REDUCTION
    assert found.lost[0].witness.context["aws:RequestedRegion"] != "eu-west-1"


@pytest.mark.parametrize("within", [True, False])
def test_a_deny_that_is_lifted_is_listed_whatever_the_boundary_allows(*, within: bool) -> None:
    plain, denying = document(allow("s3:*")), document(allow("s3:*"), deny("iam:*"))
    old = Access((plain,), denying) if within else Access((denying,), plain)
    new = Access((plain,), plain)
    found = compare(old, new)
    assert found.verdict is Verdict.EQUIVALENT
    assert [grant.actions for grant in found.lifted_denies] == [("iam:*",)]
    assert [grant.actions for grant in compare(new, old).added_denies] == [("iam:*",)]
