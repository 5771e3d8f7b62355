"""What happened, in a terminal: findings, and events that led to none, in the order of time.

Colour only repeats what a word says: rich leaves it out where output is piped or NO_COLOR is set.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policy_monitor.findings import Finding, SubjectType
from policy_monitor.history import Entry, entry_json
from policy_monitor.ledger import AnnouncementState
from policy_monitor.messages.content import Content, content
from policy_monitor.messages.text import plain, visible
from policy_monitor_cli.material import BEGINNING
from policy_monitor_cli.outcome import Delivery, Fate, Outcome
from policy_monitor_cli.rendering import SIGNS, VERDICT_STYLES

ATTEMPT_STYLE = "bold blue"
NOTE_STYLE = "yellow"
FATE_STYLES = {Fate.IGNORED: "dim", Fate.DUPLICATE: "dim", Fate.DEAD_LETTER: "bold red"}

CHANNELS = {"sns": "by the topic", "slack": "in Slack", "chat": "by Amazon Q"}
"""How people were told, by the outbox's names."""

STATES = {
    AnnouncementState.STARTED: "sending {} was begun, and may have failed",
    AnnouncementState.SENT: "told {}",
    AnnouncementState.SAME: "told {} before, in the same words",
}


@dataclass(frozen=True, slots=True)
class Chapter:
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
        untold = {slot for slot, held in slots.items() if not any(e.announcements for e in held)}
        roles = {
            _occasion(entry.finding): entry.finding.slot
            for entry in holding.values()
            if entry.finding.subject.type is SubjectType.ROLE
        }
        also: dict[str, list[Finding]] = {}
        for slot in untold - set(roles.values()):
            finding = holding[slot].finding
            if finding.subject.type is SubjectType.POLICY and _occasion(finding) in roles:
                also.setdefault(roles[_occasion(finding)], []).append(finding)
        under = {finding.slot for findings in also.values() for finding in findings}
        for slot, entry in holding.items():
            if slot not in under:
                before = [one for one in slots[slot] if one is not entry]
                yield Chapter(entry, before, also.get(slot, ()))


def timeline(outcome: Outcome) -> RenderableType:
    """Every finding, and every event that led to none, in the order of time."""
    rows = [
        (chapter.entry.finding.time, 0, place, _replayed(chapter, outcome))
        for place, chapter in enumerate(chapters(outcome.entries))
    ]
    rows += [
        (delivery.time, 1, place, _delivery(delivery))
        for place, delivery in enumerate(outcome.deliveries)
    ]
    return Group(*(_row(time, what) for time, _, _, what in sorted(rows, key=lambda row: row[:3])))


def account_of(chapter: Chapter) -> RenderableType:
    """A chapter of a deployed ledger: with what was said before, and who was told when."""
    earlier: list[RenderableType] = []
    for entry in chapter.before:
        earlier.append(Text(f"before: {said_by(entry)}", NOTE_STYLE))
        earlier += [Padding(Text(line, "dim"), (0, 0, 0, 2)) for line in announced(entry)]
    told = (Text(line, "dim") for line in announced(chapter.entry))
    parts = [change(chapter), *earlier, *told]
    return _row(chapter.entry.finding.time, Group(*parts))


def tally(outcome: Outcome) -> Text:
    """One line: how many events came, and what became of them."""
    verdicts = Counter(finding.verdict for finding in outcome.findings)
    text = Text(f"{counted(outcome.events, 'event')}, ").append_text(verdict_counts(verdicts))
    for fate, words in (
        (Fate.IGNORED, "{:,} ignored"),
        (Fate.DUPLICATE, "{:,} delivered again"),
        (Fate.DEAD_LETTER, "{:,} to the dead-letter queue"),
    ):
        if count := outcome.counts.get(fate, 0):
            text.append("; " + words.format(count), FATE_STYLES[fate])
    return text.append(".")


