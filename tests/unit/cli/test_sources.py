"""What a replay reads, whatever the files are called."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from policy_monitor.errors import InputError
from policy_monitor_cli.sources import (
    Item,
    Snapshot,
    SourceEvent,
    Unreadable,
    read_file,
    read_snapshot,
    source_files,
)

RECORD: dict[str, Any] = {
    "eventVersion": "1.09",
    "eventTime": "2024-08-01T13:37:41Z",
    "eventSource": "iam.amazonaws.com",
    "eventName": "DetachRolePolicy",
    "awsRegion": "us-east-1",
    "recipientAccountId": "123456789012",
    "eventID": "39480357-0a1d-4531-a3f2-71be4c041c25",
}
OTHER = {**RECORD, "eventID": "5de97e56-a296-4e79-9122-e8543a2cb73e"}
ENVELOPE = {
    "id": "1",
    "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.iam",
    "detail": RECORD,
}
DETAILS: dict[str, Any] = {
    "UserDetailList": [],
    "GroupDetailList": [],
    "RoleDetailList": [],
    "Policies": [],
}


def read(folder: Path, content: str | bytes, name: str = "anything.txt") -> list[Item]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_file(path))


def events(items: list[Item]) -> list[dict[str, Any]]:
    assert all(isinstance(item, SourceEvent) for item in items), items
    return [item.event for item in items if isinstance(item, SourceEvent)]


def only_problem(items: list[Item]) -> Unreadable:
    (item,) = items
    assert isinstance(item, Unreadable)
    return item


def test_an_eventbridge_event_is_taken_as_it_is(tmp_path: Path) -> None:
    assert events(read(tmp_path, json.dumps(ENVELOPE, indent=2))) == [ENVELOPE]


def test_a_bare_record_is_put_into_the_envelope_that_eventbridge_gives(tmp_path: Path) -> None:
    (event,) = events(read(tmp_path, json.dumps(RECORD)))
    assert event == {
        "version": "0",
        "id": RECORD["eventID"],
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam",
        "account": "123456789012",
        "time": "2024-08-01T13:37:41Z",
        "region": "us-east-1",
        "resources": [],
        "detail": RECORD,
    }


def test_a_log_file_gives_each_of_its_records(tmp_path: Path) -> None:
    items = read(tmp_path, json.dumps({"Records": [RECORD, OTHER]}))
    assert [event["detail"] for event in events(items)] == [RECORD, OTHER]
    assert [item.origin for item in items] == [
        f"{tmp_path / 'anything.txt'} record 1",
        f"{tmp_path / 'anything.txt'} record 2",
    ]


def test_a_gzipped_log_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    content = gzip.compress(json.dumps({"Records": [RECORD]}).encode())
    assert [event["detail"] for event in events(read(tmp_path, content))] == [RECORD]


def test_the_output_of_lookup_events_is_unpacked(tmp_path: Path) -> None:
    answer = {"Events": [{"EventId": "x", "CloudTrailEvent": json.dumps(RECORD)}], "NextToken": "t"}
    assert [event["detail"] for event in events(read(tmp_path, json.dumps(answer)))] == [RECORD]


def test_what_a_trail_wrote_to_its_log_group_is_unpacked(tmp_path: Path) -> None:
    # CloudWatch Logs API reference, FilterLogEvents.
    row = {"logStreamName": "s", "timestamp": 1, "message": json.dumps(RECORD), "eventId": "3"}
    answer = {"events": [row, {**row, "message": "START"}], "searchedLogStreams": []}
    good, bad = read(tmp_path, json.dumps(answer))
    assert isinstance(good, SourceEvent)
    assert good.event["detail"] == RECORD
    assert isinstance(bad, Unreadable)
    assert bad.origin.endswith("event 2")


def test_a_looked_up_event_without_a_readable_record_is_named(tmp_path: Path) -> None:
    answer = {"Events": [{"CloudTrailEvent": "{"}, {"CloudTrailEvent": json.dumps(RECORD)}]}
    bad, good = read(tmp_path, json.dumps(answer))
    assert isinstance(bad, Unreadable)
    assert bad.origin.endswith("event 1")
    assert isinstance(good, SourceEvent)


@pytest.mark.parametrize("zipped", [False, True])
def test_lines_of_json_may_mix_shapes(tmp_path: Path, zipped: bool) -> None:
    lines = "\n".join([json.dumps(ENVELOPE), "", json.dumps(OTHER), json.dumps({"Records": []})])
    content = gzip.compress(lines.encode()) if zipped else lines.encode()
    assert [event["detail"] for event in events(read(tmp_path, content))] == [RECORD, OTHER]


@pytest.mark.parametrize("bad_line", [0, 1, 2])
def test_a_bad_line_is_named_and_the_others_go_on(tmp_path: Path, bad_line: int) -> None:
    lines = [json.dumps(RECORD), json.dumps(OTHER)]
    lines.insert(bad_line, '{"eventName": ')
    items = read(tmp_path, "\n".join(lines))
    (bad,) = (item for item in items if isinstance(item, Unreadable))
    assert bad.origin == f"{tmp_path / 'anything.txt'} line {bad_line + 1}"
    assert bad.problem == "not JSON: expecting value at column 14"
    good = [item.event["detail"] for item in items if isinstance(item, SourceEvent)]
    assert good == [RECORD, OTHER]


def test_a_list_of_events_is_read_element_by_element(tmp_path: Path) -> None:
    items = read(tmp_path, json.dumps([ENVELOPE, OTHER], indent=1))
    assert [event["detail"] for event in events(items)] == [RECORD, OTHER]


def test_an_event_without_detail_is_left_to_the_domain_to_refuse(tmp_path: Path) -> None:
    event = {"detail-type": "AWS API Call via CloudTrail", "source": "aws.iam"}
    assert events(read(tmp_path, json.dumps(event))) == [event]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("hello", "not JSON"),
        ('{\n "eventName": \n}', "not JSON"),
        ("12", "a JSON number"),
        ("null", "a JSON null"),
        ('{"hello": 1}', "JSON of another shape"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"\x1f\x8b broken", "cannot be read"),
        ('{"Records": [7]}', "a JSON number"),
        ('{"Records": [{"hello": 1}]}', "an object of another shape; expected a CloudTrail record"),
        (
            "User name,Event name\nada,CreateRole",
            "a table of events lacks what each call asked for",
        ),
        ('{"eventName": ', "not JSON: expecting value at column 14"),
        ('{\n"eventName": ', "not JSON: expecting value at line 2 column 13"),
    ],
)
def test_what_is_no_event_is_one_problem_with_its_place(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    problem = only_problem(read(tmp_path, content))
    assert said in problem.problem
    assert "\n" not in problem.problem
    assert str(tmp_path) in problem.origin


def test_a_gzipped_file_that_is_cut_off_gives_a_problem(tmp_path: Path) -> None:
    content = gzip.compress("\n".join(json.dumps(RECORD) for _ in range(2000)).encode())
    items = read(tmp_path, content[: len(content) // 2])
    assert isinstance(items[-1], Unreadable)


def test_a_snapshot_is_told_from_events(tmp_path: Path) -> None:
    (item,) = read(tmp_path, json.dumps(DETAILS))
    assert item == Snapshot(str(tmp_path / "anything.txt"), DETAILS, None)


def test_a_snapshot_may_say_when_it_was_read(tmp_path: Path) -> None:
    (item,) = read(tmp_path, json.dumps({**DETAILS, "ReadAt": "2024-02-20T03:17:48Z"}))
    assert isinstance(item, Snapshot)
    assert item.read_at == "2024-02-20T03:17:48Z"


def test_a_snapshot_with_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    problem = only_problem(read(tmp_path, json.dumps({**DETAILS, "ReadAt": "yesterday"})))
    assert "'yesterday' is no time" in problem.problem


def test_a_record_of_insights_is_an_event_like_others(tmp_path: Path) -> None:
    record = {"eventType": "AwsCloudTrailInsight", "insightDetails": {}}
    assert [event["detail"] for event in events(read(tmp_path, json.dumps(record)))] == [record]
    in_log = json.dumps({"Records": [record]})
    assert [event["detail"] for event in events(read(tmp_path, in_log))] == [record]


def test_a_digest_of_a_log_folder_holds_no_events(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps({"digestS3Bucket": "logs", "logFiles": []})) == []


def test_a_folder_gives_its_files_by_name_and_passes_over_what_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name, content in {
        "README.md": "# Events",
        "2.json": json.dumps(OTHER),
        "1": json.dumps(RECORD),
        "b/3.jsonl": "broken",
        ".hidden.json": "{}",
    }.items():
        (tmp_path / name).write_text(content)
    assert source_files([tmp_path]) == [
        tmp_path / "1",
        tmp_path / "2.json",
        tmp_path / "b" / "3.jsonl",
    ]


def test_a_source_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file or folder"):
        source_files([tmp_path / "nowhere"])


def test_a_folder_without_events_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no JSON file in it"):
        source_files([tmp_path])


def test_a_baseline_must_be_a_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(ENVELOPE))
    with pytest.raises(InputError, match="no snapshot of IAM"):
        read_snapshot(path)
    path.write_text(json.dumps(DETAILS))
    assert read_snapshot(path).details == DETAILS
