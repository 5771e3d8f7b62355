"""CloudWatch Logs' filter patterns for JSON, as far as the template uses them.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters", section on terms in
JSON log events: selectors such as ``$.a.b``, texts with ``*``, ``NOT EXISTS``; parentheses bind
before ``&&``, and that before ``||``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 1_024
"""Characters (CloudWatch Logs API reference, PutMetricFilter, filterPattern)."""

_TOKEN = re.compile(r'\s*(&&|\|\||[(){}=]|"[^"]*"|\$[\w.]+|[\w*-]+)')
_ABSENT = object()


class PatternRefusedError(ValueError):
    """A text that is no filter pattern."""


def matches(pattern: str, record: Mapping[str, Any]) -> bool:
    """Whether a metric filter counts a record.

    Examples
    --------
    >>> matches('{ $.a.b = "x*" && $.c NOT EXISTS }', {"a": {"b": "xyz"}})
    True
    """
    if len(pattern) > LONGEST:
        raise PatternRefusedError(f"{len(pattern)} characters; {LONGEST} are allowed")
    reading = _Reading(_tokens(pattern), record)
    reading.take("{")
    found = reading.either()
    reading.take("}")
    if reading.tokens:
        raise PatternRefusedError(f"{reading.tokens[0]!r} stands behind the end")
    return found


def _tokens(pattern: str) -> list[str]:
    tokens, place = [], 0
    while pattern[place:].strip():
        if not (token := _TOKEN.match(pattern, place)):
            raise PatternRefusedError(f"{pattern[place:]!r} cannot be read")
        tokens.append(token[1])
        place = token.end()
    return tokens


@dataclass(slots=True)
class _Reading:
    """What is left of a pattern, and the record that it is asked of."""

    tokens: list[str]
    record: Mapping[str, Any]

    def take(self, wanted: str = "") -> str:
        if not self.tokens or wanted not in ("", self.tokens[0]):
            raise PatternRefusedError(f"{wanted or 'more'!r} is missing before {self.tokens[:1]}")
        return self.tokens.pop(0)

    def either(self) -> bool:
        found = self._all()
        while self.tokens[:1] == ["||"]:
            self.take()
            found |= self._all()
        return found

    def _all(self) -> bool:
        found = self._one()
        while self.tokens[:1] == ["&&"]:
            self.take()
            found &= self._one()
        return found

    def _one(self) -> bool:
        if self.tokens[:1] == ["("]:
            self.take()
            found = self.either()
            self.take(")")
            return found
        value = self._value(self.take())
        if self.tokens[:1] == ["NOT"]:
            self.take()
            self.take("EXISTS")
            return value is _ABSENT
        self.take("=")
        parts = (re.escape(part) for part in self.take().strip('"').split("*"))
        return isinstance(value, str) and bool(re.fullmatch(".*".join(parts), value))

    def _value(self, selector: str) -> Any:
        value: Any = self.record
        head, *steps = selector.split(".")
        if head != "$" or not steps:
            raise PatternRefusedError(f"{selector!r} is no selector")
        for step in steps:
            value = value.get(step, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        return value
