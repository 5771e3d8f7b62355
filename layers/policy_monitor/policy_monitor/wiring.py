"""The parts that the monitor hears and speaks through: rules, archive, queue, topic."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

ENABLED = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
"""States of a rule that works (EventBridge API reference, DescribeRule)."""


class Target(NamedTuple):
    """Where a rule sends events; `altered`: not as they came, but an input of its own."""

    arn: str
    altered: bool = False


class Rule(NamedTuple):
    """A rule as EventBridge holds it; `pattern` is its JSON text."""

    state: str
    pattern: str
    targets: Sequence[Target]


class Archive(NamedTuple):
    """An archive as EventBridge holds it."""

    state: str
    pattern: str


class Subscription(NamedTuple):
    """A subscription of a topic, which gets its messages once it is `confirmed`."""

    protocol: str
    endpoint: str
    confirmed: bool

    def is_of(self, protocol: str, endpoint: str) -> bool:
        """Whether it is somebody's, however the address is spelled."""
        return self.protocol == protocol and self.endpoint.casefold() == endpoint.casefold()


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

    def subscriptions(self, topic_arn: str) -> Sequence[Subscription] | None:
        """Who is subscribed to a topic; None where the topic is gone."""
        ...


class Stack(NamedTuple):
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

    rules: Mapping[str, str] = MappingProxyType({})
    patterns: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    function_arn: str = ""
    archive: str = ""
    queue_url: str = ""
    topic_arn: str = ""
