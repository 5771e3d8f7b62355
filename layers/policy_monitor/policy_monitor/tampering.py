"""Which calls change the monitor itself: a table, and how a record is read by it.

CloudTrail writes the parameters of a call with a small first letter; Lambda's event names carry
the version of its API (``UpdateFunctionCode20150331v2``: Lambda Developer Guide, "Logging AWS
Lambda API calls using AWS CloudTrail"), so names are compared by their beginning. Parameter names
are those of the API references (`API_` and the call's name); a test holds them against botocore's.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from policy_monitor.parts import SORTS, Parts, Sort
from policy_monitor.recorded_call import is_omitted

PREFIX = "requestParameters."

CLOUDFORMATION = "cloudformation.amazonaws.com"

VERSIONED = "lambda"
"""The service whose event names carry a version."""


LONGEST = 1024
"""Characters of a name, an ARN or an address; AWS takes none as long."""

MOST_NAMES = 100
"""Alarms of one call (CloudWatch API reference, DeleteAlarms); of other parts there is one."""


class Row(NamedTuple):
    """Calls of one service on one sort of part.

    Attributes
    ----------
    service : str
        As in ``eventSource``, before ``.amazonaws.com``.
    calls : Mapping[str, str]
        How their names begin, and what they do to the part, in words.
    places : tuple[str, ...]
        Where in the record the part's name may stand: paths with dots. A list counts in full.
        None, where the message of a refused call alone names it.
    source : str
        Where AWS documents how the service records its calls.
    """

    service: str
    sort: Sort
    calls: Mapping[str, str]
    places: tuple[str, ...]
    source: str

    def deed(self, event_name: str) -> str:
        """What a call does to a part; "" where it is none of these."""
        if self.service != VERSIONED:
            return self.calls.get(event_name, "")
        begins = [name for name in self.calls if event_name.startswith(name)]
        return self.calls[max(begins, key=len)] if begins else ""


def _row(service: str, sort: Sort, calls: Mapping[str, str], parameters: str, source: str) -> Row:
    places = tuple(name if "." in name else f"{PREFIX}{name}" for name in parameters.split())
    return Row(service, sort, calls, places, source)


_CLOUDTRAIL = "CloudTrail API Reference; EventBridge Events Reference, AWS CloudTrail events"
_EVENTS = "EventBridge User Guide, Logging Amazon EventBridge API calls using AWS CloudTrail"
_LAMBDA = "Lambda Developer Guide, Logging AWS Lambda API calls using AWS CloudTrail"
_IAM = "IAM User Guide, Logging IAM and AWS STS API calls with AWS CloudTrail"
_SQS = "SQS Developer Guide, Logging Amazon SQS API calls using AWS CloudTrail"
_SNS = "SNS Developer Guide, Logging AWS SNS API calls using AWS CloudTrail"
_DYNAMODB = "DynamoDB Developer Guide, Logging DynamoDB operations by using AWS CloudTrail"
_KMS = "KMS Developer Guide, Logging AWS KMS API calls with AWS CloudTrail (ScheduleKeyDeletion)"
_ALARMS = "CloudWatch User Guide, Logging Amazon CloudWatch API operations with AWS CloudTrail"
_SECRETS = "Secrets Manager User Guide, Log AWS Secrets Manager events with AWS CloudTrail"
_LOGS = "CloudWatch Logs User Guide, Logging Amazon CloudWatch Logs API calls in AWS CloudTrail"
_STACKS = "CloudFormation User Guide, Logging AWS CloudFormation API calls with AWS CloudTrail"

TAMPERING: tuple[Row, ...] = (
    _row(
        "cloudtrail",
        Sort.TRAIL,
        {"StopLogging": "stopped", "DeleteTrail": "deleted", "UpdateTrail": "changed"},
        "name",
        _CLOUDTRAIL,
    ),
    _row(
        "cloudtrail",
        Sort.TRAIL,
        {"PutEventSelectors": "chose the events of"},
        "trailName",
        _CLOUDTRAIL,
    ),
    _row(
        "events",
        Sort.RULE,
        {"DisableRule": "disabled", "DeleteRule": "deleted", "PutRule": "changed"},
        "name",
        _EVENTS,
    ),
    _row(
        "events",
        Sort.RULE,
        {"PutTargets": "changed the targets of", "RemoveTargets": "removed targets of"},
        "rule",
        _EVENTS,
    ),
    _row("events", Sort.BUS, {"UpdateEventBus": "changed"}, "name", _EVENTS),
    _row(
        "events",
        Sort.ARCHIVE,
        {"UpdateArchive": "changed", "DeleteArchive": "deleted"},
        "archiveName",
        _EVENTS,
    ),
    _row(
        "lambda",
        Sort.FUNCTION,
        {
            "UpdateFunction": "changed",
            "DeleteFunction": "deleted",
            "DeleteFunctionCodeSigningConfig": "changed",
            "DeleteFunctionConcurrency": "lifted a limit of",
            "DeleteFunctionEventInvokeConfig": "changed",
            "DeleteFunctionUrlConfig": "changed",
            "PutFunction": "changed",
            "PutFunctionConcurrency": "limited",
            "PutRuntimeManagementConfig": "chose the runtime of",
            "CreateFunctionUrlConfig": "gave an address to",
            "AddPermission": "let somebody call",
            "RemovePermission": "forbade somebody to call",
        },
        "functionName",
        _LAMBDA,
    ),
    _row(
        "lambda",
        Sort.FUNCTION,
        {"PutResourcePolicy": "chose who may call", "DeleteResourcePolicy": "chose who may call"},
        "resourceArn",
        _LAMBDA,
    ),
    _row(
        "lambda",
        Sort.MAPPING,
        {"UpdateEventSourceMapping": "changed", "DeleteEventSourceMapping": "deleted"},
        # Pages show no record of these; the parameter is UUID in the API, and both are spellings
        # that a small first letter gives.
        "responseElements.functionArn uUID uuid",
        _LAMBDA,
    ),
    _row(
        "iam",
        Sort.ROLE,
        {
            "AttachRolePolicy": "attached a policy to",
            "DetachRolePolicy": "detached a policy from",
            "PutRolePolicy": "wrote an inline policy of",
            "DeleteRolePolicy": "deleted an inline policy of",
            "PutRolePermissionsBoundary": "set the permissions boundary of",
            "DeleteRolePermissionsBoundary": "removed the permissions boundary of",
            "UpdateAssumeRolePolicy": "replaced the trust policy of",
            "DeleteRole": "deleted",
            "UpdateRole": "changed",
        },
        "roleName",
        _IAM,
    ),
    _row(
        "sqs",
        Sort.QUEUE,
        {
            "SetQueueAttributes": "changed",
            "DeleteQueue": "deleted",
            "PurgeQueue": "emptied",
            "AddPermission": "let somebody use",
            "RemovePermission": "forbade somebody to use",
        },
        "queueUrl",
        _SQS,
    ),
    _row(
        "sns",
        Sort.TOPIC,
        {
            "SetTopicAttributes": "changed",
            "DeleteTopic": "deleted",
            "AddPermission": "let somebody use",
            "RemovePermission": "forbade somebody to use",
        },
        "topicArn",
        _SNS,
    ),
    _row("sns", Sort.TOPIC, {"PutDataProtectionPolicy": "changed"}, "resourceArn", _SNS),
    _row(
        "sns",
        Sort.SUBSCRIPTION,
        {"Unsubscribe": "ended", "SetSubscriptionAttributes": "changed"},
        "subscriptionArn",
        _SNS,
    ),
    _row(
        "dynamodb",
        Sort.TABLE,
        {
            "UpdateTable": "changed",
            "DeleteTable": "deleted",
            "UpdateContinuousBackups": "changed the backups of",
            "UpdateTimeToLive": "changed when rows expire of",
        },
        "tableName resources.ARN",
        _DYNAMODB,
    ),
    _row(
        "dynamodb",
        Sort.TABLE,
        {"PutResourcePolicy": "chose who may use", "DeleteResourcePolicy": "chose who may use"},
        "resourceArn resources.ARN",
        _DYNAMODB,
    ),
    _row(
        "kms",
        Sort.KEY,
        {
            "ScheduleKeyDeletion": "scheduled the deletion of",
            "DisableKey": "disabled",
            "PutKeyPolicy": "replaced the policy of",
            "RevokeGrant": "revoked a grant of",
        },
        "resources.ARN",  # whatever the call names the key by
        _KMS,
    ),
    _row(
        "monitoring",
        Sort.ALARM,
        {"DeleteAlarms": "deleted", "DisableAlarmActions": "silenced"},
        "alarmNames",
        _ALARMS,
    ),
    _row(
        "monitoring",
        Sort.ALARM,
        {"PutMetricAlarm": "changed", "PutCompositeAlarm": "changed", "SetAlarmState": "set"},
        "alarmName",
        _ALARMS,
    ),
    _row(
        "monitoring",
        Sort.ALARM,
        {"PutAlarmMuteRule": "muted"},
        "requestParameters.muteTargets.alarmNames",
        _ALARMS,
    ),
    _row(
        "secretsmanager",
        Sort.SECRET,
        {
            "DeleteSecret": "deleted",
            "PutSecretValue": "replaced the value of",
            "PutResourcePolicy": "chose who may read",
            "RotateSecret": "replaced the value of",
            "UpdateSecret": "changed",
        },
        "secretId",
        _SECRETS,
    ),
    _row(
        "logs",
        Sort.LOG_GROUP,
        {
            "DeleteLogGroup": "deleted",
            "DeleteLogStream": "deleted a stream of",
            "PutRetentionPolicy": "changed how long are kept the logs of",
        },
        "logGroupName",
        _LOGS,
    ),
    _row("logs", Sort.TRAIL_LOG, {"DeleteLogGroup": "deleted"}, "logGroupName", _LOGS),
    _row(
        "logs",
        Sort.FILTER,
        {"PutMetricFilter": "changed", "DeleteMetricFilter": "deleted"},
        "filterName",
        _LOGS,
    ),
    _row(
        "logs",
        Sort.TRAIL_LOG,
        # Of others' filters, too: what is refused is refused on the group, and names no filter
        # (Service Authorization Reference, Amazon CloudWatch Logs).
        {"PutMetricFilter": "changed a filter of", "DeleteMetricFilter": "deleted a filter of"},
        "",
        _LOGS,
    ),
    _row(
        "cloudformation",
        Sort.STACK,
        {
            "ExecuteChangeSet": "changed",
            "UpdateStack": "changed",
            "CancelUpdateStack": "stopped the change of",
            "ContinueUpdateRollback": "rolled back",
            "RollbackStack": "rolled back",
            "DeleteStack": "deleted",
        },
        "stackName",
        _STACKS,
    ),
)


class Touched(NamedTuple):
    """What a record says was changed of the monitor.

    Attributes
    ----------
    deed : str
        What was done, as a verb without its object.
    names : tuple[str, ...]
        The parts; empty where the record leaves them out.
    """

    sort: Sort
    deed: str
    names: tuple[str, ...]


def touched(record: Mapping[str, Any], parts: Parts) -> Touched | None:
    """What a call did, or tried to do, to the monitor; None where that is not what it is about.

    A record that names nothing at all is taken to be about the monitor: CloudTrail leaves
    parameters out, and what it left out may be the name. Not of roles: what IAM's records leave
    out is judged by what is watched (`events`).

    Parameters
    ----------
    record : Mapping
        A CloudTrail record with a name and a source.
    """
    for row in TAMPERING:
        if record["eventSource"] != f"{row.service}.amazonaws.com":
            continue
        if row.sort not in (Sort.TRAIL, Sort.BUS) and not parts.stack:
            continue
        deed = row.deed(record["eventName"])
        if not deed:
            continue
        texts = [text for place in row.places for text in _texts(record, place.split("."))]
        message = record.get("errorMessage")
        if not texts and isinstance(message, str):
            texts = list(_from_message(message, row.sort))
        elif not texts and row.places and row.sort is not Sort.ROLE:
            return Touched(row.sort, deed, ())
        found = dict.fromkeys(parts.named(row.sort, text[:LONGEST]) for text in texts)
        if names := tuple(name for name in found if name):
            return Touched(row.sort, deed, names[:MOST_NAMES])
    return None


def thing(sort: Sort, name: str, place: str, account: str) -> str:
    """The ARN of a part.

    Parameters
    ----------
    place : str
        ``partition:region``.
    """
    service, resource = SORTS[sort].arn.split(" ", 1)
    partition, region = place.split(":")
    where = "" if sort is Sort.ROLE else region
    return f"arn:{partition}:{service}:{where}:{account}:{resource.format(name)}"


def by_cloudformation(record: Mapping[str, Any]) -> bool:
    """Whether CloudFormation made a call on somebody's behalf; nobody else can write these.

    CloudTrail User Guide, "CloudTrail userIdentity element", invokedBy; "CloudTrail record
    contents", sourceIPAddress: of a call by a service, its name.
    """
    identity = record.get("userIdentity")
    via = identity.get("invokedBy") if isinstance(identity, Mapping) else None
    return CLOUDFORMATION in (via, record.get("sourceIPAddress"))


def _from_message(message: str, sort: Sort) -> Iterator[str]:
    """Of a refused call whose parameters are gone: what its message names.

    IAM User Guide, "Troubleshoot access denied error messages": "… is not authorized to perform:
    ACTION on resource: ARN because …"; IAM's own say "on resource: role NAME because …".
    """
    _, told, target = message.partition("on resource: ")
    if told:
        words = target.split()
        yield from words[1:2] if words[:1] == ["role"] else words[:1]
    elif sort is not Sort.TRAIL:
        yield from (word.strip(".,:;'\"()") for word in message.split())


def _texts(value: Any, path: list[str]) -> Iterator[str]:
    """The texts at a path; lists on the way are gone through, but for lists in lists."""
    if is_omitted(value):
        return
    if isinstance(value, list):
        for member in value:
            if not isinstance(member, list):
                yield from _texts(member, path)
    elif not path:
        if isinstance(value, str) and value:
            yield value
    elif isinstance(value, Mapping):
        yield from _texts(value.get(path[0]), path[1:])
