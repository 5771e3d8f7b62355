"""Text that a stranger chose, made safe to show: nothing hidden or reordered, not too long."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

# Unicode's general categories that do not show, or that change how their neighbours show: control
# characters and line ends (a name could forge a line of the message), format characters
# (right-to-left overrides, zero-width joiners), lone surrogates, private and unassigned ones.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

NAME_LIMIT = 160
"""How much of one name, ARN or pattern a message shows."""


class Name(NamedTuple):
    """A name, ARN or pattern that stands in a sentence: literal, never markup."""

    text: str


type Phrase = tuple[str | Name, ...]
"""Our own words, and the names among them."""


def visible(text: str) -> str:
    """Text on one line in which every hidden character shows as its code: ``<U+202E>``."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in _HIDDEN:
        return f"<U+{ord(character):04X}>"
    return " " if category == "Zs" else character


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of a text; where some are left out it says how many."""
    return _cut_pieces(text, text, limit)


def _cut_pieces(pieces: Sequence[str], text: str, limit: int) -> str:
    """Join the pieces that `text`'s characters show as, as `cut` does; no piece is torn."""
    if len(text) <= limit and len(joined := "".join(pieces)) <= limit:
        return joined
    # The note's own length depends on the count that it gives: leave room for the longest.
    room = limit - len(_left_out(len(text)))
    if room <= 0:
        return "".join(pieces[:limit])[: limit - 1] + "…"
    kept = fitting(pieces[:limit], room)
    return "".join(kept) + _left_out(len(text) - len(kept))


def fitting(pieces: Sequence[str], room: int) -> Sequence[str]:
    """The first of some texts, as many as fit into so many characters together."""
    return pieces[: bisect_right(list(accumulate(map(len, pieces))), room)]


def _left_out(count: int) -> str:
    return f"… ({count:,} more characters)"


def name(text: str, limit: int = NAME_LIMIT) -> Name:
    """A stranger's name, visible and cut; blanks at its ends show too, since they count in IAM."""
    if not text:
        return Name("(empty)")
    start = len(text) - len(text.lstrip(" "))
    end = len(text.rstrip(" "))
    # What is beyond the limit is not shown anyway: a name may be as long as a whole document.
    pieces = [
        "<U+0020>" if not start <= place < end else _shown(character)
        for place, character in enumerate(text[: limit + 1])
    ]
    return Name(_cut_pieces(pieces, text, limit))


def sentence(text: str, limit: int = 800) -> str:
    """A stranger's words, or ours with a stranger's names in them, visible and cut."""
    stripped = text.strip(" ")
    return _cut_pieces([_shown(c) for c in stripped[: limit + 1]], stripped, limit)


def plain(phrase: Phrase) -> str:
    """A phrase without markup."""
    return "".join(part.text if isinstance(part, Name) else part for part in phrase)


def listed(names: Sequence[str], total: int, limit: int, joint: str = "and") -> Phrase:
    """``a, b and 4 more``: at most `limit` names of `total`."""
    shown = names[:limit]
    more = max(total, len(names)) - len(shown)
    parts: list[str | Name] = []
    for index, text in enumerate(shown):
        last = index == len(shown) - 1
        parts.append("" if index == 0 else f" {joint} " if last and not more else ", ")
        parts.append(name(text))
    if more:
        parts.append(f" {joint} {more:,} more" if shown else f"{more:,}")
    return tuple(part for part in parts if part)


def shares(lengths: Sequence[int], room: int) -> list[int]:
    """How much of each may be shown, in all `room`: what the short leave is for the long.

    Examples
    --------
    >>> shares([50, 3, 40], 43)
    [20, 3, 20]
    """
    given = [0] * len(lengths)
    ranked = sorted(range(len(lengths)), key=lambda place: lengths[place])
    for done, place in enumerate(ranked):
        given[place] = min(lengths[place], room // (len(lengths) - done))
        room -= given[place]
    return given
