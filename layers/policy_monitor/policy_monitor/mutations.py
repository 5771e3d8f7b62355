"""A mutation: one thing that happened to the watched access, and how it changes the state.

Plain data. `events` makes mutations from CloudTrail events, `reconcile` from what IAM shows;
`timeline` applies them to an `AccountState`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from policy_monitor.parts import Sort


class ActorKind(StrEnum):
    """Who acted, as far as it matters here."""

    VENDOR = "vendor"
    CUSTOMER = "customer"
    AWS = "aws"
    UNKNOWN = "unknown"


class Actor(NamedTuple):
    """Who made a change, from CloudTrail's userIdentity; an empty string where it is silent."""

    kind: ActorKind
    arn: str = ""
    session: str = ""
    source_ip: str = ""
    user_agent: str = ""
    via: str = ""


def _same(change: tuple[object, ...], other: object) -> bool:
    return type(change) is type(other) and tuple.__eq__(change, other)


def _other(change: tuple[object, ...], other: object) -> bool:
    return not _same(change, other)


def _distinct[T](change: type[T]) -> type[T]:
    """Let a change equal none of another class, as tuples with the same members would."""
    for name, comparison in (("__eq__", _same), ("__ne__", _other)):
        setattr(change, name, comparison)
    return change


@_distinct
class PolicyAttached(NamedTuple):
    """A managed policy was attached to a role.

    `version` and `sha256` are its default version as read at the time, None where unknown.
    """

    role: str
    policy_arn: str
    version: str | None = None
    sha256: str | None = None


@_distinct
class PolicyDetached(NamedTuple):
    """A managed policy was detached from a role."""

    role: str
    policy_arn: str


@_distinct
class InlinePolicyPut(NamedTuple):
    """An inline policy was written; `sha256` is None where its document is unknown."""

    role: str
    name: str
    sha256: str | None


@_distinct
class InlinePolicyDeleted(NamedTuple):
    """An inline policy was removed."""

    role: str
    name: str


@_distinct
class BoundaryPut(NamedTuple):
    """A permissions boundary was set; `version` and `sha256` as in `PolicyAttached`."""

    role: str
    policy_arn: str
    version: str | None = None
    sha256: str | None = None


@_distinct
class BoundaryDeleted(NamedTuple):
    """A role's permissions boundary was removed."""

    role: str


@_distinct
class TrustChanged(NamedTuple):
    """A role's trust policy was replaced."""

    role: str
    sha256: str | None


@_distinct
class RoleCreated(NamedTuple):
    """A role came to be, with a trust policy, perhaps a boundary and tags."""

    role: str
    arn: str
    trust_sha256: str | None
    boundary: str | None = None
    boundary_version: str | None = None
    boundary_sha256: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    max_session_seconds: int | None = None


@_distinct
class RoleDeleted(NamedTuple):
    """A role was deleted, with all that was in it."""

    role: str


@_distinct
class RoleUpdated(NamedTuple):
    """A role's session length changed; None where the event says nothing of it."""

    role: str
    max_session_seconds: int | None


@_distinct
class RoleTagged(NamedTuple):
    """Tags were set on a role."""

    role: str
    tags: tuple[tuple[str, str], ...]


@_distinct
class RoleUntagged(NamedTuple):
    """Tags were removed from a role."""

    role: str
    keys: tuple[str, ...]


@_distinct
class VersionCreated(NamedTuple):
    """A version of a managed policy was created; `default` says whether it took effect."""

    policy_arn: str
    version: str
    sha256: str | None
    default: bool


@_distinct
class DefaultVersionSet(NamedTuple):
    """Another version of a managed policy took effect."""

    policy_arn: str
    version: str
    sha256: str | None = None


@_distinct
class VersionDeleted(NamedTuple):
    """A version that was not the default was deleted."""

    policy_arn: str
    version: str


@_distinct
class PolicyCreated(NamedTuple):
    """A managed policy came to be, with its first version."""

    policy_arn: str
    version: str
    sha256: str | None


@_distinct
class PolicyDeleted(NamedTuple):
    """A managed policy was deleted."""

    policy_arn: str


class Use(StrEnum):
    """How a principal uses a managed policy."""

    ATTACHED = "attached"
    BOUNDARY = "boundary"


@_distinct
class PolicyUseChanged(NamedTuple):
    """A principal that is not watched began or ceased to use a watched policy.

    `principal` is `user/NAME`, `group/NAME` or `role/NAME`. A boundary that is removed carries no
    policy ARN (`DeleteUserPermissionsBoundary` names only the user): `policy_arn` is None then.
    """

    principal: str
    use: Use
    policy_arn: str | None
    begun: bool


@_distinct
class PrincipalDeleted(NamedTuple):
    """A principal that used a watched policy, and is not watched itself, is gone."""

    principal: str


