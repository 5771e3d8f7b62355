"""The command history, as it is run: from a deployed table, and from a replay."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tests.contract.ledgers import ACCOUNT, a_finding, after, first
from tests.contract.ledgers import dynamodb as dynamodb_of

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.findings import FindingKind, Subject, SubjectType
from policy_monitor.ledger import AnnouncementKey
from policy_monitor_cli.main import main

EVENTS = Path(__file__).parents[2] / "events"
REGION = ("--region", "us-east-1")
POLICY = Subject(SubjectType.POLICY, f"arn:aws:iam::{ACCOUNT}:policy/Vendor")

LEDGER_TEMPLATE = {
    "Resources": {
        "Ledger": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "ledger",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            },
        }
    },
    "Outputs": {"TableName": {"Value": {"Ref": "Ledger"}}},
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run of the command came to."""

    status: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """What it printed, as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


type Runner = Callable[..., Ran]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Runner:
    """Run the command, by an AWS configuration that is empty but for dummy credentials."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    def running(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["policy-monitor", "history", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return Ran(int(exit_.value.code or 0), out, err)

    return running


@pytest.fixture
def table() -> Iterator[str]:
    """A table: an expansion that was told and then corrected, and drift that a policy shares."""
    with dynamodb_of() as client:
        record(client, "ledger")
        yield "ledger"


def record(client: Any, name: str) -> None:
    ledger = DynamoDBLedger(client, name, ACCOUNT)
    told_at = iter(["2026-11-22T07:00:00Z", "2026-11-22T07:00:09Z", "2026-11-22T09:30:00Z"])
    outbox = DynamoDBOutbox(client, name, ACCOUNT, now=lambda: next(told_at))
    was, row = first(a_finding(1, "expansion"))
    ledger.record(0, [(was, row)])
    key = AnnouncementKey(was.finding_id, 1, "sns")
    outbox.begin(key)
    outbox.finish(key)
    ledger.record(0, [after(row, a_finding(1, "reduction", summary="It can do less."))])
    outbox.begin(AnnouncementKey("1-reduction", 2, "slack"))
    drift = a_finding(
        3600,
        "undetermined",
        kind=FindingKind.DRIFT,
        comparison={
            "verdict": "undetermined",
            "undetermined": [{"code": "x", "sentence": "The document is gone."}],
        },
    )
    same = a_finding(3600, "undetermined", kind=FindingKind.DRIFT, subject=POLICY, finding_id="p")
    ledger.record(0, [first(drift), first(same, told_with=drift.finding_id)])


def test_a_tables_findings_come_with_what_took_their_place_and_who_was_told(
    run: Runner, table: str
) -> None:
    ran = run("--table", table, *REGION, "--format", "jsonl")

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
    ran = run("--table", table, *REGION)

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
    coloured = run("--table", table, *REGION)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = run("--table", table, *REGION)
    assert "\x1b[1;3" in coloured.out
    assert "\x1b[1;3" not in plain.out
    assert "CORRECTION: REDUCTION" in plain.out


def test_a_stack_is_asked_for_its_table(run: Runner) -> None:
    with mock_aws():
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="monitor", TemplateBody=json.dumps(LEDGER_TEMPLATE)
        )
        record(boto3.client("dynamodb", "us-east-1"), "ledger")
        ran = run("--stack", "monitor", *REGION, "--format", "jsonl")
    assert ran.status == 0
    assert len(ran.lines()) == 4


def test_a_replay_is_a_history_as_well(run: Runner) -> None:
    ran = run(EVENTS, "--format", "jsonl")
    assert ran.status == 0
    assert len(ran.lines()) > 20
    assert {one["superseded_by"] for one in ran.lines()} == {None}
    assert "not-a-real-external-id-7f" not in ran.out + ran.err
    assert "17-document-cut-off.json: dead letter" in ran.err


def test_what_a_replay_cannot_read_is_status_2(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        json.dumps(json.loads((EVENTS / "03-load-balancers-added.json").read_text())) + "\n{broken"
    )
    ran = run(tmp_path, "--format", "jsonl")
    assert ran.status == 2
    assert len(ran.lines()) == 1


def empty_stack() -> None:
    template = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    boto3.client("cloudformation", "us-east-1").create_stack(
        StackName="other", TemplateBody=template
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name one of --stack, --table and SOURCE"),
        (("--stack", "a", "--table", "b"), "name one of --stack, --table and SOURCE"),
        (("--table", "a", EVENTS), "name one of --stack, --table and SOURCE"),
        (("--table", "a", *REGION, "--role", "r"), "--role and --policy say how SOURCE is judged"),
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
        ran = run(*arguments)
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
    ran = run(option, "policy-monitor", *REGION)
    assert ran.status == 2
    assert "no AWS credentials that work; set AWS_PROFILE" in ran.err
    assert ran.err.count("\n") == 1
