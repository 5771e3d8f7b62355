"""reconcile as it is deployed, against an emulated AWS with the parts of a stack in it.

moto has no event history: where CloudTrail would be asked for one, a recorded one answers.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from botocore.exceptions import ClientError
from functions.judge import app as judge_app
from functions.reconcile import app
from tests.accounts import PERIOD, REGION, RecordedHistory, later
from tests.contract.ledgers import ACCOUNT, TABLE, dynamodb
from tests.histories import ROLE, allow, trust
from tests.iam_events import iam_event
from tests.lambda_context import Context
from tests.tamper_events import physical

from policy_monitor import rules
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.errors import RetryableError
from policy_monitor.findings import Finding
from policy_monitor.mutations import ActorKind, MutationKind
from policy_monitor.parts import Parts
from policy_monitor.settings import DEFAULT_POLICY_PATTERNS
from policy_monitor.workings import LOOKED_TO

READ, WRITE = allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject")
DETECT = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:detect"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
RULE, POLICY_RULE = physical(rules.ROLE_RULE), physical(rules.POLICY_RULE)
ARCHIVE, QUEUE = physical("Archive"), physical("DeadLetterQueue")
START = "2126-11-22T06:00:00Z"


@dataclass
class World:
    """The emulated account; each run is a period after the one before."""

    policy: str
    ledger: DynamoDBLedger
    history: RecordedHistory = field(default_factory=RecordedHistory)
    now: str = START

    def reconcile(self, times: int = 1) -> None:
        context: Any = Context()
        for _ in range(times):
            self.now = later(self.now, PERIOD)
            app.handler({"source": "aws.events"}, context)
            self.judge()

    def judge(self) -> None:
        keys = {"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": "MUTATION#x"}}
        judge_app.handler({"Records": [{"dynamodb": {"Keys": keys}}]}, Context())

    def findings(self) -> list[Finding]:
        rows = self.ledger.snapshot().current.values()
        found = [self.ledger.finding(row.slot, row.finding_id) for row in rows]
        return sorted((finding for finding in found if finding), key=lambda finding: finding.slot)

    def told(self) -> list[tuple[str, str]]:
        """The findings of the monitor itself: sense lost or regained, and of what."""
        return [
            (finding.event_name, finding.subject.arn.rsplit(":", 1)[-1])
            for finding in self.findings()
            if finding.subject.type == "monitor"
        ]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    with dynamodb() as client:
        for name, value in made_stack().items():
            monkeypatch.setenv(name, value)
        made = World(made_role(), DynamoDBLedger(client, TABLE, ACCOUNT))
        for each in (app, judge_app):
            monkeypatch.setattr(each.metrics.provider, "namespace", "PolicyMonitor")
        monkeypatch.setattr(app, "now", lambda: made.now)
        monkeypatch.setattr(app, "event_history", lambda: made.history)
        forget()
        yield made
    forget()


def made_stack() -> dict[str, str]:
    """The stack's parts, and the environment that the template gives the function."""
    events, sqs, sns = boto3.client("events"), boto3.client("sqs"), boto3.client("sns")
    functions = made_functions()
    own = Parts("policy-monitor", KEY, "mask-key", tuple(made_streams(functions)))
    patterns = rules.patterns(ROLE, DEFAULT_POLICY_PATTERNS[0], "OperationalBoundary", own)
    for name in rules.RULES:
        events.put_rule(Name=physical(name), EventPattern=json.dumps(patterns[name]))
        events.put_targets(Rule=physical(name), Targets=[{"Id": "Detect", "Arn": DETECT}])
    events.create_archive(
        ArchiveName=ARCHIVE,
        EventSourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
        EventPattern=json.dumps(patterns[rules.ARCHIVE]),
    )
    topic = sns.create_topic(Name=physical("Topic"))["TopicArn"]
    alarms = sns.create_topic(Name=physical("AlarmTopic"))["TopicArn"]
    slack = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{functions['SlackFunction']}"
    for each in (topic, alarms):
        sns.subscribe(TopicArn=each, Protocol="lambda", Endpoint=slack)
    boto3.client("secretsmanager").create_secret(Name="mask-key", SecretString="k" * 32)
    boto3.client("s3").create_bucket(Bucket="audit-bucket")
    trails = boto3.client("cloudtrail")
    trails.create_trail(Name="audit", S3BucketName="audit-bucket", IsMultiRegionTrail=True)
    trails.start_logging(Name="audit")
    return {
        "TABLE_NAME": TABLE,
        "MASK_KEY_SECRET": "mask-key",
        "CODE_VERSION": "1",
        "POWERTOOLS_SERVICE_NAME": "policy-monitor",
        "POWERTOOLS_METRICS_NAMESPACE": "PolicyMonitor",
        "ROLE_NAME": ROLE,
        "POLICY_NAME": DEFAULT_POLICY_PATTERNS[0],
        "BOUNDARY_NAME_PART": "OperationalBoundary",
        "RULE_NAMES": ",".join(map(physical, rules.RULES)),
        "STACK_NAME": own.stack,
        "KEY_ARN": own.key,
        "MAPPING_IDS": ",".join(own.mappings),
        "DETECT_FUNCTION_ARN": DETECT,
        "ARCHIVE_NAME": ARCHIVE,
        "DEAD_LETTER_QUEUE_URL": sqs.create_queue(QueueName=QUEUE)["QueueUrl"],
        "TOPIC_ARN": topic,
        "FUNCTION_NAMES": ",".join(functions.values()),
        "ALARM_TOPIC_ARN": alarms,
        "EMAIL_ADDRESS": "",
        "ALARM_EMAIL_ADDRESS": "",
        "SLACK_FUNCTION_ARN": slack,
    }


