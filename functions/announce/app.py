"""announce: tell people of the findings that hold now, each once."""

import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.adapters.sns import PUBLISH_ONCE, Topic
from policy_monitor.announcement import Outcome, announce
from policy_monitor.errors import InputError, RetryableError
from policy_monitor.records import read_current
from policy_monitor.settings import Settings

logger = Logger()
metrics = Metrics()

# Lambda gives up after a minute; a call that hangs must leave time to try again.
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Announce the CURRENT rows of a stream batch; the answer names those to deliver again."""
    blocked: set[str] = set()
    return process_partial_response(
        event=event,
        record_handler=lambda record: tell(record, blocked),
        processor=BatchProcessor(event_type=EventType.DynamoDBStreams),
        context=context,
    )


def tell(record: DynamoDBRecord, blocked: set[str]) -> Outcome:
    """Announce one row; `blocked` holds the slots of this batch whose earlier row failed.

    A slot's rows go out in their order, or a correction would come before what it corrects.
    """
    row = record.dynamodb
    if row is None or row.new_image is None:
        raise InputError("stream record without a new image: the stream must show new images")
    slot = str(row.new_image.get("slot"))
    if slot in blocked:
        raise RetryableError(f"{slot}: waits for an earlier row of this slot")
    outcome = None
    try:
        current = read_current(row.new_image)
        account = row.new_image["pk"].removeprefix("ACCOUNT#")
        outcome = announce(
            current,
            ledger=DynamoDBLedger(dynamodb(), os.environ["TABLE_NAME"], account),
            outbox=DynamoDBOutbox(dynamodb(), os.environ["TABLE_NAME"], account),
            channel=topic(),
            settings=settings(),
        )
    except Exception:
        blocked.add(slot)
        logger.exception("finding not announced", slot=slot)
        raise
    finally:
        told = outcome in {Outcome.SENT, Outcome.REPEATED}
        metrics.add_metric(name="Announcements", unit=MetricUnit.Count, value=int(told))
    logger.info("finding handled", finding_id=current.finding_id, outcome=outcome.value)
    return outcome


@cache
def settings() -> Settings:
    """The functions' settings, read once."""
    return Settings.from_environment(os.environ)


@cache
def dynamodb() -> Any:
    """The table's client, made once."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def topic() -> Topic:
    """The topic as a channel, made once."""
    return Topic(boto3.client("sns", config=PUBLISH_ONCE), os.environ["TOPIC_ARN"])
