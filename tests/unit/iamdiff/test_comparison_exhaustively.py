"""All pairs of small statements, each request asked of the reference evaluator."""

from itertools import combinations, product
from typing import Any

import pytest
from tests.oracle.bruteforce import Universe, difference
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Document, Verdict, compare

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


def verdict_of(old: Access, new: Access, universe: Universe) -> Verdict:
    """What asking about every request of a universe says."""
    found = difference(old, new, universe.requests())
    if found.gained:
        return Verdict.MIXED if found.lost else Verdict.EXPANSION
    return Verdict.REDUCTION if found.lost else Verdict.EQUIVALENT


def check(old: tuple[Document, ...], new: tuple[Document, ...], universe: Universe) -> None:
    sides = Access(old), Access(new)
    assert compare(*sides).verdict is verdict_of(*sides, universe), (old, new)


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
