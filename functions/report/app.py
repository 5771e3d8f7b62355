"""report: keep a page of all that is recorded in a bucket of the customer."""

from policy_monitor import cold_start

# isort: split
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from policy_monitor.adapters.bucket import Bucket
from policy_monitor.adapters.clock import now
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.notebook import DynamoDBNotebook
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor_report.publication import publish
from policy_monitor_report.report import Records, of_stack

if TYPE_CHECKING:
    from iamdiff.catalogue import Catalogue

cold_start.imported()
logger = Logger()

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 (Lambda's signature)
    """Write the page anew where it would tell something else; the next look mends a failed one."""
    account = context.invoked_function_arn.split(":")[4]
    written = publish(
        Bucket(client("s3"), os.environ["BUCKET_NAME"], os.environ["REPORT_KEY"], account),
        records(account),
        catalogue,
        source=of_stack(os.environ["STACK_NAME"]),
        code=os.environ["CODE_VERSION"],
        now=now(),
    )
    logger.info("report written" if written else "nothing new to report")


def catalogue() -> "Catalogue":
    """What AWS documents of its actions: for a page that is written, as few are."""
    from policy_monitor.catalogue import load  # noqa: PLC0415 (it loads iamdiff)

    return load()


def records(account: str) -> Records:
    """What the monitor of an account has recorded."""
    at = (client("dynamodb"), os.environ["TABLE_NAME"], account)
    return Records(DynamoDBLedger(*at), DynamoDBOutbox(*at), DynamoDBNotebook(*at))


@cache
def client(service: Any) -> Any:
    """A client of a service, made once."""
    return boto3.client(service, config=_CONFIG)
