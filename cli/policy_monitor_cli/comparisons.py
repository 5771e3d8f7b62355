"""One comparison for people: in a terminal, and as Markdown for a pull request."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from policy_monitor.findings import FindingKind, SubjectType
from policy_monitor.messages.grants import Side, sides
from policy_monitor.messages.text import plain
from policy_monitor.opinions import words
from policy_monitor_cli.rendering import SIGNS, VERDICT_STYLES

_MOST = 20

MEANINGS = {
    "equivalent": "Both allow the same requests.",
    "expansion": "The new one allows more, and nothing less.",
    "reduction": "The new one allows less, and nothing more.",
    "mixed": "The new one allows some requests that the old one does not, and the other way round.",
    "undetermined": "Whether the new one allows more could not be decided: read it as if it did.",
}

_DENIES = (
    (
        "gained",
        "lifted_denies",
        "No longer denied (whether it is allowed depends on other policies)",
    ),
    ("lost", "added_denies", "Newly denied"),
)
"""Sides in which Denies differ: which way, under which name, and what is said of it."""


def text(line: Mapping[str, Any], subject: SubjectType = SubjectType.ROLE) -> RenderableType:
    """A comparison in a terminal; `line` is its JSON."""
    verdict = line["verdict"]
    parts: list[RenderableType] = [
        Text.assemble((verdict, VERDICT_STYLES[verdict]), f"  {MEANINGS[verdict]}")
    ]
    parts += [_indented(f"? {r['sentence']} ({r['code']})", 2) for r in line["undetermined"]]
    if opinion := words(line):
        parts.append(_indented(opinion, 2))
    for sign, side in _sides(line, subject):
        parts += [Text(""), Text(side.title, "bold")]
        for entry in side.entries:
            parts.append(_indented(f"{sign} {plain(entry.what)}", 2))
            parts += [_indented(plain(each), 6) for each in entry.details]
        if side.more:
            parts.append(Text(f"  and {side.more:,} more"))
    return Group(*parts)


def _indented(words: str, columns: int) -> RenderableType:
    return Padding(Text(words), (0, 0, 0, columns), expand=False)


def markdown(line: Mapping[str, Any], subject: SubjectType = SubjectType.ROLE) -> str:
    """A comparison as Markdown; `line` is its JSON."""
    verdict = line["verdict"]
    parts = [f"**{verdict}** {MEANINGS[verdict]}"]
    if line["undetermined"]:
        parts.append("\n".join(f"- {_code(r['sentence'])}" for r in line["undetermined"]))
    if opinion := words(line):
        parts.append(_code(opinion))
    for _, side in _sides(line, subject):
        rows = [f"#### {side.title}", ""]
        for entry in side.entries:
            rows.append(f"- {_code(plain(entry.what))}")
            rows += [f"  - {_code(plain(each))}" for each in entry.details]
        if side.more:
            rows.append(f"- and {side.more:,} more")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _sides(line: Mapping[str, Any], subject: SubjectType) -> Iterator[tuple[str, Side]]:
    """What was gained and lost, and Denies lifted and added, with their signs."""
    found = sides(line, FindingKind.CHANGE, subject, most=_MOST)
    signs = [SIGNS[key] for key in ("gained", "lost") if line[key]]
    yield from zip(signs, found, strict=True)
    for way, key, title in _DENIES:
        for side in sides({way: line[key]}, FindingKind.CHANGE, subject, most=_MOST):
            yield SIGNS[way], Side(title, side.entries, side.more)


def _code(words: str) -> str:
    """Words in which nothing is Markdown: patterns are full of stars."""
    fence = "``" if "`" in words else "`"
    return f"{fence}{words}{fence}"
