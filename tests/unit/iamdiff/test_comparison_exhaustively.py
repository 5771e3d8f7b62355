"""All pairs of small statements, each request asked of the reference evaluator."""

from itertools import combinations, product
from typing import Any

import pytest
from tests.oracle.bruteforce import Universe, difference, texts
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Document, Grant, Request, Verdict, compare
from iamdiff.evaluator import Evaluator, ask
from iamdiff.kinds import Kind
from iamdiff.patterns import matches, pattern_of
from iamdiff.resources import matches_resource_pattern

ARRAY = "aws:TagKeys"
CONDITIONS = (
    ("Null", "true"),
    ("Null", "false"),
    ("StringEquals", "a"),
    ("StringNotEquals", "a"),
    ("StringLike", "*"),
    ("StringNotEqualsIfExists", ""),
    ("ForAnyValue:StringEquals", ["a", ""]),
    ("ForAnyValue:StringNotEquals", "a"),
    ("ForAllValues:StringEquals", ["a", "b"]),
    ("ForAllValues:StringNotLike", "a*"),
    ("ForAnyValue:StringEqualsIfExists", "b"),
)
SETS = (
    None,
    *("", "a", "b", "c", "ax"),
    *combinations(("", "a", "b", "c"), 2),
    *((each, each) for each in ("", "a", "b", "c")),
    ("a", "b", "c"),
)
HOME = "arn:aws:s3:::"
PATTERNS: tuple[Any, ...] = (
    f"{HOME}a",
    f"{HOME}a*",
    f"{HOME}${{ex:s}}",
    [f"{HOME}${{ex:s}}", f"{HOME}a"],
    [f"{HOME}${{ex:s}}", f"{HOME}${{ex:t}}"],
    f"{HOME}a${{ex:t}}",
    [f"{HOME}*", "arn:aws:sqs:r:1:q"],
)
ELEMENTS = tuple({name: each} for name in ("Resource", "NotResource") for each in PATTERNS)


ACTIONS = (
    *(["s:a"], ["s:*"], ["s:a*"], ["s:*b"], ["s:?"], ["s:a*", "s:b"], ["s:b*", "s:a*"]),
    *(["*"], ["t:a*"], ["s:a*b", "t:*"], ["s:ab", "s:*?a"]),
)
NAMES = (*texts(2, shortest=1), "aab", "acb", "bab", "cba")
ASKED = (*(f"s:{name}" for name in NAMES), "t:a", "t:c", "u:a")
BESIDE = (
    (),
    (allow(["s:b*", "s:a"]), deny(NotAction=["s:*b", "s:a*", "t:*"])),
    (allow(NotAction=["s:?b"]), deny(["s:*a", "t:a"])),
)
"""What stands on both sides."""
S3, SQS = "arn:aws:s3:::", "arn:aws:sqs:r:1:"
ARNS = (
    *(["*"], [f"{S3}a*"], [f"{S3}*b"], [f"{S3}a", f"{S3}b"], [f"{S3}a?", f"{SQS}*"]),
    *(["arn:aws:*:*:*:a*"], ["arn:*:s3:*:*:*"], ["arn:aws:s*:r:*:*:b"], [f"{S3}?:*", f"{SQS}a"]),
    ["arn:aws:*:*:*:b", f"{S3}a:b"],
)
RESOURCES = (
    *("*", "arn:aws-cn:s3:::a", "arn:aws:ec2:r:1:ab", "arn:aws:sns::1:b", "arn:aws:sns:r:1:a:b"),
    *(f"{head}{tail}" for head in (S3, SQS) for tail in ("a", "b", "c", "ab", "aa", "cb", "a:b")),
)
NEXT_TO = (
    (),
    (allow(Resource=[f"{S3}a*", f"{SQS}b"]), deny(NotResource=[f"{S3}*", "arn:aws:*:r:*:?"])),
)


def verdict_of(old: Access, new: Access, universe: Universe) -> Verdict:
    """What asking about every request of a universe says."""
    found = difference(old, new, universe.requests())
    if found.gained:
        return Verdict.MIXED if found.lost else Verdict.EXPANSION
    return Verdict.REDUCTION if found.lost else Verdict.EQUIVALENT


def check(old: tuple[Document, ...], new: tuple[Document, ...], universe: Universe) -> None:
    sides = Access(old), Access(new)
    assert compare(*sides).verdict is verdict_of(*sides, universe), (old, new)


