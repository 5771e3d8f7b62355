"""What a role can do, as a baseline's message lists it: service by service."""

from collections.abc import Mapping
from typing import Any

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.grants import Entry, Side
from policy_monitor.messages.text import name

SERVICES_SHOWN = 8
"""How many services a message lists."""

_TITLE = "Can do"


def inventory_sides(finding: Mapping[str, Any]) -> tuple[Side, ...]:
    """The finding's ``inventory`` (`policy_monitor.holdings`) as a list; empty without one.

    Raises
    ------
    UnreadableEventError
        The inventory is of another shape.
    """
    inventory = finding.get("inventory")
    if inventory is None:
        return ()
    try:
        rows = inventory["services"]
        entries = tuple(map(_entry, rows[:SERVICES_SHOWN]))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UnreadableEventError("inventory is no list of services") from None
    return (Side(_TITLE, entries, len(rows) - len(entries)),) if entries else ()


def _entry(row: Mapping[str, Any]) -> Entry:
    allowed, catalogued = int(row["allowed"]), int(row["catalogued"])
    what = (name(str(row["service"])), f": {allowed:,} of {catalogued:,} known actions")
    levels = [f"{int(count):,} {name(str(level)).text}" for level, count in row["levels"].items()]
    return Entry(what, ((", ".join(levels),),) if levels else ())
