"""What a role's tags make of findings, where its policies read them."""

from typing import Any

import pytest
from tests.histories import (
    CEILING,
    POLICY,
    ROLE,
    ROLE_ARN,
    SETTINGS,
    Shelf,
    allow,
    genesis,
    managed,
    mutation,
    policy,
    role,
    statement,
    trust,
)

from policy_monitor.derivation import derive
from policy_monitor.findings import Finding, SubjectType
from policy_monitor.mutations import (
    Change,
    DefaultVersionSet,
    MutationKind,
    RoleObserved,
    RoleTagged,
    RoleUntagged,
    TrustChanged,
)

shelf = Shelf()


def trusting(*actions: str, **fields: Any) -> str:
    document = trust()
    document["Statement"][0] |= {"Action": list(actions)} if actions else {}
    document["Statement"].extend(fields.get("more", ()))
    return shelf(document)


ASSUMING, TAGGING = trusting(), trusting("sts:AssumeRole", "sts:TagSession")


def reading(operator: str, value: Any, key: str = "aws:PrincipalTag/team", **more: Any) -> str:
    """A policy that allows s3:* by a condition on a tag."""
    condition = {operator: {key: value}}
    return shelf(policy(statement("Allow", "s3:*", Condition=condition, **more)))


TEAM_A = reading("StringEquals", "a")


def effects(
    change: Change,
    document: str = TEAM_A,
    *,
    tags: dict[str, str] | None = None,
    trusted: str | None = ASSUMING,
    **fields: Any,
) -> list[Finding]:
    """What is found of the role's access."""
    held = role(attached=frozenset({POLICY}), trust=trusted, tags=tags or {}, **fields)
    baseline = genesis(held, managed(POLICY, document), managed(CEILING, TEAM_A))
    found = derive(baseline, [mutation("1", change)], shelf.documents, SETTINGS, None)
    return [finding for finding in found if finding.subject.type is SubjectType.ROLE]


def verdict(*arguments: Any, **fields: Any) -> str:
    (finding,) = effects(*arguments, **fields)
    return finding.verdict


def tagged(**tags: str) -> RoleTagged:
    return RoleTagged(ROLE, tuple(tags.items()))


BY_TAG = shelf(allow("s3:*", resource="arn:aws:s3:::${aws:PrincipalTag/team}/*"))
MATCHING = shelf(
    policy(
        statement(
            "Allow",
            "ec2:*",
            Condition={"StringEquals": {"aws:ResourceTag/t": "${aws:PrincipalTag/team, 'none'}"}},
        )
    )
)


@pytest.mark.parametrize(
    ("change", "document", "tags", "expected"),
    [
        (tagged(team="a"), TEAM_A, {}, "expansion"),
        (tagged(TEAM="a"), TEAM_A, {}, "expansion"),
        (tagged(team="b"), TEAM_A, {"team": "a"}, "reduction"),
        # A tag whose key differs by case alone takes the place of the first.
        (tagged(TEAM="b"), TEAM_A, {"team": "a"}, "reduction"),
        (tagged(TEAM="a"), TEAM_A, {"team": "b"}, "expansion"),
        (tagged(team="b"), TEAM_A, {"team": "c"}, "equivalent"),
        (tagged(color="a"), TEAM_A, {}, "equivalent"),
        (RoleUntagged(ROLE, ("team",)), TEAM_A, {"team": "a"}, "reduction"),
        (
            RoleUntagged(ROLE, ("team",)),
            reading("StringNotEquals", "a"),
            {"team": "a"},
            "expansion",
        ),
        (tagged(team="x"), reading("Null", "true"), {}, "reduction"),
        (tagged(team="b"), BY_TAG, {"team": "a"}, "mixed"),
        (tagged(team="b"), BY_TAG, {}, "expansion"),
        (tagged(team="b"), MATCHING, {}, "mixed"),
        (tagged(team="none"), MATCHING, {}, "equivalent"),
    ],
)
def test_a_change_of_tags_is_compared_by_what_the_policies_make_of_them(
    change: Change, document: str, tags: dict[str, str], expected: str
) -> None:
    assert verdict(change, document, tags=tags) == expected


def test_what_a_trust_policy_that_is_none_lets_be_chosen_is_not_known() -> None:
    unreadable = shelf({"Statement": "none"})
    assert verdict(tagged(team="a"), trusted=unreadable) == "undetermined"


def test_a_deny_that_spares_a_tag_is_lost_with_it() -> None:
    document = shelf(
        policy(
            statement("Allow", "s3:*"),
            statement(
                "Deny", "s3:*", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "a"}}
            ),
        )
    )
    assert verdict(tagged(team="a"), document) == "expansion"
    assert verdict(tagged(team="b"), document, tags={"team": "a"}) == "reduction"


