"""What a replay takes from its sources."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.iam_events import ROLE, iam_event

from policy_monitor.errors import InputError
from policy_monitor.settings import Settings
from policy_monitor_cli.material import SHOWN, Material, collected
from policy_monitor_cli.sources import Snapshot, SourceEvent

ACCOUNT = "123456789012"
DETAILS: dict[str, Any] = {"RoleDetailList": [], "Policies": []}


def event(time: str, name: str = "UpdateAssumeRolePolicy", **fields: Any) -> dict[str, Any]:
    record = {"eventTime": time, "eventName": name, "eventID": f"id-{time}-{name}", **fields}
    return {"source": "aws.iam", "detail-type": "AWS API Call via CloudTrail", "detail": record}


def snapshot(read_at: str | None, **details: Any) -> Snapshot:
    return Snapshot("snapshot.json", {**DETAILS, **details}, read_at)


def material(*events: dict[str, Any], snapshots: tuple[Snapshot, ...] = ()) -> Material:
    items = [SourceEvent("events.json", one) for one in events]
    return Material(events=items, snapshots=list(snapshots))


def write(folder: Path, **files: Any) -> list[Path]:
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        paths.append(path)
    return paths


def test_a_snapshot_among_the_sources_is_the_baseline(tmp_path: Path) -> None:
    taken = collected(write(tmp_path, a=event("2024-01-01T00:00:00Z"), b=DETAILS), None, Settings())
    assert taken.baseline == Snapshot(str(tmp_path / "b.json"), DETAILS, None)
    assert len(taken.events) == 1


def test_a_baseline_that_is_named_comes_before_one_among_the_sources(tmp_path: Path) -> None:
    inside, outside = write(tmp_path, inside=DETAILS, outside={"UserDetailList": []})
    taken = collected([inside], outside, Settings())
    assert taken.baseline is not None
    assert taken.baseline.origin == str(outside)


def test_two_snapshots_without_a_time_leave_the_choice_to_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which one is the baseline"):
        collected(write(tmp_path, a=DETAILS, b=DETAILS), None, Settings())


def test_a_snapshot_with_a_time_is_no_baseline(tmp_path: Path) -> None:
    dated = {**DETAILS, "ReadAt": "2024-01-01T00:00:00Z"}
    taken = collected(write(tmp_path, a=dated), None, Settings())
    assert taken.baseline is None
    assert [one.read_at for one in taken.snapshots] == ["2024-01-01T00:00:00Z"]


def test_events_that_concern_nothing_are_counted_beyond_the_first_of_iam(tmp_path: Path) -> None:
    elsewhere = {
        **event("2024-01-01T00:00:00Z", "TagRole", requestParameters={"roleName": "other"}),
        "source": "aws.iam",
    }
    elsewhere["detail"] |= {"eventSource": "iam.amazonaws.com", "recipientAccountId": ACCOUNT}
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join([json.dumps(elsewhere)] * (SHOWN + 7)))
    files = [path, *write(tmp_path, a={**elsewhere, "source": "aws.ec2", "detail": {}})]
    taken = collected(files, None, Settings())
    assert (len(taken.events), taken.others) == (SHOWN, 8)
    assert len(collected(files, None, Settings(), every=True).events) == SHOWN + 8


def test_an_event_that_cannot_be_understood_is_kept(tmp_path: Path) -> None:
    files = write(tmp_path, a={"detail-type": "?"}, b={"detail-type": "?", "source": "aws.iam"})
    assert len(collected(files, None, Settings()).events) == 2


def test_the_account_is_that_of_the_baselines_role() -> None:
    taken = material(event("2024-01-01T00:00:00Z", recipientAccountId="999999999999"))
    taken.baseline = snapshot(
        None, RoleDetailList=[{"Arn": f"arn:aws:iam::{ACCOUNT}:role/path/vendor"}]
    )
    assert taken.account == ACCOUNT


def test_without_a_baseline_the_account_is_that_of_the_first_event() -> None:
    assert material(event("2024-01-01T00:00:00Z", recipientAccountId=ACCOUNT)).account == ACCOUNT


def test_no_account_at_all_is_bad_input() -> None:
    with pytest.raises(InputError, match="no event names its account"):
        assert material(event("2024-01-01T00:00:00Z")).account


def test_the_first_snapshot_after_an_event_tells_what_it_did() -> None:
    omitted = event("2024-01-01T00:00:10Z")
    early, right, late = (snapshot(f"2024-01-01T00:0{minute}:00Z") for minute in ("0", "1", "2"))
    taken = material(omitted, snapshots=(late, early, right))
    assert taken.telling(omitted) is right


def test_a_snapshot_read_much_later_tells_nothing() -> None:
    omitted = event("2024-01-01T00:00:00Z")
    assert material(omitted, snapshots=(snapshot("2024-01-01T00:15:01Z"),)).telling(omitted) is None
    in_time = material(omitted, snapshots=(snapshot("2024-01-01T00:15:00Z"),))
    assert in_time.telling(omitted) is not None


def test_a_snapshot_after_another_change_tells_nothing_of_the_first() -> None:
    omitted, other = (
        event("2024-01-01T00:00:00Z"),
        event("2024-01-01T00:00:30Z", "AttachRolePolicy"),
    )
    taken = material(omitted, other, snapshots=(snapshot("2024-01-01T00:01:00Z"),))
    assert taken.telling(omitted) is None


def test_a_refused_call_and_a_second_delivery_do_not_spoil_a_snapshot() -> None:
    omitted = event("2024-01-01T00:00:00Z")
    refused = event("2024-01-01T00:00:30Z", "AttachRolePolicy", errorCode="AccessDenied")
    taken = material(omitted, omitted, refused, snapshots=(snapshot("2024-01-01T00:01:00Z"),))
    assert taken.telling(omitted) is not None


@pytest.mark.parametrize(
    ("dates", "late"),
    [
        ({}, ""),
        ({"CreateDate": "2024-02-20T03:17:30+00:00"}, ""),
        ({"CreateDate": "2024-02-20T04:17:41+01:00"}, "2024-02-20T03:17:41Z"),
        ({"RoleLastUsed": {"LastUsedDate": "2024-03-01T00:00:00Z"}}, "2024-03-01T00:00:00Z"),
        ({"CreateDate": "soon"}, ""),
    ],
)
def test_a_baseline_that_tells_of_later_things_is_known_to_be_late(
    tmp_path: Path, dates: dict[str, Any], late: str
) -> None:
    details = {"RoleDetailList": [{"RoleName": "other", **dates}]}
    concerned = iam_event("DeleteRole", {"roleName": ROLE}, eventTime="2024-02-20T03:17:41Z")
    unconcerned = iam_event("DeleteRole", {"roleName": "x"}, eventTime="2020-01-01T00:00:00Z")
    files = write(tmp_path, a=[concerned, unconcerned], b=details)
    assert collected(files, None, Settings()).late == late


def test_a_baseline_that_says_when_it_was_read_is_not_guessed_at(tmp_path: Path) -> None:
    details = {"RoleDetailList": [{"CreateDate": "2024-03-01T00:00:00Z"}]}
    (file,) = write(tmp_path, b={**details, "ReadAt": "2024-01-01T00:00:00Z"})
    concerned = iam_event("DeleteRole", {"roleName": ROLE}, eventTime="2024-02-20T03:17:41Z")
    assert collected(write(tmp_path, a=concerned), file, Settings()).late == ""
