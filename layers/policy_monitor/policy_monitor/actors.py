"""Who made a change, from CloudTrail's userIdentity.

Its forms are those of "CloudTrail userIdentity element" in the CloudTrail User Guide.
"""

from collections.abc import Mapping
from typing import Any

from policy_monitor.mutations import Actor, ActorKind
from policy_monitor.settings import Settings

# Roles that belong to an AWS service lie under this path ("Using service-linked roles", IAM).
SERVICE_LINKED_PATH = ":role/aws-service-role/"


def actor(record: Mapping[str, Any], account: str, settings: Settings) -> Actor:
    """The actor of a CloudTrail record.

    Parameters
    ----------
    record : Mapping
        A CloudTrail record; what it does not say stays an empty string.
    account : str
        The account that the record is of: who belongs to it is the customer, unless it is a
        session of a watched role, which is how the vendor comes in.
    """
    identity = _mapping(record.get("userIdentity"))
    return Actor(
        kind=_kind(identity, account, settings),
        arn=_text(identity.get("arn")),
        session=_session(identity),
        source_ip=_text(record.get("sourceIPAddress")),
        user_agent=_text(record.get("userAgent")),
        via=_text(identity.get("invokedBy")),
    )


def _kind(identity: Mapping[str, Any], account: str, settings: Settings) -> ActorKind:
    caller_account = _text(identity.get("accountId"))
    issuer = _issuer(identity)
    if caller_account in settings.vendor_accounts:
        return ActorKind.VENDOR
    if identity.get("type") == "AWSService" or SERVICE_LINKED_PATH in _text(issuer.get("arn")):
        return ActorKind.AWS
    if not caller_account:
        return ActorKind.UNKNOWN
    if caller_account != account:
        return ActorKind.UNKNOWN
    if settings.watches_role(_role_name(identity)):
        return ActorKind.VENDOR
    return ActorKind.CUSTOMER


def _role_name(identity: Mapping[str, Any]) -> str:
    """The role of a session: its issuer's name, else the second part of the session's ARN."""
    issuer = _issuer(identity)
    if issuer.get("type") == "Role" and issuer.get("userName"):
        return _text(issuer["userName"])
    arn = _text(identity.get("arn"))
    return arn.split("/")[1] if ":assumed-role/" in arn else ""


def _session(identity: Mapping[str, Any]) -> str:
    """A session's name: the last part of ``arn:aws:sts::…:assumed-role/ROLE/SESSION``."""
    parts = _text(identity.get("arn")).split("/")
    return parts[-1] if ":assumed-role" in parts[0] and len(parts) > 2 else ""  # noqa: PLR2004 (role and session follow the ARN's head)


def _issuer(identity: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_mapping(identity.get("sessionContext")).get("sessionIssuer"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
