"""The body of an SNS message, as the function slack finds it: a finding, a digest, an alarm."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.alarms import alarm, is_alarm
from policy_monitor.messages.content import content
from policy_monitor.messages.digests import digest, is_digest

ALARM = "alarm"
"""The member under which an alarm's own notification stands in what `read_body` returns."""

# What an id and an account may be made of: they become parts of a key of the ledger.
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_ACCOUNT = re.compile(r"[0-9]{12}")


def read_body(text: str) -> dict[str, Any]:
    """Read a body into what `announcement.deliver` sends: it has finding_id, revision, account.

    A finding or a digest stays as it is; an alarm stands under `ALARM`, with an id made of its ARN
    and the time of its change.

    Raises
    ------
    UnreadableEventError
        It is none of them; the message holds nothing of the body but names.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableEventError("SNS body is no JSON: neither a finding nor an alarm") from None
    if not isinstance(body, dict):
        raise UnreadableEventError(f"SNS body is a JSON {type(body).__name__}, not an object")
    message = _alarm_message(body) if is_alarm(body) else _finding_message(body)
    for key, pattern in (("finding_id", _ID), ("account", _ACCOUNT)):
        value = message.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise UnreadableEventError(f"SNS body: {key} {str(value)[:60]!r} is not usable")
    return message


def _finding_message(body: Mapping[str, Any]) -> dict[str, Any]:
    # Refuses what is no finding and no digest, before anything is noted about it.
    (digest if is_digest(body) else content)(body)
    revision = body.get("revision", 1)
    if type(revision) is not int or revision < 1:
        raise UnreadableEventError(f"SNS body: revision {str(revision)[:60]!r} is no whole number")
    return {**body, "revision": revision}


def _alarm_message(body: Mapping[str, Any]) -> dict[str, Any]:
    told = alarm(body)
    digest = hashlib.sha256(told.alarm_id.encode("utf-8", "replace")).hexdigest()
    return {
        "finding_id": f"alarm-{digest}",
        "revision": 1,
        "account": told.account,
        ALARM: dict(body),
    }
