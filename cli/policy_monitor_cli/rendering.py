"""What a replay shows in a terminal: a timeline, and messages as people would have got them.

Colour only repeats what a word says: rich leaves it out where output is piped or NO_COLOR is set.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from policy_monitor.findings import Finding
from policy_monitor.messages.content import Content, content
from policy_monitor.messages.masking import masked
from policy_monitor.messages.text import plain, visible
from policy_monitor.records import finding_json
from policy_monitor_cli.material import BEGINNING
from policy_monitor_cli.outcome import Delivery, Fate, Message, Outcome

VERDICT_STYLES = {
    "expansion": "bold red",
    "mixed": "bold yellow",
    "undetermined": "bold magenta",
    "reduction": "bold green",
    "equivalent": "bold cyan",
}
ATTEMPT_STYLE = "bold blue"
FATE_STYLES = {Fate.IGNORED: "dim", Fate.DUPLICATE: "dim", Fate.DEAD_LETTER: "bold red"}

SIGNS = {"gained": "+", "lost": "-"}

WIDTH = 80
"""The width where output is piped; a terminal's own where there is one."""

MIN_WIDTH = 60
MAX_WIDTH = 110
"""Beyond this, lines of prose are tiring to read."""


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal within reason, 80 columns where there is none."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    width = made.width if made.is_terminal else WIDTH
    made.width = max(MIN_WIDTH, min(width, MAX_WIDTH))
    return made


def finding_line(finding: Finding) -> dict[str, Any]:
    """A finding as a replay prints it: the schema of the design, secrets masked."""
    return masked(finding_json(finding))


def timeline(outcome: Outcome) -> RenderableType:
    """Every finding, and every event that led to none, in the order of time."""
    rows = [
        (first.time, 0, place, _change(first, others))
        for place, (first, *others) in enumerate(_changes(outcome))
    ]
    rows += [
        (delivery.time, 1, place, _delivery(delivery))
        for place, delivery in enumerate(outcome.deliveries)
    ]
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=10, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for time, _, _, what in sorted(rows, key=lambda row: row[:3]):
        table.add_row(_when(time), Group(what, ""))
    return table


def tally(outcome: Outcome) -> Text:
    """One line: how many events came, and what became of them."""
    verdicts = [finding.verdict for finding in outcome.findings]
    parts = [_counted(outcome.events, "event"), _counted(len(verdicts), "finding")]
    text = Text(", ".join(parts) + ": ")
    shares = [
        Text(f"{verdicts.count(verdict)} {verdict}", style)
        for verdict, style in VERDICT_STYLES.items()
        if verdict in verdicts
    ]
    text.append_text(Text(", ").join(shares) if shares else Text("none"))
    for fate, words in (
        (Fate.IGNORED, "{:,} ignored"),
        (Fate.DUPLICATE, "{:,} delivered again"),
        (Fate.DEAD_LETTER, "{:,} to the dead-letter queue"),
    ):
        if count := outcome.counts.get(fate, 0):
            text.append("; " + words.format(count), FATE_STYLES[fate])
    return text.append(".")


def message(sent: Message) -> RenderableType:
    """One message in full."""
    if isinstance(sent.body, str):
        body: RenderableType = Text(f"{sent.subject}\n\n{sent.body.rstrip()}")
    else:
        body = Group(*slack_lines(sent.body))
    title = Text(f" {sent.channel} ", "bold")
    return Panel(body, title=title, title_align="left", box=box.ROUNDED, padding=(0, 1))


def slack_lines(payload: Mapping[str, Any]) -> Iterator[RenderableType]:
    """A Slack payload as its reader sees it, block by block."""
    for block in payload.get("blocks", []):
        match block.get("type"):
            case "header":
                yield Text(_slack_plain(block["text"]), "bold")
            case "divider":
                yield Text("─" * 20, "dim")
            case "section":
                if text := block.get("text"):
                    yield _slack_text(text)
                if fields := block.get("fields"):
                    yield _slack_fields(fields)
            case "context":
                for element in block.get("elements", []):
                    yield _slack_text(element, "dim")
    if not payload.get("blocks"):
        yield Text(_slack_plain(payload))


def _slack_fields(fields: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Fields, which Slack sets in two columns: here a label and what follows it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for field in fields:
        label, *rest = _slack_text(field).split("\n")
        table.add_row(label, Text("\n").join(rest))
    return table


def _slack_text(element: Mapping[str, Any], style: str = "") -> Text:
    """A text object: plain, or with Slack's markup of bold, code and links."""
    if element.get("type") != "mrkdwn":
        return Text(_slack_plain(element), style)
    text = Text(style=style)
    # `*bold*`, `code` and <url|label> ("Formatting text for app surfaces", Slack's documentation).
    pattern = r"(`[^`]*`|\*[^*\n]+\*|<[^|>]+\|[^>]+>)"
    for part in re.split(pattern, str(element.get("text", ""))):
        if part.startswith("<") and part.endswith(">"):
            url, _, label = part[1:-1].partition("|")
            text.append(html.unescape(label), f"underline link {html.unescape(url)}")
        elif part.startswith("`") and part.endswith("`") and part != "`":
            text.append(html.unescape(part[1:-1]), "cyan")
        elif part.startswith("*") and part.endswith("*") and part != "*":
            text.append(html.unescape(part[1:-1]), "bold")
        else:
            text.append(html.unescape(part))
    return text


def _slack_plain(element: Mapping[str, Any]) -> str:
    return html.unescape(str(element.get("text", "")))


def _changes(outcome: Outcome) -> Iterator[Sequence[Finding]]:
    """Each finding that stands for itself, with those that it tells as well."""
    told: dict[str, list[Finding]] = {}
    for finding in outcome.findings:
        teller = outcome.told_with.get(finding.finding_id)
        if teller is not None:
            told.setdefault(teller, []).append(finding)
    for finding in outcome.findings:
        if finding.finding_id not in outcome.told_with:
            yield (finding, *told.get(finding.finding_id, ()))


def _change(finding: Finding, told: Sequence[Finding]) -> RenderableType:
    said = content(finding_line(finding))
    style = ATTEMPT_STYLE if finding.kind == "attempt" else VERDICT_STYLES[finding.verdict]
    head = Text()
    head.append(said.heading.upper(), style)
    head.append(f"  {said.severity}  ", "dim")
    head.append(plain(said.subject))
    parts: list[RenderableType] = [head, Text(said.summary)]
    parts += [Padding(line, (0, 0, 0, 2)) for line in _examples(said, finding)]
    parts += [Text(f"and the same of the {plain(_subject(other))}", "dim") for other in told]
    where = next((fact.value for fact in said.who if fact.label == "From"), ())
    parts.append(Text(" from ".join(filter(None, [finding.event_name, plain(where)])), "dim"))
    return Group(*parts)


def _subject(finding: Finding) -> Any:
    return content(finding_line(finding)).subject


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


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
