"""Rules, archive, queue and topic as AWS tells of them: emulated where moto can, else recorded."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from policy_monitor.adapters.wiring import AwsWiring
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.wiring import Archive, Rule, Subscription, Target

PATTERN = json.dumps({"source": ["aws.iam"]})
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:detect"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"


class Clients:
    """The clients of an account, and the wiring on them."""

    def __init__(self) -> None:
        self.events, self.sqs, self.sns = (self.client(name) for name in ("events", "sqs", "sns"))
        self.wiring = AwsWiring(self.events, self.sqs, self.sns)

    @staticmethod
    def client(name: Any) -> Any:
        return boto3.client(
            name,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mock_aws():
        yield Clients()


def test_a_rule_is_told_with_its_targets(clients: Clients) -> None:
    clients.events.put_rule(Name="r", EventPattern=PATTERN, State="DISABLED")
    targets = [
        {"Id": "1", "Arn": FUNCTION},
        {"Id": "2", "Arn": FUNCTION, "InputPath": "$.detail"},
    ]
    clients.events.put_targets(Rule="r", Targets=targets)
    assert clients.wiring.rule("r") == Rule(
        "DISABLED", PATTERN, [Target(FUNCTION), Target(FUNCTION, altered=True)]
    )


def test_an_archive_is_told(clients: Clients) -> None:
    clients.events.create_archive(ArchiveName="a", EventSourceArn=BUS, EventPattern=PATTERN)
    assert clients.wiring.archive("a") == Archive("ENABLED", PATTERN)


def test_what_is_gone_is_none(clients: Clients) -> None:
    assert clients.wiring.rule("r") is None
    assert clients.wiring.archive("a") is None
    assert clients.wiring.subscriptions(TOPIC) is None


def test_messages_that_a_consumer_has_taken_count_too(clients: Clients) -> None:
    url = clients.sqs.create_queue(QueueName="q")["QueueUrl"]
    assert clients.wiring.dead_letters(url) == 0
    for body in ("1", "2"):
        clients.sqs.send_message(QueueUrl=url, MessageBody=body)
    clients.sqs.receive_message(QueueUrl=url)
    assert clients.wiring.dead_letters(url) == 2


def test_all_pages_of_targets_and_subscriptions_are_read() -> None:
    clients = Clients()
    pending = {"SubscriptionArn": "PendingConfirmation", "Protocol": "email", "TopicArn": TOPIC}
    confirmed = {**pending, "SubscriptionArn": f"{TOPIC}:1", "Endpoint": "ada@example.com"}
    with Stubber(clients.sns) as sns, Stubber(clients.events) as events:
        sns.add_response(
            "list_subscriptions_by_topic",
            {"Subscriptions": [pending], "NextToken": "t"},
            {"TopicArn": TOPIC},
        )
        sns.add_response(
            "list_subscriptions_by_topic",
            {"Subscriptions": [confirmed, {**pending, "SubscriptionArn": "Deleted"}]},
            {"TopicArn": TOPIC, "NextToken": "t"},
        )
        assert clients.wiring.subscriptions(TOPIC) == [
            Subscription("email", "", confirmed=False),
            Subscription("email", "ada@example.com", confirmed=True),
        ]
        events.add_response("describe_rule", {"State": "ENABLED", "EventPattern": PATTERN})
        events.add_response(
            "list_targets_by_rule",
            {"Targets": [{"Id": "1", "Arn": "arn:other"}], "NextToken": "t"},
            {"Rule": "r"},
        )
        events.add_response(
            "list_targets_by_rule",
            {"Targets": [{"Id": "2", "Arn": FUNCTION}]},
            {"Rule": "r", "NextToken": "t"},
        )
        found = clients.wiring.rule("r")
        assert found is not None
        assert [target.arn for target in found.targets] == ["arn:other", FUNCTION]


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("AccessDeniedException", PolicyMonitorError, "events:DescribeRule was denied"),
        ("ThrottlingException", RetryableError, "events:DescribeRule"),
    ],
)
def test_a_refusal_names_the_action(code: str, error: type[Exception], words: str) -> None:
    clients = Clients()
    with Stubber(clients.events) as events:
        events.add_client_error("describe_rule", code)
        with pytest.raises(error, match=words):
            clients.wiring.rule("r")


def test_a_queue_that_is_gone_is_an_error(clients: Clients) -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
    with pytest.raises(PolicyMonitorError, match="sqs:GetQueueAttributes"):
        clients.wiring.dead_letters(url)
