"""From an event to a fact in the ledger: parse it, find the documents that it needs, append it.

IAM keeps five versions of a policy, so what the event does not carry is read at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policy_monitor.api_calls import API_CALLS
from policy_monitor.baseline import read_baseline
from policy_monitor.documents import digest
from policy_monitor.events import ParsedEvent, parse_event
from policy_monitor.iam import Iam, PolicyVersion
from policy_monitor.ledger import Ledger
from policy_monitor.masks import mask
from policy_monitor.mutations import (
    BoundaryPut,
    Change,
    DefaultVersionSet,
    Document,
    Documents,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PolicyAttached,
    PolicyCreated,
    PolicyObserved,
    RoleCreated,
    RoleObserved,
    TrustChanged,
    VersionCreated,
)
from policy_monitor.recorded_call import Aim
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState, PolicyState
from policy_monitor.transitions import find_role


def detect(
    event: Mapping[str, Any],
    ledger: Ledger,
    iam: Iam,
    settings: Settings,
    mask_key: bytes,
    *,
    account: str | None = None,
) -> Mutation | None:
    """Record what an event says has changed, once however often it is delivered.

    Parameters
    ----------
    event : Mapping
        EventBridge's envelope.
    mask_key : bytes
        The key under which external ids are masked.
    account : str, optional
        The account that the ledger is of; events of others are none of its business.

    Returns
    -------
    Mutation or None
        What the ledger now holds, None where the event does not concern what is watched.

    Raises
    ------
    UnreadableEventError
        The event cannot be understood.
    RetryableError
        IAM or the ledger did not answer; nothing was recorded.
    """
    parsed = parse_event(event, settings, mask_key, account)
    if parsed is None:
        return None
    mutation, documents = completed(parsed, iam, settings, mask_key)
    ledger.append(mutation, documents)
    return mutation


def completed(
    parsed: ParsedEvent, iam: Iam, settings: Settings, mask_key: bytes
) -> tuple[Mutation, Documents]:
    """A mutation with everything that IAM still knows of what its event did not carry.

    A version that is gone stays None: its finding will be undetermined, and say so.
    """
    reading = _Reading(iam, settings, mask_key)
    mutation = parsed.mutation
    if mutation.kind is MutationKind.OMITTED:
        changes = tuple(reading.observed(mutation))
    else:
        changes = tuple(reading.completed(change) for change in mutation.changes)
    return mutation._replace(changes=changes), {**reading.documents, **parsed.documents}


class _Reading:
    """What is read from IAM for one event; collects `documents`, masked."""

    def __init__(self, iam: Iam, settings: Settings, mask_key: bytes) -> None:
        self._iam = iam
        self._settings = settings
        self._mask_key = mask_key
        self.documents: dict[str, Document] = {}

    def completed(self, change: Change) -> Change:
        """A change with the version and the document that its event did not name."""
        match change:
            case PolicyAttached(policy_arn=arn) | BoundaryPut(policy_arn=arn):
                version, sha256 = self._default(arn)
                return change._replace(version=version, sha256=sha256)
            case RoleCreated(boundary=str(arn)):
                version, sha256 = self._default(arn)
                return change._replace(boundary_version=version, boundary_sha256=sha256)
            case DefaultVersionSet() | VersionCreated(sha256=None) | PolicyCreated(sha256=None):
                found = self._iam.version(change.policy_arn, change.version)
                return change._replace(sha256=self._kept(found))
        return change

    def observed(self, mutation: Mutation) -> Iterator[Change]:
        """What IAM shows of all that a call can have changed whose record does not say what."""
        target, aim = mutation.target, API_CALLS[mutation.event_name].aim
        if aim is Aim.POLICY and target:
            version, sha256 = self._default(target)
            yield PolicyObserved(target, version is not None, version, sha256)
        elif aim is Aim.ROLE:
            state = self._state()
            for name in (target,) if target else self._settings.roles:
                yield from _role_observed(mutation.event_name, name, state)
        elif aim in (Aim.POLICY, Aim.NEW_POLICY):
            yield from _policies_observed(self._state().policies.values())

    def _state(self) -> AccountState:
        details = self._iam.role_details(self._settings.roles)
        state, documents = read_baseline(details, self._settings, self._mask_key)
        self.documents.update(documents)
        return state

    def _default(self, arn: str) -> tuple[str | None, str | None]:
        found = self._iam.default_version(arn)
        return (found.version, self._kept(found)) if found else (None, None)

    def _kept(self, found: PolicyVersion | None) -> str | None:
        if found is None:
            return None
        document = mask(found.document, self._mask_key)
        sha256 = digest(document)
        self.documents[sha256] = document
        return sha256


def _role_observed(event_name: str, name: str, state: AccountState) -> Iterator[Change]:
    """What IAM shows of a role, as far as the call can have changed it."""
    role = find_role(state, name)
    if event_name == "UpdateAssumeRolePolicy":
        yield TrustChanged(role.name if role else name, role.trust if role else None)
    elif event_name == "PutRolePolicy" and role is not None:
        yield from (InlinePolicyPut(role.name, *policy) for policy in sorted(role.inline.items()))
    elif role is None:
        yield RoleObserved(name, "", exists=False)
    else:
        yield role.observed()
        bearing = (*role.attached, role.boundary)
        yield from _policies_observed(p for p in state.policies.values() if p.arn in bearing)


def _policies_observed(policies: Iterable[PolicyState]) -> Iterator[Change]:
    for policy in sorted(policies, key=lambda policy: policy.arn):
        if policy.default is not None:
            yield PolicyObserved(policy.arn, True, policy.default, policy.sha256)