def test_a_boundary_reads_the_tags_as_well() -> None:
    change = tagged(team="a")
    assert verdict(change, shelf(allow("s3:*")), boundary=CEILING) == "expansion"


def test_what_stands_where_stays_told() -> None:
    document = shelf(
        policy(
            statement("Allow", "ec2:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "z"}}),
            statement("Allow", "s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}),
        )
    )
    (finding,) = effects(tagged(team="a"), document)
    (grant,) = finding.comparison["gained"]
    assert grant["actions"] == ["s3:*"]
    assert [place["statement"] for place in grant["because"]["allowed_by"]] == [1]
    assert grant["witness"]["context"] == {}


@pytest.mark.parametrize(
    "trusted",
    [
        TAGGING,
        trusting("sts:*"),
        trusting("sts:Tag*", "sts:AssumeRole"),
        shelf(
            {
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "NotAction": "sts:AssumeRoleWithSAML",
                }
            }
        ),
        None,
    ],
)
def test_where_whoever_assumes_the_role_may_choose_its_tags_a_change_is_undetermined(
    trusted: str | None,
) -> None:
    (finding,) = effects(tagged(team="a"), trusted=trusted)
    assert finding.verdict == "undetermined"
    assert [reason["code"] for reason in finding.comparison["undetermined"]] == ["tags-read"]
    assert verdict(tagged(color="a"), trusted=trusted) == "equivalent"


@pytest.mark.parametrize(
    "document",
    [
        reading("StringEquals", "a", key="aws:ResourceTag/TEAM"),
        reading("StringEquals", "a", key="iam:ResourceTag/team"),
        reading("StringEquals", "${aws:username}"),
        reading("StringEquals", "${aws:PrincipalTag/team}", key="aws:RequestedRegion"),
        reading("NumericLessThan", "${aws:PrincipalTag/team, '7'}", key="s3:max-keys"),
        shelf(allow("sqs:*", resource="arn:aws:sqs:*:${aws:PrincipalTag/team}:q")),
    ],
)
def test_what_a_tag_does_beside_its_value_alone_is_undetermined(document: str) -> None:
    (finding,) = effects(tagged(team="a"), document)
    assert finding.verdict == "undetermined"
    assert [reason["code"] for reason in finding.comparison["undetermined"]] == ["tags-read"]


def test_a_role_whose_tags_are_not_known_is_undetermined() -> None:
    assert verdict(tagged(team="a"), known=False) == "undetermined"


def test_a_policy_is_compared_by_the_tags_that_the_role_has() -> None:
    wider = shelf(
        policy(
            statement("Allow", "s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}),
            statement("Allow", "ec2:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "b"}}),
        )
    )

    def change(tags: dict[str, str], trusted: str) -> str:
        held = role(attached=frozenset({POLICY}), trust=trusted, tags=tags)
        baseline = genesis(held, managed(POLICY, TEAM_A, wider))
        events = [mutation("1", DefaultVersionSet(POLICY, "v2"))]
        found = derive(baseline, events, shelf.documents, SETTINGS, None)
        (finding,) = (f for f in found if f.subject.type is SubjectType.ROLE)
        return finding.verdict

    assert change({"team": "a"}, ASSUMING) == "equivalent"
    assert change({"team": "b"}, ASSUMING) == "expansion"
    assert change({"team": "a"}, TAGGING) == "expansion"


def test_a_trust_policy_that_begins_to_let_tags_be_chosen_widens_the_roles_access() -> None:
    (finding,) = effects(TrustChanged(ROLE, TAGGING))
    assert finding.verdict == "expansion"
    (back,) = effects(TrustChanged(ROLE, ASSUMING), trusted=TAGGING)
    assert back.verdict == "reduction"


def test_a_trust_policy_says_nothing_of_access_that_reads_no_tags() -> None:
    assert effects(TrustChanged(ROLE, TAGGING), shelf(allow("s3:*"))) == []
    assert effects(TrustChanged(ROLE, ASSUMING)) == []


def test_tags_that_no_event_told_of_are_compared_too() -> None:
    seen = RoleObserved(
        ROLE, ROLE_ARN, attached=(POLICY,), trust_sha256=ASSUMING, tags=(("team", "a"),)
    )
    held = role(attached=frozenset({POLICY}), trust=ASSUMING)
    baseline = genesis(held, managed(POLICY, TEAM_A))
    drift = mutation("1", seen, kind=MutationKind.DRIFT)
    (finding,) = derive(baseline, [drift], shelf.documents, SETTINGS, None)
    assert (finding.subject.type, finding.verdict) == ("role", "expansion")
