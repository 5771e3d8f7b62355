"""The comparison against a second opinion: an SMT encoding that shares no code with it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import policies
from tests.laws.policies import access_of
from tests.oracle import smt

from iamdiff import compare

MILLISECONDS = 500


@pytest.mark.parametrize("kind", ["identity", "trust", "resource"])
@pytest.mark.parametrize("part", [False, True])
@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_wherever_the_solver_answers_the_verdicts_are_the_same(
    kind: str, part: bool, data: st.DataObject
) -> None:
    options: dict[str, Any] = {"kind": kind, "principal_keys": data.draw(st.booleans())}
    old = data.draw(policies.accesses(**options))
    new = data.draw(policies.changed(old, **options) | policies.accesses(**options))
    opinion = smt.verdict(old, new, kind=kind, part=part, milliseconds=MILLISECONDS)
    if opinion is not None:
        comparison = compare(access_of(old), access_of(new), kind=kind, part=part)
        assert comparison.verdict == opinion, comparison


def test_the_solver_has_opinions() -> None:
    """The law above cannot hold for want of answers."""
    allow = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"}
    denied = {**allow, "Effect": "Deny", "Action": "s3:GetObject"}
    guarded = {**allow, "Condition": {"StringNotLike": {"aws:PrincipalTag/team": "a*"}}}
    linked = {**allow, "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/*"}

    def access(*statements: dict[str, Any]) -> dict[str, Any]:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        return {"identity": [document], "boundary": None}

    for old, new, verdict in (
        (access(allow), access(allow, allow), "equivalent"),
        (access(allow), access(allow, denied), "reduction"),
        (access(guarded), access(allow), "expansion"),
        (access(linked), access(allow), "mixed"),
        (access(allow), access(linked), "mixed"),
        (access(linked), access(linked, allow), "expansion"),
    ):
        assert smt.verdict(old, new) == verdict
