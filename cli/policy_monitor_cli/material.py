"""What a replay works on: the events of its sources, the baseline, and later snapshots of IAM."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from policy_monitor.api_calls import API_CALLS
from policy_monitor.errors import InputError, UnreadableEventError
from policy_monitor.events import SOURCE, TIME, parse_event
from policy_monitor.settings import Settings
from policy_monitor_cli.sources import (
    Snapshot,
    SourceEvent,
    Unreadable,
    read_file,
    read_snapshot,
)

BEGINNING = "0001-01-01T00:00:00Z"
"""When a baseline was read that does not say when: before every event."""

MASK_KEY = b"policy-monitor replay"
"""Masks external ids, so that none is shown. No secret: nothing that it masks leaves a replay."""

SHOWN = 100
"""How many ignored events are shown one by one; the rest are counted."""

LONGEST_READING = timedelta(minutes=15)
"""How long after an event a snapshot may have been read and still tell what the event did."""

_DATES = ("CreateDate", "UpdateDate", "LastUsedDate")

_ACCOUNT_OF_ROLE = re.compile(r"arn:[^:]*:iam::([0-9]{12}):role/")


@dataclass(frozen=True, slots=True)
class Due:
    """A scheduled run of reconcile: the event that wakes it, and how many events came before."""

    place: int
    event: Mapping[str, Any]


@dataclass(slots=True)
class Material:
    """All that sources hold of interest.

    Attributes
    ----------
    events : list[SourceEvent]
        In the order of the sources, which stands for the order of arrival.
    others : int
        How many events concern nothing that is watched, and are not in `events`.
    snapshots : list[Snapshot]
        Those that say when they were read.
    due : list[Due]
        In the order of arrival.
    late : str
        A time that the baseline shows, though events happened before it; empty where it is from
        before all of them, as far as it shows.
    """

    events: list[SourceEvent] = field(default_factory=list)
    others: int = 0
    baseline: Snapshot | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    late: str = ""

    @property
    def account(self) -> str:
        """The account that is watched: the baseline's, else that of the first event that says.

        Raises
        ------
        InputError
            Nothing says.
        """
        arns = (str(role.get("Arn")) for role in _roles(self.baseline))
        found = [told[1] for arn in arns if (told := _ACCOUNT_OF_ROLE.match(arn))]
        found += [
            account
            for account in (detail(item.event).get("recipientAccountId") for item in self.events)
            if isinstance(account, str)
        ]
        if not found:
            raise InputError(
                "no event names its account (recipientAccountId); "
                "give CloudTrail records of IAM, or a baseline with --baseline"
            )
        return found[0]

    def telling(self, event: Mapping[str, Any]) -> Snapshot | None:
        """The snapshot that tells what an event did, whose parameters CloudTrail left out.

        The first one read after it: within a quarter of an hour, and with no other recorded
        change of IAM between the two, which it would show as well.
        """
        time, event_id = event_time(event), detail(event).get("eventID")
        later = sorted(
            (one.read_at, place)
            for place, one in enumerate(self.snapshots)
            if one.read_at is not None and one.read_at >= time
        )
        if not TIME.fullmatch(time) or not later or _span(time, later[0][0]) > LONGEST_READING:
            return None
        read_at, place = later[0]
        for item in self.events:
            record = detail(item.event)
            between = time <= event_time(item.event) <= read_at
            if (
                between
                and record.get("eventID") != event_id
                and item.event.get("source") == SOURCE
                and not record.get("errorCode")
            ):
                return None
        return self.snapshots[place]


def collected(
    files: Iterable[Path],
    baseline: Path | None,
    settings: Settings,
    *,
    every: bool = False,
    on_item: Callable[[], None] = lambda: None,
) -> Material:
    """Read all sources, one file or line at a time.

    Parameters
    ----------
    baseline : Path or None
        The baseline's file; None to take the one snapshot without a time that lies among the
        sources, if there is one.
    every : bool
        Keep all events. Else those that concern nothing that is watched are only counted, but for
        the first hundred of IAM's, so that memory does not grow with them.

    Raises
    ------
    InputError
        The baseline cannot be read, or there are several to choose from.
    """
    material = Material()
    undated: list[Snapshot] = []
    kept = _interest(settings)
    for item in (item for path in files for item in read_file(path)):
        on_item()
        match item:
            case Unreadable():
                material.unreadable.append(item)
            case Snapshot(read_at=None):
                undated.append(item)
            case Snapshot():
                material.snapshots.append(item)
            case SourceEvent() if is_scheduled(item.event):
                material.due.append(Due(len(material.events), item.event))
            case SourceEvent() if every or kept(item.event):
                material.events.append(item)
            case SourceEvent():
                material.others += 1
    if baseline is not None:
        material.baseline = read_snapshot(baseline)
    elif len(undated) > 1:
        names = ", ".join(one.origin for one in undated)
        raise InputError(f"{names}: which one is the baseline? name it with --baseline")
    else:
        material.baseline = next(iter(undated), None)
    material.late = _late(material, settings)
    return material


def _late(material: Material, settings: Settings) -> str:
    """See `Material.late`.

    A snapshot does not say when it was read, but not before the last thing that it tells of: in
    an account that lives, some role was used within the hour.
    """
    if material.baseline is None or material.baseline.read_at is not None:
        return ""
    shown = max(_dates(material.baseline.details), default="")
    times = (event_time(item.event) for item in material.events if concerns(item.event, settings))
    return shown if any(TIME.fullmatch(time) and time <= shown for time in times) else ""


def _dates(value: Any) -> Iterator[str]:
    """The times that a snapshot tells of, in UTC, to the second.

    IAM API Reference, GetAccountAuthorizationDetails: CreateDate and UpdateDate of users, roles,
    policies and versions, and RoleLastUsed.
    """
    if isinstance(value, list):
        for each in value:
            yield from _dates(each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name in _DATES and isinstance(each, str):
                with suppress(ValueError):
                    moment = datetime.fromisoformat(each).astimezone(UTC)
                    yield moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            else:
                yield from _dates(each)


def concerns(event: Mapping[str, Any], settings: Settings) -> bool:
    """Whether an event concerns what is watched, or cannot be understood and must be said."""
    try:
        return parse_event(event, settings, MASK_KEY) is not None
    except UnreadableEventError:
        return True


def _interest(settings: Settings) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an event is kept, asked in the order of arrival: all of concern, and some others."""
    shown = count()

    def kept(event: Mapping[str, Any]) -> bool:
        return concerns(event, settings) or (
            detail(event).get("eventName") in API_CALLS and next(shown) < SHOWN
        )

    return kept


def is_scheduled(event: Mapping[str, Any]) -> bool:
    """Whether it is the event of a schedule, as reconcile is woken by ("Scheduled Event")."""
    return (event.get("source"), event.get("detail-type")) == ("aws.events", "Scheduled Event")


def event_time(event: Mapping[str, Any]) -> str:
    """When an event happened; empty where it does not say."""
    time = detail(event).get("eventTime") or event.get("time")
    return time if isinstance(time, str) else ""


def detail(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The CloudTrail record of an event; empty where there is none."""
    record = event.get("detail")
    return record if isinstance(record, Mapping) else {}


def _roles(snapshot: Snapshot | None) -> list[Mapping[str, Any]]:
    roles = snapshot.details.get("RoleDetailList") if snapshot else None
    return [role for role in roles if isinstance(role, Mapping)] if isinstance(roles, list) else []


def _span(earlier: str, later: str) -> timedelta:
    return datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
