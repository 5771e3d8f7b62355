"""Rows of the ledger's table: their keys, their size, and bodies of any length.

A body is JSON. A short one is kept as text, for people who look at the table; a longer one is
compressed; what is too long even so is cut into chunks, rows of their own under the digest of what
they hold, and the body is the list of these digests.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from policy_monitor.errors import InputError

# DynamoDB allows 400 KB an item, names of attributes included; the design asks for 300 KB.
MAX_ITEM_BYTES = 300_000
# What an item's keys and other attributes may take beside its body.
_BESIDE_BODY_BYTES = 8_000
MAX_CHUNK_BYTES = MAX_ITEM_BYTES - _BESIDE_BODY_BYTES
_MAX_TEXT_BYTES = 4_096
# DynamoDB allows 1,024 bytes of sort key.
_MAX_KEY_BYTES = 1_024
# Room for the longest slot of things that AWS names, beside a finding's id.
_MAX_PART_BYTES = 900
_SHORTENED = 200

# "Item sizes and formats" of the DynamoDB Developer Guide, rounded up: a number takes up to 21
# bytes, a list or map 3 and one more for each member.
_NUMBER_BYTES = 21
_CONTAINER_BYTES = 3

HEAD = "HEAD"
GENESIS = "GENESIS"
CHECKPOINT = "CHECKPOINT"

type Item = dict[str, Any]
"""A row as Python values: text, numbers, bytes, lists."""


class Body(NamedTuple):
    """A body as it is stored: `value` in the row itself, `chunks` (by sort key) beside it."""

    value: str | bytes | list[str]
    chunks: Mapping[str, bytes] = MappingProxyType({})


def sort_key(*parts: str) -> str:
    """The sort key of a row: its parts joined by ``#``.

    Raises
    ------
    InputError
        It is longer than DynamoDB's 1,024 bytes: nothing that AWS names is.
    """
    key = "#".join(parts)
    if len(key.encode()) > _MAX_KEY_BYTES:
        raise InputError(
            f"ledger: key {key[:80]!r}… is over {_MAX_KEY_BYTES} bytes; no AWS name is"
        )
    return key


def short(part: str) -> str:
    """A part of a sort key that stays what it is, or, where it is long, ends in its digest.

    What a refused call was aimed at may be any text of any length; it must not stop the rest.
    """
    if len(part.encode()) <= _MAX_PART_BYTES:
        return part
    return f"{part[:_SHORTENED]}…{hashlib.sha256(part.encode()).hexdigest()}"


def pack(value: object, *, max_chunk_bytes: int = MAX_CHUNK_BYTES) -> Body:
    """JSON as a body."""
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if len(data) <= _MAX_TEXT_BYTES:
        return Body(data.decode())
    data = zlib.compress(data)
    if len(data) <= max_chunk_bytes:
        return Body(data)
    pieces = [data[at : at + max_chunk_bytes] for at in range(0, len(data), max_chunk_bytes)]
    keys = [sort_key("CHUNK", hashlib.sha256(piece).hexdigest()) for piece in pieces]
    return Body(keys, dict(zip(keys, pieces, strict=True)))


def unpack(value: str | bytes | list[str], chunks: Mapping[str, bytes]) -> Any:
    """The JSON of a body; `chunks` holds at least those that it names.

    Raises
    ------
    InputError
        A chunk is not there.
    """
    if isinstance(value, str):
        return json.loads(value)
    if isinstance(value, list):
        if missing := [key for key in value if key not in chunks]:
            raise InputError(f"ledger: row {missing[0]} is missing; restore it from a backup")
        value = b"".join(chunks[key] for key in value)
    return json.loads(zlib.decompress(value))


def chunk_keys(bodies: Iterable[str | bytes | list[str]]) -> list[str]:
    """The sort keys of all chunks that some bodies name."""
    return [key for body in bodies if isinstance(body, list) for key in body]


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Python values as the API's attribute values: text, bytes, whole numbers, lists."""
    return {name: _typed_value(value) for name, value in values.items()}


def item(row: Mapping[str, Any]) -> Item:
    """A row of attribute values as Python values."""
    return {name: _python_value(value) for name, value in row.items()}


def _typed_value(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case int():
            return {"N": str(value)}
        case list():
            return {"L": [_typed_value(member) for member in value]}
    raise TypeError(f"ledger: {type(value).__name__} is no value of a row")


def _python_value(typed_value: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed_value.items()
    match kind:
        case "N":
            return int(value)
        case "L":
            return [_python_value(member) for member in value]
    return value


def typed_bytes(row: Mapping[str, Mapping[str, Any]]) -> int:
    """At most how many bytes DynamoDB counts for attribute values and their names."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in row.items())


def _value_bytes(typed_value: Mapping[str, Any]) -> int:
    ((kind, value),) = typed_value.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(value)
        case "L":
            return _CONTAINER_BYTES + sum(1 + _value_bytes(member) for member in value)
    return _NUMBER_BYTES
