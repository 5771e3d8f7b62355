"""Where a replay's events come from: files and folders, told apart by their shape, not their name.

A source holds EventBridge events, bare CloudTrail records, CloudTrail log files, the output of
``aws cloudtrail lookup-events``, or of ``aws logs filter-log-events`` for the log group of a trail,
one JSON document a file or one a line, gzipped or not. Snapshots of IAM (the output of ``aws iam
get-account-authorization-details``) may lie among them. Everything is read as a stream: no more
than one file, or one line, is held at a time.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from iamdiff.sources import fault_of
from policy_monitor.errors import InputError

DETAIL_TYPE = "AWS API Call via CloudTrail"

GZIP_MAGIC = b"\x1f\x8b"

# A folder may hold other files (a README); these endings promise JSON, so that one that is none
# is said rather than skipped.
JSON_ENDINGS = (".json", ".jsonl", ".ndjson", ".gz")

# The lists that `aws iam get-account-authorization-details` answers with (IAM API Reference,
# GetAccountAuthorizationDetails).
SNAPSHOT_LISTS = frozenset({"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"})

# One of these is in each record, Insights' among them ("CloudTrail record contents", AWS
# CloudTrail User Guide).
RECORD_FIELDS = frozenset({"eventName", "eventSource", "eventType"})

READ_AT = "ReadAt"
"""A key that may be added to a snapshot: when it was read. Without it, before every event."""

KNOWN_SHAPES = (
    "an EventBridge event, a CloudTrail record, a CloudTrail log file, the output of "
    "`aws cloudtrail lookup-events`, of `aws logs filter-log-events` or of "
    "`aws iam get-account-authorization-details`"
)


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """One event in EventBridge's envelope, and where it stood."""

    origin: str
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """IAM as it stood once; `read_at` (UTC, to the second) is None where the file does not say."""

    origin: str
    details: dict[str, Any]
    read_at: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is no event at all: the file, line or record, and what is wrong with it."""

    origin: str
    problem: str


type Item = SourceEvent | Snapshot | Unreadable


def source_files(sources: Sequence[Path]) -> list[Path]:
    """The files of all sources, those of a folder in the order of their names.

    Raises
    ------
    InputError
        A source does not exist, or there is no file in any.
    """
    files: list[Path] = []
    for source in sources:
        if not source.exists():
            raise InputError(f"{source}: no such file or folder; name one that holds events")
        if source.is_dir():
            files += sorted(path for path in source.rglob("*") if _promises_events(path))
        else:
            files.append(source)
    if not files:
        names = ", ".join(str(source) for source in sources)
        raise InputError(f"{names}: no JSON file in it; name a file or folder that holds events")
    return files


def read_file(path: Path) -> Iterator[Item]:
    """What one file holds, in its order; what cannot be read is an item like the rest."""
    try:
        with _open_text(path) as stream:
            yield from _items(stream, str(path))
    except UnicodeDecodeError:
        yield Unreadable(str(path), "not UTF-8 text; name a file of JSON")
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        yield Unreadable(str(path), f"cannot be read: {why}")


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot that a file holds.

    Raises
    ------
    InputError
        The file holds anything else.
    """
    for item in read_file(path):
        if isinstance(item, Unreadable):
            raise InputError(f"{item.origin}: {item.problem}")
        if isinstance(item, Snapshot):
            return item
    raise InputError(
        f"{path}: no snapshot of IAM in it; "
        "give the output of `aws iam get-account-authorization-details`"
    )


def _promises_events(path: Path) -> bool:
    """Whether a file found in a folder is to be read."""
    if not path.is_file() or path.name.startswith("."):
        return False
    if path.name.casefold().endswith(JSON_ENDINGS):
        return True
    try:
        with _open_text(path) as stream:
            return stream.read(512).lstrip()[:1] in ("{", "[")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return False


def _open_text(path: Path) -> IO[str]:
    with path.open("rb") as raw:
        zipped = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    if zipped:
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _items(stream: IO[str], origin: str) -> Iterator[Item]:
    """One JSON document, or one a line."""
    numbered = ((number, line) for number, line in enumerate(stream, 1) if not line.isspace())
    number, first = next(numbered, (0, ""))
    if not first:
        yield Unreadable(origin, f"empty; expected {KNOWN_SHAPES}")
        return
    document, problem = _parsed(first)
    if problem is None:
        second = next(numbered, None)
        if second is None:
            yield from _document_items(document, origin)
            return
        yield from _document_items(document, f"{origin} line {number}")
        yield from _line_items(chain([second], numbered), origin)
        return
    lines = [(number, first), *numbered]
    document, problem = _parsed("".join(line for _, line in lines))
    if problem is None:
        yield from _document_items(document, origin)
    elif any(_holds_event(line) for _, line in lines):
        yield from _line_items(lines, origin)
    elif first.lstrip().startswith(("{", "[")):
        yield Unreadable(origin, problem)
    else:
        # The columns are those of the console's page ("Working with CloudTrail event history", AWS
        # CloudTrail User Guide).
        table = ": a table of events lacks what each call asked for"
        hint = table if "event name" in first.casefold() else ""
        yield Unreadable(origin, f"not JSON{hint}; expected {KNOWN_SHAPES}")


