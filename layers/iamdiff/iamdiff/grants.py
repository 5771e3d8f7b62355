"""Differences in the terms that the policies' authors used: few rows, each with a witness."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from iamdiff.arns import EVERYTHING, parse_pattern
from iamdiff.bodies import Place
from iamdiff.differences import Region
from iamdiff.globs import are_literal, covers, is_literal, readable
from iamdiff.model import Condition, ContextValue, Request
from iamdiff.refusals import Before, Cause
from iamdiff.service_index import Sides

_MOST_COMPARED = 200
"""Patterns that are compared with each other, to leave out what another one covers."""


class Grant(NamedTuple):
    """Requests that one side allows and the other does not, for one cause.

    Attributes
    ----------
    actions : tuple[str, ...]
        Patterns, in the policies' own terms.
    catalogued : tuple[str, ...]
        The catalogued actions among them, as AWS writes them, sorted.
    uncatalogued : tuple[str, ...]
        Names in `actions` that the catalogue lacks.
    access_levels : tuple[str, ...]
        Access levels of `catalogued`, the gravest first.
    conditions : tuple[Condition, ...]
        What the statement that allows it requires, as it was written.
    allowed_by, before_statements : tuple[Place, ...]
        The statements that allow it, and the Denies that stop it on the other side.
    latent : bool
        No catalogued action on a resource type that it takes can exercise it.
    """

    actions: tuple[str, ...]
    catalogued: tuple[str, ...]
    uncatalogued: tuple[str, ...]
    access_levels: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    allowed_by: tuple[Place, ...]
    before: Before
    before_statements: tuple[Place, ...]
    witness: Request
    latent: bool = False


class Entry(NamedTuple):
    """One difference, and where it shows."""

    region: Region
    cause: Cause
    stopped_by: int | None
    context: Mapping[str, ContextValue]
    resource: str | None

    @property
    def any_resource(self) -> str:
        """A resource that shows the difference, whatever the action takes."""
        return readable(self.region.cell.example) if self.resource is None else self.resource


class Row:
    """A grant in the making: one cause, one set of resources, one or several groups of actions."""

    def __init__(self, cause: Cause, resources: tuple[str, ...]) -> None:
        self.cause = cause
        self.resources = resources
        self.groups: dict[Sides, Entry] = {}
        self.stopped_by: dict[int, None] = {}


def rows_of(found: Iterable[tuple[Sides, Sequence[Entry]]]) -> list[Row]:
    """Put together what has the same cause on the same resources."""
    rows: dict[tuple[object, ...], Row] = {}
    for sides, entries in found:
        by_cause: dict[tuple[Cause, int | None], list[Entry]] = {}
        for entry in entries:
            # Where nothing but a Deny is told of, each Deny has a row of its own.
            alone = entry.stopped_by if entry.cause.allow is None else None
            by_cause.setdefault((entry.cause, alone), []).append(entry)
        for cause, members in by_cause.items():
            labels: dict[str, Entry] = {}
            for entry in members:
                for label in entry.region.labels:
                    labels.setdefault(label, entry)
            resources = tuple(widest(labels, covers_arns))
            row = rows.get((cause, resources))
            if row is None:
                row = rows[cause, resources] = Row(cause[0], resources)
            row.groups[sides] = labels[resources[0]]
            row.stopped_by |= {
                each.stopped_by: None for each in members if each.stopped_by is not None
            }
    return list(rows.values())


def widest(patterns: Iterable[str], covers: Callable[[str, str], bool] = covers) -> list[str]:
    """Those patterns that no other one covers, in their order."""
    texts = list(dict.fromkeys(patterns))
    if len(texts) == 1:
        return texts
    if EVERYTHING in texts:
        return [EVERYTHING]
    if are_literal(texts):
        return texts
    places = {text: place for place, text in enumerate(texts)}
    prefixes: dict[str, str] = {}
    others: list[str] = []
    for text in texts:
        prefix = text.rstrip("*")
        if prefix != text and is_literal(prefix):
            prefixes.setdefault(prefix, text)
        elif not is_literal(text):
            others.append(text)
    lengths = set(map(len, prefixes))
    return [
        text
        for text in texts
        if not any(prefixes.get(text[:length], text) != text for length in lengths)
        and not any(
            # Of two that match the same the first one stays.
            other != text
            and covers(other, text)
            and (places[other] < places[text] or not covers(text, other))
            for other in others[:_MOST_COMPARED]
        )
    ]


def covers_arns(pattern: str, other: str) -> bool:
    """Whether a resource pattern surely matches whatever another one does."""
    wide, narrow = parse_pattern(pattern), parse_pattern(other)
    if narrow.universal:
        return wide.universal
    return all(map(covers, wide.fields, narrow.fields))
