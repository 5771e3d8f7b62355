"""The documents behind a finding: which ones changed, as they were and as they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policy_monitor.access import role_access
from policy_monitor.findings import Finding, SubjectType
from policy_monitor.mutations import Document
from policy_monitor.state import AccountState, RoleState
from policy_monitor.transitions import find_role
from policy_monitor_report.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document, before and after; None where there was none, or it is not known.

    Attributes
    ----------
    what : str
        ``policy arn:…``, ``inline policy NAME``, ``boundary arn:…``, ``trust policy``.
    versions : tuple[str, str]
        Of a managed policy; empty else.
    """

    what: str
    old: Document | None
    new: Document | None
    versions: tuple[str, str] = ("", "")


type _Paper = tuple[str, str]
"""A document's version and digest."""


class Sheets:
    """Finds the documents that findings speak of."""

    def __init__(self, evidence: Evidence) -> None:
        self._documents = evidence.documents
        self._held: dict[tuple[str, str], Mapping[str, _Paper]] = {}
        for _, state in evidence.states():
            self._note(state)

    def of(self, finding: Finding) -> tuple[Sheet, ...]:
        """The documents of a finding that differ between its two sides."""
        if finding.before.sha256 == finding.after.sha256:
            return ()
        match finding.subject.type:
            case SubjectType.ROLE:
                return tuple(self._of_role(finding))
            case SubjectType.POLICY | SubjectType.TRUST as type_:
                old, new = finding.before, finding.after
                is_trust = type_ is SubjectType.TRUST
                sheet = self._sheet(
                    "trust policy" if is_trust else f"policy {finding.subject.arn}",
                    (old.version or "", old.sha256 or ""),
                    (new.version or "", new.sha256 or ""),
                )
                return (sheet,) if sheet.old or sheet.new else ()
        return ()

    def _of_role(self, finding: Finding) -> Iterator[Sheet]:
        arn = finding.subject.arn
        old = self._held.get((arn, finding.before.sha256 or ""), {})
        new = self._held.get((arn, finding.after.sha256 or ""), {})
        for what in dict.fromkeys((*old, *new)):
            before, after = old.get(what, ("", "")), new.get(what, ("", ""))
            if before[1] != after[1]:
                yield self._sheet(what, before, after)

    def _sheet(self, what: str, old: _Paper, new: _Paper) -> Sheet:
        documents = self._documents
        return Sheet(what, documents.get(old[1]), documents.get(new[1]), (old[0], new[0]))

    def _note(self, state: AccountState) -> None:
        """Which documents the digests of roles' accesses stand for: findings name no others."""
        for name in state.roles:
            role, digest = find_role(state, name), role_access(state, name).all.sha256
            if role is not None and digest and (role.arn, digest) not in self._held:
                self._held[role.arn, digest] = dict(_papers(state, role))


def _papers(state: AccountState, role: RoleState) -> Iterator[tuple[str, _Paper]]:
    for arn in sorted(role.attached):
        yield f"policy {arn}", _default(state, arn)
    for name, sha256 in sorted(role.inline.items()):
        yield f"inline policy {name}", ("", sha256 or "")
    if role.boundary:
        yield f"boundary {role.boundary}", _default(state, role.boundary)


def _default(state: AccountState, arn: str) -> _Paper:
    policy = state.policies.get(arn)
    return (policy.default or "", policy.sha256 or "") if policy else ("", "")
