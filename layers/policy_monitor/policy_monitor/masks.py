"""Masks: policy documents without their external ids, which still compare.

What a mask keeps and what it loses
-----------------------------------
An external id is a shared secret, so it is replaced by a keyed digest before a document is stored
or compared. Equal ids have equal masks and different ids different ones, so whatever compares ids
only as whole values (`StringEquals`, `StringNotEquals`, `StringLike` without a wildcard) compares
exactly as before. In a pattern the wildcards stay and the literal runs between them are masked:
equal patterns still compare equal, but how two *different* patterns, or a pattern and a value, or
spellings under `…IgnoreCase`, lie to each other is lost: masked, they look apart where in truth one
may hold the other. That can only overstate a difference between Allows; where a Deny or a negated
operator takes part, it could hide one. So a comparison of masked documents may claim *expansion*
or *mixed* always, and *reduction* or *equivalent* only where `faithful` says so (or where both
documents have the same digest); otherwise the answer is *undetermined*.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any

from policy_monitor.errors import InputError
from policy_monitor.mutations import Document

_KEY = "sts:externalid"
_STARS = "****"
# `*` is a wildcard under the Like operators; `${*}` is its escape, in documents of this Version
# (IAM User Guide, "IAM policy elements: Variables and tags").
_VERSION_WITH_VARIABLES = "2012-10-17"
_ESCAPED_STARS = "${*}" * 4
# The characters of an external id, as STS's AssumeRole states them.
_SHOWABLE = re.compile(r"[\w+=,.@:/-]{2}", re.ASCII)
# Of an id shorter than this, two characters would be most of it: none is shown.
_SHORTEST_SHOWN = 4
_MASKED = re.compile(r"(?:\*{4}|(?:\$\{\*\}){4})([\w+=,.@:/-]{2})?#[0-9a-f]{32}", re.ASCII)
_VARIABLE = r"\$\{\s*[\w-]+:[^},']+(?:,\s*'[^'}]*'\s*)?\}|\$\{[*?$]\}"
_DEFAULT = re.compile(r"(?<=')[^']*(?=')")


class _Reading(Enum):
    """How a condition operator reads the values of an external id."""

    WHOLE = auto()
    PATTERN = auto()
    CASELESS = auto()
    PRESENCE = auto()
    OTHER = auto()


# Operators of the IAM User Guide, "IAM JSON policy elements: Condition operators".
_READINGS = {
    "stringequals": _Reading.WHOLE,
    "stringnotequals": _Reading.WHOLE,
    "stringlike": _Reading.PATTERN,
    "stringnotlike": _Reading.PATTERN,
    "stringequalsignorecase": _Reading.CASELESS,
    "stringnotequalsignorecase": _Reading.CASELESS,
    "null": _Reading.PRESENCE,
}


def mask(document: Document, key: bytes) -> dict[str, Any]:
    """A document with every external id replaced by a keyed digest (HMAC-SHA-256).

    A value becomes ``****c3#<32 hex digits>``: its last two characters stay readable where it has
    four or more. Under a Like operator, where a star is a wildcard, the four stars are written
    ``${*}``; wildcards and policy variables of the value stay, the text between them becomes
    ``****#<32 hex digits>``. ``Null`` and the empty string hold no id and stay. What a comparison
    of masked documents may claim is told at the top of this module.

    Parameters
    ----------
    key : bytes
        The stack's own secret: equal ids have equal masks under one key.

    Raises
    ------
    InputError
        The key is empty.
    """
    if not key:
        raise InputError("mask key: empty; external ids cannot be masked without a secret key")
    masks = _Masks(key, variables=document.get("Version") == _VERSION_WITH_VARIABLES)
    return {name: masks.walk(value, name) for name, value in document.items()}


def readable(document: Document) -> dict[str, Any]:
    """A masked document for people: each mask cut to ``****c3``."""

    def cut(value: Any) -> Any:
        match value:
            case str():
                return readable_text(value)
            case Mapping():
                return {name: cut(member) for name, member in value.items()}
            case list() | tuple():
                return [cut(member) for member in value]
        return value

    return {name: cut(value) for name, value in document.items()}


def readable_text(text: str) -> str:
    """Text for people in which each mask is cut to ``****c3``.

    Examples
    --------
    >>> readable_text("sts:ExternalId is ****c3#00112233445566778899aabbccddeeff")
    'sts:ExternalId is ****c3'
    """
    return _MASKED.sub(lambda found: _STARS + (found[1] or ""), text)


def faithful(*documents: Document) -> bool:
    """Whether a comparison of these masked documents decides as one of the originals would.

    True where external ids are compared as whole values only, or where all documents together
    hold a single pattern and nothing else to set it against. Otherwise *reduction* and
    *equivalent* must not be claimed (see the top of this module).
    """
    whole: set[str] = set()
    patterns: set[tuple[_Reading, str]] = set()
    for document in documents:
        if any(_names_external_id(text) for text in _texts(document)):
            return False
        for reading, value in _external_ids(document, ""):
            unescaped = value.replace(_ESCAPED_STARS, _STARS)
            if reading is _Reading.OTHER:
                return False
            if reading is _Reading.PRESENCE or (
                reading is _Reading.PATTERN and value and not value.strip("*")
            ):
                continue
            if reading is _Reading.WHOLE and (not value or _MASKED.fullmatch(value)):
                whole.add(value)
            elif reading is _Reading.PATTERN and (not value or _is_whole(value)):
                whole.add(unescaped)
            else:
                patterns.add((reading, value))
    return not patterns or len(patterns) + len(whole) == 1


class _Masks:
    """The masks of one document under one key."""

    def __init__(self, key: bytes, *, variables: bool) -> None:
        self._key = key
        self._variables = variables

    def walk(self, value: Any, operator: str) -> Any:
        """Mask what stands under the key, at any depth: a misplaced condition is masked too."""
        match value:
            case Mapping():
                return {
                    name: self._values(member, _reading(operator))
                    if _is_external_id(name)
                    else self.walk(member, name)
                    for name, member in value.items()
                }
            case list() | tuple():
                return [self.walk(member, operator) for member in value]
        return value

    def _values(self, value: Any, reading: _Reading) -> Any:
        match value:
            case list() | tuple():
                return [self._values(member, reading) for member in value]
            case str():
                return self._text(value, reading)
            case None:
                return None
        # JSON booleans and numbers are condition values too; an object here is none, but may
        # hold the id all the same.
        return value if _tells_presence(value, reading) else self._text(_text(value), reading)

    def _text(self, text: str, reading: _Reading) -> str:
        if not text or _tells_presence(text, reading):
            return text
        separators = []
        if self._variables:
            separators.append(_VARIABLE)
        if reading is _Reading.PATTERN:
            separators += [r"\*", r"\?"]
        pieces = re.split(f"({'|'.join(separators)})", text) if separators else [text]
        if len(pieces) == 1:
            return self._mask(text, reading, show=True)
        return "".join(
            self._separator(piece) if place % 2 else self._mask(piece, reading, show=False)
            for place, piece in enumerate(pieces)
        )

    def _separator(self, piece: str) -> str:
        """A wildcard or a variable; only a variable's default can hold an id."""
        return _DEFAULT.sub(
            lambda found: self._mask(found[0], _Reading.WHOLE, show=False), piece, count=1
        )

    def _mask(self, text: str, reading: _Reading, *, show: bool) -> str:
        if not text:
            return ""
        stars = _ESCAPED_STARS if reading is _Reading.PATTERN and self._variables else _STARS
        told = text.casefold() if reading is _Reading.CASELESS else text
        keyed = hmac.new(self._key, told.encode("utf-8", "surrogatepass"), hashlib.sha256)
        end = text[-2:]
        shown = end if show and len(text) >= _SHORTEST_SHOWN and _SHOWABLE.fullmatch(end) else ""
        return f"{stars}{shown}#{keyed.hexdigest()[:32]}"


