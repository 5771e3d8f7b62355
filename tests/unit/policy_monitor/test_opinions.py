"""Second opinions: what is asked, and how an answer weighs."""

import json
from typing import Any

import pytest
from tests.histories import allow, deny, trust

from iamdiff import Access, Comparison, Verdict, compare, comparison_json, parse_document
from policy_monitor.masks import mask
from policy_monitor.opinions import (
    BOUNDARY,
    CODE,
    NO_POLICY,
    PATTERNS,
    VERSIONS,
    Check,
    Opinion,
    Pair,
    PolicyType,
    Result,
    pair_of,
    unasked,
    weighed,
    words,
)

READ, WRITE = allow("s3:GetObject"), allow("s3:PutObject")
PASS, FAIL, NONE = (Opinion("key", result, "words") for result in Result)
AGREEING = {
    "equivalent": (PASS, PASS),
    "expansion": (FAIL, PASS),
    "reduction": (PASS, FAIL),
    "mixed": (FAIL, FAIL),
}


def made(verdict: str) -> dict[str, Any]:
    return comparison_json(Comparison(Verdict(verdict)))


def with_id(operator: str, value: str) -> dict[str, Any]:
    document = trust()
    document["Statement"][0]["Condition"] = {operator: {"sts:ExternalId": value}}
    return mask(document, b"k" * 32)


def pair(*sides: list[dict[str, Any]], kind: str = "identity") -> Pair:
    found = pair_of(sides[0], sides[1], kind)
    assert isinstance(found, Pair)
    return found


def test_both_directions_are_asked_of_the_documents_as_they_are() -> None:
    found = pair([READ], [WRITE])
    assert [json.loads(text) for text in (found.gained.existing, found.gained.new)] == [READ, WRITE]
    assert (found.lost.existing, found.lost.new) == (found.gained.new, found.gained.existing)
    assert found.gained.policy_type is PolicyType.IDENTITY
    assert pair([trust()], [trust("*")], kind="trust").lost.policy_type is PolicyType.RESOURCE
    assert pair([READ], [WRITE], kind="resource").lost.policy_type is PolicyType.RESOURCE


def test_several_policies_are_sent_as_one_that_allows_the_same() -> None:
    named = {**READ, "Statement": {**READ["Statement"][0], "Sid": "Same"}}
    side = [named, {**deny("s3:GetObject"), "Id": "x"}, {**WRITE, "Statement": WRITE["Statement"]}]
    sent = json.loads(pair(side, [named]).gained.existing)
    assert "Same" not in json.dumps(sent)
    together = Access(tuple(map(parse_document, side)))
    assert compare(Access((parse_document(sent),)), together).verdict == "equivalent"
    assert json.loads(pair(side, [named]).gained.new) == named


@pytest.mark.parametrize(
    ("old", "new", "bounded", "why"),
    [
        ([READ], [WRITE], True, BOUNDARY),
        ([], [WRITE], False, NO_POLICY),
        ([READ], [], False, NO_POLICY),
        ([READ, {**WRITE, "Version": "2008-10-17"}], [WRITE], False, VERSIONS),
        ([READ], [READ, {"Statement": WRITE["Statement"]}], False, VERSIONS),
        ([with_id("StringLike", "ab*")], [with_id("StringLike", "a*")], False, PATTERNS),
    ],
)
def test_what_cannot_be_asked_is_named(
    old: list[dict[str, Any]], new: list[dict[str, Any]], bounded: bool, why: str
) -> None:
    assert pair_of(old, new, "identity", bounded=bounded) == why
    said = unasked(made("expansion"), why)
    assert said["verdict"] == "expansion"
    assert said["second_opinion"] == {"gained": None, "lost": None, "note": f"not asked: {why}"}
    assert words(said) == f"No second opinion: not asked: {why}."


def test_an_external_id_is_sent_masked_and_still_compares() -> None:
    sides = [[with_id("StringEquals", text)] for text in ("planted-id-1", "planted-id-2")]
    found = pair(*sides, kind="trust")
    assert "planted" not in found.gained.existing + found.gained.new
    assert found.gained.existing != found.gained.new
    assert pair(sides[0], sides[0], kind="trust").gained.existing == found.gained.existing


def test_a_question_is_known_by_its_documents_their_order_and_type() -> None:
    checks = [
        Check("a", "b", PolicyType.IDENTITY),
        Check("b", "a", PolicyType.IDENTITY),
        Check("a", "b", PolicyType.RESOURCE),
        Check("a", "c", PolicyType.IDENTITY),
    ]
    assert len({check.key for check in checks}) == 4
    assert checks[0].key == Check("a", "b", PolicyType.IDENTITY).key


@pytest.mark.parametrize("verdict", AGREEING)
@pytest.mark.parametrize("gained", [PASS, FAIL, NONE, None])
@pytest.mark.parametrize("lost", [PASS, FAIL, NONE, None])
def test_a_verdict_stands_unless_an_answer_speaks_against_it(
    verdict: str, gained: Opinion | None, lost: Opinion | None
) -> None:
    found = weighed(made(verdict), verdict, gained, lost)
    against = [
        answer
        for answer, agreeing in zip((gained, lost), AGREEING[verdict], strict=True)
        if answer in (PASS, FAIL) and answer is not agreeing
    ]
    assert found["verdict"] == ("undetermined" if against else verdict)
    assert [reason["code"] for reason in found["undetermined"]] == ([CODE] if against else [])
    if gained is lost is None:
        assert found == made(verdict)
        assert words(found) == ""
        return
    said = found["second_opinion"]
    assert said["gained"] == (gained.result.value if gained in (PASS, FAIL) else None)
    assert said["lost"] == (lost.result.value if lost in (PASS, FAIL) else None)
    assert said["note"] == ("words" if NONE in (gained, lost) else "")
    assert ("disagrees" in words(found)) == bool(against)
    assert ("No second opinion: words." in words(found)) == (not {PASS, FAIL} & {gained, lost})


def test_a_disagreement_keeps_the_witnesses_and_names_both_answers() -> None:
    old, new = (Access((parse_document(each),)) for each in (READ, allow("s3:*Object")))
    comparison = comparison_json(compare(old, new))
    found = weighed(comparison, "expansion", PASS, PASS)
    assert found["gained"] == comparison["gained"] != []
    assert found["undetermined"] == [
        {
            "code": "second-opinion",
            "sentence": (
                "Of these policies by themselves, this monitor says expansion, and AWS's "
                "CheckNoNewAccess says that nothing is gained and that nothing is lost: one of "
                "them is wrong."
            ),
        }
    ]
    assert words(found) == (
        "AWS's CheckNoNewAccess disagrees: PASS for the new policy against the old and PASS for "
        "the old against the new."
    )
