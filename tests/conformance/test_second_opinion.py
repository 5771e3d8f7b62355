"""Real and labelled pairs: wherever the SMT solver answers, it says what the comparison says."""

import json
from typing import Any

import pytest
from tests.conformance.records import rows, sides
from tests.oracle import smt

from iamdiff import compare, likely_kind

MILLISECONDS = 1_000
SHORT = 6_000
"""Characters of a pair that the solver is likely to decide in time."""


def short_rows(name: str, every: int) -> list[dict[str, Any]]:
    found = [row for row in rows(name) if len(json.dumps(row)) < SHORT]
    return sorted(found, key=lambda row: len(json.dumps(row)))[::every]


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("managed_policy_versions", 25),
        ("managed_policy_reorderings", 40),
        ("check_no_new_access", 4),
        ("quacky_mutations", 4),
    ],
)
def test_the_solver_agrees_wherever_it_answers(name: str, every: int) -> None:
    answers = 0
    asked = short_rows(name, every)
    for row in asked:
        old, new = sides(row)
        kind = likely_kind((*old.identity, *new.identity))
        raws = [{"identity": [row[side]], "boundary": None} for side in ("old", "new")]
        opinion = smt.verdict(*raws, kind=kind, milliseconds=MILLISECONDS)
        if opinion is not None:
            answers += 1
            assert compare(old, new, kind=kind).verdict == opinion, row["id"]
    assert answers > len(asked) // 4, f"{answers} answers to {len(asked)} questions"
