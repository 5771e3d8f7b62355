"""A baseline: what IAM held at one moment, from ``aws iam get-account-authorization-details``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy_monitor.documents import UnreadableDocumentError, digest, mask, read_document
from policy_monitor.errors import InputError
from policy_monitor.mutations import Document, Documents, Use
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState, PolicyState, RoleState

type Principals = Mapping[str, frozenset[tuple[str, Use]]]
"""By principal (``user/NAME``): the managed policies that it uses, and how."""

_COMMAND = "aws iam get-account-authorization-details"


def read_baseline(
    details: Mapping[str, Any], settings: Settings, mask_key: bytes
) -> tuple[AccountState, Documents]:
    """Read the watched part of an account.

    Parameters
    ----------
    details : Mapping[str, Any]
        What the command printed, or the API answered: documents as objects or percent-encoded.
    settings : Settings
        Which roles and policies are watched.
    mask_key : bytes
        The key under which external ids are masked.

    Returns
    -------
    AccountState
        Complete: the watched roles; every policy that is watched, or is attached to a watched role
        or its boundary, with all versions that are listed (none, where the policy itself is not);
        and who else uses a watched policy.
    Documents
        The documents of all these, masked.

    Raises
    ------
    InputError
        It is not what the command prints, or only a part of it.
    """
    account = _Account(details, settings, mask_key)
    roles = {role.name: role for role in account.watched_roles()}
    policies = {policy.arn: policy for policy in account.policies(roles)}
    return (
        AccountState(roles=roles, policies=policies, uses=account.uses(), complete=True),
        account.documents,
    )


def read_principals(details: Mapping[str, Any]) -> Principals:
    """Every user, group and role of an account, watched or not; `details` as in `read_baseline`.

    Raises
    ------
    InputError
        It is not what the command prints.
    """
    return {
        f"{kind.lower()}/{_text(entity, f'{kind}Name', where)}": _uses(entity, where)
        for kind in ("User", "Group", "Role")
        for where, entity in _members(details, f"{kind}DetailList", "")
    }


class _Account:
    """The lists of a baseline; reading them collects `documents`."""

    def __init__(self, details: Mapping[str, Any], settings: Settings, mask_key: bytes) -> None:
        if not isinstance(details, Mapping) or "RoleDetailList" not in details:
            raise InputError(f"baseline: no RoleDetailList; give the output of `{_COMMAND}`")
        if details.get("IsTruncated") or details.get("NextToken") or details.get("Marker"):
            raise InputError(f"baseline: cut off; run `{_COMMAND}` without --max-items")
        self._details = details
        self._settings = settings
        self._mask_key = mask_key
        self.documents: dict[str, Document] = {}

    def watched_roles(self) -> Iterator[RoleState]:
        for where, role in self._entities("RoleDetailList"):
            name = _text(role, "RoleName", where)
            if self._settings.watches_role(name):
                yield self._role(name, role, where)

    def policies(self, roles: Mapping[str, RoleState]) -> Iterator[PolicyState]:
        bearing = {arn for role in roles.values() for arn in (*role.attached, role.boundary) if arn}
        for where, policy in self._entities("Policies"):
            arn = _text(policy, "Arn", where)
            if arn in bearing or self._settings.watches_policy(arn):
                bearing.discard(arn)
                yield self._policy(arn, policy, where)
        # Attached, but not listed: its documents are unknown, which is not the same as none.
        yield from (PolicyState(arn) for arn in sorted(bearing))

    def uses(self) -> Mapping[str, frozenset[tuple[str, Use]]]:
        """By watched policy: who but the watched roles uses it, and how."""
        uses: dict[str, set[tuple[str, Use]]] = defaultdict(set)
        for principal, used in read_principals(self._details).items():
            kind, _, name = principal.partition("/")
            if kind == "role" and self._settings.watches_role(name):
                continue
            for arn, use in used:
                uses[arn].add((principal, use))
        return {
            arn: frozenset(users)
            for arn, users in uses.items()
            if self._settings.watches_policy(arn)
        }

    def _role(self, name: str, role: Mapping[str, Any], where: str) -> RoleState:
        inline = _members(role, "RolePolicyList", where)
        tags = _members(role, "Tags", where)
        session = role.get("MaxSessionDuration")
        return RoleState(
            name=name,
            arn=_text(role, "Arn", where),
            attached=frozenset(_attached(role, where)),
            inline={
                _text(policy, "PolicyName", at): self._document(policy, "PolicyDocument", at)
                for at, policy in inline
            },
            boundary=_boundary(role, where),
            trust=self._document(role, "AssumeRolePolicyDocument", where),
            tags={_text(tag, "Key", at): _text(tag, "Value", at) for at, tag in tags},
            max_session_seconds=session if isinstance(session, int) else None,
        )

    def _policy(self, arn: str, policy: Mapping[str, Any], where: str) -> PolicyState:
        return PolicyState(
            arn=arn,
            versions={
                _text(version, "VersionId", at): self._document(version, "Document", at)
                for at, version in _members(policy, "PolicyVersionList", where)
            },
            default=_text(policy, "DefaultVersionId", where),
        )

    def _document(self, entity: Mapping[str, Any], name: str, where: str) -> str:
        """The digest of a document, which is kept."""
        source = entity.get(name)
        if not isinstance(source, str | Mapping):
            raise InputError(f"baseline: {where}.{name}: no policy document")
        try:
            document = mask(read_document(source), self._mask_key)
        except UnreadableDocumentError as error:
            raise InputError(f"baseline: {where}.{name}: {error}") from error
        sha256 = digest(document)
        self.documents[sha256] = document
        return sha256

    def _entities(self, name: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return _members(self._details, name, "")


def _uses(entity: Mapping[str, Any], where: str) -> frozenset[tuple[str, Use]]:
    attached = {(arn, Use.ATTACHED) for arn in _attached(entity, where)}
    boundary = _boundary(entity, where)
    return frozenset(attached | ({(boundary, Use.BOUNDARY)} if boundary else set()))


def _attached(entity: Mapping[str, Any], where: str) -> Sequence[str]:
    policies = _members(entity, "AttachedManagedPolicies", where)
    return [_text(policy, "PolicyArn", at) for at, policy in policies]


def _boundary(entity: Mapping[str, Any], where: str) -> str | None:
    boundary = entity.get("PermissionsBoundary")
    if not boundary:
        return None
    if not isinstance(boundary, Mapping):
        raise InputError(f"baseline: {where}.PermissionsBoundary: expected an object")
    return _text(boundary, "PermissionsBoundaryArn", f"{where}.PermissionsBoundary")


def _members(
    entity: Mapping[str, Any], name: str, where: str
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The objects of a list, each with its place; a list that is not there is empty."""
    place = f"{where}.{name}" if where else name
    members = entity.get(name) or []
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise InputError(
            f"baseline: {place}: expected a list of objects, as `{_COMMAND}` prints it"
        )
    return [(f"{place}[{number}]", member) for number, member in enumerate(members)]


def _text(entity: Mapping[str, Any], name: str, where: str) -> str:
    value = entity.get(name)
    if not isinstance(value, str):
        raise InputError(f"baseline: {where}.{name}: expected text, as `{_COMMAND}` prints it")
    return value
