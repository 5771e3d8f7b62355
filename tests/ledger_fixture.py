"""The rows of a table as one release writes them, for later ones to read.

``python -m tests.ledger_fixture 0.1.0`` writes ``tests/golden/ledger/0.1.0.jsonl``: a line a row,
as DynamoDB's API gives it, bytes in base64. One is made for each release, and stays as that release
made it. The table has two partitions:

* that of `STORY`: a baseline and some months of a role, told of and acknowledged;
* that of `SAMPLE`: one record of each kind with a value for each member, so that a change to what
  is written shows here.
"""

import json
import sys
import types
from base64 import b64decode, b64encode
from collections import abc
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAliasType, get_args, get_origin, get_type_hints
from unittest.mock import patch

from tests.contract.ledgers import TABLE, dynamodb

from policy_monitor.adapters import dynamodb as adapter
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.items import pack
from policy_monitor.adapters.notebook import DynamoDBNotebook
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.catalogue import load
from policy_monitor.detection import detect
from policy_monitor.findings import Finding
from policy_monitor.judgement import judge
from policy_monitor.ledger import (
    AnnouncementKey,
    Checkpoint,
    Current,
    Genesis,
    Notice,
)
from policy_monitor.mutations import Change, Mutation
from policy_monitor.notebook import Note
from policy_monitor.opinions import Opinion
from policy_monitor.settings import Settings
from policy_monitor_cli.material import MASK_KEY, Material, collected, detail
from policy_monitor_cli.offline import genesis
from policy_monitor_cli.recorded_iam import RecordedIam

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "golden" / "ledger"
STORY, SAMPLE = "123456789012", "000000000000"
TOLD_AT = "2026-11-22T07:00:00Z"

_EVENTS = ("01", "02", "03", "05", "06", "09", "10", "19", "21")
# Short, so that a long body is cut into chunks and the file stays small.
_CHUNK_BYTES = 1_500


def write(client: "DynamoDBClient") -> None:
    """Write both partitions into an empty table."""
    with patch.object(adapter, "pack", partial(pack, max_chunk_bytes=_CHUNK_BYTES)):
        _write_story(client)
        _write_sample(client)


def rows(client: "DynamoDBClient") -> list[dict[str, Any]]:
    """All rows of a table, by their keys."""
    pages = client.get_paginator("scan").paginate(TableName=TABLE)
    found: list[dict[str, Any]] = [row for page in pages for row in page["Items"]]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def dumped(row: Mapping[str, Any]) -> str:
    """A row as a line."""
    return json.dumps(row, sort_keys=True, default=lambda data: b64encode(data).decode())


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    found: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    for row in found:
        for value in row.values():
            if "B" in value:
                value["B"] = b64decode(value["B"])
    return found


def fill(client: "DynamoDBClient", found: list[dict[str, Any]]) -> None:
    """Put rows into a table."""
    for row in found:
        client.put_item(TableName=TABLE, Item=row)


def sample(hint: Any, name: str = "value") -> Any:
    """A value of a type, with a value for each member."""
    if hint is Change:
        return sample(get_args(Change.__value__)[0])
    if isinstance(hint, TypeAliasType):
        return sample(hint.__value__, name)
    if hasattr(hint, "_fields"):
        hints = get_type_hints(hint)
        return hint(**{member: sample(hints[member], member) for member in hint._fields})
    if get_origin(hint) is not None:
        return _sample_container(hint, name)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    return {str: name, int: 1, bool: True, Any: {name: "anything"}}[hint]


def _sample_container(hint: Any, name: str) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return sample(next(part for part in parts if part is not types.NoneType), name)
    if origin is abc.Mapping:
        return {name: sample(parts[1], name)}
    if origin is frozenset or Ellipsis in parts:
        return origin([sample(parts[0], name)])
    return origin(sample(part, name) for part in parts)


def _write_story(client: "DynamoDBClient") -> None:
    at = (client, TABLE, STORY)
    ledger, settings = DynamoDBLedger(*at), Settings()
    outbox = DynamoDBOutbox(*at, now=lambda: TOLD_AT)
    material = _material(settings)
    ledger.put_genesis(*genesis(material, settings, MASK_KEY))
    iam = RecordedIam(material.baseline.details if material.baseline else None)
    for item in material.events:
        iam.repeat(detail(item.event))
        detect(item.event, ledger, iam, settings, MASK_KEY, account=STORY)
    judged = judge(ledger, settings, load(), behind=3)
    channels = ("sns", "slack", "chat")
    for channel, finding in zip(channels, judged.recorded, strict=False):
        key = AnnouncementKey(finding.finding_id, 1, channel)
        outbox.begin(key)
        {"sns": outbox.finish, "slack": outbox.abandon, "chat": outbox.skip}[channel](key)
    told = judged.recorded[0]
    ledger.put_notice(Notice(told.finding_id, "by mail", f"arn:aws:iam::{STORY}:user/a", TOLD_AT))
    DynamoDBNotebook(*at).write(Note(TOLD_AT, judged.seq))


def _material(settings: Settings) -> Material:
    files = sorted((ROOT / "events").glob("[0-9]*.json"))
    chosen = [path for path in files if path.name.startswith(_EVENTS)]
    return collected(chosen, ROOT / "events" / "baseline.json", settings)


def _write_sample(client: "DynamoDBClient") -> None:
    at = (client, TABLE, SAMPLE)
    ledger = DynamoDBLedger(*at)
    ledger.put_genesis(sample(Genesis), {"a" * 64: {"Statement": []}})
    mutation: Mutation = sample(Mutation)
    changes = tuple(sample(change) for change in get_args(Change.__value__))
    ledger.append(mutation._replace(changes=changes), {})
    finding, current = sample(Finding), sample(Current)
    first = current._replace(slot=finding.slot, finding_id=finding.finding_id, revision=1)
    ledger.record(2, [(finding, first)])
    ledger.mark_derived(2)
    ledger.keep(sample(Checkpoint))
    ledger.put_notice(sample(Notice))
    ledger.put_opinion(sample(Opinion))
    DynamoDBNotebook(*at).write(sample(Note))
    DynamoDBOutbox(*at, now=lambda: TOLD_AT).begin(AnnouncementKey(finding.finding_id, 1, "sns"))


if __name__ == "__main__":
    with dynamodb() as table:
        write(table)
        lines = [dumped(row) for row in rows(table)]
    (FOLDER / f"{sys.argv[1]}.jsonl").write_text("\n".join(lines) + "\n")
