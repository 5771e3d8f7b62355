"""What the ledger on DynamoDB does beyond the contract: AWS's limits, contention, refusals."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY, Stubber
from tests.contract.ledgers import (
    ACCOUNT,
    TABLE,
    a_checkpoint,
    a_finding,
    a_genesis,
    a_mutation,
    after,
    dynamodb,
    first,
    large_document,
)

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.adapters.table import Table
from policy_monitor.documents import digest
from policy_monitor.errors import (
    InputError,
    LedgerMovedError,
    PolicyMonitorError,
    RetryableError,
)
from policy_monitor.ledger import AnnouncementKey
from policy_monitor.mutations import Document
from policy_monitor.records import mutation_json

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# DynamoDB's limits, as the API reference and "Service, account, and table quotas" state them.
MAX_ITEM = 400 * 1024
MAX_TRANSACTION = 4 * 1024 * 1024
MAX_ACTIONS = 100


@pytest.fixture
def client() -> Iterator["DynamoDBClient"]:
    with dynamodb() as emulated:
        yield emulated


@pytest.fixture
def stubbed() -> Iterator[tuple[DynamoDBLedger, Stubber, list[float]]]:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    pauses: list[float] = []
    with Stubber(client) as stubber:
        yield DynamoDBLedger(client, TABLE, ACCOUNT, sleep=pauses.append), stubber, pauses


def cancelled(stubber: Stubber, *codes: str, items: dict[int, Any] | None = None) -> None:
    """Have the next transaction cancelled for these reasons."""
    reasons = [
        {"Code": code} | ({"Item": items[place]} if items and place in items else {})
        for place, code in enumerate(codes)
    ]
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons",
        400,
        expected_params=None,
        modeled_fields={"CancellationReasons": reasons},
    )


def size(value: Any) -> int:
    """The bytes of attribute values, counted without regard to the code under test."""
    if isinstance(value, dict):
        return sum(len(name) + size(member) for name, member in value.items())
    if isinstance(value, list):
        return sum(1 + size(member) for member in value)
    return len(value.encode() if isinstance(value, str) else value) if value else 1


def spy(client: "DynamoDBClient") -> list[dict[str, Any]]:
    """The arguments of all writes from now on."""
    calls: list[dict[str, Any]] = []
    for operation in ("TransactWriteItems", "PutItem", "UpdateItem"):
        client.meta.events.register(
            f"provide-client-params.dynamodb.{operation}",
            lambda params, **_: calls.append(params),
        )
    return calls


def assert_within_limits(calls: list[dict[str, Any]]) -> None:
    for call in calls:
        actions = [next(iter(a.values())) for a in call.get("TransactItems", ())] or [call]
        parts = ("Item", "Key", "ExpressionAttributeValues")
        sizes = [sum(size(a.get(part, {})) for part in parts) for a in actions]
        keys = [str(a.get("Key") or (a["Item"]["pk"], a["Item"]["sk"])) for a in actions]
        assert len(actions) <= MAX_ACTIONS
        assert sum(sizes) <= MAX_TRANSACTION
        assert max(sizes) <= MAX_ITEM
        assert len(set(keys)) == len(keys)


def test_every_write_stays_within_the_limits_of_aws(client: "DynamoDBClient") -> None:
    calls = spy(client)
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    documents = {digest(d): d for d in (large_document(kb) for kb in (150, 400, 1500))}
    noise = {"text": str(large_document(10))}

    ledger.put_genesis(a_genesis(), documents)
    ledger.append(a_mutation(1), documents)
    pairs = [first(a_finding(number, comparison=noise)) for number in range(60)]
    ledger.record(2, pairs)
    pairs = [after(current, a_finding(n, "mixed")) for n, (_, current) in enumerate(pairs)]
    ledger.record(2, pairs)

    assert ledger.snapshot().current == {current.slot: current for _, current in pairs}
    assert len(calls) > 10
    assert_within_limits(calls)


def test_findings_too_large_for_one_transaction_are_split(client: "DynamoDBClient") -> None:
    calls = spy(client)
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    noise = {"text": str(large_document(400))}

    ledger.record(0, [first(a_finding(number, comparison=noise)) for number in range(40)])

    transactions = [call for call in calls if "TransactItems" in call]
    assert 1 < len(transactions) < 10
    assert_within_limits(transactions)


def test_every_transaction_of_a_series_is_guarded(client: "DynamoDBClient") -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    rival = DynamoDBLedger(client, TABLE, ACCOUNT)
    ledger.append(a_mutation(1), {})
    first_transaction = True

    def append_after_the_first(**_: Any) -> None:
        nonlocal first_transaction
        if first_transaction:
            first_transaction = False
            rival.append(a_mutation(2), {})

    client.meta.events.register("after-call.dynamodb.TransactWriteItems", append_after_the_first)
    with pytest.raises(LedgerMovedError):
        ledger.record(1, [first(a_finding(number)) for number in range(100)])

    assert 0 < len(ledger.snapshot().current) < 100


def test_appending_waits_while_another_transaction_holds_the_head(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, pauses = stubbed
    cancelled(stubber, "None", "TransactionConflict")
    cancelled(stubber, "ThrottlingError", "None")
    stubber.add_response("transact_write_items", {})

    assert ledger.append(a_mutation(1), {}) is True
    assert len(pauses) == 2
    assert all(0 <= pause <= 2 for pause in pauses)


def test_contention_without_end_is_retryable_after_a_bounded_wait(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, pauses = stubbed
    for _ in range(10):
        cancelled(stubber, "None", "TransactionConflict")

    with pytest.raises(RetryableError, match="table ledger"):
        ledger.append(a_mutation(1), {})

    assert len(pauses) == 9
    assert sum(pauses) < 10
    stubber.assert_no_pending_responses()


def test_what_was_there_already_is_told_apart_from_a_conflict(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, pauses = stubbed
    cancelled(stubber, "ConditionalCheckFailed", "TransactionConflict")

    assert ledger.append(a_mutation(1), {}) is False
    assert pauses == []


def test_a_transaction_refused_for_another_reason_is_not_retried(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, _ = stubbed
    cancelled(stubber, "ValidationError", "TransactionConflict")

    with pytest.raises(PolicyMonitorError, match="TransactWriteItems") as refusal:
        ledger.append(a_mutation(1), {})

    assert not isinstance(refusal.value, RetryableError)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("ProvisionedThroughputExceededException", 400),
        ("RequestLimitExceeded", 400),
        ("InternalServerError", 500),
        ("SomethingNew", 503),
    ],
)
def test_throttling_and_outages_are_retryable(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]], code: str, status: int
) -> None:
    ledger, stubber, _ = stubbed
    stubber.add_client_error("transact_write_items", code, "later", status)

    with pytest.raises(RetryableError, match=f"dynamodb:TransactWriteItems: {code}"):
        ledger.append(a_mutation(1), {})


def test_no_connection_is_retryable(client: "DynamoDBClient") -> None:
    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="dynamodb")

    client.meta.events.register("before-call.dynamodb.GetItem", fail)

    with pytest.raises(RetryableError, match="table ledger"):
        DynamoDBLedger(client, TABLE, ACCOUNT).snapshot()


def test_a_denial_names_the_action_and_the_table(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, _ = stubbed
    stubber.add_client_error("get_item", "AccessDeniedException", "no", 400)

    with pytest.raises(PolicyMonitorError, match="table ledger: dynamodb:GetItem was denied"):
        ledger.snapshot()


def test_a_missing_table_is_named(client: "DynamoDBClient") -> None:
    with pytest.raises(PolicyMonitorError, match="table elsewhere: dynamodb:GetItem"):
        DynamoDBLedger(client, "elsewhere", ACCOUNT).snapshot()


def test_marking_waits_while_an_append_holds_the_head(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, pauses = stubbed
    stubber.add_client_error("update_item", "TransactionConflictException", "busy", 400)
    stubber.add_response("update_item", {})

    ledger.mark_derived(3)

    assert len(pauses) == 1
    stubber.assert_no_pending_responses()


def test_rows_that_were_not_read_are_asked_for_again(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, pauses = stubbed
    keys = [{"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": f"DOCUMENT#{n}"}} for n in "ab"]
    rows = [key | {"body": {"S": '{"Statement": []}'}} for key in keys]
    for unread in (keys, keys[1:]):
        stubber.add_response(
            "batch_get_item",
            {
                "Responses": {TABLE: [] if unread == keys else rows[:1]},
                "UnprocessedKeys": {TABLE: {"Keys": unread, "ConsistentRead": True}},
            },
            {"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": True}}},
        )
    stubber.add_response(
        "batch_get_item",
        {"Responses": {TABLE: rows[1:]}, "UnprocessedKeys": {}},
        {"RequestItems": {TABLE: {"Keys": keys[1:], "ConsistentRead": True}}},
    )

    assert ledger.documents("ab") == {"a": {"Statement": []}, "b": {"Statement": []}}
    assert len(pauses) == 1


def test_rows_that_are_never_read_are_retryable(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, _ = stubbed
    key = {"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": "DOCUMENT#a"}}
    for _ in range(10):
        stubber.add_response(
            "batch_get_item",
            {"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": [key]}}},
        )

    with pytest.raises(RetryableError, match="1 rows unread"):
        ledger.documents("a")


def head(seq: int) -> dict[str, Any]:
    return {"Item": {"schema": {"N": "1"}, "seq": {"N": str(seq)}}}


def test_a_snapshot_waits_for_a_fact_that_the_head_counts_already(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    ledger, stubber, pauses = stubbed
    row = {
        "sk": {"S": f"MUTATION#{a_mutation(1).key}"},
        "body": {"S": json.dumps(mutation_json(a_mutation(1)))},
    }
    for rows in ([], [row]):
        stubber.add_response("get_item", head(1))
        stubber.add_response("get_item", {})
        stubber.add_response("query", {"Items": rows})
    stubber.add_response("query", {"Items": []})

    assert ledger.snapshot().mutations == (a_mutation(1),)
    assert len(pauses) == 1


def test_a_fact_that_was_deleted_does_not_stop_the_ledger(client: "DynamoDBClient") -> None:
    pauses: list[float] = []
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT, sleep=pauses.append)
    for number in (1, 2):
        ledger.append(a_mutation(number), {})
    client.delete_item(
        TableName=TABLE,
        Key={"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": f"MUTATION#{a_mutation(1).key}"}},
    )

    assert ledger.snapshot().mutations == (a_mutation(2),)
    assert ledger.snapshot().seq == 2
    assert sum(pauses) < 1


def test_an_id_that_no_key_holds_is_bad_input(client: "DynamoDBClient") -> None:
    with pytest.raises(InputError, match=r"over 1024 bytes"):
        DynamoDBLedger(client, TABLE, ACCOUNT).append(a_mutation(1, event_id="x" * 1100), {})


def test_a_document_whose_chunk_is_gone_says_what_to_do(client: "DynamoDBClient") -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    document: Document = large_document(1500)
    ledger.append(a_mutation(1), {digest(document): document})
    rows = client.scan(TableName=TABLE)["Items"]
    chunk = next(row for row in rows if row["sk"]["S"].startswith("CHUNK#"))
    client.delete_item(TableName=TABLE, Key={"pk": chunk["pk"], "sk": chunk["sk"]})

    with pytest.raises(InputError, match="is missing; restore it"):
        ledger.documents([digest(document)])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"body": '{"schema": 2}'}, id="of a newer version"),
        pytest.param({"body": ["CHUNK#gone"]}, id="a part of it is gone"),
    ],
)
def test_a_checkpoint_that_cannot_be_read_is_none(
    client: "DynamoDBClient", spoil: dict[str, Any]
) -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    ledger.keep(a_checkpoint(1))
    assert ledger.checkpoint() is not None
    Table(client, TABLE, f"ACCOUNT#{ACCOUNT}").put("CHECKPOINT", spoil)

    assert ledger.checkpoint() is None


def test_a_current_row_tells_announce_all_it_needs(client: "DynamoDBClient") -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    _, row = first(a_finding(1))
    ledger.record(0, [first(a_finding(1))])
    ledger.record(0, [after(row, a_finding(1, "mixed"))])

    rows = client.scan(TableName=TABLE)["Items"]
    (current,) = (row for row in rows if row["sk"]["S"].startswith("CURRENT#"))

    assert current == {
        "pk": {"S": f"ACCOUNT#{ACCOUNT}"},
        "sk": {"S": f"CURRENT#{a_finding(1).slot}"},
        "schema": {"N": "1"},
        "slot": {"S": a_finding(1).slot},
        "finding_id": {"S": "1-mixed"},
        "revision": {"N": "2"},
        "previous": {"S": "1-expansion"},
    }


def test_the_outbox_waits_for_nobody_and_maps_refusals() -> None:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    with Stubber(client) as stubber:
        stubber.add_client_error("update_item", "ThrottlingException", "later", 400)
        with pytest.raises(RetryableError, match="dynamodb:UpdateItem"):
            DynamoDBOutbox(client, TABLE, ACCOUNT).begin(AnnouncementKey("f", 1, "sns"))


def test_parameters_are_valid_for_the_real_api(
    stubbed: tuple[DynamoDBLedger, Stubber, list[float]],
) -> None:
    """botocore checks types and lengths against the service's own model."""
    ledger, stubber, _ = stubbed
    stubber.add_response("put_item", {})
    stubber.add_response("transact_write_items", {}, {"TransactItems": ANY})
    stubber.add_response("transact_write_items", {}, {"TransactItems": ANY})

    ledger.append(a_mutation(1), {"0" * 64: {"Statement": []}})
    ledger.record(1, [first(a_finding(1))])

    stubber.assert_no_pending_responses()
