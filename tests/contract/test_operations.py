"""docs/operations.md says what is so."""

import json
import re
from pathlib import Path

import boto3
import botocore.session
import pytest
from tests.contract.ledgers import TABLE, dynamodb, make_table
from tests.eventpatterns import matches
from tests.histories import SETTINGS
from tests.iam_events import template

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.baseline import read_baseline
from policy_monitor.detection import detect
from policy_monitor.errors import UnreadableEventError
from policy_monitor.judgement import judge
from policy_monitor.ledger import Genesis
from policy_monitor.senses import SENSES
from policy_monitor_cli.template import Rule, load_template

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text()
EVENTS = [
    json.loads(path.read_text())
    for path in sorted((ROOT / "events").glob("*.json"))
    if path.name[0].isdigit()
]


def test_every_sense_is_explained_with_its_severity() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| (\w+) \| (.{20,}?) \| (.{10,}?) \|$", TEXT, re.MULTILINE)
    assert {name: severity for name, severity, _, _ in rows} == {
        name: sense.severity.value for name, sense in SENSES.items()
    }


@pytest.mark.parametrize("name", re.findall(r"OutputKey=='(\w+)'", TEXT))
def test_the_outputs_that_are_asked_for_are_there(name: str) -> None:
    assert name in template(ReportBucket="audit").outputs


def test_each_alarm_has_a_line_that_says_what_to_do() -> None:
    everything = {
        "SlackWebhook": "/policy-monitor/webhook",
        "TrailLogGroupName": "trail",
        "ReportBucket": "bucket",
    }
    resources = load_template(ROOT / "template.yaml", everything).resources
    alarms = [name for name, each in resources.items() if each.type == "AWS::CloudWatch::Alarm"]
    lines = re.findall(r"^\| `(\w+Alarm)` \| ([^|]{20,}) \| ([^|]{20,}) \|$", TEXT, re.MULTILINE)
    assert sorted(name for name, _, _ in lines) == sorted(alarms)
    assert set(re.findall(r"`(\w+Alarm)`", TEXT)) == set(alarms)


def test_what_is_said_to_outlive_the_stack_does_and_nothing_else() -> None:
    resources = load_template(ROOT / "template.yaml").resources
    kept = [name for name, each in resources.items() if "DeletionPolicy" in each.attributes]
    removing = TEXT.partition("## Removing")[2]
    told = re.findall(r"^\| (\w+) \| [^|]+ \| .*?`aws ", removing, re.MULTILINE)
    assert sorted(told) == sorted(kept)
    (asked,) = re.findall(r"contains\(\[(.*?)\]", removing)
    assert sorted(json.loads(f"[{asked.replace(chr(39), chr(34))}]")) == sorted(kept)


def test_the_program_that_restores_the_ledger_puts_back_what_is_gone_and_changes_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    with dynamodb() as client:
        make_table(client, "restored")
        rows = [{"pk": {"S": "ACCOUNT#1"}, "sk": {"S": name}, "v": {"S": "old"}} for name in "abc"]
        for row in rows:
            client.put_item(TableName="restored", Item=row)
        newer = {**rows[1], "v": {"S": "new"}}
        client.put_item(TableName=TABLE, Item=newer)
        monkeypatch.setattr(boto3, "client", lambda _: client)
        monkeypatch.setattr("sys.argv", ["restore.py", "restored", TABLE])
        exec(program, {})  # noqa: S102 (the page's own program)
        held = client.scan(TableName=TABLE)["Items"]
    assert sorted(held, key=lambda row: row["sk"]["S"]) == [rows[0], newer, rows[2]]


def test_a_replay_names_the_rules_and_takes_what_the_api_takes() -> None:
    (command,) = re.findall(r"aws events start-replay (.*?)\n```", TEXT, re.DOTALL)
    given = {
        "".join(part.title() for part in option.split("-"))
        for option in re.findall(r"--([a-z-]+)", command)
    }
    model = botocore.session.get_session().get_service_model("events")
    shape = model.operation_model("StartReplay").input_shape
    assert shape is not None
    assert set(shape.required_members) <= given <= set(shape.members)
    assert "FilterArns" in command
    rules = {f"{rule.logical_id}.Arn" for rule in template().rules if is_archived(rule)}
    assert set(template().outputs["RuleArns"]["Value"].split(",")) == rules


def is_archived(rule: Rule) -> bool:
    """Whether the archive holds the events of a rule: IAM's."""
    return rule.pattern is not None and rule.pattern["source"] == ["aws.iam"]


def test_a_replay_from_the_archive_changes_nothing_where_nothing_was_lost() -> None:
    baseline = json.loads((ROOT / "events" / "baseline.json").read_text())
    ledger, iam = MemoryLedger(), MemoryIam(baseline)
    state, documents = read_baseline(baseline, SETTINGS, b"key")
    account = EVENTS[0]["account"]
    ledger.put_genesis(Genesis("2023-01-01T00:00:00Z", state, account, "us-east-1"), documents)

    def deliver(events: list[dict[str, object]]) -> None:
        for event in events:
            try:
                detect(event, ledger, iam, SETTINGS, b"key", account=account)
            except UnreadableEventError:
                continue
        judge(ledger, SETTINGS, None)

    deliver(EVENTS)
    before = ledger.snapshot()
    assert len(before.mutations) > 10
    deliver([{**event, "replay-name": "policy-monitor-1"} for event in reversed(EVENTS)])
    assert ledger.snapshot() == before


def test_what_a_replay_brings_back_passes_the_rules_as_it_did() -> None:
    patterns = [rule.pattern for rule in template().rules if rule.pattern]
    for event in EVENTS:
        if isinstance(event.get("detail"), dict):
            again = {**event, "replay-name": "policy-monitor-1"}
            assert [matches(p, event) for p in patterns] == [matches(p, again) for p in patterns]
