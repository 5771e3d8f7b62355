"""A finding in one sentence: who did what, and what that means for access."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policy_monitor.findings import FindingKind, Subject, SubjectType
from policy_monitor.mutations import (
    Actor,
    ActorKind,
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
    MutationKind,
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
    TrustChanged,
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.senses import sense_sentence

EVERY_ACTION = {
    "gained": "every action that it lacked",
    "lost": "every action but those that it keeps",
}
"""What ``*`` in a grant means: what stays the same is in no grant."""

SHOWN = 3
"""Names listed before the rest is counted."""


def summary(
    mutation: Mutation,
    subject: Subject,
    kind: FindingKind,
    comparison: Mapping[str, Any],
    *,
    order_untold: bool = False,
) -> str:
    """One sentence for a person.

    Parameters
    ----------
    comparison : Mapping
        ``policy-monitor/comparison/1``.
    order_untold : bool
        Nothing tells in which order the calls of this second were made.
    """
    for change in mutation.changes:
        if isinstance(change, SenseLost | SenseRegained):
            return sense_sentence(change)
    deed = f"{_who(mutation.actor)} {_deed(mutation, subject)}"
    if kind is FindingKind.ATTEMPT:
        return f"{deed}; IAM refused it ({mutation.error})."
    outcome = _outcome(subject, kind, comparison)
    order = (
        " (calls of the same second may have come in another order; this is the wider reading)"
        if order_untold
        else ""
    )
    return f"{deed}: {outcome}{order}."


def withdrawal(mutation: Mutation, subject: Subject) -> str:
    """The sentence of a finding that takes the place of one that later facts refuted."""
    told = "facts that came in later show that this"
    if mutation.kind is MutationKind.DRIFT:
        told = "events that came in later do, and by itself this"
    return (
        f"{_who(mutation.actor)} {_deed(mutation, subject)}: {told} had no effect on "
        f"{_short(subject.arn)}."
    )


def _who(actor: Actor) -> str:
    session = f" ({actor.session})" if actor.session else ""
    via = f" through {actor.via}" if actor.via else ""
    match actor.kind:
        case ActorKind.VENDOR:
            return f"The vendor{session}{via}"
        case ActorKind.AWS:
            return f"AWS{via}"
        case ActorKind.CUSTOMER:
            return f"{_short(actor.arn) or 'Somebody in the account'}{via}"
        case ActorKind.UNKNOWN:
            return f"Somebody unknown{session}{via}"


def _deed(mutation: Mutation, subject: Subject) -> str:
    """What was done, as a verb with its object."""
    if mutation.kind is MutationKind.ATTEMPT:
        target = _short(mutation.target) or "something that the record does not name"
        return f"tried {mutation.event_name} on {target}"
    if mutation.kind is MutationKind.OMITTED:
        return f"called {mutation.event_name}, whose parameters CloudTrail left out"
    if mutation.kind is MutationKind.DRIFT:
        uses = [change for change in mutation.changes if isinstance(change, PolicyUseChanged)]
        what = " and ".join(map(_use_words, uses)) or (
            f"changed {_short(mutation.target or subject.arn)}"
        )
        return f"{what}, of which no event told"
    return " and ".join(DEEDS[type(change)](change) for change in mutation.changes)


def _outcome(subject: Subject, kind: FindingKind, comparison: Mapping[str, Any]) -> str:
    if subject.type is SubjectType.TRUST and comparison["verdict"] in _TRUST_WORDS:
        words = _TRUST_WORDS[comparison["verdict"]]
        return words.format(gained=_caller(comparison, "gained"), lost=_caller(comparison, "lost"))
    what = {
        SubjectType.ROLE: "the role",
        SubjectType.POLICY: "the policy",
        SubjectType.TRUST: "the trust policy",
        SubjectType.MONITOR: "the monitor",
    }[subject.type]
    would = "would, once it is the default," if kind is FindingKind.STAGED else ""
    gained, lost = _actions(comparison, "gained"), _actions(comparison, "lost")
    match comparison["verdict"]:
        case "expansion":
            return _joined(what, would, "gain" if would else "gains", gained)
        case "reduction":
            return _joined(what, would, "lose" if would else "loses", lost)
        case "mixed":
            verbs = ("gain", "lose") if would else ("gains", "loses")
            return _joined(what, would, verbs[0], f"{gained} and {verbs[1]} {lost}")
        case "equivalent":
            return f"nothing changes for {_short(subject.arn)}"
    reasons = comparison["undetermined"]
    return f"what that means for {_short(subject.arn)} could not be judged" + (
        f" ({_uncapitalised(reasons[0]['sentence'])})" if reasons else ""
    )


_TRUST_WORDS = {
    "expansion": "more may assume the role now, {gained} for example",
    "reduction": "fewer may assume the role now, {lost} for example no longer",
    "mixed": (
        "others may assume the role now, {gained} for example, and {lost} for example no longer"
    ),
}


def _caller(comparison: Mapping[str, Any], side: str) -> str:
    """Who makes the example request of one side."""
    return next((str(grant["witness"]["principal"]) for grant in comparison[side]), "")


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


def _actions(comparison: Mapping[str, Any], side: str) -> str:
    names = list(dict.fromkeys(_names(comparison[side])))
    if "*" in names:
        return EVERY_ACTION[side]
    total = sum(grant.get("actions_total", len(grant["actions"])) for grant in comparison[side])
    # Rows overlap where one action is gained on several resources for several reasons.
    total = len(names) if total == sum(len(g["actions"]) for g in comparison[side]) else total
    rest = total - SHOWN
    shown = names[:SHOWN]
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def _names(grants: list[Mapping[str, Any]]) -> Iterator[str]:
    for grant in grants:
        yield from grant["actions"]


def _uncapitalised(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _short(arn: str) -> str:
    """The last part of an ARN, as people call the thing."""
    return arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _tag_words(keys: list[str]) -> str:
    return ("tag " if len(keys) == 1 else "tags ") + ", ".join(keys)


def _version_words(change: VersionCreated) -> str:
    name = _short(change.policy_arn)
    if change.default:
        return f"made {change.version} the version of {name} that is in force"
    return f"staged {change.version} of {name}, which is not in force yet"


def _use_words(change: PolicyUseChanged) -> str:
    name = _short(change.policy_arn) if change.policy_arn else ""
    match change.use, change.begun:
        case Use.ATTACHED, True:
            return f"attached {name} to {change.principal}"
        case Use.ATTACHED, False:
            return f"detached {name} from {change.principal}"
        case _, True:
            return f"set {name} as the permissions boundary of {change.principal}"
    return f"removed the permissions boundary of {change.principal}"


DEEDS: Mapping[type[Change], Callable[[Any], str]] = {
    PolicyAttached: lambda c: f"attached {_short(c.policy_arn)} to {c.role}",
    PolicyDetached: lambda c: f"detached {_short(c.policy_arn)} from {c.role}",
    InlinePolicyPut: lambda c: f"wrote inline policy {c.name} of {c.role}",
    InlinePolicyDeleted: lambda c: f"deleted inline policy {c.name} of {c.role}",
    BoundaryPut: lambda c: f"set {_short(c.policy_arn)} as the permissions boundary of {c.role}",
    BoundaryDeleted: lambda c: f"removed the permissions boundary of {c.role}",
    TrustChanged: lambda c: f"replaced the trust policy of {c.role}",
    RoleCreated: lambda c: f"created {c.role}",
    RoleDeleted: lambda c: f"deleted {c.role}",
    RoleUpdated: lambda c: (
        f"updated {c.role}"
        + (
            f", whose sessions last up to {c.max_session_seconds:,} seconds"
            if c.max_session_seconds
            else ""
        )
    ),
    RoleTagged: lambda c: f"set {_tag_words([key for key, _ in c.tags])} of {c.role}",
    RoleUntagged: lambda c: f"removed {_tag_words(list(c.keys))} of {c.role}",
    VersionCreated: _version_words,
    DefaultVersionSet: lambda c: (
        f"made {c.version} the version of {_short(c.policy_arn)} that is in force"
    ),
    VersionDeleted: lambda c: f"deleted {c.version} of {_short(c.policy_arn)}",
    PolicyCreated: lambda c: f"created {_short(c.policy_arn)}",
    PolicyDeleted: lambda c: f"deleted {_short(c.policy_arn)}",
    PolicyUseChanged: _use_words,
    PrincipalDeleted: lambda c: f"deleted {c.principal}",
    RoleObserved: lambda c: f"changed {c.role}",
    PolicyObserved: lambda c: f"changed {_short(c.policy_arn)}",
    SenseLost: lambda c: f"impaired {_short(c.thing)}",
    SenseRegained: lambda c: f"restored {_short(c.thing)}",
}
