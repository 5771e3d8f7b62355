"""IAM as AWS tells of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import code, fault
from policy_monitor.documents import read_document
from policy_monitor.iam import PolicyVersion

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.literals import EntityTypeType

_GONE = "NoSuchEntity"
_ENTITIES: Sequence["EntityTypeType"] = (
    "User",
    "Role",
    "Group",
    "LocalManagedPolicy",
    "AWSManagedPolicy",
)
# The most that GetAccountAuthorizationDetails allows: IAM throttles calls, not entities.
_PAGE_SIZE = 1000


class AwsIam:
    """`policy_monitor.iam.IamAccount` on boto3.

    Parameters
    ----------
    client : IAMClient
        boto3's low-level client; it reads the percent-encoding of documents by itself.

    Raises
    ------
    RetryableError
        Every method: IAM throttled, failed, or was out of reach.
    PolicyMonitorError
        Every method: the call was denied (the message names the action) or refused.

    Notes
    -----
    Actions to allow: ``iam:GetPolicy``, ``GetPolicyVersion``, ``ListPolicyVersions``, ``GetRole``,
    ``ListAttachedRolePolicies``, ``ListRolePolicies``, ``GetRolePolicy``,
    ``GetAccountAuthorizationDetails``.
    """

    def __init__(self, client: "IAMClient") -> None:
        self._client = client

    def default_version(self, policy_arn: str) -> PolicyVersion | None:
        """See `Iam.default_version`."""
        # Once more where the version was deleted after the policy was read: another is the
        # default then.
        for _ in range(2):
            try:
                policy = self._policy(policy_arn)
            except _GoneError:
                return None
            if found := self.version(policy_arn, policy["DefaultVersionId"]):
                return found
        return None

    def version(self, policy_arn: str, version: str) -> PolicyVersion | None:
        """See `Iam.version`."""
        try:
            answer = _asked(
                lambda: self._client.get_policy_version(PolicyArn=policy_arn, VersionId=version),
                f"policy {policy_arn} {version}",
            )
        except _GoneError:
            return None
        return PolicyVersion(
            policy_arn, version, read_document(answer["PolicyVersion"]["Document"])
        )

    def role_details(self, roles: tuple[str, ...]) -> Mapping[str, Any]:
        """See `Iam.role_details`; the roles have their session length."""
        return self._with_policies(self._roles(roles))

    def authorization_details(self) -> Mapping[str, Any]:
        """See `IamAccount.authorization_details`."""
        return self._with_policies(self._account())

    def _with_policies(self, details: dict[str, Any]) -> Mapping[str, Any]:
        """The details, with the policies that bear on their roles."""
        listed = {policy["Arn"] for policy in details["Policies"]}
        # IAM lists the policies of AWS that are attached; one that is only a boundary, or was
        # attached while the pages were read, may be missing.
        missing = [arn for arn in _policy_arns(details["RoleDetailList"]) if arn not in listed]
        details["Policies"] += [
            policy for arn in missing if (policy := self._policy_details(arn)) is not None
        ]
        return details

    def session_seconds(self, role: str) -> int | None:
        """See `IamAccount.session_seconds`."""
        try:
            answer = _asked(lambda: self._client.get_role(RoleName=role), f"role {role}")
        except _GoneError:
            return None
        seconds: int | None = answer["Role"].get("MaxSessionDuration")
        return seconds

    def _account(self) -> dict[str, Any]:
        details: dict[str, Any] = {
            "UserDetailList": [],
            "GroupDetailList": [],
            "RoleDetailList": [],
            "Policies": [],
        }
        paginator = self._client.get_paginator("get_account_authorization_details")
        pages = paginator.paginate(Filter=_ENTITIES, PaginationConfig={"PageSize": _PAGE_SIZE})
        for page in _answers(pages, "this account"):
            for name in details:
                details[name] += page.get(name, [])
        return details

    def _roles(self, names: Iterable[str]) -> dict[str, Any]:
        roles = [role for name in names if (role := self._role_details(name)) is not None]
        return {
            "UserDetailList": [],
            "GroupDetailList": [],
            "RoleDetailList": roles,
            "Policies": [],
        }

    def _role_details(self, name: str) -> dict[str, Any] | None:
        """A role as GetAccountAuthorizationDetails has it, and its session length."""
        thing = f"role {name}"
        attached = self._client.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        names = self._client.get_paginator("list_role_policies").paginate(RoleName=name)
        try:
            answer = _asked(lambda: self._client.get_role(RoleName=name), thing)
            inline = [
                self._inline_policy(name, policy)
                for page in _answers(names, thing)
                for policy in page["PolicyNames"]
            ]
            return {
                **answer["Role"],
                "AttachedManagedPolicies": [
                    policy
                    for page in _answers(attached, thing)
                    for policy in page["AttachedPolicies"]
                ],
                "RolePolicyList": [policy for policy in inline if policy is not None],
            }
        except _GoneError:  # at whichever call: half a role would look like one without policies
            return None

    def _inline_policy(self, role: str, name: str) -> dict[str, Any] | None:
        try:
            answer = _asked(
                lambda: self._client.get_role_policy(RoleName=role, PolicyName=name),
                f"role {role}, inline policy {name}",
            )
        except _GoneError:
            return None
        return {"PolicyName": name, "PolicyDocument": answer["PolicyDocument"]}

    def _policy_details(self, arn: str) -> dict[str, Any] | None:
        """A policy as GetAccountAuthorizationDetails has it: with its versions' documents.

        Of a policy of AWS only the default version: they keep all versions that ever were, and no
        customer can set another.
        """
        try:
            policy = self._policy(arn)
            default = policy["DefaultVersionId"]
            versions = [default] if ":iam::aws:" in arn else self._versions(arn)
        except _GoneError:
            return None
        held = [found for version in versions if (found := self.version(arn, version))]
        return {
            **policy,
            "PolicyVersionList": [
                {
                    "VersionId": version.version,
                    "IsDefaultVersion": version.version == default,
                    "Document": version.document,
                }
                for version in held
            ],
        }

    def _policy(self, arn: str) -> Mapping[str, Any]:
        answer = _asked(lambda: self._client.get_policy(PolicyArn=arn), f"policy {arn}")
        policy: Mapping[str, Any] = answer["Policy"]
        return policy

    def _versions(self, arn: str) -> list[str]:
        pages = self._client.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
        return [
            version["VersionId"]
            for page in _answers(pages, f"policy {arn}")
            for version in page["Versions"]
        ]


def _policy_arns(roles: Iterable[Mapping[str, Any]]) -> list[str]:
    """The managed policies that bear on roles, each once."""
    arns: dict[str, None] = {}
    for role in roles:
        arns |= {policy["PolicyArn"]: None for policy in role.get("AttachedManagedPolicies", ())}
        if boundary := role.get("PermissionsBoundary"):
            arns[boundary["PermissionsBoundaryArn"]] = None
    return list(arns)


class _GoneError(Exception):
    """What was asked for is not there, or went while it was read."""


def _asked(call: Callable[[], Any], thing: str) -> Any:
    try:
        return call()
    except ClientError as error:
        if code(error) == _GONE:
            raise _GoneError from error
        raise fault(error, service="iam", thing=thing) from error
    except BotoCoreError as error:
        raise fault(error, service="iam", thing=thing) from error


def _answers(pages: Iterable[Any], thing: str) -> Iterator[Any]:
    """The pages of an answer."""
    iterator = iter(pages)
    while (page := _asked(lambda: next(iterator, None), thing)) is not None:
        yield page
