"""A finding, a digest or an alarm as a Slack message: Block Kit within Slack's limits, all escaped.

Strangers' names stand in code spans, strangers' sentences in plain-text blocks, so that none of
Slack's markup is read in them ("Formatting message text", Slack's documentation); `&`, `<` and `>`
are escaped everywhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from policy_monitor.findings import Severity
from policy_monitor.messages.alarms import Alarm, alarm
from policy_monitor.messages.body import ALARM
from policy_monitor.messages.content import REPEATS, Content, Fact, Redline, content
from policy_monitor.messages.digests import MEANING, REMEDY, Digest, digest, is_digest
from policy_monitor.messages.grants import Side
from policy_monitor.messages.text import Name, Phrase, cut, fitting, plain
from policy_monitor.messages.wording import NOTED

# Slack's limits are 150 characters a header and 3,000 a text; of a message as a whole it takes
# some 13,000 characters of blocks, though no page states that: stay well below.
_HEADER_LIMIT = 150
_TEXT_LIMIT = 1_800
_FALLBACK_LIMIT = 300
# Of all documents' differing lines together.
_REDLINES_LIMIT = 3_000
# So that six names, the most that one line lists, always fit a text.
_NAME_LIMIT = 200
# Of one summary in a digest, which holds many.
_DIGEST_LIMIT = 300
# Kept free for the line that counts what a list leaves out.
_COUNT_ROOM = 30

_SIGNS = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFO: "⚪",
}
_ALARM_SIGNS = {"ALARM": "🔴", "OK": "🟢"}


def slack_payload(message: Mapping[str, Any]) -> dict[str, Any]:
    """What `messages.body.read_body` read, as a webhook's payload: ``text`` and ``blocks``.

    Raises
    ------
    UnreadableEventError
        It is neither a finding nor a digest nor an alarm.
    """
    if ALARM in message:
        return _alarm_payload(alarm(message[ALARM]), repeats=message.get("may_repeat") is True)
    return _digest_payload(digest(message)) if is_digest(message) else slack_message(message)


def slack_message(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as a webhook's payload: ``text`` (the fallback) and ``blocks``.

    Raises
    ------
    UnreadableEventError
        It is no finding.
    """
    said = content(finding)
    title = f"{said.heading}, {said.severity}: {plain(said.subject)}"
    return {
        "text": _escaped(f"{title}. {said.summary}", _FALLBACK_LIMIT),
        "blocks": [block.to_dict() for block in _blocks(said, title)],
    }


def _alarm_payload(told: Alarm, *, repeats: bool) -> dict[str, Any]:
    """An alarm about the monitor itself."""
    title = f"Monitor {told.state}: {told.title}"
    blocks: list[Block] = [_header(f"{_ALARM_SIGNS.get(told.state, '⚪')} {title}")]
    blocks += [_prose(text) for text in (told.description, told.reason) if text]
    lines = [f"When: {told.time}", f"Where: account {told.account}, {told.region}"]
    if repeats:
        lines.append(REPEATS)
    blocks.append(ContextBlock(elements=[_plain_text(line) for line in lines]))
    return {
        "text": _escaped(f"{title}. {told.reason}", _FALLBACK_LIMIT),
        "blocks": [block.to_dict() for block in blocks],
    }


def _digest_payload(told: Digest) -> dict[str, Any]:
    """What waits for the vendor's notice."""
    blocks: list[Block] = [_header(f"{_SIGNS[told.severity]} {told.title}"), _prose(MEANING)]
    for waiting in told.waiting:
        said = waiting.said
        blocks.append(_prose(f"{waiting.title}\n{cut(said.summary, _DIGEST_LIMIT)}"))
        blocks.append(ContextBlock(elements=[_markup_text(f"Finding {_code(said.finding_id)}")]))
    if told.more:
        blocks.append(_prose(f"and {told.more:,} more"))
    blocks.append(_markup(f"{REMEDY}\n{_command(told.ack)}"))
    lines = [f"Account {told.account}", *((REPEATS,) if told.repeats else ())]
    blocks.append(ContextBlock(elements=[_plain_text(line) for line in lines]))
    return {
        "text": _escaped(f"{told.title}. {MEANING}", _FALLBACK_LIMIT),
        "blocks": [block.to_dict() for block in blocks],
    }


