"""Actions: patterns that meet, names under patterns, and NotAction."""

from string import ascii_lowercase, digits

import pytest
from tests.unit.iamdiff.comparing import between, gained, lost
from tests.unit.iamdiff.policies import allow, deny, outcome_of, request

from iamdiff import Verdict
from iamdiff.service_index import narrowest
from policy_monitor import catalogue


@pytest.mark.parametrize("denied", ["s3:*", ["s3:Get*", "s3:Put*"]])
def test_a_new_deny_on_a_pattern_takes_the_names_under_it(denied: str | list[str]) -> None:
    both = allow(["s3:GetObject", "s3:PutObject"])
    found = between([both], [both, deny(denied)])
    assert found.verdict is Verdict.REDUCTION
    assert sorted(a for g in found.lost for a in g.actions) == ["s3:GetObject", "s3:PutObject"]


def test_a_new_allow_on_a_pattern_gives_names_under_it_what_they_lack() -> None:
    once = allow("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})
    found = between([once], [once, allow("s3:Get*")])
    assert found.verdict is Verdict.EXPANSION
    causes = {(grant.before.value, grant.actions) for grant in found.gained}
    assert ("condition", ("s3:GetObject",)) in causes


def test_a_pattern_is_gained_beside_one_that_stands_still() -> None:
    still = allow("s3:PutObject*")
    assert gained(between([still], [still, allow("s3:Get*")])) == ["s3:Get*"]
    assert lost(between([allow(["s3:Get*", "s3:PutObject*"])], [still])) == ["s3:Get*"]


def test_patterns_that_begin_with_each_character_of_a_name_are_all_names() -> None:
    each = allow([f"s3:{character}*" for character in f"{ascii_lowercase}{digits}_.-"])
    assert between([each], [each, allow("s3:*")]).verdict is Verdict.EQUIVALENT


def test_what_a_lifted_deny_gives_is_told_by_its_own_pattern() -> None:
    both = allow(["s3:Get*", "s3:PutObject*"])
    assert gained(between([both, deny("s3:GetO*")], [both])) == ["s3:GetO*"]
    assert gained(between([both, deny("s3:*")], [both])) == ["s3:Get*", "s3:PutObject*"]


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        *[(["b*", "ab*"], "ab*"), (["ab*", "b*"], "ab*"), (["a****", "ab*"], "ab*")],
        *[(["a", "abc*"], "a"), (["a?", "b*"], "a?"), ([], "*"), (["b*", "a*"], "b*")],
    ],
)
def test_the_narrowest_pattern_is_the_one_with_most_letters(
    patterns: list[str], chosen: str
) -> None:
    assert narrowest(patterns) == chosen


def test_what_is_a_letter_of_ascii_only_in_lower_case_is_in_no_name() -> None:
    kelvin = allow(["s3:ListBuc\u212aet", "s3:\u212a*"])
    assert between([kelvin], [allow([])]).verdict is Verdict.EQUIVALENT
    for name in ("s3:ListBucket", "s3:keep"):
        assert outcome_of(kelvin, request(name)) is False
        assert gained(between([kelvin], [kelvin, allow(name)])) == [name]


def test_a_new_exclusion_takes_the_names_that_stand_elsewhere_too() -> None:
    both = allow(["s3:GetObject", "iam:PassRole"])
    found = between([both], [both, deny(NotAction="s3:*")])
    assert found.verdict is Verdict.REDUCTION
    assert [grant.actions for grant in found.lost] == [("iam:PassRole",)]


@pytest.mark.parametrize("name", ["s3:GetObject", "S3:getobject", "s3:get*", "s3:G?tObject"])
def test_a_name_beside_its_service_s_star_changes_nothing(name: str) -> None:
    everything = allow("s3:*")
    found = between([everything], [everything, allow(name)])
    assert found.verdict is Verdict.EQUIVALENT


def test_a_pattern_is_more_than_the_actions_of_today() -> None:
    names = [f"s3:Get{name}" for name in ("Object", "ObjectAcl", "BucketAcl")]
    found = between([allow(names)], [allow("s3:Get*")])
    assert found.verdict is Verdict.EXPANSION


def test_a_pattern_that_no_name_matches_matches_nothing() -> None:
    found = between([allow("s3:*")], [allow(["s3:*", "ec2:Run "])])
    assert found.verdict is Verdict.EQUIVALENT


def test_everything_but_one_service_is_less_than_everything() -> None:
    found = between([allow("*")], [allow(NotAction="iam:*")])
    assert found.verdict is Verdict.REDUCTION
    assert [grant.actions for grant in found.lost] == [("iam:*",)]


def test_an_exclusion_grows_by_a_name_on_an_allow_and_access_shrinks_by_it() -> None:
    old = [allow(NotAction=["iam:*"])]
    new = [allow(NotAction=["iam:*", "s3:DeleteBucket"])]
    found = between(old, new)
    assert found.verdict is Verdict.REDUCTION
    assert [grant.actions for grant in found.lost] == [("s3:DeleteBucket",)]


