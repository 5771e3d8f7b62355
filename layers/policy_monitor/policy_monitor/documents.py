"""Policy documents as the ledger keeps them: read, canonical, by digest, external ids masked."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Never
from urllib.parse import unquote

from policy_monitor.errors import InputError
from policy_monitor.masks import faithful, mask, readable, readable_text
from policy_monitor.mutations import Document

__all__ = [
    "UnreadableDocumentError",
    "canonical_json",
    "digest",
    "faithful",
    "mask",
    "read_document",
    "readable",
    "readable_text",
]

# IAM's grammar nests six levels deep; what nests deeper is no policy, and a trap for recursion.
_MAX_DEPTH = 32


class UnreadableDocumentError(InputError):
    """Text that is no policy document: not JSON, or JSON of another shape."""


def read_document(source: str | Mapping[str, Any]) -> dict[str, Any]:
    """Read a policy document as CloudTrail and IAM give it.

    Parameters
    ----------
    source : str or Mapping
        JSON text, percent-encoded JSON text (IAM's API, RFC 3986), or JSON already read.

    Raises
    ------
    UnreadableDocumentError
        It is none of these, names a member twice, or nests too deeply. The message holds nothing
        of the document.

    Examples
    --------
    >>> read_document("%7B%22Version%22%3A%222012-10-17%22%7D")
    {'Version': '2012-10-17'}
    """
    if isinstance(source, Mapping):
        value: Any = dict(source)
    else:
        text = source.strip()
        value = _json(text if text.startswith("{") else _unquoted(text))
    if not isinstance(value, dict):
        raise UnreadableDocumentError(
            f"policy document: expected a JSON object, found {type(value).__name__}"
        )
    _check(value, _MAX_DEPTH)
    return value


def canonical_json(document: Document) -> str:
    """The one text of a document: members sorted, no blanks, characters as they are.

    Raises
    ------
    UnreadableDocumentError
        A value that JSON cannot express.

    Examples
    --------
    >>> canonical_json({"b": ["é"], "a": 1})
    '{"a":1,"b":["é"]}'
    """
    try:
        return json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableDocumentError(f"policy document: no JSON: {error}") from error


def digest(document: Document) -> str:
    """SHA-256 (hex) of a document's canonical JSON in UTF-8; of the masked document, to be stored.

    Raises
    ------
    UnreadableDocumentError
        A value that JSON cannot express.
    """
    try:
        return hashlib.sha256(canonical_json(document).encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise UnreadableDocumentError("policy document: half of a surrogate pair") from error


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableDocumentError("policy document: percent-encoded, but not UTF-8") from None


def _json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
    except UnreadableDocumentError:
        raise
    except json.JSONDecodeError as error:
        raise UnreadableDocumentError(
            f"policy document: not JSON from character {error.pos + 1} on"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UnreadableDocumentError(f"policy document: {type(error).__name__}") from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a member that stands twice: which of the two IAM reads is not ours to guess."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise UnreadableDocumentError("policy document: a member stands twice in one object")
    return members


def _refuse_constant(name: str) -> Never:
    raise UnreadableDocumentError(f"policy document: {name} is no JSON")


def _check(value: object, levels: int) -> None:
    """Refuse what would trip later: endless nesting, and text that UTF-8 cannot hold."""
    if not levels:
        raise UnreadableDocumentError(f"policy document: nested more than {_MAX_DEPTH} deep")
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise UnreadableDocumentError("policy document: half of a surrogate pair") from None
        case Mapping():
            for name, member in value.items():
                _check(name, levels)
                _check(member, levels - 1)
        case list() | tuple():
            for member in value:
                _check(member, levels - 1)
