"""central.yaml takes in what the stacks send, from the organization and nobody else."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tests.contract.ledgers import ACCOUNT
from tests.eventpatterns import check_event_pattern, matches
from tests.golden_messages import NAMES, golden_finding

from iamdiff import Access, Request, evaluate, parse_document
from policy_monitor.adapters.bus import DETAIL_TYPE, SOURCE, Bus
from policy_monitor.findings import Severity
from policy_monitor.messages.masking import masked
from policy_monitor_cli.template import Template, TemplateError, load_template

ROOT = Path(__file__).parents[2]
ORGANIZATION = {"OrganizationId": "o-exampleorg1"}
CENTRAL_ACCOUNT = "210987654321"
BUS_ARN = f"arn:aws:events:us-east-1:{CENTRAL_ACCOUNT}:event-bus/policy-monitor"
TOPIC_ARN = "Topic"  # what !Ref Topic comes to in a template that is not deployed


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="us-east-1")


def central(**parameters: str) -> Template:
    pseudo = {"AWS::AccountId": CENTRAL_ACCOUNT}
    return load_template(ROOT / "central.yaml", ORGANIZATION | pseudo | parameters)


def sending() -> Template:
    return load_template(ROOT / "template.yaml", {"CentralEventBusArn": BUS_ARN})


def pattern(template: Template, name: str) -> dict[str, Any]:
    return dict(template.resources[name].properties["EventPattern"])


def sent(aws: Any, message: dict[str, Any], monitor: str = TOPIC_ARN) -> dict[str, Any]:
    """The event that a rule of the default bus sees when announce hands over a message."""
    events, sqs = aws("events"), aws("sqs")
    url = sqs.create_queue(QueueName="seen")["QueueUrl"]
    events.put_rule(Name="all", EventPattern=json.dumps({"source": [SOURCE]}))
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:seen"
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])
    Bus(events, "default", monitor).send(message)
    (received,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    # EventBridge says whose event it is, moto does not.
    return {"account": ACCOUNT, **json.loads(received["Body"])}


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_goes_from_announce_by_both_rules_into_the_archive(aws: Any, name: str) -> None:
    finding = golden_finding(name)
    event = sent(aws, finding)
    assert event["detail"] == masked(finding)
    assert (event["source"], event["detail-type"]) == (SOURCE, DETAIL_TYPE)
    assert matches(pattern(sending(), "CentralRule"), event)
    made = central()
    assert matches(pattern(made, "Archive"), event)
    told = finding["severity"] in {"critical", "high", "medium"}
    assert matches(pattern(made, "Rule"), event) is told


def test_two_stacks_of_an_account_do_not_send_each_others_findings(aws: Any) -> None:
    event = sent(aws, golden_finding("expansion"), monitor="another stack's topic")
    assert not matches(pattern(sending(), "CentralRule"), event)


def test_an_event_of_another_account_is_not_passed_on(aws: Any) -> None:
    event = sent(aws, golden_finding("expansion")) | {"account": "999999999999"}
    assert not matches(pattern(sending(), "CentralRule"), event)


def test_the_rules_patterns_are_ones_that_eventbridge_takes() -> None:
    check_event_pattern(pattern(sending(), "CentralRule"))
    for name in ("Archive", "Rule"):
        check_event_pattern(pattern(central(), name))


def test_what_the_central_bus_refuses_for_a_day_is_a_dead_letter_and_delays_nothing() -> None:
    made = sending()
    (target,) = made.resources["CentralRule"].properties["Targets"]
    assert target["Arn"] == BUS_ARN
    assert target["RoleArn"] == "CentralBusRole.Arn"
    assert target["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 86400
    # announce itself speaks to its own account only.
    assert made.functions["AnnounceFunction"].environment["EVENT_BUS_NAME"] == "default"


def test_without_a_central_bus_nothing_is_sent_or_made() -> None:
    made = load_template(ROOT / "template.yaml")
    assert made.functions["AnnounceFunction"].environment["EVENT_BUS_NAME"] == ""
    assert not {"CentralRule", "CentralBusRole", "EventPutting"} & made.resources.keys()


# ------------------------------------------------------------------------------- who may send


def may_put(context: dict[str, Any]) -> bool:
    statement = dict(central().resources["BusPolicy"].properties["Statement"])
    statement["Resource"] = BUS_ARN
    document = parse_document({"Version": "2012-10-17", "Statement": [statement]})
    role = "arn:aws:iam::123456789012:role/CentralBusRole"
    request = Request("events:PutEvents", BUS_ARN, role, context)
    return evaluate(Access((document,)), request, kind="resource").allowed


GENUINE = {
    "aws:PrincipalOrgID": "o-exampleorg1",
    "events:source": (SOURCE,),
    "events:detail-type": (DETAIL_TYPE,),
}


def test_the_organizations_accounts_may_send_findings() -> None:
    assert may_put(GENUINE)


@pytest.mark.parametrize(
    "other",
    [
        {"aws:PrincipalOrgID": "o-anotherorg1"},
        {"events:source": (SOURCE, "aws.iam")},
        {"events:detail-type": ("AWS API Call via CloudTrail",)},
    ],
)
def test_nobody_else_may_and_nothing_else(other: dict[str, Any]) -> None:
    assert not may_put(GENUINE | other)
    without = {key: value for key, value in GENUINE.items() if key != "aws:PrincipalOrgID"}
    assert not may_put(without)


# ------------------------------------------------------------------------------- what it is made of


def test_everything_is_encrypted_with_its_key_and_kept_when_the_stack_goes() -> None:
    made = central().resources
    for name, key in {
        "Bus": "KmsKeyIdentifier",
        "Archive": "KmsKeyIdentifier",
        "Topic": "KmsMasterKeyId",
        "DeadLetterQueue": "KmsMasterKeyId",
    }.items():
        assert made[name].properties[key] == "Key.Arn"
    for name in ("Archive", "Key"):
        assert made[name].attributes["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize(
    ("name", "action"), [("Topic", "sns:Publish"), ("DeadLetterQueue", "sqs:*")]
)
def test_topic_and_queue_take_tls_only(name: str, action: str) -> None:
    document = central().resources[f"{name}Policy"].properties["PolicyDocument"]
    (deny,) = [row for row in document["Statement"] if row["Effect"] == "Deny"]
    assert (deny["Principal"], deny["Action"]) == ("*", action)
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nothing_binds_eventbridge_where_a_binding_would_silence_it() -> None:
    made = central().resources
    for document, sid in (
        (made["TopicPolicy"].properties["PolicyDocument"], "Findings"),
        (made["Key"].properties["KeyPolicy"], "RuleToTheTopicAndTheQueue"),
    ):
        (row,) = [row for row in document["Statement"] if row["Sid"] == sid]
        assert row["Principal"] == {"Service": "events.amazonaws.com"}
        assert "Condition" not in row


def test_what_the_rule_cannot_deliver_is_kept_and_rings() -> None:
    made = central().resources
    (target,) = made["Rule"].properties["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
    assert made["Bus"].properties["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
    document = made["DeadLetterQueuePolicy"].properties["PolicyDocument"]
    (allow,) = [row for row in document["Statement"] if row["Effect"] == "Allow"]
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": ["Rule.Arn", "Bus.Arn"]}}
    assert made["DeadLettersAlarm"].properties["AlarmActions"] == ["Topic"]


def test_the_buss_arn_is_what_the_key_is_bound_to() -> None:
    made = central(**{"AWS::StackName": "findings"})
    assert made.resources["Bus"].properties["Name"] == "findings"
    assert f":{CENTRAL_ACCOUNT}:event-bus/findings" in json.dumps(
        made.resources["Key"].properties["KeyPolicy"]
    )


def test_the_topic_tells_of_the_severities_that_are_wanted(aws: Any) -> None:
    event = sent(aws, golden_finding("expansion") | {"severity": "low"})
    assert not matches(pattern(central(), "Rule"), event)
    assert matches(pattern(central(Severities="high,low"), "Rule"), event)
    wanted = pattern(central(), "Rule")["detail"]["severity"]
    assert set(wanted) < {severity.value for severity in Severity}


@pytest.mark.parametrize(
    ("name", "value"),
    [("OrganizationId", "123456789012"), ("Severities", "high,urgent"), ("EmailAddress", "x")],
)
def test_what_would_not_work_is_refused_with_the_remedy(name: str, value: str) -> None:
    with pytest.raises(TemplateError, match=f"^{name}: .* is refused: must be"):
        central(**{name: value})


def test_the_organization_must_be_named() -> None:
    with pytest.raises(TemplateError, match="OrganizationId: the parameter has no default"):
        load_template(ROOT / "central.yaml")


def test_the_output_is_a_value_that_the_stacks_take() -> None:
    assert central().outputs["EventBusArn"]["Value"] == "Bus.Arn"
    assert sending().parameters["CentralEventBusArn"] == BUS_ARN
