"""The digest: what waits for a notice of the vendor, told by the week."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from policy_monitor.announcement import Channel, Outcome, deliver
from policy_monitor.findings import Severity
from policy_monitor.history import Entry, history
from policy_monitor.ledger import Ledger, Outbox
from policy_monitor.messages.digests import SCHEMA
from policy_monitor.messages.masking import masked
from policy_monitor.notices import open_entries
from policy_monitor.records import finding_json

LISTED = 50
"""How many open findings a digest holds; it counts all."""

_SEVERITIES = tuple(Severity)
# What a finding holds beyond what a digest says of it.
_LEFT_OUT = (
    "comparison",
    "inventory",
    "before",
    "after",
    "changed",
    "changed_total",
    "correction_of",
)


def days_open(since: str, now: str) -> int:
    """Whole days between two times, UTC to the second; 0 where clocks disagree."""
    return max(0, (datetime.fromisoformat(now) - datetime.fromisoformat(since)).days)


def digest_json(
    entries: Sequence[Entry], account: str, time: str, stack: str = ""
) -> dict[str, Any]:
    """What is open, most severe first and then longest, as ``policy-monitor/digest/1``.

    Parameters
    ----------
    entries : Sequence[Entry]
        At least one.
    time : str
        When the digest is due; its id is the day, so that a day has one.
    """
    ranked = sorted(
        entries,
        key=lambda entry: (_SEVERITIES.index(entry.finding.severity), entry.finding.time),
    )
    listed = [
        {
            "days_open": days_open(entry.finding.time, time),
            **{
                name: member
                for name, member in finding_json(entry.finding).items()
                if name not in _LEFT_OUT
            },
        }
        for entry in ranked[:LISTED]
    ]
    return masked(
        {
            "schema": SCHEMA,
            "finding_id": f"digest-{time[:10]}",
            "revision": 1,
            "account": account,
            "time": time,
            "severity": ranked[0].finding.severity.value,
            "longest": max(days_open(entry.finding.time, time) for entry in entries),
            "open": listed,
            "open_total": len(entries),
            **({"stack": stack} if stack else {}),
        }
    )


def remind(
    ledger: Ledger, outbox: Outbox, channel: Channel, account: str, time: str, *, stack: str = ""
) -> Outcome:
    """Send the digest of a day on a channel, once; nothing where nothing is open.

    Raises
    ------
    DeliveryError
        The channel did not accept it, or nobody can tell.
    """
    entries = open_entries(history(ledger))
    if not entries:
        return Outcome.SILENT
    return deliver(digest_json(entries, account, time, stack), outbox, channel)
