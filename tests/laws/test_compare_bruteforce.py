"""The comparison against brute force: on tiny universes no request is missed, and none invented."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.oracle.bruteforce import Universe, difference, sets, texts

from iamdiff import Access, compare, evaluate, parse_document

PATTERNS = st.text("ab*?", min_size=1, max_size=3)
VALUES = st.sampled_from(("", "a", "b", "a*", "*b", "?", "*", "ab"))
ABSENT = (None,)
SET_KEY, PLAIN_KEY = "ex:t", "ex:s"

ACTIONS = tuple(f"s3:{name}" for name in texts(4, shortest=1))
FEW_ACTIONS = ("s3:a", "s3:b", "s3:ab", "s3:c", "s3:cc")
RESOURCES = ("*", *(f"arn:aws:s3:::{name}" for name in texts(4)))
FEW_RESOURCES = (
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::b",
    "arn:aws:s3:r::a",
    "arn:aws:sqs:a:b:c",
    "arn:aws:sns:a:b:c",
    "arn:aws-cn:s3:::a",
)
SHORT = tuple(texts(2))
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringLikeIfExists",
    "StringNotEqualsIfExists",
)


def lists(items: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(items, min_size=1, max_size=most, unique=True)


def accesses(statements: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Access]:
    """One document of up to three statements, perhaps within a boundary of up to two."""

    def document(found: list[dict[str, Any]]) -> Any:
        return parse_document({"Version": "2012-10-17", "Statement": found})

    one = st.lists(statements, max_size=3).map(document)
    ceiling = st.none() | st.lists(statements, min_size=1, max_size=2).map(document)
    return st.builds(lambda policy, boundary: Access((policy,), boundary), one, ceiling)


EFFECTS = st.sampled_from(("Allow", "Allow", "Deny"))


@st.composite
def about_actions(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(("Action", "Action", "NotAction")))
    patterns = draw(lists(PATTERNS.map("s3:{}".format) | st.sampled_from(("*", "ec2:*"))))
    return {"Effect": draw(EFFECTS), name: patterns, "Resource": "*"}


@st.composite
def about_resources(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(("Resource", "Resource", "NotResource")))
    patterns = draw(lists(PATTERNS.map("arn:aws:s3:::{}".format) | st.just("*")))
    return {"Effect": draw(EFFECTS), "Action": "s3:*", name: patterns}


@st.composite
def conditions(draw: st.DrawFn, key: str) -> dict[str, Any]:
    operator = draw(st.sampled_from(OPERATORS))
    if key == SET_KEY:
        operator = draw(st.sampled_from(("ForAnyValue:", "ForAllValues:", ""))) + operator
    if draw(st.integers(0, 5)) == 5:
        return {"Null": {key: draw(st.sampled_from(("true", "false")))}}
    return {operator: {key: draw(lists(VALUES, most=2))}}


@st.composite
def about_conditions(draw: st.DrawFn, keys: tuple[str, ...]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key in keys:
        if draw(st.booleans()):
            for operator, values in draw(conditions(key)).items():
                block.setdefault(operator, {}).update(values)
    return {"Effect": draw(EFFECTS), "Action": "s3:*", "Resource": "*", "Condition": block}


@st.composite
def about_everything(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {**draw(about_conditions((PLAIN_KEY,)))}
    found["Action"] = draw(lists(st.sampled_from(("s3:a", "s3:b", "s3:*b", "s3:?", "*")), most=2))
    patterns = ("*", "arn:aws:s3:::a", "arn:aws:s3:::*", "arn:aws:*:*:*:*", "arn:aws:sqs")
    found["Resource"] = draw(lists(st.sampled_from(patterns), most=2))
    if draw(st.integers(0, 3)) == 3:
        found["NotResource"] = found.pop("Resource")
    return found


def assert_same(old: Access, new: Access, universe: Universe) -> None:
    """What brute force finds is found; what else is found is proven by its witness."""
    found = difference(old, new, universe.requests())
    comparison = compare(old, new)
    assert comparison.undetermined == ()
    for request, grants, here, there in (
        (found.gained, comparison.gained, new, old),
        (found.lost, comparison.lost, old, new),
    ):
        assert request is None or grants, request
        for grant in grants:
            assert evaluate(here, grant.witness).allowed
            assert evaluate(there, grant.witness).refused


@given(accesses(about_actions()), accesses(about_actions()))
def test_actions_by_brute_force(old: Access, new: Access) -> None:
    assert_same(old, new, Universe((*ACTIONS, "ec2:c", "sqs:c"), ("*",), {}))


@given(accesses(about_resources()), accesses(about_resources()))
def test_resources_by_brute_force(old: Access, new: Access) -> None:
    assert_same(old, new, Universe(("s3:a",), (*RESOURCES, "arn:aws:sqs:a:b:c"), {}))


@given(accesses(about_conditions((SET_KEY,))), accesses(about_conditions((SET_KEY,))))
def test_a_key_of_several_values_by_brute_force(old: Access, new: Access) -> None:
    # A key that the catalogue does not know holds several values where a set operator reads it.
    values = sets(SHORT) if reads_sets(old) or reads_sets(new) else SHORT
    assert_same(old, new, Universe(("s3:a",), ("*",), {SET_KEY: (*ABSENT, *values)}))


def reads_sets(access: Access) -> bool:
    documents = [*access.identity, *([access.boundary] if access.boundary else [])]
    return any(
        condition.operator.quantifier
        for document in documents
        for statement in document.statements
        for condition in statement.conditions
    )


@given(
    accesses(about_conditions((PLAIN_KEY, "ex:u"))), accesses(about_conditions((PLAIN_KEY, "ex:u")))
)
def test_two_keys_by_brute_force(old: Access, new: Access) -> None:
    values = (*ABSENT, *SHORT)
    assert_same(old, new, Universe(("s3:a",), ("*",), {PLAIN_KEY: values, "ex:u": values}))


@given(accesses(about_everything()), accesses(about_everything()))
def test_actions_resources_and_conditions_by_brute_force(old: Access, new: Access) -> None:
    universe = Universe(FEW_ACTIONS, FEW_RESOURCES, {PLAIN_KEY: (*ABSENT, *SHORT)})
    assert_same(old, new, universe)
