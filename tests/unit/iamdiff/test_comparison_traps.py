"""The traps that a naive comparison falls into (docs/semantics.md names the rules)."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, gained, lost
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Verdict, compare

MFA = "aws:MultiFactorAuthPresent"


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("effect", "verdict"), [(allow, Verdict.EXPANSION), (deny, Verdict.REDUCTION)]
)
def test_trap_1_if_exists_matches_a_key_that_is_absent(effect: Any, verdict: Verdict) -> None:
    base = [allow("ec2:*")] if effect is deny else []
    old = [*base, effect("ec2:*", **when("Bool", MFA, "true"))]
    new = [*base, effect("ec2:*", **when("BoolIfExists", MFA, "true"))]
    found = between(old, new)
    assert found.verdict is verdict
    (grant,) = found.gained or found.lost
    assert MFA not in grant.witness.context


@pytest.mark.parametrize("operator", ["StringNotEquals", "ForAllValues:StringEquals"])
def test_trap_1_negation_and_for_all_values_match_a_key_that_is_absent(operator: str) -> None:
    old = [allow(**when("Null", "ex:k", "false") | when("Null", "ex:k", "false"))]
    new = [allow(**when(operator, "ex:k", "a"))]
    found = between(old, new)
    assert any("ex:k" not in grant.witness.context for grant in found.gained)


def test_trap_2_an_arn_added_to_what_a_deny_spares_is_an_expansion() -> None:
    everything = allow("s3:*")
    one, two = "arn:aws:s3:::a", "arn:aws:s3:::b"
    old = [everything, deny("s3:*", NotResource=[one])]
    new = [everything, deny("s3:*", NotResource=[one, two])]
    found = between(old, new)
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.resource == two


@pytest.mark.parametrize(
    ("effect", "verdict"), [(allow, Verdict.EXPANSION), (deny, Verdict.REDUCTION)]
)
def test_trap_2_a_value_fewer_under_a_negated_operator(effect: Any, verdict: Verdict) -> None:
    base = [allow("s3:*")] if effect is deny else []
    old = [*base, effect("s3:*", **when("StringNotEquals", "ex:k", ["a", "b"]))]
    new = [*base, effect("s3:*", **when("StringNotEquals", "ex:k", ["a"]))]
    found = between(old, new)
    assert found.verdict is verdict
    assert (found.gained or found.lost)[0].witness.context == {"ex:k": "b"}


def test_trap_3_from_any_to_all_of_an_array_is_mixed() -> None:
    old = [allow(**when("ForAnyValue:StringEquals", "aws:TagKeys", ["a"]))]
    new = [allow(**when("ForAllValues:StringEquals", "aws:TagKeys", ["a"]))]
    found = between(old, new)
    assert found.verdict is Verdict.MIXED
    assert found.gained[0].witness.context == {}
    (values,) = found.lost[0].witness.context.values()
    assert "a" in values
    assert set(values) - {"a"}


def test_trap_4_an_allow_under_a_deny_of_another_policy_changes_nothing() -> None:
    guard = document(deny("iam:*"))
    old = Access((guard, document(allow("s3:*"))))
    new = Access((guard, document(allow("s3:*"), allow("iam:PassRole"))))
    assert compare(old, new).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([allow(["s3:a", "s3:b"])], [allow(["s3:b", "s3:a"])]),
        ([allow("s3:a"), deny("s3:b")], [deny("s3:b"), allow("s3:a")]),
        ([allow(["s3:a", "s3:b"])], [allow("s3:a"), allow("s3:b")]),
        ([allow("s3:a")], [allow(["s3:a"])]),
        ([allow("s3:*")], [allow("s3:*"), allow("s3:GetObject")]),
        ([allow("s3:a", Sid="One")], [allow("s3:a", Sid="Other")]),
        ([allow("s3:a", Resource=["arn:aws:s3:::a", "*"])], [allow("s3:a")]),
        ([allow("s3:a"), allow("s3:a")], [allow("s3:a")]),
        ([allow("s3:a", Resource="**")], [allow("s3:a")]),
    ],
)
def test_trap_5_another_way_to_write_the_same_is_equivalent(old: Any, new: Any) -> None:
    assert between(old, new).verdict is Verdict.EQUIVALENT
    assert between(new, old).verdict is Verdict.EQUIVALENT


def test_trap_6_an_arn_pattern_does_not_match_an_action_without_resource() -> None:
    found = between([allow("ec2:*")], [allow("ec2:*", Resource="arn:aws:ec2:*:*:*")])
    assert found.verdict is Verdict.REDUCTION
    assert gained(found) == []
    assert found.lost[0].witness.resource == "*"


def test_trap_7_a_wildcard_invents_no_arns() -> None:
    spared = deny("cloudformation:*", Resource="arn:aws:cloudformation:*:*:stack/b/*")
    old = [allow("cloudformation:*", Resource="arn:aws:cloudformation:*:*:stack/b/*"), spared]
    new = [allow("cloudformation:*", Resource="arn:aws:cloudformation:*:*:stack/b/*")]
    found = between(old, new)
    assert found.verdict is Verdict.EXPANSION
    for grant in found.gained:
        fields = grant.witness.resource.split(":", 5)
        assert fields[5].startswith("stack/b/")
        assert all(":" not in field for field in fields[:5])


def test_trap_8_a_document_of_denies_emptied_is_an_expansion_by_itself() -> None:
    denies, harmless = [deny("iam:*")], [deny("none:Such")]
    found = between(denies, harmless, part=True)
    assert found.verdict is Verdict.MIXED
    assert "iam:*" in gained(found)
    assert lost(found) == ["none:Such"]
    whole = between(denies, harmless)
    assert whole.verdict is Verdict.EQUIVALENT
    assert [grant.actions for grant in whole.lifted_denies] == [("iam:*",)]
    back = between(harmless, denies)
    assert [grant.actions for grant in back.added_denies] == [("iam:*",)]


def test_a_deny_lifted_from_a_part_is_told_once() -> None:
    narrow = when("StringNotEquals", "ex:k", "a")
    found = between([allow("s3:*"), deny("s3:Get", **narrow)], [allow("s3:*")], part=True)
    assert found.verdict is Verdict.EXPANSION
    (grant,) = found.gained
    assert [(each.key, each.values) for each in grant.conditions] == [("ex:k", ("a",))]


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_null_under_a_set_operator_is_always_true_or_never(wanted: str) -> None:
    plain = [allow(**when("Null", "ex:k", wanted))]
    always = [allow(**when("ForAllValues:Null", "ex:k", wanted))]
    never = [allow(**when("ForAnyValue:Null", "ex:k", wanted))]
    assert between(plain, always).verdict is Verdict.EXPANSION
    assert between(always, [allow()]).verdict is Verdict.EQUIVALENT
    assert between(plain, never).verdict is Verdict.REDUCTION
    assert between(never, []).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize(
    ("operator", "beside_a_missing_key"),
    [
        # One empty text is an empty set to set operators, and a key that is there.
        ("ForAllValues:StringEquals", Verdict.EXPANSION),
        ("StringEqualsIfExists", Verdict.EQUIVALENT),
        ("NumericLessThanIfExists", Verdict.EQUIVALENT),
        ("ForAnyValue:StringLike", Verdict.REDUCTION),
    ],
)
def test_an_operator_without_values_is_what_access_analyzer_says(
    operator: str, beside_a_missing_key: Verdict
) -> None:
    bare = [allow(**when(operator, "ex:k", []))]
    missing = [allow(**when("Null", "ex:k", "true"))]
    assert between(missing, bare).verdict is beside_a_missing_key


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("StringEquals", "a"),
        ("StringLike", "?"),
        ("NumericEquals", "5"),
        ("DateEquals", "2026-01-01T00:00:00Z"),
        ("Bool", "true"),
        ("IpAddress", "10.0.0.1/32"),
        ("ArnLike", "arn:aws:s3:::a"),
        ("BinaryEquals", "AA=="),
    ],
)
def test_several_values_pass_a_set_operator_and_not_a_plain_one(operator: str, value: str) -> None:
    spared = allow(**when(f"ForAllValues:{operator}", "ex:k", value))
    # What is there must not match as the one value; two may, even twice the same.
    stops = deny(Condition={operator: {"ex:k": value}})
    absent = deny(**when("Null", "ex:k", "true"))
    empty = [deny(**when("StringEquals", "ex:k", ""))] if "String" in operator else []
    found = between([stops, absent, *empty], [spared, stops, absent, *empty])
    assert found.verdict is Verdict.EXPANSION
    assert len(found.gained[0].witness.context["ex:k"]) > 1
