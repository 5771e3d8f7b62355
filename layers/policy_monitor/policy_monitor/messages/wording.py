"""The words of all messages: one place for e-mail and Slack, so that they say the same."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from policy_monitor.findings import FindingKind, Severity, SubjectType
from policy_monitor.messages.links import REGION
from policy_monitor.mutations import ActorKind

VERDICT_WORDS = {
    "expansion": "Expansion",
    "reduction": "Reduction",
    "mixed": "Mixed change",
    "equivalent": "Equivalent change",
    "undetermined": "Undetermined change",
}

SEVERITY_WORDS = {
    Severity.CRITICAL: "look now",
    Severity.HIGH: "look today",
    Severity.MEDIUM: "look this week",
    Severity.LOW: "look when convenient",
    Severity.INFO: "for the record",
}


class _KindWords(NamedTuple):
    heading: str
    gained: str
    lost: str


# `{verdict}` in a heading stands for the verdict's word.
_KIND_WORDS = {
    FindingKind.CHANGE: _KindWords("{verdict}", "Gained", "Lost"),
    FindingKind.STAGED: _KindWords("Staged {verdict}", "Would gain", "Would lose"),
    FindingKind.ATTEMPT: _KindWords("Denied attempt", "Would have gained", "Would have lost"),
    FindingKind.DRIFT: _KindWords("{verdict} without an event", "Gained", "Lost"),
    FindingKind.TAMPER: _KindWords("Tampering", "Gained", "Lost"),
    FindingKind.BASELINE: _KindWords("Baseline", "Can do", "Cannot do"),
}

# What the verdict means for the reader, where the change is in force.
_MEANING = {
    "expansion": "It allows more than before.",
    "reduction": "It allows less than before.",
    "mixed": "It allows more in one place and less in another.",
    "equivalent": "It allows exactly what it allowed before.",
    "undetermined": (
        "What it allows now could not be fully judged: take it for an expansion until you have"
        " looked."
    ),
}
_MEANING_STAGED = {
    "expansion": "Not in force yet. Made the default, it would allow more than now.",
    "reduction": "Not in force yet. Made the default, it would allow less than now.",
    "mixed": (
        "Not in force yet. Made the default, it would allow more in one place and less in another."
    ),
    "equivalent": "Not in force yet. Made the default, it would allow exactly what is allowed now.",
    "undetermined": (
        "Not in force yet. What it would allow could not be fully judged: take it for an expansion"
        " until you have looked."
    ),
}
_MEANING_BY_KIND = {
    FindingKind.ATTEMPT: "Nothing changed.",
    FindingKind.TAMPER: "It changes what watches the vendor's access: make sure that it was meant.",
    FindingKind.BASELINE: "Changes from here on are told.",
}

# What is told of the monitor itself: the event names of `senses`, heading and meaning.
_SENSES = {
    "SenseLost": ("Monitor impaired", "The monitor itself does not work as it should."),
    "SenseRegained": ("Monitor restored", "This part of the monitor works as it should."),
}

# What is told of the monitor's stack as a whole, by the calls of `tampering`; a notice beside it.
_UPDATED = (
    "Monitor updated",
    "The monitor's own stack was changed.",
    "If nobody of yours deployed it, find out who did.",
)
_OPERATIONS = {
    **dict.fromkeys(
        (
            "CancelUpdateStack",
            "ContinueUpdateRollback",
            "ExecuteChangeSet",
            "RollbackStack",
            "UpdateStack",
        ),
        _UPDATED,
    ),
    "DeleteStack": (
        "Monitor removed",
        "The monitor itself goes away.",
        "Ask who removed it, and whether it was meant.",
    ),
}

# Why a request was not allowed on the other side: `because.before` of a grant.
_STOPPED_BEFORE = {
    "not_allowed": "Before: nothing allowed it.",
    "condition": "Before: a condition kept it out.",
    "denied": "Before: a Deny stopped it.",
    "boundary": "Before: the permissions boundary stopped it.",
}
_STOPPED_NOW = {
    "not_allowed": "Now: nothing allows it.",
    "condition": "Now: a condition keeps it out.",
    "denied": "Now: a Deny stops it.",
    "boundary": "Now: the permissions boundary stops it.",
}
_STOPPED_THEN = {
    "not_allowed": "Then: nothing would allow it.",
    "condition": "Then: a condition would keep it out.",
    "denied": "Then: a Deny would stop it.",
    "boundary": "Then: the permissions boundary would stop it.",
}

_OTHERS_NOTICE = {
    ActorKind.CUSTOMER: "Done from your side, not by the vendor: no notice of the vendor is due.",
    ActorKind.AWS: "AWS made this change, not the vendor: no notice of the vendor is due.",
    ActorKind.UNKNOWN: (
        "No event says who did this. If it was the vendor, it was to announce it: ask for its"
        " notice."
    ),
}

# What cannot be judged may be an expansion, too.
_GAINS = ("expansion", "mixed", "undetermined")
_KINDS = (FindingKind.CHANGE, FindingKind.STAGED, FindingKind.DRIFT)


def heading(kind: FindingKind, verdict: str) -> str:
    """What a message is about in two or three words: ``Expansion``, ``Staged reduction``."""
    words = _KIND_WORDS[kind].heading
    verdict_words = VERDICT_WORDS[verdict]
    if not words.startswith("{"):
        verdict_words = verdict_words.lower()
    return words.format(verdict=verdict_words)


def is_sense(event_name: str) -> bool:
    """Whether a finding tells what became of one of the monitor's own senses."""
    return event_name in _SENSES


