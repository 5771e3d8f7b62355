"""Patterns and variables of policies as formulas over texts of an SMT solver.

Shares no code with iamdiff: what it says is a second opinion.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import z3  # type: ignore[import-untyped]


class Unsupported(Exception):  # noqa: N818 - no error: the oracle has no opinion
    """The encoding has no opinion on this policy."""


ANY = z3.AllChar(z3.ReSort(z3.StringSort()))
NO_COLON = z3.Union(z3.Range("\x00", "9"), z3.Range(";", "\uffff"))
DIGIT = z3.Range("0", "9")


def expression(pattern: str, *, run: Any = ANY, one: Any = ANY, fold: bool = False) -> Any:
    """The regular expression of a pattern; `run` is the characters of ``*``, `one` of ``?``."""
    parts = []
    for character in pattern:
        if character == "*":
            parts.append(z3.Star(run))
        elif character == "?":
            parts.append(one)
        else:
            parts.append(letter(character) if fold else z3.Re(z3.StringVal(character)))
    if not parts:
        return z3.Re(z3.StringVal(""))
    return parts[0] if len(parts) == 1 else z3.Concat(*parts)


def letter(character: str) -> Any:
    """A character in either case."""
    both = dict.fromkeys((character.lower(), character.upper()))
    found = [z3.Re(z3.StringVal(each)) for each in both]
    return found[0] if len(found) == 1 else z3.Union(*found)


def is_literal(pattern: str) -> bool:
    return "*" not in pattern and "?" not in pattern


def like(text: Any, pattern: str, *, run: Any = ANY) -> Any:
    """Whether a text matches a pattern."""
    if is_literal(pattern):
        return text == z3.StringVal(pattern)
    if not pattern.strip("*") and run is ANY:
        return z3.BoolVal(True)
    return z3.InRe(text, expression(pattern, run=run, one=run))


def equals_ignoring_case(text: Any, value: str) -> Any:
    """Whether a text is a value but for case."""
    if not value.isascii():
        raise Unsupported(f"case of {value}")
    return (
        z3.InRe(text, z3.Concat(*map(letter, value)))
        if len(value) > 1
        else z3.InRe(text, letter(value) if value else z3.Re(z3.StringVal("")))
    )


_VARIABLE = re.compile(r"\$\{([*?$]|[^\s${}*?',]+(?:, '[^']*')?)\}")
type Value = Callable[[str], tuple[Any, Any]]
"""Of a key's name: whether it has one value, and that value."""


def with_variables(text: str, pattern: str, value: Value, *, wildcards: bool) -> Any:
    """Whether a text matches a pattern with variables.

    Only where wildcards stand at its ends: what lies between is one text.
    """
    parts = _VARIABLE.split(pattern)
    if "${" in "".join(parts[::2]):
        raise Unsupported(f"syntax of {pattern}")
    pieces: list[Any] = []
    present: list[Any] = []
    for place, part in enumerate(parts):
        if place % 2 == 0:
            pieces += _literal_pieces(part) if wildcards else [z3.StringVal(part)] * bool(part)
        elif part in "*?$":
            pieces.append(z3.StringVal(part))
        else:
            name, _, default = part.partition(", ")
            there, found = value(name)
            if default:
                found = z3.If(there, found, z3.StringVal(default[1:-1]))
            else:
                present.append(there)
            pieces.append(found)
    starts = bool(pieces) and pieces[0] is None
    ends = bool(pieces) and pieces[-1] is None
    middle = [piece for piece in pieces if piece is not None]
    if pieces.count(None) > starts + ends or (pieces.count(None) == 1 and starts and ends):
        raise Unsupported(f"wildcards between variables: {pattern}")
    whole = _concatenated(middle)
    if starts and ends:
        found = z3.Contains(text, whole)
    elif starts:
        found = z3.SuffixOf(whole, text)
    elif ends:
        found = z3.PrefixOf(whole, text)
    else:
        found = text == whole
    return z3.And(*present, found)


def _literal_pieces(text: str) -> list[Any]:
    """Texts, and None for each run of stars."""
    if "?" in text:
        raise Unsupported(f"? beside a variable: {text}")
    pieces: list[Any] = []
    for place, each in enumerate(re.split(r"\*+", text)):
        if place:
            pieces.append(None)
        if each:
            pieces.append(z3.StringVal(each))
    return pieces


def _concatenated(parts: Sequence[Any]) -> Any:
    if not parts:
        return z3.StringVal("")
    return parts[0] if len(parts) == 1 else z3.Concat(*parts)
