"""What a replay came to: findings, what became of every other event, and what people were sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from policy_monitor.findings import Finding


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
    findings : tuple[Finding, ...]
        In timeline order.
    told_with : Mapping[str, str]
        By finding id: another finding of the same change that tells this one too.
    deliveries : tuple[Delivery, ...]
        In the order of time; of ignored events only the first hundred.
    counts : Mapping[Fate, int]
        All of them.
    messages : tuple[Message, ...]
        Only where the replay went through the handlers, as is `log`: what these printed.
    """

    events: int
    findings: tuple[Finding, ...]
    told_with: Mapping[str, str] = field(default_factory=dict)
    deliveries: tuple[Delivery, ...] = ()
    counts: Mapping[Fate, int] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    log: str = ""
