"""A finding in one sentence: who did what, and what that means for access."""

from collections.abc import Callable, Mapping
from typing import Any

from policy_monitor.findings import FindingKind, Subject, SubjectType
from policy_monitor.integrity import own_sentence
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
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.outcomes import POLICY, ROLE, STAGED, Standing, outcome
from policy_monitor.phrases import listed
from policy_monitor.senses import sense_sentence

_CALLERS = 2


def summary(
    mutation: Mutation,
    subject: Subject,
    kind: FindingKind,
    comparison: Mapping[str, Any],
    standing: Standing | None = None,
    *,
    order_untold: bool = False,
) -> str:
    """One sentence for a person.

    Parameters
    ----------
    comparison : Mapping
        ``policy-monitor/comparison/1``.
    standing : Standing or None
        What was allowed before and is now of what changed, where that is known.
    order_untold : bool
        Nothing tells in which order the calls of this second were made.
    """
    for change in mutation.changes:
        if isinstance(change, SenseLost | SenseRegained):
            return sense_sentence(change)
        if subject.type is SubjectType.MONITOR and (
            said := own_sentence(change, _who(mutation.actor), mutation)
        ):
            return said
    deed = f"{_who(mutation.actor)} {_deed(mutation, subject)}"
    if kind is FindingKind.ATTEMPT:
        return f"{deed}; IAM refused it ({mutation.error})."
    effect = _effect(subject, kind, comparison, standing)
    order = (
        " (calls of the same second may have come in another order; this is the wider reading)"
        if order_untold
        else ""
    )
    return f"{deed}: {effect}{order}."


def withdrawal(mutation: Mutation, subject: Subject) -> str:
    """The sentence of a finding that takes the place of one that later facts refuted."""
    if any(isinstance(change, TouchesUnexplained) for change in mutation.changes):
        return (
            f"{_who(mutation.actor)} {_deed(mutation, subject)}: an operation of the monitor's own "
            "stack, which came in later, explains it."
        )
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


def _effect(
    subject: Subject,
    kind: FindingKind,
    comparison: Mapping[str, Any],
    standing: Standing | None,
) -> str:
    match comparison["verdict"]:
        case "equivalent":
            return f"nothing changes for {_short(subject.arn)}"
        case "undetermined":
            reasons = comparison["undetermined"]
            return f"what that means for {_short(subject.arn)} could not be judged" + (
                f" ({_uncapitalised(reasons[0]['sentence'])})" if reasons else ""
            )
    if subject.type is SubjectType.TRUST:
        return _assuming(comparison)
    what = "the policy" if subject.type is SubjectType.POLICY else "the role"
    frame = POLICY if subject.type is SubjectType.POLICY else ROLE
    if kind is FindingKind.STAGED:
        what, frame = "once it is the default, the policy", STAGED
    return f"{what} {outcome(comparison, standing, frame)}"


def _assuming(comparison: Mapping[str, Any]) -> str:
    """Who may assume a role now, and who may not any more; each grant shows one for all of it."""
    clauses = []
    if gained := _callers(comparison, "gained"):
        clauses.append(f"{gained} can now assume the role")
    if lost := _callers(comparison, "lost"):
        clauses.append(
            f"{lost} can no longer assume it" if gained else f"{lost} can no longer assume the role"
        )
    return ", and ".join(clauses)


def _callers(comparison: Mapping[str, Any], side: str) -> str:
    grants = comparison[side]
    words = list(dict.fromkeys(_caller(grant) for grant in grants))
    rest = max(comparison.get(f"{side}_total", 0), len(words)) - _CALLERS
    if len(words) <= _CALLERS and len(grants) >= comparison.get(f"{side}_total", 0):
        return listed(words) if words else ""
    return f"{', '.join(words[:_CALLERS])} and {rest:,} more"


def _caller(grant: Mapping[str, Any]) -> str:
    """``somebody of account 123456789012``: whom a proof names."""
    principal = str(grant["witness"]["principal"])
    fields = principal.split(":")
    if principal.startswith("arn:") and "-provider/" not in principal:
        who = f"somebody of account {fields[4]}"
    else:
        who = {"anonymous": "anybody", "": "somebody"}.get(principal, principal)
    if grant["because"]["before"] != "condition":
        return who
    return f"{who}, where a condition stopped it before,"


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
    PartTouched: lambda c: f"{c.deed} {_short(c.thing)}",
    StackOperated: lambda c: f"{c.deed} the monitor's stack",
    TouchesUnexplained: lambda c: f"changed {len(c.touches):,} parts of the monitor",
}