def is_told(request: Request, grants: tuple[Grant, ...]) -> bool:
    """Whether the patterns of some grant match a request."""
    return any(
        any(matches(pattern_of(each.lower()), request.action.lower()) for each in grant.actions)
        and any(
            matches_resource_pattern(each, request.resource, lambda _: (), variables=False) is True
            for each in grant.resources
        )
        for grant in grants
    )


def misses_nothing(
    old: tuple[Document, ...], new: tuple[Document, ...], universe: Universe
) -> None:
    """What some request of a universe shows is told in a row of its own side; more may be."""
    found = compare(Access(old), Access(new))
    assert found.verdict is not Verdict.UNDETERMINED
    then, now = (Evaluator(Access(each), Kind.IDENTITY) for each in (old, new))
    for request in universe.requests():
        asked = ask(request, Kind.IDENTITY)
        before, after = then.answer(asked), now.answer(asked)
        if before.allowed is not after.allowed:
            grants = found.gained if after.allowed else found.lost
            assert is_told(request, grants), (request, old, new)


@pytest.mark.parametrize("old", CONDITIONS)
def test_conditions_on_an_array(old: tuple[str, Any]) -> None:
    universe = Universe(("s3:GetObject",), ("*",), {ARRAY: SETS})
    one = document(allow(Condition={old[0]: {ARRAY: old[1]}}))
    for first, second in combinations(CONDITIONS, 2):
        block: dict[str, Any] = {}
        for operator, value in (first, second):
            block.setdefault(operator, {})[ARRAY] = value
        check((one,), (document(allow(Condition=block)),), universe)


@pytest.mark.parametrize("effect", [allow, deny])
@pytest.mark.parametrize("old", ELEMENTS)
def test_resources_with_variables(effect: Any, old: dict[str, Any]) -> None:
    values = (None, "", "a", "b", "ab")
    resources = ("*", "arn:aws:sqs:r:1:q", *(f"{HOME}{each}" for each in ("a", "b", "ab", "c")))
    universe = Universe(("s3:GetObject",), resources, {"ex:s": values, "ex:t": values})
    base = (document(allow()),) if effect is deny else ()
    for new in ELEMENTS:
        if old != new:
            check((*base, document(effect(**old))), (*base, document(effect(**new))), universe)


@pytest.mark.parametrize("effect", [allow, deny])
@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("name", ["Action", "NotAction"])
def test_actions(effect: Any, beside: tuple[dict[str, Any], ...], name: str) -> None:
    universe = Universe(ASKED, ("*",), {})
    base = (document(*beside, *([allow("*")] if effect is deny and not beside else [])),)
    for old, new in product(ACTIONS, repeat=2):
        one, other = effect(**{name: old}), effect(new)
        also = [other] if beside else []
        misses_nothing((*base, document(one, *also)), (*base, document(other)), universe)


@pytest.mark.parametrize("effect", [allow, deny])
@pytest.mark.parametrize("beside", NEXT_TO)
@pytest.mark.parametrize("name", ["Resource", "NotResource"])
def test_resources(effect: Any, beside: tuple[dict[str, Any], ...], name: str) -> None:
    universe = Universe(("s3:GetObject",), RESOURCES, {})
    base = (document(*beside, *([allow()] if effect is deny and not beside else [])),)
    for old, new in product(ARNS, repeat=2):
        one, other = effect(**{name: old}), effect(Resource=new)
        also = [other] if beside else []
        misses_nothing((*base, document(one, *also)), (*base, document(other)), universe)


def test_boundaries_with_conditions() -> None:
    def when(*values: str) -> dict[str, Any]:
        return {"Condition": {"StringEquals": {"ex:k": [*values]}}}

    ceilings = (
        None,
        document(allow()),
        document(allow(**when("a"))),
        document(allow(**when("a")), allow(**when("b"))),
        document(allow(), deny(**when("b"))),
        document(allow(**when("a")), deny(**when("a"))),
        document(allow("s3:ListBucket")),
    )
    identities = (document(allow()), document(allow(**when("a")), allow(**when("c"))))
    universe = Universe(
        ("s3:GetObject", "s3:ListBucket"), ("*",), {"ex:k": (None, "a", "b", "c", "d")}
    )
    accesses = [Access((each,), ceiling) for each, ceiling in product(identities, ceilings)]
    for old, new in product(accesses, repeat=2):
        found = compare(old, new)
        assert found.verdict is verdict_of(old, new, universe), (old, new)
        for side, grants in ((new, found.gained), (old, found.lost)):
            for grant in grants:
                documents = [place.document for place in grant.allowed_by]
                assert documents[0] == 0
                assert (-1 in documents) is (side.boundary is not None)
