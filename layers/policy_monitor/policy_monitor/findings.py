"""A finding: what one mutation did to one subject's access."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from policy_monitor.mutations import Actor, Use

CHANGED = 50
"""How many changed documents a finding names; a role may hold over a hundred inline policies."""


class SubjectType(StrEnum):
    """What a finding is about."""

    ROLE = "role"
    POLICY = "policy"
    TRUST = "trust"
    MONITOR = "monitor"


class DocumentKind(StrEnum):
    """What a document is to a role, or by itself."""

    POLICY = "policy"
    INLINE = "inline policy"
    BOUNDARY = "boundary"
    TRUST = "trust policy"


class FindingKind(StrEnum):
    """What sort of thing happened."""

    CHANGE = "change"
    STAGED = "staged"
    ATTEMPT = "attempt"
    DRIFT = "drift"
    TAMPER = "tamper"
    BASELINE = "baseline"


class Severity(StrEnum):
    """How soon a person should look."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Assessment(NamedTuple):
    """A severity and its reasons: clauses in words, the gravest first."""

    severity: Severity
    reasons: tuple[str, ...]


class Subject(NamedTuple):
    """A role, a policy, a role's trust policy, or the monitor itself."""

    type: SubjectType
    arn: str


class DocumentVersion(NamedTuple):
    """Which document stood on one side; None for what does not apply or is unknown.

    For a role's effective access, `sha256` is the digest of the sorted digests of its documents.
    """

    version: str | None
    sha256: str | None


class ChangedDocument(NamedTuple):
    """A document that a change touched; None on the side where there was none.

    Attributes
    ----------
    name : str
        The ARN of a managed policy, the name of an inline policy, the ARN of a trust policy's role.
    """

    kind: DocumentKind
    name: str
    before: DocumentVersion | None
    after: DocumentVersion | None


class Finding(NamedTuple):
    """What one mutation did to one subject's access; content-addressed by `finding_id`.

    Attributes
    ----------
    finding_id : str
        Hex digest of event id, subject, kind, before, after and verdict.
    comparison : Mapping[str, Any]
        ``policy-monitor/comparison/1`` as JSON (design, section 6), without id and elapsed_ms.
    severity_reasons : tuple[str, ...]
        Why it is as severe as that, in words (`severity`); empty in what older versions recorded.
    summary : str
        One sentence for a person.
    inventory : Mapping[str, Any] or None
        What the role can do, by service and access level (`holdings`): with a baseline only.
    used_by : tuple[tuple[str, Use], ...]
        Of a policy: who uses it after the change (``role/NAME``), and how.
    changed : tuple[ChangedDocument, ...]
        The documents that changed with it, at most `CHANGED` of `changed_total`; empty in what
        older versions recorded (`papers.changed_documents`).
    """

    finding_id: str
    event_id: str
    event_name: str
    time: str
    account: str
    region: str
    subject: Subject
    kind: FindingKind
    verdict: str
    severity: Severity
    severity_reasons: tuple[str, ...]
    actor: Actor
    summary: str
    comparison: Mapping[str, Any]
    before: DocumentVersion
    after: DocumentVersion
    inventory: Mapping[str, Any] | None = None
    used_by: tuple[tuple[str, Use], ...] = ()
    changed: tuple[ChangedDocument, ...] = ()
    changed_total: int = 0

    @property
    def contradicted(self) -> bool:
        """Whether it is undetermined since iamdiff contradicts itself."""
        # Others than the judge handle findings, and need not load the engine.
        from iamdiff.reasons import UNCONFIRMED  # noqa: PLC0415

        reasons = self.comparison.get("undetermined", ())
        return any(reason["code"] == UNCONFIRMED for reason in reasons)

    @property
    def slot(self) -> str:
        """What this finding is the current answer for: ``time#event#subject type#arn#kind``."""
        return slot_of(self.time, self.event_id, self.subject, self.kind)


def slot_of(time: str, event_id: str, subject: Subject, kind: FindingKind) -> str:
    """The slot of a finding (`Finding.slot`)."""
    return "#".join((time, event_id, subject.type, subject.arn, kind))
