"""The command history, as it is run: from a deployed table, and from a replay."""

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from tests.commands import LEDGER_TEMPLATE, Runner, empty_stack, record

EVENTS = Path(__file__).parents[2] / "events"
REGION = ("--region", "us-east-1")


def test_a_tables_findings_come_with_what_took_their_place_and_who_was_told(
    run: Runner, table: str
) -> None:
    ran = run("history", "--table", table, *REGION, "--format", "jsonl")

    assert ran.status == 0
    was, holds, drift, policy = ran.lines()
    assert {one["schema"] for one in ran.lines()} == {"policy-monitor/finding/1"}
    assert (was["verdict"], was["superseded_by"]) == ("expansion", holds["finding_id"])
    assert was["announced"] == [{"channel": "sns", "state": "sent", "time": "2026-11-22T07:00:09Z"}]
    assert (holds["superseded_by"], holds["correction_of"]) == (None, was["finding_id"])
    assert [each["state"] for each in holds["announced"]] == ["started"]
    assert (drift["kind"], drift["announced"]) == ("drift", [])
    assert policy["told_with"] == drift["finding_id"]


def test_a_table_shows_what_holds_and_under_it_what_was_said_before(
    run: Runner, table: str
) -> None:
    ran = run("history", "--table", table, *REGION)

    assert ran.status == 0
    text = " ".join(ran.out.split())
    for part in (
        "2026-11-22 CORRECTION: REDUCTION high role astronomer-remote-management",
        "It can do less.",
        "before: EXPANSION high: astronomer-remote-management can do more.",
        "told by the topic, 2026-11-22 07:00:09 UTC",
        "sending in Slack was begun, and may have failed, 2026-11-22 09:30:00 UTC",
        "UNDETERMINED CHANGE WITHOUT AN EVENT",
        "? The document is gone.",
        "and the same of the policy Vendor",
        "3 findings: 2 undetermined, 1 reduction; 1 corrected.",
    ):
        assert part in text
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "\x1b" not in ran.out


def test_a_terminal_is_shown_colours_beside_the_words(
    run: Runner, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = run("history", "--table", table, *REGION)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = run("history", "--table", table, *REGION)
    assert "\x1b[1;3" in coloured.out
    assert "\x1b[1;3" not in plain.out
    assert "CORRECTION: REDUCTION" in plain.out


def test_a_stack_is_asked_for_its_table(run: Runner) -> None:
    with mock_aws():
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="monitor", TemplateBody=json.dumps(LEDGER_TEMPLATE)
        )
        record(boto3.client("dynamodb", "us-east-1"), "ledger")
        ran = run("history", "--stack", "monitor", *REGION, "--format", "jsonl")
    assert ran.status == 0
    assert len(ran.lines()) == 4


def test_a_replay_is_a_history_as_well(run: Runner) -> None:
    ran = run("history", EVENTS, "--format", "jsonl")
    assert ran.status == 0
    assert len(ran.lines()) > 20
    assert {one["superseded_by"] for one in ran.lines()} == {None}
    assert "not-a-real-external-id-7f" not in ran.out + ran.err
    assert "17-document-cut-off.json: dead letter" in ran.err


def test_what_a_replay_cannot_read_is_status_2(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        json.dumps(json.loads((EVENTS / "03-load-balancers-added.json").read_text())) + "\n{broken"
    )
    ran = run("history", tmp_path, "--format", "jsonl")
    assert ran.status == 2
    assert len(ran.lines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name one of --stack, --table and SOURCE"),
        (("--stack", "a", "--table", "b"), "name one of --stack, --table and SOURCE"),
        (("--table", "a", EVENTS), "name one of --stack, --table and SOURCE"),
        (("--table", "a", *REGION, "--role", "r"), "say how SOURCE is judged"),
        (("--table", "nowhere", *REGION), "table nowhere: there is none in us-east-1"),
        (("--stack", "nowhere", *REGION), "stack nowhere: there is none in us-east-1"),
        (("--stack", "other", *REGION), "stack other: has no output TableName"),
        (("--table", "a"), "no AWS region is configured"),
        (("/nowhere",), "/nowhere: no such file or folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    run: Runner, arguments: tuple[object, ...], said: str
) -> None:
    with mock_aws():
        empty_stack()
        ran = run("history", *arguments)
    assert ran.status == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert ran.out == ""


@pytest.mark.parametrize("option", ["--stack", "--table"])
def test_missing_credentials_are_one_line(
    run: Runner, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = run("history", option, "policy-monitor", *REGION)
    assert ran.status == 2
    assert "no AWS credentials that work; set AWS_PROFILE" in ran.err
    assert ran.err.count("\n") == 1
