"""Subscriptions and the webhook: each line's ok, warning and failed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from policy_monitor.errors import (
    DeliveryError,
    OutageError,
    PolicyMonitorError,
    UncertainDeliveryError,
)
from policy_monitor.wiring import Subscription
from policy_monitor_cli.checkup.audience import Expected, subscription_lines, webhook_lines
from policy_monitor_cli.checkup.facts import Stored
from policy_monitor_cli.checkup.lines import Line, Status

OK, WARNING, FAILED = Status.OK, Status.WARNING, Status.FAILED
MAIL = Expected("the address a@b.example", "email", "a@b.example")
CONFIRMED = Subscription("email", "a@b.example", confirmed=True)
PENDING = Subscription("email", "a@b.example", confirmed=False)
QUEUE = Subscription("sqs", "arn:aws:sqs:us-east-1:123456789012:q", confirmed=True)


@pytest.mark.parametrize(
    ("expected", "found", "status", "said"),
    [
        ((MAIL,), (CONFIRMED,), OK, "the address a@b.example gets findings"),
        ((replace(MAIL, endpoint="A@B.Example"),), (CONFIRMED,), OK, "gets findings"),
        ((MAIL,), (PENDING, CONFIRMED), OK, "the address a@b.example gets findings"),
        ((MAIL,), (PENDING,), FAILED, "the subscription is not confirmed"),
        ((MAIL,), (), FAILED, "the subscription is gone"),
        ((), (), WARNING, "nobody is subscribed to findings"),
        ((), (QUEUE,), OK, "1 more confirmed subscriptions get findings"),
        ((), None, FAILED, "the topic of findings is gone"),
    ],
)
def test_each_subscription_of_the_template_is_looked_for(
    expected: tuple[Expected, ...],
    found: tuple[Subscription, ...] | None,
    status: Status,
    said: str,
) -> None:
    (line,) = subscription_lines(expected, found, "findings")
    assert line.status is status
    assert said in line.says
    assert bool(line.remedy) == (status is not OK)


def test_subscriptions_of_the_customers_own_are_counted_beside() -> None:
    mail, more = subscription_lines((MAIL,), (CONFIRMED, QUEUE), "findings")
    assert (mail.status, more.status) == (OK, OK)
    assert more.says.startswith("1 more")


# ------------------------------------------------------------------------------ webhook

ADDRESS = "https://hooks.slack.com/services/T0/B0/planted-secret"
SOURCE = "/policy-monitor/webhook"


def webhook(
    stored: Stored | None, post: Callable[[str], None] | None = None
) -> list[tuple[Status, str]]:
    lines: list[Line] = list(webhook_lines(SOURCE, stored, post))
    for line in lines:
        assert "planted-secret" not in line.says + line.remedy
        assert bool(line.remedy) == (line.status is not OK)
    return [(line.status, line.says) for line in lines]


GOOD = Stored(ADDRESS, encrypted=True)


def test_a_secret_does_not_show_itself() -> None:
    assert "planted-secret" not in repr(GOOD)


def test_an_address_that_can_be_read_is_ok() -> None:
    ((status, says),) = webhook(GOOD)
    assert status is OK
    assert "--send-test" in says


def test_what_is_not_there_or_is_no_address_is_named() -> None:
    assert webhook(None) == [(FAILED, f"{SOURCE} is not there")]
    ((status, says),) = webhook(Stored("xoxb-planted-secret", encrypted=True))
    assert status is FAILED
    assert "no https:// address" in says


def test_a_parameter_that_is_no_secure_string_is_a_warning() -> None:
    (status, says), _ = webhook(Stored(ADDRESS, encrypted=False))
    assert status is WARNING
    assert "is no SecureString" in says


def raising(error: Exception) -> Callable[[str], None]:
    def post(address: str) -> None:
        assert address == ADDRESS
        raise error

    return post


def test_a_test_message_that_is_taken_is_ok() -> None:
    posted: list[str] = []
    ((status, says),) = webhook(GOOD, posted.append)
    assert (status, posted) == (OK, [ADDRESS])
    assert "was taken" in says


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("Slack: status 404: no_service; check", "make one anew in Slack"),
        ("Slack: status 403: action_prohibited; check", "ask the workspace's administrators"),
        ("Slack: status 410: channel_is_archived; check", "make a webhook for another"),
        ("Slack: status 400: invalid_payload; check", "Make a webhook anew in Slack"),
    ],
)
def test_a_refused_test_message_says_what_to_do(error: str, remedy: str) -> None:
    (line,) = webhook_lines(SOURCE, GOOD, raising(DeliveryError(error)))
    assert line.status is FAILED
    assert line.says == f"the test message was refused: {error.partition(';')[0]}"
    assert remedy in line.remedy


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OutageError("Slack: status 503: x; try again later"), WARNING),
        (UncertainDeliveryError("Slack: TimeoutError; it may have gone out"), WARNING),
        (PolicyMonitorError("something else"), FAILED),
    ],
)
def test_a_slack_that_is_out_of_order_is_not_a_wrong_webhook(
    error: Exception, status: Status
) -> None:
    ((found, says),) = webhook(GOOD, raising(error))
    assert found is status
    assert str(error) in says