def sense_words(event_name: str) -> tuple[str, str]:
    """The heading and the meaning of a finding about a sense of the monitor."""
    return _SENSES[event_name]


def operation_words(kind: FindingKind, event_name: str) -> tuple[str, str, str] | None:
    """Heading, meaning and notice of a finding about the monitor's stack; None for others."""
    return _OPERATIONS.get(event_name) if kind is FindingKind.TAMPER else None


def side_titles(kind: FindingKind) -> tuple[str, str]:
    """What the lists of gained and of lost access are called."""
    words = _KIND_WORDS[kind]
    return words.gained, words.lost


def stopped_words(kind: FindingKind) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What stops gained access on the old side and lost access on the new, by `because.before`."""
    if kind is FindingKind.STAGED:
        return _STOPPED_NOW, _STOPPED_THEN
    return _STOPPED_BEFORE, _STOPPED_NOW


def meaning(kind: FindingKind, verdict: str) -> str:
    """What a verdict means, in one sentence."""
    if kind in _MEANING_BY_KIND:
        return _MEANING_BY_KIND[kind]
    return (_MEANING_STAGED if kind is FindingKind.STAGED else _MEANING)[verdict]


def notice_is_due(kind: FindingKind, verdict: str, actor: ActorKind, *, named: bool) -> bool:
    """Whether the vendor was to tell of a change: it gained, and made it, as far as is known."""
    by_vendor = actor is ActorKind.VENDOR or (actor is ActorKind.UNKNOWN and not named)
    return by_vendor and kind in _KINDS and verdict in _GAINS


NOTED = "Once you have it, note it, and this is closed:"
"""What stands before the command that does so."""

# Words that a shell takes as they are.
_FINDING_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,127}")
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")  # "CreateStack", CloudFormation API reference


def ack_command(finding_id: str, stack: str, region: str) -> str:
    """The command that notes a vendor's notice; empty for an id that is no finding's.

    Parameters
    ----------
    finding_id : str
        An id, or a word that stands for one.
    stack, region : str
        Where the ledger is; left out where they are not known.
    """
    if not _FINDING_ID.fullmatch(finding_id):
        return ""
    command = f"policy-monitor ack {finding_id} --notice ADDRESS"
    if not _STACK.fullmatch(stack):
        return command
    where = f" --region {region}" if REGION.fullmatch(region) else ""
    return f"{command} --stack {stack}{where}"


def notice(
    kind: FindingKind,
    verdict: str,
    actor: ActorKind,
    *,
    named: bool,
    subject: SubjectType = SubjectType.ROLE,
) -> str:
    """Whether the vendor was to give notice, and what to ask; empty where the question is void.

    The vendor tells customers of changes that expand access, and may reduce it without a word.

    Parameters
    ----------
    named : bool
        Whether the event names the actor at all.
    """
    if kind is FindingKind.BASELINE:
        return ""
    if kind is FindingKind.TAMPER or subject is SubjectType.MONITOR:
        whom = "the vendor at once why it" if actor is ActorKind.VENDOR else "who"
        what = "tried to change the monitor" if kind is FindingKind.ATTEMPT else "touched this"
        return f"Ask {whom} {what}, and whether it was meant."
    if actor is ActorKind.VENDOR:
        return _vendor_notice(kind, verdict)
    if actor is ActorKind.UNKNOWN and named:
        return "Done by neither your account nor the vendor's: find out who this is."
    if actor is ActorKind.UNKNOWN and (verdict not in _GAINS or kind is FindingKind.ATTEMPT):
        return ""
    return _OTHERS_NOTICE[actor]


def _vendor_notice(kind: FindingKind, verdict: str) -> str:
    if kind is FindingKind.ATTEMPT:
        return "The vendor tried something that it may not do: ask what it was for."
    if verdict in ("expansion", "mixed"):
        when = "before this takes effect" if kind is FindingKind.STAGED else "of this one"
        return (
            "The vendor is to announce expansions. Ask for its notice"
            f" {when}; if there is none, ask why it needs the access."
        )
    if verdict == "undetermined":
        return (
            "The vendor is to announce expansions, and this may be one: ask for its notice and"
            " what the change does."
        )
    if verdict == "equivalent":
        return "Nobody gained anything: no notice of the vendor is due."
    return "The vendor may reduce its access without a word: no notice is due."