def _line_items(
    lines: Iterator[tuple[int, str]] | list[tuple[int, str]], origin: str
) -> Iterator[Item]:
    for number, line in lines:
        place = f"{origin} line {number}"
        document, problem = _parsed(line)
        if problem is None:
            yield from _document_items(document, place)
        else:
            yield Unreadable(place, problem)


def _parsed(text: str) -> tuple[Any, str | None]:
    """The JSON value of a text, or what is wrong with it."""
    text = text.rstrip()
    try:
        return json.loads(text), None
    except json.JSONDecodeError as error:
        line = f"line {error.lineno} " if "\n" in text else ""
        return None, f"not JSON: {fault_of(error)} at {line}column {error.colno}"
    except RecursionError:
        return None, "not JSON that can be read: nested too deeply"


def _holds_event(line: str) -> bool:
    document, problem = _parsed(line)
    return problem is None and not any(
        isinstance(item, Unreadable) for item in _document_items(document, "")
    )


def _document_items(document: Any, origin: str) -> Iterator[Item]:
    """What a JSON value holds, by its shape."""
    if isinstance(document, list):
        for number, element in enumerate(document, 1):
            yield from _document_items(element, f"{origin} element {number}")
    elif isinstance(document, dict):
        yield from _object_items(document, origin)
    else:
        yield Unreadable(origin, f"a JSON {_kind(document)}; expected {KNOWN_SHAPES}")


def _object_items(document: dict[str, Any], origin: str) -> Iterator[Item]:
    if isinstance(document.get("Records"), list):
        yield from _records(document["Records"], origin)
    elif isinstance(document.get("Events"), list):
        yield from _quoted(document["Events"], "CloudTrailEvent", origin)
    elif isinstance(document.get("events"), list):
        yield from _quoted(document["events"], "message", origin)
    elif "CloudTrailEvent" in document:
        yield from _quoted([document], "CloudTrailEvent", origin)
    elif "detail-type" in document or "detail" in document:
        yield SourceEvent(origin, document)
    elif RECORD_FIELDS & document.keys():
        yield SourceEvent(origin, enveloped(document))
    elif SNAPSHOT_LISTS & document.keys():
        yield _snapshot(document, origin)
    elif "digestS3Bucket" in document and "logFiles" in document:
        # CloudTrail's log folders hold digests of their files beside them: no events in those.
        return
    elif document.keys() == {"Parameters"}:
        # Variables for `sam local invoke --env-vars`, which lie beside the events it is given.
        return
    else:
        yield Unreadable(origin, f"JSON of another shape; expected {KNOWN_SHAPES}")


def _records(records: list[Any], origin: str) -> Iterator[Item]:
    for number, record in enumerate(records, 1):
        place = f"{origin} record {number}"
        if not isinstance(record, dict):
            yield Unreadable(place, f"a JSON {_kind(record)}; expected a CloudTrail record")
        elif RECORD_FIELDS.isdisjoint(record):
            yield Unreadable(place, "an object of another shape; expected a CloudTrail record")
        else:
            yield SourceEvent(place, enveloped(record))


def _quoted(events: list[Any], name: str, origin: str) -> Iterator[Item]:
    """Records as JSON texts: what LookupEvents answered, or FilterLogEvents of a trail's group."""
    for number, event in enumerate(events, 1):
        place = f"{origin} event {number}"
        text = event.get(name) if isinstance(event, dict) else None
        record, problem = _parsed(text) if isinstance(text, str) else (None, None)
        if isinstance(record, dict):
            yield SourceEvent(place, enveloped(record))
        else:
            yield Unreadable(place, problem or f"no {name} that is a JSON object")


def _snapshot(document: dict[str, Any], origin: str) -> Item:
    read_at = document.get(READ_AT)
    if read_at is None:
        return Snapshot(origin, document, None)
    if not isinstance(read_at, str) or not re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", read_at
    ):
        return Unreadable(origin, f"{READ_AT}: {read_at!r} is no time; write 2026-11-22T06:00:00Z")
    return Snapshot(origin, document, read_at)


def enveloped(record: dict[str, Any]) -> dict[str, Any]:
    """A CloudTrail record as EventBridge would deliver it.

    The fields are those of "Events via CloudTrail" in the Amazon EventBridge User Guide; the id of
    a delivery is made from the record's, which is all that a replay knows.
    """
    service = str(record.get("eventSource", "")).removesuffix(".amazonaws.com")
    return {
        "version": "0",
        "id": record.get("eventID"),
        "detail-type": DETAIL_TYPE,
        "source": f"aws.{service}",
        "account": record.get("recipientAccountId"),
        "time": record.get("eventTime"),
        "region": record.get("awsRegion"),
        "resources": [],
        "detail": record,
    }


def _kind(value: Any) -> str:
    """The JSON name of a value's type."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "list"}
    return names.get(type(value), "object")
