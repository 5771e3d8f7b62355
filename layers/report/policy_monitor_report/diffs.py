"""Two documents side by side, line by line, with what differs marked."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile, zip_longest
from typing import NamedTuple

from policy_monitor.documents import canonical_json
from policy_monitor.messages.masking import masked
from policy_monitor.messages.text import cut, visible
from policy_monitor.mutations import Document

AROUND = 2
"""Lines that are the same and shown beside those that differ."""

ROWS_SHOWN = 200
"""Of one document: a policy has up to some thousand lines."""

_LINE_LIMIT = 400
ANOTHER = " (another value; the masks look the same)"


class Piece(NamedTuple):
    """A part of a line, and whether it differs."""

    text: str
    differs: bool


type Line = tuple[Piece, ...]


class Row(NamedTuple):
    """A line on each side, None where that side has none; or `skipped` lines that are the same."""

    old: Line | None = None
    new: Line | None = None
    skipped: int = 0

    @property
    def differs(self) -> bool:
        """Whether the two sides differ here."""
        return not self.skipped and self.old != self.new


class _Text(NamedTuple):
    """A line of a document: what is compared, and what is shown of it."""

    compared: str
    shown: str


class Diff(NamedTuple):
    """The rows to be shown, and how many more differ."""

    rows: tuple[Row, ...]
    more: int


def diff(old: Document | None, new: Document | None) -> Diff:
    """Compare two documents as they lie in the ledger; what is shown has its secrets masked."""
    rows = tuple(_rows(_lines(old), _lines(new)))
    return Diff(rows[:ROWS_SHOWN], sum(row.differs for row in rows[ROWS_SHOWN:]))


def _rows(old: Sequence[_Text], new: Sequence[_Text]) -> Iterator[Row]:
    # In long documents, lines that stand in every statement are no anchors (autojunk): with them,
    # the time would grow with the cube of the length.
    matcher = SequenceMatcher(
        None, [text.compared for text in old], [text.compared for text in new], autojunk=True
    )
    groups = list(matcher.get_grouped_opcodes(AROUND))
    seen = 0
    for group in groups:
        start = group[0][1]
        if start > seen:
            yield Row(skipped=start - seen)
        seen = group[-1][2]
        for tag, a, b, c, d in group:
            if tag == "equal":
                for before, after in zip(old[a:b], new[c:d], strict=True):
                    yield _same(before, after)
            else:
                for left, right in zip_longest(old[a:b], new[c:d]):
                    yield _changed(left, right)
    if groups and len(old) > seen:
        yield Row(skipped=len(old) - seen)


def _same(old: _Text, new: _Text) -> Row:
    # A comma at the end may differ: it says only that another line follows.
    line = (Piece(max(old.shown, new.shown, key=len), differs=False),)
    return Row(line, line)


def _changed(old: _Text | None, new: _Text | None) -> Row:
    if old is None or new is None:
        return Row(_whole(old), _whole(new))
    if old.shown == new.shown:
        return Row(_whole(old), _whole(_Text(new.compared, new.shown + ANOTHER)))
    start = _shared(old.shown, new.shown)
    end = _shared(old.shown[start:][::-1], new.shown[start:][::-1])
    if 2 * (start + end) < max(len(old.shown), len(new.shown)) + _indent(old):
        return Row(_whole(old), _whole(new))
    return Row(_parted(old.shown, start, end), _parted(new.shown, start, end))


def _whole(text: _Text | None) -> Line | None:
    if text is None:
        return None
    return _parted(text.shown, _indent(text), 0)


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _indent(text: _Text) -> int:
    return len(text.shown) - len(text.shown.lstrip(" "))


def _parted(text: str, start: int, end: int) -> Line:
    """A line whose first `start` and last `end` characters are the other side's, too."""
    middle = len(text) - end
    pieces = (
        Piece(text[:start], False),
        Piece(text[start:middle], True),
        Piece(text[middle:], False),
    )
    return tuple(piece for piece in pieces if piece.text)


def _lines(document: Document | None) -> list[_Text]:
    """A document's lines, in canonical order: one value, one line."""
    if document is None:
        return []
    canonical = json.loads(canonical_json(document))
    kept, shown = _printed(canonical), _printed(masked(canonical))
    # Different secrets may look the same when they are masked: they are compared as they are kept.
    compared = kept if len(kept) == len(shown) else shown
    return [
        _Text(line.rstrip(","), cut(visible(text), _LINE_LIMIT))
        for line, text in zip(compared, shown, strict=True)
    ]


def _printed(document: Document) -> list[str]:
    return json.dumps(document, indent=2, ensure_ascii=False).split("\n")
