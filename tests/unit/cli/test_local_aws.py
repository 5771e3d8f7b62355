"""The emulated account: what it keeps of what went through it."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policy_monitor_cli.local_aws import LocalAws, local_aws

ACCOUNT = "123456789012"
ABSENT = "attribute_not_exists(pk)"


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(ACCOUNT) as made:
        made.client("dynamodb").create_table(
            TableName="table",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        yield made


def transact(aws: LocalAws, *names: str, condition: str = ABSENT) -> None:
    aws.client("dynamodb").transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "table", "Item": row(name), "ConditionExpression": condition}}
            for name in names
        ]
    )


def row(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def held(kind: str) -> int:
    """How many objects of moto's tables there are in this process."""
    gc.collect()
    return sum(
        type(each).__name__ == kind and type(each).__module__.startswith("moto.dynamodb")
        for each in gc.get_objects()
    )


def test_of_a_table_that_was_written_to_there_is_one_and_no_copy(aws: LocalAws) -> None:
    for number in range(5):
        transact(aws, f"one-{number}", f"two-{number}")
    assert held("Table") == 1
    assert held("StreamRecord") == 10


def test_a_transaction_that_is_refused_leaves_the_table_and_its_stream_as_they_were(
    aws: LocalAws,
) -> None:
    transact(aws, "held")
    with pytest.raises(ClientError, match="TransactionCanceled"):
        transact(aws, "new", "held")
    assert aws.client("dynamodb").scan(TableName="table")["Items"] == [row("held")]
    streams = aws.client("dynamodbstreams")
    (stream,) = streams.list_streams(TableName="table")["Streams"]
    (shard,) = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["dynamodb"]["Keys"] for record in records] == [row("held")]
