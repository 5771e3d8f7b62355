"""What a digest says, before any channel's markup: what waits for a notice, and how long."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from policy_monitor.errors import UnreadableEventError
from policy_monitor.findings import Severity
from policy_monitor.messages.content import SCHEMA as FINDING_SCHEMA
from policy_monitor.messages.content import Content, content
from policy_monitor.messages.text import name, plain
from policy_monitor.messages.wording import ack_command

SCHEMA = "policy-monitor/digest/1"

SHOWN = 20
"""How many open findings a message names; Slack takes 50 blocks."""

MEANING = (
    "The vendor is to announce what expands its access. Nobody has noted where it announced the"
    " following: ask for its notice, or why it needs the access."
)
REMEDY = "Once you have a notice, note it by the finding it is for:"


class Waiting(NamedTuple):
    """One open finding."""

    days: int
    said: Content

    @property
    def title(self) -> str:
        """``Expansion, high: role astronomer-remote-management, open for 12 days``."""
        age = f"{self.days:,} day{'' if self.days == 1 else 's'}"
        return f"{self.said.heading}, {self.said.severity}: {plain(self.said.subject)}, open {age}"


class Digest(NamedTuple):
    """All that a digest says.

    Attributes
    ----------
    waiting : tuple[Waiting, ...]
        At most `SHOWN`.
    more : int
        How many others are open.
    ack : str
        The command that notes a notice, with FINDING for the id.
    """

    title: str
    severity: Severity
    account: str
    waiting: tuple[Waiting, ...]
    more: int
    ack: str
    repeats: bool


def is_digest(message: Mapping[str, Any]) -> bool:
    """Whether a message has a digest's schema."""
    return message.get("schema") == SCHEMA


def digest(message: Mapping[str, Any]) -> Digest:
    """Read what `policy_monitor.digest.digest_json` wrote.

    Raises
    ------
    UnreadableEventError
        It is no digest.
    """
    listed, count = message.get("open"), message.get("open_total")
    longest, severity = message.get("longest"), message.get("severity")
    if not isinstance(listed, list) or type(count) is not int or count < len(listed):
        raise UnreadableEventError("digest: open is no list, or open_total counts fewer")
    if severity not in set(Severity) or type(longest) is not int:
        raise UnreadableEventError("digest: severity or longest is missing or no such thing")
    waiting = tuple(_waiting(entry) for entry in listed[:SHOWN])
    what = f"{count:,} change{'' if count == 1 else 's'} without a notice"
    return Digest(
        title=f"Open, {severity}: {what}, up to {longest:,} day{'' if longest == 1 else 's'}",
        severity=Severity(str(severity)),
        account=name(str(message.get("account", ""))).text,
        waiting=waiting,
        more=count - len(waiting),
        ack=ack_command("FINDING", str(message.get("stack") or ""), _region(listed)),
        repeats=message.get("may_repeat") is True,
    )


def _region(listed: list[Any]) -> str:
    """Where IAM's events are seen, and so the monitor is: the same for all of an account."""
    first = listed[0] if listed else None
    return str(first.get("region") or "") if isinstance(first, Mapping) else ""


def _waiting(entry: Any) -> Waiting:
    days = entry.get("days_open") if isinstance(entry, Mapping) else None
    if type(days) is not int:
        raise UnreadableEventError("digest: an open finding is no object, or has no days_open")
    return Waiting(days, content({**entry, "schema": FINDING_SCHEMA}))
