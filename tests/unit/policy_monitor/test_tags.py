"""A document as it reads for sessions that carry just a role's tags."""

from typing import Any

import pytest
from tests.histories import ACCOUNT, policy, statement, trust

from iamdiff import Access, Request, evaluate, parse_document
from policy_monitor.tags import UnboundTagError, bound, lets_choose_tags

ALLOW_ALL = statement("Allow", "s3:*")


def allows(one: dict[str, Any], resource: str, tags: dict[str, str]) -> bool:
    """Whether a statement, bound to tags, lets a request through (a Deny: stops it)."""
    statements = [one] if one["Effect"] == "Allow" else [ALLOW_ALL, one]
    document = bound(parse_document(policy(*statements)), tuple(tags.items()))
    request = Request("s3:GetObject", resource)
    return evaluate(Access((document,)), request).allowed


def unless(**conditions: Any) -> dict[str, Any]:
    return statement("Allow", "s3:*", Condition=conditions)


TEAM = "aws:PrincipalTag/team"
OWN = statement("Allow", "s3:*", resource="arn:aws:s3:::${aws:PrincipalTag/team}/*")
OTHERS = {
    "Effect": "Allow",
    "Action": "s3:*",
    "NotResource": "arn:aws:s3:::${aws:PrincipalTag/team}/*",
}


@pytest.mark.parametrize(
    ("one", "resource", "tags", "expected"),
    [
        (OWN, "arn:aws:s3:::a/x", {"team": "a"}, True),
        (OWN, "arn:aws:s3:::b/x", {"team": "a"}, False),
        (OWN, "arn:aws:s3:::a/x", {}, False),
        # A character of a value means itself alone.
        (OWN, "arn:aws:s3:::ab/x", {"team": "a*"}, False),
        (OWN, "arn:aws:s3:::a*/x", {"team": "a*"}, True),
        # A pattern whose variable has no value matches nothing: so all is other than it.
        (OTHERS, "arn:aws:s3:::a/x", {}, True),
        (OTHERS, "arn:aws:s3:::a/x", {"team": "a"}, False),
        # Every condition must hold, whichever is read first.
        (unless(StringEquals={TEAM: "a"}, StringLike={TEAM: "b*"}), "*", {"team": "a"}, False),
        (unless(StringLike={TEAM: "b*"}, StringEquals={TEAM: "a"}), "*", {"team": "a"}, False),
        (unless(StringLike={TEAM: "a*"}, StringEquals={TEAM: "a"}), "*", {"team": "a"}, True),
        # Tags' keys are compared without case, their values with it.
        (unless(StringEquals={TEAM: "a"}), "*", {"TEAM": "a"}, True),
        (unless(StringEquals={TEAM: "a"}), "*", {"team": "A"}, False),
        (statement("Deny", "s3:*", Condition={"Null": {TEAM: "true"}}), "*", {}, False),
        (statement("Deny", "s3:*", Condition={"Null": {TEAM: "true"}}), "*", {"team": ""}, True),
    ],
)
def test_a_documents_tags_are_put_in(
    one: dict[str, Any], resource: str, tags: dict[str, str], expected: bool
) -> None:
    assert allows(one, resource, tags) is expected


@pytest.mark.parametrize(
    ("one", "tags"),
    [
        (unless(StringEquals={TEAM: "${aws:username}"}), {"team": "a"}),
        (unless(StringEquals={"aws:SourceVpc": "${aws:PrincipalTag/team}"}), {}),
        (unless(NumericLessThan={"s3:max-keys": "${aws:PrincipalTag/team}"}), {"team": "7"}),
        (statement("Allow", "s3:*", resource="arn:aws:s3::${aws:PrincipalTag/team}:x"), {}),
        (statement("Allow", "s3:*", resource="arn:aws:s3:::${aws:PrincipalTag/team}${"), {}),
    ],
)
def test_what_a_value_alone_does_not_decide_cannot_be_put_in(
    one: dict[str, Any], tags: dict[str, str]
) -> None:
    with pytest.raises(UnboundTagError):
        allows(one, "*", tags)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Action": "sts:AssumeRole"}, False),
        ({"Action": ["sts:AssumeRole", "STS:tagsession"]}, True),
        ({"Action": "*"}, True),
        ({"Action": "sts:?agSession"}, True),
        ({"NotAction": "sts:Tag*"}, False),
        ({"NotAction": "sts:AssumeRole"}, True),
        ({"Effect": "Deny", "Action": "sts:*"}, False),
    ],
)
def test_a_trust_policy_lets_tags_be_chosen_where_it_may_allow_it(
    fields: dict[str, Any], expected: bool
) -> None:
    document = trust()
    del document["Statement"][0]["Action"]
    document["Statement"][0] |= fields
    assert lets_choose_tags(document, ACCOUNT) is expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, True),
        ({"AWS": ["arn:aws:iam::406882777402:root", ACCOUNT]}, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/pipeline"}, True),
        ({"AWS": "*"}, True),
        ("*", True),
        ({"AWS": "arn:aws:iam::406882777402:role/x"}, False),
        ({"Service": "ec2.amazonaws.com"}, False),
    ],
)
def test_of_principals_of_its_own_account_nobody_knows(principal: Any, expected: bool) -> None:
    document = trust()
    document["Statement"][0]["Principal"] = principal
    assert lets_choose_tags(document, ACCOUNT) is expected


def test_a_variable_that_stands_beside_a_tag_stays_a_variable() -> None:
    def kept(text: str) -> tuple[str, ...]:
        read = parse_document(policy(statement("Allow", "s3:*", resource=f"arn:aws:s3:::{text}")))
        return bound(read, (("team", "a"),)).statements[0].resources or ()

    tag = "${aws:PrincipalTag/team}"
    assert kept(f"{tag}/${{aws:username}}") == ("arn:aws:s3:::a/${aws:username}",)
    assert kept(f"{tag}/${{ex:k, 'none'}}") == ("arn:aws:s3:::a/${ex:k, 'none'}",)
    assert kept(f"{tag}/${{*}}") == ("arn:aws:s3:::a/${*}",)


def test_a_statement_without_resources_is_bound_by_its_conditions() -> None:
    trusting = trust()
    trusting["Statement"][0]["Condition"] = {"StringEquals": {TEAM: "a"}}
    read = parse_document(trusting)
    (held,), (not_held,) = (bound(read, ((("team", team)),)).statements for team in ("a", "b"))
    assert held.actions == ("sts:AssumeRole",)
    assert held.conditions == ()
    assert not_held.actions == ()
