from typing import Any

from tests.histories import (
    CEILING,
    POLICY,
    READ_AT,
    ROLE,
    ROLE_ARN,
    Shelf,
    allow,
    genesis,
    managed,
    mutation,
    role,
)

from policy_monitor.catalogue import load
from policy_monitor.mutations import BoundaryDeleted, BoundaryPut, PolicyAttached, VersionCreated
from policy_monitor_report.charts import COLUMNS_SHOWN, NOT_KNOWN, ROWS_SHOWN, chart
from policy_monitor_report.evidence import Evidence
from policy_monitor_report.reach import Reach, Stage, reaches

TIMES = [f"2026-06-01T12:00:{second:02}Z" for second in range(60)]


def reach(evidence: Evidence) -> Reach:
    (found,) = reaches(evidence, [ROLE_ARN], load())
    return found


def history(*actions: tuple[str, ...]) -> Evidence:
    """A policy whose versions allow these actions, one after the other."""
    shelf = Shelf()
    first, *later = (shelf(allow(*each)) for each in actions)
    start = genesis(role(attached=frozenset({POLICY})), managed(POLICY, first))
    changes = [
        mutation(f"e{n}", VersionCreated(POLICY, f"v{n + 2}", sha256, default=True), time=TIMES[n])
        for n, sha256 in enumerate(later)
    ]
    return Evidence(start, tuple(changes), shelf.documents)


def test_each_service_has_the_gravest_level_of_its_actions() -> None:
    found = reach(history(("s3:GetObject", "s3:PutBucketPolicy", "ec2:DescribeInstances")))
    assert found.stages == (Stage(READ_AT, {"ec2": "List", "s3": "Permissions management"}),)


def test_a_stage_begins_where_a_level_changes_and_not_before() -> None:
    found = reach(
        history(("s3:GetObject",), ("s3:GetObjectTagging",), ("s3:PutObject",), ("s3:GetObject",))
    )
    assert found.stages == (
        Stage(READ_AT, {"s3": "Read"}),
        Stage(TIMES[1], {"s3": "Write"}),
        Stage(TIMES[2], {"s3": "Read"}),
    )


def test_a_boundary_cuts_what_is_drawn() -> None:
    shelf = Shelf()
    start = genesis(
        role(attached=frozenset({POLICY})),
        managed(POLICY, shelf(allow("s3:*"))),
        managed(CEILING, shelf(allow("s3:GetObject"))),
    )
    changes = (
        mutation("a", BoundaryPut(ROLE, CEILING, "v1", None), time=TIMES[0]),
        mutation("b", BoundaryDeleted(ROLE), time=TIMES[1]),
    )
    levels = [
        (stage.levels or {}).get("s3")
        for stage in reach(Evidence(start, changes, shelf.documents)).stages
    ]
    assert levels == ["Permissions management", "Read", "Permissions management"]


def test_what_is_not_known_is_said_and_not_drawn_as_nothing() -> None:
    attached = PolicyAttached(ROLE, "arn:aws:iam::123456789012:policy/x", "v1", None)
    evidence = history(("s3:GetObject",))
    found = reach(
        Evidence(evidence.genesis, (mutation("a", attached, time=TIMES[0]),), evidence.documents)
    )
    assert [stage.levels for stage in found.stages] == [{"s3": "Read"}, None]
    drawn = chart(found)
    assert drawn.columns[1].total is None
    assert [bar.level for bar in drawn.lanes[0].bars] == ["Read", NOT_KNOWN]


def a_reach(*levels: dict[str, str] | None) -> Reach:
    stages = (Stage(TIMES[n % 60], each) for n, each in enumerate(levels))
    return Reach(ROLE_ARN, tuple(stages))


def test_a_bar_reaches_as_far_as_its_level_and_no_bars_overlap() -> None:
    drawn = chart(a_reach({"s3": "Read"}, {"s3": "Read", "ec2": "Write"}, {"s3": "Write"}))
    (s3,) = (lane for lane in drawn.lanes if lane.service == "s3")
    first, second = s3.bars
    assert first.x + first.width <= second.x == drawn.columns[2].x
    (ec2,) = (lane for lane in drawn.lanes if lane.service == "ec2")
    assert [bar.x for bar in ec2.bars] == [drawn.columns[1].x]
    assert {bar.letter for lane in drawn.lanes for bar in lane.bars} == {"R", "W"}


def test_the_picture_says_in_words_what_came_and_went() -> None:
    drawn = chart(a_reach({"s3": "Read", "ec2": "Read"}, {"s3": "Write"}))
    assert (drawn.columns[0].came, drawn.columns[0].went) == ((), ())
    assert (drawn.columns[1].came, drawn.columns[1].went) == (("s3",), ("ec2",))
    assert drawn.columns[0].counts == (("Read", 2),)


def test_what_is_not_drawn_is_counted() -> None:
    many: list[Any] = [{f"service{n}": "Read" for n in range(100)}] * 2
    drawn = chart(a_reach(*many * 20))
    assert (len(drawn.columns), drawn.earlier) == (COLUMNS_SHOWN, 40 - COLUMNS_SHOWN)
    assert (len(drawn.lanes), drawn.others) == (ROWS_SHOWN, 100 - ROWS_SHOWN)
    assert drawn.lanes[-1].y + 16 <= drawn.height
