"""Actions: patterns that meet, names under patterns, and NotAction."""

from typing import Any

import pytest

from iamdiff import Access, Comparison, Verdict, compare, parse_document


def statement(
    effect: str, actions: str | list[str], element: str = "Action", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, element: actions, "Resource": "*", **more}


def between(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Comparison:
    sides = [
        Access((parse_document({"Version": "2012-10-17", "Statement": each}),))
        for each in (old, new)
    ]
    return compare(*sides)


def test_a_new_deny_on_a_pattern_takes_the_names_under_it() -> None:
    allow = statement("Allow", ["s3:GetObject", "s3:PutObject"])
    found = between([allow], [allow, statement("Deny", "s3:*")])
    assert found.verdict is Verdict.REDUCTION
    assert sorted(a for g in found.lost for a in g.actions) == ["s3:GetObject", "s3:PutObject"]


def test_a_new_allow_on_a_pattern_gives_names_under_it_what_they_lack() -> None:
    once = statement("Allow", "s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})
    found = between([once], [once, statement("Allow", "s3:Get*")])
    assert found.verdict is Verdict.EXPANSION
    causes = {(grant.before.value, grant.actions) for grant in found.gained}
    assert ("condition", ("s3:GetObject",)) in causes


def test_a_new_exclusion_takes_the_names_that_stand_elsewhere_too() -> None:
    allow = statement("Allow", ["s3:GetObject", "iam:PassRole"])
    found = between([allow], [allow, statement("Deny", "s3:*", "NotAction")])
    assert found.verdict is Verdict.REDUCTION
    assert [grant.actions for grant in found.lost] == [("iam:PassRole",)]


@pytest.mark.parametrize("name", ["s3:GetObject", "S3:getobject", "s3:get*", "s3:G?tObject"])
def test_a_name_beside_its_service_s_star_changes_nothing(name: str) -> None:
    everything = statement("Allow", "s3:*")
    found = between([everything], [everything, statement("Allow", name)])
    assert found.verdict is Verdict.EQUIVALENT


def test_a_pattern_is_more_than_the_actions_of_today() -> None:
    names = [f"s3:Get{name}" for name in ("Object", "ObjectAcl", "BucketAcl")]
    found = between([statement("Allow", names)], [statement("Allow", "s3:Get*")])
    assert found.verdict is Verdict.EXPANSION


def test_a_pattern_that_no_name_matches_matches_nothing() -> None:
    found = between([statement("Allow", "s3:*")], [statement("Allow", ["s3:*", "ec2:Run "])])
    assert found.verdict is Verdict.EQUIVALENT


def test_everything_but_one_service_is_less_than_everything() -> None:
    found = between([statement("Allow", "*")], [statement("Allow", "iam:*", "NotAction")])
    assert found.verdict is Verdict.REDUCTION
    assert [grant.actions for grant in found.lost] == [("iam:*",)]


def test_an_exclusion_grows_by_a_name_on_an_allow_and_access_shrinks_by_it() -> None:
    old = [statement("Allow", ["iam:*"], "NotAction")]
    new = [statement("Allow", ["iam:*", "s3:DeleteBucket"], "NotAction")]
    found = between(old, new)
    assert found.verdict is Verdict.REDUCTION
    assert [grant.actions for grant in found.lost] == [("s3:DeleteBucket",)]
