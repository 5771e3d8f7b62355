"""The picture of a role's access over time: where each bar lies, and its equivalent in words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from iamdiff.catalogue import ACCESS_LEVELS, gravity
from policy_monitor.chapters import moment
from policy_monitor.messages.text import name
from policy_monitor_report.reach import Reach, Stage

COLUMNS_SHOWN = 24
ROWS_SHOWN = 40
GONE_SHOWN = 8
"""How many services are drawn that the role cannot use any more."""

NOT_KNOWN = "Not known"

# Pixels.
LABELS, HEAD, ROW, GAP = 150, 64, 18, 2
WIDEST_COLUMN, NARROWEST_COLUMN, WIDTH = 96, 36, 928

LEVEL_CLASSES = {level: f"level-{place}" for place, level in enumerate((*ACCESS_LEVELS, NOT_KNOWN))}
"""The style sheet's name of each access level."""


class Bar(NamedTuple):
    """A level that a service holds through some stages."""

    x: int
    width: int
    level: str
    letter: str
    style: str
    title: str


class Lane(NamedTuple):
    """One service's bars."""

    service: str
    y: int
    bars: tuple[Bar, ...]


class Column(NamedTuple):
    """One stage: when it began, and what it holds, in words."""

    x: int
    day: str
    clock: str
    counts: tuple[tuple[str, int], ...]
    total: int | None
    came: tuple[str, ...]
    went: tuple[str, ...]


class Chart(NamedTuple):
    """A role's access over time.

    Attributes
    ----------
    earlier : int
        Stages that are left out before the first column.
    others : int
        Services that are left out below the last lane.
    levels : tuple[str, ...]
        Those that occur, the gravest first.
    """

    role: str
    width: int
    height: int
    columns: tuple[Column, ...]
    lanes: tuple[Lane, ...]
    levels: tuple[str, ...]
    earlier: int
    others: int


def chart(reach: Reach) -> Chart:
    """Lay out a role's reach: a column a change, since many may lie in one hour of a year."""
    shown = reach.stages[-COLUMNS_SHOWN:]
    left_out = len(reach.stages) - len(shown)
    column = max(NARROWEST_COLUMN, min(WIDEST_COLUMN, (WIDTH - LABELS) // max(1, len(shown))))
    services = _ranked(shown)
    held = len(shown[-1].levels or services) if shown else 0
    lanes = tuple(
        Lane(name(service).text, HEAD + place * ROW, tuple(_bars(service, shown, column)))
        for place, service in enumerate(services[: min(ROWS_SHOWN, held + GONE_SHOWN)])
    )
    before = reach.stages[left_out - 1].levels if left_out else None
    found = {level for stage in shown for level in (stage.levels or {NOT_KNOWN: ""}).values()}
    found |= {NOT_KNOWN} if any(stage.levels is None for stage in shown) else set()
    return Chart(
        role=name(reach.role.rsplit("/", 1)[-1]).text,
        width=LABELS + column * len(shown),
        height=HEAD + len(lanes) * ROW + GAP,
        columns=tuple(_columns(shown, before, column)),
        lanes=lanes,
        levels=tuple(level for level in LEVEL_CLASSES if level in found),
        earlier=reach.earlier + left_out,
        others=len(services) - len(lanes),
    )


def _ranked(stages: tuple[Stage, ...]) -> list[str]:
    """All services: those of the latest stage first, and of these the gravest."""
    first: dict[str, tuple[int, int, str]] = {}
    for age, stage in enumerate(reversed(stages)):
        for service, level in (stage.levels or {}).items():
            first.setdefault(service, (age, gravity(level), service))
    return sorted(first, key=lambda service: first[service])


def _bars(service: str, stages: tuple[Stage, ...], column: int) -> Iterator[Bar]:
    places = enumerate(stages)
    for level, run in groupby(places, key=lambda item: _level(item[1], service)):
        held = list(run)
        if level is None:
            continue
        x = LABELS + held[0][0] * column
        after = held[-1][0] + 1
        until = stages[after].since[:10] if after < len(stages) else "now"
        yield Bar(
            x,
            len(held) * column - GAP,
            level,
            "?" if level == NOT_KNOWN else level[0],
            LEVEL_CLASSES[level],
            f"{name(service).text}: {level}, {moment(held[0][1].since)} to {until}",
        )


def _level(stage: Stage, service: str) -> str | None:
    return NOT_KNOWN if stage.levels is None else stage.levels.get(service)


def _columns(
    stages: tuple[Stage, ...], before: Mapping[str, str] | None, width: int
) -> Iterator[Column]:
    for place, stage in enumerate(stages):
        levels = stage.levels
        known = levels is not None and before is not None
        counts = Counter((levels or {}).values())
        day, _, clock = moment(stage.since).partition(" ")
        yield Column(
            LABELS + place * width,
            day,
            clock[:5],
            tuple((level, counts[level]) for level in ACCESS_LEVELS if counts[level]),
            None if levels is None else len(levels),
            _risen(before or {}, levels or {}) if known else (),
            _risen(levels or {}, before or {}) if known else (),
        )
        before = levels


def _risen(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """Services that came, or came to a graver level."""
    risen = sorted(
        (gravity(level), service)
        for service, level in new.items()
        if service not in old or gravity(level) < gravity(old[service])
    )
    return tuple(name(service).text for _, service in risen)
