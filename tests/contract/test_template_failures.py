"""What the template does about failures and about people: dead letters, alarms, subscriptions."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.eventpatterns import matches

from policy_monitor_cli.template import Template, load_template

PATH = Path(__file__).parents[2] / "template.yaml"
EMAIL = {"EmailAddress": "security@example.com"}
SLACK = {"SlackWebhook": "/policy-monitor/webhook"}
REPORT = {"ReportBucket": "audit"}
CENTRAL = {"CentralEventBusArn": "arn:aws:events:us-east-1:210987654321:event-bus/policy-monitor"}

TRAIL = {"TrailLogGroupName": "aws-cloudtrail-logs"}

# The functions' own metrics, as their sources name them.
COUNTED = {
    name
    for source in PATH.parent.glob("functions/*/app.py")
    for name in re.findall(r'add_metric\(\s*(?:name=)?"(\w+)"', source.read_text())
}


@pytest.fixture(scope="module")
def template() -> Template:
    return load_template(PATH, EMAIL | SLACK | REPORT | TRAIL)


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics that an alarm watches, one or, through an expression, several."""
    if "Metrics" not in alarm:
        return [alarm]
    return [row["MetricStat"]["Metric"] for row in alarm["Metrics"] if "MetricStat" in row]


# ------------------------------------------------------------------------------- dead letters


@pytest.mark.parametrize("more", [{}, CENTRAL])
def test_the_rules_and_the_topic_may_leave_their_dead_letters(more: dict[str, str]) -> None:
    template = load_template(PATH, EMAIL | SLACK | more)
    policy = template.resources["DeadLetterQueuePolicy"].properties
    assert policy["Queues"] == ["DeadLetterQueue"]
    by_sid = {row["Sid"]: row for row in policy["PolicyDocument"]["Statement"]}
    rules = {
        f"{rule.logical_id}.Arn"
        for rule in template.rules
        for target in rule.target_properties
        if "DeadLetterConfig" in target
    }
    assert by_sid["Rules"]["Principal"] == {"Service": "events.amazonaws.com"}
    assert set(by_sid["Rules"]["Condition"]["ArnEquals"]["aws:SourceArn"]) == rules
    assert by_sid["Subscriptions"]["Principal"] == {"Service": "sns.amazonaws.com"}
    assert by_sid["Subscriptions"]["Condition"]["ArnEquals"]["aws:SourceArn"] == [
        "Topic",
        "AlarmTopic",
    ]
    for sid in ("Rules", "Subscriptions"):
        assert by_sid[sid]["Effect"] == "Allow"
        assert by_sid[sid]["Action"] == "sqs:SendMessage"
        assert by_sid[sid]["Resource"] == "DeadLetterQueue.Arn"


def test_what_a_rule_cannot_deliver_is_tried_again_and_kept(template: Template) -> None:
    for rule in template.rules:
        for target in rule.target_properties:
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] >= 60
            # The report's next look, five minutes later, does what this one did not.
            kept = target.get("DeadLetterConfig") == {"Arn": "DeadLetterQueue.Arn"}
            assert kept or rule.targets == ("ReportFunction",)


@pytest.mark.parametrize("name", ["AnnounceFunction", "DetectFunction", "SlackFunction"])
def test_what_an_asynchronous_call_fails_on_is_kept(template: Template, name: str) -> None:
    config = template.functions[name].properties["EventInvokeConfig"]
    assert config["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": "DeadLetterQueue.Arn",
    }
    # The most that Lambda takes: API reference, PutFunctionEventInvokeConfig.
    assert config["MaximumRetryAttempts"] == 2
    assert config["MaximumEventAgeInSeconds"] == 21600


def test_dead_letters_are_kept_as_long_as_sqs_keeps_anything(template: Template) -> None:
    queue = template.resources["DeadLetterQueue"].properties
    assert queue["MessageRetentionPeriod"] == 14 * 86400
    age = template.resources["DeadLetterAgeAlarm"].properties["Threshold"]
    assert age < queue["MessageRetentionPeriod"] - 86400


# ------------------------------------------------------------------------------- alarms


def test_at_most_four_metrics_are_paid_for_and_each_rings_an_alarm(template: Template) -> None:
    filtered = {
        each["MetricName"]
        for metric_filter in template.of_type("AWS::Logs::MetricFilter")
        for each in metric_filter.properties["MetricTransformations"]
    }
    assert 0 < len(COUNTED | filtered) <= 4
    watched = {
        metric["MetricName"]
        for alarm in template.of_type("AWS::CloudWatch::Alarm")
        for metric in metrics(dict(alarm.properties))
        if metric["Namespace"].startswith("PolicyMonitor")
    }
    assert watched == COUNTED | filtered


