"""reconcile: record the baseline, find what no event told of, and look to the monitor's senses."""

from policy_monitor import cold_start

# isort: split
import os
from collections.abc import Iterable
from functools import cache
from time import sleep
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from policy_monitor.adapters.clock import now
from policy_monitor.adapters.cloudtrail import CloudTrailHistory, CloudTrailTrails
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.iam import AwsIam
from policy_monitor.adapters.notebook import DynamoDBNotebook
from policy_monitor.adapters.secrets import mask_key
from policy_monitor.adapters.wiring import AwsWiring
from policy_monitor.adapters.workings import AwsWorkings
from policy_monitor.deployment import stack_of
from policy_monitor.mutations import Documents
from policy_monitor.observation import Instruments, Watch
from policy_monitor.ordering import Wider
from policy_monitor.reconciliation import Reconciled, reconcile
from policy_monitor.recorded_call import partition
from policy_monitor.settings import Settings
from policy_monitor.vigilance import Check, checks
from policy_monitor.workings import expected_of, working_checks

cold_start.imported()
logger = Logger()
metrics = Metrics()

# CloudTrail allows two look-ups a second: the SDK slows down where somebody else looks, too.
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "adaptive"})


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 (Lambda's signature)
    """Reconcile this account once; the next run does what a failed one did not."""
    _, _, _, region, account, *_ = context.invoked_function_arn.split(":")
    key = mask_key(os.environ["MASK_KEY_SECRET"])
    watch = Watch(account, region, settings(), key, wider)
    result = reconcile(instruments(account, region), watch)
    count(result)
    report(result)


def count(result: Reconciled) -> None:
    """Count what the alarms are about; a zero each quarter of an hour would be paid for, too."""
    metrics.add_metric(name="BlindSenses", unit=MetricUnit.Count, value=len(result.blind))
    if result.unreadable:
        metrics.add_metric(name="UnreadableEvents", unit=MetricUnit.Count, value=result.unreadable)
    if result.unjudged:
        metrics.add_metric(name="UnjudgedFacts", unit=MetricUnit.Count, value=result.unjudged)


def report(result: Reconciled) -> None:
    """Log what a run came to."""
    if result.genesis is not None:
        state = result.genesis.state
        roles, policies = len(state.roles), len(state.policies)
        logger.info("baseline", read_at=result.genesis.read_at, roles=roles, policies=policies)
    for mutation in (*result.found, *result.recorded):
        logger.info("recorded", mutation=mutation.key, event_name=mutation.event_name)
    for sense, reason in result.blind.items():
        logger.warning("sense lost", sense=sense, reason=reason)
    logger.info("reconciled", waiting=result.waiting, blind=len(result.blind))


def instruments(account: str, region: str) -> Instruments:
    """What this account is read and written by."""
    table = os.environ["TABLE_NAME"]
    return Instruments(
        ledger=DynamoDBLedger(client("dynamodb"), table, account),
        notebook=DynamoDBNotebook(client("dynamodb"), table, account),
        iam=AwsIam(client("iam")),
        history=event_history(),
        checks=lambda: sense_checks(account, region),
        now=now,
    )


def event_history() -> CloudTrailHistory:
    """CloudTrail's event history; what is left of its calls is this run's."""
    return CloudTrailHistory(client("cloudtrail"), sleep=sleep)


def sense_checks(account: str, region: str) -> Iterable[Check]:
    """The checks of what this stack hears and speaks through."""
    stack, parts = stack_of(os.environ), settings().parts
    wiring = AwsWiring(client("events"), client("sqs"), client("sns"))
    workings = AwsWorkings(client("lambda"))
    trails = CloudTrailTrails(client("cloudtrail"), account)
    place = f"{partition(region)}:{region}:{account}"
    return (
        *checks(stack, wiring, trails, account, region),
        *working_checks(expected_of(os.environ, stack, parts), workings, wiring, place),
    )


def wider(documents: Documents) -> Wider:
    """What decides between two orders of calls: the engine, which few runs need."""
    from policy_monitor import catalogue, derivation  # noqa: PLC0415 (they load iamdiff)

    return derivation.wider(documents, settings(), catalogue.load())


@cache
def settings() -> Settings:
    """The functions' settings, read once."""
    return Settings.from_environment(os.environ)


@cache
def client(service: Any) -> Any:
    """A client of a service, made once."""
    return boto3.client(service, config=_CONFIG)
