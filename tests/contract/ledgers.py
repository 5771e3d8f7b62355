"""Ledgers to test with, and records to put into them."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from moto import mock_aws

from policy_monitor.findings import (
    DocumentVersion,
    Finding,
    FindingKind,
    Severity,
    Subject,
    SubjectType,
)
from policy_monitor.ledger import Checkpoint, Current, Genesis
from policy_monitor.mutations import (
    Actor,
    ActorKind,
    Document,
    Mutation,
    MutationKind,
    PolicyAttached,
)
from policy_monitor.state import AccountState, RoleState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLE = "ledger"
ACCOUNT = "123456789012"
NEWER = (
    "table ledger: a newer version of policy-monitor writes it (schema 2, and this one knows 1); "
    "use the newer one"
)
"""What is said of a table that is written by version 2."""
ROLE = "astronomer-remote-management"


@contextmanager
def dynamodb() -> Iterator["DynamoDBClient"]:
    """A client of an emulated DynamoDB with the ledger's table."""
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        make_table(client)
        yield client


def make_table(client: "DynamoDBClient", name: str = TABLE) -> None:
    """The ledger's table, keyed as in the template."""
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def written_by(client: "DynamoDBClient", schema: int) -> None:
    """Have another version write the table."""
    client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": "HEAD"}},
        UpdateExpression="SET #schema = :schema",
        ExpressionAttributeNames={"#schema": "schema"},
        ExpressionAttributeValues={":schema": {"N": str(schema)}},
    )


def a_mutation(number: int, **details: Any) -> Mutation:
    """The attachment of policy number `number`, that many seconds past midnight."""
    minutes, seconds = divmod(number, 60)
    policy = f"arn:aws:iam::{ACCOUNT}:policy/P{number}"
    return Mutation(
        **{
            "time": f"2026-11-22T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z",
            "event_id": f"event-{number}",
            "event_name": "AttachRolePolicy",
            "account": ACCOUNT,
            "region": "us-east-1",
            "actor": Actor(ActorKind.VENDOR, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/x"),
            "kind": MutationKind.CHANGE,
            "changes": (PolicyAttached(ROLE, policy, "v1", f"{number:064x}"),),
            "target": ROLE,
            **details,
        }
    )


def a_genesis(**roles: RoleState) -> Genesis:
    """A baseline of these roles, or of the watched role without policies."""
    watched = {ROLE: RoleState(ROLE, f"arn:aws:iam::{ACCOUNT}:role/{ROLE}")}
    return Genesis("2026-11-22T00:00:00Z", AccountState(roles=roles or watched, complete=True))


def a_checkpoint(through: int, **roles: RoleState) -> Checkpoint:
    """A checkpoint through `a_mutation(through)`."""
    return Checkpoint(
        edition="first",
        through=a_mutation(through).time,
        facts=1 + through,
        state=a_genesis(**roles).state,
        doubts=frozenset({("made", "arn", "v1"), ("inline", ROLE, "name", "a" * 64)}),
    )


def a_finding(number: int, verdict: str = "expansion", **details: Any) -> Finding:
    """The finding of `a_mutation(number)`, one for each verdict."""
    mutation = a_mutation(number)
    return Finding(
        **{
            "finding_id": f"{number}-{verdict}",
            "event_id": mutation.event_id,
            "event_name": mutation.event_name,
            "time": mutation.time,
            "account": ACCOUNT,
            "region": "us-east-1",
            "subject": Subject(SubjectType.ROLE, f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
            "kind": FindingKind.CHANGE,
            "verdict": verdict,
            "severity": Severity.INFO if verdict == "equivalent" else Severity.HIGH,
            "severity_reasons": (),
            "actor": mutation.actor,
            "summary": f"{ROLE} can do more.",
            "comparison": {"schema": "policy-monitor/comparison/1", "verdict": verdict},
            "before": DocumentVersion(None, "a" * 64),
            "after": DocumentVersion(None, "b" * 64),
            **details,
        }
    )


def first(finding: Finding, **details: Any) -> tuple[Finding, Current]:
    """A finding with the row that makes it the first of its slot."""
    return finding, Current(finding.slot, finding.finding_id, revision=1, **details)


def after(previous: Current, finding: Finding) -> tuple[Finding, Current]:
    """A finding with the row that puts it in the place of another."""
    revision = previous.revision + 1
    return finding, Current(finding.slot, finding.finding_id, revision, previous.finding_id)


def large_document(kilobytes: int) -> Document:
    """A document that compresses badly."""
    noise = random.Random(kilobytes)  # noqa: S311  a reproducible document, no secret
    names = [f"arn:aws:s3:::{noise.getrandbits(400):0100x}" for _ in range(kilobytes * 9)]
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": names}}
