"""Commands as they are run, and a deployed ledger for them to read."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.contract.ledgers import ACCOUNT, a_finding, after, first
from tests.contract.ledgers import dynamodb as dynamodb_of

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.findings import FindingKind, Subject, SubjectType
from policy_monitor.ledger import AnnouncementKey
from policy_monitor_cli.main import main

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
        monkeypatch.setattr(sys, "argv", ["policy-monitor", *map(str, arguments)])
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


def empty_stack() -> None:
    template = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    boto3.client("cloudformation", "us-east-1").create_stack(
        StackName="other", TemplateBody=template
    )
