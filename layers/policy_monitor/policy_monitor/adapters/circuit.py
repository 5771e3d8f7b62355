"""A circuit breaker before a channel: an outage costs one probe at a time.

Powertools' breaker keeps its state as a row of the ledger's table, so that all processes of a
function know it. Where the row cannot be read, messages go out as if there were no breaker.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
    CircuitBreakerDynamoDBPersistence,
    CircuitBreakerPersistenceLayer,
)

from policy_monitor.announcement import Channel
from policy_monitor.errors import OutageError, UncertainDeliveryError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

RECOVERY_SECONDS = 30
"""How long nothing is tried after a failure: less than Lambda waits before its first retry."""

_CONFIG = CircuitBreakerConfig(
    # A channel's own handlers have tried several times by then.
    failure_threshold=1,
    success_threshold=1,
    recovery_timeout=RECOVERY_SECONDS,
    handled_exceptions=(OutageError, UncertainDeliveryError),
    local_cache_max_age=1,
)


def circuits(
    client: "DynamoDBClient", table_name: str, account: str
) -> CircuitBreakerDynamoDBPersistence:
    """Where the state of an account's circuits is kept: ``CIRCUIT#channel`` in its partition.

    Actions to allow on the table: ``dynamodb:GetItem``, ``PutItem``, ``UpdateItem``.
    """
    return CircuitBreakerDynamoDBPersistence(
        table_name,
        key_attr="pk",
        static_pk_value=f"ACCOUNT#{account}",
        sort_key_attr="sk",
        boto3_client=client,
    )


class Guarded:
    """A channel that is left alone while it is out of order, but for one probe at a time.

    A message that a channel refuses says nothing of the next: refusals do not count.
    """

    def __init__(self, channel: Channel, store: CircuitBreakerPersistenceLayer) -> None:
        self.name = channel.name
        guard = circuit_breaker(f"CIRCUIT#{channel.name}", store, config=_CONFIG)
        self._send = guard(channel.send)

    def send(self, message: Mapping[str, Any]) -> None:
        """See `Channel.send`.

        Raises
        ------
        OutageError
            The channel was out of order a moment ago: nothing was sent.
        """
        try:
            self._send(message)
        except CircuitBreakerOpenError:
            raise OutageError(
                f"{self.name}: out of order less than {RECOVERY_SECONDS} seconds ago, not tried; "
                "try again later"
            ) from None
