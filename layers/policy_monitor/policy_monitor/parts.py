"""The parts that the monitor itself consists of: how the stack names them, and why each matters.

CloudFormation names what the template does not: "a unique physical ID" of the stack's name, the
logical id and some characters (CloudFormation User Guide, "Name type"), with hyphens between. How
it shortens long ones is nowhere stated, so reconcile checks that names are as they are taken to be
here (`vigilance`). A secret's name begins with the logical id; a key and an event source mapping
have ids alone.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Sort(StrEnum):
    """What sort of thing a part is, as people call it."""

    TRAIL = "trail"
    RULE = "rule"
    BUS = "event bus"
    ARCHIVE = "archive"
    FUNCTION = "function"
    MAPPING = "event source mapping"
    ROLE = "role"
    QUEUE = "queue"
    TOPIC = "topic"
    SUBSCRIPTION = "subscription"
    TABLE = "table"
    KEY = "key"
    ALARM = "alarm"
    SECRET = "secret"  # noqa: S105 (a sort of thing, not a password)
    LOG_GROUP = "log group"
    TRAIL_LOG = "trail's log group"
    FILTER = "metric filter"
    STACK = "stack"


class Known(NamedTuple):
    """What is known of one sort.

    Attributes
    ----------
    arn : str
        The resource part of its ARN, with the service: ``{}`` stands for the name.
    logical : tuple[str, ...]
        The logical ids in the template; empty where parts are told in another way.
    consequence, remedy : str
        What a change may mean, as a clause, and what is to be done, as a sentence.
    """

    arn: str
    logical: tuple[str, ...]
    consequence: str
    remedy: str


FUNCTIONS = tuple(
    f"{name}Function" for name in ("Detect", "Judge", "Announce", "Slack", "Reconcile", "Report")
)
_UPDATE = "Update the stack, and see what else was done."

SORTS: Mapping[Sort, Known] = {
    Sort.TRAIL: Known(
        "cloudtrail trail/{}",
        (),
        "if no other trail logs IAM's changes, the monitor no longer hears of them as they happen",
        "Let a trail log all management events that write.",
    ),
    Sort.RULE: Known(
        "events rule/{}",
        (
            "RoleRule",
            "AttachmentRule",
            "PolicyRule",
            "TrailRule",
            "HearingRule",
            "WorkingRule",
            "KeepingRule",
            "SpeakingRule",
            "WarningRule",
            "LoggingRule",
            "CentralRule",
            "ReconcileFunctionSchedule",
            "ReportFunctionLook",
            "AnnounceFunctionDigest",
        ),
        "the monitor may no longer be woken by what it watches",
        "Update the stack, or put the rule and its target back by hand.",
    ),
    Sort.BUS: Known(
        "events event-bus/{}",
        (),
        "events may no longer reach the monitor",
        "See that the default event bus takes and delivers events.",
    ),
    Sort.ARCHIVE: Known(
        "events archive/{}",
        ("Archive",),
        "events may no longer be kept for a replay",
        _UPDATE,
    ),
    Sort.FUNCTION: Known(
        "lambda function:{}",
        FUNCTIONS,
        "the monitor may no longer do what it is to do, or do something else",
        _UPDATE,
    ),
    Sort.MAPPING: Known(
        "lambda event-source-mapping:{}",
        (),
        "what is recorded may no longer be judged or told",
        _UPDATE,
    ),
    Sort.ROLE: Known(
        "iam role/{}",
        (*(name.replace("Function", "Role") for name in FUNCTIONS), "CentralBusRole"),
        "the monitor may no longer be allowed what it needs, or be allowed more than that",
        _UPDATE,
    ),
    Sort.QUEUE: Known(
        "sqs {}",
        ("DeadLetterQueue",),
        "what could not be delivered or handled may be lost",
        "Replay the archive, and update the stack.",
    ),
    Sort.TOPIC: Known(
        "sns {}",
        ("Topic", "ChatTopic", "AlarmTopic"),
        "findings or alarms may no longer reach people, or reach others",
        _UPDATE,
    ),
    Sort.SUBSCRIPTION: Known(
        "sns {}",
        ("Topic", "ChatTopic", "AlarmTopic"),
        "somebody who was told of findings or alarms may not be told any more",
        "Subscribe anew what is missing.",
    ),
    Sort.TABLE: Known(
        "dynamodb table/{}",
        ("Ledger",),
        "what was recorded may be lost, or no longer be judged",
        "Update the stack, or restore the table from its backup.",
    ),
    Sort.KEY: Known(
        "kms key/{}",
        ("Key",),
        "the monitor may no longer read, write or tell anything",
        "Cancel the key's deletion, enable it, or put its policy back.",
    ),
    Sort.ALARM: Known(
        "cloudwatch alarm:{}",
        (),
        "nobody may notice when the monitor fails",
        _UPDATE,
    ),
    Sort.SECRET: Known(
        "secretsmanager secret:{}",
        ("MaskKey",),
        "documents may no longer be compared with those that are recorded",
        "Restore the secret's value.",
    ),
    Sort.LOG_GROUP: Known(
        "logs log-group:{}",
        (),
        "what the monitor did may no longer be traced",
        _UPDATE,
    ),
    Sort.TRAIL_LOG: Known(
        "logs log-group:{}",
        (),
        "the alarm on the trail's log, a second pair of eyes, no longer sees a change",
        "Let the trail write to a log group again, and update the stack.",
    ),
    Sort.FILTER: Known(  # AWS gives it no ARN: calls on it are on its log group
        "logs metric-filter:{}",
        ("TrailFilter",),
        "the alarm on the trail's log, a second pair of eyes, may no longer see a change",
        _UPDATE,
    ),
    Sort.STACK: Known("cloudformation stack/{}", (), "", ""),
}


class Parts(NamedTuple):
    """The parts of one stack, as far as their names are not told by the stack's.

    Attributes
    ----------
    stack : str
        The stack's name; without it only what bears on any monitor is known (trails, the bus).
    key, secret : str
        ARNs.
    mappings : tuple[str, ...]
        Ids of the event source mappings.
    trail_log : str
        The log group of a trail, which is the customer's, and which the stack's filter reads.
    """

    stack: str = ""
    key: str = ""
    secret: str = ""
    mappings: tuple[str, ...] = ()
    trail_log: str = ""

    def named(self, sort: Sort, text: str) -> str:
        """The name of the part that a text names (a name, an ARN, a URL), or "" if it names none.

        Examples
        --------
        >>> Parts("monitor").named(Sort.RULE, "monitor-RoleRule-1AB2C3")
        'monitor-RoleRule-1AB2C3'
        >>> Parts("monitor").named(Sort.RULE, "monitor-prod-RoleRule-1AB2C3")
        ''
        """
        pieces = re.split(r"[:/]", text)
        if sort is Sort.TRAIL:
            return pieces[-1]
        if sort is Sort.TRAIL_LOG:  # its name may hold what parts others
            named_group = text.rpartition(":log-group:")[2].partition(":")[0]
            return self.trail_log if named_group == self.trail_log else ""
        named = (each for each in pieces if self._is(sort, each))
        if sort is Sort.MAPPING:  # told by its id, or by the function that it feeds
            return next(named, "") or self.named(Sort.FUNCTION, text)
        return next(named, "")

    def _is(self, sort: Sort, piece: str) -> bool:
        known: Mapping[Sort, tuple[str, ...]] = {
            Sort.BUS: ("default",),
            Sort.KEY: (self.key.rpartition("/")[2],),
            Sort.MAPPING: self.mappings,
            Sort.SECRET: self._secrets(),
            Sort.STACK: (self.stack,),
        }
        return bool(piece) and (
            piece in known[sort] if sort in known else self._is_named(sort, piece)
        )

    def _is_named(self, sort: Sort, name: str) -> bool:
        """Whether a generated name is that of one of the stack's parts of a sort."""
        start = f"{self.stack}-"
        if not self.stack or not name.startswith(start):
            return False
        logical, parted, rest = name.removeprefix(start).partition("-")
        if not parted or not rest:
            return False
        known = SORTS[sort].logical
        # Other logical ids of these two come and go with the template's parameters.
        ending = {Sort.ALARM: "Alarm", Sort.LOG_GROUP: "LogGroup"}.get(sort)
        return logical.endswith(ending) if ending else logical in known

    def _secrets(self) -> tuple[str, ...]:
        """The secret's name with the six characters that its ARN adds, and without."""
        name = self.secret.rpartition(":")[2]
        return (name, name.rpartition("-")[0])