def _blocks(said: Content, title: str) -> Iterator[Block]:
    yield _header(f"{_SIGNS[said.severity]} {title}")
    severity = f"Severity {said.severity}: {said.urgency}. {said.why}".rstrip()
    yield _prose(f"{said.summary}\n{said.meaning} {severity}")
    if said.correction:
        yield _prose("\n".join(said.correction))
    if said.repeats:
        yield ContextBlock(elements=[_plain_text(REPEATS)])
    if said.reasons:
        reasons = "\n".join(f"• {reason}" for reason in said.reasons)
        yield _prose(f"Not judged:\n{reasons}")
    for side in said.sides:
        yield _markup(_side_text(side))
    yield DividerBlock()
    yield SectionBlock(fields=[_markup_text(_fact_text(fact)) for fact in (*said.who, *said.facts)])
    if said.notice:
        command = f"\n{NOTED}\n{_command(said.ack)}" if said.ack else ""
        yield _markup(f"*Notice*\n{_escaped(said.notice, _TEXT_LIMIT)}{command}")
    links = " · ".join(f"<{_escape(link.url)}|{_escape(link.label)}>" for link in said.links)
    ending = f"Finding {_code(said.finding_id)}"
    yield ContextBlock(elements=[_markup_text(f"{links} · {ending}" if links else ending)])
    # Last, since Slack folds what is long, and whoever knows what to do need not read it.
    for redline in said.redlines:
        yield _markup(_redline_text(redline, _REDLINES_LIMIT // len(said.redlines)))
    if said.redlines_more:
        counted = f"{said.redlines_more:,} more document{'s' if said.redlines_more > 1 else ''}"
        yield _prose(f"and {counted} changed")


def _side_text(side: Side) -> str:
    """A list of grants; what does not fit any more is counted with what was left out before."""
    lines = [f"*{_escape(side.title)}*"]
    room = _TEXT_LIMIT - len(lines[0]) - _COUNT_ROOM
    left_out = side.more
    for entry in side.entries:
        what = f"• {_phrase(entry.what)}"
        if len(what) >= room:
            left_out += 1
            continue
        lines.append(what)
        room -= len(what) + 1
        for detail in (f"      {_phrase(detail)}" for detail in entry.details):
            if len(detail) < room:
                lines.append(detail)
                room -= len(detail) + 1
    if left_out:
        lines.append(f"and {left_out:,} more")
    return "\n".join(lines)


def _redline_text(redline: Redline, limit: int) -> str:
    """The lines of a document that differ, in a code block; what does not fit is counted."""
    title = f"*Line by line:* {_phrase(redline.title)}"
    room = min(limit, _TEXT_LIMIT) - len(title) - _COUNT_ROOM
    kept: list[str] = []
    for line in redline.lines:
        shown = _escape(line.replace("`", "<U+0060>"))
        room -= len(shown) + 1
        if room < 0:
            break
        kept.append(shown)
    more = len(redline.lines) - len(kept) + redline.more
    block = "\n".join(("```", *kept, "```")) if kept else ""
    return "\n".join(filter(None, (title, block, f"and {more:,} more lines" if more else "")))


def _fact_text(fact: Fact) -> str:
    return f"*{_escape(fact.label)}*\n{_phrase(fact.value)}"


def _header(text: str) -> HeaderBlock:
    return HeaderBlock(text=PlainTextObject(text=_escaped(text, _HEADER_LIMIT), emoji=False))


def _prose(text: str) -> SectionBlock:
    return SectionBlock(text=_plain_text(text))


def _markup(text: str) -> SectionBlock:
    return SectionBlock(text=_markup_text(text))


def _plain_text(text: str) -> PlainTextObject:
    return PlainTextObject(text=_escaped(text, _TEXT_LIMIT), emoji=False)


def _markup_text(text: str) -> MarkdownTextObject:
    # verbatim: Slack makes no links or mentions of what looks like one.
    return MarkdownTextObject(text=text, verbatim=True)


def _phrase(phrase: Phrase) -> str:
    return "".join(_code(part.text) if isinstance(part, Name) else _escape(part) for part in phrase)


def _code(text: str) -> str:
    # A backtick would end the code span, and nothing escapes it.
    return f"`{_escaped(text.replace('`', '<U+0060>'), _NAME_LIMIT)}`"


def _command(text: str) -> str:
    return f"```{_escape(text)}```"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str, limit: int) -> str:
    """Text, escaped and then at most `limit` characters long, no entity torn."""
    escaped = _escape(text)
    if len(escaped) <= limit:
        return escaped
    return "".join(fitting([_escape(character) for character in text[:limit]], limit - 1)) + "…"
