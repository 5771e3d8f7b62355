"""What the template's rules and archive let through, to compare with what EventBridge holds.

The template is where they are made; a test holds these against it, for any parameters.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

from policy_monitor.parts import Parts, Sort
from policy_monitor.tampering import TAMPERING, VERSIONED, Row

ROLE_RULE, ATTACHMENT_RULE, POLICY_RULE, ARCHIVE = (
    "RoleRule",
    "AttachmentRule",
    "PolicyRule",
    "Archive",
)

# Changes of the monitor itself, by the services that record them: a pattern has 2,048 characters.
TAMPER_RULES: Mapping[str, tuple[str, ...]] = {
    "TrailRule": ("cloudtrail",),
    "HearingRule": ("events", "cloudformation"),
    "WorkingRule": ("lambda",),
    "KeepingRule": ("dynamodb", "kms", "secretsmanager"),
    "SpeakingRule": ("sns", "sqs"),
    "WarningRule": ("monitoring",),
    "LoggingRule": ("logs",),
}

RULES = (ROLE_RULE, ATTACHMENT_RULE, POLICY_RULE, *TAMPER_RULES)
"""All rules that wake detect, in the order in which the template names them to reconcile."""

# What of the ledger's stream each function is woken by (template: FilterCriteria).
STREAM_FILTERS: Mapping[str, Mapping[str, Any]] = {
    "JudgeFunction": {
        "dynamodb": {
            "Keys": {"sk": {"S": [{"prefix": "MUTATION#"}, "GENESIS"]}},
            "OldImage": {"pk": {"S": [{"exists": False}]}},
        }
    },
    "AnnounceFunction": {
        "dynamodb": {
            "Keys": {"sk": {"S": [{"prefix": "CURRENT#"}]}},
            "NewImage": {"pk": {"S": [{"exists": True}]}},
        }
    },
}

_DETAIL_TYPES = ["AWS API Call via CloudTrail", "Amazon API Call via CloudTrail"]

_ROLE_CALLS = (
    "CreateRole",
    "CreateUser",
    "DeleteRole",
    "DeleteRolePolicy",
    "PutRolePolicy",
    "TagRole",
    "UntagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
)
_ATTACHMENT_CALLS = (
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
)
_POLICY_CALLS = (
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRolePermissionsBoundary",
    "DeleteUserPermissionsBoundary",
    "PutRolePermissionsBoundary",
    "PutUserPermissionsBoundary",
    "SetDefaultPolicyVersion",
    "SetPolicyVersion",
)

_MESSAGE = "errorMessage"
_ABSENT = [{"exists": False}]


def patterns(
    role: str, policy: str, boundary_part: str, parts: Parts
) -> Mapping[str, Mapping[str, Any]]:
    """The event patterns by logical name; parameters are those of the template."""
    own_role = {"prefix": f"{parts.stack}-"}
    names = [{"suffix": {"equals-ignore-case": policy}}, {"wildcard": f"*{boundary_part}*"}]
    this_role = {"requestParameters": {"roleName": [{"equals-ignore-case": role}, own_role]}}
    refused: list[Mapping[str, Any]] = [
        {"errorMessage": [{"wildcard": f"*{role}*"}, _within(parts.stack)]},
        {
            "errorCode": [{"exists": True}],
            "userIdentity": {
                "sessionContext": {"sessionIssuer": {"userName": [{"equals-ignore-case": role}]}}
            },
        },
    ]
    without_role = {"roleName": _ABSENT, "userName": _ABSENT}
    return {
        ROLE_RULE: _pattern(
            _ROLE_CALLS,
            this_role,
            {"requestParameters": {"permissionsBoundary": names}},
            {"requestParameters": without_role, "errorMessage": _ABSENT},
            *refused,
        ),
        ATTACHMENT_RULE: _pattern(
            _ATTACHMENT_CALLS,
            this_role,
            {"requestParameters": {"policyArn": names}},
            {"requestParameters": {"policyArn": _ABSENT}, "errorMessage": _ABSENT},
            {
                "requestParameters": {**without_role, "groupName": _ABSENT},
                "errorMessage": _ABSENT,
            },
            *refused,
        ),
        POLICY_RULE: _pattern(_POLICY_CALLS),
        ARCHIVE: _pattern((*_ROLE_CALLS, *_ATTACHMENT_CALLS, *_POLICY_CALLS)),
        **{name: _tampering(services, parts) for name, services in TAMPER_RULES.items()},
    }


def _pattern(names: tuple[str, ...], *alternatives: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "source": ["aws.iam"],
        "detail-type": _DETAIL_TYPES,
        "detail": {
            "eventSource": ["iam.amazonaws.com"],
            "eventName": list(names),
            **({"$or": list(alternatives)} if alternatives else {}),
        },
    }


def _within(stack: str) -> Mapping[str, Any]:
    """A name that the stack gave, alone or in an ARN, an address or a sentence."""
    return {"wildcard": f"*{stack}-*"}


def _tampering(services: tuple[str, ...], parts: Parts) -> Mapping[str, Any]:
    """Calls on the monitor's own parts; those on others that look like them are let through too."""
    rows = [row for row in TAMPERING if row.service in services]
    pattern: dict[str, Any] = {
        "source": [f"aws.{service}" for service in services],
        "detail-type": _DETAIL_TYPES,
        "detail": {"eventName": _names(rows)},
    }
    if any(row.sort is Sort.TRAIL for row in rows):  # which trail it is the template does not know
        return pattern
    places: dict[str, list[Any]] = {}
    for row in rows:
        for place in row.places:
            held = places.setdefault(place, [])
            held += [value for value in _values(row.sort, place, parts) if value not in held]
    message: list[Any] = []
    for row in rows:
        told = (_told(each) for each in _values(row.sort, _MESSAGE, parts))
        message += [value for value in told if value not in message]
    pattern["detail"]["$or"] = [
        *(_at(place, values) for place, values in places.items()),
        {_MESSAGE: message},
        reduce(_merged, [*(_at(place, _ABSENT) for place in places), {_MESSAGE: _ABSENT}]),
    ]
    return pattern


