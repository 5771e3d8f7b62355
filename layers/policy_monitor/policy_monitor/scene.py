"""A step of the timeline as the judge sees it, and the effects on the subjects that it judges."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from iamdiff import PolicyError
from policy_monitor.access import NOTHING, Held, policies_of, role_access, trust_access
from policy_monitor.comparisons import TAGS_READ, Question, unchanged
from policy_monitor.exposure import Bearer
from policy_monitor.findings import (
    Assessment,
    ChangedDocument,
    DocumentKind,
    DocumentVersion,
    FindingKind,
    Subject,
    SubjectType,
)
from policy_monitor.mutations import (
    Change,
    Documents,
    Mutation,
    MutationKind,
    RoleCreated,
    RoleDeleted,
)
from policy_monitor.papers import changed, one_paper, role_papers
from policy_monitor.recorded_call import partition
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState, RoleState, Tags
from policy_monitor.tags import (
    PRINCIPAL_KEYS,
    RESOURCE_KEYS,
    lets_choose_tags,
    reading_tags,
)
from policy_monitor.timeline import Step
from policy_monitor.transitions import find_role


class Effect(NamedTuple):
    """One subject, its access before and after, and how the two are to be compared.

    Attributes
    ----------
    answer : Mapping or None
        The comparison, where it is known without comparing documents.
    assessment : Assessment or None
        How soon to look, where it does not follow from the comparison.
    rule : str
        The rule of `severities` that says so, where it does not follow from the comparison.
    bearers : tuple[Bearer, ...]
        The watched roles on which it bears.
    changed : tuple[ChangedDocument, ...]
        The documents that are not the same before and after.
    """

    subject: Subject
    kind: FindingKind
    question: Question
    before: DocumentVersion
    after: DocumentVersion
    answer: Mapping[str, Any] | None = None
    assessment: Assessment | None = None
    rule: str = ""
    bearers: tuple[Bearer, ...] = ()
    changed: tuple[ChangedDocument, ...] = ()


class Scene(NamedTuple):
    """A step, what is watched, and the documents that tell what a change bears on."""

    step: Step
    settings: Settings
    documents: Documents

    @property
    def mutation(self) -> Mutation:
        """The mutation of the step."""
        return self.step.mutation

    @property
    def kind(self) -> FindingKind:
        """What sort of finding a change of the step makes."""
        is_drift = self.mutation.kind is MutationKind.DRIFT
        return FindingKind.DRIFT if is_drift else FindingKind.CHANGE

    def role_arn(self, name: str) -> str:
        """A role's ARN, as far as known; of a role that no state holds, without a path."""
        for state in (self.step.after, self.step.before):
            role = find_role(state, name)
            if role is not None and role.arn:
                return role.arn
        here = partition(self.mutation.region)
        return f"arn:{here}:iam::{self.mutation.account}:role/{name}"

    def watched_roles(self) -> tuple[str, ...]:
        """The watched roles that are, or were."""
        names = {
            name.casefold(): name
            for state in (self.step.before, self.step.after)
            for name in state.roles
            if self.settings.watches_role(name)
        }
        return tuple(sorted(names.values()))

    def roles_with(self, arn: str) -> tuple[str, ...]:
        """The watched roles on which a policy bears, before or after."""
        states = (self.step.before, self.step.after)
        return tuple(
            name
            for name in self.watched_roles()
            if any(arn in policies_of(state, name) for state in states)
        )


def role_effect(scene: Scene, name: str, change: Change) -> Effect:
    """On a role's effective access."""
    before, after = scene.step.before, scene.step.after
    old = NOTHING if isinstance(change, RoleCreated) else role_access(before, name)
    new = NOTHING if isinstance(change, RoleDeleted) else role_access(after, name)
    if old.exists and new.exists:
        old, new = _with_tags(scene, name, old, new)
    arn = scene.role_arn(name)
    subject = Subject(SubjectType.ROLE, arn)
    question = Question(old, new, principal=arn)
    bearer = _bearer(scene, name, question, after)
    papers = changed(
        role_papers(before, name) if old.exists else {},
        role_papers(after, name) if new.exists else {},
    )
    return Effect(
        subject, scene.kind, question, old.all, new.all, bearers=(bearer,), changed=papers
    )


