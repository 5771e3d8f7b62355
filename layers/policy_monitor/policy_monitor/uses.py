"""Who else uses a watched policy: principals that are not watched themselves."""

from collections.abc import Iterator

from policy_monitor.access import NOTHING, Reason, policy_access
from policy_monitor.comparisons import Question, unchanged, undetermined
from policy_monitor.findings import DocumentKind, FindingKind, Subject, SubjectType
from policy_monitor.mutations import PolicyUseChanged, Use
from policy_monitor.papers import changed, one_paper
from policy_monitor.scene import Effect, Scene

# Calls that make a principal, which can do nothing yet.
CREATIONS = ("CreateRole", "CreateUser")


def use_effects(scene: Scene, change: PolicyUseChanged) -> Iterator[Effect]:
    """Another principal begins or ceases to use a watched policy: what that principal gained."""
    if change.use is Use.BOUNDARY:
        yield from _ceiling_change(scene, change)
        return
    arn = change.policy_arn
    if arn is None or not scene.settings.watches_policy(arn):
        return
    if scene.kind is FindingKind.DRIFT and scene.step.before.uses == scene.step.after.uses:
        return  # an event that came late has told it
    held = policy_access(scene.step.after, arn)
    old, new = (NOTHING, held) if change.begun else (held, NOTHING)
    subject = Subject(SubjectType.POLICY, arn)
    papers = changed(*(one_paper(DocumentKind.POLICY, arn, held) for held in (old, new)))
    yield Effect(subject, scene.kind, Question(old, new), old.one, new.one, changed=papers)


def _ceiling_change(scene: Scene, change: PolicyUseChanged) -> Iterator[Effect]:
    """A principal's boundary is set, replaced or removed; what it holds under it is not watched."""
    use = (change.principal, Use.BOUNDARY)
    earlier = next((arn for arn, users in scene.step.before.uses.items() if use in users), None)
    watched = [a for a in (change.policy_arn, earlier) if a and scene.settings.watches_policy(a)]
    if not watched:
        return
    subject = Subject(SubjectType.POLICY, watched[0])
    old = policy_access(scene.step.before, earlier) if earlier else NOTHING
    new = policy_access(scene.step.after, change.policy_arn) if change.policy_arn else NOTHING
    answer = None
    if scene.mutation.event_name in CREATIONS or earlier == change.policy_arn:
        answer = unchanged()
    elif not change.begun:
        answer = undetermined([_uncovered(change.principal)])
    elif earlier is None:
        answer = undetermined([_earlier_ceiling(change.principal)])
    papers = changed(
        one_paper(DocumentKind.BOUNDARY, earlier or "", old),
        one_paper(DocumentKind.BOUNDARY, change.policy_arn or "", new),
    )
    question = Question(old, new, part=True)
    yield Effect(subject, scene.kind, question, old.one, new.one, answer, changed=papers)


def _uncovered(principal: str) -> Reason:
    return Reason(
        "boundary-removed",
        f"{principal} has no permissions boundary any more: it may now do whatever its own "
        "policies allow, which are not watched.",
    )


def _earlier_ceiling(principal: str) -> Reason:
    return Reason(
        "earlier-boundary-unknown",
        f"Whether {principal} had another permissions boundary before, and a narrower one, is not "
        "known.",
    )
