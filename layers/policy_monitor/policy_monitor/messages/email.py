"""A finding as an e-mail: plain text, narrow enough for a phone."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from policy_monitor.messages.content import REPEATS, Content
from policy_monitor.messages.digests import MEANING, REMEDY, Digest
from policy_monitor.messages.grants import Side
from policy_monitor.messages.text import plain
from policy_monitor.messages.wording import NOTED

WIDTH = 48
"""Characters a line; names, ARNs and links that are longer stay whole, to be copied."""

SUBJECT_LIMIT = 99
"""SNS takes subjects of less than 100 characters (API reference, "Publish")."""

TEXT_LIMIT = 20_000
"""Characters of a whole text: more than anybody reads, and far below what SNS takes."""


def email_subject(said: Content) -> str:
    """``Expansion, high: role astronomer-remote-management, account 123456789012``.

    ASCII, one line, under 100 characters, begins with a letter (SNS API reference, "Publish").
    """
    start = f"{said.heading}, {said.severity}: "
    end = f", account {said.account[:12]}"
    subject = plain(said.subject)
    room = SUBJECT_LIMIT - len(start) - len(end)
    if len(subject) > room:
        subject = subject[: room - 3] + "..."
    text = f"{start}{subject}{end}"
    return text.replace("…", ".").encode("ascii", "replace").decode("ascii")


def email_text(said: Content) -> str:
    """The whole e-mail; cut with a count where it would be longer than `TEXT_LIMIT`."""
    text = "\n".join(_lines(said)).rstrip() + "\n"
    if len(text) <= TEXT_LIMIT:
        return text
    kept = text[:TEXT_LIMIT].rsplit("\n", 1)[0]
    more = len(text) - len(kept)
    return f"{kept}\n\n[cut: {more:,} more characters]\n\nFinding {said.finding_id}\n"


def digest_subject(told: Digest) -> str:
    """``Open, high: 2 changes without a notice, up to 12 days, account 123456789012``."""
    text = f"{told.title}, account {told.account[:12]}"[:SUBJECT_LIMIT]
    return text.encode("ascii", "replace").decode("ascii")


def digest_text(told: Digest) -> str:
    """A digest as a whole e-mail."""
    lines = [*_paragraph(told.title.upper()), "", *_paragraph(MEANING)]
    if told.repeats:
        lines += ["", *_paragraph(REPEATS)]
    for waiting in told.waiting:
        lines += ["", *_paragraph(waiting.title), *_paragraph(waiting.said.summary)]
        lines.append(f"Finding {waiting.said.finding_id}")
    if told.more:
        lines += ["", f"and {told.more:,} more"]
    return "\n".join([*lines, "", *_paragraph(REMEDY), told.ack]) + "\n"


def _lines(said: Content) -> Iterator[str]:
    yield from _paragraph(f"{said.heading.upper()}: {plain(said.subject)}")
    yield from _paragraph(f"Severity {said.severity}: {said.urgency}. {said.why}".rstrip())
    yield ""
    yield from _paragraph(said.summary)
    yield from _paragraph(said.meaning)
    for sentence in said.correction:
        yield ""
        yield from _paragraph(sentence)
    if said.repeats:
        yield ""
        yield from _paragraph(REPEATS)
    if said.reasons:
        yield from _section("Not judged", [_item([reason]) for reason in said.reasons])
    for side in said.sides:
        yield from _side(side)
    if said.notice:
        # The command stays on one line, to be copied.
        command = [*_paragraph(NOTED), said.ack] if said.ack else []
        yield from _section("Notice", [[*_paragraph(said.notice), *command]])
    yield ""
    for fact in (*said.who, *said.facts):
        yield from _paragraph(f"{fact.label}: {plain(fact.value)}", "  ")
    yield ""
    for link in said.links:
        yield f"{link.label}:"
        yield link.url
    yield f"Finding {said.finding_id}"


def _side(side: Side) -> Iterator[str]:
    items = [
        _item([plain(entry.what), *(plain(detail) for detail in entry.details)])
        for entry in side.entries
    ]
    if side.more:
        items.append(_item([f"and {side.more:,} more"]))
    yield from _section(side.title, items)


def _section(title: str, blocks: Sequence[list[str]]) -> Iterator[str]:
    yield ""
    yield title.upper()
    for block in blocks:
        yield from block


def _item(lines: Sequence[str]) -> list[str]:
    first, *rest = lines
    result = _paragraph(f"- {first}", "  ")
    for line in rest:
        result += _paragraph(f"  {line}", "    ")
    return result


def _paragraph(text: str, indent: str = "") -> list[str]:
    return wrap(
        text,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