@_distinct
class RoleObserved(NamedTuple):
    """A role as read from IAM: sets all that is known of it. `exists` is False where it is gone.

    Inline policies, trust: digests. `attached` and `boundary` name policies whose documents come
    as `PolicyObserved` beside it.
    """

    role: str
    arn: str
    exists: bool = True
    attached: tuple[str, ...] = ()
    inline: tuple[tuple[str, str], ...] = ()
    boundary: str | None = None
    trust_sha256: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    max_session_seconds: int | None = None


@_distinct
class PolicyObserved(NamedTuple):
    """A managed policy's default version as read from IAM. `exists` is False where it is gone.

    `versions`, where they were read too, are all that there are with their digests: they take the
    place of what was known (a policy that was deleted and made anew counts from v1 again).
    """

    policy_arn: str
    exists: bool = True
    version: str | None = None
    sha256: str | None = None
    versions: tuple[tuple[str, str | None], ...] = ()


@_distinct
class SenseLost(NamedTuple):
    """The monitor ceased to see something (`senses.SENSES`): `reason` says why, in a sentence.

    `thing` is what does not work: its ARN, or what people call it.
    """

    sense: str
    thing: str
    reason: str


@_distinct
class SenseRegained(NamedTuple):
    """The monitor sees again what it had ceased to see."""

    sense: str
    thing: str


@_distinct
class PartTouched(NamedTuple):
    """Somebody changed a part of the monitor, or tried to (the mutation's `error` says so).

    Attributes
    ----------
    deed : str
        What was done, as a verb without its object.
    thing : str
        The part's ARN, or what sort of thing it is where the record leaves its name out.
    names : tuple[str, ...]
        The parts, of which `thing` is the first; empty where the record leaves them out.
    by_stack : bool
        Whether CloudFormation did it: then an operation of a stack tells of it.
    """

    sort: Sort
    deed: str
    thing: str
    names: tuple[str, ...] = ()
    by_stack: bool = False


@_distinct
class StackOperated(NamedTuple):
    """Somebody let CloudFormation change the monitor's stack.

    `stack` is its name, "" where the record names none: then it may have been another. `time` is
    the mutation's own.
    """

    stack: str
    deed: str
    time: str


@_distinct
class TouchesUnexplained(NamedTuple):
    """CloudFormation changed parts of the monitor, and no operation of its stack tells why.

    `touches` are the times, event ids and things of the mutations that say so.
    """

    touches: tuple[tuple[str, str, str], ...]


type Change = (
    PolicyAttached
    | PolicyDetached
    | InlinePolicyPut
    | InlinePolicyDeleted
    | BoundaryPut
    | BoundaryDeleted
    | TrustChanged
    | RoleCreated
    | RoleDeleted
    | RoleUpdated
    | RoleTagged
    | RoleUntagged
    | VersionCreated
    | DefaultVersionSet
    | VersionDeleted
    | PolicyCreated
    | PolicyDeleted
    | PolicyUseChanged
    | PrincipalDeleted
    | RoleObserved
    | PolicyObserved
    | SenseLost
    | SenseRegained
    | PartTouched
    | StackOperated
    | TouchesUnexplained
)
"""How a mutation changes the state: one of a closed set of records."""


class MutationKind(StrEnum):
    """Where a mutation comes from and what it can have done."""

    CHANGE = "change"
    """A successful API call."""
    ATTEMPT = "attempt"
    """A call that IAM refused: changes nothing."""
    OMITTED = "omitted"
    """A successful call whose requestParameters CloudTrail left out; `changes` are IAM's word."""
    DRIFT = "drift"
    """A difference that no event told of, found by reconcile; `changes` are IAM's word."""
    TAMPER = "tamper"
    """A change to the monitor's own eyes, or what became of them."""


class Mutation(NamedTuple):
    """One thing that happened.

    Attributes
    ----------
    time : str
        CloudTrail's eventTime, ``2026-11-22T06:00:00Z``: UTC, to the second, so text sorts as time.
    event_id : str
        CloudTrail's eventID, or an id that reconcile gave. Unique within an account.
    event_name : str
        The API call (``CreatePolicyVersion``), or ``Drift``.
    target : str
        What the call was aimed at, as far as it is known: a role name or a policy ARN, or ``""``.
    error : str
        The error code of a refused call, else ``""``.
    changes : tuple[Change, ...]
        How the state changes, in order; empty for an attempt.
    """

    time: str
    event_id: str
    event_name: str
    account: str
    region: str
    actor: Actor
    kind: MutationKind
    changes: tuple[Change, ...] = ()
    target: str = ""
    error: str = ""

    @property
    def key(self) -> str:
        """Where the ledger keeps it: ``eventTime#eventID``."""
        return f"{self.time}#{self.event_id}"


type Document = Mapping[str, object]
"""A policy document as JSON gives it, external ids already replaced by keyed digests."""

type Documents = Mapping[str, Document]
"""Policy documents by the SHA-256 (hex) of their canonical JSON."""
