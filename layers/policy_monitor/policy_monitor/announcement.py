"""Announcing findings: who is told of what, once for each channel."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from policy_monitor.errors import PolicyMonitorError, RetryableError, UncertainDeliveryError
from policy_monitor.findings import Finding, FindingKind, Severity, SubjectType
from policy_monitor.ledger import AnnouncementKey, AnnouncementState, Current, Ledger, Outbox
from policy_monitor.mutations import ActorKind
from policy_monitor.records import finding_json
from policy_monitor.redlines import redlines
from policy_monitor.settings import Settings


class Channel(Protocol):
    """One way to people: the topic, or Slack."""

    @property
    def name(self) -> str:
        """What the outbox calls it: ``sns``, ``slack``."""
        ...

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over a finding's JSON (`announced_json`); returning says that it was accepted.

        Raises
        ------
        UncertainDeliveryError
            Nobody can tell whether it was accepted.
        DeliveryError
            It was refused.
        """
        ...


class Outcome(StrEnum):
    """What became of an announcement."""

    SENT = "sent"
    REPEATED = "repeated"
    """Sent, with a line that it may repeat an earlier message."""
    KNOWN = "known"
    """Sent before: not sent again."""
    SAME = "same"
    """People were told the same of it by another finding: not told again."""
    SILENT = "silent"
    """Nobody wants to be told (`Settings.notify`), or another finding tells it."""


def announce(
    current: Current,
    *,
    ledger: Ledger,
    outbox: Outbox,
    channel: Channel,
    settings: Settings,
    stack: str = "",
) -> Outcome:
    """Tell of the finding that holds for a slot now, once.

    Parameters
    ----------
    stack : str
        The monitor's stack: what a message says to do, it says with its name.

    Raises
    ------
    RetryableError
        The ledger does not show the finding yet, or the channel did not accept it.
    """
    if current.told_with is not None:
        return Outcome.SILENT
    finding = ledger.finding(current.slot, current.finding_id)
    if finding is None:
        raise RetryableError(
            f"finding {current.finding_id} of {current.slot} is not in the ledger; try again"
        )
    corrected = _corrected(current, ledger, outbox, channel)
    if (
        corrected is not None
        and _said(corrected) == _said(finding)
        and outbox.announced(corrected.finding_id, channel.name, surely=True)
    ):
        outbox.skip(AnnouncementKey(finding.finding_id, current.revision, channel.name))
        return Outcome.SAME
    if corrected is None and not is_told(finding, settings):
        return Outcome.SILENT
    message = announced_json(finding, current.revision, corrected)
    message |= redlines(finding, ledger)
    return deliver(message | ({"stack": stack} if stack else {}), outbox, channel)


_WORTH_A_LOOK = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


def is_told(finding: Finding, settings: Settings) -> bool:
    """Whether people want to be told of a finding that corrects none.

    Tampering and a baseline always; a refused attempt where the vendor made it, or the monitor was
    its target (others are only counted); everything else by its verdict. What could not be judged
    counts as an expansion too, since it may be one; so does a change of no effect that took a
    guardrail away.
    """
    match finding.kind:
        case FindingKind.TAMPER | FindingKind.BASELINE:
            return True
        case FindingKind.ATTEMPT:
            on_monitor = finding.subject.type is SubjectType.MONITOR
            return on_monitor or finding.actor.kind is ActorKind.VENDOR
    idle = finding.verdict == "equivalent" and finding.severity in _WORTH_A_LOOK
    if (idle or finding.verdict == "undetermined") and "expansion" in settings.notify:
        return True
    return finding.verdict in settings.notify


def announced_json(finding: Finding, revision: int, corrected: Finding | None) -> dict[str, Any]:
    """A finding as it is announced: ``policy-monitor/finding/1`` with what only a message knows.

    `revision` tells announcements of one finding apart (a finding may hold again after another
    took its place); `corrects` says what the corrected finding had said, so that a subscriber needs
    nothing but the message.
    """
    message = finding_json(finding, correction_of=corrected.finding_id if corrected else None)
    message["revision"] = revision
    if corrected:
        message["corrects"] = {
            "finding_id": corrected.finding_id,
            "kind": corrected.kind.value,
            "verdict": corrected.verdict,
            "severity": corrected.severity.value,
            "summary": corrected.summary,
        }
    return message


def deliver(message: Mapping[str, Any], outbox: Outbox, channel: Channel) -> Outcome:
    """Send a message on a channel, once by the outbox.

    Where an earlier sending was begun and never ended, nobody can tell whether it got through: then
    the message goes out (again) with ``may_repeat``, rather than not at all. A refusal is noted, so
    that the next try does not claim to repeat.

    Parameters
    ----------
    message : Mapping[str, Any]
        At least ``finding_id`` (text) and ``revision`` (a whole number).

    Raises
    ------
    DeliveryError
        The channel did not accept it, or nobody can tell.
    """
    key = AnnouncementKey(message["finding_id"], message["revision"], channel.name)
    state = outbox.begin(key)
    if state in (AnnouncementState.SENT, AnnouncementState.SAME):
        return Outcome.KNOWN
    interrupted = state is AnnouncementState.STARTED
    own = {name: value for name, value in message.items() if name != "may_repeat"}
    try:
        channel.send({**own, "may_repeat": True} if interrupted else own)
    except UncertainDeliveryError:
        raise
    except PolicyMonitorError:
        if not interrupted:
            outbox.abandon(key)
        raise
    outbox.finish(key)
    return Outcome.REPEATED if interrupted else Outcome.SENT


def _corrected(
    current: Current, ledger: Ledger, outbox: Outbox, channel: Channel
) -> Finding | None:
    """The finding that people were told of and that holds no longer."""
    if current.previous in (None, current.finding_id):
        return None  # in its own place: another finding told it before
    if not outbox.announced(current.previous, channel.name):
        return None
    return ledger.finding(current.slot, current.previous)


def _said(finding: Finding) -> tuple[object, ...]:
    """What a message says of a finding: its documents may be others, and it says the same."""
    sides = (finding.comparison.get(side) or () for side in ("gained", "lost"))
    grants = [[{name: grant.get(name) for name in _GRANT} for grant in side] for side in sides]
    reasons = finding.comparison.get("undetermined")
    versions = (finding.before.version, finding.after.version)
    return (finding.verdict, finding.severity, finding.summary, versions, grants, reasons)


# What of a grant is not just where in the documents it stands, or one example of it.
_GRANT = ("actions", "actions_total", "resources", "resources_total", "conditions", "latent")
