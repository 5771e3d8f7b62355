"""Which documents a change touched, by name: what people know a policy by. Pure."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_monitor.findings import (
    ChangedDocument,
    DocumentKind,
    DocumentVersion,
    Finding,
    SubjectType,
)
from policy_monitor.state import AccountState
from policy_monitor.transitions import find_role

if TYPE_CHECKING:  # it loads the engine, which those who announce do without
    from policy_monitor.access import Held

type Papers = Mapping[tuple[DocumentKind, str], DocumentVersion]
"""The documents of one side, by kind and name."""


def role_papers(state: AccountState, name: str) -> Papers:
    """The documents that make up a role's access, as far as the state knows them."""
    role = find_role(state, name)
    if role is None:
        return {}
    papers = {(DocumentKind.POLICY, arn): _default(state, arn) for arn in sorted(role.attached)}
    for inline, sha256 in sorted(role.inline.items()):
        papers[DocumentKind.INLINE, inline] = DocumentVersion(None, sha256)
    if role.boundary:
        papers[DocumentKind.BOUNDARY, role.boundary] = _default(state, role.boundary)
    return papers


def one_paper(kind: DocumentKind, name: str, held: "Held") -> Papers:
    """The one document of a policy or a trust policy; nothing where there is none."""
    return {(kind, name): held.one} if held.exists else {}


def changed(old: Papers, new: Papers) -> tuple[ChangedDocument, ...]:
    """The documents that are not the same on both sides, or of which nobody knows that they are."""
    return tuple(
        ChangedDocument(*paper, old.get(paper), new.get(paper))
        for paper in dict.fromkeys((*old, *new))
        if not _same(old.get(paper), new.get(paper))
    )


def changed_documents(finding: Finding) -> tuple[ChangedDocument, ...]:
    """The documents behind a finding; older versions named none, but for the one of a policy."""
    return finding.changed or tuple(_by_versions(finding))


def _by_versions(finding: Finding) -> Iterator[ChangedDocument]:
    kind = _KINDS.get(finding.subject.type)
    old, new = (side if side.sha256 else None for side in (finding.before, finding.after))
    if kind and not _same(old, new):
        yield ChangedDocument(kind, finding.subject.arn, old, new)


_KINDS = {SubjectType.POLICY: DocumentKind.POLICY, SubjectType.TRUST: DocumentKind.TRUST}


def _same(old: DocumentVersion | None, new: DocumentVersion | None) -> bool:
    if old is None or new is None or old == new:
        return old == new
    return old.sha256 is not None and old.sha256 == new.sha256


def _default(state: AccountState, arn: str) -> DocumentVersion:
    policy = state.policies.get(arn)
    return DocumentVersion(policy.default, policy.sha256) if policy else DocumentVersion(None, None)
