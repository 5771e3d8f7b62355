"""Whole accesses and single requests: Allow, Deny, boundaries, several documents, explanations."""

from typing import Any

import pytest
from tests.unit.iamdiff.policies import (
    OBJECT,
    ROLE,
    allow,
    allowed,
    condition_outcome,
    deny,
    document,
    outcome_of,
    request,
)

from iamdiff.evaluator import BOUNDARY, Decision, Place, evaluate
from iamdiff.logic import Doubt, Undecided, every, negation, some
from iamdiff.model import Access, Document


def access(*documents: Document, boundary: Document | None = None) -> Access:
    return Access(documents, boundary)


OPEN = {"DateLessThan": {"aws:CurrentTime": "tomorrow"}}
NOW = {"aws:CurrentTime": "2026-01-01T00:00:00Z"}


def test_nothing_is_allowed_without_an_allow() -> None:
    assert evaluate(access(), request()) == Decision(allowed=False)
    assert evaluate(access(), request()).refused
    assert allowed(access(document(deny("ec2:*"))), request()) is False


def test_an_allow_in_any_document_allows() -> None:
    both = access(document(allow("ec2:*")), document(allow("sqs:*"), allow("s3:*")))
    decision = evaluate(both, request())
    assert decision.allowed
    assert not decision.refused
    assert decision.allowed_by == (Place(1, 1),)
    assert decision.denied_by == ()


def test_a_deny_in_any_document_wins() -> None:
    decision = evaluate(access(document(allow("*")), document(deny("s3:*"), deny("*"))), request())
    assert decision.refused
    assert decision.allowed_by == (Place(0, 0),)
    assert decision.denied_by == (Place(1, 0), Place(1, 1))


@pytest.mark.parametrize(
    ("identity", "boundary", "outcome"),
    [
        (allow("*"), allow("s3:*"), True),
        (allow("*"), allow("ec2:*"), False),
        (allow("ec2:*"), allow("*"), False),
        (allow("*"), deny("s3:*"), False),
        (deny("*"), allow("*"), False),
    ],
)
def test_a_boundary_is_a_ceiling(
    identity: dict[str, Any], boundary: dict[str, Any], outcome: bool
) -> None:
    assert allowed(access(document(identity), boundary=document(boundary)), request()) is outcome


def test_a_deny_of_the_boundary_wins_and_an_empty_boundary_allows_nothing() -> None:
    ceiling = document(allow("*"), deny("s3:GetObject"))
    decision = evaluate(access(document(allow("*")), boundary=ceiling), request())
    assert decision.refused
    assert decision.allowed_by == (Place(0, 0), Place(BOUNDARY, 0))
    assert decision.denied_by == (Place(BOUNDARY, 1),)
    assert allowed(access(document(allow("*")), boundary=document()), request()) is False


def test_each_document_has_its_own_version() -> None:
    block = {"StringLike": {"ex:key": "${*}"}}
    old = document(allow(Condition=block), version="2008-10-17")
    new = document(allow(Condition=block))
    for given, places in (("*", (Place(1, 0),)), ("${x}", (Place(0, 0),))):
        decision = evaluate(access(old, new), request(context={"ex:key": given}))
        assert decision.allowed_by == places


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ([allow("*", Condition=OPEN)], Doubt.UNREADABLE_VALUE),
        ([allow("*"), deny("*", Condition=OPEN)], Doubt.UNREADABLE_VALUE),
        # Where another statement settles it, nothing is open.
        ([allow("*", Condition=OPEN), allow("*")], True),
        ([allow("*", Condition=OPEN), deny("*")], False),
        ([deny("*", Condition=OPEN)], False),
        ([allow("*"), deny("*", Condition=OPEN), deny("*")], False),
    ],
)
def test_a_statement_that_is_open_leaves_open_only_what_hangs_on_it(
    statements: list[dict[str, Any]],
    outcome: bool | Doubt,
) -> None:
    asked = request(context=NOW)
    assert allowed(access(document(*statements)), asked) is outcome
    if not isinstance(outcome, Doubt):
        assert evaluate(access(document(*statements)), asked).refused is not outcome


def test_what_is_open_is_neither_allowed_nor_refused_and_is_named() -> None:
    decision = evaluate(
        access(document(allow("*"), deny("*", Condition=OPEN))), request(context=NOW)
    )
    assert not decision.allowed
    assert not decision.refused
    ((place, reason),) = decision.undecided
    assert place == Place(0, 1)
    assert reason.code is Doubt.UNREADABLE_VALUE
    assert reason.sentence == "DateLessThan cannot read tomorrow"


