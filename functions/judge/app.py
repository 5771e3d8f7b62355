"""judge: derive the findings of all that is recorded, and write those that are new."""

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

from policy_monitor import catalogue
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.judgement import judge
from policy_monitor.opinions import Analyzer
from policy_monitor.settings import Settings

cold_start.imported()
logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 (Lambda's signature)
    """Judge once for a whole batch, which only says that there are new facts.

    A failure is the whole batch's: it is delivered again, and deriving twice changes nothing.
    """
    contradicted: list[str] = []
    try:
        for account in accounts(event):
            ledger = DynamoDBLedger(dynamodb(), os.environ["TABLE_NAME"], account)
            code = os.environ["CODE_VERSION"]
            judged = judge(ledger, settings(), catalogue.load(), code=code, analyzer=analyzer())
            contradicted += [f.finding_id for f in judged.recorded if f.contradicted]
            logger.info("judged", account=account, seq=judged.seq, recorded=len(judged.recorded))
    finally:
        if contradicted:
            logger.error("iamdiff contradicts itself", findings=contradicted)
        count = len(contradicted)
        metrics.add_metric(name="UnjudgedFacts", unit=MetricUnit.Count, value=count)
    return {"batchItemFailures": []}


def accounts(event: dict[str, Any]) -> list[str]:
    """The accounts in whose partitions a batch shows new facts."""
    keys = (record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"])
    return sorted({key.removeprefix("ACCOUNT#") for key in keys})


@cache
def settings() -> Settings:
    """The functions' settings, read once."""
    return Settings.from_environment(os.environ)


def analyzer() -> Analyzer | None:
    """Who is asked for a second opinion, where the customer wants one."""
    if os.environ.get("SECOND_OPINION") != "true":
        return None
    from policy_monitor.adapters import access_analyzer  # noqa: PLC0415 (others need not load it)

    return access_analyzer.AccessAnalyzer(access_analyzer_client())


@cache
def access_analyzer_client() -> Any:
    """Access Analyzer's client, made once and only where it is asked."""
    from policy_monitor.adapters.access_analyzer import PATIENCE, SERVICE  # noqa: PLC0415 (as above)

    return boto3.client(SERVICE, config=PATIENCE)


@cache
def dynamodb() -> Any:
    """The table's client, made once."""
    return boto3.client("dynamodb", config=Config(connect_timeout=5, read_timeout=30))
