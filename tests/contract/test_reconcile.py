"""What reconcile is told of its stack, and what it takes the template's patterns to be."""

from pathlib import Path

import pytest

from policy_monitor import rules
from policy_monitor.parts import Parts
from policy_monitor.workings import LOOKED_TO, subscribers
from policy_monitor_cli.template import load_template

MAPPINGS = ("JudgeFunctionMutations", "AnnounceFunctionFindings")
PATH = Path(__file__).parents[2] / "template.yaml"


@pytest.mark.parametrize(
    ("role", "policy", "part", "log"),
    [
        ("astronomer-remote-management", "AstronomerCrossAccountRole", "OperationalBoundary", ""),
        ("r" * 64, "p" * 128, "b" * 64, "l" * 512),
        ("vendor=x@y", "a+b", "part", "/org/trail_1.logs#a"),
    ],
)
def test_reconcile_knows_the_patterns_as_the_template_makes_them(
    role: str, policy: str, part: str, log: str
) -> None:
    parameters = {"RoleName": role, "PolicyName": policy, "BoundaryNamePart": part}
    parameters["TrailLogGroupName"] = log
    made = load_template(PATH, parameters)
    parts = Parts("policy-monitor", "Key.Arn", "", MAPPINGS, log)
    known = dict(rules.patterns(role, policy, part, parts))
    kept = {**known.pop(rules.ARCHIVE)}
    archive = {**made.resources["Archive"].properties["EventPattern"]}
    for pattern in (kept, archive):  # in any order
        pattern["detail"] = {name: sorted(values) for name, values in pattern["detail"].items()}
    assert archive == kept
    assert {rule.logical_id: rule.pattern for rule in made.rules if rule.pattern} == known


def test_reconcile_is_told_where_the_parts_are_that_it_looks_to() -> None:
    environment = load_template(PATH).functions["ReconcileFunction"].environment
    # Of a rule and an archive, Ref is the name, of a queue the URL, of a topic the ARN.
    assert environment["RULE_NAMES"] == ",".join(rules.RULES)
    assert environment["DETECT_FUNCTION_ARN"] == "DetectFunction.Arn"
    assert environment["ARCHIVE_NAME"] == "Archive"
    assert environment["DEAD_LETTER_QUEUE_URL"] == "DeadLetterQueue"
    assert environment["TOPIC_ARN"] == "Topic"


def test_a_lost_sense_rings_even_where_the_topic_is_the_one_that_is_lost() -> None:
    alarm = load_template(PATH).resources["BlindSensesAlarm"].properties
    assert (alarm["Namespace"], alarm["MetricName"]) == ("PolicyMonitor", "BlindSenses")
    assert alarm["AlarmActions"] == ["AlarmTopic"]
    # One run in each period, whatever the schedule.
    assert alarm["Period"] >= 60 * 60
    assert alarm["EvaluationPeriods"] == 1


def test_reconcile_is_told_what_the_monitor_works_and_speaks_by() -> None:
    parameters = {
        "EmailAddress": "security@example.com",
        "AlarmEmailAddress": "oncall@example.com",
        "SlackWebhook": "/policy-monitor/webhook",
    }
    made = load_template(PATH, parameters)
    environment = made.functions["ReconcileFunction"].environment
    assert environment["FUNCTION_NAMES"] == ",".join(LOOKED_TO)
    expected = {
        (each.topic, each.protocol, each.endpoint.removesuffix(".Arn"))
        for each in made.subscriptions
    }
    told = {
        (each.topic_arn, each.protocol, each.endpoint.removesuffix(".Arn"))
        for each in subscribers(environment)
    }
    assert told == expected


def test_without_addresses_nobody_is_to_be_told() -> None:
    assert not list(subscribers(load_template(PATH).functions["ReconcileFunction"].environment))


def test_reconcile_knows_the_filters_and_the_order_of_the_mappings() -> None:
    made = load_template(PATH)
    assert [each.logical_id for each in made.event_source_mappings] == list(MAPPINGS)
    assert {each.function: each.filters for each in made.event_source_mappings} == {
        logical: (pattern,) for logical, pattern in rules.STREAM_FILTERS.items()
    }
    assert [each.function for each in made.event_source_mappings] == list(rules.STREAM_FILTERS)
