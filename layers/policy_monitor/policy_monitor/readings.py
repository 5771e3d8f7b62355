"""What was read of IAM for a mutation, held against what other mutations say. Pure.

detect asks IAM when an event arrives, which may be later than the event: an answer may show what
happened in between. Where another mutation says that this is so, the answer is not taken for the
state at the mutation's own time.
"""

from collections.abc import Iterable, Iterator

from policy_monitor.mutations import (
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PolicyAttached,
    PolicyObserved,
    RoleCreated,
    TrustChanged,
    VersionCreated,
)
from policy_monitor.state import AccountState

type Writing = tuple[str, ...]
"""What was done to which thing, such as ``("set", policy ARN, version)``."""

_Read = PolicyAttached | BoundaryPut | PolicyObserved | RoleCreated | TrustChanged | InlinePolicyPut
"""The changes for which something is read."""


class Writings:
    """When, by the mutations' own records, each thing was last written."""

    def __init__(self, mutations: Iterable[Mutation]) -> None:
        self._last: dict[Writing, str] = {}
        for mutation in sorted(mutations, key=lambda mutation: mutation.time):
            self._last |= dict.fromkeys(written(mutation), mutation.time)

    def settled(self, mutation: Mutation, state: AccountState) -> Mutation:
        """A mutation with None for every reading that shows a later time than its own.

        Parameters
        ----------
        state : AccountState
            What the fold knows before it.
        """
        changes = (
            _unread(change)
            if isinstance(change, _Read) and self._is_later(mutation, change, state)
            else change
            for change in mutation.changes
        )
        return mutation._replace(changes=tuple(changes))

    def doubts(self, mutation: Mutation, state: AccountState) -> frozenset[Writing]:
        """What would undo a reading that `settled` keeps, if a mutation came in that tells it."""
        return frozenset(
            writing
            for change in mutation.changes
            if not self._is_later(mutation, change, state)
            for writing in _telling(mutation, change, state)
        )

    def _is_later(self, mutation: Mutation, change: Change, state: AccountState) -> bool:
        telling = _telling(mutation, change, state)
        return any(self._last.get(writing, "") >= mutation.time for writing in telling)


def written(mutation: Mutation) -> Iterator[Writing]:
    """What a mutation writes, as its own event tells it; others are IAM's word themselves."""
    if mutation.kind is MutationKind.CHANGE:
        for change in mutation.changes:
            yield from _written(change)


def _telling(mutation: Mutation, change: Change, state: AccountState) -> Iterator[Writing]:
    """What tells, at the time of a mutation or later, that a reading shows a later time.

    Drift is as of the time at which it was read, so nothing of it is doubted.
    """
    if mutation.kind is MutationKind.DRIFT:
        return
    match change:
        case PolicyAttached() | BoundaryPut() | PolicyObserved():
            yield from _made_default(change.policy_arn, change.version, state)
        case RoleCreated(boundary=str(arn)):
            yield from _made_default(arn, change.boundary_version, state)
        case TrustChanged() | InlinePolicyPut() if mutation.kind is MutationKind.OMITTED:
            yield from _written(change)


def _made_default(arn: str, version: str | None, state: AccountState) -> Iterator[Writing]:
    """A version made only afterwards was not the default; nor one that only became it.

    The latter only where the fold knows another: it may have been the default before, too.
    """
    if version is None:
        return
    yield "made", arn, version
    policy = state.policies.get(arn)
    if policy is not None and policy.default not in (None, version):
        yield "set", arn, version


def _unread(change: _Read) -> Change:
    """A change without what was read for it."""
    match change:
        case PolicyAttached() | BoundaryPut() | PolicyObserved():
            return change._replace(version=None, sha256=None)
        case RoleCreated():
            return change._replace(boundary_version=None, boundary_sha256=None)
        case _:
            return change._replace(sha256=None)


def _written(change: Change) -> Iterator[Writing]:
    match change:
        case VersionCreated():
            yield "made", change.policy_arn, change.version
            if change.default:
                yield "set", change.policy_arn, change.version
        case DefaultVersionSet():
            yield "set", change.policy_arn, change.version
        case TrustChanged(sha256=str(sha256)):
            yield "trust", change.role.casefold(), sha256
        case InlinePolicyPut(sha256=str(sha256)):
            yield "inline", change.role.casefold(), change.name, sha256
