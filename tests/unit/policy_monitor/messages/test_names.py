import pytest

from policy_monitor.messages.names import actor_phrase
from policy_monitor.messages.text import plain
from policy_monitor.mutations import ActorKind

ROLE = "arn:aws:sts::123456789012:assumed-role/astronomer-remote-management/release-7"


@pytest.mark.parametrize(
    ("kind", "arn", "session", "text"),
    [
        (
            ActorKind.VENDOR,
            ROLE,
            "release-7",
            "The vendor (session release-7 of astronomer-remote-management)",
        ),
        (
            ActorKind.VENDOR,
            "arn:aws:iam::406882777402:user/ops/kim",
            "",
            "The vendor (user kim, account 406882777402)",
        ),
        (
            ActorKind.CUSTOMER,
            "arn:aws:iam::123456789012:root",
            "",
            "Somebody in your account (root user)",
        ),
        (ActorKind.CUSTOMER, "", "", "Somebody in your account"),
        (ActorKind.CUSTOMER, "", "s", "Somebody in your account (session s)"),
        (ActorKind.AWS, "", "", "AWS itself"),
        (ActorKind.UNKNOWN, "", "", "Not known"),
        (ActorKind.UNKNOWN, "something odd", "", "A stranger (something odd)"),
        (
            ActorKind.UNKNOWN,
            "arn:aws:iam::999999999999:root",
            "",
            "A stranger (root user, account 999999999999)",
        ),
    ],
)
def test_an_actor_is_named_as_people_know_it(
    kind: ActorKind, arn: str, session: str, text: str
) -> None:
    assert plain(actor_phrase(kind, arn, session, "123456789012")) == text
