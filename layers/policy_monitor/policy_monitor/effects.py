"""What one step of the timeline may have altered: the accesses to be compared, or a fixed answer.

Two subjects are judged (design, section 4): each watched role's effective access, and each watched
policy by itself. Beside them who may assume a watched role, and who else uses a watched policy.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policy_monitor.access import NOTHING, Reason, policy_access, role_access, version_access
from policy_monitor.comparisons import undetermined
from policy_monitor.findings import (
    Assessment,
    DocumentVersion,
    FindingKind,
    Severity,
    Subject,
    SubjectType,
)
from policy_monitor.integrity import operated, part_touched, touches_unexplained
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    DefaultVersionSet,
    Documents,
    InlinePolicyDeleted,
    InlinePolicyPut,
    MutationKind,
    PartTouched,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    PolicyObserved,
    PolicyUseChanged,
    PrincipalDeleted,
    RoleCreated,
    RoleDeleted,
    RoleObserved,
    RoleTagged,
    RoleUntagged,
    RoleUpdated,
    SenseLost,
    SenseRegained,
    StackOperated,
    TouchesUnexplained,
    TrustChanged,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.scene import (
    Effect,
    Scene,
    bearers,
    no_effect,
    policy_effect,
    role_effect,
    trust_effect,
)
from policy_monitor.senses import sense
from policy_monitor.settings import Settings
from policy_monitor.timeline import Step
from policy_monitor.transitions import in_force, newer_versions
from policy_monitor.uses import use_effects

# IAM's word on what it holds now: only what differs from what was known is an effect.
OBSERVED = (MutationKind.OMITTED, MutationKind.DRIFT)

NO_VERSION = DocumentVersion(None, None)


def effects(step: Step, settings: Settings, documents: Documents) -> tuple[Effect, ...]:
    """What a step may have altered; one effect a subject and kind.

    Parameters
    ----------
    documents : Documents
        Policy documents by digest, to see whether a condition reads a tag that changed.
    """
    scene = Scene(step, settings, documents)
    if step.mutation.kind is MutationKind.ATTEMPT:
        return (no_effect(_aimed_at(scene), FindingKind.ATTEMPT, NO_VERSION),)
    found: dict[tuple[Subject, FindingKind], Effect] = {}
    for change in step.mutation.changes:
        for effect in EFFECTS[type(change)](scene, change):
            found.setdefault((effect.subject, effect.kind), effect)
    if step.mutation.kind not in OBSERVED:
        return tuple(found.values())
    differing = tuple(effect for effect in found.values() if _differs(effect))
    if differing or step.mutation.kind is MutationKind.DRIFT:
        return differing
    return _untraced(scene)


def _role_change(scene: Scene, change: Any) -> Iterator[Effect]:
    yield role_effect(scene, change.role, change)


def _whole_role(scene: Scene, change: Any) -> Iterator[Effect]:
    yield role_effect(scene, change.role, change)
    yield trust_effect(scene, change.role, change)


def _trust_change(scene: Scene, change: TrustChanged) -> Iterator[Effect]:
    """Who may assume the role; and its access, where they may choose the tags that it reads."""
    yield trust_effect(scene, change.role, change)
    access = role_effect(scene, change.role, change)
    if access.question.old.tags != access.question.new.tags:
        yield access


def _session_change(scene: Scene, change: RoleUpdated) -> Iterator[Effect]:
    """How long a session lasts is no permission."""
    subject = Subject(SubjectType.ROLE, scene.role_arn(change.role))
    yield no_effect(subject, scene.kind, role_access(scene.step.after, change.role).all)


def _policy_change(scene: Scene, change: Any) -> Iterator[Effect]:
    """Another document is in force: the policy's own effect, and that on each role it bears on."""
    arn = change.policy_arn
    roles = scene.roles_with(arn)
    if not roles and not scene.settings.watches_policy(arn):
        return
    before, after = scene.step.before, scene.step.after
    new = policy_access(after, arn) if arn in after.policies else NOTHING
    if isinstance(change, PolicyCreated):
        old = NOTHING
    elif isinstance(change, PolicyObserved) and arn not in before.policies:
        # Read beside a role that it was found attached to, or it came to be without an event.
        old = NOTHING if scene.settings.watches_policy(arn) and before.complete else new
    else:
        old = policy_access(before, arn)
    yield policy_effect(arn, old, new, scene.kind, bearers(scene, arn))
    for name in roles:
        yield role_effect(scene, name, change)


def _version_created(scene: Scene, change: VersionCreated) -> Iterator[Effect]:
    """A version that did not take effect is reported ahead: as what it would change."""
    if change.default:
        yield from _policy_change(scene, change)
        return
    yield from _staged(scene, change.policy_arn, change.version)


def _policy_observed(scene: Scene, change: PolicyObserved) -> Iterator[Effect]:
    """What IAM shows to be in force, and the newest version that waits to be."""
    yield from _policy_change(scene, change)
    after = scene.step.after.policies.get(change.policy_arn)
    newer = newer_versions(scene.step.before.policies.get(change.policy_arn), after)
    if newer:
        yield from _staged(scene, change.policy_arn, newer[-1])


