"""The documents behind a finding: which ones changed, as they were and as they are."""

from typing import NamedTuple

from policy_monitor.findings import DocumentKind, DocumentVersion, Finding
from policy_monitor.mutations import Document, Documents
from policy_monitor.papers import changed_documents


class Sheet(NamedTuple):
    """One document, before and after; None where there was none, or it is not known.

    Attributes
    ----------
    what : str
        ``policy arn:…``, ``inline policy NAME``, ``boundary arn:…``, ``trust policy``.
    versions : tuple[str, str]
        Of a managed policy; empty else.
    unknown : tuple[bool, bool]
        Whether there was a document whose text is not known.
    """

    what: str
    old: Document | None
    new: Document | None
    versions: tuple[str, str] = ("", "")
    unknown: tuple[bool, bool] = (False, False)


class _Side(NamedTuple):
    document: Document | None
    version: str
    unknown: bool


def sheets(finding: Finding, documents: Documents) -> tuple[Sheet, ...]:
    """The documents of a finding that differ between its two sides."""
    found = []
    for each in changed_documents(finding):
        old, new = (_side(side, documents) for side in (each.before, each.after))
        what = str(each.kind) if each.kind is DocumentKind.TRUST else f"{each.kind} {each.name}"
        versions, unknown = (old.version, new.version), (old.unknown, new.unknown)
        found.append(Sheet(what, old.document, new.document, versions, unknown))
    return tuple(found)


def _side(side: DocumentVersion | None, documents: Documents) -> _Side:
    if side is None:
        return _Side(None, "", unknown=False)
    document = documents.get(side.sha256 or "")
    return _Side(document, side.version or "", unknown=document is None)
