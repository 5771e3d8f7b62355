"""From mutations to findings: what each mutation did to each subject's access. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from iamdiff.catalogue import Catalogue
from policy_monitor.access import policy_access, role_access, trust_access
from policy_monitor.beginning import beginnings
from policy_monitor.comparisons import Comparisons, Question, unchanged
from policy_monitor.consultation import Consultation
from policy_monitor.effects import NO_VERSION, effects
from policy_monitor.exposure import Exposures
from policy_monitor.findings import (
    CHANGED,
    Assessment,
    Finding,
    FindingKind,
    Severity,
    Subject,
    SubjectType,
    slot_of,
)
from policy_monitor.ledger import Checkpoint, Genesis
from policy_monitor.mutations import Documents, Mutation
from policy_monitor.ordering import Wider
from policy_monitor.scene import Effect, no_effect
from policy_monitor.settings import Settings
from policy_monitor.severity import Circumstances, severity
from policy_monitor.state import AccountState
from policy_monitor.summary import summary, withdrawal
from policy_monitor.timeline import fold_through, steps


def derive(
    start: Genesis | Checkpoint,
    mutations: Iterable[Mutation],
    documents: Documents,
    settings: Settings,
    catalogue: Catalogue | None,
    *,
    consultation: Consultation | None = None,
) -> tuple[Finding, ...]:
    """The baseline's own findings, then those of a set of mutations, in timeline order.

    They depend on the set alone: the order of arrival, and repetition, change nothing.

    Parameters
    ----------
    start : Genesis or Checkpoint
        From a checkpoint on, the findings of `mutations` alone: those that follow it.
    documents : Documents
        The documents that `timeline.digests` names, masked; a finding that needs a missing one is
        undetermined.
    consultation : Consultation, optional
        The second opinions that findings follow from as well.
    """
    comparisons = consultation.comparisons if consultation else Comparisons(documents, catalogue)
    exposures = Exposures(comparisons)
    findings = []
    if isinstance(start, Genesis):
        findings += [
            _finding(
                mutation,
                effect,
                answer := effect.answer or unchanged(),
                text,
                _assessment(mutation, effect, answer, exposures, settings),
            )._replace(inventory=held)
            for mutation, effect, text, held in beginnings(start, comparisons, settings)
        ]
    for step in steps(start, mutations, _wider(comparisons, settings)):
        for effect in effects(step, settings, documents):
            comparison = effect.answer or comparisons.answer(effect.question)
            if consultation and effect.answer is None:
                at = step.mutation
                slot = slot_of(at.time, at.event_id, effect.subject, effect.kind)
                comparison = consultation.weighed(slot, effect.question, comparison)
            text = summary(
                step.mutation,
                effect.subject,
                effect.kind,
                comparison,
                exposures.standing(effect.question, comparison),
                order_untold=step.order_untold,
            )
            assessed = _assessment(step.mutation, effect, comparison, exposures, settings)
            finding = _finding(step.mutation, effect, comparison, text, assessed)
            if effect.subject.type is SubjectType.POLICY:
                finding = finding._replace(used_by=step.after.users(effect.subject.arn))
            findings.append(finding)
    return tuple(findings)


def checkpointed(
    through: str,
    start: Genesis | Checkpoint,
    mutations: Sequence[Mutation],
    *,
    documents: Documents,
    settings: Settings,
    catalogue: Catalogue | None,
    edition: str,
) -> Checkpoint:
    """The fold of all mutations up to a time; parameters are those of `derive`."""
    decided = wider(documents, settings, catalogue)
    state, doubts = fold_through(through, start, mutations, decided)
    before = start.facts if isinstance(start, Checkpoint) else 1
    held = sum(mutation.time <= through for mutation in mutations)
    return Checkpoint(edition, through, before + held, state, doubts)


def wider(documents: Documents, settings: Settings, catalogue: Catalogue | None) -> Wider:
    """What decides between two orders that both apply; parameters are those of `derive`."""
    return _wider(Comparisons(documents, catalogue), settings)


def withdrawn(mutation: Mutation, subject: Subject, kind: FindingKind) -> Finding:
    """What takes the place of a finding that later facts refute: there was no effect."""
    effect = no_effect(subject, kind, NO_VERSION)
    assessed = Assessment(Severity.INFO, ("what came in later shows that there was no effect",))
    return _finding(mutation, effect, unchanged(), withdrawal(mutation, subject), assessed)


def _assessment(
    mutation: Mutation,
    effect: Effect,
    comparison: Mapping[str, Any],
    exposures: Exposures,
    settings: Settings,
) -> Assessment:
    if effect.assessment is not None:
        return effect.assessment
    exposure = exposures.of(
        effect.question, effect.bearers, comparison, mutation.account, settings.vendor_accounts
    )
    _, _, session = mutation.actor.arn.partition(":assumed-role/")
    acting = session.partition("/")[0]
    circumstances = Circumstances(
        effect.kind,
        effect.subject.type,
        mutation.actor.kind,
        comparison,
        exposure,
        by_itself=bool(acting) and settings.watches_role(acting),
        rule=effect.rule,
    )
    return severity(circumstances, dict(settings.severities))


def _finding(
    mutation: Mutation,
    effect: Effect,
    comparison: Mapping[str, Any],
    text: str,
    assessed: Assessment,
) -> Finding:
    verdict = str(comparison["verdict"])
    return Finding(
        finding_id=_finding_id(mutation.event_id, effect, verdict),
        event_id=mutation.event_id,
        event_name=mutation.event_name,
        time=mutation.time,
        account=mutation.account,
        region=mutation.region,
        subject=effect.subject,
        kind=effect.kind,
        verdict=verdict,
        severity=assessed.severity,
        severity_reasons=assessed.reasons,
        actor=mutation.actor,
        summary=text,
        comparison=comparison,
        before=effect.before,
        after=effect.after,
        changed=effect.changed[:CHANGED],
        changed_total=len(effect.changed),
    )


def _finding_id(event_id: str, effect: Effect, verdict: str) -> str:
    parts = [event_id, effect.subject.type, effect.subject.arn, effect.kind]
    for side in (effect.before, effect.after):
        parts += [side.version or "", side.sha256 or ""]
    return hashlib.sha256(json.dumps([*parts, verdict]).encode()).hexdigest()


def _wider(comparisons: Comparisons, settings: Settings) -> Wider:
    """Whether what is watched allows more in one state than in another, and nowhere less."""

    def is_wider(narrow: AccountState, wide: AccountState) -> bool:
        verdicts = {
            comparisons.answer(question)["verdict"]
            for question in _questions(narrow, wide, settings)
        }
        return "expansion" in verdicts and verdicts <= {"expansion", "equivalent"}

    return is_wider


def _questions(old: AccountState, new: AccountState, settings: Settings) -> Iterator[Question]:
    """All that is watched and differs between two states."""
    questions = [
        question
        for name in {*old.roles, *new.roles}
        if settings.watches_role(name)
        for question in (
            Question(role_access(old, name), role_access(new, name)),
            Question(trust_access(old, name), trust_access(new, name), kind="trust"),
        )
    ]
    questions += [
        Question(policy_access(old, arn), policy_access(new, arn), part=True)
        for arn in {*old.policies, *new.policies}
        if settings.watches_policy(arn)
    ]
    return (question for question in questions if question.old != question.new)
