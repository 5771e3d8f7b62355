"""announce and slack as they are deployed, against an emulated AWS and a stand-in for Slack."""

import importlib.util
import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.circuit_breaker import base as breaker
from aws_lambda_powertools.utilities.circuit_breaker.persistence import base as circuit_cache
from aws_lambda_powertools.utilities.circuit_breaker.persistence import dynamodb as circuit_table
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from boto3.dynamodb.types import TypeSerializer
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from tests.contract.ledgers import (
    ACCOUNT,
    NEWER,
    TABLE,
    a_finding,
    after,
    dynamodb,
    first,
    written_by,
)
from tests.golden_messages import golden_finding
from tests.lambda_context import Context
from tests.message_strategies import huge_finding

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.announcement import announced_json
from policy_monitor.errors import (
    DeliveryError,
    InputError,
    OutageError,
    PolicyMonitorError,
    RetryableError,
    UncertainDeliveryError,
    UnreadableEventError,
)
from policy_monitor.findings import Finding
from policy_monitor.ledger import AnnouncementKey, Current, Notice
from policy_monitor.records import current_json
from policy_monitor_cli.slack_receiver import Answer, SlackReceiver

WEBHOOK_PARAMETER = "/policy-monitor/slack-webhook"
SECRET_ID = "planted-external-id-3f9Q"


@dataclass
class World:
    """The emulated account, Slack, and what carries messages between the functions."""

    announce_app: Any
    slack_app: Any
    slack: SlackReceiver
    sqs: Any
    queue: str
    table: Any
    ledger: DynamoDBLedger
    outbox: DynamoDBOutbox
    made: dict[str, Any]
    """The clients that the functions have made, by service."""

    def record(self, *pairs: tuple[Finding, Current]) -> list[dict[str, Any]]:
        """Put findings into the ledger; the stream's records of their CURRENT rows."""
        for pair in pairs:
            self.ledger.record(0, [pair])
        return [stream_record(row, number) for number, (_, row) in enumerate(pairs)]

    def announce(self, records: list[dict[str, Any]]) -> list[str]:
        """Run announce on a batch; the sequence numbers that it wants to see again."""
        answer = self.announce_app.handler({"Records": records}, Context())
        return [str(item["itemIdentifier"]) for item in answer["batchItemFailures"]]

    def published(self) -> list[dict[str, Any]]:
        """What came to the topic since this was asked last, as a queue subscribed to it gets it."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def post(self, body: str) -> None:
        """Run slack on what the topic hands to a function."""
        self.slack_app.handler(sns_event(body), Context())


def sns_event(body: str) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": body}}]}


def stream_record(
    row: Current, number: int, name: str = "INSERT", account: str = ACCOUNT
) -> dict[str, Any]:
    keys = {"pk": f"ACCOUNT#{account}", "sk": f"CURRENT#{row.slot}"}
    serialize = TypeSerializer().serialize
    kept = {key: value for key, value in current_json(row).items() if value is not None}
    return {
        "eventID": str(number),
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {key: serialize(value) for key, value in keys.items()},
            "NewImage": {key: serialize(value) for key, value in (keys | kept).items()},
            "SequenceNumber": f"s{number}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def body_of(name: str = "expansion", **members: Any) -> str:
    return json.dumps(golden_finding(name) | members)


class Clock:
    """The breaker's clock: it stands still, but for what a test puts it forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._time = datetime.now(UTC)
        made = self

        class Still(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Still":
                return cls.fromtimestamp(made._time.timestamp(), tz)

        for module in (breaker, circuit_cache, circuit_table):
            monkeypatch.setattr(module, "dt", SimpleNamespace(datetime=Still))

    def forward(self, seconds: int) -> None:
        self._time += timedelta(seconds=seconds)


def forget_circuits() -> None:
    """What a process remembers of circuits: each test begins with none."""
    for known in ("_LOCAL_FAILURES", "_LOCAL_SUCCESSES", "_LAST_OBSERVED_STATE"):
        getattr(breaker, known).clear()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": "",
        "TABLE_NAME": TABLE,
        "STACK_NAME": "our-monitor",
        "SLACK_WEBHOOK": WEBHOOK_PARAMETER,
        "POWERTOOLS_SERVICE_NAME": "policy-monitor",
        "POWERTOOLS_METRICS_NAMESPACE": "PolicyMonitor",
    }.items():
        monkeypatch.setenv(name, value)
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    DEFAULT_PROVIDERS.clear()
    forget_circuits()
    with dynamodb() as table, SlackReceiver() as slack:
        sns = boto3.client("sns")
        topic = sns.create_topic(Name="findings")["TopicArn"]
        monkeypatch.setenv("TOPIC_ARN", topic)
        sqs = boto3.client("sqs")
        queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:subscriber"
        )
        store_webhook(slack.url)
        made: dict[str, Any] = {}
        make = boto3.client

        def remember(service: Any, **options: Any) -> Any:
            made[service] = make(service, **options)
            return made[service]

        monkeypatch.setattr(boto3, "client", remember)
        yield World(
            announce_app=started("announce"),
            slack_app=started("slack"),
            slack=slack,
            sqs=sqs,
            queue=queue,
            table=table,
            ledger=DynamoDBLedger(table, TABLE, ACCOUNT),
            outbox=DynamoDBOutbox(table, TABLE, ACCOUNT),
            made=made,
        )
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    DEFAULT_PROVIDERS.clear()


