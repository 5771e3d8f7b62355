"""Which documents make up a subject's access in a state, and what of them is not known."""

from collections.abc import Iterator
from typing import NamedTuple

from policy_monitor.documents import digest
from policy_monitor.findings import DocumentVersion
from policy_monitor.state import AccountState, PolicyState, RoleState, Tags
from policy_monitor.transitions import find_role


class Reason(NamedTuple):
    """Why something could not be judged: a name for programs, a sentence for people."""

    code: str
    sentence: str


class Held(NamedTuple):
    """One side of a comparison: documents by digest.

    Attributes
    ----------
    identity : tuple[str, ...]
        Digests of the policies, sorted.
    unknown : tuple[Reason, ...]
        What is missing from `identity` and `boundary`; empty where they are the whole.
    version : str or None
        The version that holds, of a managed policy.
    exists : bool
        False where there is no such role or policy.
    tags : Tags or None
        What ``aws:PrincipalTag`` holds in a role's sessions; None where that is not known, or up
        to whoever assumes the role, or where no policy reads it.
    """

    identity: tuple[str, ...] = ()
    boundary: str | None = None
    unknown: tuple[Reason, ...] = ()
    version: str | None = None
    exists: bool = True
    tags: Tags | None = None

    @property
    def one(self) -> DocumentVersion:
        """How a finding names this side of a policy or a trust policy: by its one document."""
        return DocumentVersion(self.version, self.identity[0] if self._is_known else None)

    @property
    def all(self) -> DocumentVersion:
        """How a finding names this side of a role: by the digest of all its documents' digests."""
        if not self._is_known:
            return DocumentVersion(None, None)
        together = {"boundary": self.boundary, "identity": list(self.identity)}
        return DocumentVersion(None, digest(together))

    @property
    def _is_known(self) -> bool:
        return self.exists and not self.unknown

    def with_unknown(self, reason: Reason) -> "Held":
        """The same, with one more thing that is not known."""
        return self._replace(unknown=(*self.unknown, reason))


NOTHING = Held(exists=False)
"""No access: there is no such role or policy."""


def role_access(state: AccountState, name: str) -> Held:
    """A role's effective access: its identity policies within its boundary."""
    role = find_role(state, name)
    if role is None:
        return NOTHING if state.complete else Held(unknown=(_no_baseline(f"role {name}"),))
    unknown = [] if role.known else [_no_baseline(f"role {name}")]
    identity = []
    for sha256, reason in _documents(state, role):
        if sha256 is None:
            unknown.append(reason)
        else:
            identity.append(sha256)
    boundary = None
    if role.boundary is not None:
        boundary, reason = _default(state, role.boundary)
        if boundary is None:
            unknown.append(reason)
    return Held(tuple(sorted(identity)), boundary, tuple(unknown))


def trust_access(state: AccountState, name: str) -> Held:
    """Who may assume a role: its trust policy."""
    role = find_role(state, name)
    if role is None:
        return NOTHING if state.complete else Held(unknown=(_no_baseline(f"role {name}"),))
    if role.trust is None:
        reason = Reason("trust-unknown", f"The trust policy of role {name} is not known.")
        return Held(unknown=(reason,))
    return Held((role.trust,))


def policy_access(state: AccountState, arn: str) -> Held:
    """A managed policy's default version."""
    policy = state.policies.get(arn)
    sha256, reason = _default(state, arn)
    version = policy.default if policy else None
    if sha256 is None:
        return Held(unknown=(reason,), version=version)
    return Held((sha256,), version=version)


def version_access(state: AccountState, arn: str, version: str) -> Held:
    """One version of a managed policy, the default or not."""
    policy = state.policies.get(arn, PolicyState(arn))
    sha256 = policy.versions.get(version)
    if sha256 is None:
        return Held(unknown=(_no_document(arn, version),), version=version)
    return Held((sha256,), version=version)


def policies_of(state: AccountState, name: str) -> frozenset[str]:
    """The managed policies that bear on a role: attached, or its boundary."""
    role = find_role(state, name)
    if role is None:
        return frozenset()
    return role.attached | ({role.boundary} if role.boundary else frozenset())


def _documents(state: AccountState, role: RoleState) -> Iterator[tuple[str | None, Reason]]:
    for arn in sorted(role.attached):
        yield _default(state, arn)
    for name, sha256 in sorted(role.inline.items()):
        yield (
            sha256,
            Reason(
                "document-unknown",
                f"The document of inline policy {name} of role {role.name} is not known.",
            ),
        )


def _default(state: AccountState, arn: str) -> tuple[str | None, Reason]:
    policy = state.policies.get(arn)
    if policy is None or policy.default is None:
        return None, Reason(
            "version-unknown", f"Which version of policy {arn} was the default is not known."
        )
    return policy.sha256, _no_document(arn, policy.default)


def _no_document(arn: str, version: str) -> Reason:
    return Reason(
        "document-unknown",
        f"The document of {version} of policy {arn} is not known: no event carried it, and IAM "
        "had it no longer when it was asked (it keeps five versions).",
    )


def _no_baseline(what: str) -> Reason:
    return Reason(
        "no-baseline",
        f"What {what} held before is not known: no baseline shows it.",
    )
