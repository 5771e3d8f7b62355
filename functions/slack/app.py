"""slack: post what the topic announced to a Slack channel, once."""

from policy_monitor import cold_start

# isort: split
import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from policy_monitor.adapters.circuit import Guarded, circuits
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.announcement import Outcome, deliver
from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.body import read_body

cold_start.imported()
logger = Logger()
metrics = Metrics()

# Lambda gives up after a minute; a call that hangs must leave time to try again.
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 (Lambda's signature)
    """Post the message; what fails is left to Lambda's retries and the dead-letter queue."""
    unreadable = 0
    try:
        for body in bodies(event):
            post(body)
    except UnreadableEventError:
        unreadable = 1
        raise
    finally:
        metrics.add_metric(name="UnreadableEvents", unit=MetricUnit.Count, value=unreadable)


def post(text: str) -> Outcome:
    """Post one body."""
    message = read_body(text)
    # Slack's SDK takes a fifth of a cold start: not for a message that cannot be read.
    from policy_monitor.adapters.slack import SlackWebhook, webhook_url  # noqa: PLC0415
    from policy_monitor.messages.blocks import slack_payload  # noqa: PLC0415

    outbox = DynamoDBOutbox(dynamodb(), os.environ["TABLE_NAME"], message["account"])
    webhook = SlackWebhook(webhook_url(os.environ.get("SLACK_WEBHOOK", "")), slack_payload)
    outcome = deliver(message, outbox, Guarded(webhook, circuit(message["account"])))
    logger.info("message handled", finding_id=message["finding_id"], outcome=outcome.value)
    return outcome


def bodies(event: dict[str, Any]) -> list[str]:
    """The bodies of an SNS event."""
    try:
        return [str(record["Sns"]["Message"]) for record in event["Records"]]
    except (KeyError, TypeError) as error:
        raise UnreadableEventError(f"no SNS event: {error} is missing or misplaced") from None


@cache
def dynamodb() -> Any:
    """The table's client, made once."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def circuit(account: str) -> Any:
    """Where it is noted whether Slack is out of order, made once."""
    return circuits(dynamodb(), os.environ["TABLE_NAME"], account)
