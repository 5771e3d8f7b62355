"""What happened, in a terminal: findings, and events that led to none, in the order of time.

Colour only repeats what a word says: rich leaves it out where output is piped or NO_COLOR is set.
"""

from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policy_monitor.chapters import Chapter, announced, chapters, moment, said_by
from policy_monitor.findings import Finding, FindingKind
from policy_monitor.history import Entry, entry_json
from policy_monitor.messages.content import Content, content
from policy_monitor.messages.text import plain, visible
from policy_monitor.phrases import counted
from policy_monitor_cli.material import BEGINNING
from policy_monitor_cli.outcome import Delivery, Fate, Outcome
from policy_monitor_cli.rendering import SIGNS, VERDICT_STYLES

_WITHOUT_AN_EVENT = (FindingKind.BASELINE, FindingKind.DRIFT)
"""Kinds whose heading says all that is known of how they came to be known."""

ATTEMPT_STYLE = "bold blue"
NOTE_STYLE = "yellow"
FATE_STYLES = {Fate.IGNORED: "dim", Fate.DUPLICATE: "dim", Fate.DEAD_LETTER: "bold red"}


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
    """``3 findings: 2 expansion, 1 reduction``; ``no findings`` where there are none."""
    if not verdicts.total():
        return Text("no findings")
    text = Text(f"{counted(verdicts.total(), 'finding')}: ")
    shares = [
        Text(f"{verdicts[verdict]:,} {verdict}", style)
        for verdict, style in VERDICT_STYLES.items()
        if verdicts[verdict]
    ]
    return text.append_text(Text(", ").join(shares))


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
        notes.append(f"This event came late, after one of {moment(after)}.")
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
    if finding.kind not in _WITHOUT_AN_EVENT:
        where = next((fact.value for fact in said.who if fact.label == "From"), ())
        parts.append(Text(" from ".join(filter(None, [finding.event_name, plain(where)])), "dim"))
    return Group(*parts)


def _subject(finding: Finding) -> str:
    return plain(content(entry_json(Entry(finding))).subject)


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
