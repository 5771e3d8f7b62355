"""A webhook's payload as Slack shows it, near enough for a picture and for a look at its markup.

It draws the blocks that our messages are made of, in the way of "Block Kit" and "Formatting message
text" (Slack's documentation); an element of another kind is refused, rather than left out.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { margin: 0; padding: 20px; background: #fff; color: #1d1c1d; width: 720px;
       font: 15px/1.46 Lato, "Noto Sans", "Segoe UI", "Noto Color Emoji", sans-serif; }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 0 10px; }
.face { width: 36px; height: 36px; border-radius: 6px; background: #1d4d4f; color: #fff;
        font: 700 15px/36px sans-serif; text-align: center; }
.app { font-weight: 900; } .tag { background: #e8e8e8; color: #616061; font-size: 10px;
        font-weight: 700; padding: 1px 4px; border-radius: 2px; margin-left: 5px; }
h2 { font-size: 18px; line-height: 1.33; font-weight: 900; margin: 6px 0 4px; }
.section { margin: 4px 0 8px; overflow-wrap: anywhere; white-space: pre-wrap; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; }
.context { color: #616061; font-size: 13px; margin: 4px 0 8px; white-space: pre-wrap;
           overflow-wrap: anywhere; }
hr { border: 0; border-top: 1px solid #ddd; margin: 8px 0; }
code { font: 12px/1.5 Menlo, "DejaVu Sans Mono", monospace; color: #c01343; background: #f8f8f8;
       border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px; }
pre { font: 12px/1.5 Menlo, "DejaVu Sans Mono", monospace; background: #f8f8f8; margin: 4px 0;
      border: 1px solid #ddd; border-radius: 4px; padding: 8px; white-space: pre-wrap; }
a { color: #1264a3; text-decoration: none; }
.dot { display: inline-block; width: .85em; height: .85em; border-radius: 50%;
       vertical-align: -.06em; }
"""

# Not every machine that takes the picture has a font with these.
_DOTS = {
    "🔴": "#dd2e44",
    "🟠": "#f4900c",
    "🟡": "#fdcb58",
    "🔵": "#55acee",
    "🟢": "#78b159",
    "⚪": "#cccccc",
}

# Code blocks, code spans and links first: nothing is markup inside them.
_PARTS = re.compile(
    r"```\n?(?P<block>.*?)\n?```\n?|`(?P<code>[^`\n]+)`|<(?P<url>https://[^|<>]+)\|(?P<label>[^<>]+)>",
    re.DOTALL,
)
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def slack_page(payload: Mapping[str, Any]) -> str:
    """A page of HTML that shows a payload's blocks.

    Raises
    ------
    ValueError
        A block or a text of a kind that this cannot draw.
    """
    blocks = "".join(map(_block, payload["blocks"]))
    for sign, colour in _DOTS.items():
        blocks = blocks.replace(sign, f'<span class="dot" style="background: {colour}"></span>')
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Slack</title>'
        f'<style>{_STYLE}</style><div class="message"><div class="face">pm</div><div>'
        f'<span class="app">policy-monitor</span><span class="tag">APP</span>{blocks}</div></div>'
    )


def _block(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h2>{_text(block['text'])}</h2>"
        case "divider":
            return "<hr>"
        case "context":
            return f'<div class="context">{" ".join(map(_text, block["elements"]))}</div>'
        case "section" if "fields" in block:
            fields = "".join(f"<div>{_text(each)}</div>" for each in block["fields"])
            return f'<div class="section fields">{fields}</div>'
        case "section":
            return f'<div class="section">{_text(block["text"])}</div>'
    raise ValueError(f"block {block['type']!r} is not drawn here")


def _text(text: Mapping[str, Any]) -> str:
    """A text object; Slack's escapes (``&amp;``, ``&lt;``, ``&gt;``) are those of HTML."""
    if text["type"] == "plain_text":
        return str(text["text"])
    if text["type"] != "mrkdwn":
        raise ValueError(f"text {text['type']!r} is not drawn here")
    return "".join(_markup(str(text["text"])))


def _markup(text: str) -> Iterator[str]:
    done = 0
    for found in _PARTS.finditer(text):
        yield _BOLD.sub(r"<b>\1</b>", text[done : found.start()])
        done = found.end()
        if found["block"] is not None:
            yield f"<pre>{found['block']}</pre>"
        elif found["code"]:
            yield f"<code>{found['code']}</code>"
        else:
            yield f'<a href="{escape(found["url"])}">{found["label"]}</a>'
    yield _BOLD.sub(r"<b>\1</b>", text[done:])
