"""Terminals: how wide they are, and messages as people would have got them in one.

Colour only repeats what a word says: rich leaves it out where output is piped or NO_COLOR is set.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich import box
from rich.console import (
    Console,
    ConsoleOptions,
    ConsoleRenderable,
    Group,
    RenderableType,
    RenderHook,
    RenderResult,
)
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from policy_monitor.findings import Finding
from policy_monitor.messages.masking import masked
from policy_monitor.records import finding_json
from policy_monitor_cli.outcome import Message

VERDICT_STYLES = {
    "expansion": "bold red",
    "mixed": "bold yellow",
    "undetermined": "bold magenta",
    "reduction": "bold green",
    "equivalent": "bold cyan",
}

SIGNS = {"gained": "+", "lost": "-"}

WIDTH = 80
"""The width where output is piped; a terminal's own where there is one."""

MIN_WIDTH = 60
MAX_WIDTH = 110
"""Beyond this, lines of prose are tiring to read."""


class _Trimmed(NamedTuple):
    """A renderable without the blanks to which tables and paddings fill their lines."""

    whole: ConsoleRenderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in Segment.split_lines(console.render(self.whole, options)):
            kept = list(line)
            while kept and not kept[-1].text.strip():
                kept.pop()
            if kept:
                last = kept.pop()
                kept.append(Segment(last.text.rstrip(), last.style, last.control))
            yield from kept
            yield Segment.line()


class _Trimming(RenderHook):
    """Trims all that a console prints: output is piped, compared and pasted."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Trim each."""
        return [_Trimmed(each) for each in renderables]


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal within reason, 80 columns where there is none."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    width = made.width if made.is_terminal else WIDTH
    made.width = max(MIN_WIDTH, min(width, MAX_WIDTH))
    if not stderr:
        made.push_render_hook(_Trimming())
    return made


def finding_line(finding: Finding) -> dict[str, Any]:
    """A finding as a replay prints it: the schema of the design, secrets masked."""
    return masked(finding_json(finding))


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
