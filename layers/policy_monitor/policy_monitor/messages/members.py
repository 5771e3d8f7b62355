"""Members of a message's JSON, each of the type that it must be of; one that is missing is empty.

Each raises UnreadableEventError, which names the member: ``comparison.gained[0].actions``.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from policy_monitor.errors import UnreadableEventError


def text(holder: Mapping[str, Any], key: str, where: str = "") -> str:
    """A text."""
    value = holder.get(key)
    if not isinstance(value, str | None):
        raise UnreadableEventError(f"{where}{key} is no text")
    return value or ""


def texts(holder: Mapping[str, Any], key: str, where: str = "") -> Sequence[str]:
    """A list of texts."""
    value = holder.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UnreadableEventError(f"{where}{key} is no list of texts")
    return value


def mapping(holder: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any]:
    """An object."""
    value = holder.get(key)
    if not isinstance(value, Mapping | None):
        raise UnreadableEventError(f"{where}{key} is no object")
    return value or {}


def mappings(holder: Mapping[str, Any], key: str, where: str = "") -> Sequence[Mapping[str, Any]]:
    """A list of objects."""
    value = holder.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise UnreadableEventError(f"{where}{key} is no list of objects")
    return value


def one_of[E: StrEnum](holder: Mapping[str, Any], key: str, members: type[E], where: str = "") -> E:
    """A member of an enumeration, which must be there."""
    value = holder.get(key)
    try:
        return members(str(value))
    except ValueError:
        known = ", ".join(members)
        raise UnreadableEventError(f"{where}{key} {str(value)[:60]!r} is none of {known}") from None


def total(holder: Mapping[str, Any], key: str, shown: int) -> int:
    """How many there are in truth: a list that was cut says so beside itself."""
    count = holder.get(f"{key}_total", shown)
    return max(shown, count) if isinstance(count, int) else shown
