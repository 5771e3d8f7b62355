"""Whether those who are to be told are told: subscriptions, the webhook."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from policy_monitor.adapters.slack import checked_address
from policy_monitor.errors import (
    DeliveryError,
    InputError,
    OutageError,
    PolicyMonitorError,
    UncertainDeliveryError,
)
from policy_monitor.wiring import Subscription
from policy_monitor_cli.checkup.facts import Stored
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning


@dataclass(frozen=True, slots=True)
class Expected:
    """A subscription that the template makes."""

    what: str
    protocol: str
    endpoint: str


def subscription_lines(
    expected: Sequence[Expected], found: Sequence[Subscription] | None, topic: str
) -> Iterator[Line]:
    """Whether the subscriptions of a topic are there and confirmed.

    Parameters
    ----------
    topic : str
        What it carries: ``findings``, ``alarms``.
    """
    check = "subscriptions"
    if found is None:
        yield failed(check, f"the topic of {topic} is gone", "Deploy the stack again.")
        return
    for each in expected:
        same = [one for one in found if one.is_of(each.protocol, each.endpoint)]
        if not same:
            yield failed(
                check,
                f"{each.what} gets no {topic}: the subscription is gone",
                "Deploy the stack again where that brings it back, or subscribe anew; find out "
                "who unsubscribed.",
            )
        elif not any(one.confirmed for one in same):
            yield failed(
                check,
                f"{each.what} gets no {topic} yet: the subscription is not confirmed",
                "Open the message from AWS Notifications that came there, and confirm; after "
                "three days subscribe anew.",
            )
        else:
            yield ok(check, f"{each.what} gets {topic}")
    others = sum(
        one.confirmed and not any(one.is_of(each.protocol, each.endpoint) for each in expected)
        for one in found
    )
    if others:
        yield ok(check, f"{others} more confirmed subscriptions get {topic}")
    elif not expected:
        yield warning(
            check,
            f"nobody is subscribed to {topic}",
            "Set EmailAddress, AlarmEmailAddress or SlackWebhook, or subscribe to the topic.",
        )


# Slack's documentation, "Sending messages using incoming webhooks", handling errors.
_REMEDIES = {
    "status 404": "The webhook was removed: make one anew in Slack, and store it in {source}.",
    "status 403": "Slack forbids it: ask the workspace's administrators what the app may do.",
    "status 410": "The channel is archived: make a webhook for another, and store it in {source}.",
}
_ANOTHER = "Make a webhook anew in Slack, and store its address in {source}."


def webhook_lines(
    source: str, stored: Stored | None, post: Callable[[str], None] | None
) -> Iterator[Line]:
    """Whether the webhook's address can be read, and, where it is asked for, takes a message.

    Parameters
    ----------
    source : str
        The parameter SlackWebhook.
    post : Callable[[str], None] or None
        Posts a test message to an address; raises what `SlackWebhook.send` raises.
    """
    check = "webhook"
    if stored is None:
        yield failed(
            check,
            f"{source} is not there",
            "Store the webhook's address in it, in this account and region.",
        )
        return
    try:
        address = checked_address(stored.value, source)
    except InputError as error:
        yield failed(
            check,
            str(error).partition(";")[0],
            "Store the webhook's https:// address as plain text.",
        )
        return
    if not stored.encrypted:
        yield warning(
            check,
            f"{source} is no SecureString: whoever may read parameters sees the address",
            "Store it anew as a SecureString, and have Slack make another address.",
        )
    if post is None:
        yield ok(check, f"{source} holds an address; --send-test posts a message to it")
        return
    try:
        post(address)
    except (OutageError, UncertainDeliveryError) as error:
        yield warning(check, f"the test message may not be there: {error}", "Run doctor again.")
    except DeliveryError as error:
        text = str(error)
        remedy = next((said for sign, said in _REMEDIES.items() if sign in text), _ANOTHER)
        yield failed(
            check,
            f"the test message was refused: {text.partition(';')[0]}",
            remedy.format(source=source),
        )
    except PolicyMonitorError as error:
        yield failed(check, str(error), _ANOTHER.format(source=source))
    else:
        yield ok(check, f"a test message was taken by the channel of {source}")
