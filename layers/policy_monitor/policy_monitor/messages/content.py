"""What a message says about one finding, before any channel's markup."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from policy_monitor.errors import UnreadableEventError
from policy_monitor.findings import DocumentKind, FindingKind, Severity, SubjectType
from policy_monitor.messages import wording
from policy_monitor.messages.grants import Side, sides
from policy_monitor.messages.inventories import inventory_sides
from policy_monitor.messages.links import Link, event_link, home_region, subject_link
from policy_monitor.messages.masking import masked
from policy_monitor.messages.members import mapping, mappings, one_of, text, texts, total
from policy_monitor.messages.names import (
    actor_phrase,
    document_phrase,
    service_phrase,
    subject_phrase,
)
from policy_monitor.messages.text import Phrase, cut, listed, name, sentence, visible
from policy_monitor.mutations import ActorKind, Use
from policy_monitor.settings import VERDICTS

SCHEMA = "policy-monitor/finding/1"

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

_REASONS_SHOWN = 5
_USERS_SHOWN = 10
_REDLINES_SHOWN = 6
_SOFTWARE_LIMIT = 80
_LINE_LIMIT = 160
_WHY_LIMIT = 600

REPEATS = (
    "This may repeat an earlier message: sending that one was interrupted before it was noted down."
    " Its id is the same."
)


class Fact(NamedTuple):
    """A labelled line: ``Who: the vendor (session …)``."""

    label: str
    value: Phrase


class Redline(NamedTuple):
    """Which lines of one document differ.

    Attributes
    ----------
    title : Phrase
        ``policy NAME, v1 to v2``.
    lines : tuple[str, ...]
        Those that differ, each with ``+`` or ``-``, and those beside them.
    more : int
        How many lines there are beyond these.
    """

    title: Phrase
    lines: tuple[str, ...]
    more: int


class Content(NamedTuple):
    """All that a person needs to decide.

    Attributes
    ----------
    heading : str
        ``Expansion``, ``Correction: reduction``, ``Denied attempt``.
    reasons : tuple[str, ...]
        Why something could not be judged.
    ack : str
        The command that notes the vendor's notice; empty where none is due.
    why : str
        Why it is as severe as that, in a sentence; empty where nothing says so.
    correction : tuple[str, ...]
        Sentences that say what was said before; empty where nothing is corrected.
    redlines : tuple[Redline, ...]
        What differs in the texts of the documents.
    redlines_more : int
        How many documents changed beyond these.
    """

    heading: str
    kind: FindingKind
    verdict: str
    severity: Severity
    urgency: str
    why: str
    subject: Phrase
    summary: str
    meaning: str
    repeats: bool
    correction: tuple[str, ...]
    sides: tuple[Side, ...]
    redlines: tuple[Redline, ...]
    redlines_more: int
    reasons: tuple[str, ...]
    who: tuple[Fact, ...]
    notice: str
    ack: str
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]
    account: str
    finding_id: str


def content(finding: Mapping[str, Any]) -> Content:
    """Read a finding's JSON (design, section 6) into what a message says.

    Raises
    ------
    UnreadableEventError
        It is no finding of the schema ``policy-monitor/finding/1``.
    """
    if finding.get("schema") != SCHEMA:
        raise UnreadableEventError(
            f"schema is {str(finding.get('schema'))[:60]!r}, not {SCHEMA!r}: this is no finding"
        )
    finding = masked(finding)
    kind = one_of(finding, "kind", FindingKind)
    severity = one_of(finding, "severity", Severity)
    verdict = _verdict(finding)
    subject = mapping(finding, "subject")
    subject_type = one_of(subject, "type", SubjectType)
    arn = text(subject, "arn")
    actor = mapping(finding, "actor")
    actor_kind = one_of(actor, "kind", ActorKind)
    comparison = mapping(finding, "comparison")
    title, meaning = wording.heading(kind, verdict), wording.meaning(kind, verdict)
    named = bool(text(actor, "arn"))
    notice = wording.notice(kind, verdict, actor_kind, named=named, subject=subject_type)
    due = wording.notice_is_due(kind, verdict, actor_kind, named=named)
    told_by_itself = kind is FindingKind.BASELINE
    event_name = text(finding, "event_name")
    if operation := wording.operation_words(kind, event_name):
        title, meaning, notice = operation
    if wording.is_sense(event_name):
        # The summary says what is wrong and what to do; nobody is known to have done it.
        (title, meaning), notice = wording.sense_words(event_name), ""
        told_by_itself = True
    correction = _correction(finding)
    redlines = _redlines(finding)
    return Content(
        heading=f"Correction: {title.lower()}" if correction else title,
        kind=kind,
        verdict=verdict,
        severity=severity,
        urgency=wording.SEVERITY_WORDS[severity],
        why=_why(finding),
        subject=subject_phrase(subject_type, arn),
        summary=sentence(text(finding, "summary")),
        meaning=meaning,
        repeats=finding.get("may_repeat") is True,
        correction=correction,
        sides=(*inventory_sides(finding), *sides(comparison, kind, subject_type)),
        redlines=redlines,
        redlines_more=total(finding, "redlines", len(redlines)) - len(redlines),
        reasons=() if told_by_itself else _reasons(comparison),
        who=() if told_by_itself else _who(actor, actor_kind, text(finding, "account")),
        notice=notice,
        ack=_ack(finding) if due else "",
        facts=_facts(finding, arn),
        links=_links(finding, arn),
        account=name(text(finding, "account")).text,
        finding_id=name(text(finding, "finding_id")).text,
    )


def _verdict(holder: Mapping[str, Any], where: str = "") -> str:
    verdict = text(holder, "verdict")
    if verdict not in VERDICTS:
        known = ", ".join(VERDICTS)
        raise UnreadableEventError(f"{where}verdict {verdict[:60]!r} is none of {known}")
    return verdict


def _ack(finding: Mapping[str, Any]) -> str:
    finding_id, stack, region = (text(finding, key) for key in ("finding_id", "stack", "region"))
    return wording.ack_command(finding_id, stack, region)


def _redlines(finding: Mapping[str, Any]) -> tuple[Redline, ...]:
    return tuple(map(_redline, mappings(finding, "redlines")[:_REDLINES_SHOWN]))


def _redline(redline: Mapping[str, Any]) -> Redline:
    lines = texts(redline, "lines", "redlines.")
    old, new = text(redline, "before"), text(redline, "after")
    versions = _versions(old, new) if new else _versions("", old)
    return Redline(
        title=(
            *document_phrase(
                one_of(redline, "kind", DocumentKind),
                text(redline, "name"),
                text(redline, "change"),
            ),
            *versions,
        ),
        lines=tuple(cut(visible(line), _LINE_LIMIT) for line in lines),
        more=total(redline, "lines", len(lines)) - len(lines),
    )


def _correction(finding: Mapping[str, Any]) -> tuple[str, ...]:
    corrected = finding.get("correction_of")
    if corrected is None:
        return ()
    if not isinstance(corrected, str):
        raise UnreadableEventError("correction_of is no finding id")
    now = "An event that came late changed the picture. What this message says holds now."
    before = finding.get("corrects")
    if not isinstance(before, Mapping):
        return (f"An earlier message (finding {name(corrected).text}) was wrong.", now)
    kind, verdict = one_of(before, "kind", FindingKind), _verdict(before, "corrects.")
    severity = one_of(before, "severity", Severity)
    said = f"{wording.heading(kind, verdict).lower()}, severity {severity}"
    return (f"An earlier message said: {said}. {sentence(text(before, 'summary'), 400)}", now)


def _why(finding: Mapping[str, Any]) -> str:
    why = "; ".join(texts(finding, "severity_reasons"))
    return sentence(f"{why[:1].upper()}{why[1:]}.", _WHY_LIMIT) if why else ""


def _reasons(comparison: Mapping[str, Any]) -> tuple[str, ...]:
    reasons = comparison.get("undetermined") or []
    if not isinstance(reasons, list):
        raise UnreadableEventError("comparison.undetermined is no list of reasons")
    said = [
        sentence(
            str(reason.get("sentence", "")) if isinstance(reason, Mapping) else str(reason), 400
        )
        for reason in reasons[:_REASONS_SHOWN]
    ]
    more = total(comparison, "undetermined", len(reasons)) - len(said)
    return (*said, *((f"and {more:,} more reasons",) if more else ()))


def _who(actor: Mapping[str, Any], kind: ActorKind, account: str) -> tuple[Fact, ...]:
    via = text(actor, "via")
    facts = [Fact("Who", actor_phrase(kind, text(actor, "arn"), text(actor, "session"), account))]
    # Where a service acts on somebody's behalf, CloudTrail gives its name as address and software.
    if (address := text(actor, "source_ip")) and address != via:
        facts.append(Fact("From", (name(address),)))
    if via:
        facts.append(Fact("By way of", service_phrase(via)))
    if (software := text(actor, "user_agent")) and software != via:
        facts.append(Fact("With", (name(software, _SOFTWARE_LIMIT),)))
    return tuple(facts)


def _facts(finding: Mapping[str, Any], arn: str) -> tuple[Fact, ...]:
    sides = (text(mapping(finding, side), "version") for side in ("before", "after"))
    versions = _versions(*sides)
    region = text(finding, "region") or home_region(arn)
    time = text(finding, "time")
    when = time.replace("T", " ").replace("Z", " UTC") if _TIME.fullmatch(time) else name(time)
    return (
        *_users(finding),
        Fact("What", (name(text(finding, "event_name")), *versions)),
        Fact("When", (when,)),
        Fact("Where", ("account ", name(text(finding, "account")), ", ", name(region))),
    )


def _users(finding: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Who is bounded by a policy, and who it is attached to."""
    users: dict[str, list[str]] = {}
    try:
        for principal, use in finding.get("used_by", ()):
            users.setdefault(str(use), []).append(str(principal))
    except (TypeError, ValueError):
        raise UnreadableEventError("used_by is no list of principals and uses") from None
    return tuple(
        Fact(label, listed(users[use], len(users[use]), _USERS_SHOWN))
        for use, label in ((Use.BOUNDARY, "Bounds"), (Use.ATTACHED, "Attached to"))
        if use in users
    )


def _versions(old: str, new: str) -> Phrase:
    if old and new:
        # Where both are the same, the event was about another version than the one in force.
        return (", ", name(old), " to ", name(new)) if old != new else ()
    return (", ", name(new)) if new else ()


def _links(finding: Mapping[str, Any], arn: str) -> tuple[Link, ...]:
    links = (
        event_link(text(finding, "event_id"), text(finding, "region"), arn),
        subject_link(arn),
    )
    return tuple(link for link in links if link)
