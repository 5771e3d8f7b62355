"""IAM of the emulated account, kept in step with a replay: what IAM held when each event came.

A baseline is put in first; then every recorded call is made again, as CloudTrail recorded it, and
a later snapshot sets what it tells. So `GetPolicyVersion` and its like answer as of that time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, Shape, StructureShape

from policy_monitor.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


class EmulatedIam:
    """moto's IAM behind its own API, but for managed policies.

    Those are put into moto's store directly: its API numbers versions by itself and makes no
    policies of AWS's, while a baseline may start at v7 of either.
    """

    def __init__(self, client: "IAMClient", account: str) -> None:
        self._client = client
        self._account = account

    def install(self, details: Mapping[str, Any]) -> None:
        """Set what a snapshot tells (``aws iam get-account-authorization-details``).

        Policies and roles that it does not list stay as they are, so a snapshot of roles alone
        (``--filter Role``) says nothing of policies.

        Raises
        ------
        InputError
            The snapshot holds something that IAM could not have held.
        """
        try:
            for policy in details.get("Policies", []):
                self._install_policy(policy)
            for group in details.get("GroupDetailList", []):
                self._install_group(group)
            for user in details.get("UserDetailList", []):
                self._install_user(user)
            for role in details.get("RoleDetailList", []):
                self._install_role(role)
        except (ClientError, BotoCoreError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"snapshot of IAM: cannot be put into the emulated account: {error!r}"
            ) from error

    def repeat(self, record: Mapping[str, Any]) -> str | None:
        """Make a recorded call again; what stands in its way, or None.

        A call that failed, or whose parameters CloudTrail omitted, is not made.
        """
        parameters = record.get("requestParameters")
        if record.get("errorCode") or not isinstance(parameters, Mapping):
            return None
        if record.get("eventSource") != "iam.amazonaws.com" or "omitted" in parameters:
            return None
        operation = str(record.get("eventName"))
        model = self._client.meta.service_model
        if operation not in model.operation_names:
            return None
        shape = model.operation_model(operation).input_shape
        call = getattr(self._client, xform_name(operation))
        try:
            call(**(_api_names(parameters, shape) if shape else {}))
        except (ClientError, BotoCoreError) as error:
            return f"{operation}: {error}"
        return None

    def _install_policy(self, policy: Mapping[str, Any]) -> None:
        from moto.iam.models import (  # noqa: PLC0415 (moto is loaded only where it is asked for)
            AWSManagedPolicy,
            ManagedPolicy,
            PolicyVersion,
            iam_backends,
        )

        arn = policy["Arn"]
        backend = iam_backends[self._account][arn.split(":")[1]]
        kind: Any = AWSManagedPolicy if ":iam::aws:" in arn else ManagedPolicy
        made = kind(
            policy["PolicyName"],
            account_id=self._account,
            region=self._client.meta.region_name,
            path=policy.get("Path"),
            document="{}",
        )
        made.versions = [
            PolicyVersion(arn, json.dumps(version["Document"]), version["IsDefaultVersion"])
            for version in policy["PolicyVersionList"]
        ]
        for version, known in zip(made.versions, policy["PolicyVersionList"], strict=True):
            version.version_id = known["VersionId"]
        made.default_version_id = policy["DefaultVersionId"]
        made.next_version_num = 1 + max(int(v.version_id[1:]) for v in made.versions)
        backend.managed_policies[arn] = made

    def _install_group(self, group: Mapping[str, Any]) -> None:
        name = group["GroupName"]
        self._make(self._client.create_group, GroupName=name, Path=group.get("Path", "/"))
        for policy in group.get("AttachedManagedPolicies", []):
            self._client.attach_group_policy(GroupName=name, PolicyArn=policy["PolicyArn"])

    def _install_user(self, user: Mapping[str, Any]) -> None:
        name = user["UserName"]
        self._make(self._client.create_user, UserName=name, Path=user.get("Path", "/"))
        # moto has no permissions boundaries of users.
        for policy in user.get("AttachedManagedPolicies", []):
            self._client.attach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])

    def _install_role(self, role: Mapping[str, Any]) -> None:
        name = role["RoleName"]
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        self._make(
            self._client.create_role,
            RoleName=name,
            Path=role.get("Path", "/"),
            AssumeRolePolicyDocument=trust,
        )
        self._client.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        self._install_policies_of(name, role)
        if boundary := role.get("PermissionsBoundary"):
            self._client.put_role_permissions_boundary(
                RoleName=name, PermissionsBoundary=boundary["PermissionsBoundaryArn"]
            )
        elif "PermissionsBoundary" in self._client.get_role(RoleName=name)["Role"]:
            self._client.delete_role_permissions_boundary(RoleName=name)
        had = [tag["Key"] for tag in self._client.list_role_tags(RoleName=name)["Tags"]]
        self._client.untag_role(RoleName=name, TagKeys=had)
        self._client.tag_role(RoleName=name, Tags=role.get("Tags", []))

    def _install_policies_of(self, name: str, role: Mapping[str, Any]) -> None:
        """Attached and inline policies of a role: just those that the snapshot lists."""
        listed = {policy["PolicyArn"] for policy in role.get("AttachedManagedPolicies", [])}
        found = self._client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        attached = {policy["PolicyArn"] for policy in found}
        for arn in sorted(attached - listed):
            self._client.detach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in sorted(listed - attached):
            self._client.attach_role_policy(RoleName=name, PolicyArn=arn)
        inline = {
            policy["PolicyName"]: json.dumps(policy["PolicyDocument"])
            for policy in role.get("RolePolicyList", [])
        }
        for gone in set(self._client.list_role_policies(RoleName=name)["PolicyNames"]) - set(
            inline
        ):
            self._client.delete_role_policy(RoleName=name, PolicyName=gone)
        for policy_name, document in inline.items():
            self._client.put_role_policy(
                RoleName=name, PolicyName=policy_name, PolicyDocument=document
            )

    def _make(self, create: Callable[..., Any], **arguments: Any) -> None:
        try:
            create(**arguments)
        except self._client.exceptions.EntityAlreadyExistsException:
            return


def _api_names(value: Any, shape: Shape) -> Any:
    """Request parameters in the API's spelling: CloudTrail begins member names in lower case."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {name[:1].lower() + name[1:]: name for name in shape.members}
        return {
            members[name]: _api_names(member, shape.members[members[name]])
            for name, member in value.items()
            if name in members
        }
    if isinstance(shape, ListShape) and isinstance(value, Sequence) and not isinstance(value, str):
        return [_api_names(member, shape.member) for member in value]
    return value
