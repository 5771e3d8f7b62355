"""The ways in which one side refuses what the other allows: which are told, and which are none."""

from typing import Any

from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff import Access, Verdict, compare


def when(*values: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"ex:k": [*values]}}}


def test_what_a_deny_stops_is_not_gained_by_another_condition() -> None:
    old = Access((document(allow(**when("a"))),))
    new = Access((document(allow(**when("a")), allow(**when("b")), deny(**when("b"))),))
    assert compare(old, new).verdict is Verdict.EQUIVALENT
    assert compare(new, old).verdict is Verdict.EQUIVALENT


def test_what_a_deny_stops_is_not_gained_by_another_condition_of_the_boundary() -> None:
    identity = (document(allow(), deny(**when("b"))),)
    narrow = Access(identity, document(allow(**when("a"))))
    wide = Access(identity, document(allow(**when("a")), allow(**when("b"))))
    assert compare(narrow, wide).verdict is Verdict.EQUIVALENT
    assert compare(wide, narrow).verdict is Verdict.EQUIVALENT


def test_where_the_boundary_allowed_nothing_that_is_all_that_stopped_a_request() -> None:
    old = Access((document(allow(**when("a"))),), document(allow("s3:ListBucket")))
    new = Access((document(allow(**when("b"))),), document(allow("s3:*")))
    found = compare(old, new)
    assert found.verdict is Verdict.EXPANSION
    assert [grant.before for grant in found.gained] == ["boundary"]
