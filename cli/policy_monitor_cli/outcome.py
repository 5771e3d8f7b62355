"""What a replay came to: findings, what became of every other event, and what people were sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from policy_monitor.findings import Finding, FindingKind
from policy_monitor.history import Entry
from policy_monitor_report.evidence import Evidence


class Fate(StrEnum):
    """What became of an event that led to no finding."""

    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that led to no finding, and why."""

    origin: str
    time: str
    event_name: str
    fate: Fate
    reason: str


class Channel(StrEnum):
    """How people are reached."""

    EMAIL = "e-mail"
    SLACK = "Slack"


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent on one channel.

    Attributes
    ----------
    body : str or Mapping[str, Any]
        The text of an e-mail; the payload that a Slack webhook took.
    """

    channel: Channel
    finding_id: str
    subject: str
    body: str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of a replay.

    Attributes
    ----------
    entries : tuple[Entry, ...]
        All findings that were ever recorded, in timeline order.
    evidence : Evidence
        What they rest on.
    deliveries : tuple[Delivery, ...]
        In the order of time; of ignored events only the first hundred.
    counts : Mapping[Fate, int]
        All of them.
    messages : tuple[Message, ...]
        Only where the replay went through the handlers, as is `log`: what these printed.
    late : Mapping[str, str]
        By id, events that came after one that happened later; and when the latest of those did.
    """

    events: int
    entries: tuple[Entry, ...]
    evidence: Evidence = field(default_factory=lambda: Evidence(None, (), {}))
    deliveries: tuple[Delivery, ...] = ()
    counts: Mapping[Fate, int] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    log: str = ""
    late: Mapping[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that hold."""
        return tuple(each.finding for each in self.entries if each.superseded_by is None)

    @property
    def told_with(self) -> Mapping[str, str]:
        """By finding id: another finding of the same change that tells this one too."""
        return {
            each.finding.finding_id: each.told_with
            for each in self.entries
            if each.superseded_by is None and each.told_with
        }

    def of_changes(self) -> "Outcome":
        """The same without the baseline: that a monitor went live is news only where one did."""
        kept = (one for one in self.entries if one.finding.kind is not FindingKind.BASELINE)
        return replace(self, entries=tuple(kept))