def trust_effect(scene: Scene, name: str, change: Change) -> Effect:
    """On who may assume a role."""
    before, after = scene.step.before, scene.step.after
    old = NOTHING if isinstance(change, RoleCreated) else trust_access(before, name)
    new = NOTHING if isinstance(change, RoleDeleted) else trust_access(after, name)
    subject = Subject(SubjectType.TRUST, scene.role_arn(name))
    papers = changed(*(one_paper(DocumentKind.TRUST, subject.arn, held) for held in (old, new)))
    question = Question(old, new, kind="trust")
    return Effect(subject, scene.kind, question, old.one, new.one, changed=papers)


def policy_effect(
    arn: str, old: Held, new: Held, kind: FindingKind, bearers: tuple[Bearer, ...]
) -> Effect:
    """On a policy by itself: judged as a part of some access.

    A version's document never changes, so the same version is the same policy, but for one that
    was deleted and made anew: it counts from v1 again.
    """
    renewed = bool(old.identity and new.identity) and old.identity != new.identity
    same = old.version is not None and old.version == new.version and not renewed
    return Effect(
        Subject(SubjectType.POLICY, arn),
        kind,
        Question(old, new, part=True),
        old.one,
        new.one,
        unchanged() if same else None,
        bearers=bearers,
        changed=changed(*(one_paper(DocumentKind.POLICY, arn, held) for held in (old, new))),
    )


def bearers(scene: Scene, arn: str, after: AccountState | None = None) -> tuple[Bearer, ...]:
    """The watched roles on which a policy bears, with all that they may do before and after."""
    found = []
    after = after or scene.step.after
    for name in scene.roles_with(arn):
        old, new = role_access(scene.step.before, name), role_access(after, name)
        question = Question(old, new, principal=scene.role_arn(name))
        found.append(_bearer(scene, name, question, after))
    return tuple(found)


def _bearer(scene: Scene, name: str, question: Question, after: AccountState) -> Bearer:
    before = policies_of(scene.step.before, name)
    now = policies_of(after, name)
    return Bearer(question, scene.role_arn(name), tuple(sorted(before)), tuple(sorted(now)))


def no_effect(subject: Subject, kind: FindingKind, held: DocumentVersion) -> Effect:
    """On nothing: the same before and after."""
    return Effect(subject, kind, Question(NOTHING, NOTHING), held, held, unchanged())


def _with_tags(scene: Scene, name: str, old: Held, new: Held) -> tuple[Held, Held]:
    """Both sides of a role with the tags that its sessions carry, as far as policies read them."""
    then, now = find_role(scene.step.before, name), find_role(scene.step.after, name)
    if then is None or now is None:
        return old, new
    held = {*old.identity, *new.identity, old.boundary or "", new.boundary or ""}
    documents = [scene.documents[sha256] for sha256 in held if sha256 in scene.documents]
    keys = {*then.tags, *now.tags}
    changed = {key for key in keys if then.tags.get(key) != now.tags.get(key)}
    if reading_tags(documents, [""], PRINCIPAL_KEYS):
        old = old._replace(tags=_session_tags(scene, then))
        new = new._replace(tags=_session_tags(scene, now))
    unbound = None in (old.tags, new.tags)
    if (unbound and reading_tags(documents, changed, PRINCIPAL_KEYS)) or reading_tags(
        documents, changed, RESOURCE_KEYS
    ):
        new = new.with_unknown(TAGS_READ)
    return old, new


def _session_tags(scene: Scene, role: RoleState) -> Tags | None:
    """The tags of a role's sessions; None where whoever assumes it may choose, or it is unknown."""
    trust = scene.documents.get(role.trust or "")
    if not role.known or trust is None:
        return None
    try:
        free = lets_choose_tags(trust, scene.mutation.account)
    except PolicyError:
        return None
    return None if free else tuple(sorted(role.tags.items()))