def test_there_are_at_most_ten_alarms_of_at_most_ten_metrics_each(template: Template) -> None:
    alarms = template.of_type("AWS::CloudWatch::Alarm")
    assert 0 < len(alarms) <= 10
    # CloudWatch User Guide, "Limits", alarms based on metric math expressions.
    assert all(len(metrics(dict(alarm.properties))) <= 10 for alarm in alarms)


def test_each_alarm_goes_to_the_alarms_topic_and_says_what_to_do(template: Template) -> None:
    for alarm in template.of_type("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"] == ["AlarmTopic"]
        assert alarm.properties["AlarmDescription"].startswith("policy-monitor - ")
        assert alarm.properties["TreatMissingData"] in {"breaching", "notBreaching"}


def test_each_alarm_watches_something_that_is_there(template: Template) -> None:
    for alarm in template.of_type("AWS::CloudWatch::Alarm"):
        for metric in metrics(dict(alarm.properties)):
            if alarm.logical_id == "TrailChangesAlarm":
                continue  # test_vendor_alarm.py
            ((name, value),) = ((row["Name"], row["Value"]) for row in metric["Dimensions"])
            match metric["Namespace"]:
                case "AWS/Lambda":
                    assert (name, value in template.functions) == ("FunctionName", True)
                case "AWS/SQS":
                    assert (name, value) == ("QueueName", "DeadLetterQueue.QueueName")
                case "PolicyMonitor":
                    # Powertools' dimension: the service, as the functions' environment names it.
                    environment = template.functions["DetectFunction"].environment
                    assert (name, value) == ("service", environment["POWERTOOLS_SERVICE_NAME"])
                    assert metric["MetricName"] in COUNTED
                case other:
                    pytest.fail(f"{alarm.logical_id}: {other} is no namespace of this stack")


@pytest.mark.parametrize("parameters", [{}, REPORT], ids=["bare", "report"])
def test_each_expression_is_over_all_the_metrics_beside_it(parameters: dict[str, str]) -> None:
    for alarm in load_template(PATH, parameters).of_type("AWS::CloudWatch::Alarm"):
        if rows := alarm.properties.get("Metrics"):
            (expression,) = [row["Expression"] for row in rows if "Expression" in row]
            names = re.findall(r"[a-z_]+", expression)
            assert names == [row["Id"] for row in rows if "MetricStat" in row]


def failures(template: Template, name: str) -> set[str]:
    watched = metrics(dict(template.resources["FailuresAlarm"].properties))
    return {row["Dimensions"][0]["Value"] for row in watched if row["MetricName"] == name}


def test_every_functions_errors_ring(template: Template) -> None:
    assert failures(template, "Errors") == set(template.functions)


def test_throttles_ring_where_no_iterator_age_tells_of_them(template: Template) -> None:
    readers = {mapping.function for mapping in template.event_source_mappings}
    # report looks again five minutes later by itself.
    assert failures(template, "Throttles") == set(template.functions) - readers - {"ReportFunction"}


def test_every_reader_of_the_stream_rings_when_it_falls_behind(template: Template) -> None:
    watched = metrics(dict(template.resources["IteratorAgeAlarm"].properties))
    readers = {mapping.function for mapping in template.event_source_mappings}
    assert {metric["Dimensions"][0]["Value"] for metric in watched} == readers


@pytest.mark.parametrize("minutes", ["5", "15", "60"])
def test_the_heartbeat_rings_only_when_runs_are_missing(minutes: str) -> None:
    template = load_template(PATH, {"ReconcileMinutes": minutes})
    (schedule,) = [rule for rule in template.rules if rule.targets == ("ReconcileFunction",)]
    assert schedule.schedule == f"rate({minutes} minutes)"
    alarm = template.resources["HeartbeatAlarm"].properties
    assert alarm["TreatMissingData"] == "breaching"
    silent = alarm["Period"] * alarm["EvaluationPeriods"]
    assert silent >= 2 * 60 * int(minutes)


# ------------------------------------------------------------------------------- subscriptions


