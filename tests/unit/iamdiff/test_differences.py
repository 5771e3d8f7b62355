"""Classes of resources: what differs in each, and what a policy by itself gains and loses."""

from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Verdict

HOME = "arn:aws:s3:::home/"
OTHER = allow("s3:ListBucket")
UNREADABLE = deny(Condition={"Bool": {"ex:b": "maybe"}})


def test_a_policy_by_itself_gains_what_it_allows_anew() -> None:
    assert between([OTHER], [OTHER, allow()], part=True).verdict is Verdict.EXPANSION
    assert between([OTHER, allow()], [OTHER], part=True).verdict is Verdict.REDUCTION


@pytest.mark.parametrize("lifted", [True, False])
def test_a_deny_that_nobody_can_read_leaves_open_what_it_lifts_or_adds(*, lifted: bool) -> None:
    """Whatever the policy loses or gains besides."""
    there, gone = [allow("s3:ListBucket"), UNREADABLE], [deny("s3:PutObject")]
    old, new = (there, gone) if lifted else (gone, there)
    found = between(old, new, part=True)
    assert found.verdict is Verdict.UNDETERMINED
    assert codes(found) == {"unreadable-value"}
    assert bool(found.lost) is lifted
    assert bool(found.gained) is not lifted


@pytest.mark.parametrize("operator", ["StringLike", "StringNotLike"])
def test_what_one_class_of_resources_shows_is_not_taken_for_another(operator: str) -> None:
    """Both are spoken of by the same statements, but a variable has other values in each."""
    apart = allow(NotResource=[f"{HOME}*", f"{HOME}jo${{ex:x}}"])
    named: dict[str, Any] = {operator: {"aws:username": "jo*"}}
    own = allow(Resource=f"{HOME}${{aws:username}}", Condition=named)
    found = between([apart], [apart, own])
    assert found.verdict is Verdict.EXPANSION
    for grant in found.gained:
        name = str(grant.witness.context["aws:username"])
        assert grant.witness.resource == f"{HOME}{name}"
        assert name.startswith("jo") is (operator == "StringLike")