def made_functions() -> dict[str, str]:
    """The functions that reconcile looks to: physical by logical names."""
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**service, "Action": "sts:AssumeRole"}]}
    made = boto3.client("iam").create_role(
        RoleName="functions", AssumeRolePolicyDocument=json.dumps(document)
    )
    for logical in LOOKED_TO:
        boto3.client("lambda").create_function(
            FunctionName=physical(logical),
            Role=made["Role"]["Arn"],
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": b"code"},
        )
    return {logical: physical(logical) for logical in LOOKED_TO}


def made_streams(functions: dict[str, str]) -> Iterator[str]:
    """The event source mappings; their ids.

    Of another table: moto would try to run a function for each row of the ledger.
    """
    table = boto3.client("dynamodb").create_table(
        TableName="streamed",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    for logical, pattern in rules.STREAM_FILTERS.items():
        made = boto3.client("lambda").create_event_source_mapping(
            FunctionName=functions[logical],
            EventSourceArn=table["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
            FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
        )
        yield made["UUID"]


def made_role() -> str:
    """The watched role, tagged, with its policy and a policy of its own; the policy's ARN."""
    iam = boto3.client("iam")
    iam.create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=json.dumps(trust()),
        Tags=[{"Key": "team", "Value": "data"}],
    )
    made = iam.create_policy(PolicyName=DEFAULT_POLICY_PATTERNS[0], PolicyDocument=json.dumps(READ))
    arn = made["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    iam.put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=json.dumps(READ))
    return arn


def forget() -> None:
    """A function's process ends: what it has made once is made anew."""
    for cached in (app.settings, app.client, judge_app.settings, judge_app.dynamodb):
        cached.cache_clear()
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    DEFAULT_PROVIDERS.clear()


def new_version(world: World, document: dict[str, Any]) -> dict[str, Any]:
    """Make a version in IAM; its CloudTrail record."""
    version = boto3.client("iam").create_policy_version(
        PolicyArn=world.policy, PolicyDocument=json.dumps(document), SetAsDefault=True
    )["PolicyVersion"]["VersionId"]
    event = iam_event(
        "CreatePolicyVersion",
        {
            "policyArn": world.policy,
            "policyDocument": json.dumps(document),
            "setAsDefault": True,
        },
        responseElements={"policyVersion": {"versionId": version, "isDefaultVersion": True}},
        eventTime=later(world.now, timedelta(minutes=1)),
    )
    record: dict[str, Any] = event["detail"]
    return record


def metric(output: str, name: str) -> list[float]:
    rows = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return [value for row in rows if name in row for value in row[name]]


def test_a_quiet_account_stays_quiet(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.reconcile(4)
    snapshot = world.ledger.snapshot()
    assert (snapshot.seq, snapshot.derived, snapshot.mutations) == (1, 1, ())
    (finding,) = world.findings()
    assert finding.kind == "baseline"
    assert "2 known actions" not in finding.summary
    assert "1 known action of 1 service" in finding.summary
    assert metric(capsys.readouterr().out, "BlindSenses") == [0, 0, 0, 0]


def test_what_no_event_told_becomes_drift(world: World) -> None:
    world.reconcile()
    new_version(world, WRITE)
    world.reconcile(3)
    (drift,) = world.ledger.snapshot().mutations
    assert drift.kind is MutationKind.DRIFT
    found = {(f.subject.type.value, f.verdict) for f in world.findings() if f.kind == "drift"}
    assert found == {("role", "expansion"), ("policy", "expansion")}


def test_what_the_event_history_tells_is_ingested_with_its_actor(world: World) -> None:
    world.reconcile()
    world.history.records = [new_version(world, WRITE)]
    world.reconcile(2)
    (mutation,) = world.ledger.snapshot().mutations
    assert mutation.kind is MutationKind.CHANGE
    assert mutation.actor.kind is ActorKind.CUSTOMER


def test_each_part_that_fails_is_told_once_and_again_when_it_works(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.reconcile(2)
    events, sqs = boto3.client("events"), boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    boto3.client("cloudtrail").stop_logging(Name="audit")
    events.disable_rule(Name=RULE)
    events.remove_targets(Rule=POLICY_RULE, Ids=["Detect"])
    sqs.send_message(QueueUrl=queue, MessageBody="lost")
    world.reconcile(2)
    assert sorted(world.told()) == [
        ("SenseLost", QUEUE),
        ("SenseLost", f"rule/{POLICY_RULE}"),
        ("SenseLost", f"rule/{RULE}"),
        ("SenseLost", "trail"),
    ]
    boto3.client("cloudtrail").start_logging(Name="audit")
    events.enable_rule(Name=RULE)
    events.put_targets(Rule=POLICY_RULE, Targets=[{"Id": "Detect", "Arn": DETECT}])
    sqs.purge_queue(QueueUrl=queue)
    world.reconcile(2)
    assert sorted(world.told())[4:] == [
        ("SenseRegained", QUEUE),
        ("SenseRegained", f"rule/{POLICY_RULE}"),
        ("SenseRegained", f"rule/{RULE}"),
        ("SenseRegained", "trail"),
    ]
    assert metric(capsys.readouterr().out, "BlindSenses") == [0, 0, 4, 4, 0, 0]


def test_parts_that_are_gone_are_told(world: World) -> None:
    world.reconcile()
    events = boto3.client("events")
    boto3.client("cloudtrail").delete_trail(Name="audit")
    events.remove_targets(Rule=RULE, Ids=["Detect"])
    events.delete_rule(Name=RULE)
    events.delete_archive(ArchiveName=ARCHIVE)
    sns = boto3.client("sns")
    for each in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    world.reconcile()
    assert sorted(thing for _, thing in world.told()) == [
        f"archive/{ARCHIVE}",
        physical("AlarmTopic"),
        physical("Topic"),
        physical("Topic"),
        f"rule/{RULE}",
        "trail",
    ]


def test_what_the_monitor_works_and_speaks_by_is_looked_to(world: World) -> None:
    world.reconcile()
    client, sns = boto3.client("lambda"), boto3.client("sns")
    judge, detect = physical("JudgeFunction"), physical("DetectFunction")
    client.put_function_concurrency(FunctionName=detect, ReservedConcurrentExecutions=0)
    (mapping,) = client.list_event_source_mappings(FunctionName=judge)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    alarms = [
        each["SubscriptionArn"]
        for each in sns.list_subscriptions()["Subscriptions"]
        if each["TopicArn"].endswith(physical("AlarmTopic"))
    ]
    sns.unsubscribe(SubscriptionArn=alarms[0])
    world.reconcile(2)
    assert sorted(thing for _, thing in world.told()) == sorted(
        (mapping["UUID"], physical("AlarmTopic"), detect)
    )


def test_a_failure_is_left_to_the_next_run_and_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.reconcile()
    new_version(world, WRITE)

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling"}}, "GetRole")

    with monkeypatch.context() as patched:
        patched.setattr(app.client("iam"), "get_role", refuse)
        with pytest.raises(RetryableError):
            world.reconcile()
    world.reconcile(2)
    assert len(world.ledger.snapshot().mutations) == 1
    # A run that failed says nothing of the senses, least of all that all is well.
    assert metric(capsys.readouterr().out, "BlindSenses") == [0, 0, 0]


def test_facts_that_are_not_judged_by_the_next_run_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.reconcile(2)
    boto3.client("cloudtrail").stop_logging(Name="audit")
    with monkeypatch.context() as patched:
        patched.setattr(world, "judge", lambda: None)
        world.reconcile(3)
    world.reconcile(3)
    # A fact is late once a run has left a note of it, and the next one finds it unjudged.
    assert metric(capsys.readouterr().out, "UnjudgedFacts") == [0, 0, 1, 1, 0, 0, 0]


def test_no_log_line_holds_a_document(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.reconcile()
    world.history.records = [new_version(world, WRITE), {"eventName": "PutRolePolicy"}]
    world.reconcile(3)
    logged = [str(vars(record)) for record in caplog.records]
    assert any("reconciled" in line for line in logged)
    assert not any("Statement" in line or "PutObject" in line for line in logged)
