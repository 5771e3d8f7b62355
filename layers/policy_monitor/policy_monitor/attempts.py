"""What a refused call was aimed at: from its parameters, else from IAM's error message.

A denied call is recorded with ``requestParameters: null``; its target stands in errorMessage
only. A call that failed for another reason (`NoSuchEntity`) keeps its parameters.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy_monitor.errors import UnreadableEventError
from policy_monitor.recorded_call import Aim, is_omitted, policy_arn
from policy_monitor.settings import Settings

# Each with where its wording is from. The last part of a role's ARN is its name, whatever its path.
# Text, since few calls are refused: the first refusal compiles them, not each start.
MESSAGES = (
    # IAM User Guide, "Troubleshoot access denied error messages"; recorded: "… is not authorized
    # to perform: iam:DeleteRolePolicy on resource: role NAME because no identity-based policy …",
    # "… policy ARN version v2 because …", "… arn:aws:iam::111111111111:role/NAME because …".
    r"on resource: (?P<sort>role|user|group|policy) (?P<name>\S+)",
    r"on resource: arn:[a-z-]+:iam::[0-9]{12}:(?P<sort>role|user|group)/(?P<name>\S+)",
    r"on resource: (?P<name>arn:[a-z-]+:iam::(?:aws|[0-9]{12}):(?P<sort>policy)/\S+)",
    # IAM's NoSuchEntity and EntityAlreadyExists: "The role with name NAME cannot be found."
    r"\b(?P<sort>[Rr]ole|[Uu]ser|[Gg]roup) with (?:the )?name (?P<name>\S+)",
    # IAM's NoSuchEntity: "Policy ARN does not exist or is not attachable."
    r"\b(?P<sort>[Pp]olicy) (?P<name>arn:[a-z-]+:iam::(?:aws|[0-9]{12}):policy/\S+)",
)


def attempted_target(
    aim: Aim, record: Mapping[str, Any], account: str, partition: str, settings: Settings
) -> str:
    """A role's name, a policy's ARN, ``user/NAME``, ``group/NAME``, or "" where nothing tells.

    Of several (a role and a policy to attach) the one that is watched, else the first.

    Raises
    ------
    UnreadableEventError
        requestParameters is of another shape than CloudTrail records.
    """
    candidates = tuple(_from_parameters(aim, record, account, partition)) or tuple(
        _from_message(record, account, partition)
    )
    watched = (target for target in candidates if is_watched(target, settings))
    return next(watched, next(iter(candidates), ""))


def is_watched(target: str, settings: Settings) -> bool:
    """Whether a target is a watched role or policy."""
    if target.startswith("arn:"):
        return settings.watches_policy(target)
    return settings.watches_role(target)


def _from_parameters(
    aim: Aim, record: Mapping[str, Any], account: str, partition: str
) -> Iterator[str]:
    parameters = record.get("requestParameters")
    if is_omitted(parameters):
        return
    if not isinstance(parameters, Mapping):
        raise UnreadableEventError(
            f"{record['eventName']}: requestParameters is {type(parameters).__name__}; "
            "expected an object"
        )
    for name in dict.fromkeys((aim, "policyArn", "permissionsBoundary")):
        value = parameters.get(name)
        if is_omitted(value):
            continue
        if not isinstance(value, str):
            raise UnreadableEventError(
                f"{record['eventName']}: requestParameters.{name} is {type(value).__name__}; "
                "expected text"
            )
        if name == aim:
            yield _target(aim.removesuffix("Name"), value, account, partition)
        else:
            yield value


def _from_message(record: Mapping[str, Any], account: str, partition: str) -> Iterator[str]:
    message = record.get("errorMessage")
    if not isinstance(message, str):
        return
    for pattern in MESSAGES:
        if found := re.search(pattern, message):
            name = found["name"].rstrip(".,")
            yield _target(found["sort"].lower(), name, account, partition)
            return


def _target(sort: str, name: str, account: str, partition: str) -> str:
    if sort.startswith("policy"):
        return name if name.startswith("arn:") else policy_arn(account, partition, name)
    plain = name.rsplit("/", 1)[-1]
    return plain if sort == "role" else f"{sort}/{plain}"
