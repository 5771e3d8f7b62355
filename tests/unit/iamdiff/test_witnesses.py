"""The request that shows a row, and whether anything known can use it."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Grant, Verdict
from iamdiff.catalogue import CataloguedAction

OBJECT = "arn:*:s3:::*/*"


class SmallCatalogue:
    """Some actions of one service."""

    date = "2026-11-22"

    def __init__(self, **actions: tuple[str, ...]) -> None:
        self._actions = {
            name.lower(): CataloguedAction(f"s3:{name}", ("Read",), resources)
            for name, resources in actions.items()
        }

    def services(self) -> Iterable[str]:
        return ("s3",)

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:
        return self._actions if service == "s3" else {}

    def holds_several(self, key: str) -> bool | None:
        return key == "aws:tagkeys"


def gained(old: list[Any], new: list[Any], **actions: tuple[str, ...]) -> Grant:
    found = between(old, new, catalogue=SmallCatalogue(**actions))
    assert found.verdict is Verdict.EXPANSION
    (grant,) = found.gained
    return grant


def test_an_example_of_a_resource_type_is_not_shown_where_it_was_allowed_before() -> None:
    old = allow(Resource="arn:aws:s3:::example*")
    grant = gained([old], [allow(Resource="arn:aws:s3:::*")], GetObject=(OBJECT,))
    assert not grant.witness.resource.startswith("arn:aws:s3:::example")


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("arn:aws:s3:::h/${ex:a}", ("s3:GetObject", "arn:aws:s3:::h/x")),
        ("arn:aws:s3:::${ex:a}", ("s3:ListBucket", "arn:aws:s3:::example")),
    ],
)
def test_with_a_variable_an_action_is_shown_that_takes_the_resource(
    resource: str, shown: tuple[str, str]
) -> None:
    objects = ("arn:*:s3:::*:*", OBJECT)
    actions = {"GetObject": objects, "ListBucket": ("arn:*:s3:::e*",), "ListAllMyBuckets": ()}
    witness = gained([], [allow("s3:*", Resource=resource)], **actions).witness
    assert (witness.action, witness.resource) == shown


@pytest.mark.parametrize(
    ("taken", "shown"),
    [
        (OBJECT, "arn:aws:s3:::example/example"),
        ("arn:*:s3:*:*:a/*", "arn:aws:s3:us-east-1:123456789012:a/example"),
        ("arn:*:s3:*:*:a:*", "arn:aws:s3:us-east-1:123456789012:a:example"),
    ],
)
def test_where_any_resource_shows_it_one_that_the_action_takes_is_shown(
    taken: str, shown: str
) -> None:
    grant = gained([], [allow("*")], GetObject=(taken,))
    assert (grant.witness.action, grant.witness.resource) == ("s3:GetObject", shown)


TAKING = {"ListBucket": ("arn:*:s3:::e*",), "ListAllMyBuckets": (), "GetObject": (OBJECT,)}


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("*", ("s3:ListBucket", "arn:aws:s3:::eexample")),
        (["arn:aws:s3:::h/*", "*"], ("s3:ListBucket", "arn:aws:s3:::eexample")),
        ("arn:aws:s3:::h/*", ("s3:GetObject", "arn:aws:s3:::h/x")),
        ("arn:aws:s3:::h", ("s3:x", "arn:aws:s3:::h")),
    ],
)
def test_an_action_is_shown_that_takes_what_it_is_shown_on(
    resource: str | list[str], shown: tuple[str, str]
) -> None:
    witness = gained([], [allow("s3:*", Resource=resource)], **TAKING).witness
    assert (witness.action, witness.resource) == shown


def test_catalogued_actions_are_told_in_order_as_aws_writes_them() -> None:
    grant = gained([], [allow(["s3:*", "s3:PUTOBJECT"])], PutObject=(), GetObject=(), ListBucket=())
    assert grant.catalogued == ("s3:GetObject", "s3:ListBucket", "s3:PutObject")


def test_an_action_without_resources_is_shown_on_the_star() -> None:
    grant = gained([], [allow("s3:*")], ListAllMyBuckets=())
    assert (grant.witness.action, grant.witness.resource) == ("s3:ListAllMyBuckets", "*")
    assert not grant.latent


def test_where_no_known_action_takes_the_resource_one_of_an_unnamed_service_is_shown() -> None:
    everything = allow("*", Resource="arn:aws:sqs:::a")
    for beside, action in (([], "s3:Anything"), ([deny("s3:*")], "anyservice:Anything")):
        grant = gained(beside, [*beside, everything], GetObject=(OBJECT,))
        assert (grant.witness.action, grant.witness.resource) == (action, "arn:aws:sqs:::a")
    (grant,) = between([], [allow("*")]).gained
    assert grant.witness.action == "anyservice:Anything"


def test_an_action_that_does_not_take_the_resource_is_shown_as_the_catalogue_writes_it() -> None:
    grant = gained([], [allow("s3:GETOBJECT", Resource="arn:aws:s3:::a")], GetObject=(OBJECT,))
    assert (grant.witness.action, grant.latent) == ("s3:GetObject", True)


def test_of_an_action_that_the_catalogue_lacks_nothing_is_claimed() -> None:
    unknown = allow(["s3:GetObject", "s3:GetNews"], Resource="arn:aws:s3:::a")
    grant = gained([], [unknown], GetObject=(OBJECT,))
    assert (grant.uncatalogued, grant.latent) == (("s3:GetNews",), False)


def test_an_action_without_resources_cannot_be_used_on_a_resource() -> None:
    grant = gained([], [allow("s3:*", Resource="arn:aws:s3:::a")], ListAllMyBuckets=())
    assert grant.latent
    assert grant.witness.resource == "arn:aws:s3:::a"


@pytest.mark.parametrize(("count", "latent"), [(25, True), (26, False)])
def test_nothing_is_claimed_of_more_resources_than_can_be_looked_at(
    count: int, latent: bool
) -> None:
    types = tuple(f"arn:*:s3:::type{number}/*" for number in range(40))
    resources = [f"arn:aws:s3:::other{number}" for number in range(count)]
    assert gained([], [allow(Resource=resources)], GetObject=types).latent is latent


@pytest.mark.parametrize(("end", "latent"), [("c", False), ("d", True)])
@pytest.mark.parametrize("length", [1, 30])
def test_long_patterns_are_told_apart_by_their_ends(length: int, end: str, latent: bool) -> None:
    kind, resource = "*a?b" * length + "*c", "*b?a" * length + f"*{end}"
    grant = gained(
        [], [allow(Resource=f"arn:aws:s3:::{resource}")], GetObject=(f"arn:*:s3:::{kind}",)
    )
    assert grant.latent is latent