def _is_whole(value: str) -> bool:
    """Whether a masked value of a Like operator is one whole id: its stars are escaped."""
    return value.startswith(_ESCAPED_STARS) and _MASKED.fullmatch(value) is not None


def _reading(operator: str) -> _Reading:
    bare = operator.strip().casefold().rpartition(":")[2].removesuffix("ifexists")
    return _READINGS.get(bare, _Reading.OTHER)


def _is_external_id(name: str) -> bool:
    return name.strip().casefold() == _KEY


def _names_external_id(text: str) -> bool:
    """Whether a value is made from the id by a policy variable: it then depends on the original."""
    return "${" + _KEY in text.casefold().replace(" ", "")


def _tells_presence(value: object, reading: _Reading) -> bool:
    return reading is _Reading.PRESENCE and _text(value).casefold() in {"true", "false"}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _external_ids(value: object, operator: str) -> Iterator[tuple[_Reading, str]]:
    match value:
        case Mapping():
            for name, member in value.items():
                if _is_external_id(name):
                    members = member if isinstance(member, list | tuple) else (member,)
                    yield from ((_reading(operator), _text(text)) for text in members)
                else:
                    yield from _external_ids(member, name)
        case list() | tuple():
            for member in value:
                yield from _external_ids(member, operator)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for member in value.values():
                yield from _texts(member)
        case list() | tuple():
            for member in value:
                yield from _texts(member)
