"""A CloudWatch alarm's notification, as it stands in the body of an SNS message."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.text import name, sentence


class Alarm(NamedTuple):
    """What an alarm says.

    Attributes
    ----------
    alarm_id : str
        One change of one alarm's state: its ARN and when it changed.
    state : str
        ``ALARM``, ``OK`` or ``INSUFFICIENT_DATA``.
    """

    alarm_id: str
    title: str
    state: str
    description: str
    reason: str
    time: str
    account: str
    region: str


def is_alarm(body: Mapping[str, Any]) -> bool:
    """Whether a body has the shape of an alarm's notification."""
    return "AlarmName" in body and "NewStateValue" in body


def alarm(body: Mapping[str, Any]) -> Alarm:
    """Read an alarm's notification (CloudWatch User Guide, "Notifying users on alarm changes").

    Raises
    ------
    UnreadableEventError
        A part of it is no text.
    """

    def text(key: str) -> str:
        value = body.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise UnreadableEventError(f"{key} of a CloudWatch alarm is no text")
        return value

    return Alarm(
        alarm_id=f"{text('AlarmArn') or text('AlarmName')}#{text('StateChangeTime')}",
        title=name(text("AlarmName")).text,
        state=sentence(text("NewStateValue"), 40),
        description=sentence(text("AlarmDescription")),
        reason=sentence(text("NewStateReason")),
        time=sentence(text("StateChangeTime"), 40),
        account=sentence(text("AWSAccountId"), 40),
        region=sentence(text("Region"), 40),
    )
