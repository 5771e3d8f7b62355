"""The monitor's own senses: what each one is for, and what it means to lose it.

A sense that is lost or regained is a fact of the ledger (`SenseLost`, `SenseRegained`), found by
`vigilance`; what people are told of it is derived from these facts like everything else.
"""

from collections.abc import Mapping
from typing import NamedTuple

from policy_monitor.findings import Severity
from policy_monitor.mutations import SenseLost, SenseRegained


class Sense(NamedTuple):
    """One sense.

    Attributes
    ----------
    severity : Severity
        How soon a person should look once it is lost.
    lost, regained : str
        What that means, as a sentence; `lost` without its end, since the reason follows.
    remedy : str
        What holds meanwhile, or is to be done.
    """

    severity: Severity
    lost: str
    remedy: str
    regained: str


_MEANWHILE = (
    "Until it is mended, a change shows only where IAM is compared with the ledger: later, and "
    "perhaps without who made it."
)

TRAIL = "trail"
RULE = "rule"
ARCHIVE = "archive"
DEAD_LETTERS = "dead-letters"
SUBSCRIPTIONS = "subscriptions"
SUBSCRIBER = "subscriber"
FUNCTION = "function"
STREAM = "stream"
NAMES = "names"
JUDGEMENT = "judgement"
LEDGER = "ledger"
IAM = "iam"
EVENT_HISTORY = "event-history"

SENSES: Mapping[str, Sense] = {
    TRAIL: Sense(
        Severity.CRITICAL,
        "No trail tells the monitor of changes as they happen",
        _MEANWHILE,
        "A trail tells the monitor of changes as they happen again.",
    ),
    RULE: Sense(
        Severity.CRITICAL,
        "A rule no longer tells the monitor of changes as they happen",
        _MEANWHILE,
        "The rule tells the monitor of changes as they happen again.",
    ),
    ARCHIVE: Sense(
        Severity.MEDIUM,
        "Events are no longer kept for a replay",
        "What a failure loses meanwhile cannot be replayed.",
        "Events are kept for a replay again.",
    ),
    DEAD_LETTERS: Sense(
        Severity.HIGH,
        "Something could not be delivered or handled",
        "Read the messages of the dead-letter queue, mend the cause, and send them again.",
        "The dead-letter queue is empty again.",
    ),
    SUBSCRIPTIONS: Sense(
        Severity.CRITICAL,
        "Nobody is told what the monitor finds",
        "Confirm the subscription in the message that AWS sent there, or subscribe anew.",
        "Somebody is told what the monitor finds again.",
    ),
    SUBSCRIBER: Sense(
        Severity.HIGH,
        "Somebody who is to be told what the monitor finds is not told",
        "Confirm the subscription in the message that AWS sent there, or subscribe anew; if it was "
        "confirmed before, find out who ended it.",
        "Whoever is to be told what the monitor finds is told again.",
    ),
    FUNCTION: Sense(
        Severity.CRITICAL,
        "A function of the monitor cannot do its work",
        "Update the stack, or take back the limit, and find out who set it.",
        "The function does its work again.",
    ),
    STREAM: Sense(
        Severity.CRITICAL,
        "What the monitor records does not reach the function that it is for",
        "Enable the event source mapping, or update the stack: the stream forgets after a day.",
        "What the monitor records reaches the function that it is for again.",
    ),
    NAMES: Sense(
        Severity.HIGH,
        "Changes of some parts of the monitor itself would not be noticed",
        "Deploy the stack under a shorter name.",
        "Changes of all parts of the monitor itself are noticed again.",
    ),
    JUDGEMENT: Sense(
        Severity.HIGH,
        "What happens is recorded, but not judged",
        "Look at the log of the function judge.",
        "What happens is judged again.",
    ),
    LEDGER: Sense(
        Severity.CRITICAL,
        "The ledger has lost facts that it had recorded",
        "What rested on them may be told wrongly: restore the table from its backup.",
        "The ledger holds all the facts that it has recorded again.",
    ),
    IAM: Sense(
        Severity.CRITICAL,
        "The monitor cannot compare IAM with its ledger",
        "A change of which no event tells stays unseen meanwhile.",
        "The monitor compares IAM with its ledger again.",
    ),
    EVENT_HISTORY: Sense(
        Severity.MEDIUM,
        "The monitor cannot look up changes of which no event told it",
        "Such a change is told without who made it.",
        "The monitor can look up again who made a change of which no event told it.",
    ),
}
"""By name; a sense of one of several things is named ``rule:RoleRule``."""


def sense(name: str) -> Sense:
    """What is known of a sense."""
    return SENSES[name.partition(":")[0]]


def sense_sentence(change: SenseLost | SenseRegained) -> str:
    """What a person is told."""
    known = sense(change.sense)
    if isinstance(change, SenseRegained):
        return known.regained
    return f"{known.lost}: {change.reason.rstrip('.')}. {known.remedy}"
