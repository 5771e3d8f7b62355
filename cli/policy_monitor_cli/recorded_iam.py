"""IAM as events and snapshots tell of it: what a replay without AWS answers when IAM is asked.

Policies are kept in step with the events, since their default version at each time decides what a
newly attached policy allows. Roles are only what a snapshot shows: nothing else tells what an
event did whose parameters CloudTrail left out.
"""

from collections.abc import Mapping
from typing import Any

from policy_monitor.documents import UnreadableDocumentError, read_document
from policy_monitor.iam import PolicyVersion


class RecordedIam:
    """`policy_monitor.iam.Iam` on a baseline, the events since, and later snapshots.

    Parameters
    ----------
    details : Mapping[str, Any] or None
        The baseline: the output of ``aws iam get-account-authorization-details``.
    """

    def __init__(self, details: Mapping[str, Any] | None = None) -> None:
        self._policies: dict[str, dict[str, Any]] = {}
        self._roles: list[Mapping[str, Any]] = []
        if details:
            self.show(details)

    def show(self, details: Mapping[str, Any]) -> None:
        """Set what a snapshot shows; policies that it does not list stay as they are."""
        self._roles = list(details.get("RoleDetailList", []))
        for policy in details.get("Policies", []):
            self._policies[policy["Arn"]] = {**policy}

    def repeat(self, record: Mapping[str, Any]) -> None:
        """Follow what a successful call did to a policy; other calls leave policies alone."""
        parameters, answer = record.get("requestParameters"), record.get("responseElements")
        if record.get("errorCode") or not isinstance(parameters, Mapping):
            return
        told = answer if isinstance(answer, Mapping) else {}
        arn = parameters.get("policyArn") or _member(told, "policy", "arn")
        if not isinstance(arn, str):
            return
        match record.get("eventName"):
            case "CreatePolicy":
                version = _member(told, "policy", "defaultVersionId") or "v1"
                self._policies[arn] = {"Arn": arn, "PolicyVersionList": []}
                self._add(arn, version, parameters.get("policyDocument"), default=True)
            case "CreatePolicyVersion":
                default = _member(told, "policyVersion", "isDefaultVersion") is True
                version = _member(told, "policyVersion", "versionId")
                self._add(arn, version, parameters.get("policyDocument"), default=default)
            case "SetDefaultPolicyVersion" | "SetPolicyVersion":
                self._set_default(arn, parameters.get("versionId"))
            case "DeletePolicyVersion":
                self._remove(arn, parameters.get("versionId"))
            case "DeletePolicy":
                self._policies.pop(arn, None)

    def default_version(self, policy_arn: str) -> PolicyVersion | None:
        """See `Iam.default_version`."""
        default = self._policies.get(policy_arn, {}).get("DefaultVersionId")
        return self.version(policy_arn, default) if default else None

    def version(self, policy_arn: str, version: str) -> PolicyVersion | None:
        """See `Iam.version`."""
        for held in self._policies.get(policy_arn, {}).get("PolicyVersionList", []):
            if held["VersionId"] == version:
                return PolicyVersion(policy_arn, version, read_document(held["Document"]))
        return None

    def role_details(self, roles: tuple[str, ...]) -> Mapping[str, Any]:
        """See `Iam.role_details`; roles are those of the last snapshot."""
        names = {name.casefold() for name in roles}
        return {
            "UserDetailList": [],
            "GroupDetailList": [],
            "RoleDetailList": [
                role for role in self._roles if str(role.get("RoleName")).casefold() in names
            ],
            "Policies": list(self._policies.values()),
        }

    def _add(self, arn: str, version: Any, document: Any, *, default: bool) -> None:
        """A new version; one without a readable document can still be the default."""
        policy = self._policies.get(arn, {"Arn": arn})
        held = [one for one in policy.get("PolicyVersionList", []) if one["VersionId"] != version]
        if _is_document(document):
            held.append({"VersionId": version, "Document": document, "IsDefaultVersion": default})
        self._policies[arn] = {**policy, "PolicyVersionList": held}
        if default:
            self._set_default(arn, version)

    def _set_default(self, arn: str, version: Any) -> None:
        self._policies[arn] = {**self._policies.get(arn, {"Arn": arn}), "DefaultVersionId": version}

    def _remove(self, arn: str, version: Any) -> None:
        policy = self._policies.get(arn, {"Arn": arn})
        held = [one for one in policy.get("PolicyVersionList", []) if one["VersionId"] != version]
        self._policies[arn] = {**policy, "PolicyVersionList": held}


def _member(answer: Mapping[str, Any], group: str, name: str) -> Any:
    inside = answer.get(group)
    return inside.get(name) if isinstance(inside, Mapping) else None


def _is_document(source: Any) -> bool:
    try:
        read_document(source)
    except (UnreadableDocumentError, AttributeError):
        return False
    return True
