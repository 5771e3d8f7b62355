"""policy-monitor doctor on the template's own stack, deployed in an emulated account."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from tests.commands import Ran, Runner
from tests.deployed_stack import STACK, DeployedStack

from iamdiff import Access, Request, evaluate, parse_document
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.notebook import DynamoDBNotebook
from policy_monitor.errors import InputError
from policy_monitor.ledger import Genesis
from policy_monitor.notebook import Note
from policy_monitor.state import AccountState
from policy_monitor_cli import local_stack
from policy_monitor_cli.checkup import aws
from policy_monitor_cli.checkup.facts import Resource, StackFacts
from policy_monitor_cli.slack_receiver import Answer, SlackReceiver

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
WEBHOOK = "/policy-monitor/webhook"
ROLE = "astronomer-remote-management"
EXTERNAL_ID = "planted-external-id-7Q2x"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": [EXTERNAL_ID]}},
        }
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
WHERE = ("--region", "us-east-1")
DEPLOYED = ("doctor", "--stack", STACK, *WHERE)

type Doctor = Callable[..., Ran]

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")  # see deployed_stack


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackReceiver]:
    with SlackReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def stack(slack: SlackReceiver) -> Iterator[DeployedStack]:
    """A stack in which everything works; made once, since no run changes anything."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        # The ledger's stream wakes functions, which moto would run in a container.
        patch.setattr(LambdaFunction, "_invoke_lambda", lambda *_, **__: ("", False, ""))
        made = DeployedStack({"EmailAddress": "security@example.com", "SlackWebhook": WEBHOOK})
        made.client("ssm").put_parameter(Name=WEBHOOK, Type="SecureString", Value=slack.url)
        made.deploy()
        make_account(made)
        yield made


