"""The template's parameters: described, checked, with Astronomer's names as their defaults."""

import json
import tomllib
from pathlib import Path

import pytest

from policy_monitor.settings import Settings
from policy_monitor.severities import NAMES, read_severities
from policy_monitor_cli.intrinsics import parse_yaml
from policy_monitor_cli.template import TemplateError, load_template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
DECLARED = load_template(TEMPLATE).declared
# CloudFormation's quotas: "Parameters", size of a value in bytes.
MOST_CHARACTERS = 4_096
HOME_REGIONS = ("us-east-1", "us-gov-west-1", "cn-north-1")

ACCEPTED = {
    "RoleName": ["vendor", "a+b=c.d@e-f_1", "x" * 64],
    "PolicyName": ["VendorAccess", "x" * 128],
    "BoundaryNamePart": ["Boundary", "Vend"],
    "VendorAccountIds": ["406882777402", "406882777402,123456789012"],
    "EmailAddress": ["", "security@example.com", "a.b+c@mail.example.co.uk"],
    "AlarmEmailAddress": ["", "oncall@example.com"],
    "SlackWebhook": [
        "",
        "/policy-monitor/webhook",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:slack/webhook-AbCdEf",
        "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:webhook-AbCdEf",
    ],
    "CentralEventBusArn": [
        "",
        "arn:aws:events:us-east-1:123456789012:event-bus/policy-monitor",
        "arn:aws-us-gov:events:us-gov-west-1:123456789012:event-bus/default-of-ours",
    ],
    "DigestSchedule": ["", "cron(0 8 ? * MON *)", "cron(30 6 ? * MON-FRI *)", "rate(7 days)"],
    "NotifyVerdicts": ["expansion", "expansion,mixed,undetermined"],
    "ReportBucket": ["", "audit", "audit.example.com", "0-9", "x" * 63],
    "Severities": [
        "",
        '{"gained-list":"info"}',
        '{ "ssm-001" : "critical" , "own-permissions": "high" }',
    ],
    "KeyArn": [
        "",
        "arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ],
    "TrailLogGroupName": ["", "aws-cloudtrail-logs-123456789012-abcd", "/org/trail_1.logs#a"],
}

REFUSED = {
    "RoleName": ["", "arn:aws:iam::123456789012:role/vendor", "a,b", "a b", "x" * 65],
    "PolicyName": ["", "arn:aws:iam::123456789012:policy/p", "Vendor*", "x" * 129],
    "BoundaryNamePart": ["", "abc", "*", "Op?ration"],
    "VendorAccountIds": ["", "4068", "406882777402, 123456789012", "406882777402,"],
    "EmailAddress": ["nobody", "a@b", "a@b.c,d@e.f", "Ada <ada@example.com>"],
    "AlarmEmailAddress": ["nobody"],
    "SlackWebhook": [
        "https://hooks.slack.com/services/T0/B0/x",
        "webhook",
        "arn:aws:ssm:us-east-1:123456789012:parameter/webhook",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhook-AbCdEf",
    ],
    "NotifyVerdicts": ["", "all", "expansion, mixed", "Expansion"],
    "AmazonQTopic": ["yes"],
    "SecondOpinion": ["yes"],
    "ReportBucket": [
        "ab",
        "Audit",
        "s3://audit",
        "arn:aws:s3:::audit",
        "audit/",
        "-audit",
        "x" * 64,
    ],
    "CentralEventBusArn": [
        "policy-monitor",
        "arn:aws:events:us-east-1:123456789012:event-bus/default",
        "arn:aws:events:us-east-1:123456789012:rule/policy-monitor",
    ],
    "DigestSchedule": ["weekly", "rate(1 minute)", "cron(0 8)", "cron(0 8 ? * MON *) "],
    "Severities": ["high", "{}", '{"gained-list": "urgent"}', '{"gained-list": "low",}', "[]"],
    "KeyArn": [
        "alias/mine",
        "arn:aws:kms:us-east-1:123456789012:alias/mine",
        "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-cn:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-iso:kms:us-iso-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ],
    "TrailLogGroupName": ["arn:aws:logs:us-east-1:123456789012:log-group:trail", "a b", "x" * 513],
    "DeletionProtection": ["yes"],
    "LogRetentionDays": ["13"],
    "LogLevel": ["debug"],
    "ReconcileMinutes": ["1", "1440"],
}


@pytest.mark.parametrize("name", DECLARED)
def test_each_parameter_is_described_has_a_default_and_is_checked(name: str) -> None:
    parameter = DECLARED[name]
    assert len(parameter["Description"]) > 20
    assert "Default" in parameter
    if "AllowedValues" not in parameter:
        assert parameter["AllowedPattern"]
        assert parameter["ConstraintDescription"].startswith("must be ")
    assert name in REFUSED


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in ACCEPTED for value in ACCEPTED[name]]
)
def test_what_a_customer_may_enter_is_accepted(name: str, value: str) -> None:
    assert load_template(TEMPLATE, {name: value}).parameters[name] == value


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in REFUSED for value in REFUSED[name]]
)
def test_what_would_not_work_is_refused_by_name_with_the_remedy(name: str, value: str) -> None:
    with pytest.raises(TemplateError, match=f"^{name}: .* is refused: must be"):
        load_template(TEMPLATE, {name: value})


