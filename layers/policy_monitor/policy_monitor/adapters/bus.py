"""An event bus: findings go out as events, for rules to carry on.

What carries them to another account is a rule of the stack, which waits and tries again by itself:
an account that cannot be reached never delays anybody's e-mail.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy_monitor.adapters.sending import sending
from policy_monitor.errors import DeliveryError, UncertainDeliveryError
from policy_monitor.messages.envelope import envelope

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

SOURCE = "policy-monitor"
DETAIL_TYPE = "Policy Monitor Finding"
"""By which rules know these events; the templates hold the same."""

# API reference, PutEventsResultEntry: "failed because of an unknown error, exception or failure".
_UNKNOWN = "InternalFailure"


class Bus:
    """An EventBridge bus of this account as a channel.

    Parameters
    ----------
    client : EventBridgeClient
        Made with `sending.SEND_ONCE`.
    monitor : str
        ARN of the findings' topic: stands among the event's resources, so that a rule tells the
        events of one stack from another's.

    Notes
    -----
    Actions to allow: ``events:PutEvents`` on the bus.
    """

    name = "bus"

    def __init__(self, client: "EventBridgeClient", bus: str, monitor: str) -> None:
        self._client = client
        self._bus = bus
        self._monitor = monitor

    def send(self, message: Mapping[str, Any]) -> None:
        """Put a finding on the bus, in the form that the topic's programs get.

        That form is under 240,000 bytes; an entry may have 256 KB ("Calculating PutEvents event
        entry size", EventBridge User Guide).

        Raises
        ------
        UncertainDeliveryError
            EventBridge gave no answer, or failed within.
        DeliveryError
            It refused the event; the message of the error says why.
        UnreadableEventError
            It is no finding.
        """
        detail = json.loads(envelope(message).message)["default"]
        thing = f"event bus {self._bus}"
        with sending(thing, "events:PutEvents", "check the bus and what announce may do"):
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": SOURCE,
                        "DetailType": DETAIL_TYPE,
                        "Resources": [self._monitor],
                        "Detail": detail,
                    }
                ]
            )
        # The call succeeds where an entry fails.
        if answer["FailedEntryCount"]:
            reason = answer["Entries"][0].get("ErrorCode", _UNKNOWN)
            text = f"{thing}: events:PutEvents: {reason}"
            if reason == _UNKNOWN:
                raise UncertainDeliveryError(f"{text}; it may have gone out")
            raise DeliveryError(f"{text}; check the bus and what announce may do")
