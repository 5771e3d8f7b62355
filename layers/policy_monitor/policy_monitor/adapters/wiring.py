"""Rules, archive, queue and topic as AWS holds them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import asked, fault
from policy_monitor.wiring import Archive, Rule, Subscription, Target

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import ListTargetsByRuleRequestTypeDef
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sns.type_defs import (
        ListSubscriptionsByTopicInputTypeDef,
    )
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# What of a target would give the function something else than the event ("EventBridge input
# transformation", EventBridge User Guide).
_ALTERING = ("Input", "InputPath", "InputTransformer")

# Those that wait, those that a consumer has taken and not deleted, and those that are delayed.
_COUNTS: Sequence["QueueAttributeNameType"] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class AwsWiring:
    """`policy_monitor.wiring.Wiring` on boto3's low-level clients.

    Notes
    -----
    Actions to allow: ``events:DescribeRule``, ``ListTargetsByRule`` (the rules),
    ``DescribeArchive`` (the archive), ``sqs:GetQueueAttributes`` (the queue),
    ``sns:ListSubscriptionsByTopic`` (the topic).
    """

    def __init__(self, events: "EventBridgeClient", sqs: "SQSClient", sns: "SNSClient") -> None:
        self._events = events
        self._sqs = sqs
        self._sns = sns

    def rule(self, name: str) -> Rule | None:
        """See `Wiring.rule`."""
        thing = f"rule {name}"
        found = asked(lambda: self._events.describe_rule(Name=name), service="events", thing=thing)
        if found is None:
            return None
        targets: list[Target] = []
        request: ListTargetsByRuleRequestTypeDef = {"Rule": name}
        while True:
            page = asked(
                lambda: self._events.list_targets_by_rule(**request), service="events", thing=thing
            )
            if page is None:
                return None
            targets += (
                Target(target["Arn"], any(target.get(part) for part in _ALTERING))
                for target in page["Targets"]
            )
            if not page.get("NextToken"):
                return Rule(found["State"], found.get("EventPattern", ""), targets)
            request["NextToken"] = page["NextToken"]

    def archive(self, name: str) -> Archive | None:
        """See `Wiring.archive`."""
        found = asked(
            lambda: self._events.describe_archive(ArchiveName=name),
            service="events",
            thing=f"archive {name}",
        )
        return None if found is None else Archive(found["State"], found.get("EventPattern", ""))

    def dead_letters(self, queue_url: str) -> int:
        """See `Wiring.dead_letters`."""
        try:
            answer = self._sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTS)
        except (ClientError, BotoCoreError) as error:
            raise fault(error, service="sqs", thing=f"queue {queue_url}") from error
        return sum(int(count) for count in answer.get("Attributes", {}).values())

    def subscriptions(self, topic_arn: str) -> Sequence[Subscription] | None:
        """See `Wiring.subscriptions`."""
        request: ListSubscriptionsByTopicInputTypeDef = {"TopicArn": topic_arn}
        found: list[Subscription] = []
        while True:
            page = asked(
                lambda: self._sns.list_subscriptions_by_topic(**request),
                service="sns",
                thing=f"topic {topic_arn}",
            )
            if page is None:
                return None
            found += (
                Subscription(
                    one["Protocol"],
                    one.get("Endpoint", ""),
                    # One that is not confirmed has a word in the place of its ARN.
                    confirmed=one["SubscriptionArn"].startswith("arn:"),
                )
                for one in page["Subscriptions"]
                if one["SubscriptionArn"] != "Deleted"
            )
            if not page.get("NextToken"):
                return found
            request["NextToken"] = page["NextToken"]
