"""One partition of a DynamoDB table: rows in, rows out, and patience where others write too."""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import code, fault
from policy_monitor.adapters.items import Item, item, typed, typed_bytes
from policy_monitor.errors import PolicyMonitorError, RetryableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# API reference, TransactWriteItems: at most 100 actions and 4 MB together, no two on one item. The
# rest of the 4 MB is left for what our count of bytes may miss.
MAX_ACTIONS = 100
MAX_TRANSACTION_BYTES = 3_500_000
_MAX_BATCH_KEYS = 100

# Cancellation reasons of TransactWriteItems that pass; `None` is that of an action without fault.
_PASSING = frozenset(
    {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
_CONDITION_FAILED = "ConditionalCheckFailed"

# A burst makes many writers meet at HEAD: each waits a random time, longer with each attempt, some
# five seconds in all. After that the event goes back to its queue, which has more patience.
_ATTEMPTS = 10
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0

# Sort keys are compared by the bytes of their UTF-8, which is the order of code points.
_BEHIND_SEPARATOR = chr(ord("#") + 1)
_LAST = chr(0x10FFFF)

type Action = dict[str, Any]
"""One action of a transaction, as the API takes it."""


class ConditionFailedError(PolicyMonitorError):
    """A write's condition did not hold; nothing was written.

    Attributes
    ----------
    failed : Mapping[int, Item]
        By the place of the action in its transaction: the row as it stood (empty: no row).
    """

    def __init__(self, message: str, failed: Mapping[int, Item]) -> None:
        super().__init__(message)
        self.failed = failed


class Table:
    """The rows of one partition; every read is strongly consistent.

    Parameters
    ----------
    client : DynamoDBClient
        boto3's low-level client.
    name, partition : str
        The table, and the value of `pk` of all rows read and written here.
    sleep : Callable[[float], None]
        Waits so many seconds.

    Raises
    ------
    RetryableError
        Every method: the table was throttled, out of reach, or others wrote all the time.
    PolicyMonitorError
        Every method: the call was denied or refused.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        partition: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self.name = name
        self._partition = partition
        self._sleep = sleep

    def get(self, key: str) -> Item | None:
        """One row, None where there is none."""
        answer = self._call(
            "get_item", TableName=self.name, Key=self._key(key), ConsistentRead=True
        )
        return item(answer["Item"]) if "Item" in answer else None

    def put(self, key: str, row: Item) -> None:
        """Write a row, whatever stood there."""
        self._call("put_item", TableName=self.name, Item=self._row(key, row))

    def update(self, key: str, expression: str, **guard: Any) -> Item | None:
        """Change a row as `updating` does; the answer is the row as it stood, None: no row.

        Raises
        ------
        ConditionFailedError
            The condition did not hold.
        """
        action = self.updating(key, expression, **guard)["Update"]
        answer = self._call("update_item", **action, ReturnValues="ALL_OLD")
        return item(answer["Attributes"]) if answer.get("Attributes") else None

    def query(self, prefix: str, after: str | None = None) -> Iterator[Item]:
        """All rows whose sort key begins with `prefix`, by sort key.

        With `after` those whose next part, up to its ``#``, is greater than this one.
        """
        first = prefix if after is None else prefix + after + _BEHIND_SEPARATOR
        start: dict[str, Any] = {}
        while True:
            page = self._call(
                "query",
                TableName=self.name,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues=typed(
                    {":pk": self._partition, ":first": first, ":last": prefix + _LAST}
                ),
                ConsistentRead=True,
                **start,
            )
            yield from (item(row) for row in page["Items"])
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def get_all(self, keys: Iterable[str]) -> Iterator[Item]:
        """The rows of some sort keys, in any order; one that is not there is left out."""
        waiting = [self._key(key) for key in dict.fromkeys(keys)]
        pauses = _pauses()
        while waiting:
            asked = waiting[:_MAX_BATCH_KEYS]
            request = {self.name: {"Keys": asked, "ConsistentRead": True}}
            answer = self._call("batch_get_item", RequestItems=request)
            yield from (item(row) for row in answer["Responses"].get(self.name, ()))
            # An answer holds a megabyte of a partition at most; what is over is asked for again.
            unread = answer["UnprocessedKeys"].get(self.name, {}).get("Keys", [])
            if len(unread) < len(asked):
                pauses = _pauses()
            elif (pause := next(pauses, None)) is None:
                raise RetryableError(f"table {self.name}: {len(unread)} rows unread; try again")
            else:
                self._sleep(pause)
            waiting = unread + waiting[_MAX_BATCH_KEYS:]

    def transact(self, actions: Sequence[Action]) -> None:
        """Do all actions or none, waiting while other transactions hold one of the rows.

        Raises
        ------
        ConditionFailedError
            Conditions did not hold; `failed` tells which.
        """
        self._call("transact_write_items", TransactItems=list(actions))

    def putting(self, key: str, row: Item, **guard: Any) -> Action:
        """The action that writes a row; `guard` is `condition` and its `values`."""
        return {"Put": {"TableName": self.name, "Item": self._row(key, row), **_guarded(**guard)}}

    def updating(self, key: str, expression: str, **guard: Any) -> Action:
        """The action that changes a row; `values` are those of `expression` and `condition`."""
        details = {"TableName": self.name, "Key": self._key(key), "UpdateExpression": expression}
        return {"Update": details | _guarded(expression, **guard)}

    def checking(self, key: str, **guard: Any) -> Action:
        """The action that writes nothing and stops the others unless its condition holds."""
        details = {"TableName": self.name, "Key": self._key(key)}
        return {"ConditionCheck": details | _guarded(**guard)}

    def _key(self, key: str) -> dict[str, Any]:
        return typed({"pk": self._partition, "sk": key})

    def _row(self, key: str, row: Item) -> dict[str, Any]:
        return self._key(key) | typed(row)

    def _call(self, operation: str, **arguments: Any) -> Any:
        call = getattr(self._client, operation)
        for pause in (*_pauses(), None):
            try:
                return call(**arguments)
            except BotoCoreError as error:
                raise self._fault(error) from error
            except ClientError as error:
                # botocore has waited for throttling and outages already; it does not for these.
                if pause is None or not _is_contention(error):
                    raise self._fault(error) from error
                self._sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _fault(self, error: ClientError | BotoCoreError) -> PolicyMonitorError:
        thing = f"table {self.name}"
        if not isinstance(error, ClientError):
            return fault(error, service="dynamodb", thing=thing)
        reasons = _reasons(error)
        failed = {
            place: item(reason.get("Item", {}))
            for place, reason in enumerate(reasons)
            if reason.get("Code") == _CONDITION_FAILED
        }
        if failed:
            return ConditionFailedError(f"{thing}: a condition did not hold", failed)
        if reasons and _is_contention(error):
            return RetryableError(f"{thing}: others wrote the same rows all the time; try again")
        return fault(error, service="dynamodb", thing=thing)


def transactions(groups: Iterable[Sequence[Action]], guard: Action) -> Iterator[Sequence[Action]]:
    """Pack groups of actions, each whole, into transactions within AWS's limits, guarded each."""
    actions, size = [guard], _action_bytes(guard)
    for group in groups:
        more = sum(_action_bytes(action) for action in group)
        if len(actions) + len(group) > MAX_ACTIONS or size + more > MAX_TRANSACTION_BYTES:
            yield actions
            actions, size = [guard], _action_bytes(guard)
        actions += group
        size += more
    if len(actions) > 1:
        yield actions


def _action_bytes(action: Action) -> int:
    (details,) = action.values()
    return sum(
        typed_bytes(details.get(part, {})) for part in ("Item", "Key", "ExpressionAttributeValues")
    )


def _pauses() -> Iterator[float]:
    """How long to wait before each further attempt ("full jitter")."""
    for attempt in range(_ATTEMPTS - 1):
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
        yield random.uniform(0, longest)  # noqa: S311  spreads attempts; guards no secret


def _reasons(error: ClientError) -> Sequence[Mapping[str, Any]]:
    """Why each action of a call failed; a call of one action is told like a transaction of one."""
    response: Mapping[str, Any] = error.response
    if code(error) == "ConditionalCheckFailedException":
        return [{"Code": _CONDITION_FAILED, "Item": response.get("Item", {})}]
    if code(error) == "TransactionConflictException":
        return [{"Code": "TransactionConflict"}]
    reasons: Sequence[Mapping[str, Any]] = response.get("CancellationReasons", [])
    return reasons


def _is_contention(error: ClientError) -> bool:
    codes = {reason.get("Code", "None") for reason in _reasons(error)}
    return bool(codes - {"None"}) and codes <= _PASSING


def _guarded(
    expression: str = "", *, condition: str = "", values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A condition with the names (``#name`` stands for ``name``) and values of both expressions."""
    names = {mark: mark[1:] for mark in re.findall(r"#\w+", f"{expression} {condition}")}
    guard: dict[str, Any] = {}
    if condition:
        guard |= {
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    if names:
        guard["ExpressionAttributeNames"] = names
    if values:
        guard["ExpressionAttributeValues"] = typed(values)
    return guard
