"""The template's resources, made in the emulated account, and what moves between them.

moto has no Lambda target for rules and topics: where the template names a function, an SQS queue
stands before it, and `handlers` carries what it holds to the function. Which event or message
reaches which queue is decided by the template's own patterns and subscriptions.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from policy_monitor.errors import InputError
from policy_monitor_cli.local_aws import REGION, LocalAws
from policy_monitor_cli.template import FUNCTION, EventSourceMapping, Template, load_template

WEBHOOK_PARAMETER = "/policy-monitor/slack-webhook"
EMAIL_ADDRESS = "security@example.com"

STREAM_BATCH = 1000
QUEUE_BATCH = 10


def template_path() -> Path:
    """Where template.yaml lies: beside this package, in the project's checkout.

    Raises
    ------
    InputError
        This package was installed without the project.
    """
    path = Path(__file__).parents[2] / "template.yaml"
    if not path.exists():
        raise InputError(
            "--through handlers: template.yaml and functions/ are not installed with this command; "
            "run it from a checkout of the project, after `make setup`"
        )
    return path


@dataclass(frozen=True, slots=True)
class Email:
    """A message of a topic as an e-mail subscription gets it; `finding` is its default form."""

    subject: str
    text: str
    finding: Mapping[str, Any]


class LocalStack:
    """A stack of the template in an emulated account.

    Parameters
    ----------
    parameters : Mapping[str, str]
        The template's parameters, where they differ from their defaults.
    webhook_url : str
        What the SecureString parameter of the Slack webhook holds.
    mask_key : str
        What the stack's secret holds, which in AWS is random.

    Raises
    ------
    InputError
        CloudFormation would refuse these parameters.
    """

    def __init__(
        self,
        aws: LocalAws,
        path: Path,
        parameters: Mapping[str, str],
        webhook_url: str,
        mask_key: str,
    ) -> None:
        self._aws = aws
        self._mask_key = mask_key
        self._sqs = aws.client("sqs")
        self._streams = aws.client("dynamodbstreams")
        given = {
            "SlackWebhook": WEBHOOK_PARAMETER,
            "EmailAddress": EMAIL_ADDRESS,
            "AWS::AccountId": aws.account,
            "AWS::Region": REGION,
            **parameters,
        }
        plan = load_template(path, given)
        if plan.refusals:
            raise InputError(f"{path.name}: {plan.refusals[0]}")
        aws.client("ssm").put_parameter(
            Name=given["SlackWebhook"], Value=webhook_url, Type="SecureString"
        )
        attributes = dict(self._made(plan))
        self.template: Template = load_template(path, given, attributes)
        self.table: str = attributes[_only(plan, "AWS::DynamoDB::Table")]
        self._hear()
        self._topics = {
            resource.logical_id: attributes[resource.logical_id]
            for resource in plan.of_type("AWS::SNS::Topic")
        }
        self._queues: dict[tuple[str, str], str] = {}
        self._route()
        self._stream_arn = attributes[f"{self.table}.StreamArn"]
        stream = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]
        self._last_read = dict.fromkeys((shard["ShardId"] for shard in stream["Shards"]), "")

    def put_event(self, event: Mapping[str, Any]) -> None:
        """Put an event on the default bus; the rules decide who gets it."""
        self._aws.client("events").put_events(
            Entries=[
                {
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Detail": json.dumps(event["detail"]),
                    "Time": event["time"],
                    "Resources": event.get("resources", []),
                }
            ]
        )

    def events_for(self, function: str) -> Iterator[dict[str, Any]]:
        """Take the events that rules have sent to a function."""
        for body in self._received("events", function):
            # moto leaves out the account, which EventBridge always gives.
            yield {**json.loads(body), "account": self._aws.account}

    def notifications_for(self, function: str) -> Iterator[dict[str, Any]]:
        """Take what topics have sent to a function, each as the event that Lambda would make."""
        for body in self._received("notifications", function):
            message = json.loads(body)
            yield {
                "Records": [
                    {
                        "EventSource": "aws:sns",
                        "EventVersion": "1.0",
                        "EventSubscriptionArn": message["TopicArn"] + ":local",
                        "Sns": {"Subject": None, "MessageAttributes": {}, **message},
                    }
                ]
            }

    def stream_records(self) -> list[dict[str, Any]]:
        """Take the ledger's stream records that are new, in order."""
        records: list[dict[str, Any]] = []
        for shard, last in self._last_read.items():
            # A new iterator each time: moto's are blind after a transaction that was cancelled.
            start = {"ShardIteratorType": "TRIM_HORIZON"}
            if last:
                start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last}
            iterator = self._streams.get_shard_iterator(
                StreamArn=self._stream_arn, ShardId=shard, **start
            )["ShardIterator"]
            page = self._streams.get_records(ShardIterator=iterator, Limit=STREAM_BATCH)
            records += (_plain(record) for record in page["Records"])
            if page["Records"]:
                self._last_read[shard] = page["Records"][-1]["dynamodb"]["SequenceNumber"]
        return records

    def emails(self) -> list[Email]:
        """What e-mail subscriptions were sent so far; alarms' topics are not among them."""
        from moto.sns.models import sns_backends  # noqa: PLC0415 (a development requirement)

        backend = sns_backends[self._aws.account][REGION]
        sent = []
        for subscription in self.template.subscriptions:
            if subscription.protocol != "email":
                continue
            topic = backend.topics[self._topics[subscription.topic]]
            for _, message, subject, _, _ in topic.sent_notifications:
                forms = json.loads(message)
                text = forms.get("email", forms["default"])
                sent.append(Email(subject or "", text, json.loads(forms["default"])))
        return sent

    def _made(self, plan: Template) -> Iterator[tuple[str, Any]]:
        """Make what holds data; physical values by logical id and attribute."""
        dynamodb, sns = self._aws.client("dynamodb"), self._aws.client("sns")
        secrets = self._aws.client("secretsmanager")
        for resource in plan.resources.values():
            name, properties = resource.logical_id, resource.properties
            match resource.type:
                case "AWS::DynamoDB::Table":
                    table = dynamodb.create_table(
                        TableName=name,
                        AttributeDefinitions=properties["AttributeDefinitions"],
                        KeySchema=properties["KeySchema"],
                        BillingMode=properties["BillingMode"],
                        StreamSpecification={
                            "StreamEnabled": True,
                            **properties["StreamSpecification"],
                        },
                    )["TableDescription"]
                    yield name, name
                    yield f"{name}.Arn", table["TableArn"]
                    yield f"{name}.StreamArn", table["LatestStreamArn"]
                case "AWS::SNS::Topic":
                    yield name, sns.create_topic(Name=name)["TopicArn"]
                case "AWS::SQS::Queue":
                    yield from self._made_queue(name)
                case "AWS::Events::Archive":
                    self._make_archive(name, properties)
                    yield name, name
                case _ if resource.type == FUNCTION:
                    queue = _queue_name("events", name)
                    yield f"{name}.Arn", f"arn:aws:sqs:{REGION}:{self._aws.account}:{queue}"
                case "AWS::SecretsManager::Secret":
                    made = secrets.create_secret(Name=name, SecretString=self._mask_key)
                    yield name, made["ARN"]

    def _made_queue(self, name: str) -> Iterator[tuple[str, str]]:
        url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        yield name, url
        yield f"{name}.Arn", asked["Attributes"]["QueueArn"]

    def _make_archive(self, name: str, properties: Mapping[str, Any]) -> None:
        self._aws.client("events").create_archive(
            ArchiveName=name,
            EventSourceArn=f"arn:aws:events:{REGION}:{self._aws.account}:event-bus/default",
            EventPattern=json.dumps(properties["EventPattern"]),
        )

    def _hear(self) -> None:
        """What the template takes for granted: a trail that logs."""
        self._aws.client("s3").create_bucket(Bucket="trail")
        cloudtrail = self._aws.client("cloudtrail")
        cloudtrail.create_trail(Name="trail", S3BucketName="trail", IsMultiRegionTrail=True)
        cloudtrail.start_logging(Name="trail")

    def _route(self) -> None:
        """Rules and subscriptions, with a queue where the template names a function."""
        events, sns = self._aws.client("events"), self._aws.client("sns")
        for rule in self.template.rules:
            if rule.pattern is None:
                continue
            events.put_rule(Name=rule.logical_id, EventPattern=json.dumps(rule.pattern))
            targets = [
                {"Id": function, "Arn": self._queue_before(function, "events")}
                for function in rule.targets
            ]
            events.put_targets(Rule=rule.logical_id, Targets=targets)
        for subscription in self.template.subscriptions:
            is_function = subscription.protocol == "lambda"
            properties = subscription.properties
            attributes = {
                key: json.dumps(properties[key]) if key == "FilterPolicy" else properties[key]
                for key in ("FilterPolicy", "FilterPolicyScope")
                if key in properties
            }
            sns.subscribe(
                TopicArn=self._topics[subscription.topic],
                Protocol="sqs" if is_function else subscription.protocol,
                Endpoint=self._queue_before(subscription.endpoint, "notifications")
                if is_function
                else subscription.endpoint,
                Attributes=attributes,
            )

    def _queue_before(self, function: str, what: str) -> str:
        """The ARN of the queue that stands before a function."""
        name = _queue_name(what, function)
        attributes = dict(self._made_queue(name))
        self._queues[what, function] = attributes[name]
        return attributes[f"{name}.Arn"]

    def _received(self, what: str, function: str) -> Iterator[str]:
        url = self._queues.get((what, function))
        while url:
            answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=QUEUE_BATCH)
            messages = answer.get("Messages", [])
            for message in messages:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"]
            if len(messages) < QUEUE_BATCH:
                return


def passes(mapping: EventSourceMapping, record: Mapping[str, Any]) -> bool:
    """Whether a stream record passes a mapping's filters; moto's matcher of patterns decides."""
    from moto.events.models import EventPattern  # noqa: PLC0415 (a development requirement)

    event: Any = record
    patterns = [EventPattern.load(json.dumps(pattern)) for pattern in mapping.filters]
    return not patterns or any(pattern.matches_event(event) for pattern in patterns)


def _queue_name(what: str, function: str) -> str:
    return f"{what}-for-{function}"


def _only(plan: Template, resource_type: str) -> str:
    (resource,) = plan.of_type(resource_type)
    return resource.logical_id


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A stream record as Lambda would give it: JSON, its time a number, bytes in base64."""
    made: dict[str, Any] = json.loads(json.dumps(record, default=_as_json))
    return made


def _as_json(value: datetime | bytes) -> float | str:
    return b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()
