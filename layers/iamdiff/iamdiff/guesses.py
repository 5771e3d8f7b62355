"""Requests in which conditions with policy variables may hold as wanted.

The solver takes each such condition for a fact of its own that may be true or false; that allows
whatever is possible, and more. So where it finds nothing, there is nothing; and what it finds is
made concrete here: values are put in place of variables, and everything is checked again.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from iamdiff.bodies import RESOURCE
from iamdiff.domains import UNREAD
from iamdiff.globs import instance
from iamdiff.links import Context, parts_of, resolve, variables_of
from iamdiff.model import Condition, ContextValue


class Guess(NamedTuple):
    """A request in which linked conditions may hold as wanted.

    Its texts are written as patterns are (`globs.literal`), so that a ``*`` in a value is one.
    """

    context: Context
    resource: str


class Guesses:
    """What conditions with variables ask for, whatever the resource is.

    Parameters
    ----------
    options : Mapping[str, Sequence[ContextValue | None]]
        What each key may hold, the likeliest first; None: it is absent.
    links : Mapping[Condition, bool]
        Linked conditions, and whether they must hold.
    bound : Container[str]
        The keys that hold what they hold, or nothing, whatever the policies say.
    """

    def __init__(
        self,
        options: Mapping[str, Sequence[ContextValue | None]],
        links: Mapping[Condition, bool],
        bound: Container[str],
    ) -> None:
        self.options = options
        self.bound = bound
        self.base = {key: values[0] for key, values in options.items()}
        self.wanted = [each for each, truth in links.items() if truth is not each.operator.negated]
        self.variables = dict.fromkeys(key for each in links for key in variables_of(each))
        self.keys = dict.fromkeys(
            each.key for each in links if each.key != RESOURCE and each.key not in bound
        )
        self.fresh = {
            key: _fresh(place)
            for place, key in enumerate(self.variables)
            if key not in bound and self.base.get(key) is None and _is_free(options[key])
        }

    def of(self, resource: str) -> Iterator[Guess]:
        """Requests for a resource, or one like it, the likeliest first."""
        start = {**self.base, **self.fresh}
        told = self._told(resource)
        variables = [key for key in self.variables if key not in self.bound]
        for start_from in ({**start, **told}, start) if told else (start,):
            yield from self._completed(start_from, resource)
            for key in (*variables, *self.keys):
                for value in (*self.options[key], *_OTHERS):
                    if value != start_from.get(key):
                        yield from self._completed({**start_from, key: value}, resource)

    def _told(self, resource: str) -> dict[str, ContextValue | None]:
        """What the resource, or a key that conditions fix, says of the variables in its pattern."""
        told: dict[str, ContextValue | None] = {}
        for each in self.wanted:
            free = each.key == RESOURCE
            given = resource if free else self.base.get(each.key)
            if isinstance(given, str) and (free or len(self.options[each.key]) == 1):
                captures = (_captured(value, given) for value in each.values)
                captured = next(filter(None, captures), {})
                told |= {key: text for key, text in captured.items() if key not in self.bound}
        return told

    def _completed(self, held: Mapping[str, ContextValue | None], resource: str) -> Iterator[Guess]:
        """What is held, as it is, and with keys and resource as templates make them of it."""
        context: Context = {key: value for key, value in held.items() if value is not None}
        yield Guess(context, resource)
        made = dict(context)
        target = resource
        for each in self.wanted:
            plain = resolve(each, context)
            if plain.values and each.key == RESOURCE:
                target = instance(plain.values[0])
            elif plain.values and each.key in self.keys and each.key not in self.variables:
                made[each.key] = instance(plain.values[0])
        if made != context:
            yield Guess(made, resource)
        if target != resource:
            yield Guess(made, target)


def _fresh(place: int) -> str:
    """A value that no policy is likely to name."""
    return f"value-{place}"


_OTHERS = (_fresh(3), _fresh(4), "arn:aws:iam::123456789012:role/value", "")
"""What else a key may hold for a condition to hold as wanted."""


def _is_free(values: Sequence[ContextValue | None]) -> bool:
    """Whether no condition but a linked one says what a key holds."""
    return all(value is None or value == UNREAD for value in values)


def _captured(value: str, text: str) -> dict[str, str]:
    """What the variables of a template would be for it to match a text; empty if it cannot."""
    groups, written = _capturing(value)
    found = written.fullmatch(text)
    return {key: found[name] for key, name in groups.items()} if found else {}


@lru_cache(maxsize=1024)
def _capturing(value: str) -> tuple[Mapping[str, str], re.Pattern[str]]:
    """A template as a regular expression, and the names of its variables' groups."""
    groups: dict[str, str] = {}
    written = ""
    for part in parts_of(value):
        if isinstance(part, str):
            written += "".join(_GLOB.get(each, re.escape(each)) for each in part)
        elif (key := part.key.lower()) in groups:
            written += f"(?P={groups[key]})"
        else:
            groups[key] = f"v{len(groups)}"
            written += f"(?P<{groups[key]}>.+?)"
    return groups, re.compile(written, re.DOTALL)


_GLOB = {"*": ".*", "?": "."}