def test_nobody_is_told_until_a_parameter_says_whom() -> None:
    template = load_template(PATH)
    assert template.subscriptions == ()
    assert "SlackAlarm" not in template.resources
    assert "SlackPermission" not in template.resources


def test_an_address_gets_findings_and_alarms() -> None:
    told = load_template(PATH, EMAIL).subscriptions
    assert [(row.topic, row.protocol, row.endpoint) for row in told] == [
        ("Topic", "email", "security@example.com"),
        ("AlarmTopic", "email", "security@example.com"),
    ]


@pytest.mark.parametrize("findings", ["", "security@example.com"])
def test_alarms_may_go_elsewhere(findings: str) -> None:
    parameters = {"EmailAddress": findings, "AlarmEmailAddress": "oncall@example.com"}
    told = load_template(PATH, parameters).subscriptions
    alarms = [row.endpoint for row in told if row.topic == "AlarmTopic"]
    assert alarms == ["oncall@example.com"]


@pytest.mark.parametrize(
    ("name", "topic"), [("SlackPermission", "Topic"), ("SlackAlarmPermission", "AlarmTopic")]
)
def test_slack_is_one_subscriber_among_others_with_dead_letters_of_its_own(
    name: str, topic: str
) -> None:
    template = load_template(PATH, SLACK)
    (slack,) = [row for row in template.subscriptions if row.topic == topic]
    assert (slack.protocol, slack.endpoint) == ("lambda", "SlackFunction")
    assert slack.properties["RedrivePolicy"] == {"deadLetterTargetArn": "DeadLetterQueue.Arn"}
    permission = template.resources[name].properties
    assert permission["FunctionName"] == "SlackFunction"
    assert permission["Principal"] == "sns.amazonaws.com"
    assert permission["SourceArn"] == topic


def test_every_alarm_but_that_about_slack_goes_to_slack(template: Template) -> None:
    (slack,) = [
        row
        for row in template.subscriptions
        if (row.topic, row.protocol) == ("AlarmTopic", "lambda")
    ]
    assert slack.properties["FilterPolicyScope"] == "MessageBody"
    policy = slack.properties["FilterPolicy"]
    reaching = {
        alarm.logical_id
        for alarm in template.of_type("AWS::CloudWatch::Alarm")
        if matches(policy, {"AlarmName": alarm.logical_id, "NewStateValue": "ALARM"})
    }
    alarms = {alarm.logical_id for alarm in template.of_type("AWS::CloudWatch::Alarm")}
    assert reaching == alarms - {"SlackAlarm"}


# ------------------------------------------------------------------------------- the digest


def test_the_digest_is_due_by_the_week_unless_it_is_set_or_switched_off() -> None:
    def due(**parameters: str) -> tuple[str | None, str]:
        template = load_template(PATH, parameters)
        (rule,) = [rule for rule in template.rules if rule.targets == ("AnnounceFunction",)]
        (properties,) = rule.target_properties
        return rule.schedule, properties["State"]

    assert due() == ("cron(0 8 ? * MON *)", "ENABLED")
    assert due(DigestSchedule="rate(1 day)") == ("rate(1 day)", "ENABLED")
    assert due(DigestSchedule="")[1] == "DISABLED"


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_amazon_qs_topic_is_there_where_it_is_asked_for(wanted: str) -> None:
    template = load_template(PATH, {"AmazonQTopic": wanted})
    topic = template.functions["AnnounceFunction"].environment["AMAZON_Q_TOPIC_ARN"]
    assert topic == ("ChatTopic" if wanted == "true" else "")
    for name in ("ChatTopic", "ChatTopicPolicy", "ChatTopicPublishing"):
        assert (name in template.resources) == (wanted == "true")
    assert ("AmazonQTopicArn" in template.outputs) == (wanted == "true")


def test_only_alarms_of_this_account_reach_the_alarms_topic(template: Template) -> None:
    policy = template.resources["AlarmTopicPolicy"].properties["PolicyDocument"]["Statement"]
    (allowed,) = [row for row in policy if row["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}


def test_what_an_operator_needs_is_an_output(template: Template) -> None:
    values = {name: output["Value"] for name, output in template.outputs.items()}
    assert values["TopicArn"] == "Topic"
    assert values["AlarmTopicArn"] == "AlarmTopic"
    assert values["TableName"] == "Ledger"
    assert values["DeadLetterQueueUrl"] == "DeadLetterQueue"
    assert {values[f"{name}Name"] for name in template.functions} == set(template.functions)
