"""A CloudWatch alarm's notification, as it stands in the body of an SNS message."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from policy_monitor.messages.members import text
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
    told = partial(text, body, where="alarm.")
    return Alarm(
        alarm_id=f"{told('AlarmArn') or told('AlarmName')}#{told('StateChangeTime')}",
        title=name(told("AlarmName")).text,
        state=sentence(told("NewStateValue"), 40),
        description=sentence(told("AlarmDescription")),
        reason=sentence(told("NewStateReason")),
        time=sentence(told("StateChangeTime"), 40),
        account=sentence(told("AWSAccountId"), 40),
        region=sentence(told("Region"), 40),
    )
