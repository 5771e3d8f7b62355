"""reconcile: on its first run, record what IAM holds as the baseline of everything that follows."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.iam import AwsIam
from policy_monitor.adapters.secrets import mask_key
from policy_monitor.reconciliation import record_baseline
from policy_monitor.settings import Settings

logger = Logger()

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "adaptive"})


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 (Lambda's signature)
    """Record the baseline of this account, unless there is one."""
    account = context.invoked_function_arn.split(":")[4]
    ledger = DynamoDBLedger(dynamodb(), os.environ["TABLE_NAME"], account)
    key = mask_key(os.environ["MASK_KEY_SECRET"])
    genesis = record_baseline(ledger, iam(), settings(), key, now)
    if genesis is None:
        logger.info("the ledger has its baseline")
    else:
        roles, policies = len(genesis.state.roles), len(genesis.state.policies)
        logger.info("baseline", read_at=genesis.read_at, roles=roles, policies=policies)


def now() -> str:
    """The time, UTC to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
