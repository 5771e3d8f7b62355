"""All findings ever recorded, in timeline order, with what became of each. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from policy_monitor.findings import Finding
from policy_monitor.ledger import (
    Announcement,
    AnnouncementState,
    Ledger,
    Notice,
    Outbox,
    Recorded,
    Snapshot,
)
from policy_monitor.records import finding_json
from policy_monitor.timeline import steps


class Entry(NamedTuple):
    """A finding, and what became of it.

    Attributes
    ----------
    told_with : str or None
        The finding that tells this one as well.
    superseded_by : str or None
        The finding that holds now in its place; None where this one does.
    correction_of : str or None
        The finding whose place it took, where people may have read that one.
    announcements : tuple[Announcement, ...]
        Those of this finding, by time.
    notice : Notice or None
        The vendor's, where somebody noted it.
    """

    finding: Finding
    told_with: str | None = None
    superseded_by: str | None = None
    correction_of: str | None = None
    announcements: tuple[Announcement, ...] = ()
    notice: Notice | None = None


def history(ledger: Ledger, outbox: Outbox | None = None) -> Iterator[Entry]:
    """Every finding, in timeline order; of one event, a finding before those that it tells too.

    Of one slot, findings stand in the order in which they first held.

    Parameters
    ----------
    outbox : Outbox, optional
        What was announced; nothing was, where there is none.
    """
    told: defaultdict[str, list[Announcement]] = defaultdict(list)
    for announcement in outbox.announcements() if outbox else ():
        told[announcement.key.finding_id].append(announcement)
    places = _places(ledger.snapshot())
    notices = ledger.notices()
    for _, together in groupby(ledger.findings(), key=lambda recorded: recorded.finding.time):
        entries = [(recorded, _entry(recorded, told, notices)) for recorded in together]
        entries.sort(
            key=lambda pair: (
                places.get(pair[1].finding.event_id, -1),
                pair[1].told_with is not None,
                pair[1].finding.slot,
                pair[0].first.revision,
            )
        )
        yield from (entry for _, entry in entries)


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as ``policy-monitor/finding/1`` with what only the ledger knows beside it."""
    notice = entry.notice
    return {
        **finding_json(entry.finding, correction_of=entry.correction_of),
        "superseded_by": entry.superseded_by,
        "told_with": entry.told_with,
        "announced": [
            {"channel": each.key.channel, "state": each.state.value, "time": each.time}
            for each in entry.announcements
        ],
        "notice": notice and {"text": notice.text, "author": notice.author, "time": notice.time},
    }


def _entry(
    recorded: Recorded,
    told: Mapping[str, Sequence[Announcement]],
    notices: Mapping[str, Notice],
) -> Entry:
    finding, current = recorded.finding, recorded.current
    holds = current.finding_id == finding.finding_id
    row = current if holds else recorded.first
    own = tuple(sorted(told.get(finding.finding_id, ()), key=lambda each: each.time))
    is_correction = (
        row.previous in told
        and row.previous != finding.finding_id
        and all(each.state is not AnnouncementState.SAME for each in own)
    )
    return Entry(
        finding=finding,
        told_with=row.told_with,
        superseded_by=None if holds else current.finding_id,
        correction_of=row.previous if is_correction else None,
        announcements=own,
        notice=notices.get(finding.finding_id),
    )


def _places(snapshot: Snapshot) -> Mapping[str, int]:
    """Where each event stands: the order within a second is told by what the events did."""
    if snapshot.genesis is None:
        return {}
    walked = steps(snapshot.genesis, snapshot.mutations)
    return {step.mutation.event_id: place for place, step in enumerate(walked)}
