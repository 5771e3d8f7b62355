"""Bringing the ledger's findings up to its facts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iamdiff.catalogue import Catalogue
from policy_monitor.derivation import derive, digests, withdrawn
from policy_monitor.errors import LedgerMovedError, RetryableError
from policy_monitor.findings import Finding, FindingKind, Subject, SubjectType
from policy_monitor.ledger import Current, Ledger, Snapshot
from policy_monitor.mutations import MutationKind
from policy_monitor.settings import Settings

ATTEMPTS = 5
"""How often findings are derived again because the ledger moved meanwhile."""

# What `derive` makes of mutations, and withdraws where they do not tell it any more.
DERIVED_KINDS = (
    FindingKind.CHANGE,
    FindingKind.STAGED,
    FindingKind.ATTEMPT,
    FindingKind.DRIFT,
    FindingKind.TAMPER,
)

_TOLD_WITH_THE_ROLE = (MutationKind.CHANGE, MutationKind.DRIFT)


@dataclass(frozen=True, slots=True)
class Judged:
    """How far a judgement got.

    Attributes
    ----------
    seq : int
        The facts that the findings rest on.
    recorded : tuple[Finding, ...]
        The findings that were new, or took another's place.
    """

    seq: int
    recorded: tuple[Finding, ...]


def judge(ledger: Ledger, settings: Settings, catalogue: Catalogue | None) -> Judged:
    """Derive all findings and record those that the ledger does not show as current.

    Without a baseline nothing is derived: facts are safe, and recording the baseline is a fact
    that calls the judge again.

    Raises
    ------
    RetryableError
        The ledger took new facts during each of several derivations, or is out of reach.
    """
    for _ in range(ATTEMPTS):
        snapshot = ledger.snapshot()
        if snapshot.genesis is None:
            return Judged(snapshot.seq, ())
        documents = ledger.documents(digests(snapshot.genesis, snapshot.mutations))
        derived = derive(snapshot.genesis, snapshot.mutations, documents, settings, catalogue)
        due = tuple(changes_due(snapshot, derived))
        try:
            ledger.record(snapshot.seq, due)
        except LedgerMovedError:
            continue
        ledger.mark_derived(snapshot.seq)
        return Judged(snapshot.seq, tuple(finding for finding, _ in due))
    raise RetryableError(
        f"ledger: new facts came in during each of {ATTEMPTS} derivations; try again"
    )


def changes_due(
    snapshot: Snapshot, derived: Iterable[Finding]
) -> Iterator[tuple[Finding, Current]]:
    """The findings that are not current yet, each with the row that makes it so."""
    findings = list(derived)
    tellers = _tellers(snapshot, findings)
    for finding in (*findings, *_withdrawn(snapshot, findings)):
        told_with = tellers.get(finding.finding_id)
        standing = snapshot.current.get(finding.slot)
        if standing is None:
            yield finding, Current(finding.slot, finding.finding_id, 1, None, told_with)
        elif standing.finding_id != finding.finding_id or (
            # The finding that told this one says something else now: this one must be told.
            standing.told_with is not None and told_with is None
        ):
            row = Current(
                finding.slot,
                finding.finding_id,
                standing.revision + 1,
                standing.finding_id,
                told_with,
            )
            yield finding, row


def _tellers(snapshot: Snapshot, findings: Iterable[Finding]) -> dict[str, str]:
    """For a policy's finding the role's finding of the same change that says as much.

    What is told together bears on the role: one call changes one thing, and drift of what does
    not is a fact of its own. Where roles differ, one of them may have gained less than the policy.
    """
    whole = {m.event_id for m in snapshot.mutations if m.kind in _TOLD_WITH_THE_ROLE}
    roles: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.subject.type is SubjectType.ROLE and finding.event_id in whole:
            roles.setdefault(_occasion(finding), []).append(finding)
    return {
        finding.finding_id: tellers[0].finding_id
        for finding in findings
        if finding.subject.type is SubjectType.POLICY
        and (tellers := roles.get(_occasion(finding)))
        and {teller.verdict for teller in tellers} == {finding.verdict}
    }


def _occasion(finding: Finding) -> tuple[str, str, str]:
    return (finding.time, finding.event_id, finding.kind)


def _withdrawn(snapshot: Snapshot, findings: Iterable[Finding]) -> Iterator[Finding]:
    """For each slot that the facts no longer fill: that nothing happened to its subject."""
    filled = {finding.slot for finding in findings}
    mutations = {mutation.key: mutation for mutation in snapshot.mutations}
    for slot in sorted(snapshot.current.keys() - filled):
        time, event_id, rest = slot.split("#", 2)
        subject_type, rest = rest.split("#", 1)
        arn, kind = rest.rsplit("#", 1)
        mutation = mutations.get(f"{time}#{event_id}")
        if mutation is not None and kind in DERIVED_KINDS:
            yield withdrawn(mutation, Subject(SubjectType(subject_type), arn), FindingKind(kind))
