"""Policies as files hold them: one, a list of all that a role has, or those and a boundary."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from iamdiff import Access, Document, PolicyError, parse_document
from iamdiff.sources import load_json
from policy_monitor.errors import InputError

STANDARD_INPUT = "-"


def named_access(source: str) -> Access:
    """An access from a file or standard input.

    Raises
    ------
    InputError
        It cannot be read or is no policy; the line names the file.
    """
    return access_of(named_json(source), source)


def named_json(source: str) -> Any:
    """JSON from a file or standard input; raises as `named_access`."""
    try:
        raw = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
        return load_json(raw)
    except OSError as error:
        raise InputError(f"{_shown(source)}: {error.strerror or error}") from error
    except PolicyError as error:
        raise InputError(f"{_shown(source)}: {error}") from error


def access_of(raw: Any, source: str) -> Access:
    """An access from the JSON of a source; raises as `named_access`."""
    try:
        return read_access(raw)
    except PolicyError as error:
        raise InputError(f"{_shown(source)}: {error}") from error


def _shown(source: str) -> str:
    return "standard input" if source == STANDARD_INPUT else source


def read_access(raw: Any) -> Access:
    """An access from JSON: a document, a list of documents, or identity and boundary.

    Raises
    ------
    PolicyError
        It is none of these, or a document in it is no policy.
    """
    if isinstance(raw, list):
        return Access(tuple(_document(each, f"document {i + 1}") for i, each in enumerate(raw)))
    if isinstance(raw, Mapping) and "identity" in raw:
        extra = sorted(set(raw) - {"identity", "boundary"})
        if extra:
            raise PolicyError(f"{extra[0]}: only identity and boundary belong here")
        identity = raw["identity"]
        if not isinstance(identity, list):
            raise PolicyError("identity: a list of policy documents belongs here")
        boundary = raw.get("boundary")
        return Access(
            tuple(_document(each, f"identity {i + 1}") for i, each in enumerate(identity)),
            None if boundary is None else _document(boundary, "boundary"),
        )
    return Access((parse_document(raw),))


def _document(raw: Any, name: str) -> Document:
    try:
        return parse_document(raw)
    except PolicyError as error:
        raise PolicyError(f"{name}: {error}") from None


def documents_of(access: Access) -> Iterator[Document]:
    """All documents of an access, its boundary last."""
    yield from access.identity
    if access.boundary is not None:
        yield access.boundary