def test_a_boundary_can_be_what_is_open() -> None:
    ceiling = document(allow("*", Condition=OPEN))
    asked = request(context=NOW)
    assert allowed(access(document(allow("*")), boundary=ceiling), asked) is Doubt.UNREADABLE_VALUE
    assert allowed(access(document(allow("ec2:*")), boundary=ceiling), asked) is False


def test_a_request_that_cannot_be_is_open_under_every_access() -> None:
    decision = evaluate(access(), request(action="s3"))
    assert decision.undecided == ((None, Undecided(Doubt.REQUEST, "s3 is no action")),)
    assert not decision.allowed
    assert not decision.refused


def test_what_is_open_is_never_taken_for_true_or_false() -> None:
    question = Undecided(Doubt.REQUEST, "who knows")
    with pytest.raises(TypeError, match="who knows"):
        bool(question)


QUESTION = Undecided(Doubt.REQUEST, "?")


@pytest.mark.parametrize(
    ("truths", "conjunction", "disjunction"),
    [
        ((), True, False),
        ((True, True), True, True),
        ((True, False), False, True),
        ((False, False), False, False),
        ((QUESTION, True), QUESTION, True),
        ((True, QUESTION), QUESTION, True),
        ((QUESTION, False), False, QUESTION),
        ((False, QUESTION), False, QUESTION),
        ((QUESTION, QUESTION), QUESTION, QUESTION),
    ],
)
def test_the_logic_has_three_values(
    truths: tuple[bool | Undecided, ...], conjunction: object, disjunction: object
) -> None:
    assert every(truths) is conjunction
    assert some(truths) is disjunction
    assert [negation(each) for each in (True, False, QUESTION)] == [False, True, QUESTION]


# The traps of the design's section 5, as far as one request shows them.


def test_trap_an_absent_key() -> None:
    key = "aws:MultiFactorAuthPresent"
    assert condition_outcome("Bool", "true", None, key=key) is False
    assert condition_outcome("BoolIfExists", "true", None, key=key) is True


def test_trap_not_resource_of_a_deny() -> None:
    role = document(allow("*"), deny("*", NotResource=["arn:aws:s3:::a/*"]))
    wider = document(allow("*"), deny("*", NotResource=["arn:aws:s3:::a/*", OBJECT]))
    assert allowed(access(role), request()) is False
    assert allowed(access(wider), request()) is True


def test_trap_a_value_less_under_a_negated_operator() -> None:
    before, after = ({"StringNotEquals": {"ex:key": values}} for values in (["a", "b"], ["a"]))
    asked = request(context={"ex:key": "b"})
    assert [outcome_of(allow(Condition=block), asked) for block in (before, after)] == [False, True]
    denies = [document(allow("*"), deny("*", Condition=block)) for block in (before, after)]
    assert [allowed(access(each), asked) for each in denies] == [True, False]


def test_trap_for_any_value_against_for_all_values() -> None:
    def outcomes(given: tuple[str, ...]) -> list[object]:
        return [
            condition_outcome(f"{quantifier}:StringEquals", ["a", "b"], given)
            for quantifier in ("ForAnyValue", "ForAllValues")
        ]

    assert outcomes(()) == [False, True]
    assert outcomes(("a", "foreign")) == [True, False]
    assert outcomes(("a", "b")) == [True, True]


def test_trap_an_allow_under_a_deny_of_another_policy() -> None:
    before = access(document(deny("s3:*")), document())
    after = access(document(deny("s3:*")), document(allow("s3:*")))
    assert allowed(before, request()) is allowed(after, request()) is False


def test_trap_an_action_that_takes_no_resource() -> None:
    asked = request("ec2:DescribeInstances", "*", ROLE)
    assert outcome_of(allow("ec2:*"), asked) is True
    assert outcome_of(allow("ec2:*", Resource="arn:aws:ec2:*:*:*"), asked) is False


def test_trap_a_wildcard_invents_no_arn() -> None:
    invented = "arn:aws:cloudformation:::stack/a/:stack/b/"
    both = document(
        allow("*", Resource="arn:aws:cloudformation:*:*:stack/*"),
        deny("*", Resource="arn:aws:cloudformation:*:*:stack/b/*"),
    )
    # The sixth field begins with stack/a/, so the Deny of stack/b/* does not match it.
    assert allowed(access(both), request("cloudformation:DeleteStack", invented)) is True
    real = "arn:aws:cloudformation:::stack/b/:stack/a/"
    assert allowed(access(both), request("cloudformation:DeleteStack", real)) is False


def test_trap_a_document_of_denies_alone_allows_nothing() -> None:
    denies = access(document(deny("s3:*")))
    assert allowed(denies, request()) is allowed(access(document()), request()) is False
    everything = document(allow("*"))
    assert allowed(access(everything, *denies.identity), request()) is False
    assert allowed(access(everything, document()), request()) is True