def started(name: str) -> Any:
    """A function's module as a new process would have it, with nothing made yet."""
    path = Path(__file__).parents[2] / "functions" / name / "app.py"
    spec = importlib.util.spec_from_file_location(f"{name}_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def store_webhook(value: str) -> None:
    boto3.client("ssm", region_name="us-east-1").put_parameter(
        Name=WEBHOOK_PARAMETER, Value=value, Type="SecureString", Overwrite=True
    )


# ------------------------------------------------------------------------------ announce


def told_of(finding: Finding) -> dict[str, Any]:
    """What goes out of a finding: with the stack, which what a message says to do needs."""
    return {**announced_json(finding, 1, None), "stack": "our-monitor"}


def test_a_finding_reaches_the_topic_with_its_attributes_and_json(world: World) -> None:
    finding = a_finding(1)
    assert world.announce(world.record(first(finding))) == []
    (letter,) = world.published()
    assert json.loads(letter["Message"]) == told_of(finding)
    assert letter["Subject"].startswith("Expansion, high: role astronomer-remote-management")
    assert {name: value["Value"] for name, value in letter["MessageAttributes"].items()} == {
        "verdict": "expansion",
        "severity": "high",
        "kind": "change",
        "subject_type": "role",
        "actor_kind": "vendor",
    }


def test_nothing_is_announced_of_a_table_of_a_newer_version_until_the_newer_one_is_back(
    world: World,
) -> None:
    records = world.record(first(a_finding(1)))
    written_by(world.table, 2)
    with pytest.raises(RetryableError, match=re.escape(NEWER)):
        world.announce(records)
    assert (world.published(), list(world.outbox.announcements())) == ([], [])
    written_by(world.table, 1)
    assert world.announce(records) == []
    assert len(world.published()) == 1


def test_a_repeated_stream_record_announces_once(world: World) -> None:
    records = world.record(first(a_finding(1)))
    for _ in range(3):
        assert world.announce(records * 2) == []
    assert len(world.published()) == 1


def test_a_correction_is_announced_after_what_it_corrects(world: World) -> None:
    one = first(a_finding(1))
    two = after(one[1], a_finding(1, "equivalent"))
    assert world.announce(world.record(one, two)) == []
    told = [json.loads(letter["Message"]) for letter in world.published()]
    assert {(item["verdict"], item["correction_of"]) for item in told} == {
        ("expansion", None),
        ("equivalent", one[0].finding_id),
    }


def test_a_record_that_fails_holds_back_its_slot_and_nothing_else(world: World) -> None:
    one = first(a_finding(1))
    two = after(one[1], a_finding(1, "mixed"))
    other = first(a_finding(2))
    records = world.record(one, two, other)
    world.table.delete_item(
        TableName=TABLE,
        Key={
            "pk": {"S": f"ACCOUNT#{ACCOUNT}"},
            "sk": {"S": f"FINDING#{one[1].slot}#{one[1].finding_id}"},
        },
    )
    assert world.announce(records) == ["s0", "s1"]
    (letter,) = world.published()
    assert json.loads(letter["Message"])["finding_id"] == other[0].finding_id


def test_an_unreadable_row_fails_alone(world: World) -> None:
    good = world.record(first(a_finding(1)))
    bad = stream_record(Current("slot", "id", 1), 7)
    del bad["dynamodb"]["NewImage"]["finding_id"]
    gone = stream_record(Current("slot", "id", 1), 8)
    del gone["dynamodb"]["NewImage"]
    assert world.announce([bad, *good, gone]) == ["s7", "s8"]
    assert len(world.published()) == 1


def test_a_batch_that_fails_as_a_whole_is_an_error(world: World) -> None:
    with pytest.raises(RetryableError, match="no row of the batch is announced: "):
        world.announce([stream_record(Current("slot", "missing", 1), 1)])


def fail_once(
    world: World, error: Exception, monkeypatch: pytest.MonkeyPatch, *, taken: bool
) -> Callable[[], int]:
    """Let the first Publish end in an error, after (`taken`) or before SNS took the message."""
    world.announce_app.channels()
    client = world.made["sns"]
    publish = client.publish
    calls = 0

    def once(**arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            return publish(**arguments)
        if taken:
            publish(**arguments)
        raise error

    monkeypatch.setattr(client, "publish", once)
    return lambda: calls


def client_error(status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": "Fault"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Publish",
    )


@pytest.mark.parametrize(
    ("error", "taken", "repeats"),
    [
        (ReadTimeoutError(endpoint_url="https://sns"), True, True),
        (ReadTimeoutError(endpoint_url="https://sns"), False, True),
        (client_error(500), True, True),
        (client_error(503), False, True),
        (client_error(400), False, False),
        (client_error(403), False, False),
        (EndpointConnectionError(endpoint_url="https://sns"), False, False),
    ],
)
def test_a_failed_publish_is_repeated_with_a_line_only_where_it_may_have_gone_out(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    taken: bool,
    repeats: bool,
) -> None:
    other = first(a_finding(2), told_with="x")
    records = world.record(first(a_finding(1)), other)
    calls = fail_once(world, error, monkeypatch, taken=taken)
    assert world.announce(records) == ["s0"]
    assert world.announce(records) == []
    assert world.announce(records) == []
    assert calls() == 2
    told = [json.loads(letter["Message"]) for letter in world.published()]
    assert len(told) == (2 if taken else 1)
    assert [item.get("may_repeat", False) for item in told].count(True) == int(repeats)


class NoBody(io.BytesIO):
    """An empty body as botocore reads one."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def test_the_sdk_does_not_repeat_a_publish_by_itself(world: World) -> None:
    world.announce_app.channels()
    requests: list[AWSRequest] = []

    def overloaded(request: AWSRequest, **_: Any) -> AWSResponse:
        requests.append(request)
        return AWSResponse("https://sns", 503, HTTPHeaders(), NoBody())

    world.made["sns"].meta.events.register("before-send.sns.Publish", overloaded)
    records = world.record(first(a_finding(1)), first(a_finding(2), told_with="x"))
    assert world.announce(records) == ["s0"]
    assert len(requests) == 1


def test_a_huge_finding_goes_through(world: World) -> None:
    huge = huge_finding()
    finding = a_finding(1, "mixed", comparison=huge["comparison"], summary=huge["summary"])
    assert world.announce(world.record(first(finding))) == []
    (letter,) = world.published()
    world.post(letter["Message"])
    assert len(world.slack.payloads) == 1


def scheduled(time: str = "2026-12-07T08:00:00Z") -> dict[str, Any]:
    return {"source": "aws.events", "detail-type": "Scheduled Event", "time": time, "detail": {}}


def test_the_schedule_sends_a_digest_once_a_day_until_the_notice_is_noted(world: World) -> None:
    world.record(first(a_finding(1)), first(a_finding(2, "reduction")))
    for _ in range(2):
        assert world.announce_app.handler(scheduled(), Context()) is None
    (letter,) = world.published()
    assert letter["Subject"].startswith("Open, high: 1 change without a notice, up to 15 days")
    assert letter["MessageAttributes"]["kind"]["Value"] == "digest"
    world.post(letter["Message"])
    world.post(letter["Message"])
    (payload,) = world.slack.payloads
    assert payload["text"].startswith("Open, high: 1 change without a notice")
    world.ledger.put_notice(Notice("1-expansion", "x", "arn:a", "2026-12-08T08:00:00Z"))
    world.announce_app.handler(scheduled("2026-12-14T08:00:00Z"), Context())
    assert world.published() == []


def test_amazon_qs_topic_gets_its_own_form_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = boto3.client("sns").create_topic(Name="chat")["TopicArn"]
    url = world.sqs.create_queue(QueueName="chat")["QueueUrl"]
    endpoint = f"arn:aws:sqs:us-east-1:{ACCOUNT}:chat"
    boto3.client("sns").subscribe(TopicArn=chat, Protocol="sqs", Endpoint=endpoint)
    monkeypatch.setenv("AMAZON_Q_TOPIC_ARN", chat)
    records = world.record(first(a_finding(1)))
    for _ in range(2):
        assert world.announce(records) == []
    world.announce_app.handler(scheduled(), Context())
    received = world.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(json.loads(message["Body"])["Message"]) for message in received]
    assert sorted(each["metadata"]["eventType"] for each in told) == [
        "policy-monitor change",
        "policy-monitor digest",
    ]
    assert {each["source"] for each in told} == {"custom"}
    assert len(world.published()) == 2


def on_the_bus(world: World, name: str = "central") -> Callable[[], list[dict[str, Any]]]:
    """What comes to the default bus from now on."""
    events = boto3.client("events")
    url = world.sqs.create_queue(QueueName=name)["QueueUrl"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["policy-monitor"]}))
    endpoint = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": endpoint}])

    def received() -> list[dict[str, Any]]:
        answer = world.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    return received


def test_the_central_account_gets_each_finding_once_and_no_digest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = on_the_bus(world)
    monkeypatch.setenv("EVENT_BUS_NAME", "default")
    finding = a_finding(1)
    records = world.record(first(finding))
    for _ in range(2):
        assert world.announce(records) == []
    world.announce_app.handler(scheduled(), Context())
    (event,) = received()
    assert event["detail"] == told_of(finding)
    assert event["resources"] == [os.environ["TOPIC_ARN"]]
    assert len(world.published()) == 2


def test_a_bus_that_fails_keeps_nobody_from_their_message_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = on_the_bus(world)
    monkeypatch.setenv("EVENT_BUS_NAME", "default")
    world.announce_app.buses()
    put, answers = world.made["events"].put_events, iter([True, False])

    def refusing_once(**request: Any) -> Any:
        if next(answers):
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        return put(**request)

    monkeypatch.setattr(world.made["events"], "put_events", refusing_once)
    records = world.record(first(a_finding(1)), first(a_finding(2), told_with="x"))
    assert world.announce(records) == ["s0"]
    assert len(world.published()) == 1
    assert world.announce(records) == []
    assert world.published() == []
    (event,) = received()
    assert "may_repeat" not in event["detail"]


# ------------------------------------------------------------------------------ slack


def test_a_finding_on_the_topic_comes_to_slack_once(world: World) -> None:
    world.announce(world.record(first(a_finding(1))))
    (letter,) = world.published()
    for _ in range(3):
        world.post(letter["Message"])
    (payload,) = world.slack.payloads
    assert payload["text"].startswith("Expansion, high: role astronomer-remote-management.")


def test_a_slack_failure_neither_loses_nor_repeats_an_email(world: World) -> None:
    records = world.record(first(a_finding(1)))
    assert world.announce(records) == []
    (letter,) = world.published()
    world.slack.answer_next(*[Answer(404, "no_service")] * 3)
    for _ in range(3):
        with pytest.raises(DeliveryError, match="Slack: status 404: no_service"):
            world.post(letter["Message"])
    assert world.announce(records) == []
    assert world.published() == []
    world.post(letter["Message"])
    (payload,) = world.slack.payloads
    assert "may repeat" not in json.dumps(payload)


def test_a_slack_that_recovers_is_tried_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    world.slack.answer_next(
        Answer(429, "rate_limited", {"Retry-After": "7"}), Answer(503, "unavailable")
    )
    world.post(body_of())
    assert len(world.slack.payloads) == 1
    assert world.slack.requests == 3
    assert waits[0] >= 7


@pytest.mark.parametrize("wait", ["3600", "soon"])
def test_a_long_rate_limit_is_left_to_lambdas_retries(world: World, wait: str) -> None:
    world.slack.answer_next(Answer(429, "rate_limited", {"Retry-After": wait}))
    with pytest.raises(DeliveryError, match="status 429"):
        world.post(body_of())
    assert world.slack.requests == 1


DOWN = [Answer(500, "oops")] * 3  # the first try and the SDK's two


def test_an_outage_costs_one_probe_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    clock = Clock(monkeypatch)
    world.slack.answer_next(*DOWN)
    with pytest.raises(OutageError, match="status 500"):
        world.post(body_of(finding_id="0"))
    for number in range(1, 20):
        with pytest.raises(OutageError, match="slack: out of order less than 30 seconds ago"):
            world.post(body_of(finding_id=str(number)))
    assert world.slack.requests == 3

    clock.forward(31)
    world.slack.answer_next(*DOWN)
    with pytest.raises(OutageError, match="status 500"):
        world.post(body_of(finding_id="1"))
    with pytest.raises(OutageError, match="not tried"):
        world.post(body_of(finding_id="2"))
    assert world.slack.requests == 6

    clock.forward(31)
    for number in range(20):
        world.post(body_of(finding_id=str(number)))
    assert len(world.slack.payloads) == 20
    assert "may repeat" not in json.dumps(world.slack.payloads)


def test_another_process_knows_of_the_outage(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.slack.answer_next(*DOWN)
    with pytest.raises(OutageError, match="status 500"):
        world.post(body_of(finding_id="0"))
    world.slack_app = started("slack")
    forget_circuits()
    with pytest.raises(OutageError, match="not tried"):
        world.post(body_of(finding_id="1"))


@pytest.mark.parametrize("answer", [Answer(400, "invalid_blocks"), Answer(404, "no_service")])
def test_a_message_that_slack_refuses_does_not_keep_back_the_next(
    world: World, answer: Answer
) -> None:
    world.slack.answer_next(answer)
    with pytest.raises(DeliveryError, match="check the webhook"):
        world.post(body_of(finding_id="0"))
    world.post(body_of(finding_id="1"))
    assert len(world.slack.payloads) == 1


def test_a_circuit_that_cannot_be_read_stops_no_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> Any:
        raise client_error(500)

    monkeypatch.setattr(world.slack_app.dynamodb(), "get_item", fails)
    world.post(body_of())
    assert len(world.slack.payloads) == 1


def test_a_lost_answer_repeats_with_a_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.slack.answer_next(Answer(hang_up=True))
    with pytest.raises(UncertainDeliveryError, match="it may have gone out"):
        world.post(body_of())
    Clock(monkeypatch).forward(31)
    world.post(body_of())
    world.post(body_of())
    assert ["may repeat" in json.dumps(payload) for payload in world.slack.payloads] == [
        False,
        True,
    ]


def test_a_gateway_that_gave_up_leaves_it_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.slack.answer_next(Answer(504, "<html>"))
    with pytest.raises(UncertainDeliveryError, match="status 504: no reason given"):
        world.post(body_of())
    Clock(monkeypatch).forward(31)
    world.post(body_of())
    assert "may repeat" in json.dumps(world.slack.payloads[0])


def test_a_page_that_is_not_slacks_ok_is_no_success(world: World) -> None:
    world.slack.answer_next(Answer(200, "<html>Sign in to the proxy</html>"))
    with pytest.raises(DeliveryError, match="status 200: no reason given"):
        world.post(body_of())


def test_a_revision_of_a_finding_is_posted_again(world: World) -> None:
    world.post(body_of(revision=1))
    world.post(body_of(revision=3))
    assert len(world.slack.payloads) == 2


def test_a_repetition_on_the_topic_is_not_repeated_in_slack(world: World) -> None:
    world.post(body_of())
    world.post(body_of(may_repeat=True))
    assert len(world.slack.payloads) == 1


def test_an_alarm_comes_to_slack_once(world: World) -> None:
    alarm = {
        "AlarmName": "DeadLetters",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold crossed",
        "StateChangeTime": "2026-11-22T06:00:00.000+0000",
        "AWSAccountId": ACCOUNT,
    }
    world.post(json.dumps(alarm))
    world.post(json.dumps(alarm))
    assert [payload["text"] for payload in world.slack.payloads] == [
        "Monitor ALARM: DeadLetters. Threshold crossed"
    ]


@pytest.mark.parametrize("body", ["", "hello", "{}", "[1]", '{"schema": "other/1"}'])
def test_a_body_that_is_no_finding_goes_to_the_dead_letters_with_a_metric(
    world: World, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadableEventError):
        world.post(body)
    metric = next(line for line in capsys.readouterr().out.splitlines() if "_aws" in line)
    assert json.loads(metric)["UnreadableEvents"] == [1.0]
    assert world.slack.requests == 0


@pytest.mark.parametrize("event", [{}, {"Records": [{}]}, {"Records": None}, {"Records": ["x"]}])
def test_what_is_no_sns_event_is_said_to_be_none(world: World, event: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEventError, match="no SNS event"):
        world.slack_app.handler(event, Context())


# ------------------------------------------------------------------------------ the secret


def test_slack_that_is_not_configured_says_what_to_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK", "")
    with pytest.raises(InputError, match="SLACK_WEBHOOK is empty: set the stack's parameter"):
        world.post(body_of())


def test_the_webhook_may_lie_in_secrets_manager(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="webhook", SecretString=f"{world.slack.url}\n")["ARN"]
    monkeypatch.setenv("SLACK_WEBHOOK", arn)
    world.post(body_of())
    assert len(world.slack.payloads) == 1


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("/nowhere", PolicyMonitorError, "SLACK_WEBHOOK /nowhere: ssm:GetParameter: .*not found"),
        (
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:x",
            PolicyMonitorError,
            "secretsmanager:GetSecretValue: .*can't find",
        ),
        ("webhook", InputError, "neither the name of an SSM parameter"),
    ],
)
def test_a_webhook_that_cannot_be_read_is_named(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    error: type[Exception],
    reason: str,
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK", source)
    with pytest.raises(error, match=reason):
        world.post(body_of())
    assert world.slack.requests == 0


@pytest.mark.parametrize(
    "value",
    [
        "hooks.slack.com/services/T1/B1/planted-webhook",
        "http://hooks.slack.com/services/T1/B1/planted-webhook",
        "https:///services/planted-webhook",
        "https://hooks.slack.com:port/planted-webhook",
        "https://hooks.slack.com/planted webhook",
        '{"url": "https://hooks.slack.com/planted-webhook"}',
        "file:///planted-webhook",
    ],
)
def test_what_is_no_webhook_is_refused_without_being_repeated(world: World, value: str) -> None:
    store_webhook(value)
    with pytest.raises(InputError, match="no https:// address") as caught:
        world.post(body_of())
    assert "planted" not in str(caught.value)
    assert world.slack.requests == 0


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [Answer(404, "no_service")],
        [Answer(500, "oops")] * 3,
        [Answer(429, "rate_limited", {"Retry-After": "0"})] * 3,
        [Answer(hang_up=True)],
        [Answer(302, "moved", {"Location": "/elsewhere"})],
    ],
)
def test_neither_webhook_nor_external_id_is_in_any_output(
    world: World,
    answers: list[Answer],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    caplog.set_level(logging.INFO)
    # The SDK writes the address into its own lines: they are listened to at every level.
    for name in ("slack_sdk", "slack_sdk.webhook.client", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    finding = golden_finding("trust")
    finding["comparison"]["gained"][0]["conditions"] = {
        "StringEquals": {"sts:ExternalId": SECRET_ID}
    }
    finding["summary"] = f"the external id was {SECRET_ID}"
    world.slack.answer_next(*answers)
    try:
        world.post(json.dumps(finding))
    except PolicyMonitorError as error:
        errors = f"{error} {error!r} {error.__cause__}"
    else:
        errors = ""
    captured = capsys.readouterr()
    output = captured.out + captured.err + caplog.text + errors
    output += json.dumps(world.slack.payloads)
    assert output
    assert "local-stand-in" not in output
    assert world.slack.url not in output
    assert SECRET_ID not in output
    rows = world.table.scan(TableName=TABLE)["Items"]
    assert rows
    assert SECRET_ID not in json.dumps(rows)


def test_slack_that_is_out_of_reach_was_not_told(world: World) -> None:
    with SlackReceiver() as closed:
        store_webhook(closed.url)
    with pytest.raises(DeliveryError, match="Slack: not reached: ConnectionRefusedError"):
        world.post(body_of())
    key = AnnouncementKey(golden_finding("expansion")["finding_id"], 1, "slack")
    assert world.outbox.begin(key) == "new"


# ------------------------------------------------------------------------------ cold start


def test_announce_does_not_load_slacks_sdk() -> None:
    script = "import sys, functions.announce.app; print('slack_sdk' in sys.modules)"
    done = subprocess.run(  # noqa: S603 (this very interpreter, a script of our own)
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
