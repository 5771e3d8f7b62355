"""Calls on the monitor's own parts, as CloudTrail records them, for a stack ``policy-monitor``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.eventpatterns import envelope
from tests.iam_events import ACCOUNT, SOMEBODY

from policy_monitor.parts import SORTS, Parts, Sort
from policy_monitor.tampering import CLOUDFORMATION, TAMPERING, VERSIONED, Row

STACK = "policy-monitor"
SUFFIX = "1AB2C3D4E5F6"
REGION = "us-east-1"
# The template's own stand-ins, so that its patterns and the code mean the same.
PARTS = Parts(
    stack=STACK,
    key=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    secret=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:MaskKey-x1Y2z3A4b5C6-aBcDeF",
    mappings=("JudgeFunctionMutations", "AnnounceFunctionFindings"),
    trail_log="/org/trail_1.logs#a",
)
LOGICAL = {Sort.ALARM: ("FailuresAlarm", "SlackAlarm"), Sort.LOG_GROUP: ("DetectLogGroup",)}

BY_CLOUDFORMATION = {
    "userIdentity": {**SOMEBODY, "invokedBy": CLOUDFORMATION},
    "sourceIPAddress": CLOUDFORMATION,
    "userAgent": CLOUDFORMATION,
}


@dataclass(frozen=True)
class Case:
    """One call on one part."""

    row: Row
    call: str
    name: str

    @property
    def event_name(self) -> str:
        """As recorded: Lambda's carry a version."""
        return f"{self.call}20150331v2" if self.row.service == VERSIONED else self.call

    def __str__(self) -> str:
        """What pytest calls it."""
        return f"{self.row.service}-{self.call}-{self.name}"


def physical(logical: str, stack: str = STACK) -> str:
    """The name that CloudFormation gives."""
    return f"{stack}-{logical}-{SUFFIX}"


def names_of(sort: Sort, stack: str = STACK) -> tuple[str, ...]:
    """The names of all parts of a sort, as records may have them."""
    secret = PARTS.secret.rsplit(":", 1)[1]
    told: dict[Sort, tuple[str, ...]] = {
        Sort.TRAIL: ("management", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/management"),
        Sort.BUS: ("default", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"),
        Sort.KEY: (PARTS.key,),
        Sort.SECRET: (
            PARTS.secret,
            PARTS.secret.rpartition("-")[0],
            secret,
            secret.rpartition("-")[0],
        ),
        Sort.MAPPING: PARTS.mappings,
        Sort.TRAIL_LOG: (PARTS.trail_log,),
        Sort.STACK: (stack, f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/0f5d1c5e"),
    }
    logical = LOGICAL.get(sort) or SORTS[sort].logical
    return told.get(sort) or tuple(physical(each, stack) for each in logical)


def spelled(sort: Sort, name: str) -> tuple[str, ...]:
    """The ways in which a call may name a part."""
    here = f"{REGION}:{ACCOUNT}"
    topic = f"arn:aws:sns:{here}:{name}"
    told: dict[Sort, tuple[str, ...]] = {
        Sort.FUNCTION: (
            name,
            f"arn:aws:lambda:{here}:function:{name}",
            f"{ACCOUNT}:function:{name}",
            f"{name}:1",
        ),
        Sort.QUEUE: (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",),
        Sort.TOPIC: (topic,),
        Sort.SUBSCRIPTION: (f"{topic}:0f5d1c5e-6f0f-4b7e-9a55-3c1f3b0e8f11",),
        Sort.TABLE: (name, f"arn:aws:dynamodb:{here}:table/{name}"),
        Sort.RULE: (name, f"arn:aws:events:{here}:rule/{name}"),
    }
    return told.get(sort, (name,))


def cases() -> Iterator[Case]:
    """Every call of the table that its parameters tell on every part of its sort."""
    for row in TAMPERING:
        for call in row.calls if row.places else ():
            for name in names_of(row.sort):
                yield Case(row, call, name)


def placed(row: Row, text: str, place: str = "") -> dict[str, Any]:
    """The parts of a record in which a call names something."""
    path = (place or row.places[0]).split(".")
    if row.sort is Sort.MAPPING and not place:
        path = row.places[1].split(".")
    value: Any = [text] if path[-1].endswith("s") and path[-1] != "resources" else text
    for name in reversed(path[1:]):
        value = {name: value}
    if path[0] == "resources":
        value = [{"accountId": ACCOUNT, **value}]
    return {"requestParameters": None, path[0]: value}


def record_of(service: str, event_name: str, **fields: Any) -> dict[str, Any]:
    """A record; `fields` replace or add to its own."""
    return {
        "eventVersion": "1.11",
        "userIdentity": SOMEBODY,
        "eventTime": "2026-11-22T06:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": event_name,
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.31",
        "requestParameters": None,
        "responseElements": None,
        "eventID": "0f5d1c5e-6f0f-4b7e-9a55-3c1f3b0e8f11",
        "recipientAccountId": ACCOUNT,
    } | fields


def tamper_event(case: Case, text: str = "", **fields: Any) -> dict[str, Any]:
    """A successful call, as EventBridge delivers it."""
    parts = placed(case.row, text or spelled(case.row.sort, case.name)[0])
    return envelope(record_of(case.row.service, case.event_name, **parts | fields))


def refused_event(case: Case, **fields: Any) -> dict[str, Any]:
    """A refused call: no parameters, the part in the message alone."""
    who = f"arn:aws:iam::{ACCOUNT}:user/ada"
    target = resource(case.row, case.name)
    message = (
        f"User: {who} is not authorized to perform: {case.row.service}:{case.call} on resource: "
        f"{target} because no identity-based policy allows it"
    )
    denied: Mapping[str, Any] = {"errorCode": "AccessDenied", "errorMessage": message}
    return envelope(record_of(case.row.service, case.event_name, **{**denied, **fields}))


def resource(row: Row, name: str) -> str:
    """What the message of a refused call says: an ARN, of a role its name, of a filter its log."""
    if row.sort is Sort.ROLE:
        return f"role {name}"
    if row.sort in (Sort.TRAIL_LOG, Sort.FILTER):
        return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{PARTS.trail_log}:log-stream:"
    if name.startswith("arn:"):
        return name
    service, part = SORTS[row.sort].arn.split(" ", 1)
    if row.sort is Sort.STACK:
        name = f"{name}/0f5d1c5e"
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{part.format(name)}"
