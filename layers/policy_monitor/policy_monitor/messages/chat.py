"""Messages for Amazon Q in chat applications, in its schema of custom notifications.

The schema is that of "Custom notifications using Amazon Q Developer in chat applications" (its
administrator guide): version, source, id, content, metadata. The text is in the markdown of the
chat application; messages with the same thread id stand in one thread. The text is what Slack is
sent (`messages.blocks`), without its blocks.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy_monitor.messages.blocks import slack_payload
from policy_monitor.messages.envelope import Envelope, envelope
from policy_monitor.messages.text import fitting, shares

# No page states how long a text may be; what does not fit is counted.
_DESCRIPTION_LIMIT = 4_000
_BETWEEN = len("\n\n")
_FENCE = "```"
# Kept free for the line that counts what is left out, and the fence before it.
_COUNT_ROOM = 40

# Words that hold what a chat application takes for markup: they stand in code spans.
_WORD = re.compile(r"\S*[*_~`@&\[\]]\S*")
# The same from the first such word to the last: a title must stay short.
_WORDS = re.compile(r"\S*[*_~`@&\[\]](?:.*[*_~`@&\[\]])?\S*")


def chat_envelope(message: Mapping[str, Any]) -> Envelope:
    """Put the JSON of a finding or a digest into an envelope for Amazon Q's topic.

    Raises
    ------
    UnreadableEventError
        It is neither.
    """
    letter = envelope(message)
    notification = json.dumps(chat_notification(message), separators=(",", ":"))
    return Envelope(letter.subject, json.dumps({"default": notification}), letter.attributes)


def chat_notification(message: Mapping[str, Any]) -> dict[str, Any]:
    """A finding or a digest as a custom notification, threaded by its subject."""
    header, *blocks = slack_payload(message)["blocks"]
    title = _plain(header["text"]["text"], _WORDS)
    subject = message.get("subject", {"type": "digest", "arn": str(message["account"])})
    thread = hashlib.sha256(f"{subject['type']} {subject['arn']}".encode("utf-8", "replace"))
    return {
        "version": "1.0",
        "source": "custom",
        "id": f"{message['finding_id']}-{message.get('revision', 1)}",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": _joined(list(_texts(blocks))),
        },
        "metadata": {
            "threadId": thread.hexdigest(),
            "summary": title,
            "eventType": f"policy-monitor {message.get('kind', 'digest')}",
            "additionalContext": {
                "account": str(message["account"]),
                "severity": str(message["severity"]),
                "verdict": str(message.get("verdict", "")),
            },
        },
    }


def _texts(blocks: list[Mapping[str, Any]]) -> Iterator[str]:
    """The texts of Slack's blocks, each of one or several lines."""
    for block in blocks:
        members = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
        yield from (_markdown(member) for member in members if member)


def _markdown(text: Mapping[str, Any]) -> str:
    """A text object of Slack's as markdown: what was plain text stays plain."""
    shown = str(text["text"])
    return shown if text["type"] != "plain_text" else _plain(shown, _WORD)


def _plain(text: str, markup: re.Pattern[str]) -> str:
    # A backtick would end the code span, and nothing escapes it.
    return markup.sub(lambda found: f"`{found[0].replace('`', chr(39))}`", text)


def _joined(texts: list[str]) -> str:
    """Texts as paragraphs; of the long ones the lines that do not fit are left out, and counted."""
    given = shares([len(text) + _BETWEEN for text in texts], _DESCRIPTION_LIMIT)
    return "\n\n".join(_cut(text, room - _BETWEEN) for text, room in zip(texts, given, strict=True))


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    lines = [f"{line}\n" for line in text.split("\n")]
    kept = "".join(shown := fitting(lines, room - _COUNT_ROOM))
    more = len(lines) - len(shown)
    fence = f"{_FENCE}\n" if kept.count(_FENCE) % 2 else ""
    return f"{kept}{fence}and {more:,} more line{'s' if more > 1 else ''}"
