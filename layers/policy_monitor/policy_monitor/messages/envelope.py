"""A finding as SNS takes it: one message with a form for e-mail and one for programs."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from policy_monitor.messages.content import content
from policy_monitor.messages.digests import digest, is_digest
from policy_monitor.messages.email import (
    digest_subject,
    digest_text,
    email_subject,
    email_text,
)
from policy_monitor.messages.masking import masked
from policy_monitor.messages.text import cut

MESSAGE_LIMIT = 240_000
"""Bytes of a whole message; SNS and SQS take 262,144 with attributes."""

# How many entries of a list and characters of a text a message keeps, tried in turn until it fits.
_CUTS = ((200, 4_000), (50, 2_000), (20, 1_000), (8, 500), (3, 300), (1, 150))

# Objects whose members are data, not fields of the schema: a count beside a list would be read as
# one more condition, so a cut is noted in the list itself.
_OPEN_OBJECTS = frozenset({"conditions", "context"})

_CUT_NOTE = (
    "lists and texts were cut to fit a message: …_total says how many there are; the ledger keeps"
    " the whole finding under its finding_id"
)


class Envelope(NamedTuple):
    """What `Publish` is called with.

    Attributes
    ----------
    message : str
        JSON for ``MessageStructure: json``: ``default`` (the finding's JSON) and ``email``.
    attributes : Mapping[str, str]
        verdict, severity, kind, subject_type, actor_kind: subscriptions filter by them. A digest
        has severity and kind.
    """

    subject: str
    message: str
    attributes: Mapping[str, str]


def envelope(message: Mapping[str, Any]) -> Envelope:
    """Put the JSON of a finding or a digest into an envelope; cut with counts where too large.

    Raises
    ------
    UnreadableEventError
        It is of neither schema.
    """
    return _digest(message) if is_digest(message) else _finding(message)


def _digest(message: Mapping[str, Any]) -> Envelope:
    told = digest(message)
    return Envelope(
        subject=digest_subject(told),
        message=_message(message, digest_text(told)),
        # Of several changes at once: what one alone has, a verdict and a subject, it has not.
        attributes={"severity": told.severity.value, "kind": "digest"},
    )


def _finding(finding: Mapping[str, Any]) -> Envelope:
    said = content(finding)  # refuses what is no finding: what follows relies on its fields
    return Envelope(
        subject=email_subject(said),
        message=_message(masked(finding), email_text(said)),
        attributes={
            "verdict": finding["verdict"],
            "severity": finding["severity"],
            "kind": finding["kind"],
            "subject_type": finding["subject"]["type"],
            "actor_kind": finding["actor"]["kind"],
        },
    )


def _message(finding: Mapping[str, Any], email: str) -> str:
    message = _forms(finding, email)
    for entries, characters in _CUTS:
        if len(message) <= MESSAGE_LIMIT:
            return message
        shorter = _cut(finding, entries, characters)
        message = _forms({**shorter, "cut": _CUT_NOTE}, email)
    return message


def _forms(finding: Mapping[str, Any], email: str) -> str:
    # ASCII only: every character that SNS refuses is escaped, and characters are bytes.
    default = json.dumps(finding, separators=(",", ":"))
    return json.dumps({"default": default, "email": email}, separators=(",", ":"))


def _cut(value: Any, entries: int, characters: int) -> Any:
    """A JSON value with at most so many entries a list and characters a text."""
    match value:
        case str():
            return cut(value, characters)
        case list():
            return [_cut(item, entries, characters) for item in value[:entries]]
        case Mapping():
            result: dict[str, Any] = {}
            for key, item in value.items():
                if key in _OPEN_OBJECTS:
                    result[key] = _cut_open(item, entries, characters)
                    continue
                result[key] = _cut(item, entries, characters)
                if isinstance(item, list) and len(item) > entries:
                    result.setdefault(f"{key}_total", value.get(f"{key}_total", len(item)))
            return result
    return value


def _cut_open(value: Any, entries: int, characters: int) -> Any:
    """The same for objects with names of the policy's own; what is left out is counted inside."""
    match value:
        case list():
            shown = [_cut_open(item, entries, characters) for item in value[:entries]]
            more = len(value) - len(shown)
            return [*shown, f"… {more:,} more"] if more > 0 else shown
        case Mapping():
            kept = list(value.items())[:entries]
            result = {
                cut(key, characters): _cut_open(item, entries, characters) for key, item in kept
            }
            if len(value) > len(kept):
                result["…"] = f"{len(value) - len(kept):,} more"
            return result
    return _cut(value, entries, characters)
