"""What an access allows, in the catalogue's actions."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, compare
from iamdiff.catalogue import CataloguedAction
from iamdiff.inventory import Inventory, take_inventory
from iamdiff.limits import Limit

BUCKET = "arn:*:s3:::*"
OBJECT = "arn:*:s3:::*/*"
ROLE = "arn:aws:iam::123456789012:role/vendor"
TEAM = {"StringEquals": {"aws:PrincipalTag/team": "a"}}


class SmallCatalogue:
    """Six actions of three services."""

    date = "2026-11-22"
    _actions = (
        CataloguedAction("s3:GetObject", ("Read",), (OBJECT,)),
        CataloguedAction("s3:PutObject", ("Write",), (OBJECT,)),
        CataloguedAction("s3:ListBucket", ("List",), (BUCKET,)),
        CataloguedAction("s3:ListAllMyBuckets", ("List",), ()),
        CataloguedAction("ec2:DescribeInstances", ("List",), ()),
        CataloguedAction("sts:AssumeRole", ("Write",), ("arn:*:iam::*:role/*",)),
    )

    def services(self) -> Iterable[str]:
        return ("s3", "ec2", "sts")

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:
        return {
            action.name.partition(":")[2].lower(): action
            for action in self._actions
            if action.name.startswith(f"{service}:")
        }

    def holds_several(self, key: str) -> bool | None:
        return key == "aws:tagkeys"


def inventory(
    *statements: Mapping[str, Any], boundary: Mapping[str, Any] | None = None, **options: Any
) -> Inventory:
    ceiling = None if boundary is None else document(boundary)
    access = Access((document(*statements),), ceiling)
    return take_inventory(access, catalogue=SmallCatalogue(), **options)


def limits(found: Inventory) -> dict[str, set[str]]:
    """The limits of each action that is allowed on what it takes."""
    return {each.action.name: set(each.limits) for each in found.holdings if not each.latent}


def latent(found: Inventory) -> set[str]:
    return {each.action.name for each in found.holdings if each.latent}


def test_a_star_allows_every_catalogued_action_without_limits() -> None:
    found = inventory(allow("*"))
    assert len(limits(found)) == 6
    assert not any(limits(found).values())
    assert list(found.actions) == ["ec2", "s3", "sts"]


def test_nothing_is_allowed_by_denies_alone() -> None:
    found = inventory(deny("*"))
    assert found.holdings == ()
    assert found.denies == ()


def test_a_service_of_which_nothing_is_allowed_is_not_listed() -> None:
    assert list(inventory(allow("s3:Get*")).actions) == ["s3"]


def test_not_action_counts_the_actions_of_services_that_it_does_not_name() -> None:
    assert set(limits(inventory(allow(NotAction=["s3:*", "sts:*"])))) == {"ec2:DescribeInstances"}


def test_a_condition_limits() -> None:
    found = inventory(allow("s3:GetObject", Condition=TEAM), allow("s3:ListBucket"))
    assert limits(found) == {"s3:GetObject": {Limit.CONDITIONS}, "s3:ListBucket": set()}


def test_statements_that_together_cover_all_contexts_do_not_limit() -> None:
    other = {"StringNotEquals": {"aws:PrincipalTag/team": "a"}}
    found = inventory(allow(Condition=TEAM), allow(Condition=other))
    assert limits(found) == {"s3:GetObject": set()}


def test_certain_resources_limit() -> None:
    found = inventory(allow("s3:*Object", Resource="arn:aws:s3:::logs/*"))
    assert limits(found) == {name: {Limit.RESOURCES} for name in ("s3:GetObject", "s3:PutObject")}


def test_all_resources_that_an_action_takes_in_the_policies_partition_are_no_limit() -> None:
    found = inventory(allow("s3:*", Resource="arn:aws:s3:::*"))
    assert set(limits(found)) == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    assert not any(limits(found).values())


def test_an_action_that_takes_no_resource_is_latent_where_an_arn_is_asked_for() -> None:
    found = inventory(allow("ec2:*", Resource="arn:aws:ec2:*:*:*"))
    assert limits(found) == {}
    assert latent(found) == {"ec2:DescribeInstances"}


def test_an_action_is_latent_on_resources_of_another_type() -> None:
    found = inventory(allow(["s3:GetObject", "s3:ListBucket"], Resource="arn:aws:s3:::logs/"))
    assert latent(found) == set()
    found = inventory(allow("s3:GetObject", Resource="arn:aws:s3:::logs"))
    assert latent(found) == {"s3:GetObject"}


def test_a_deny_of_everything_leaves_nothing_and_is_listed_with_what_it_stops() -> None:
    found = inventory(allow("s3:*"), deny("s3:Put*"))
    assert "s3:PutObject" not in limits(found)
    (rule,) = found.denies
    assert rule.actions == ("s3:PutObject",)
    assert rule.places[0].statement.number == 1


def test_a_deny_of_some_requests_limits() -> None:
    found = inventory(allow("s3:*Object"), deny("s3:Put*", Condition=TEAM))
    assert limits(found) == {"s3:GetObject": set(), "s3:PutObject": {Limit.DENIED}}


def test_a_deny_of_what_nothing_allows_is_not_listed() -> None:
    assert inventory(allow("s3:GetObject"), deny("s3:Put*")).denies == ()


def test_a_literal_deny_of_one_action_leaves_the_others_of_a_wildcard() -> None:
    found = inventory(allow("s3:*"), deny("s3:GetObject"))
    assert set(limits(found)) == {"s3:PutObject", "s3:ListBucket", "s3:ListAllMyBuckets"}


def test_the_boundary_stops_what_it_does_not_allow() -> None:
    found = inventory(allow("s3:*Object"), boundary=allow("s3:GetObject"))
    assert set(limits(found)) == {"s3:GetObject"}
    assert found.beyond_boundary == ("s3:PutObject",)


def test_a_boundary_with_a_condition_limits() -> None:
    found = inventory(allow("s3:GetObject"), boundary=allow("s3:*", Condition=TEAM))
    assert limits(found) == {"s3:GetObject": {Limit.BOUNDARY}}
    assert found.beyond_boundary == ()


def test_a_deny_of_the_boundary_counts_as_a_deny() -> None:
    access = Access((document(allow("s3:*Object")),), document(allow("*"), deny("s3:PutObject")))
    found = take_inventory(access, catalogue=SmallCatalogue())
    assert set(limits(found)) == {"s3:GetObject"}
    assert [rule.actions for rule in found.denies] == [("s3:PutObject",)]


def test_allow_statements_are_listed_with_the_actions_that_they_allow() -> None:
    found = inventory(allow("s3:*Object", Resource="arn:aws:s3:::logs/*"), allow("ec2:*"))
    assert [(rule.places[0].statement.number, rule.actions) for rule in found.allows] == [
        (0, ("s3:GetObject", "s3:PutObject")),
        (1, ("ec2:DescribeInstances",)),
    ]


def test_patterns_that_match_no_catalogued_action_are_named_once_as_they_are_written() -> None:
    found = inventory(
        allow(["s3:Frob*", "s3:frob*", "new:Thing", "s3:*", "*"]), deny("other:Thing")
    )
    assert found.uncatalogued == ("s3:Frob*", "new:Thing")


def test_a_trust_policy_counts_what_any_principal_may_do() -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
    }
    found = inventory(trust, kind="trust")
    assert limits(found) == {"sts:AssumeRole": {Limit.CONDITIONS}}


def test_a_bound_principal_decides_conditions_on_it() -> None:
    own = allow(Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})
    assert limits(inventory(own, principal=ROLE)) == {"s3:GetObject": set()}
    assert limits(inventory(own, principal=f"{ROLE}2")) == {}


def test_what_cannot_be_decided_counts_as_allowed_and_says_so() -> None:
    found = inventory(allow(Condition={"DateLessThan": {"aws:CurrentTime": "soon"}}))
    assert limits(found) == {"s3:GetObject": {Limit.CONDITIONS}}
    assert [reason.code for reason in found.undetermined] == ["condition"]


def test_whom_a_not_principal_names_in_part_counts_as_allowed_and_it_says_so() -> None:
    found = inventory(
        allow("s3:GetObject", Principal={"AWS": "*"}, Resource="*"),
        deny("s3:GetObject", NotPrincipal={"AWS": ROLE}, Resource="*"),
        kind="resource",
        principal=ROLE,
    )
    assert limits(found) == {"s3:GetObject": set()}
    assert [reason.code for reason in found.undetermined] == ["not-principal"]


def test_past_the_work_budget_what_is_left_counts_as_allowed() -> None:
    found = inventory(
        allow("s3:GetObject", Resource=["arn:aws:s3:::*a*b*", "arn:aws:s3:::*b*a*"]),
        deny("s3:GetObject", Resource="arn:aws:s3:::*c*"),
        steps=3,
    )
    assert set(limits(found)) == {"s3:GetObject"}
    assert [reason.code for reason in found.undetermined] == ["budget"]


def test_past_the_work_budget_anybody_may_use_what_is_left() -> None:
    some = {"StringLike": {"aws:PrincipalAccount": ["*1*2*", "*2*3*", "*3*1*"]}}
    found = inventory(
        allow("s3:GetObject", Principal={"AWS": "*"}, Resource="*", Condition=some),
        kind="resource",
        steps=30,
    )
    assert set(limits(found)) == {"s3:GetObject"}
    assert [reason.code for reason in found.undetermined] == ["budget"]


def test_either_reading_of_a_short_pattern_counts_and_is_told() -> None:
    found = inventory(allow("s3:GetObject", Resource="arn:aws:*:*:logs/*"))
    assert set(limits(found)) | latent(found) == {"s3:GetObject"}
    assert "short-arn" in [reason.code for reason in found.undetermined]


@pytest.mark.parametrize(
    "statements",
    [
        (allow("s3:*"), deny("s3:*", Condition=TEAM)),
        (allow("s3:Get*", Resource="arn:aws:s3:::a/*"), deny("s3:GetObject")),
        (allow(["s3:*", "ec2:*"]), deny(NotAction="ec2:*")),
    ],
)
def test_an_action_is_held_where_a_comparison_with_nothing_finds_it_gained(
    statements: tuple[Mapping[str, Any], ...],
) -> None:
    access = Access((document(*statements),))
    found = take_inventory(access, catalogue=SmallCatalogue())
    comparison = compare(Access(), access, catalogue=SmallCatalogue())
    gained = {name for grant in comparison.gained for name in grant.catalogued}
    assert {each.action.name for each in found.holdings} == gained


@pytest.mark.parametrize(
    ("statement", "boundary", "named"),
    [
        (
            allow(Resource="arn:aws:s3:::${aws:username"),
            None,
            "the resource arn:aws:s3:::${aws:username could",
        ),
        (
            allow(),
            allow(Condition={"DateLessThan": {"aws:CurrentTime": "soon"}}),
            "DateLessThan on aws:CurrentTime could",
        ),
    ],
)
def test_what_cannot_be_decided_is_named_as_it_is_written(
    statement: Mapping[str, Any], boundary: Mapping[str, Any] | None, named: str
) -> None:
    (reason,) = inventory(statement, boundary=boundary).undetermined
    assert reason.sentence.startswith(named)


def test_a_text_that_no_action_can_match_is_named_as_unknown() -> None:
    assert inventory(allow(["s3:", "s3:Get*"])).uncatalogued == ("s3:",)
