"""CloudTrail as the domain asks it: which trails tell of IAM's changes, and what has happened."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from policy_monitor.api_calls import API_CALLS
from policy_monitor.events import EVENT_SOURCE


class Attribute(StrEnum):
    """What the event history is searched by, one at a time (API reference, LookupEvents)."""

    RESOURCE_NAME = "ResourceName"
    EVENT_NAME = "EventName"


class EventHistory(Protocol):
    """CloudTrail's event history: the management events of the last ninety days."""

    def events(
        self, attribute: Attribute, value: str, since: str, until: str
    ) -> Iterable[Mapping[str, Any]]:
        """The records whose attribute has a value, from one time to another.

        Raises
        ------
        RetryableError
            CloudTrail throttled or was out of reach.
        PolicyMonitorError
            The call was denied or refused.
        """
        ...


class Trail(NamedTuple):
    """A trail as far as it can be read from the home region.

    Attributes
    ----------
    logging : bool or None
        None where it may not be asked.
    event_selectors, advanced_selectors : Sequence[Mapping]
        As GetEventSelectors gives them; both None where they may not be asked, as of a trail that
        belongs to the organization's management account.
    """

    name: str
    home_region: str
    multi_region: bool
    global_events: bool
    logging: bool | None
    event_selectors: Sequence[Mapping[str, Any]] | None = ()
    advanced_selectors: Sequence[Mapping[str, Any]] | None = ()


class Trails(Protocol):
    """The trails that apply to the home region; errors as in `EventHistory`."""

    def trails(self) -> Sequence[Trail]:
        """All of them, an organization's included."""
        ...


def silence(trails: Iterable[Trail], region: str) -> str:
    """Why no trail tells EventBridge of IAM's changes in the home region; empty where one does.

    CloudTrail User Guide, "Logging management events"; EventBridge User Guide, "AWS service events
    delivered via AWS CloudTrail": without a trail that logs them there are no such events.
    """
    reasons = []
    for trail in trails:
        reason = _silence(trail, region)
        if not reason:
            return ""
        reasons.append(f"trail {trail.name} {reason}")
    return "; ".join(reasons) or "there is no trail that applies to this region"


def _silence(trail: Trail, region: str) -> str:
    if not trail.multi_region and trail.home_region != region:
        return f"applies to {trail.home_region} alone"
    if not trail.global_events:
        return "leaves out the events of global services such as IAM"
    if trail.logging is False:
        return "is not logging"
    return _left_out(trail)


def _left_out(trail: Trail) -> str:
    if trail.event_selectors is None or trail.advanced_selectors is None:
        return ""  # not to be seen from here; that it is logging is
    if trail.advanced_selectors:
        left_out = [name for name in API_CALLS if not _selects(trail.advanced_selectors, name)]
        return f"leaves out {_few(left_out)}" if left_out else ""
    takes = any(_takes_writes(selector) for selector in trail.event_selectors)
    return "" if takes else "does not log management events that write"


def _takes_writes(selector: Mapping[str, Any]) -> bool:
    """Whether a basic event selector takes IAM's changes; the defaults are the API's."""
    return (
        selector.get("IncludeManagementEvents", True) is True
        and selector.get("ReadWriteType", "All") in ("All", "WriteOnly")
        and EVENT_SOURCE not in selector.get("ExcludeManagementEventSources", ())
    )


def _selects(selectors: Iterable[Mapping[str, Any]], event_name: str) -> bool:
    """Whether some advanced event selector takes a call of IAM, whoever makes it."""
    known = {
        "eventCategory": "Management",
        "readOnly": "false",
        "eventSource": EVENT_SOURCE,
        "eventName": event_name,
        "eventType": "AwsApiCall",
    }
    return any(
        all(
            field["Field"] in known and _matches(known[field["Field"]], field)
            for field in selector["FieldSelectors"]
        )
        for selector in selectors
    )


# The operators of AdvancedFieldSelector (API reference): whether a value matches one of theirs, and
# whether it should.
_OPERATORS: Mapping[str, tuple[Callable[[str, str], bool], bool]] = {
    "Equals": (str.__eq__, True),
    "StartsWith": (str.startswith, True),
    "EndsWith": (str.endswith, True),
    "NotEquals": (str.__eq__, False),
    "NotStartsWith": (str.startswith, False),
    "NotEndsWith": (str.endswith, False),
}


def _matches(value: str, field: Mapping[str, Any]) -> bool:
    return all(
        any(compare(value, each) for each in field[operator]) is wanted
        for operator, (compare, wanted) in _OPERATORS.items()
        if field.get(operator)
    )


def _few(names: Sequence[str]) -> str:
    shown, rest = names[:3], len(names) - 3
    return f"{', '.join(shown)} and {rest} more" if rest > 0 else " and ".join(shown)
