"""detect: record what a CloudTrail event says has changed, with the documents that it needs."""

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

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.iam import AwsIam
from policy_monitor.adapters.secrets import mask_key
from policy_monitor.detection import detect
from policy_monitor.errors import UnreadableEventError
from policy_monitor.events import account_of
from policy_monitor.settings import Settings

cold_start.imported()
logger = Logger()
metrics = Metrics()

# Lambda gives up after a minute; a call that hangs must leave time to try again.
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 (Lambda's signature)
    """Append one event to the ledger; what fails is left to Lambda's retries and the dead letters.

    An event of another account goes to a partition of its own, which has no baseline: it is never
    judged with this account's state.
    """
    unreadable = 0
    try:
        account = account_of(event)
        ledger = DynamoDBLedger(dynamodb(), os.environ["TABLE_NAME"], account)
        key = mask_key(os.environ["MASK_KEY_SECRET"])
        mutation = detect(event, ledger, iam(), settings(), key, account=account)
    except UnreadableEventError as error:
        unreadable = 1
        logger.error("event cannot be understood", reason=str(error))  # noqa: TRY400 (no traceback: it may quote the event)
        raise
    finally:
        metrics.add_metric(name="UnreadableEvents", unit=MetricUnit.Count, value=unreadable)
    if mutation is None:
        logger.info("event does not concern what is watched", event_id=event.get("id"))
    else:
        logger.info("recorded", mutation=mutation.key, event_name=mutation.event_name)


@cache
def settings() -> Settings:
    """The functions' settings, read once."""
    return Settings.from_environment(os.environ)


@cache
def dynamodb() -> Any:
    """The table's client, made once."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def iam() -> AwsIam:
    """IAM, its client made once."""
    return AwsIam(boto3.client("iam", config=_CONFIG))
