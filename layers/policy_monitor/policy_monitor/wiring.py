"""The parts that the monitor hears and speaks through: rules, archive, queue, topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

ENABLED = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
"""States of a rule that works (EventBridge API reference, DescribeRule)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule sends events; `altered`: not as they came, but an input of its own."""

    arn: str
    altered: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as EventBridge holds it; `pattern` is its JSON text."""

    state: str
    pattern: str
    targets: Sequence[Target]


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive as EventBridge holds it."""

    state: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """How many subscriptions of the topic get its messages, and how many are unconfirmed.

    Attributes
    ----------
    told : frozenset[tuple[str, str]]
        Protocol and endpoint of those that get them.
    """

    confirmed: int
    pending: int
    told: frozenset[tuple[str, str]] = frozenset()


class Wiring(Protocol):
    """What the parts are like; every method may raise RetryableError, PolicyMonitorError."""

    def rule(self, name: str) -> Rule | None:
        """A rule of the default bus; None where it is gone."""
        ...

    def archive(self, name: str) -> Archive | None:
        """An archive; None where it is gone."""
        ...

    def dead_letters(self, queue_url: str) -> int:
        """How many messages lie in a queue."""
        ...

    def subscriptions(self, topic_arn: str) -> Subscriptions | None:
        """Who gets a topic's messages; None where the topic is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of this stack, by their physical names, as the template made them.

    Attributes
    ----------
    rules : Mapping[str, str]
        Physical by logical name.
    patterns : Mapping[str, Mapping]
        By logical name what each rule, and the archive (``Archive``), must let through.
    function_arn : str
        The function that the rules wake.
    """

    rules: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    function_arn: str = ""
    archive: str = ""
    queue_url: str = ""
    topic_arn: str = ""
