"""IAM as the domain reads it: `adapters.iam` asks AWS, `adapters.memory` a baseline."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class PolicyVersion(NamedTuple):
    """One version of a managed policy, its document as JSON gives it."""

    policy_arn: str
    version: str
    document: Mapping[str, Any]


class Iam(Protocol):
    """What detect and reconcile read. Every method may raise RetryableError."""

    def default_version(self, policy_arn: str) -> PolicyVersion | None:
        """A policy's default version, or None where the policy is gone."""
        ...

    def version(self, policy_arn: str, version: str) -> PolicyVersion | None:
        """One version, or None where it is gone (IAM keeps five)."""
        ...

    def role_details(self, roles: tuple[str, ...]) -> Mapping[str, Any]:
        """These roles and the managed policies that bear on them, as `authorization_details`."""
        ...


class IamAccount(Iam, Protocol):
    """What reconcile reads beside that."""

    def authorization_details(self) -> Mapping[str, Any]:
        """The account in the format of ``aws iam get-account-authorization-details``."""
        ...

    def session_seconds(self, role: str) -> int | None:
        """How long a role's sessions may last; the account's details do not say. None: no role."""
        ...
