"""One question after another: what is asked again, and what is asked of another resource."""

from iamdiff.bodies import Block, normal_block, resource_link
from iamdiff.budget import Budget
from iamdiff.domains import KeyFacts
from iamdiff.model import Condition
from iamdiff.operators import parse_operator
from iamdiff.solver import Answer, Solver, Target

ANYTHING = Target("arn:aws:s3:::a", lambda _: True, tied=False)


def solver() -> Solver:
    return Solver(lambda _: KeyFacts(), Budget())


def answer(asked: Solver, target: Target = ANYTHING, **values: str) -> Answer:
    """What is found where each of some keys must be equal to a value."""
    block = conditions(*(("StringEquals", f"ex:{key}", value) for key, value in values.items()))
    return asked.solve([asked.clauses.of(block)], [], target)


def conditions(*rows: tuple[str, str, str]) -> Block:
    """Conditions, each an operator, a key and a value."""
    listed = [Condition(parse_operator(name), key, (value,)) for name, key, value in rows]
    return normal_block(listed, variables=True)


def test_what_a_variable_joins_is_answered_once_for_all_questions_that_it_is_in() -> None:
    asked = solver()
    first = answer(asked, a="${ex:t}", t="x", b="y")
    spent = asked.budget.spent
    again = answer(asked, a="${ex:t}", t="x", b="z")
    alone = solver()
    answer(alone, a="${ex:t}", t="x", b="z")
    assert first.context == {"ex:a": "x", "ex:t": "x", "ex:b": "y"}
    assert again.context == {"ex:a": "x", "ex:t": "x", "ex:b": "z"}
    assert asked.budget.spent - spent < alone.budget.spent


def test_a_variable_in_a_resource_has_another_value_for_each_resource() -> None:
    asked = solver()
    link = resource_link("arn:aws:s3:::home/${aws:username}", negated=False)
    for name in ("jo", "al"):
        home = f"arn:aws:s3:::home/{name}"
        target = Target(home, home.__eq__, tied=True)
        found = asked.solve([asked.clauses.of((link,))], [], target)
        assert found == Answer({"aws:username": name}, home)


def test_questions_that_share_some_conditions_of_a_part_have_answers_of_their_own() -> None:
    asked = solver()
    for first in ("x", "z"):
        found = answer(asked, a=first, b="y", c="${ex:t}")
        assert found.context == {"ex:a": first, "ex:b": "y", "ex:c": "x", "ex:t": "x"}
    for last in ("x", "z"):
        found = answer(asked, b="y", c=last, d="${ex:t}")
        assert found.context == {"ex:b": "y", "ex:c": last, "ex:d": "x", "ex:t": "x"}
    for joined in ("x", "z"):
        found = answer(asked, a="y", c="${ex:t}", d="${ex:t}", t=joined)
        assert found.context == {"ex:a": "y", "ex:c": joined, "ex:d": joined, "ex:t": joined}


def test_questions_that_differ_in_what_must_not_hold_have_answers_of_their_own() -> None:
    asked = solver()
    there = asked.clauses.of(conditions(("StringLike", "ex:k", "*"), ("StringEquals", "ex:j", "v")))
    for name in ("x", "y"):
        spared = asked.clauses.of(conditions(("StringEquals", "ex:k", name)))
        found = asked.solve([there], [spared], ANYTHING)
        assert found.context
        assert found.context["ex:k"] != name


HOME = resource_link("arn:aws:s3:::home/${aws:username}", negated=False)
HOMES = [
    Target(home, home.__eq__, tied=True)
    for home in ("arn:aws:s3:::home/jo", "arn:aws:s3:::home/al")
]


def test_a_variable_in_a_resource_is_read_for_each_resource_among_other_parts() -> None:
    asked = solver()
    blocks = [
        (HOME,),
        conditions(("StringLike", "aws:username", "*")),
        conditions(("StringEquals", "ex:k", "v")),
        conditions(("StringEquals", "ex:y", "${ex:z}")),
    ]
    for target, name in zip(HOMES, ("jo", "al"), strict=True):
        found = asked.solve(list(map(asked.clauses.of, blocks)), [], target)
        context = {"aws:username": name, "ex:k": "v", "ex:y": "x", "ex:z": "x"}
        assert found == Answer(context, target.example)


def test_a_resource_that_a_deny_must_not_match_is_looked_at_for_each_resource() -> None:
    asked = solver()
    denies = [(HOME,), conditions(("StringEquals", "aws:username", "x"))]
    present = conditions(("StringLike", "aws:username", "*"), ("StringEquals", "ex:k", "v"))
    for target in HOMES:
        found = asked.solve(
            [asked.clauses.of(present)], list(map(asked.clauses.of, denies)), target
        )
        assert found.context
        assert found.resource == target.example


def test_where_no_condition_reads_the_resource_one_answer_is_for_all() -> None:
    asked = solver()
    for target in HOMES:
        assert answer(asked, target, k="v") == Answer({"ex:k": "v"})


def test_what_one_part_rules_out_no_doubt_about_another_keeps_open() -> None:
    asked = solver()
    doubtful = conditions(
        ("StringEquals", "ex:a", "${ex:b}"), ("StringNotEquals", "ex:b", "${ex:a}")
    )
    impossible = conditions(
        ("StringEquals", "ex:y", "${ex:z}"), ("StringEquals", "ex:y", "v"), ("Null", "ex:z", "true")
    )
    found = asked.solve(list(map(asked.clauses.of, (doubtful, impossible))), [], ANYTHING)
    assert found == Answer(None)


def test_a_doubt_about_one_part_stands_whatever_is_found_of_the_others() -> None:
    asked = solver()
    never = conditions(("StringEquals", "ex:k", "${ex:a}"), ("StringNotEquals", "ex:a", "${ex:k}"))
    for other in ("ex:b", "ex:z"):
        apart = conditions(("StringEquals", other, f"${{{other}2}}"))
        found = asked.solve([asked.clauses.of(never), asked.clauses.of(apart)], [], ANYTHING)
        assert found.context is None
        assert {doubt.key for doubt in found.doubts} == {"ex:a", "ex:k"}
