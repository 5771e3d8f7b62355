from typing import Any

import pytest

from policy_monitor.actors import actor
from policy_monitor.mutations import Actor, ActorKind
from policy_monitor.settings import Settings

ACCOUNT = "123456789012"
SETTINGS = Settings()


def session(role: str, name: str, account: str = ACCOUNT, path: str = "/") -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "userName": role,
                "arn": f"arn:aws:iam::{account}:role{path}{role}",
                "accountId": account,
            }
        },
    }


def kind_of(identity: Any) -> ActorKind:
    return actor({"userIdentity": identity}, ACCOUNT, SETTINGS).kind


VENDOR_SESSION = session("astronomer-remote-management", "release-7")


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        (VENDOR_SESSION, ActorKind.VENDOR),
        (session("ASTRONOMER-remote-management", "x"), ActorKind.VENDOR),
        ({k: v for k, v in VENDOR_SESSION.items() if k != "sessionContext"}, ActorKind.VENDOR),
        ({"type": "AWSAccount", "accountId": "406882777402"}, ActorKind.VENDOR),
        (session("their-role", "x", account="406882777402"), ActorKind.VENDOR),
        (session("deploy", "build-7"), ActorKind.CUSTOMER),
        (session("astronomer-remote-management-2", "x"), ActorKind.CUSTOMER),
        ({"type": "Root", "accountId": ACCOUNT}, ActorKind.CUSTOMER),
        ({"type": "IAMUser", "accountId": ACCOUNT, "userName": "ada"}, ActorKind.CUSTOMER),
        ({"type": "AWSService", "invokedBy": "sso.amazonaws.com"}, ActorKind.AWS),
        (
            session("AWSServiceRoleForSSO", "x", path="/aws-service-role/sso.amazonaws.com/"),
            ActorKind.AWS,
        ),
        # A role of the watched name in another account is not the watched role.
        (
            session("astronomer-remote-management", "x", account="999999999999"),
            ActorKind.UNKNOWN,
        ),
        ({"type": "AWSAccount", "accountId": "999999999999"}, ActorKind.UNKNOWN),
        ({}, ActorKind.UNKNOWN),
        (None, ActorKind.UNKNOWN),
        ("text", ActorKind.UNKNOWN),
        ({"type": "AssumedRole", "accountId": ACCOUNT, "arn": 7}, ActorKind.CUSTOMER),
        ({"type": "AssumedRole", "accountId": ACCOUNT, "sessionContext": []}, ActorKind.CUSTOMER),
    ],
)
def test_the_vendor_is_told_from_the_customer_and_from_aws(identity: Any, kind: ActorKind) -> None:
    assert kind_of(identity) is kind


def test_an_actor_has_what_the_record_says_of_it() -> None:
    record = {
        "userIdentity": {**VENDOR_SESSION, "invokedBy": "cloudformation.amazonaws.com"},
        "sourceIPAddress": "203.0.113.27",
        "userAgent": "aws-sdk-go/1.44",
    }
    assert actor(record, ACCOUNT, SETTINGS) == Actor(
        ActorKind.VENDOR,
        arn=VENDOR_SESSION["arn"],
        session="release-7",
        source_ip="203.0.113.27",
        user_agent="aws-sdk-go/1.44",
        via="cloudformation.amazonaws.com",
    )


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/build-7", "build-7"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy", ""),
        (f"arn:aws:iam::{ACCOUNT}:user/a/b/ada", ""),
    ],
)
def test_only_a_session_has_a_session_name(arn: str, name: str) -> None:
    identity = {"type": "AssumedRole", "accountId": ACCOUNT, "arn": arn}
    assert actor({"userIdentity": identity}, ACCOUNT, SETTINGS).session == name


def test_a_watched_role_by_another_name_is_the_vendors_too() -> None:
    record = {"userIdentity": session("deploy", "x")}
    assert actor(record, ACCOUNT, Settings(roles=("deploy",))).kind is ActorKind.VENDOR
