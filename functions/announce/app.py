"""announce: tell people of the findings that hold now, each once, and of what stays open."""

from policy_monitor import cold_start

# isort: split
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.items import item
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.adapters.sending import SEND_ONCE
from policy_monitor.adapters.sns import Topic
from policy_monitor.announcement import Channel, Outcome, announce
from policy_monitor.digest import remind
from policy_monitor.errors import InputError, RetryableError
from policy_monitor.records import read_current
from policy_monitor.settings import Settings

cold_start.imported()
logger = Logger()

# Lambda gives up after a minute; a call that hangs must leave time to try again.
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Announce the CURRENT rows of a stream batch; the answer names those to deliver again.

    The schedule of the digest wakes it too. Powertools' own batches load asyncio and a class for
    each source of events that there is: a quarter of a cold start.

    Raises
    ------
    RetryableError
        No row was announced: that is the function's failure, which its alarm counts.
    """
    if event.get("detail-type") == "Scheduled Event":
        send_digest(str(event["time"]), context.invoked_function_arn.split(":")[4])
        return None
    blocked: set[str] = set()
    records = [record["dynamodb"] for record in event["Records"]]
    failures = {}
    for record in records:
        try:
            tell(record, blocked)
        except Exception as error:
            logger.exception("finding not announced", record=record["SequenceNumber"])
            failures[record["SequenceNumber"]] = error
    if failures and len(failures) == len(records):
        reasons = dict.fromkeys(map(str, failures.values()))
        raise RetryableError(f"no row of the batch is announced: {'; '.join(reasons)}")
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}


def tell(record: Mapping[str, Any], blocked: set[str]) -> None:
    """Announce one row on every channel.

    `blocked` holds the slots of this batch whose earlier row failed.

    A slot's rows go out in their order, or a correction would come before what it corrects.
    """
    if "NewImage" not in record:
        raise InputError("stream record without a new image: the stream must show new images")
    row = item(record["NewImage"])
    slot = str(row.get("slot"))
    if slot in blocked:
        raise RetryableError(f"{slot}: waits for an earlier row of this slot")
    outcomes: dict[str, Outcome] = {}
    try:
        current = read_current(row)
        account = row["pk"].removeprefix("ACCOUNT#")
        ledger, outbox = stores(account)
        for channel in (*channels(), *buses()):
            outcomes[channel.name] = announce(
                current,
                ledger=ledger,
                outbox=outbox,
                channel=channel,
                settings=settings(),
                stack=stack(),
            )
    except Exception:
        blocked.add(slot)
        raise
    logger.info("finding handled", finding_id=current.finding_id, outcomes=outcomes)


def send_digest(time: str, account: str) -> None:
    """Tell what waits for a notice of the vendor; a digest that fails is left to the retries."""
    ledger, outbox = stores(account)
    for channel in channels():
        outcome = remind(ledger, outbox, channel, account, time, stack=stack())
        logger.info("digest handled", channel=channel.name, outcome=outcome.value)


def stores(account: str) -> tuple[DynamoDBLedger, DynamoDBOutbox]:
    """What is recorded of an account, and who was told."""
    table = os.environ["TABLE_NAME"]
    return DynamoDBLedger(dynamodb(), table, account), DynamoDBOutbox(dynamodb(), table, account)


@cache
def settings() -> Settings:
    """The functions' settings, read once."""
    return Settings.from_environment(os.environ)


def stack() -> str:
    """The stack's name: messages say with it what to do."""
    return os.environ.get("STACK_NAME", "")


@cache
def dynamodb() -> Any:
    """The table's client, made once."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def channels() -> tuple[Topic, ...]:
    """The topic and, where there is one, that of Amazon Q, made once."""
    sns = boto3.client("sns", config=SEND_ONCE)
    topic = Topic(sns, os.environ["TOPIC_ARN"])
    if not (chat := os.environ.get("AMAZON_Q_TOPIC_ARN")):
        return (topic,)
    # It renders by Slack's SDK, which others need not load.
    from policy_monitor.messages.chat import chat_envelope  # noqa: PLC0415

    return topic, Topic(sns, chat, name="chat", render=chat_envelope)


@cache
def buses() -> tuple[Channel, ...]:
    """The bus from which a rule carries findings to a central account, where there is one."""
    if not (bus := os.environ.get("EVENT_BUS_NAME")):
        return ()
    from policy_monitor.adapters.bus import Bus  # noqa: PLC0415 (few stacks have one)

    return (Bus(boto3.client("events", config=SEND_ONCE), bus, os.environ["TOPIC_ARN"]),)
