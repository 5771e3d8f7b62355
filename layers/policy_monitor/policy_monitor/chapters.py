"""What is told of one change: what holds, what held before, and what says the same. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from policy_monitor.findings import Finding, SubjectType
from policy_monitor.history import Entry, entry_json
from policy_monitor.ledger import AnnouncementState
from policy_monitor.messages.content import content

CHANNELS = {
    "sns": "by the topic",
    "slack": "in Slack",
    "chat": "by Amazon Q",
    "bus": "to the central account",
}
"""How people were told, by the outbox's names."""

STATES = {
    AnnouncementState.STARTED: "sending {} was begun, and may have failed",
    AnnouncementState.SENT: "told {}",
    AnnouncementState.SAME: "told {} before, in the same words",
}


class Chapter(NamedTuple):
    """What holds of one change of one subject, with all that belongs to it.

    Attributes
    ----------
    before : Sequence[Entry]
        What held before in its place, in that order.
    also : Sequence[Finding]
        Policies' findings that say the same, and of which nobody was told apart.
    """

    entry: Entry
    before: Sequence[Entry] = ()
    also: Sequence[Finding] = ()


def chapters(entries: Iterable[Entry]) -> Iterator[Chapter]:
    """A history's entries by what they tell; no more than those of one second are held."""
    for _, together in groupby(entries, key=lambda entry: entry.finding.time):
        slots: dict[str, list[Entry]] = {}
        for entry in together:
            slots.setdefault(entry.finding.slot, []).append(entry)
        holding = {
            slot: next((one for one in held if one.superseded_by is None), held[-1])
            for slot, held in slots.items()
        }
        untold = [slot for slot, held in slots.items() if not any(e.announcements for e in held)]
        roles = {
            _occasion(entry.finding): entry.finding.slot
            for entry in holding.values()
            if entry.finding.subject.type is SubjectType.ROLE
        }
        also: dict[str, list[Finding]] = {}
        for slot in untold:
            finding = holding[slot].finding
            if finding.subject.type is SubjectType.POLICY and _occasion(finding) in roles:
                also.setdefault(roles[_occasion(finding)], []).append(finding)
        under = {finding.slot for findings in also.values() for finding in findings}
        for slot, entry in holding.items():
            if slot not in under:
                before = [one for one in slots[slot] if one is not entry]
                yield Chapter(entry, before, also.get(slot, ()))


def said_by(entry: Entry) -> str:
    """What a finding said, in a line."""
    said = content(entry_json(entry))
    return f"{said.heading.upper()} {said.severity}: {said.summary}"


def announced(entry: Entry) -> Iterator[str]:
    """Who was told of a finding, and when: a line each."""
    for each in entry.announcements:
        how = CHANNELS.get(each.key.channel, each.key.channel)
        yield f"{STATES[each.state].format(how)}, {moment(each.time)}"


def moment(time: str) -> str:
    """A time as people read it; that before all events has none."""
    if time.startswith("0001"):
        return "before all"
    return time.replace("T", " ").replace("Z", " UTC")


def _occasion(finding: Finding) -> tuple[str, str, str]:
    return (finding.event_id, finding.kind, finding.verdict)
