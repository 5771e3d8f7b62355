"""docs/messages.md says what is so: its filter policies, run by SNS (emulated) on real messages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tests.contract.ledgers import ACCOUNT, a_finding
from tests.golden_messages import NAMES, golden_finding

from policy_monitor.adapters.sns import Topic
from policy_monitor.digest import digest_json
from policy_monitor.findings import FindingKind, Severity, SubjectType
from policy_monitor.history import Entry
from policy_monitor.mutations import ActorKind
from policy_monitor.settings import VERDICTS

TEXT = (Path(__file__).parents[2] / "docs" / "messages.md").read_text()
POLICIES = re.findall(r"```json\n(.*?)\n```", TEXT, re.DOTALL)
DIGEST = digest_json([Entry(a_finding(1))], ACCOUNT, "2026-12-07T08:00:00Z")
MESSAGES = {"digest": DIGEST, **{name: golden_finding(name) for name in NAMES}}


def wanted_by_the_pager(message: dict[str, Any]) -> bool:
    return message["severity"] in {"critical", "high"}


def wanted_as_a_ticket(message: dict[str, Any]) -> bool:
    return (
        message.get("verdict") in {"expansion", "mixed", "undetermined"}
        and message["actor"]["kind"] in {"vendor", "unknown"}
        and message["kind"] not in {"attempt", "tamper"}
    )


def wanted_by_the_platform_team(message: dict[str, Any]) -> bool:
    return message is DIGEST or message["subject"]["type"] in {"policy", "trust"}


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("sns", "us-east-1")


@pytest.mark.parametrize(
    ("place", "wanted"),
    list(enumerate((wanted_by_the_pager, wanted_as_a_ticket, wanted_by_the_platform_team))),
)
def test_a_documented_filter_policy_lets_through_what_it_says(
    sns: Any, place: int, wanted: Any
) -> None:
    topic = sns.create_topic(Name="findings")["TopicArn"]
    sqs = boto3.client("sqs", "us-east-1")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:told",
        Attributes={"FilterPolicy": POLICIES[place]},
    )
    for message in MESSAGES.values():
        Topic(sns, topic).send(message)
    told = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            told.add(json.loads(json.loads(one["Body"])["Message"])["finding_id"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    expected = {message["finding_id"] for message in MESSAGES.values() if wanted(message)}
    assert told == expected
    assert 0 < len(expected) < len({message["finding_id"] for message in MESSAGES.values()})


def test_every_value_of_an_attribute_is_documented() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (\w+(?:, \w+)+) \|$", TEXT, re.MULTILINE))
    assert {name: set(values.split(", ")) for name, values in rows.items()} == {
        "verdict": set(VERDICTS),
        "severity": set(Severity),
        "kind": {*FindingKind, "digest"},
        "subject_type": set(SubjectType),
        "actor_kind": set(ActorKind),
    }


def test_there_are_three_examples() -> None:
    assert len(POLICIES) == 3
