from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.histories import allow, policy, statement

from policy_monitor.masks import mask
from policy_monitor_report.diffs import ANOTHER, ROWS_SHOWN, Diff, Line, diff

SECRET = "planted-External-Id/7Q"


def text(line: Line | None) -> str:
    return "".join(piece.text for piece in line or ())


def marked(diffed: Diff, side: str) -> list[str]:
    return [
        piece.text
        for row in diffed.rows
        if row.differs
        for piece in getattr(row, side) or ()
        if piece.differs
    ]


def trust(external_id: str) -> dict[str, Any]:
    return {
        "Statement": {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}},
    }


def test_a_pattern_that_came_is_marked_and_nothing_else() -> None:
    found = diff(allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject"))
    assert marked(found, "old") == []
    assert marked(found, "new") == ['"s3:PutObject"']


def test_of_a_pattern_that_changed_only_the_changed_part_is_marked() -> None:
    old = policy(statement("Allow", "s3:GetObject", resource="arn:aws:s3:::logs-of-one-year/*"))
    new = policy(statement("Allow", "s3:GetObject", resource="arn:aws:s3:::logs-of-any-year/*"))
    found = diff(old, new)
    assert (marked(found, "old"), marked(found, "new")) == (["one"], ["any"])


def test_patterns_that_share_little_are_marked_whole() -> None:
    found = diff(allow("s3:GetObject"), allow("ec2:RunInstances"))
    assert marked(found, "old") == ['"s3:GetObject"']
    assert marked(found, "new") == ['"ec2:RunInstances"']


def test_lines_that_are_the_same_are_counted() -> None:
    actions = [f"s3:Action{number}" for number in range(50)]
    found = diff(allow(*actions), allow(*actions, "s3:Last"))
    assert found.rows[0].skipped > 40
    assert len([row for row in found.rows if row.differs]) == 1


def test_a_document_of_thousands_of_lines_is_cut_with_a_count() -> None:
    old = allow(*(f"s3:Old{number}" for number in range(3_000)))
    new = allow(*(f"ec2:New{number}" for number in range(3_000)))
    found = diff(old, new)
    assert len(found.rows) == ROWS_SHOWN
    assert 2_700 < found.more < 3_000


def test_of_hundreds_of_statements_that_look_alike_only_what_changed_is_marked() -> None:
    def statements(changed: set[int]) -> dict[str, Any]:
        return policy(
            *(
                statement("Allow", f"s3:Action{n}{'New' * (n in changed)}", "s3:List*")
                for n in range(500)
            )
        )

    found = diff(statements(set()), statements({3, 300}))
    assert marked(found, "new") == ["New", "New"]
    assert (marked(found, "old"), found.more) == ([], 0)


def test_a_document_that_came_is_added_whole() -> None:
    found = diff(None, allow("s3:GetObject"))
    assert all(row.old is None and row.differs for row in found.rows)
    assert '      "Action": [' in [text(row.new) for row in found.rows]


def test_members_in_another_order_are_no_difference() -> None:
    assert diff({"a": "1", "b": "2"}, {"b": "2", "a": "1"}) == Diff((), 0)


def test_two_external_ids_differ_and_neither_is_shown() -> None:
    one, other = (mask(trust(f"{start}{SECRET}"), b"key") for start in "ab")
    (row,) = [row for row in diff(one, other).rows if row.differs]
    assert text(row.old) == '        "sts:ExternalId": "****7Q"'
    assert text(row.new) == text(row.old) + ANOTHER


def test_an_external_id_in_clear_is_masked_as_well() -> None:
    found = diff(trust(SECRET), trust(SECRET[::-1]))
    assert SECRET not in str(found)
    assert SECRET[::-1] not in str(found)
    assert [row for row in found.rows if row.differs]


documents = st.dictionaries(
    st.text(max_size=5), st.lists(st.sampled_from(["a", "b", "s3:*", "\u202e", "é"]), max_size=6)
)


@given(documents, documents)
def test_each_side_keeps_its_lines_in_their_order(old: Any, new: Any) -> None:
    rows = diff(old, new).rows
    assert bool(rows) == (old != new)
    assert "\u202e" not in str([text(row.old) + text(row.new) for row in rows])
    for side, other in (("old", "new"), ("new", "old")):
        whole = [text(row.new) for row in diff(None, {"old": old, "new": new}[side]).rows]
        shown = [text(getattr(row, side)) for row in rows if getattr(row, side) is not None]
        left = iter(line.rstrip(",") for line in whole)
        assert all(line.rstrip(",") in left for line in shown), other
