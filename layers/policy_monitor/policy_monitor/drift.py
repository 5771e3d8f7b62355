"""Where IAM as it was read differs from what the ledger knows. Pure.

A difference says what IAM shows as changes that set it absolutely: as drift, they end in that
state whatever was known before.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from policy_monitor.access import policies_of
from policy_monitor.mutations import (
    Change,
    Documents,
    Mutation,
    MutationKind,
    PolicyObserved,
    PolicyUseChanged,
    PrincipalDeleted,
    RoleObserved,
    Use,
)
from policy_monitor.observation import Observation
from policy_monitor.ordering import ALTERED
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState, PolicyState, RoleState
from policy_monitor.transitions import find_role, newer_versions

ROLE, POLICY, PRINCIPAL = "role", "policy", "use"
"""The sorts of things that differ: the first part of `ordering.Part`."""

type Thing = tuple[str, str]
"""A sort, and a role's name without case, a policy's ARN, or a principal (``user/NAME``)."""


class Difference(NamedTuple):
    """A thing that IAM shows otherwise than the ledger.

    Attributes
    ----------
    resource : str
        What CloudTrail's event history lists it under.
    changes : tuple[Change, ...]
        What IAM shows.
    fingerprint : str
        A digest of both sides: the same while neither changes.
    apart : bool
        Whether it bears on no watched role: another principal, a policy that only others use.
    """

    thing: Thing
    resource: str
    changes: tuple[Change, ...]
    fingerprint: str
    apart: bool = False


def differences(
    expected: AccountState, seen: Observation, settings: Settings
) -> Mapping[Thing, Difference]:
    """All that is watched and that IAM shows otherwise than the ledger.

    What the ledger does not know, such as a document that no event carried, is a difference too.
    """
    found = (
        *_roles(expected, seen.state, settings),
        *_policies(expected, seen.state, settings),
        *_principals(expected, seen, settings),
    )
    return {difference.thing: difference for difference in found}


def things_touched(mutation: Mutation) -> frozenset[Thing]:
    """What a mutation changed; a refused call changed nothing."""
    if mutation.kind is MutationKind.ATTEMPT:
        return frozenset()
    parts = (part for change in mutation.changes for part in ALTERED[type(change)](change))
    return frozenset((part[0], part[1]) for part in parts)


def is_aws_managed(thing: Thing) -> bool:
    """Whether it is a policy of AWS's, which AWS changes without an event in the account.

    IAM User Guide, "AWS managed policies": "AWS can … update the permissions defined in an AWS
    managed policy".
    """
    sort, name = thing
    return sort == POLICY and ":iam::aws:" in name


def observed_documents(changes: Iterable[Change], documents: Documents) -> Documents:
    """Those of some documents that changes name."""
    named: set[str | None] = set()
    for change in changes:
        match change:
            case RoleObserved():
                named |= {change.trust_sha256, *(sha256 for _, sha256 in change.inline)}
            case PolicyObserved():
                named |= {change.sha256, *(sha256 for _, sha256 in change.versions)}
    return {sha256: document for sha256, document in documents.items() if sha256 in named}


def _roles(expected: AccountState, seen: AccountState, settings: Settings) -> Iterator[Difference]:
    for name in settings.roles:
        known, held = find_role(expected, name), find_role(seen, name)
        if known is None and held is None:
            continue
        if known and held and known.known and _view(known, held) == _view(held, known):
            continue
        changes: list[Change] = [held.observed() if held else RoleObserved(name, "", False)]
        if held:
            # Beside a role's policies, what those say: nothing else may tell it.
            bearing = sorted({*held.attached, held.boundary or ""} - {""})
            changes += [
                _policy_observed(policy)
                for arn in bearing
                if (policy := seen.policies.get(arn)) is not None
                and policy.default is not None
                and _sha256(expected.policies.get(arn)) is None
            ]
        spelled = (held or known or RoleState(name, "")).name
        sides = known and _view(known, None)
        yield _difference((ROLE, name.casefold()), spelled, sides, changes)


def _view(role: RoleState, other: RoleState | None) -> tuple[object, ...]:
    """What is compared of a role; a session length that one side does not know is not."""
    seconds = role.max_session_seconds
    if other is not None and other.max_session_seconds is None:
        seconds = None
    return (
        role.arn,
        sorted(role.attached),
        sorted((name, sha256 or "") for name, sha256 in role.inline.items()),
        role.boundary,
        role.trust,
        sorted((key.casefold(), value) for key, value in role.tags.items()),
        seconds,
    )


def _policies(
    expected: AccountState, seen: AccountState, settings: Settings
) -> Iterator[Difference]:
    # `seen` holds what is watched or bears on a watched role, and nothing else.
    gone = {arn for arn in expected.policies if settings.watches_policy(arn)} - set(seen.policies)
    bearing = {
        arn
        for state in (expected, seen)
        for name in settings.roles
        for arn in policies_of(state, name)
    }
    for arn in sorted(gone):
        changes = [PolicyObserved(arn, exists=False)]
        yield _difference((POLICY, arn), arn, "known", changes, apart=arn not in bearing)
    for arn, held in sorted(seen.policies.items()):
        if held.default is None:
            continue  # IAM did not list it: which is in force is not known
        known = expected.policies.get(arn)
        same = known is not None and (known.default, known.sha256) == (held.default, held.sha256)
        if not same or newer_versions(known, held):
            sides = known and [
                known.default,
                sorted((v, s or "") for v, s in known.versions.items()),
            ]
            changes = [_policy_observed(held)]
            yield _difference((POLICY, arn), arn, sides, changes, apart=arn not in bearing)


def _policy_observed(policy: PolicyState) -> PolicyObserved:
    return PolicyObserved(
        policy.arn, True, policy.default, policy.sha256, tuple(sorted(policy.versions.items()))
    )


def _sha256(policy: PolicyState | None) -> str | None:
    return policy.sha256 if policy else None


def _principals(
    expected: AccountState, seen: Observation, settings: Settings
) -> Iterator[Difference]:
    """Who else uses a watched policy."""
    known, held = _by_principal(expected, settings), _by_principal(seen.state, settings)
    for principal in sorted(known.keys() | held.keys()):
        before = known.get(principal, frozenset())
        after = held.get(principal, frozenset())
        if before != after:
            now = seen.principals.get(principal)
            changes = (
                [PrincipalDeleted(principal)]
                if now is None
                else list(_use_changes(principal, before, after, now))
            )
            name = principal.partition("/")[2]
            yield _difference((PRINCIPAL, principal), name, sorted(before), changes, apart=True)


type _Uses = frozenset[tuple[str, Use]]


def _by_principal(state: AccountState, settings: Settings) -> Mapping[str, _Uses]:
    uses: dict[str, set[tuple[str, Use]]] = {}
    for arn, users in state.uses.items():
        if settings.watches_policy(arn):
            for principal, use in users:
                uses.setdefault(principal, set()).add((arn, use))
    return {principal: frozenset(own) for principal, own in uses.items()}


def _use_changes(principal: str, before: _Uses, after: _Uses, now: _Uses) -> Iterator[Change]:
    for arn, use in sorted(after - before):
        yield PolicyUseChanged(principal, use, arn, begun=True)
    for arn, use in sorted(before - after):
        if use is Use.ATTACHED:
            yield PolicyUseChanged(principal, use, arn, begun=False)
    if any(use is Use.BOUNDARY for _, use in before - after):
        boundary = next((arn for arn, use in now if use is Use.BOUNDARY), None)
        if boundary is None or (boundary, Use.BOUNDARY) not in after:
            # None, or one that is not watched: a new boundary ends the old one's use.
            yield PolicyUseChanged(principal, Use.BOUNDARY, boundary, begun=boundary is not None)


def _difference(
    thing: Thing, resource: str, known: object, changes: Iterable[Change], *, apart: bool = False
) -> Difference:
    held = tuple(changes)
    text = json.dumps([thing, known, [repr(change) for change in held]])
    return Difference(thing, resource, held, hashlib.sha256(text.encode()).hexdigest(), apart)
