"""Bringing the ledger's findings up to its facts."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from iamdiff.catalogue import Catalogue
from policy_monitor.consultation import Consultation
from policy_monitor.derivation import checkpointed, derive, withdrawn
from policy_monitor.errors import LedgerMovedError, RetryableError
from policy_monitor.findings import Finding, FindingKind, Subject, SubjectType
from policy_monitor.ledger import Checkpoint, Current, Genesis, Ledger, Snapshot
from policy_monitor.mutations import MutationKind
from policy_monitor.opinions import Analyzer
from policy_monitor.readings import written
from policy_monitor.settings import Settings
from policy_monitor.timeline import digests

ATTEMPTS = 5
"""How often findings are derived again because the ledger moved meanwhile."""

BEHIND = 100
"""How many facts a checkpoint leaves for later ones to come before: events arrive unordered."""

# What `derive` makes of mutations, and withdraws where they do not tell it any more.
DERIVED_KINDS = (
    FindingKind.CHANGE,
    FindingKind.STAGED,
    FindingKind.ATTEMPT,
    FindingKind.DRIFT,
    FindingKind.TAMPER,
)

_TOLD_WITH_THE_ROLE = (MutationKind.CHANGE, MutationKind.DRIFT)


class Judged(NamedTuple):
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


def judge(
    ledger: Ledger,
    settings: Settings,
    catalogue: Catalogue | None,
    *,
    code: str = "",
    behind: int = BEHIND,
    analyzer: Analyzer | None = None,
) -> Judged:
    """Derive all findings and record those that the ledger does not show as current.

    Without a baseline nothing is derived: facts are safe, and recording the baseline is a fact
    that calls the judge again. Where a checkpoint holds, what lies before it is not derived again:
    its findings are the same, and recorded.

    Parameters
    ----------
    code : str
        What tells this version of the code from others, which may derive other findings.
    behind : int
        How many facts a checkpoint leaves behind it.
    analyzer : Analyzer, optional
        Who is asked for a second opinion on new findings; without, what was answered before does
        not count either.

    Raises
    ------
    RetryableError
        The ledger took new facts during each of several derivations, or is out of reach.
    """
    edition = _edition(settings, catalogue, code, second=analyzer is not None)
    for _ in range(ATTEMPTS):
        start, snapshot = _read(ledger, edition)
        if start is None:
            return Judged(snapshot.seq, ())
        mutations = snapshot.mutations
        documents = ledger.documents(digests(start, mutations))
        consultation = Consultation(ledger, analyzer, documents, catalogue) if analyzer else None
        derivation = partial(
            derive,
            start,
            mutations,
            documents,
            settings,
            catalogue,
            consultation=consultation,
        )
        derived = _consulted(snapshot, derivation, consultation)
        due = tuple(changes_due(snapshot, derived))
        try:
            ledger.record(snapshot.seq, due)
        except LedgerMovedError:
            continue
        ledger.mark_derived(snapshot.seq)
        if through := _checkpoint_due(start, snapshot, behind):
            checkpoint = checkpointed(
                through,
                start,
                mutations,
                documents=documents,
                settings=settings,
                catalogue=catalogue,
                edition=edition,
            )
            ledger.keep(checkpoint)
        return Judged(snapshot.seq, tuple(finding for finding, _ in due))
    raise RetryableError(
        f"ledger: new facts came in during each of {ATTEMPTS} derivations; try again"
    )


def _consulted(
    snapshot: Snapshot,
    derivation: Callable[[], tuple[Finding, ...]],
    consultation: Consultation | None,
) -> tuple[Finding, ...]:
    """The findings, with the second opinions that are recorded, and those that are due."""
    derived = derivation()
    if consultation is None:
        return derived
    # The answers are read after the snapshot. Another judge that has one more writes first and
    # takes a revision that this one needs, or comes second and derives with all that is recorded.
    if consultation.read():
        derived = derivation()
    if consultation.ask([finding.slot for finding, _ in changes_due(snapshot, derived)]):
        derived = derivation()
    return derived


def holds(checkpoint: Checkpoint, following: Snapshot) -> bool:
    """Whether nothing that came in since bears on what lies before a checkpoint."""
    told = {writing for mutation in following.mutations for writing in written(mutation)}
    complete = checkpoint.facts + len(following.mutations) == following.seq
    return complete and not checkpoint.doubts & told


def _read(ledger: Ledger, edition: str) -> tuple[Genesis | Checkpoint | None, Snapshot]:
    """What to derive from, and what follows it."""
    checkpoint = ledger.checkpoint()
    if checkpoint is not None and checkpoint.edition == edition:
        following = ledger.following(checkpoint.through)
        if holds(checkpoint, following):
            return checkpoint, following
    snapshot = ledger.snapshot()
    return snapshot.genesis, snapshot


def _checkpoint_due(start: Genesis | Checkpoint, snapshot: Snapshot, behind: int) -> str | None:
    """Through when a checkpoint should reach, once twice as many facts follow as it leaves."""
    mutations = snapshot.mutations
    if len(mutations) < max(2 * behind, 1):
        return None
    through = mutations[-behind - 1].time
    if isinstance(start, Genesis) and (
        through <= start.read_at
        # Facts are missing or came in just now: then a count of them proves nothing.
        or len(mutations) + 1 != snapshot.seq
    ):
        return None
    return through


def _edition(settings: Settings, catalogue: Catalogue | None, code: str, *, second: bool) -> str:
    """All that findings depend on beside the facts."""
    parts = repr((settings, catalogue.date if catalogue else None, code, second))
    return hashlib.sha256(parts.encode()).hexdigest()


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
