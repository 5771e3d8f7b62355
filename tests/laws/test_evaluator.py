"""Laws of the reference evaluator, whatever the policies and the request."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.laws import policies
from tests.laws.policies import KEYS, Json, access_of
from tests.laws.requests import requests

from iamdiff.evaluator import evaluate
from iamdiff.model import Access, Request
from iamdiff.parser import parse_document
from iamdiff.patterns import matches, pattern_of
from iamdiff.resources import matches_resource_pattern
from iamdiff.values import read_arn


@st.composite
def cases(draw: st.DrawFn, /, **options: Any) -> tuple[Json, Request]:
    raw = draw(policies.accesses(variables=True, doubtful=True, **options))
    return raw, draw(requests([raw]))


def outcome(raw: Json, asked: Request) -> str:
    decision = evaluate(access_of(raw), asked)
    assert not (decision.allowed and decision.undecided)
    return "allowed" if decision.allowed else "refused" if decision.refused else "open"


def with_statement(raw: Json, statement: Json) -> Json:
    first, *rest = raw["identity"]
    longer = {**first, "Statement": [*first["Statement"], statement]}
    return {**raw, "identity": [longer, *rest]}


@given(cases())
def test_an_access_reads_the_same_from_text_and_from_a_tree(case: tuple[Json, Request]) -> None:
    raw, _ = case
    for document in raw["identity"]:
        assert parse_document(json.dumps(document)) == parse_document(document)


@given(cases(), policies.statements())
def test_an_allow_more_takes_nothing_away_and_a_deny_more_adds_nothing(
    case: tuple[Json, Request], statement: Json
) -> None:
    raw, asked = case
    before = outcome(raw, asked)
    after = outcome(with_statement(raw, {**statement, "Effect": "Allow"}), asked)
    assert not (before == "allowed" and after != "allowed")
    after = outcome(with_statement(raw, {**statement, "Effect": "Deny"}), asked)
    assert not (before == "refused" and after != "refused")


@given(cases(), st.randoms(use_true_random=False))
def test_order_repetition_and_grouping_make_no_difference(
    case: tuple[Json, Request], random: Any
) -> None:
    raw, asked = case
    other = json.loads(json.dumps(raw))
    for document in other["identity"]:
        random.shuffle(document["Statement"])
        document["Statement"] += document["Statement"][:1]
        for statement in document["Statement"]:
            for element in ("Action", "NotAction", "Resource", "NotResource"):
                random.shuffle(statement.get(element, []))
    random.shuffle(other["identity"])
    assert outcome(other, asked) == outcome(raw, asked)


@given(cases())
def test_a_statement_says_what_its_actions_and_resources_say_one_by_one(
    case: tuple[Json, Request],
) -> None:
    raw, asked = case
    other = json.loads(json.dumps(raw))
    for document in other["identity"]:
        document["Statement"] = [
            {
                **statement,
                **{
                    element: each
                    for element, each in (("Action", action), ("Resource", resource))
                    if each
                },
            }
            for statement in document["Statement"]
            for action in statement.get("Action", [None])
            for resource in statement.get("Resource", [None])
        ]
    assert outcome(other, asked) == outcome(raw, asked)


@given(cases())
def test_a_boundary_only_takes_away_and_one_that_allows_all_takes_nothing(
    case: tuple[Json, Request],
) -> None:
    raw, asked = case
    free = outcome({**raw, "boundary": None}, asked)
    assert not (outcome(raw, asked) == "allowed" and free != "allowed")
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    assert outcome({**raw, "boundary": everything}, asked) == free
    # Within itself, an access is what it was.
    first = raw["identity"][0]
    own = {"identity": [first], "boundary": None}
    assert outcome({**own, "boundary": first}, asked) == outcome(own, asked)


@given(cases())
def test_case_of_actions_and_of_keys_makes_no_difference(case: tuple[Json, Request]) -> None:
    raw, asked = case
    shouted = Request(
        asked.action.encode().swapcase().decode(),  # of ASCII letters: names have no others
        asked.resource,
        asked.principal,
        {key.upper(): value for key, value in asked.context.items()},
    )
    assert outcome(raw, shouted) == outcome(raw, asked)


@given(cases(), st.sampled_from(("a", ("a", "b"), ())))
def test_a_key_that_no_statement_reads_makes_no_difference(
    case: tuple[Json, Request], value: Any
) -> None:
    raw, asked = case
    more = Request(asked.action, asked.resource, "", {**asked.context, "ex:unread": value})
    assert outcome(raw, more) == outcome(raw, asked)


def _holds(condition: Json, asked: Request, **elements: Any) -> str:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    document = {"Version": "2012-10-17", "Statement": [{**statement, **elements}]}
    return outcome({"identity": [document], "boundary": None}, asked)


_OPPOSITE = {"allowed": "refused", "refused": "allowed", "open": "open"}


@given(cases(), st.data())
def test_the_element_with_not_is_the_opposite(
    case: tuple[Json, Request], data: st.DataObject
) -> None:
    _, asked = case
    for element, patterns in (
        ("Action", policies.ACTION_PATTERNS),
        ("Resource", policies.RESOURCE_PATTERNS + policies.VARIABLE_PATTERNS),
    ):
        chosen = data.draw(st.lists(st.sampled_from(patterns), min_size=1, max_size=3))
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", element: chosen}
        inverted = {**statement, f"Not{element}": chosen}
        del inverted[element]
        found, opposite = (
            outcome(
                {"identity": [{"Version": "2012-10-17", "Statement": each}], "boundary": None},
                asked,
            )
            for each in (statement, inverted)
        )
        assert opposite == _OPPOSITE[found]


@st.composite
def _conditions(draw: st.DrawFn) -> tuple[str, str, list[str], Request]:
    """A positive operator that has a negated twin, a key, values, and a request."""
    key = draw(st.sampled_from(tuple(KEYS)))
    operators, values = KEYS[key]
    twins = [name for name in operators if _negated(name) in operators]
    if not twins:
        key, twins, values = "ex:s", ["StringLike"], KEYS["ex:s"][1]
    wanted = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
    operator = draw(st.sampled_from(twins))
    block = {"Statement": [{"Condition": {operator: {key: wanted}}}]}
    return operator, key, wanted, draw(requests([{"identity": [block], "boundary": None}]))


def _negated(name: str) -> str:
    if name == "IpAddress":
        return "NotIpAddress"
    for relation in ("EqualsIgnoreCase", "Equals", "Like"):
        if name.endswith(relation) and "Not" not in name and "Than" not in name:
            return f"{name.removesuffix(relation)}Not{relation}"
    return ""


@given(_conditions())
def test_a_negated_operator_is_the_opposite_of_its_twin(
    case: tuple[str, str, list[str], Request],
) -> None:
    operator, key, wanted, asked = case
    given_value = asked.context.get(key, ())
    found = _holds({operator: {key: wanted}}, asked)
    opposite = _holds({_negated(operator): {key: wanted}}, asked)
    several = not isinstance(given_value, str) and len(given_value) > 1
    assert opposite == ("refused" if several else _OPPOSITE[found])


@given(_conditions())
def test_set_operators_are_each_other_s_dual(case: tuple[str, str, list[str], Request]) -> None:
    operator, key, wanted, asked = case
    some = _holds({f"ForAnyValue:{operator}": {key: wanted}}, asked)
    none = _holds({f"ForAllValues:{_negated(operator)}": {key: wanted}}, asked)
    assert none == _OPPOSITE[some]


@given(_conditions())
def test_if_exists_is_true_of_an_absent_key_and_nothing_else(
    case: tuple[str, str, list[str], Request],
) -> None:
    operator, key, wanted, asked = case
    for name in (operator, _negated(operator)):
        plain = _holds({name: {key: wanted}}, asked)
        if_exists = _holds({f"{name}IfExists": {key: wanted}}, asked)
        absent = _holds({"Null": {key: "true"}}, asked)
        assert if_exists == ("allowed" if absent == "allowed" else plain)


@given(_conditions())
def test_a_value_more_widens_a_positive_operator_and_narrows_a_negated_one(
    case: tuple[str, str, list[str], Request],
) -> None:
    operator, key, wanted, asked = case
    fewer, more = ({key: wanted[:1]}, {key: wanted})
    if _holds({operator: fewer}, asked) == "allowed":
        assert _holds({operator: more}, asked) == "allowed"
    if _holds({_negated(operator): fewer}, asked) == "refused":
        assert _holds({_negated(operator): more}, asked) == "refused"


@given(st.text("ab*?\n", max_size=8), st.text("ab\n", max_size=8))
def test_patterns_match_as_the_regular_expressions_that_they_abbreviate(
    pattern: str, text: str
) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    assert matches(pattern_of(pattern), text) is bool(re.fullmatch(expression, text, re.DOTALL))


@given(
    st.tuples(*[st.text("ab*?", max_size=3)] * 4, st.text("ab*?:", max_size=5)),
    st.tuples(*[st.text("ab", max_size=2)] * 4, st.text("ab:", max_size=4)),
)
def test_resources_match_as_regular_expressions_a_field(
    fields: tuple[str, ...], arn: tuple[str, ...]
) -> None:
    pattern, resource = (":".join(("arn", *parts)) for parts in (fields, arn))
    one = {"*": "[^:]*", "?": "[^:]"}
    last = {"*": ".*", "?": "."}
    expression = "arn:" + ":".join(
        "".join(
            (last if place == len(fields) - 1 else one).get(each, re.escape(each)) for each in field
        )
        for place, field in enumerate(fields)
    )
    found = matches_resource_pattern(pattern, resource, lambda _: (), variables=True)
    assert read_arn(resource) is not None
    assert found is bool(re.fullmatch(expression, resource))


@given(st.data())
def test_an_access_of_nothing_allows_nothing(data: st.DataObject) -> None:
    asked = data.draw(requests([]))
    assert evaluate(Access(), asked).refused
