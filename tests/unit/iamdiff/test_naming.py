"""The actions of a row as AWS names them, and the statements that speak of them."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between
from tests.unit.iamdiff.policies import allow, deny

from policy_monitor import catalogue

ROLES = [f"arn:aws:iam::123456789012:role/{name}" for name in ("vendor", "other")]


def test_what_one_principal_gains_is_named_whatever_is_said_of_another() -> None:
    own, other = ({"Principal": {"AWS": role}, "Resource": "*"} for role in ROLES)
    when = {"Condition": {"StringEquals": {"ex:k": "a"}}}
    both = [deny("s3:Get*", **other), allow("s3:List*", **other), allow("s3:Put*", **own, **when)]
    found = between(
        both, [*both, allow("s3:Get*", **own)], kind="resource", catalogue=catalogue.load()
    )
    (grant,) = found.gained
    assert "s3:GetObject" in grant.catalogued
    assert {name.partition(":")[0] for name in grant.catalogued} == {"s3"}


def test_access_levels_are_told_from_the_gravest_to_the_least() -> None:
    names = ["s3:GetObject", "s3:ListBucket", "s3:PutBucketPolicy"]
    (grant,) = between([], [allow(names)], catalogue=catalogue.load()).gained
    assert grant.access_levels == ("Permissions management", "Write", "Read", "List")


@pytest.mark.parametrize("gravest", ["s3:PutObject", "s3:PutBucketPolicy"])
def test_a_row_is_shown_by_its_gravest_action(gravest: str) -> None:
    names = ["s3:GetObject", "s3:ListBucket", gravest]
    (grant,) = between([], [allow(names)], catalogue=catalogue.load()).gained
    assert grant.witness.action == gravest


def test_actions_of_several_services_are_all_named_as_aws_writes_them() -> None:
    loaded = catalogue.load()
    names = ("ec2:RunInstances", "s3:GetObject", "s3:PutObject")
    odd = [allow(list(map(str.upper, names)))]
    (grant,) = between([], odd, catalogue=loaded).gained
    assert (grant.actions, grant.catalogued, grant.uncatalogued) == (names, names, ())
    (grant,) = between([], [allow(["ec2:Run*", "s3:Get*"])], catalogue=loaded).gained
    assert {"ec2:RunInstances", "s3:GetObject"} <= set(grant.catalogued)


def test_everything_is_the_actions_of_services_that_policies_name_as_well() -> None:
    stops = deny("s3:GetObject")
    found = between([stops], [stops, allow("*")], catalogue=catalogue.load())
    (grant,) = found.gained
    assert {"iam:PassRole", "s3:PutObject"} <= set(grant.catalogued)
    assert "s3:GetObject" not in grant.catalogued


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        ([{"Action": "s3:Get*"}, {"Action": "s3:Put*"}], [["A", "B"]]),
        ([{"Action": "s3:Get*"}, {"Action": ["sqs:A", "s3:Pu?Object"]}], [["A", "B"]]),
        ([{"NotAction": "iam:*"}, {"NotAction": "iam:*"}], [["A", "B"], ["A", "B"]]),
        ([{"NotAction": "iam:*"}, {"Action": "iam:Get*"}], [["A", "B"], ["A"]]),
    ],
)
def test_every_statement_that_speaks_of_an_action_of_a_row_is_named(
    elements: list[dict[str, Any]], told: list[list[str]]
) -> None:
    statements = [allow(**each, Sid=sid) for sid, each in zip(("A", "B"), elements, strict=True)]
    silent = allow("kms:Decrypt", Condition={"StringEquals": {"ex:k": "a"}}, Sid="C")
    rows = between([silent], [silent, *statements]).gained
    assert [[place.statement.sid for place in grant.allowed_by] for grant in rows] == told


def test_every_deny_that_stopped_an_action_of_a_row_is_named() -> None:
    denies = [deny("s3:Get*"), deny("s3:Put*")]
    (grant,) = between([allow("s3:*"), *denies], [allow("s3:*")]).gained
    assert [place.statement.number for place in grant.before_statements] == [1, 2]
