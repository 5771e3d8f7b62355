"""What IAM holds of the watched access at one moment. Plain data; `timeline` folds mutations in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from policy_monitor.mutations import RoleObserved, Use

type Tags = tuple[tuple[str, str], ...]
"""A role's tags, sorted; IAM compares their keys without case."""


class RoleState(NamedTuple):
    """A role as IAM holds it; documents by digest, None where a document is unknown.

    Attributes
    ----------
    known : bool
        False where no baseline told what the role held before the first mutation of it: then
        what is listed is only what mutations told since, and its access is undetermined.
    """

    name: str
    arn: str
    attached: frozenset[str] = frozenset()
    inline: Mapping[str, str | None] = MappingProxyType({})
    boundary: str | None = None
    trust: str | None = None
    tags: Mapping[str, str] = MappingProxyType({})
    max_session_seconds: int | None = None
    known: bool = True

    def observed(self) -> RoleObserved:
        """The role as a fact: what IAM shows of it."""
        return RoleObserved(
            role=self.name,
            arn=self.arn,
            attached=tuple(sorted(self.attached)),
            inline=tuple((name, sha256) for name, sha256 in sorted(self.inline.items()) if sha256),
            boundary=self.boundary,
            trust_sha256=self.trust,
            tags=tuple(sorted(self.tags.items())),
            max_session_seconds=self.max_session_seconds,
        )


class PolicyState(NamedTuple):
    """A managed policy: its versions' digests (None: unknown document) and its default version."""

    arn: str
    versions: Mapping[str, str | None] = MappingProxyType({})
    default: str | None = None

    @property
    def sha256(self) -> str | None:
        """The digest of the default version's document, None where either is unknown."""
        return self.versions.get(self.default) if self.default else None


class AccountState(NamedTuple):
    """The watched roles, the managed policies, and who else uses a watched policy.

    Attributes
    ----------
    complete : bool
        True where a baseline was read: a role or policy that is not listed does not exist.
    blind : Mapping[str, str]
        The monitor's senses that are lost, and why.
    operations : tuple[tuple[str, str], ...]
        The last operations of the monitor's stack: times and names (`StackOperated`).
    uses : Mapping[str, frozenset[tuple[str, Use]]]
        By policy ARN: principals (``role/NAME``) that are not watched, and how they use it.
    """

    roles: Mapping[str, RoleState] = MappingProxyType({})
    policies: Mapping[str, PolicyState] = MappingProxyType({})
    uses: Mapping[str, frozenset[tuple[str, Use]]] = MappingProxyType({})
    complete: bool = False
    blind: Mapping[str, str] = MappingProxyType({})
    operations: tuple[tuple[str, str], ...] = ()

    def users(self, arn: str) -> tuple[tuple[str, Use], ...]:
        """Who uses a policy and how, watched or not, sorted."""
        found = set(self.uses.get(arn, ()))
        for role in self.roles.values():
            principal = f"role/{role.name}"
            if arn in role.attached:
                found.add((principal, Use.ATTACHED))
            if arn == role.boundary:
                found.add((principal, Use.BOUNDARY))
        return tuple(sorted(found))
