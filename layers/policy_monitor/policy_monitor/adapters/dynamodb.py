"""The ledger in a DynamoDB table: one partition an account.

====================================  =============================================================
sort key                              what the row is
====================================  =============================================================
HEAD                                  `schema` (`versions`), `seq` (how many facts), `derived`
GENESIS                               the baseline
MUTATION#time#event id                one fact
DOCUMENT#sha256                       a policy document, external ids masked
FINDING#slot#finding id               a finding, and its first CURRENT row; never changes
CURRENT#slot                          which finding holds for a slot now: what is announced
ANNOUNCEMENT#finding id#revision#channel  how far an announcement got, and when (`outbox`)
NOTICE#finding id                     the vendor's notice of what was found; never changes
OPINION#check                         an answer of Access Analyzer (`opinions`); never changes
CHECKPOINT                            the fold of the first facts: a cache, which may be deleted
CIRCUIT#channel                       whether a channel is out of order (`circuit`)
NOTE                                  what a run of reconcile leaves to the next (`notebook`)
CHUNK#sha256                          a part of a body that is too long for its row
====================================  =============================================================

A row that others point to (a document, a chunk) is written before what points to it, outside of
the transaction: it is content-addressed, so writing it again changes nothing, a death in between
leaves a row that nobody reads, and two appends that share a document do not conflict over it.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from policy_monitor import versions
from policy_monitor.adapters.head import Head
from policy_monitor.adapters.items import (
    CHECKPOINT,
    GENESIS,
    HEAD,
    Body,
    Item,
    chunk_keys,
    pack,
    short,
    sort_key,
    unpack,
)
from policy_monitor.adapters.table import Action, ConditionFailedError, Table, transactions
from policy_monitor.errors import InputError, LedgerMovedError
from policy_monitor.findings import Finding
from policy_monitor.ledger import (
    Checkpoint,
    Current,
    Genesis,
    Notice,
    Recorded,
    Snapshot,
)
from policy_monitor.mutations import Document, Documents, Mutation
from policy_monitor.opinions import Opinion
from policy_monitor.records import (
    checkpoint_json,
    current_json,
    finding_json,
    genesis_json,
    mutation_json,
    notice_json,
    opinion_json,
    read_checkpoint,
    read_current,
    read_finding,
    read_genesis,
    read_mutation,
    read_notice,
    read_opinion,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ABSENT = "attribute_not_exists(pk)"
_SNAPSHOT_ATTEMPTS = 5
_SNAPSHOT_PAUSE_SECONDS = 0.05

_FINDINGS_AT_ONCE = 50
"""How many findings are held while they are listed: each may be some 300 KB."""


class DynamoDBLedger:
    """`policy_monitor.ledger.Ledger` on a table.

    Parameters
    ----------
    client : DynamoDBClient
        boto3's low-level client, with timeouts that suit a function.
    table_name, account : str
        The table, and the account whose facts these are.
    sleep : Callable[[float], None]
        Waits so many seconds.

    Notes
    -----
    Actions to allow on the table: ``dynamodb:GetItem``, ``Query``, ``BatchGetItem``, ``PutItem``,
    ``UpdateItem``, ``ConditionCheckItem``; a transaction needs those of its actions.
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
        self._head = Head(self._table)
        self._sleep = sleep

    def append(self, mutation: Mutation, documents: Documents) -> bool:
        """See `Ledger.append`."""
        key = sort_key("MUTATION", mutation.key)
        return self._put_fact(key, mutation_json(mutation), documents)

    def put_genesis(self, genesis: Genesis, documents: Documents) -> bool:
        """See `Ledger.put_genesis`; it counts as a fact, so guarded writes notice it."""
        return self._put_fact(GENESIS, genesis_json(genesis), documents)

    def snapshot(self) -> Snapshot:
        """See `Ledger.snapshot`."""
        for _ in range(_SNAPSHOT_ATTEMPTS):
            head = self._head.counts()
            rows = [
                *((genesis,) if (genesis := self._table.get(GENESIS)) else ()),
                *self._table.query("MUTATION#"),
            ]
            # HEAD and a fact are written together, but a Query beside a transaction is only
            # read-committed ("How it works: isolation levels" of DynamoDB's transactions): it may
            # show HEAD as it is after an append and the facts as they were before.
            if len(rows) >= head["seq"]:
                break
            self._sleep(_SNAPSHOT_PAUSE_SECONDS)
        # Fewer facts than HEAD counts even so: rows were deleted, or a backup was restored from
        # the middle of a transaction. Judging what is there beats judging nothing.
        return self._snapshot(rows, self._table.query("CURRENT#"), head)

    def following(self, time: str) -> Snapshot:
        """See `Ledger.following`."""
        mutations = list(self._table.query("MUTATION#", after=time))
        current = list(self._table.query("CURRENT#", after=time))
        return self._snapshot(mutations, current, self._head.counts())

    def _snapshot(
        self, facts: Sequence[Item], current: Iterable[Item], head: Mapping[str, int]
    ) -> Snapshot:
        values = self._bodies(facts)
        genesis = values.pop(GENESIS, None)
        rows = (read_current(row) for row in current)
        return Snapshot(
            seq=head["seq"],
            derived=head["derived"],
            genesis=None if genesis is None else read_genesis(genesis),
            mutations=tuple(read_mutation(value) for value in values.values()),
            current={row.slot: row for row in rows},
        )

    def checkpoint(self) -> Checkpoint | None:
        """See `Ledger.checkpoint`; one that another version wrote, or a part of it, is none."""
        row = self._table.get(CHECKPOINT)
        if row is None:
            return None
        try:
            return read_checkpoint(self._bodies([row])[CHECKPOINT])
        except InputError:
            return None

    def keep(self, checkpoint: Checkpoint) -> None:
        """See `Ledger.keep`."""
        self._table.put(CHECKPOINT, self._stored(checkpoint_json(checkpoint)))

    def documents(self, digests: Iterable[str]) -> Documents:
        """See `Ledger.documents`."""
        rows = list(self._table.get_all(sort_key("DOCUMENT", digest) for digest in digests))
        values: Mapping[str, Document] = self._bodies(rows)
        return {key.removeprefix("DOCUMENT#"): value for key, value in values.items()}

    def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
        """See `Ledger.record`; each transaction of the series is guarded by itself."""
        guard = self._head.unmoved(seq)
        if len({current.slot for _, current in findings}) < len(findings):
            raise InputError("ledger: two findings for one slot; record one")
        for actions in transactions((self._writes(*pair) for pair in findings), guard):
            try:
                self._table.transact(actions)
            except ConditionFailedError as error:
                self._head.refuse_newer(error.failed.get(0, {}))
                raise LedgerMovedError(
                    f"table {self._table.name}: changed since seq {seq} was read; derive again"
                ) from error

    def mark_derived(self, seq: int) -> None:
        """See `Ledger.mark_derived`."""
        self._head.mark_derived(seq)

    def finding(self, slot: str, finding_id: str) -> Finding | None:
        """See `Ledger.finding`; HEAD comes with the same call."""
        key = sort_key("FINDING", short(slot), finding_id)
        rows = {row["sk"]: row for row in self._table.get_all((HEAD, key))}
        self._head.refuse_newer(rows.pop(HEAD, {}))
        found = [_finding(row, body) for row, body in self._with_bodies(list(rows.values()))]
        return found[0] if found else None

    def findings(self) -> Iterator[Recorded]:
        """See `Ledger.findings`."""
        rows = (read_current(row) for row in self._table.query("CURRENT#"))
        current = {row.slot: row for row in rows}
        for batch in batched(self._table.query("FINDING#"), _FINDINGS_AT_ONCE, strict=False):
            for row, body in self._with_bodies(batch):
                finding = _finding(row, body)
                first = read_current(json.loads(row["first"]))
                # One that was recorded after the rows were read has none among them.
                yield Recorded(finding, first, current.get(finding.slot, first))

    def put_notice(self, notice: Notice) -> Notice:
        """See `Ledger.put_notice`.

        Raises
        ------
        PolicyMonitorError
            The table is of another version: one that is older would not read the notice.
        """
        self._head.refuse_other()
        standing = self._put_first(sort_key("NOTICE", notice.finding_id), notice_json(notice))
        return read_notice(standing)

    def schema(self) -> int | None:
        """The version that writes the table (`versions`), a newer one too; None: none has."""
        return self._head.schema()

    def notices(self) -> Mapping[str, Notice]:
        """See `Ledger.notices`."""
        values = self._bodies(list(self._table.query("NOTICE#"))).values()
        return {notice.finding_id: notice for notice in map(read_notice, values)}

    def put_opinion(self, opinion: Opinion) -> Opinion:
        """See `Ledger.put_opinion`."""
        return read_opinion(
            self._put_first(sort_key("OPINION", opinion.check), opinion_json(opinion))
        )

    def opinions(self, checks: Iterable[str]) -> Mapping[str, Opinion]:
        """See `Ledger.opinions`."""
        rows = list(self._table.get_all(sort_key("OPINION", check) for check in checks))
        found = map(read_opinion, self._bodies(rows).values())
        return {opinion.check: opinion for opinion in found}

    def _put_first(self, key: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write a row unless there is one; what stands, the first for good."""
        try:
            self._table.transact([self._table.putting(key, self._stored(value), condition=_ABSENT)])
        except ConditionFailedError as error:
            standing: Mapping[str, Any] = self._bodies([error.failed[0]])[key]
            return standing
        return value

    def _put_fact(self, key: str, value: object, documents: Documents) -> bool:
        for digest, document in documents.items():
            self._table.put(sort_key("DOCUMENT", digest), self._stored(document))
        fact = self._table.putting(key, self._stored(value), condition=_ABSENT)
        try:
            self._table.transact([fact, self._head.one_more()])
        except ConditionFailedError as error:
            self._head.refuse_newer(error.failed.get(1, {}))
            return False
        return True

    def _writes(self, finding: Finding, current: Current) -> Sequence[Action]:
        """The actions that record a finding and make it current."""
        key = sort_key("FINDING", short(current.slot), finding.finding_id)
        row = self._stored(finding_json(finding))
        row["first"] = json.dumps(current_json(current))
        # What was recorded first stays, as it was announced.
        kept = self._table.updating(
            key,
            "SET " + ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in row),
            values={f":{name}": value for name, value in row.items()},
        )
        pointer = {
            name: value for name, value in current_json(current).items() if value is not None
        }
        guard: dict[str, Any] = {"condition": _ABSENT}
        if current.revision > 1:
            guard = {
                "condition": "#revision = :revision AND #finding_id = :previous",
                "values": {":revision": current.revision - 1, ":previous": current.previous},
            }
        place = sort_key("CURRENT", short(current.slot))
        return kept, self._table.putting(place, pointer, **guard)

    def _stored(self, value: object) -> Item:
        """The row that holds some JSON; chunks of it are written at once."""
        body: Body = pack(value)
        for key, chunk in body.chunks.items():
            self._table.put(key, {"body": chunk})
        return {"schema": versions.SCHEMA, "body": body.value}

    def _bodies(self, rows: Sequence[Item]) -> dict[str, Any]:
        """What rows hold, by sort key."""
        return {row["sk"]: body for row, body in self._with_bodies(rows)}

    def _with_bodies(self, rows: Sequence[Item]) -> list[tuple[Item, Any]]:
        """Rows, each with what it holds."""
        keys = chunk_keys(row["body"] for row in rows)
        chunks = {row["sk"]: row["body"] for row in self._table.get_all(keys)}
        return [(row, unpack(row["body"], chunks)) for row in rows]


def _finding(row: Item, body: Mapping[str, Any]) -> Finding:
    return read_finding(versions.migrated("Finding", body, row["schema"]))
