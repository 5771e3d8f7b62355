"""Policy variables: values that two sides share, and templates that cover each other."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Verdict, compare

HOME = "arn:aws:s3:::home/${aws:username}/*"


def tagged(operator: str, value: Any) -> Any:
    return allow(Condition={operator: {"ex:k": value}})


def test_the_same_variable_on_both_sides_is_equivalent() -> None:
    old, new = allow(Resource=[HOME]), allow(Resource=[HOME, HOME], Sid="Other")
    assert between([old], [new]).verdict is Verdict.EQUIVALENT


def test_a_variable_in_place_of_a_star_is_a_reduction() -> None:
    found = between([allow(Resource="arn:aws:s3:::home/*")], [allow(Resource=HOME)])
    assert found.verdict is Verdict.REDUCTION


def test_a_variable_without_value_matches_nothing() -> None:
    found = between([allow(Resource=HOME)], [deny()])
    witness = found.lost[0].witness
    assert str(witness.context["aws:username"]) in witness.resource


def test_in_an_old_version_a_variable_is_text() -> None:
    sides = [
        Access((document(allow(Resource=HOME), version=version),))
        for version in ("2008-10-17", "2012-10-17")
    ]
    found = compare(*sides)
    assert found.verdict is Verdict.MIXED
    assert "${aws:username}" in found.lost[0].witness.resource


def test_in_a_condition_of_an_old_version_a_variable_is_text() -> None:
    old = document(tagged("StringEquals", "${aws:username}"), version="2008-10-17")
    (grant,) = compare(Access(), Access((old,))).gained
    assert grant.witness.context == {"ex:k": "${aws:username}"}


def test_a_key_is_unlike_a_variable_by_any_value_that_it_may_hold() -> None:
    fixed = {"StringEquals": {"ex:a": "p", "ex:k": ["p", "q"]}}
    unlike = {"StringNotEquals": {"ex:k": "${ex:a}"}}
    (grant,) = between([], [allow(Condition=fixed | unlike)]).gained
    assert grant.witness.context == {"ex:a": "p", "ex:k": "q"}


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (("StringEquals", "${ex:a}"), ("StringLike", "${ex:a}*")),
        (("StringEquals", "x${ex:a}"), ("StringLike", "*${ex:a}")),
        (("ArnLike", "arn:aws:ec2:*:*:instance/${ex:a}"), ("StringLike", "*${ex:a}")),
        (("StringEquals", "${ex:a}"), ("StringEquals", ["${ex:a}", "b"])),
        (("StringEquals", "${ex:A}"), ("StringLike", "${Ex:a}*")),
        (("ArnLike", "arn:aws:s3:::a/${ex:a}"), ("ArnLike", "arn:aws:s3:::*/${ex:a}")),
    ],
)
def test_a_template_that_covers_another_allows_more(narrow: Any, wide: Any) -> None:
    found = between([tagged(*narrow)], [tagged(*wide)])
    assert found.verdict is Verdict.EXPANSION
    back = between([tagged(*wide)], [tagged(*narrow)])
    assert back.verdict is Verdict.REDUCTION


@pytest.mark.parametrize(
    ("operator", "verdict"),
    [
        ("StringEquals", Verdict.EXPANSION),
        ("StringLike", Verdict.EXPANSION),
        ("ArnLike", Verdict.EXPANSION),
        ("StringNotEquals", Verdict.REDUCTION),
        ("ArnNotLike", Verdict.REDUCTION),
    ],
)
def test_a_variable_beside_a_value_takes_nothing_from_what_the_value_matches(
    operator: str, verdict: Verdict
) -> None:
    value = "arn:aws:s3:::a"
    one, both = tagged(operator, value), tagged(operator, [value, "${ex:a}"])
    assert between([one], [both]).verdict is verdict
    positive = verdict is Verdict.EXPANSION
    left = between([], [one, deny(Condition=both["Condition"])]).verdict
    assert left is (Verdict.EQUIVALENT if positive else Verdict.EXPANSION)


def test_a_star_under_string_equals_is_no_wildcard_beside_a_variable() -> None:
    found = between(
        [tagged("StringEquals", "*${ex:a}")], [tagged("StringLike", ["*${ex:a}", "**${ex:a}"])]
    )
    assert found.verdict is Verdict.EXPANSION
    assert (
        between([tagged("StringLike", "b*${ex:a}")], [tagged("StringEquals", "b*${ex:a}")]).verdict
        is Verdict.REDUCTION
    )


@pytest.mark.parametrize("character", ["\ue000", "\ue001", "\ue002", "\ue003"])
def test_a_character_for_private_use_is_a_character_and_no_star_question_mark_or_variable(
    character: str,
) -> None:
    odd = f"arn:aws:s3:::{character}"
    for escape in ("${*}", "${?}", "${ex:s}"):
        found = between([allow(Resource=odd)], [allow(Resource=f"arn:aws:s3:::{escape}")])
        assert found.verdict is Verdict.MIXED
        assert [grant.witness.resource for grant in found.lost] == [odd]
    for value in ("${*}", "*", "?"):
        then = allow(Condition={"StringEquals": {"ex:s": character}})
        now = allow(Condition={"StringEquals": {"ex:s": value}})
        assert between([then], [now]).verdict is Verdict.MIXED
        assert between([then], [then, now]).verdict is Verdict.EXPANSION


def test_a_key_cannot_be_absent_and_equal_to_a_variable() -> None:
    never = {"Null": {"ex:k": "true"}, "StringEquals": {"ex:k": "${ex:a}"}}
    assert between([deny()], [allow(Condition=never)]).verdict is Verdict.EQUIVALENT


def test_a_value_with_a_star_stands_beside_a_variable() -> None:
    both = {"StringEquals": {"kms:ViaService": "a.*.b", "ex:k": "${ex:a}"}}
    found = between([deny()], [allow(Condition=both)])
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context["kms:ViaService"] == "a.*.b"


ROLE = "arn:aws:iam::123456789012:role/vendor"
NAME = "${aws:username}"
OTHER = allow("s3:ListBucket")
ANYTHING = allow(Resource="arn:aws:s3:::*")


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([OTHER], [OTHER, allow(Resource=HOME)], Verdict.EQUIVALENT),
        ([ANYTHING], [ANYTHING, deny(Resource=HOME)], Verdict.EQUIVALENT),
        ([ANYTHING], [ANYTHING, deny(NotResource=HOME)], Verdict.REDUCTION),
        ([allow(NotResource=[HOME])], [allow()], Verdict.EQUIVALENT),
        ([OTHER], [OTHER, tagged("StringEquals", NAME)], Verdict.EQUIVALENT),
        ([allow()], [tagged("StringNotEquals", NAME)], Verdict.EQUIVALENT),
        ([tagged("Null", "true")], [tagged("StringEqualsIfExists", NAME)], Verdict.EQUIVALENT),
        ([tagged("StringEquals", "a")], [tagged("StringEquals", [NAME, "a"])], Verdict.EQUIVALENT),
        (
            [tagged("StringEquals", "b")],
            [tagged("StringEquals", "${aws:username, 'b'}")],
            Verdict.EQUIVALENT,
        ),
    ],
)
def test_the_sessions_of_a_role_have_no_user_name(old: Any, new: Any, verdict: Any) -> None:
    found = between(old, new, principal=ROLE)
    assert found.verdict is verdict


def test_an_empty_set_passes_where_a_variable_has_no_value() -> None:
    everyone = allow(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": NAME}})
    missing = allow(Condition={"Null": {"aws:TagKeys": "true"}})
    found = between([missing], [everyone], principal=ROLE)
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context == {"aws:TagKeys": ""}


def test_a_resource_with_the_account_of_a_bound_principal() -> None:
    own = allow(Resource="arn:aws:s3:::logs-${aws:PrincipalAccount}")
    found = between([OTHER], [OTHER, own], principal=ROLE)
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.resource == "arn:aws:s3:::logs-123456789012"
    spared = between([ANYTHING, deny(Resource="arn:aws:s3:::z")], [ANYTHING, own], principal=ROLE)
    assert spared.verdict is Verdict.EXPANSION


def test_a_key_equals_an_arn_that_a_variable_stands_for() -> None:
    old, new = tagged("ArnLike", "${aws:PrincipalArn}"), tagged("ArnLike", "${aws:PrincipalArn}")
    found = between([old], [new | {"Action": "s3:*"}])
    assert found.verdict is Verdict.EXPANSION
    context = found.gained[0].witness.context
    assert context["ex:k"] == context["aws:PrincipalArn"]


def test_a_witness_spells_a_variable_s_key_as_the_policy_does() -> None:
    (grant,) = between([deny()], [allow(Resource="arn:aws:s3:::${aws:PrincipalTag/Team}/*")]).gained
    assert list(grant.witness.context) == ["aws:PrincipalTag/Team"]


def test_what_is_unlike_a_template_is_not_equal_to_a_narrower_one() -> None:
    unequal, unlike = tagged("StringNotEquals", "${ex:a}"), tagged("StringNotLike", "${ex:a}*")
    assert between([unequal], [unlike]).verdict is Verdict.REDUCTION
    assert between([unlike], [unequal]).verdict is Verdict.EXPANSION


def test_a_key_that_must_be_absent_is_so_beside_a_variable() -> None:
    absent = {"Null": {"ex:k": "true"}, "StringEqualsIfExists": {"ex:k": "${ex:a}"}}
    home = "arn:aws:s3:::home/${ex:a}"
    found = between([OTHER], [OTHER, allow(Condition=absent, Resource=home)])
    assert found.verdict is Verdict.EXPANSION
    assert "ex:k" not in found.gained[0].witness.context


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (tagged("StringEqualsIfExists", "${ex:a}"), tagged("StringLike", "${ex:a}*")),
        (tagged("StringEquals", "${ex:a}"), tagged("ArnLike", "${ex:a}")),
        (
            tagged("StringEquals", "${ex:a}"),
            allow(Condition={"StringLike": {"ex:j": "${ex:a}*"}}),
        ),
    ],
    ids=["an absent key", "no ARN", "another key"],
)
def test_a_template_covers_only_what_it_surely_covers(one: Any, other: Any) -> None:
    assert between([one], [other]).lost


@pytest.mark.parametrize("effect", [allow, deny])
def test_an_empty_text_is_a_value_of_a_variable(effect: Any) -> None:
    home = "arn:aws:s3:::${ex:s}/*"
    there = effect(Resource=home, Condition={"Null": {"ex:s": "false"}})
    for options in ({}, {"part": True}):
        found = between([allow(Resource="*"), there], [allow(), effect(Resource=home)], **options)
        assert found.verdict is Verdict.EQUIVALENT


def test_a_key_equals_no_variable_without_value() -> None:
    there = {"ex:k": "false"}
    differs = {"StringNotEquals": {"ex:k": "${ex:a}"}}
    found = between(
        [allow(Condition={**differs, "Null": {**there, "ex:a": "false"}})],
        [allow(Condition={**differs, "Null": there})],
    )
    assert found.verdict is Verdict.EXPANSION
    assert [sorted(grant.witness.context) for grant in found.gained] == [["ex:k"]]


@pytest.mark.parametrize("character", ["*", "?"])
def test_an_escaped_wildcard_is_the_character_alone(character: str) -> None:
    escaped = allow(Resource=f"arn:aws:s3:::a${{{character}}}")
    found = between([escaped], [allow(Resource=f"arn:aws:s3:::a{character}")])
    assert found.verdict is Verdict.EXPANSION
    found = between([escaped], [])
    assert {grant.witness.resource for grant in found.lost} == {f"arn:aws:s3:::a{character}"}
    both = allow(Resource="arn:aws:s3:::a?")
    assert between([both], [both, escaped]).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize(
    ("condition", "absent"),
    [
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "${ex:a}"}}, "ex:a"),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "${ex:a}"}}, "ex:a"),
        ({"StringEquals": {"aws:SourceVpc": ["${ex:a}", "${ex:b}"]}}, "ex:b"),
        ({"StringEquals": {"ex:k": ["${ex:a}", "${ex:b}"]}}, "ex:a"),
    ],
)
def test_a_condition_may_hold_without_one_of_its_variables(condition: Any, absent: str) -> None:
    found = between([], [allow(Condition={**condition, "Null": {absent: "true"}})])
    assert found.verdict is Verdict.EXPANSION


def test_a_variable_may_stand_for_nothing_at_all() -> None:
    empty = {"StringEquals": {"ex:s": ""}, "Null": {"ex:s": "false"}}
    found = between([], [allow(Resource="arn:aws:s3:::a${ex:s}", Condition=empty)])
    assert [grant.witness.resource for grant in found.gained] == ["arn:aws:s3:::a"]


def test_a_variable_without_value_stands_for_its_default() -> None:
    given = {"StringEquals": {"ex:k": "${ex:a, 'x'}"}, "Null": {"ex:a": "true"}}
    (grant,) = between([], [allow(Condition=given)]).gained
    assert grant.witness.context == {"ex:k": "x"}


def test_an_escaped_star_is_the_star_of_an_operator_without_wildcards() -> None:
    found = between([tagged("StringEquals", "b*${ex:a}")], [tagged("StringLike", "b${*}${ex:a}")])
    assert found.verdict is Verdict.EQUIVALENT


def test_an_escaped_star_is_no_wildcard_beside_a_variable() -> None:
    found = between([tagged("StringLike", "${ex:a}${*}")], [tagged("StringLike", "${ex:a}*")])
    assert found.verdict is Verdict.EXPANSION


@pytest.mark.parametrize("key", ["aws:RequestedRegion", "aws:userid", "aws:PrincipalArn"])
def test_a_witness_has_what_every_request_has_for_variables_of_other_resources(key: str) -> None:
    other = allow(Resource=f"arn:aws:s3:${{{key}}}:1:q")
    found = between([other], [other, allow(Resource="arn:aws:s3:::a")])
    assert found.verdict is Verdict.EXPANSION
    assert codes(found) == set()
    (held,) = found.gained[0].witness.context.values()
    assert str(held).startswith("arn:") is (key == "aws:PrincipalArn")


def test_a_question_mark_is_no_stand_in_for_a_character_of_a_variables_name() -> None:
    wide = tagged("StringLike", f"{'?' * len('-ex:a,None-')}${{ex:b}}")
    found = between([wide], [tagged("StringEquals", "${ex:a}${ex:b}")])
    assert found.verdict is Verdict.MIXED


@pytest.mark.parametrize("resource", ["a/a", "a/b"])
def test_a_variable_that_stands_twice_has_one_value(resource: str) -> None:
    twice = allow(Resource="arn:aws:s3:::home/${ex:a}/${ex:a}")
    found = between([twice], [twice, allow(Resource=f"arn:aws:s3:::home/{resource}")])
    assert found.verdict is Verdict.EXPANSION
    spared = [allow(), deny(Resource=f"arn:aws:s3:::home/{resource}")]
    (grant,) = between(spared, [allow(), deny(Resource="arn:aws:s3:::home/${ex:a}/${ex:a}")]).gained
    assert grant.witness.context["ex:a"] != resource[0] or resource == "a/b"
