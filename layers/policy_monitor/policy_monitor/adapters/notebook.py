"""The note that a run of reconcile leaves to the next, as a row of the ledger's table."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from policy_monitor.adapters.items import pack, unpack
from policy_monitor.adapters.table import Table
from policy_monitor.errors import InputError
from policy_monitor.notebook import Note
from policy_monitor.records import note_json, read_note

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOTE = "NOTE"
"""The row's sort key; no filter of the stream lets it through."""


class DynamoDBNotebook:
    """`policy_monitor.notebook.Notebook` on the ledger's table; parameters as those of the ledger.

    Notes
    -----
    Actions to allow on the table: ``dynamodb:GetItem``, ``BatchGetItem``, ``PutItem``.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        account: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = Table(client, table_name, f"ACCOUNT#{account}", sleep=sleep)

    def last(self) -> Note | None:
        """See `Notebook.last`; a note that this version cannot read is as good as none."""
        row = self._table.get(NOTE)
        if row is None:
            return None
        body = row["body"]
        keys = body if isinstance(body, list) else []
        chunks = {chunk["sk"]: chunk["body"] for chunk in self._table.get_all(keys)}
        try:
            return read_note(unpack(body, chunks))
        except InputError:
            return None

    def write(self, note: Note) -> None:
        """See `Notebook.write`."""
        body = pack(note_json(note))
        for key, chunk in body.chunks.items():
            self._table.put(key, {"body": chunk})
        self._table.put(NOTE, {"body": body.value})


class MemoryNotebook:
    """`policy_monitor.notebook.Notebook` in memory."""

    def __init__(self) -> None:
        self._note: Note | None = None

    def last(self) -> Note | None:
        """See `Notebook.last`."""
        return self._note

    def write(self, note: Note) -> None:
        """See `Notebook.write`."""
        self._note = note
