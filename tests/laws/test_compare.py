"""Laws of the comparison, on whole accesses that use every feature."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import policies
from tests.laws.policies import Json, access_of
from tests.laws.requests import requests

from iamdiff import Access, Comparison, Grant, Request, Verdict, compare, evaluate
from iamdiff.bodies import BOUNDARY, Place
from iamdiff.evaluator import matches_statement
from iamdiff.reasons import UNCONFIRMED

MIRROR = {
    Verdict.EQUIVALENT: Verdict.EQUIVALENT,
    Verdict.EXPANSION: Verdict.REDUCTION,
    Verdict.REDUCTION: Verdict.EXPANSION,
    Verdict.MIXED: Verdict.MIXED,
    Verdict.UNDETERMINED: Verdict.UNDETERMINED,
}
KINDS = ("identity", "trust", "resource")
SEVERAL_REQUESTS = 5


@st.composite
def pairs(draw: st.DrawFn, /, kind: str = "identity", **options: Any) -> tuple[Json, Json]:
    """Two versions of an access, or two that have nothing to do with each other."""
    old = draw(policies.accesses(kind=kind, **options))
    if draw(st.integers(0, 3)) < 3:
        return old, draw(policies.changed(old, kind=kind, **options))
    return old, draw(policies.accesses(kind=kind, **options))


def judged(old: Json, new: Json, **options: Any) -> Comparison:
    """Compare, and check what every comparison promises."""
    sides = access_of(old), access_of(new)
    comparison = compare(*sides, **options)
    check_promises(comparison, *sides, **options)
    return comparison


def check_promises(
    comparison: Comparison,
    old: Access,
    new: Access,
    *,
    kind: str = "identity",
    part: bool = False,
    **_: Any,
) -> None:
    """The verdict says what was found, and every witness is confirmed."""
    assert UNCONFIRMED not in {reason.code for reason in comparison.undetermined}
    gained, lost = bool(comparison.gained), bool(comparison.lost)
    match comparison.verdict:
        case Verdict.UNDETERMINED:
            assert comparison.undetermined
        case Verdict.MIXED:
            assert gained
            assert lost
        case verdict:
            assert gained is (verdict is Verdict.EXPANSION)
            assert lost is (verdict is Verdict.REDUCTION)
    for grants, here, there in ((comparison.gained, new, old), (comparison.lost, old, new)):
        for grant in grants:
            check_witness(grant, here, there, kind=kind, part=part)


def check_witness(grant: Grant, here: Access, there: Access, *, kind: str, part: bool) -> None:
    """The witness is allowed here, by a statement that is named, and not there.

    A lifted Deny is a witness among things that are allowed.
    """
    if part and not grant.allowed_by:
        here, there = policies.with_everything(here), policies.with_everything(there)
    assert evaluate(here, grant.witness, kind=kind).allowed
    assert not grant.allowed_by or any(
        speaks_of(place, here, grant.witness, kind=kind) for place in grant.allowed_by
    )
    assert evaluate(there, grant.witness, kind=kind).refused


def speaks_of(place: Place, access: Access, asked: Request, *, kind: str) -> bool:
    """Whether a statement applies to a request, or may."""
    document = access.boundary if place.document == BOUNDARY else access.identity[place.document]
    assert document is not None
    variables = document.variables
    return matches_statement(place.statement, asked, variables=variables, kind=kind) is not False


def changes(old: Json, new: Json, asked: Request, kind: str) -> tuple[bool, bool]:
    """Whether a request is surely gained, and whether it is surely lost."""
    then = evaluate(access_of(old), asked, kind=kind)
    now = evaluate(access_of(new), asked, kind=kind)
    return now.allowed and then.refused, then.allowed and now.refused


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_an_access_is_equivalent_to_itself(kind: str, data: st.DataObject) -> None:
    raw = data.draw(policies.accesses(kind=kind, variables=True))
    for part in (False, True):
        assert judged(raw, raw, kind=kind, part=part).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_order_repetition_and_grouping_are_equivalent(
    kind: str, data: st.DataObject, random: Any
) -> None:
    raw = data.draw(policies.accesses(kind=kind, variables=True))
    other = policies.rearranged(raw, random)
    for part in (False, True):
        assert judged(raw, other, kind=kind, part=part).verdict is Verdict.EQUIVALENT
        assert judged(other, raw, kind=kind, part=part).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [False, True])
@given(data=st.data())
def test_swapping_sides_swaps_gained_and_lost(kind: str, part: bool, data: st.DataObject) -> None:
    old, new = data.draw(pairs(kind=kind, variables=True))
    forth = judged(old, new, kind=kind, part=part)
    back = judged(new, old, kind=kind, part=part)
    assert back.verdict is MIRROR[forth.verdict]
    assert bool(back.gained) is bool(forth.lost)
    assert bool(back.lost) is bool(forth.gained)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"variables": True},
        {"principal_keys": True},
        {"variables": True, "principal_keys": True, "doubtful": True},
    ],
    ids=["plain", "variables", "principal keys", "doubtful"],
)
@given(data=st.data())
def test_no_sampled_request_is_gained_or_lost_unseen(
    kind: str, options: dict[str, bool], data: st.DataObject
) -> None:
    old, new = data.draw(pairs(kind=kind, **options))
    comparison = judged(old, new, kind=kind)
    for _ in range(SEVERAL_REQUESTS):
        asked = data.draw(requests([old, new], kind=kind))
        gained, lost = changes(old, new, asked, kind)
        if gained:
            assert comparison.verdict in (Verdict.EXPANSION, Verdict.MIXED, Verdict.UNDETERMINED)
        if lost:
            assert comparison.verdict in (Verdict.REDUCTION, Verdict.MIXED, Verdict.UNDETERMINED)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_aws_defines_is_decided(kind: str, data: st.DataObject) -> None:
    old, new = data.draw(pairs(kind=kind, principal_keys=True))
    comparison = judged(old, new, kind=kind)
    assert comparison.undetermined == ()


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_an_allow_more_is_no_reduction_and_a_deny_more_no_expansion(
    kind: str, data: st.DataObject
) -> None:
    raw = data.draw(policies.accesses(kind=kind))
    statement = data.draw(policies.statements(kind=kind))
    for effect, excluded in (("Allow", "lost"), ("Deny", "gained")):
        other = json.loads(json.dumps(raw))
        other["identity"][0]["Statement"].append({**statement, "Effect": effect})
        for part in (False, True):
            assert getattr(judged(raw, other, kind=kind, part=part), excluded) == ()


@given(pairs())
def test_a_boundary_that_allows_all_changes_no_verdict(pair: tuple[Json, Json]) -> None:
    old, new = ({**raw, "boundary": None} for raw in pair)
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    bounded = [{**raw, "boundary": everything} for raw in (old, new)]
    assert judged(old, new).verdict is judged(*bounded).verdict
    assert judged(old, bounded[0]).verdict is Verdict.EQUIVALENT


@given(policies.accesses())
def test_a_boundary_is_a_reduction_or_nothing(raw: Json) -> None:
    comparison = judged({**raw, "boundary": None}, raw)
    assert comparison.verdict in (Verdict.EQUIVALENT, Verdict.REDUCTION)


@given(policies.accesses(most=2), st.data())
def test_verdicts_compose(first: Json, data: st.DataObject) -> None:
    second = data.draw(policies.changed(first))
    third = data.draw(policies.changed(second))
    steps = [judged(first, second), judged(second, third)]
    whole = judged(first, third)
    if all(step.gained == () for step in steps):
        assert whole.gained == ()
    if all(step.lost == () for step in steps):
        assert whole.lost == ()


@given(pairs())
def test_a_bound_principal_sees_no_more_than_all_principals(pair: tuple[Json, Json]) -> None:
    free = judged(*pair)
    bound = judged(*pair, principal=policies.ROLE)
    if free.gained == ():
        assert bound.gained == ()
    if free.lost == ():
        assert bound.lost == ()


@given(policies.documents(most=4), policies.documents(most=4))
def test_judged_as_a_part_a_lifted_deny_is_a_gain(old: Json, new: Json) -> None:
    sides = [{"identity": [each], "boundary": None} for each in (old, new)]
    whole = judged(*sides)
    part = judged(*sides, part=True)
    # A part's gains are the whole's and those of lifted Denies.
    if whole.gained:
        assert part.gained
    if whole.lost:
        assert part.lost
    denies, as_allows = (
        [{"identity": [rewrite(_denies(each))], "boundary": None} for each in (old, new)]
        for rewrite in (dict, _as_allows)
    )
    # Of Denies alone: what they stop no longer is gained.
    assert judged(*denies, part=True).verdict is MIRROR[judged(*as_allows).verdict]


def _denies(document: Any) -> Json:
    listed = [each for each in document["Statement"] if each["Effect"] == "Deny"]
    return {**document, "Statement": listed}


def _as_allows(document: Json) -> Json:
    listed = [{**each, "Effect": "Allow"} for each in document["Statement"]]
    return {**document, "Statement": listed}