def _names(rows: Iterable[Row]) -> list[Any]:
    """The calls of rows; of Lambda's the beginnings that stand for all others."""
    exact = {name for row in rows if row.service != VERSIONED for name in row.calls}
    begun = {name for row in rows if row.service == VERSIONED for name in row.calls}
    least = [n for n in begun if not any(n != other and n.startswith(other) for other in begun)]
    return [*sorted(exact), *({"prefix": name} for name in sorted(least))]


def _values(sort: Sort, place: str, parts: Parts) -> Iterator[Any]:
    match sort:
        case Sort.BUS:
            yield from () if place == _MESSAGE else ("default",)
            yield {"wildcard": "*event-bus/default*"}
        case Sort.STACK:
            yield from () if place == _MESSAGE else (parts.stack,)
            yield {"wildcard": f"*/{parts.stack}/*"}
        case Sort.KEY:
            yield parts.key
        case Sort.SECRET:
            yield {"wildcard": "*MaskKey-*"}
        case Sort.TRAIL_LOG if not parts.trail_log:
            pass
        case Sort.TRAIL_LOG:
            named = parts.trail_log
            yield {"wildcard": f"*:log-group:{named}*"} if place == _MESSAGE else named
        case Sort.MAPPING if place == _MESSAGE or place.casefold().endswith("uuid"):
            yield from parts.mappings
        case _:
            yield _within(parts.stack)


def _told(value: Any) -> Any:
    """Where a name stands within a sentence."""
    return {"wildcard": f"*{value}*"} if isinstance(value, str) else value


def _at(place: str, values: list[Any]) -> dict[str, Any]:
    """A pattern of one path."""
    *above, last = place.split(".")
    return reduce(lambda inner, name: {name: inner}, reversed(above), {last: values})


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(one)
    for name, value in other.items():
        both[name] = _merged(both[name], value) if name in both else value
    return both
