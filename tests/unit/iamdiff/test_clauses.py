"""Questions taken apart by what policy variables and Denies join."""

from iamdiff.bodies import Block, normal_block
from iamdiff.clauses import ALWAYS, Clause, Clauses, parts_of
from iamdiff.model import Condition
from iamdiff.operators import OPERATORS


def _block(**values: str) -> Block:
    like = OPERATORS["StringLike"]
    return normal_block([Condition(like, k, (v,)) for k, v in values.items()], variables=True)


def _split(true: list[Block], false: list[Block]) -> list[tuple[list[str], list[Block]]]:
    clauses = Clauses()
    required = [term for block in true for term in clauses.of(block).terms]
    parts = parts_of(required, [clauses.of(block) for block in false])
    return [
        ([term.condition.key for term in own], [clause.block for clause in denied])
        for own, denied in parts
    ]


def test_equal_blocks_are_one_clause_and_equal_conditions_one_term() -> None:
    clauses = Clauses()
    one, wider = clauses.of(_block(a="x")), clauses.of(_block(a="x", b="y"))
    assert clauses.of(_block(a="x")) is one
    assert one.terms[0] in wider.terms
    assert (one.mask & ~wider.mask, wider.mask & ~one.mask != 0) == (0, True)


def test_no_conditions_are_the_same_clause_in_every_comparison() -> None:
    assert Clauses().of(()) is Clauses().of(()) is ALWAYS
    assert Clause((), ()).mask == 0


def test_without_variables_a_question_is_whole() -> None:
    assert _split([_block(a="x")], [_block(b="y")]) == []


def test_what_no_variable_joins_comes_first_and_together() -> None:
    linked, apart = _block(a="${t}"), _block(b="y")
    assert _split([linked, apart], [_block(c="z")]) == [
        (["b"], [_block(c="z")]),
        (["a"], []),
    ]


def test_a_variable_joins_its_key_with_the_conditions_on_it() -> None:
    assert _split([_block(a="${t}"), _block(t="x"), _block(b="y")], []) == [
        (["b"], []),
        (["a", "t"], []),
    ]


def test_a_variable_of_a_deny_joins_what_must_hold_with_it() -> None:
    deny = _block(b="${a}")
    assert _split([_block(a="${t}")], [deny]) == [(["a"], [deny])]


def test_a_deny_that_nothing_joins_is_a_part_too() -> None:
    deny = _block(b="y")
    assert _split([_block(a="${t}")], [deny]) == [([], [deny]), (["a"], [])]


def test_each_variable_makes_a_part() -> None:
    assert _split([_block(a="${t}"), _block(b="${u}"), _block(c="x")], []) == [
        (["c"], []),
        (["a"], []),
        (["b"], []),
    ]


def test_a_deny_joins_the_keys_that_it_reads() -> None:
    deny = _block(a="x", b="y")
    assert _split([_block(a="${t}"), _block(b="z"), _block(c="z")], [deny]) == [
        (["c"], []),
        (["a", "b"], [deny]),
    ]


def test_variables_of_different_keys_stay_apart() -> None:
    assert _split([_block(a="${t}"), _block(b="${u}")], []) == [(["a"], []), (["b"], [])]
