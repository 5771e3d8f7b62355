"""The outbox: in the ledger's table a row for each announcement, how far it got and when."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from policy_monitor import versions
from policy_monitor.adapters.clock import now as time_now
from policy_monitor.adapters.items import Item, sort_key
from policy_monitor.adapters.table import ConditionFailedError, Table
from policy_monitor.ledger import Announcement, AnnouncementKey, AnnouncementState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoDBOutbox:
    """`policy_monitor.ledger.Outbox` on a table; parameters as those of the ledger.

    Parameters
    ----------
    now : Callable[[], str]
        The time, UTC to the second.

    Notes
    -----
    Actions to allow on the table: ``dynamodb:UpdateItem``, ``Query``.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        account: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], str] = time_now,
    ) -> None:
        self._table = Table(client, table_name, f"ACCOUNT#{account}", sleep=sleep)
        self._now = now

    def begin(self, key: AnnouncementKey) -> AnnouncementState:
        """See `Outbox.begin`."""
        try:
            row = self._set(
                key,
                AnnouncementState.STARTED,
                condition="attribute_not_exists(#state) OR #state IN (:new, :started)",
                values={":new": AnnouncementState.NEW, ":started": AnnouncementState.STARTED},
            )
        except ConditionFailedError as error:
            return AnnouncementState(error.failed[0]["state"])
        return AnnouncementState(row["state"]) if row else AnnouncementState.NEW

    def finish(self, key: AnnouncementKey) -> None:
        """See `Outbox.finish`."""
        self._set(key, AnnouncementState.SENT)

    def abandon(self, key: AnnouncementKey) -> None:
        """See `Outbox.abandon`."""
        try:
            self._set(
                key,
                AnnouncementState.NEW,
                condition="#state = :started",
                values={":started": AnnouncementState.STARTED.value},
            )
        except ConditionFailedError:
            return  # it was sent after all, or never begun

    def skip(self, key: AnnouncementKey) -> None:
        """See `Outbox.skip`."""
        self._set(key, AnnouncementState.SAME)

    def announced(self, finding_id: str, channel: str, *, surely: bool = False) -> bool:
        """See `Outbox.announced`."""
        rows = self._table.query(sort_key("ANNOUNCEMENT", finding_id, ""))
        unknown = {AnnouncementState.NEW, *((AnnouncementState.STARTED,) if surely else ())}
        return any(
            row["sk"].endswith(f"#{channel}") and row["state"] not in unknown for row in rows
        )

    def announcements(self) -> Iterator[Announcement]:
        """See `Outbox.announcements`."""
        for row in self._table.query("ANNOUNCEMENT#"):
            state = AnnouncementState(row["state"])
            if state is not AnnouncementState.NEW:
                _, finding_id, revision, channel = row["sk"].split("#")
                key = AnnouncementKey(finding_id, int(revision), channel)
                yield Announcement(key, state, row["time"])

    def _set(
        self,
        key: AnnouncementKey,
        state: AnnouncementState,
        *,
        condition: str = "",
        values: Mapping[str, str] | None = None,
    ) -> Item | None:
        return self._table.update(
            sort_key("ANNOUNCEMENT", key.finding_id, str(key.revision), key.channel),
            "SET #state = :state, #schema = :schema, #time = :time",
            condition=condition,
            values={
                ":state": state.value,
                ":schema": versions.SCHEMA,
                ":time": self._now(),
                **(values or {}),
            },
        )