def test_everything_but_one_service_lists_no_action_of_that_service() -> None:
    new = [allow(NotAction="s3:*"), deny("ec2:*")]
    found = between([deny("ec2:*")], new, catalogue=catalogue.load())
    (everything,) = [grant for grant in found.gained if "*" in grant.actions]
    services = {name.partition(":")[0] for name in everything.catalogued}
    assert "iam" in services
    assert not services & {"s3", "ec2"}


def test_only_the_statements_that_speak_of_a_grant_are_named() -> None:
    reads, excludes, denies = allow("s3:Get*"), allow(NotAction=["iam:*", "ec2:*"]), deny("ec2:*")
    runs = allow("ec2:RunInstances")
    found = between([reads, excludes, denies], [reads, excludes, runs, deny("iam:*")])
    assert {place.statement.number for g in found.gained for place in g.allowed_by} == {2}
    (lifted,) = found.lifted_denies
    assert [place.statement.number for place in lifted.before_statements] == [2]


def test_a_not_action_of_everything_grants_nothing() -> None:
    assert between([], [allow(NotAction="*")]).verdict is Verdict.EQUIVALENT


def test_statements_with_the_same_not_action_speak_each_of_their_own_resources() -> None:
    one, two = (allow(NotAction="iam:*", Resource=f"arn:aws:s3:::{name}") for name in "ab")
    for base in ([], [one]):
        found = between(base, [one, two])
        told = [grant.resources for grant in found.gained]
        assert told == [(each["Resource"],) for each in (one, two) if each not in base]


def test_the_order_and_case_of_a_not_action_mean_nothing() -> None:
    some, same = ["iam:*", "s3:*"], ["S3:*", "IAM:*"]
    assert between([allow(NotAction=some)], [allow(NotAction=same)]).verdict is Verdict.EQUIVALENT
    both = [allow(NotAction=same), deny(NotAction=some)]
    assert between([allow(NotAction=some)], both).verdict is Verdict.REDUCTION


@pytest.mark.parametrize(
    "pattern",
    [
        "s3:",
        "s3:a b",
        "s3:\N{KELVIN SIGN}",
        ":*",
        ":GetObject",
        "s_3:*",
        "s 3:*",
        "s\N{DEGREE SIGN}:*",
    ],
)
def test_a_pattern_that_no_action_can_match_says_nothing(pattern: str) -> None:
    assert between([], [allow(pattern)]).verdict is Verdict.EQUIVALENT
    both = deny(pattern)
    assert gained(between([both], [both, allow([pattern, "s3:Get*"])])) == ["s3:Get*"]
    assert between([allow("*")], [allow(NotAction=pattern)]).verdict is Verdict.EQUIVALENT


def test_actions_are_told_in_order_however_they_were_written() -> None:
    services = [f"{letter}x:Get" for letter in "dgbhfaec"]
    for names in (services, [f"s3:{letter}" for letter in "dgbhfaec"]):
        assert between([], [allow(names)]).gained[0].actions == tuple(sorted(names))
        spared = between([allow("*")], [allow(NotAction=names)])
        assert [grant.actions for grant in spared.lost] == [tuple(sorted(names))]
        patterns = [f"s3:{letter}*x" for letter in "mkqp"]
        (grant,) = between([], [allow([*patterns, *names])]).gained
        assert sorted(grant.actions, key=lambda each: "*" in each) == [
            *sorted(names),
            *sorted(patterns),
        ]


@pytest.mark.parametrize(("pattern", "told"), [("s3:**", "s3:*"), ("*:*", "*"), ("s3:?*", "s3:?*")])
def test_all_of_a_service_and_all_there_is_are_told_by_one_star(pattern: str, told: str) -> None:
    assert gained(between([], [allow(pattern)])) == [told]


@pytest.mark.parametrize(("length", "named"), [(2, ["b"]), (150, ["a", "b"])])
def test_among_very_many_patterns_every_statement_that_says_the_same_is_named(
    length: int, named: list[str]
) -> None:
    other = allow("sqs:SendMessage", Sid="a")
    texts = [f"sqs:{star}x{number}" for star in ("", "*y") for number in range(length)]
    many = allow(texts, Sid="b")
    (grant,) = between([other], [other, many]).gained
    assert [place.statement.sid for place in grant.allowed_by] == named


@pytest.mark.parametrize(("number", "folded"), [(20, 0), (23, 3)])
def test_at_most_twenty_grants_are_told_and_the_rest_counted(number: int, folded: int) -> None:
    many = [
        allow(
            f"s3:Get{place}",
            Resource=f"arn:aws:s3:::{place}",
            Condition={"StringEquals": {"ex:k": str(place)}},
        )
        for place in range(number)
    ]
    found, back = between([], many), between(many, [])
    assert (len(found.gained), found.gained_folded, found.lost_folded) == (20, folded, 0)
    assert (len(back.lost), back.lost_folded, back.gained_folded) == (20, folded, 0)
