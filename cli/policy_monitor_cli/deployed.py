"""The ledger of a deployed stack, reached with the caller's own credentials."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.faults import code, fault
from policy_monitor.adapters.notebook import DynamoDBNotebook
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.errors import InputError, PolicyMonitorError
from policy_monitor_report.report import Records

TABLE_OUTPUT = "TableName"
"""The template's output that names the ledger."""

_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
_ACCOUNT = re.compile(r"arn:[^:]+:dynamodb:[^:]+:([0-9]{12}):table/")


def deployed(*, stack: str | None, table: str | None, region: str | None) -> Records:
    """The ledger of a stack, or a table that is one.

    Which actions to allow is told in docs/operations.md.

    Parameters
    ----------
    stack, table : str or None
        One of the two.
    region : str or None
        None: that of the environment or the AWS configuration.

    Raises
    ------
    InputError
        Neither or both are named, there is no such stack or table, or no credentials or region to
        ask with.
    PolicyMonitorError
        AWS did not answer, or denied it.
    """
    if (stack is None) == (table is None):
        raise InputError("name one of --stack and --table: where the ledger is")
    name = table or outputs_of(stack_description(str(stack), region))[TABLE_OUTPUT]
    client = client_of("dynamodb", region)
    thing = f"table {name}"
    where = f"in {client.meta.region_name}"
    missing = f"there is none {where}; name the stack's table, and its region with --region"
    with asking("dynamodb", thing, ResourceNotFoundException=missing):
        arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    told = _ACCOUNT.match(arn)
    if told is None:
        raise InputError(f"{thing}: its ARN {arn} names no account")
    at = (client, name, told[1])
    return Records(DynamoDBLedger(*at), DynamoDBOutbox(*at), DynamoDBNotebook(*at))


def caller(region: str | None, session: boto3.Session | None = None) -> str:
    """The ARN by which AWS knows the caller; asking takes no permission.

    Raises
    ------
    InputError
        There are no credentials, or none that work.
    PolicyMonitorError
        AWS did not answer.
    """
    client = client_of("sts", region, session)
    with asking("sts", "your identity"):
        return str(client.get_caller_identity()["Arn"])


def stack_description(
    stack: str, region: str | None, session: boto3.Session | None = None
) -> Mapping[str, Any]:
    """A stack of policy-monitor as DescribeStacks tells of it.

    Raises
    ------
    InputError
        There is no such stack, or it is another's.
    """
    client = client_of("cloudformation", region, session)
    thing = f"stack {stack}"
    where = f"in {client.meta.region_name}"
    missing = (
        f"there is none {where}; name it as in `aws cloudformation list-stacks`, and its region "
        "with --region"
    )
    # API reference, DescribeStacks: a stack that does not exist is a ValidationError.
    with asking("cloudformation", thing, ValidationError=missing):
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    if TABLE_OUTPUT not in outputs_of(found):
        raise InputError(f"{thing}: has no output {TABLE_OUTPUT}; it is none of policy-monitor's")
    told: Mapping[str, Any] = found
    return told


def outputs_of(description: Mapping[str, Any]) -> dict[str, str]:
    """The outputs of a stack's description, by name."""
    return {one["OutputKey"]: one["OutputValue"] for one in description.get("Outputs", [])}


def own_session() -> boto3.Session:
    """A session by the caller's own AWS configuration.

    Raises
    ------
    InputError
        AWS_PROFILE names a profile that there is not.
    """
    try:
        return boto3.Session()
    except ProfileNotFound as error:
        raise InputError(
            f"AWS configuration: {error}; `aws configure list-profiles` names those that there are"
        ) from error


def client_of(service: Any, region: str | None, session: boto3.Session | None = None) -> Any:
    """A client of a service, with the caller's own credentials.

    Parameters
    ----------
    session : boto3.Session or None
        One that several clients share, so that what they have in common is read once.

    Raises
    ------
    InputError
        No region is named or configured, or no profile as AWS_PROFILE says.
    """
    try:
        return (session or own_session()).client(service, region_name=region)
    except NoRegionError as error:
        raise InputError(
            "no AWS region is configured; give the stack's with --region, us-east-1 as a rule"
        ) from error
    except BotoCoreError as error:
        raise _unreachable(error, str(service), "AWS configuration") from error


@contextmanager
def asking(service: str, thing: str, **remedies: str) -> Iterator[None]:
    """Turn what goes wrong in a call into errors of ours; `remedies` tell of some codes."""
    try:
        yield
    except ClientError as error:
        if remedy := remedies.get(code(error)):
            raise InputError(f"{thing}: {remedy}") from error
        raise fault(error, service=service, thing=thing) from error
    except BotoCoreError as error:
        raise _unreachable(error, service, thing) from error


def _unreachable(error: BotoCoreError, service: str, thing: str) -> PolicyMonitorError:
    if isinstance(error, _NO_CREDENTIALS):
        return InputError(
            f"{thing}: no AWS credentials that work; set AWS_PROFILE or sign in (aws sso login)"
        )
    return fault(error, service=service, thing=thing)