def make_account(made: DeployedStack) -> None:
    """What the account has beside the stack: a trail, the vendor's role, a baseline."""
    for bucket in ("trail", "reports"):
        made.client("s3").create_bucket(Bucket=bucket)
    trails = made.client("cloudtrail")
    trails.create_trail(
        Name="all", S3BucketName="trail", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True
    )
    trails.start_logging(Name="all")
    trails.put_event_selectors(
        TrailName="all",
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}],
    )
    iam = made.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    for name in ("AstronomerCrossAccountRole", "OperationalBoundary-1", "ours"):
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(POLICY))
    arn = f"arn:aws:iam::{ACCOUNT}:policy/AstronomerCrossAccountRole"
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    at = (made.client("dynamodb"), made.physical["Ledger"], ACCOUNT)
    read_at = (datetime.now(UTC) - timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ledger = DynamoDBLedger(*at)
    ledger.put_genesis(Genesis(read_at, AccountState(complete=True)), {})
    ledger.mark_derived(1)
    DynamoDBNotebook(*at).write(Note(read_at, 1))


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """One session for all runs: making one reads the models of a dozen services."""
    return boto3.Session()


@pytest.fixture
def doctor(
    run: Runner, stack: DeployedStack, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    """Run the command; the stack's list of resources is given the alarms that moto leaves out."""
    listed = aws.AwsAccount.stack

    def with_alarms(self: aws.AwsAccount, name: str) -> StackFacts:
        facts = listed(self, name)
        rows = [
            Resource(logical, physical, "AWS::CloudWatch::Alarm")
            for logical, physical in stack.alarms.items()
        ]
        return replace(facts, resources=(*facts.resources, *rows))

    monkeypatch.setattr(aws.AwsAccount, "stack", with_alarms)
    monkeypatch.setattr(boto3, "Session", lambda: session)
    return run


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The actions that are called, ``iam:GetRole``."""
    made: set[str] = set()
    make = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001 (where every call goes through)

    def recording(self: Any, operation: str, request: Any) -> Any:
        service = self.meta.service_model.signing_name
        made.add(f"{PREFIXES.get(service, service)}:{operation}")
        return make(self, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", recording)
    return made


def reported(ran: Ran) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(ran.out)
    return report


def lines(ran: Ran, status: str) -> list[str]:
    return [line["says"] for line in reported(ran)["lines"] if line["status"] == status]


# ------------------------------------------------------------------------------ what works


def test_a_stack_in_order_is_all_ok(doctor: Doctor, slack: SlackReceiver) -> None:
    ran = doctor(*DEPLOYED, "--format", "json", "--send-test")
    assert lines(ran, "failed") == []
    assert lines(ran, "warning") == []
    assert ran.status == 0
    report = reported(ran)
    assert report["schema"] == "policy-monitor/doctor/1"
    assert (report["account"], report["region"], report["stack"]) == (ACCOUNT, "us-east-1", STACK)
    assert report["counts"]["ok"] == len(report["lines"]) > 30
    assert {line["check"] for line in report["lines"]} >= {
        "alarms",
        "archive",
        "baseline",
        "dead letters",
        "documented alarm",
        "functions",
        "key",
        "ledger",
        "policies",
        "reconcile",
        "region",
        "role",
        "rules",
        "stack",
        "stream",
        "subscriptions",
        "trail",
        "trust",
        "webhook",
    }
    assert "this is a test" in slack.payloads[-1]["text"]


def test_people_read_it_within_80_columns_with_words_beside_the_colours(doctor: Doctor) -> None:
    ran = doctor(*DEPLOYED)
    assert ran.status == 0
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "\x1b" not in ran.out
    assert f"Stack {STACK} in account {ACCOUNT}, us-east-1" in ran.out
    assert "What the vendor's documented alarm does not see" in ran.out
    assert "The alarm waits for SetPolicyVersion, and IAM has no call of that name" in " ".join(
        ran.out.split()
    )
    assert re.search(r"^\d+ ok\.$", ran.out, re.MULTILINE)


def test_no_secret_is_shown(doctor: Doctor, slack: SlackReceiver) -> None:
    for output in ("text", "json"):
        ran = doctor(*DEPLOYED, "--format", output, "--send-test")
        assert EXTERNAL_ID not in ran.out + ran.err
        assert slack.url not in ran.out + ran.err


def test_without_send_test_nothing_is_posted(doctor: Doctor, slack: SlackReceiver) -> None:
    before = len(slack.payloads)
    assert doctor(*DEPLOYED).status == 0
    assert len(slack.payloads) == before


# ------------------------------------------------------------------------------ read only


PREFIXES = {"monitoring": "cloudwatch"}
"""Of actions, where it is not the name that requests are signed with."""
READING = ("BatchGet", "Describe", "Get", "List", "Query")


# Called for a ledger with long documents, and for a trail with selectors of its own, which moto
# does not say that one has; and what reading what is encrypted asks for.
UNSEEN = {"dynamodb:BatchGetItem", "cloudtrail:GetEventSelectors", "kms:Decrypt"}


def test_it_only_reads_and_the_documented_policy_allows_just_what_it_calls(
    doctor: Doctor, stack: DeployedStack, calls: set[str]
) -> None:
    secret = stack.client("secretsmanager").create_secret(Name="hook", SecretString="https://x/y")
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{stack.physical['Key']}"
    calls.clear()
    assert doctor(*DEPLOYED).status == 0
    given = [f"SlackWebhook={secret['ARN']}", f"KeyArn={key}", "ReportBucket=reports"]
    named = (word for each in given for word in ("--parameter", each))
    assert doctor("doctor", *WHERE, *named).status == 0
    for call in calls:
        assert call.partition(":")[2].startswith(READING), call
    needed = {call for call in calls if not call.startswith("sts:")} | UNSEEN
    text = (ROOT / "docs" / "operations.md").read_text()
    (block,) = re.findall(r"```json\n(\{\n  \"Version\".*?)\n```", text, re.DOTALL)
    document = json.loads(block)
    allowed = {action for row in document["Statement"] for action in row["Action"]}
    assert allowed == needed
    policy = parse_document(document)
    for action in needed:
        assert may(policy, stack, action), action
    assert not may(policy, stack, "iam:PutRolePolicy")


def may(policy: Any, stack: DeployedStack, action: str) -> bool:
    """Whether the documented policy, with its placeholders as they stand, allows an action."""
    resources = {
        "dynamodb": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/TABLE",
        "ssm": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/policy-monitor/webhook",
        "secretsmanager": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:hook-AbCdEf",
        "kms": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{stack.physical['Key']}",
    }
    resource = resources.get(action.partition(":")[0], "*")
    context = {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}
    request = Request(action, resource, f"arn:aws:iam::{ACCOUNT}:role/reader", context)
    return evaluate(Access((policy,)), request).allowed


def test_what_may_not_be_read_is_a_warning_that_names_the_action(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001 (where every call goes through)
    open_to_all = {"cloudformation", "sts"}

    def denying(self: Any, operation: str, request: Any) -> Any:
        if self.meta.service_model.signing_name in open_to_all:
            return make(self, operation, request)
        error = {"Error": {"Code": "AccessDenied", "Message": "no"}}
        raise ClientError(error, operation)  # type: ignore[arg-type]  # all that is read of it

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", denying)
    ran = doctor(*DEPLOYED, "--format", "json")
    assert ran.status == 0
    assert lines(ran, "failed") == []
    warned = [line for line in reported(ran)["lines"] if line["status"] == "warning"]
    assert any("are not compared with the template" in line["says"] for line in warned)
    for action in (
        "cloudtrail:DescribeTrails",
        "cloudwatch:DescribeAlarms",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "events:DescribeRule",
        "iam:GetRole",
        "kms:DescribeKey",
        "lambda:GetFunctionConfiguration",
        "logs:DescribeMetricFilters",
        "sns:ListSubscriptionsByTopic",
        "ssm:GetParameter",
    ):
        assert any(
            action in line["says"] and f"Allow {action} to" in line["remedy"] for line in warned
        ), action


# ------------------------------------------------------------------------------ what does not work


def test_each_part_that_is_broken_is_named_with_its_remedy(
    doctor: Doctor, stack: DeployedStack, slack: SlackReceiver
) -> None:
    """Everything at once: a part that is broken hides no other."""
    events, functions = stack.client("events"), stack.client("lambda")
    detect, rule = stack.physical["DetectFunction"], stack.physical["RoleRule"]
    mapping = stack.physical["JudgeFunctionMutations"]
    key, queue = stack.physical["Key"], stack.physical["DeadLetterQueue"]
    alarm = stack.alarms["FailuresAlarm"]
    trails, kms, sqs = stack.client("cloudtrail"), stack.client("kms"), stack.client("sqs")
    cloudwatch, logs = stack.client("cloudwatch"), stack.client("logs")
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    deaf = {"Version": "2012-10-17", "Statement": json.loads(policy)["Statement"][:1]}
    undone: list[Callable[[], Any]] = [
        lambda: trails.start_logging(Name="all"),
        lambda: events.enable_rule(Name=rule),
        lambda: functions.delete_function_concurrency(FunctionName=detect),
        lambda: functions.update_event_source_mapping(UUID=mapping, Enabled=True),
        lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy),
        lambda: sqs.purge_queue(QueueUrl=queue),
        lambda: cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="x"),
        lambda: logs.delete_metric_filter(logGroupName="trail", filterName="vendors"),
    ]
    try:
        trails.stop_logging(Name="all")
        events.disable_rule(Name=rule)
        functions.put_function_concurrency(FunctionName=detect, ReservedConcurrentExecutions=0)
        functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(deaf))
        sqs.send_message(QueueUrl=queue, MessageBody="x")
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="x")
        logs.create_log_group(logGroupName="trail")
        logs.put_metric_filter(
            logGroupName="trail",
            filterName="vendors",
            filterPattern="{ $.eventName = SetPolicyVersion }",
            metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
        )
        slack.answer_next(Answer(404, "no_service"))
        ran = doctor(*DEPLOYED, "--format", "json", "--send-test")
    finally:
        for undo in undone:
            undo()
    assert ran.status == 1
    failed = "\n".join(lines(ran, "failed"))
    for said in (
        "trail all is not logging",
        f"rule {rule} is disabled",
        "DetectFunction is switched off",
        "the event source mapping of",
        "cloudwatch.amazonaws.com may not use the key",
        "1 message lies in the dead-letter queue",
        "alarm FailuresAlarm rings",
        "the test message was refused: Slack: status 404: no_service",
    ):
        assert said in failed
    assert any("waits for SetPolicyVersion" in said for said in lines(ran, "warning"))
    assert all(line["remedy"] for line in reported(ran)["lines"] if line["status"] != "ok")


def test_a_table_of_a_newer_version_is_named(doctor: Doctor, stack: DeployedStack) -> None:
    table = boto3.resource("dynamodb", region_name="us-east-1").Table(stack.physical["Ledger"])
    head = {"pk": f"ACCOUNT#{ACCOUNT}", "sk": "HEAD"}
    old = table.get_item(Key=head)["Item"]["schema"]
    setting: dict[str, Any] = {
        "UpdateExpression": "SET #s = :s",
        "ExpressionAttributeNames": {"#s": "schema"},
    }
    try:
        table.update_item(Key=head, ExpressionAttributeValues={":s": 99}, **setting)
        ran = doctor(*DEPLOYED, "--format", "json")
    finally:
        table.update_item(Key=head, ExpressionAttributeValues={":s": old}, **setting)
    assert ran.status == 1
    (said,) = lines(ran, "failed")
    assert "newer version" in said
    assert "99" in said


# ------------------------------------------------------------------------------ before a deployment


def test_an_account_that_is_ready_is_said_to_be(doctor: Doctor) -> None:
    ran = doctor("doctor", *WHERE, "--format", "json")
    assert (ran.status, lines(ran, "failed"), lines(ran, "warning")) == (0, [], [])
    assert reported(ran)["stack"] is None
    checked = {line["check"] for line in reported(ran)["lines"]}
    assert checked == {"region", "trail", "role", "policies", "trust", "documented alarm"}


def test_parameters_are_checked_as_they_will_be(doctor: Doctor, stack: DeployedStack) -> None:
    iam = stack.client("iam")
    iam.create_role(RoleName="open", AssumeRolePolicyDocument=json.dumps(open_trust()))
    try:
        ran = doctor(
            "doctor",
            *WHERE,
            *("--parameter", "RoleName=open"),
            *("--parameter", "BoundaryNamePart=olic"),
            *("--parameter", "SlackWebhook=/nowhere"),
            *("--parameter", f"KeyArn=arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd"),
            *("--format", "json"),
        )
    finally:
        iam.delete_role(RoleName="open")
    assert ran.status == 1
    failed = "\n".join(lines(ran, "failed"))
    assert "/nowhere is not there" in failed
    assert "key/1234abcd is not there" in failed
    assert "arn:aws:iam::406882777402:root may assume the role without an external id" in failed


def open_trust() -> dict[str, Any]:
    statement = {name: TRUST["Statement"][0][name] for name in ("Effect", "Principal", "Action")}  # type: ignore[index]
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_another_region_is_said_to_see_nothing(doctor: Doctor) -> None:
    ran = doctor("doctor", "--region", "eu-central-1", "--format", "json")
    assert ran.status == 1
    assert any(
        "eu-central-1 sees no events of IAM" in said and "us-east-1" in said
        for said in lines(ran, "failed")
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stack", "none", *WHERE), "stack none: there is none in us-east-1"),
        (("--stack", STACK), "no AWS region is configured"),
        ((), "no AWS region is configured"),
        (("--region", "mars-1"), "mars-1: no region of AWS that is known here"),
        (("--stack", STACK, "--parameter", "RoleName=x", *WHERE), "a stack has its parameters"),
        (("--parameter", "RoleName", *WHERE), "write it as NAME=VALUE"),
        (("--parameter", "Rolename=x", *WHERE), "Rolename: the template has no such parameter"),
        (("--parameter", "BoundaryNamePart=*", *WHERE), "'*' is refused: must be 4 to 64 letters"),
        (
            ("--parameter", "SlackWebhook=https://hooks.slack.com/x", *WHERE),
            "the webhook's URL itself does not belong here",
        ),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    run: Runner, stack: DeployedStack, arguments: tuple[str, ...], said: str
) -> None:
    assert stack.physical
    ran = run("doctor", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_parameters_cannot_be_checked_without_the_template(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise InputError("not installed")

    monkeypatch.setattr(local_stack, "template_path", missing)
    ran = run("doctor", "--parameter", "RoleName=x", *WHERE)
    assert ran.status == 2
    assert "--parameter: template.yaml, which says what a parameter may be" in ran.err


@pytest.mark.parametrize("command", ["doctor", "history", "open"])
def test_a_profile_that_there_is_not_is_one_line(
    run: Runner, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobodys")
    ran = run(command, *DEPLOYED[1:])
    assert ran.status == 2
    assert "profile (nobodys) could not be found; `aws configure list-profiles` names" in ran.err
    assert ran.err.count("\n") == 1


def test_without_credentials_it_says_what_to_set(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    ran = run(*DEPLOYED)
    assert ran.status == 2
    assert "no AWS credentials that work" in ran.err