def _staged(scene: Scene, arn: str, version: str) -> Iterator[Effect]:
    if scene.roles_with(arn) or scene.settings.watches_policy(arn):
        old = policy_access(scene.step.before, arn)
        new = version_access(scene.step.after, arn, version)
        then = in_force(scene.step.after, arn, version)
        yield policy_effect(arn, old, new, FindingKind.STAGED, bearers(scene, arn, then))


def _version_deleted(scene: Scene, change: VersionDeleted) -> Iterator[Effect]:
    """IAM never deletes the version that is in force, so nothing changes."""
    arn = change.policy_arn
    if scene.roles_with(arn) or scene.settings.watches_policy(arn):
        held = policy_access(scene.step.before, arn)
        subject = Subject(SubjectType.POLICY, arn)
        yield no_effect(subject, scene.kind, held.one)


def _sense_lost(scene: Scene, change: SenseLost) -> Iterator[Effect]:
    """Told once, until it is regained: what is seen of access meanwhile may not be all."""
    if change.sense not in scene.step.before.blind:
        known = sense(change.sense)
        reason = Reason(f"blind-{change.sense.partition(':')[0]}", change.reason)
        yield _sense_effect(change.thing)._replace(
            answer=undetermined([reason]),
            assessment=Assessment(known.severity, (_uncapitalised(known.lost),)),
        )


def _sense_regained(scene: Scene, change: SenseRegained) -> Iterator[Effect]:
    """Told where the loss was."""
    if change.sense in scene.step.before.blind:
        why = _uncapitalised(sense(change.sense).regained.rstrip("."))
        yield _sense_effect(change.thing)._replace(assessment=Assessment(Severity.INFO, (why,)))


def _sense_effect(thing: str) -> Effect:
    return no_effect(Subject(SubjectType.MONITOR, thing), FindingKind.TAMPER, NO_VERSION)


def _uncapitalised(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


EFFECTS: Mapping[type, Callable[[Scene, Any], Iterator[Effect]]] = {
    PolicyAttached: _role_change,
    PolicyDetached: _role_change,
    InlinePolicyPut: _role_change,
    InlinePolicyDeleted: _role_change,
    BoundaryPut: _role_change,
    BoundaryDeleted: _role_change,
    TrustChanged: _trust_change,
    RoleCreated: _whole_role,
    RoleDeleted: _whole_role,
    RoleUpdated: _session_change,
    RoleTagged: _role_change,
    RoleUntagged: _role_change,
    VersionCreated: _version_created,
    DefaultVersionSet: _policy_change,
    VersionDeleted: _version_deleted,
    PolicyCreated: _policy_change,
    PolicyDeleted: _policy_change,
    PolicyUseChanged: use_effects,
    PrincipalDeleted: lambda _scene, _change: iter(()),  # who is gone can do nothing any more
    RoleObserved: _whole_role,
    PolicyObserved: _policy_observed,
    SenseLost: _sense_lost,
    SenseRegained: _sense_regained,
    PartTouched: part_touched,
    StackOperated: operated,
    TouchesUnexplained: touches_unexplained,
}


def _differs(effect: Effect) -> bool:
    old, new = effect.question.old, effect.question.new
    if effect.answer is not None:
        return bool(effect.answer["verdict"] != "equivalent")
    return bool(old.unknown or new.unknown) or (old.identity, old.boundary, old.tags) != (
        new.identity,
        new.boundary,
        new.tags,
    )


def _untraced(scene: Scene) -> tuple[Effect, ...]:
    """A call whose record does not say what it changed, and IAM shows nothing new."""
    reason = Reason(
        "omitted",
        f"CloudTrail left out what {scene.mutation.event_name} was asked to do, and nothing else "
        "shows what it changed, or for how long.",
    )
    target = scene.mutation.target
    if target.startswith("arn:"):
        if not scene.settings.watches_policy(target) and not scene.roles_with(target):
            return ()
        subjects = [Subject(SubjectType.POLICY, target)]
    else:
        names = [target] if target else list(scene.settings.roles)
        subjects = [_role_subject(scene, name) for name in names]
    return tuple(
        no_effect(subject, scene.kind, NO_VERSION)._replace(answer=undetermined([reason]))
        for subject in subjects
    )


def _aimed_at(scene: Scene) -> Subject:
    """What a refused call was aimed at, if that is watched; else the watched role that made it."""
    target = scene.mutation.target
    if target.startswith("arn:") and scene.settings.watches_policy(target):
        return Subject(SubjectType.POLICY, target)
    if scene.settings.watches_role(target):
        return _role_subject(scene, target)
    _, _, session = scene.mutation.actor.arn.partition(":assumed-role/")
    acting = session.partition("/")[0]
    watched = acting if scene.settings.watches_role(acting) else scene.settings.roles[0]
    return Subject(SubjectType.ROLE, scene.role_arn(watched))


def _role_subject(scene: Scene, name: str) -> Subject:
    """A role's access, or its trust policy where the call is aimed at that."""
    is_trust = scene.mutation.event_name == "UpdateAssumeRolePolicy"
    kind = SubjectType.TRUST if is_trust else SubjectType.ROLE
    return Subject(kind, scene.role_arn(name))
