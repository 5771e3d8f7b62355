"""Policy variables: ``${aws:username}``, defaults, and the escapes ``${*}`` ``${?}`` ``${$}``.

IAM User Guide, "IAM policy elements: Variables and tags" (reference_policies_variables). They
exist in documents of Version 2012-10-17 only; elsewhere they are text.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from iamdiff.logic import Doubt, Undecided
from iamdiff.patterns import Pattern, Unit, pattern_of

_VARIABLE = re.compile(
    r"""\$\{ (?: (?P<escape>[*?$])
           | (?P<key>[^\s${}*?',]+) (?:,\ '(?P<default>[^']*)')? )
        \}""",
    re.VERBOSE,
)


class Variable(NamedTuple):
    """A variable in a pattern.

    Attributes
    ----------
    key : str
        Name of the context key, as written; of an escape, ``""``.
    default : str | None
        What stands in where the key has no value; of an escape, its character.
    """

    key: str
    default: str | None = None


type Part = str | Variable
"""A stretch of text, wildcards included, or a variable."""

type Lookup = Callable[[str], tuple[str, ...] | Undecided]
"""The values of a context key by its name; empty where it is absent."""


def has_variables(text: str) -> bool:
    """Whether a text holds what begins a variable."""
    return "${" in text


@lru_cache(maxsize=16384)
def parse_variables(text: str) -> tuple[Part, ...] | Undecided:
    """Take a text apart at its variables.

    A ``${`` that begins no well-formed variable (no closing brace, a blank in the name, a default
    without quotes, an empty name) leaves the meaning open: Access Analyzer calls each an error,
    and no page says what IAM makes of it.
    """
    parts: list[Part] = []
    place = 0
    while (start := text.find("${", place)) >= 0:
        found = _VARIABLE.match(text, start)
        if found is None:
            return Undecided(
                Doubt.VARIABLE_SYNTAX, f"{text}: no well-formed variable begins at {text[start:]}"
            )
        if start > place:
            parts.append(text[place:start])
        if found["escape"]:
            parts.append(Variable("", found["escape"]))
        else:
            parts.append(Variable(found["key"], found["default"]))
        place = found.end()
    if place < len(text):
        parts.append(text[place:])
    return tuple(parts)


def resolve(text: str, lookup: Lookup) -> Pattern | Undecided | None:
    """Put a request's values in place of the variables of a pattern.

    Values and defaults are literal: a ``*`` in them is a character.

    Returns
    -------
    Pattern | Undecided | None
        The pattern; None where a variable has neither value nor default, so that nothing matches.
    """
    parts = parse_variables(text)
    if isinstance(parts, Undecided):
        return parts
    resolved: list[Unit] = []
    open_question: Undecided | None = None
    for part in parts:
        if isinstance(part, str):
            resolved += pattern_of(part)
            continue
        value = _value(part, lookup)
        if value is None:
            return None
        if isinstance(value, Undecided):
            open_question = value
        elif value:
            resolved.append(value)
    return tuple(resolved) if open_question is None else open_question


def _value(variable: Variable, lookup: Lookup) -> str | Undecided | None:
    """The text that takes a variable's place."""
    values = lookup(variable.key) if variable.key else ()
    if isinstance(values, Undecided):
        return values
    if len(values) > 1:
        # "Single-valued vs. multivalued context keys": a multivalued key cannot be a variable.
        return Undecided(
            Doubt.VARIABLE_SEVERAL_VALUES,
            f"${{{variable.key}}}: the key holds {len(values)} values, a variable stands for one",
        )
    return values[0] if values else variable.default


def stands_in_first_fields(text: str, fields: int) -> bool:
    """Whether a variable stands before the colon that ends the field of that number."""
    parts = parse_variables(text)
    if isinstance(parts, Undecided):
        return False
    colons = 0
    for part in parts:
        if isinstance(part, Variable):
            return True
        colons += part.count(":")
        if colons >= fields:
            return False
    return False
