"""Each reason for an undetermined answer: when it is given, and what it says."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Comparison, Reason, Verdict, compare
from iamdiff.evaluator import Decision, Evaluator
from iamdiff.logic import Doubt
from iamdiff.model import Condition
from iamdiff.operators import parse_operator
from iamdiff.reasons import two_readings

SHORT = "arn:aws:sqs:*:q"


def only_reason(found: Comparison) -> Reason:
    assert found.verdict is Verdict.UNDETERMINED
    (reason,) = {each.code: each for each in found.undetermined}.values()
    return reason


def test_a_short_arn_of_which_aws_allows_two_readings() -> None:
    completed = allow("sqs:*", Resource="arn:aws:sqs:*:q:*")
    found = between([completed], [completed, allow("sqs:*", Resource=SHORT)])
    assert found.verdict is Verdict.UNDETERMINED
    assert codes(found) == {"short-arn"}
    assert SHORT in found.undetermined[0].sentence


def test_patterns_that_have_two_readings_are_named_in_order() -> None:
    completed, short = (
        [allow("sqs:*", Resource=f"arn:aws:sqs:*:{name}{end}") for name in "dbeca"]
        for end in (":*", "")
    )
    reason = only_reason(between(completed, [*completed, *short]))
    named = ", ".join(f"arn:aws:sqs:*:{name}" for name in "abcde")
    assert reason.sentence == (
        f"AWS's pages allow two readings of {named}, and the verdict depends on which"
    )


def test_each_kind_of_what_has_two_readings_is_told_by_itself() -> None:
    everything, short = allow("sqs:*"), allow("sqs:*", Resource=SHORT)
    found = between([allow("sqs:*", NotResource=[])], [short, everything])
    assert [each.sentence for each in found.undetermined] == [
        f"AWS's pages allow two readings of {named}, and the verdict depends on which"
        for named in ("an empty NotAction or NotResource", SHORT)
    ]


@pytest.mark.parametrize("value", ["", "a", ":::::", "b:*:*:*:*:*"])
def test_a_value_that_no_arn_matches_is_none_that_a_text_of_colons_does(value: str) -> None:
    text, arn = {"StringLike": {"ex:key": ["a*", ":*"]}}, {"ArnLike": {"ex:key": value}}
    found = between([allow(Condition=arn)], [allow(Condition=text)])
    assert found.verdict is Verdict.EXPANSION
    assert codes(found) == set()
    assert between([allow(Condition={**text, **arn})], []).verdict is Verdict.EQUIVALENT


def test_an_empty_text_of_which_aws_allows_two_readings_is_told_in_quotes() -> None:
    (reason,) = two_readings({"arn:a": Doubt.SHORT_ARN, "": Doubt.SHORT_ARN}, "")
    assert reason.sentence == 'AWS\'s pages allow two readings of "", arn:a'


def test_a_short_arn_on_both_sides_is_no_doubt() -> None:
    base = allow("sqs:*", Resource=SHORT)
    assert between([base], [base, allow("s3:*")]).verdict is Verdict.EXPANSION


def test_a_value_that_its_operator_cannot_read() -> None:
    dated = allow(Condition={"DateLessThan": {"aws:CurrentTime": "next tuesday"}})
    reason = only_reason(between([deny()], [dated]))
    assert reason.code == "unreadable-value"
    assert "DateLessThan on aws:currenttime" in reason.sentence


@pytest.mark.parametrize("values", ["absent", ["true", "perhaps"]])
def test_a_null_that_asks_for_neither(values: object) -> None:
    asking = allow(Condition={"Null": {"ex:k": values}})
    assert only_reason(between([asking], [deny()])).code == "unreadable-value"


def test_a_variable_that_is_none() -> None:
    odd = allow(Condition={"StringEquals": {"ex:k": "${aws:username"}})
    reason = only_reason(between([deny()], [odd]))
    assert reason.code == "variable-syntax"


def test_beside_a_variable_that_is_none_what_is_sure_is_told() -> None:
    odd = allow("s3:PutObject", Resource="arn:aws:s3:::${aws:username")
    plain = allow(Condition={"StringEquals": {"aws:PrincipalTag/Team": "a"}})
    (grant,) = between([deny()], [plain, odd]).gained
    assert grant.witness.context == {"aws:PrincipalTag/Team": "a"}


def test_a_variable_before_the_fifth_colon() -> None:
    placed = allow(Resource="arn:aws:s3::${aws:PrincipalAccount}:x")
    found = between([deny()], [placed])
    assert found.verdict is Verdict.UNDETERMINED
    assert codes(found) == {"variable-field"}


def test_not_principal_that_names_a_role_but_not_its_account() -> None:
    role = "arn:aws:iam::123456789012:role/vendor"
    old = [allow(Principal="*") | {"Resource": "*"}]
    new = [*old, deny(NotPrincipal={"AWS": role}) | {"Resource": "*"}]
    found = between(old, new, kind="resource")
    assert found.verdict is Verdict.UNDETERMINED
    assert codes(found) == {"not-principal"}


def test_an_operator_without_values() -> None:
    bare = document(allow())
    (statement,) = bare.statements
    empty = Condition(parse_operator("StringEquals"), "ex:k", ())
    made = bare._replace(statements=(statement._replace(conditions=(empty,)),))
    reason = only_reason(compare(Access(), Access((made,))))
    assert reason.code == "empty-list"


def test_two_variables_that_would_have_to_be_the_same_and_differ() -> None:
    never = {"StringEquals": {"ex:k": "${ex:a}"}, "StringNotEquals": {"ex:a": "${ex:k}"}}
    reason = only_reason(between([deny()], [allow(Condition=never)]))
    assert reason.code == "policy-variable"
    assert "${ex:" in reason.sentence


def test_no_resource_for_variables_that_exclude_each_other() -> None:
    never = {"StringEquals": {"ex:k": "${ex:a}"}, "StringNotEquals": {"ex:a": ["b", "${ex:k}"]}}
    own = "arn:aws:s3:::${ex:a}"
    found = between([deny()], [allow(Resource=own, Condition=never)])
    assert codes(found) == {"policy-variable"}
    assert {each.sentence for each in found.undetermined} == {
        f"no resource was found for the policy variables of {own}",
        "StringEquals on ex:k compares it with policy variables: ${ex:a}",
        "StringEquals on ex:a compares it with policy variables: ${ex:k}",
    }


def test_one_key_read_as_a_number_and_as_text() -> None:
    numeric = {"NumericLessThan": {"ex:n": "5"}, "NumericGreaterThan": {"ex:n": "5"}}
    numeric["StringLike"] = {"ex:n": "*"}
    reason = only_reason(between([deny()], [allow(Condition=numeric)]))
    assert reason.code == "mixed-types"


def test_in_an_old_version_no_variable_is_why_types_are_mixed() -> None:
    mixed = {"NumericLessThan": {"ex:n": "5"}, "StringLike": {"ex:n": "*${x}"}}
    both = document(allow(Condition=mixed), version=None)
    reason = only_reason(compare(Access(), Access((both,))))
    assert reason.code == "mixed-types"
    assert reason.sentence.startswith("StringLike on ex:n reads")


def test_more_work_than_is_allowed() -> None:
    found = between(
        [deny()], [allow([f"s3:*{a}*{b}*" for a in "abcdef" for b in "ghijkl"])], steps=50
    )
    reason = only_reason(found)
    assert reason.code == "budget"
    assert "50 steps" in reason.sentence


@pytest.mark.parametrize("allowed", [False, True])
def test_a_witness_that_the_reference_evaluator_contradicts(
    monkeypatch: pytest.MonkeyPatch, *, allowed: bool
) -> None:
    monkeypatch.setattr(Evaluator, "answer", lambda *_: Decision(allowed=allowed))
    reason = only_reason(between([deny()], [allow("s3:GetObject")]))
    assert reason.code == "unconfirmed"
    assert "s3:GetObject" in reason.sentence


@pytest.mark.parametrize("pattern", ["*", "arn:aws:iam", "arn:aws:iam:us:1"])
def test_a_short_arn_in_a_condition_matches_all_that_it_begins_or_nothing(pattern: str) -> None:
    def guarded(value: str) -> dict[str, Any]:
        return allow(Condition={"ArnLike": {"ex:k": value}})

    full = ":".join((*pattern.replace("*", "arn").split(":"), *"*****"[pattern.count(":") :]))
    for old, new in ((pattern, full), (full, pattern)):
        found = between([guarded(old)], [guarded(new)])
        assert found.verdict is Verdict.UNDETERMINED
        assert codes(found) == {"short-arn"}
    assert codes(between([deny()], [guarded(pattern)])) == {"short-arn"}
    assert between([guarded(pattern)], [allow()]).verdict is Verdict.EXPANSION
    assert between([guarded(pattern)], [guarded(pattern), allow()]).verdict is Verdict.EXPANSION


def test_a_whole_arn_beside_a_short_one_has_one_reading() -> None:
    short, whole = "arn:aws:iam", "arn:aws:s3:::a"
    old, new = (allow(Condition={"ArnLike": {"ex:k": each}}) for each in ([short, whole], [short]))
    assert between([old], [new]).verdict is Verdict.REDUCTION


def test_a_short_arn_has_two_readings_where_an_operator_compares_arns_alone() -> None:
    unlike = {"ArnNotLike": {"ex:j": "*"}}
    old, new = {"StringLike": {"ex:k": "*"}}, {"Null": {"ex:k": "false"}}
    found = between([allow(Condition=unlike | old)], [allow(Condition=unlike | new)])
    assert found.verdict is Verdict.EQUIVALENT


def test_a_variable_that_is_none_is_not_taken_for_an_empty_value() -> None:
    odd = allow(Condition={"StringNotEquals": {"ex:k": "${aws:username"}})
    empty = allow(Condition={"StringNotEquals": {"ex:k": ""}})
    assert codes(between([odd], [empty])) == {"variable-syntax"}


@pytest.mark.parametrize(
    "empty", [allow(NotAction=[]), allow(NotResource=[])], ids=["NotAction", "NotResource"]
)
def test_an_empty_exclusion_excludes_nothing_or_says_nothing(empty: dict[str, Any]) -> None:
    everything = allow("*") if "NotAction" in empty else allow()
    reason = only_reason(between([empty], [everything]))
    assert reason.code == "empty-list"
    assert "readings of an empty NotAction or NotResource, and" in reason.sentence
    assert codes(between([everything], [empty])) == {"empty-list"}
    assert codes(between([empty], [])) == codes(between([], [empty])) == {"empty-list"}
    other = allow("s3:PutObject")
    assert between([everything, empty], [everything, empty, other]).undetermined == ()


@pytest.mark.parametrize(
    "operator",
    ["NumericLessThan", "DateLessThan", "Bool", "BinaryEquals", "IpAddress", "Null"],
)
@pytest.mark.parametrize("variable", ["aws:username", "aws:PrincipalAccount", "ex:a"])
def test_a_variable_under_an_operator_that_takes_none_leaves_open_whether_it_holds(
    operator: str, variable: str
) -> None:
    never_or_not = {operator: {"ex:k": f"${{{variable}}}"}, "StringEquals": {"ex:other": "a"}}
    for old, new in (
        ([deny()], [allow(Condition=never_or_not)]),
        ([allow()], [allow(), deny(Condition=never_or_not)]),
    ):
        role = "arn:aws:iam::123456789012:role/vendor"
        reason = only_reason(between(old, new, principal=role))
        assert reason.code == "variable-operator"
        assert f"{operator} on ex:k takes no variables" in reason.sentence


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericNotEquals", "ten"),
        ("BoolIfExists", "perhaps"),
        ("ForAllValues:NumericEquals", "ten"),
        ("NumericNotEquals", "${ex:a}"),
        ("StringNotEquals", "${ex:a"),
        ("ForAllValues:StringLike", ["a", "${ex:a"]),
    ],
)
def test_a_value_that_nobody_can_read_is_not_asked_for_where_the_key_is_absent(
    operator: str, value: Any
) -> None:
    odd = {operator: {"ex:k": value}}
    (grant,) = between([deny()], [allow(Condition=odd)]).gained
    assert grant.witness.context == {}
    assert between([allow()], [allow(), deny(Condition=odd)]).verdict is Verdict.REDUCTION
    there = {"Null": {"ex:k": "false"}}
    found = between([deny()], [allow(Condition=odd | there)])
    assert found.verdict is Verdict.UNDETERMINED


@pytest.mark.parametrize(
    ("operator", "value"), [("NumericEquals", "ten"), ("StringLike", "${ex:a")]
)
def test_a_condition_that_nobody_can_read_is_no_way_out_of_a_deny(
    operator: str, value: str
) -> None:
    odd = {operator: {"ex:age": value}, "StringEquals": {"ex:k": "${ex:a}"}}
    both = {"Null": {"ex:age": "false", "ex:k": "false", "ex:a": "false"}}
    found = between([deny()], [allow(Condition=both), deny(Condition=odd)])
    (grant,) = found.gained
    assert found.verdict is Verdict.EXPANSION
    assert grant.witness.context["ex:k"] != grant.witness.context["ex:a"]


def test_a_new_deny_that_nobody_can_read_takes_nothing_where_nothing_was_allowed() -> None:
    unreadable = deny("s3:Get*", Condition={"Bool": {"ex:b": "maybe"}})
    assert between([], [allow("s3:*"), unreadable]).verdict is Verdict.EXPANSION
    assert between([allow("ec2:*")], [allow("ec2:*"), unreadable]).verdict is Verdict.EQUIVALENT
    assert between([allow("s3:*")], [allow("s3:*"), unreadable]).verdict is Verdict.UNDETERMINED
    assert between([], [unreadable], part=True).verdict is Verdict.UNDETERMINED