def test_every_parameter_is_used_labelled_and_in_one_group() -> None:
    source = parse_yaml(TEMPLATE.read_text())
    interface = source["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(DECLARED) == sorted(interface["ParameterLabels"])
    used = json.dumps([source[part] for part in ("Conditions", "Globals", "Resources")])
    for name in DECLARED:
        assert f'"{name}"' in used or f"${{{name}}}" in used


def test_the_defaults_are_what_the_domain_takes_for_astronomer() -> None:
    environment = load_template(TEMPLATE).functions["DetectFunction"].environment
    given = Settings.from_environment(environment)
    assert given._replace(parts=Settings().parts) == Settings()


def test_what_a_customer_enters_reaches_the_domain() -> None:
    parameters = {
        "RoleName": "vendor",
        "PolicyName": "VendorAccess",
        "BoundaryNamePart": "VendorLimit",
        "VendorAccountIds": "111111111111,222222222222",
        "NotifyVerdicts": "expansion,mixed",
        "Severities": '{"ssm-001": "critical", "gained-list": "info"}',
    }
    environment = load_template(TEMPLATE, parameters).functions["JudgeFunction"].environment
    assert Settings.from_environment(environment) == Settings(
        roles=("vendor",),
        policies=("VendorAccess", "*VendorLimit*"),
        vendor_accounts=("111111111111", "222222222222"),
        notify=("expansion", "mixed"),
        severities=(("gained-list", "info"), ("ssm-001", "critical")),
    )


def test_every_rule_and_path_can_be_given_another_severity() -> None:
    text = json.dumps(dict.fromkeys(sorted(NAMES), "low"))
    assert load_template(TEMPLATE, {"Severities": text}).parameters["Severities"] == text
    assert len(text) <= MOST_CHARACTERS
    assert len(read_severities(text, "SEVERITIES")) == len(NAMES)


@pytest.mark.parametrize("region", HOME_REGIONS)
def test_the_home_region_of_each_partition_is_accepted(region: str) -> None:
    assert load_template(TEMPLATE, {"AWS::Region": region}).refusals == ()


@pytest.mark.parametrize(
    "region", ["eu-central-1", "us-west-2", "us-gov-east-1", "cn-northwest-1", "us-iso-east-1"]
)
def test_any_other_region_is_refused_with_the_reason_and_the_remedy(region: str) -> None:
    (sentence,) = load_template(TEMPLATE, {"AWS::Region": region}).refusals
    assert "would never see a change" in sentence
    for home in HOME_REGIONS:
        assert home in sentence


@pytest.mark.parametrize("environment", ["default", "prod"])
def test_both_environments_deploy_without_naming_an_account(environment: str) -> None:
    text = TEMPLATE.with_name("samconfig.toml").read_text()
    config = tomllib.loads(text)[environment]
    assert config["global"]["parameters"]["region"] == "us-east-1"
    assert config["global"]["parameters"]["stack_name"].startswith("policy-monitor")
    assert config["validate"]["parameters"] == {"lint": True}
    deploy = config["deploy"]["parameters"]
    assert deploy["capabilities"] == "CAPABILITY_IAM"
    assert deploy["resolve_s3"] is True
    assert deploy["confirm_changeset"] is True
    assert "s3_bucket" not in text