def verdict_counts(verdicts: Counter[str]) -> Text:
    """``3 findings: 2 expansion, 1 reduction``."""
    text = Text(f"{counted(verdicts.total(), 'finding')}: ")
    shares = [
        Text(f"{verdicts[verdict]:,} {verdict}", style)
        for verdict, style in VERDICT_STYLES.items()
        if verdicts[verdict]
    ]
    return text.append_text(Text(", ").join(shares) if shares else Text("none"))


def _row(time: str, what: RenderableType) -> RenderableType:
    """What happened at a time, and an empty line."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=10, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_row(_when(time), Group(what, ""))
    return table


def _replayed(chapter: Chapter, outcome: Outcome) -> RenderableType:
    """A chapter of a replay, with what was odd about it."""
    notes = []
    if corrected := chapter.entry.correction_of:
        said = next(one for one in chapter.before if one.finding.finding_id == corrected)
        notes.append(f"Before, people were told: {said_by(said)}")
    if after := outcome.late.get(chapter.entry.finding.event_id):
        notes.append(f"This event came late, after one of {_moment(after)}.")
    return Group(change(chapter), *(Text(note, NOTE_STYLE) for note in notes))


def change(chapter: Chapter) -> RenderableType:
    """What holds of a change: verdict, severity, summary, an example of each side, who made it."""
    finding = chapter.entry.finding
    said = content(entry_json(chapter.entry))
    style = ATTEMPT_STYLE if finding.kind == "attempt" else VERDICT_STYLES[finding.verdict]
    head = Text()
    head.append(said.heading.upper(), style)
    head.append(f"  {said.severity}  ", "dim")
    head.append(plain(said.subject))
    parts: list[RenderableType] = [head, Text(said.summary)]
    parts += [Padding(line, (0, 0, 0, 2)) for line in _examples(said, finding)]
    parts += [Text(f"and the same of the {_subject(other)}", "dim") for other in chapter.also]
    where = next((fact.value for fact in said.who if fact.label == "From"), ())
    parts.append(Text(" from ".join(filter(None, [finding.event_name, plain(where)])), "dim"))
    return Group(*parts)


def _occasion(finding: Finding) -> tuple[str, str, str]:
    return (finding.event_id, finding.kind, finding.verdict)


def _subject(finding: Finding) -> str:
    return plain(content(entry_json(Entry(finding))).subject)


def said_by(entry: Entry) -> str:
    """What a finding said, in a line."""
    said = content(entry_json(entry))
    return f"{said.heading.upper()} {said.severity}: {said.summary}"


def announced(entry: Entry) -> Iterator[str]:
    """Who was told of a finding, and when: a line each."""
    for each in entry.announcements:
        how = CHANNELS.get(each.key.channel, each.key.channel)
        yield f"{STATES[each.state].format(how)}, {_moment(each.time)}"


def _examples(said: Content, finding: Finding) -> Iterator[Text]:
    """The first request of each side that was gained or lost."""
    for side, sign in SIGNS.items():
        grants = finding.comparison.get(side) or []
        witness = grants[0].get("witness") if grants else None
        if witness:
            style = "red" if side == "gained" else "green"
            resource = witness.get("resource") or "*"
            where = "" if resource == "*" else f" on {visible(resource)}"
            if finding.subject.type == "trust":
                where = f" by {visible(witness.get('principal') or 'anybody')}"
            yield Text(f"{sign} {visible(witness['action'])}{where}", style)
    for reason in said.reasons[:1]:
        yield Text(f"? {reason}", "magenta")


def _delivery(delivery: Delivery) -> RenderableType:
    head = Text()
    head.append(delivery.fate.upper(), FATE_STYLES[delivery.fate])
    head.append(f"  {visible(delivery.event_name)}", "dim")
    reason = Text(delivery.reason, "" if delivery.fate is Fate.DEAD_LETTER else "dim")
    return Group(head, reason)


def _when(time: str) -> Text:
    if time == BEGINNING:
        return Text("before all", "dim")
    day, _, clock = time.partition("T")
    return Text(f"{day}\n", "bold").append(f"{clock[:5]} UTC" if clock else "", "dim")


def _moment(time: str) -> str:
    return time.replace("T", " ").replace("Z", " UTC")


def counted(count: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
