"""What was read of IAM for a mutation, held against what other mutations say. Pure.

detect asks IAM when an event arrives, which may be later than the event: an answer may show what
happened in between. Where another mutation says that this is so, the answer is not taken for the
state at the mutation's own time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

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


class Writings:
    """When, by the mutations' own records, each thing was last written."""

    def __init__(self, mutations: Iterable[Mutation]) -> None:
        self._last: dict[tuple[str | None, ...], str] = {}
        for mutation in sorted(mutations, key=lambda mutation: mutation.time):
            # The changes of others are IAM's word themselves.
            if mutation.kind is MutationKind.CHANGE:
                written = (key for change in mutation.changes for key in _written(change))
                self._last |= dict.fromkeys(written, mutation.time)

    def settled(self, mutation: Mutation, state: AccountState) -> Mutation:
        """A mutation with None for every reading that shows a later time than its own.

        Drift is as of the time at which it was read, so nothing of it is doubted.

        Parameters
        ----------
        state : AccountState
            What the fold knows before it.
        """
        return mutation if mutation.kind is MutationKind.DRIFT else self._settled(mutation, state)

    def _settled(self, mutation: Mutation, state: AccountState) -> Mutation:
        def settled(change: Change) -> Change:
            match change:
                case PolicyAttached() | BoundaryPut() | PolicyObserved():
                    if is_later(change.policy_arn, change.version):
                        return replace(change, version=None, sha256=None)
                case RoleCreated(boundary=str(arn)):
                    if is_later(arn, change.boundary_version):
                        return replace(change, boundary_version=None, boundary_sha256=None)
                case TrustChanged() | InlinePolicyPut() if is_read:
                    if any(self._since(mutation.time, key) for key in _written(change)):
                        return replace(change, sha256=None)
            return change

        def is_later(arn: str, version: str | None) -> bool:
            """A version made only afterwards was not the default; nor one that only became it.

            The latter only where the fold knows another: it may have been the default before, too.
            """
            if version is None:
                return False
            policy = state.policies.get(arn)
            known = policy.default if policy else None
            return self._since(mutation.time, ("made", arn, version)) or (
                known not in (None, version) and self._since(mutation.time, ("set", arn, version))
            )

        is_read = mutation.kind is MutationKind.OMITTED
        return replace(mutation, changes=tuple(settled(change) for change in mutation.changes))

    def _since(self, time: str, key: tuple[str | None, ...]) -> bool:
        return self._last.get(key, "") >= time


def _written(change: Change) -> Iterator[tuple[str | None, ...]]:
    """What a change writes, as its own event tells it."""
    match change:
        case VersionCreated():
            yield ("made", change.policy_arn, change.version)
            if change.default:
                yield ("set", change.policy_arn, change.version)
        case DefaultVersionSet():
            yield ("set", change.policy_arn, change.version)
        case TrustChanged():
            yield ("trust", change.role.casefold(), change.sha256)
        case InlinePolicyPut():
            yield ("inline", change.role.casefold(), change.name, change.sha256)
