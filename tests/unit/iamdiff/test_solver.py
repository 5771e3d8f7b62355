"""One question after another: what is asked again, and what is asked of another resource."""

from tests.unit.iamdiff.policies import allow, document

from iamdiff.bodies import normal_block, resource_link
from iamdiff.budget import Budget
from iamdiff.domains import KeyFacts
from iamdiff.solver import Answer, Solver, Target

ANYTHING = Target("arn:aws:s3:::a", lambda _: True, tied=False)


def solver() -> Solver:
    return Solver(lambda _: KeyFacts(), Budget())


def answer(asked: Solver, target: Target = ANYTHING, **values: str) -> Answer:
    """What is found where each of some keys must be equal to a value."""
    conditions = {"StringEquals": {f"ex:{key}": value for key, value in values.items()}}
    (statement,) = document(allow(Condition=conditions)).statements
    block = normal_block(statement.conditions, variables=True)
    return asked.solve([asked.clauses.of(block)], [], target)


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
