"""What was gained or lost, as a person reads it: what, on what, under which conditions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from policy_monitor.errors import UnreadableEventError
from policy_monitor.findings import FindingKind, SubjectType
from policy_monitor.messages.conditions import condition_phrases, context_phrase
from policy_monitor.messages.members import mapping, mappings, texts, total
from policy_monitor.messages.text import Name, Phrase, listed, name
from policy_monitor.messages.wording import (
    side_titles,
    stopped_words,
)

GRANTS_SHOWN = 5
"""How many grants a message shows on each side."""

_ACTIONS_SHOWN = 6
_RESOURCES_SHOWN = 3
_CONDITIONS_SHOWN = 3
_UNKNOWN_SHOWN = 3

# Service Authorization Reference, "Access levels".
_ACCESS_LEVELS = frozenset({"List", "Read", "Write", "Permissions management", "Tagging"})


class Entry(NamedTuple):
    """One grant: `what` may be asked for, and lines that say the rest."""

    what: Phrase
    details: tuple[Phrase, ...]


class Side(NamedTuple):
    """All that was gained, or all that was lost; `more` counts what is not shown."""

    title: str
    entries: tuple[Entry, ...]
    more: int


def sides(
    comparison: Mapping[str, Any],
    kind: FindingKind,
    subject: SubjectType,
    *,
    most: int = GRANTS_SHOWN,
) -> tuple[Side, ...]:
    """The sides of a comparison that are not empty, gained first; at `most` so many grants each.

    Raises
    ------
    UnreadableEventError
        The comparison is not of the schema ``policy-monitor/comparison/1``.
    """
    both = (
        _side(comparison, key, title=title, stopped=stopped, subject=subject, most=most)
        for key, title, stopped in zip(
            ("gained", "lost"), side_titles(kind), stopped_words(kind), strict=True
        )
    )
    return tuple(side for side in both if side.entries)


def _side(
    comparison: Mapping[str, Any],
    key: str,
    *,
    title: str,
    stopped: Mapping[str, str],
    subject: SubjectType,
    most: int,
) -> Side:
    grants = mappings(comparison, key, "comparison.")
    entries = tuple(
        _entry(grant, f"comparison.{key}[{index}].", stopped, subject)
        for index, grant in enumerate(grants[:most])
    )
    return Side(title, entries, total(comparison, key, len(grants)) - len(entries))


def _entry(
    grant: Mapping[str, Any], where: str, stopped: Mapping[str, str], subject: SubjectType
) -> Entry:
    actions = texts(grant, "actions", where)
    details = [
        *_resource_lines(grant, where, subject),
        *_condition_lines(grant, where),
        *_because_lines(grant, stopped),
        *_note_lines(grant, where),
        *_example_lines(grant, where, subject),
    ]
    if "*" in actions:
        return Entry(("every other action",), tuple(details))
    count = total(grant, "actions", len(actions))
    return Entry(listed(actions, count, _ACTIONS_SHOWN), tuple(details))


def _resource_lines(grant: Mapping[str, Any], where: str, subject: SubjectType) -> list[Phrase]:
    resources = texts(grant, "resources", where)
    # In a trust policy the resource is the role itself, which the message names already.
    if subject is SubjectType.TRUST or not resources:
        return []
    if "*" in resources:
        return [("on any resource",)]
    count = total(grant, "resources", len(resources))
    return [("on ", *listed(resources, count, _RESOURCES_SHOWN))]


def _condition_lines(grant: Mapping[str, Any], where: str) -> list[Phrase]:
    phrases = condition_phrases(mapping(grant, "conditions", where))
    lines: list[Phrase] = [("if ", *phrase) for phrase in phrases[:_CONDITIONS_SHOWN]]
    if len(phrases) > _CONDITIONS_SHOWN:
        more = len(phrases) - _CONDITIONS_SHOWN
        lines.append((f"and {more:,} more condition{'s' if more > 1 else ''}",))
    return lines


def _because_lines(grant: Mapping[str, Any], stopped: Mapping[str, str]) -> list[Phrase]:
    because = grant.get("because")
    words = stopped.get(str(because.get("before"))) if isinstance(because, Mapping) else None
    return [(words,)] if words else []


def _note_lines(grant: Mapping[str, Any], where: str) -> list[Phrase]:
    lines: list[Phrase] = []
    levels = [level for level in texts(grant, "access_levels", where) if level in _ACCESS_LEVELS]
    if levels:
        lines.append((f"Access: {', '.join(levels)}.",))
    unknown = texts(grant, "uncatalogued", where)
    if unknown:
        count = total(grant, "uncatalogued", len(unknown))
        lines.append(
            ("Not in the list of known actions: ", *listed(unknown, count, _UNKNOWN_SHOWN))
        )
    if grant.get("latent") is True:
        lines.append(("No action known today can use it.",))
    return lines


def _example_lines(grant: Mapping[str, Any], where: str, subject: SubjectType) -> list[Phrase]:
    witness = grant.get("witness")
    if witness is None:
        return []
    context = witness.get("context") or {} if isinstance(witness, Mapping) else None
    if not isinstance(witness, Mapping) or not isinstance(context, Mapping):
        raise UnreadableEventError(f"{where}witness is no request")
    parts: list[str | Name] = ["Example: ", name(str(witness.get("action", "")))]
    resource = str(witness.get("resource", ""))
    if subject is SubjectType.TRUST:
        parts += [" by ", name(str(witness.get("principal") or "anybody"))]
    elif resource == "*":
        # Of an action that the catalogue lacks nobody knows what it takes.
        known = witness.get("action") not in texts(grant, "uncatalogued", where)
        parts.append(" (it takes no resource)" if known else " on any resource")
    else:
        parts += [" on ", name(resource)]
    items = list(context.items())
    for index, (key, value) in enumerate(items[:_CONDITIONS_SHOWN]):
        parts += [", with " if index == 0 else ", ", *context_phrase(key, value)]
    if len(items) > _CONDITIONS_SHOWN:
        parts.append(f" and {len(items) - _CONDITIONS_SHOWN} more keys")
    return [tuple(parts)]
