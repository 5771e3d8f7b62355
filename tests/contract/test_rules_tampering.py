"""What is done to the monitor itself reaches detect, and what is done to others does not count."""

from functools import cache
from itertools import product
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.eventpatterns import envelope
from tests.iam_events import OTHER_POLICY, ROLE, ROOT, iam_event, recorded_parameters, woken
from tests.tamper_events import (
    BY_CLOUDFORMATION,
    PARTS,
    Case,
    cases,
    names_of,
    placed,
    record_of,
    refused_event,
    resource,
    spelled,
    tamper_event,
)

from policy_monitor.errors import UnreadableEventError
from policy_monitor.events import SOURCES, parse_event
from policy_monitor.mutations import Mutation, PartTouched
from policy_monitor.parts import SORTS, Sort
from policy_monitor.rules import RULES, TAMPER_RULES
from policy_monitor.settings import Settings
from policy_monitor.tampering import TAMPERING, VERSIONED, Row
from policy_monitor_cli.intrinsics import parse_yaml
from policy_monitor_cli.template import load_template

WATCH = Settings(parts=PARTS)
EVERYTHING = {
    "EmailAddress": "security@example.com",
    "AmazonQTopic": "true",
    "SlackWebhook": "/policy-monitor/webhook",
    "CentralEventBusArn": "arn:aws:events:us-east-1:210987654321:event-bus/central",
    "ReportBucket": "reports",
    "TrailLogGroupName": PARTS.trail_log,
}
TYPES = {
    "AWS::Events::Rule": Sort.RULE,
    "AWS::Events::Archive": Sort.ARCHIVE,
    "AWS::Serverless::Function": Sort.FUNCTION,
    "AWS::IAM::Role": Sort.ROLE,
    "AWS::SQS::Queue": Sort.QUEUE,
    "AWS::SNS::Topic": Sort.TOPIC,
    "AWS::DynamoDB::Table": Sort.TABLE,
    "AWS::KMS::Key": Sort.KEY,
    "AWS::SecretsManager::Secret": Sort.SECRET,
    "AWS::Logs::MetricFilter": Sort.FILTER,
}
# Other names of the APIs' models than those of CloudTrail's sources.
MODELS = {"monitoring": "cloudwatch"}
ALL = list(cases())
ROWS = st.sampled_from([row for row in TAMPERING if row.places])


def rule_of(row: Row) -> set[str]:
    """The rules of a row: IAM's calls come by those of what is watched."""
    if row.service == "iam":
        return {"RoleRule", "AttachmentRule", "PolicyRule"}
    return {name for name, services in TAMPER_RULES.items() if row.service in services}


def parsed(event: dict[str, Any]) -> Mutation | None:
    found = parse_event(event, WATCH, b"key")
    return found.mutation if found else None


def waking(event: dict[str, Any]) -> list[str]:
    return woken(event, KeyArn=PARTS.key, TrailLogGroupName=PARTS.trail_log)


def assert_reported(event: dict[str, Any], row: Row) -> None:
    (rule,) = waking(event)
    assert rule in rule_of(row)
    mutation = parsed(event)
    assert mutation is not None
    assert mutation.kind == "tamper"


# ------------------------------------------------------------------------------- the table


def test_the_table_names_every_part_of_the_template() -> None:
    template = load_template(ROOT / "template.yaml", EVERYTHING)
    declared = parse_yaml((ROOT / "template.yaml").read_text())["Resources"]
    beside = {name for name, each in declared.items() if each["Type"] in TYPES}
    assert beside <= set(template.resources), "EVERYTHING lacks a parameter"
    made: dict[Sort, set[str]] = {}
    for item in template.resources.values():
        if sort := TYPES.get(item.type):
            made.setdefault(sort, set()).add(item.logical_id)
    made[Sort.RULE] |= {rule.logical_id for rule in template.rules}
    made[Sort.SUBSCRIPTION] = made[Sort.TOPIC]
    for sort, logical in made.items():
        assert set(SORTS[sort].logical) == logical
    for suffix, kind in (("Alarm", "AWS::CloudWatch::Alarm"), ("LogGroup", "AWS::Logs::LogGroup")):
        assert all(item.logical_id.endswith(suffix) for item in template.of_type(kind))


def test_the_mappings_are_those_that_sam_makes() -> None:
    template = load_template(ROOT / "template.yaml")
    assert {each.logical_id for each in template.event_source_mappings} == set(PARTS.mappings)
    environment = template.functions["DetectFunction"].environment
    assert environment["MAPPING_IDS"] == ",".join(PARTS.mappings)
    assert environment["STACK_NAME"] == "policy-monitor"
    assert environment["KEY_ARN"] == "Key.Arn"


def test_detect_and_reconcile_know_the_trails_log_group() -> None:
    functions = load_template(ROOT / "template.yaml", EVERYTHING).functions
    for name in ("DetectFunction", "ReconcileFunction"):
        told = Settings.from_environment(functions[name].environment).parts
        assert told.trail_log == PARTS.trail_log


@cache
def operation(service: str, name: str) -> Any:
    model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    return model.operation_model(name)


@pytest.mark.parametrize("row", TAMPERING, ids=lambda row: f"{row.service}-{row.sort}")
def test_each_call_exists_and_takes_the_parameter_that_names_its_part(row: Row) -> None:
    assert row.source
    for call in row.calls:
        exact = "UpdateFunctionCode" if call == "UpdateFunction" else call
        exact = "PutFunctionConcurrency" if call == "PutFunction" else exact
        members = operation(row.service, exact).input_shape.members
        named = {name[:1].lower() + name[1:] for name in members}
        places = [place.split(".") for place in row.places if place.startswith("requestP")]
        assert not places or any(path[1] in named for path in places)


def test_all_rules_of_the_template_are_looked_to() -> None:
    made = [rule.logical_id for rule in load_template(ROOT / "template.yaml").rules if rule.pattern]
    assert made == list(RULES)


def test_every_service_of_the_table_has_one_rule() -> None:
    services = [service for each in TAMPER_RULES.values() for service in each]
    assert len(services) == len(set(services))
    assert {*services, "iam"} == {row.service for row in TAMPERING}
    assert {f"aws.{service}" for service in services} < SOURCES


# ------------------------------------------------------------------------------- what is let in


@pytest.mark.parametrize("case", ALL, ids=str)
def test_each_call_on_each_part_wakes_detect_and_is_reported(case: Case) -> None:
    for text in spelled(case.row.sort, case.name):
        assert_reported(tamper_event(case, text), case.row)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_so_does_one_that_was_refused(case: Case) -> None:
    event = refused_event(case)
    assert_reported(event, case.row)
    mutation = parsed(event)
    assert mutation is not None
    assert mutation.error == "AccessDenied"
    (change,) = mutation.changes
    assert isinstance(change, PartTouched)
    assert len(change.names) == 1
    # A call on a filter is refused on its log group.
    assert change.names[0] in (PARTS.trail_log if case.row.sort is Sort.FILTER else case.name)


@pytest.mark.parametrize("row", [r for r in TAMPERING if r.sort is not Sort.ROLE], ids=str)
def test_so_does_one_whose_parameters_were_left_out(row: Row) -> None:
    for omitted in (None, {"omitted": True, "originalSize": 118406}):
        case = Case(row, next(iter(row.calls)), "")
        event = envelope(record_of(row.service, case.event_name, requestParameters=omitted))
        assert_reported(event, row)


@pytest.mark.parametrize("call", ["PutMetricFilter", "DeleteMetricFilter"])
def test_somebodys_own_filter_of_the_same_log_is_not_the_monitors(call: str) -> None:
    parameters = {"logGroupName": PARTS.trail_log, "filterName": "root-logins"}
    event = envelope(record_of("logs", call, requestParameters=parameters))
    assert parsed(event) is None


def test_a_mapping_is_told_by_any_spelling_of_its_id_and_by_its_function() -> None:
    (row,) = [row for row in TAMPERING if row.sort is Sort.MAPPING]
    function = f"arn:aws:lambda:us-east-1:123456789012:function:{names_of(Sort.FUNCTION)[1]}"
    for place in row.places:
        text = function if "function" in place else PARTS.mappings[0]
        event = envelope(
            record_of("lambda", "DeleteEventSourceMapping20150331", **placed(row, text, place))
        )
        assert_reported(event, row)


@pytest.mark.parametrize("name", ["UpdateFunctionCode", "UpdateFunctionCode20150331v2"])
def test_lambdas_event_names_count_with_any_version(name: str) -> None:
    parameters = {"functionName": names_of(Sort.FUNCTION)[0]}
    event = envelope(record_of("lambda", name, requestParameters=parameters))
    assert waking(event) == ["WorkingRule"]
    mutation = parsed(event)
    assert mutation is not None
    assert mutation.event_name == name


# ------------------------------------------------------------------------------- what is not


OTHERS = ("policy-monitor-2", "my-policy-monitor", "policy", "data-lake")


@pytest.mark.parametrize("stack", OTHERS)
def test_a_call_on_a_part_of_another_stack_is_not_reported(stack: str) -> None:
    apart = (Sort.KEY, Sort.SECRET, Sort.ROLE)
    for row in (each for each in TAMPERING if SORTS[each.sort].logical and each.sort not in apart):
        for call, name in product(row.calls, names_of(row.sort, stack)):
            case = Case(row, call, name)
            refused = [] if row.sort is Sort.FILTER else [refused_event(case)]
            for event in (tamper_event(case), *refused):
                assert parsed(event) is None
                # A rule cannot tell names that hold this stack's; detect does.
                assert waking(event) == [] or "policy-monitor-" in name


@pytest.mark.parametrize("stack", OTHERS)
@pytest.mark.parametrize("name", ["AttachRolePolicy", "PutRolePolicy", "DeleteRole"])
def test_nor_is_one_on_a_role_of_another_stack(stack: str, name: str) -> None:
    role = names_of(Sort.ROLE, stack)[0]
    event = iam_event(name, recorded_parameters(name, role, OTHER_POLICY))
    assert parsed(event) is None
    assert waking(event) == [] or role.startswith("policy-monitor-")


@pytest.mark.parametrize(
    ("service", "name", "parameters"),
    [
        ("events", "PutRule", {"name": "nightly"}),
        ("events", "EnableRule", {"name": "policy-monitor-RoleRule-1AB2C3D4E5F6"}),
        ("events", "UpdateEventBus", {"name": "orders"}),
        ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "orders"}),
        ("lambda", "GetFunction20150331v2", {"functionName": "policy-monitor-DetectFunction-1"}),
        ("secretsmanager", "DeleteSecret", {"secretId": "orders"}),
        ("cloudformation", "UpdateStack", {"stackName": "orders"}),
        ("monitoring", "DeleteAlarms", {"alarmNames": ["orders"]}),
        ("logs", "DeleteLogGroup", {"logGroupName": "/aws/lambda/orders"}),
        ("logs", "PutRetentionPolicy", {"logGroupName": "/aws/lambda/orders"}),
        ("logs", "DeleteMetricFilter", {"filterName": "root-logins", "logGroupName": "trail"}),
        ("sns", "Subscribe", {"topicArn": "arn:aws:sns:us-east-1:1:policy-monitor-Topic-1"}),
    ],
)
def test_other_calls_wake_nothing(service: str, name: str, parameters: dict[str, Any]) -> None:
    event = envelope(record_of(service, name, requestParameters=parameters))
    assert waking(event) == []
    assert parsed(event) is None


def test_another_key_wakes_nothing() -> None:
    other = PARTS.key[:-4] + "ffff"
    (row,) = [row for row in TAMPERING if row.sort is Sort.KEY]
    event = envelope(record_of("kms", "DisableKey", **placed(row, other)))
    assert waking(event) == []
    assert parsed(event) is None


def test_another_secret_of_like_name_is_let_through_and_not_reported() -> None:
    parameters = {"secretId": "MaskKey-other"}
    event = envelope(record_of("secretsmanager", "DeleteSecret", requestParameters=parameters))
    assert waking(event) == ["KeepingRule"]
    assert parsed(event) is None


def test_without_the_name_of_a_stack_only_trails_and_the_bus_count() -> None:
    counting = set()
    for case in ALL:
        if parse_event(tamper_event(case), Settings(), b"key") is not None:
            counting.add(case.row.sort)
    # A boundary of any role counts, since a watched policy may have been it before.
    assert counting - {Sort.ROLE} == {Sort.TRAIL, Sort.BUS}


# ------------------------------------------------------------------------------- the law


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Calls on parts of this stack and of others, refused or not, with parts left out."""
    row = draw(ROWS)
    stack = draw(st.sampled_from([PARTS.stack, *OTHERS]))
    name = draw(st.sampled_from(names_of(row.sort, stack)))
    version = draw(st.sampled_from(["", "20150331", "20150331v2"]))
    call = draw(st.sampled_from(sorted(row.calls)))
    place = draw(st.sampled_from(row.places))
    text = draw(st.sampled_from(spelled(row.sort, name)))
    if "functionArn" in place:
        text = f"arn:aws:lambda:us-east-1:123456789012:function:{names_of(Sort.FUNCTION, stack)[1]}"
    if "resources" in place and row.sort is Sort.TABLE:
        text = spelled(row.sort, name)[1]
    fields: dict[str, Any] = draw(st.sampled_from([{}, placed(row, text, place)]))
    fields = fields | draw(st.sampled_from([{}, BY_CLOUDFORMATION]))
    if draw(st.booleans()):
        fields["errorCode"] = "AccessDenied"
        if draw(st.booleans()):
            fields["errorMessage"] = (
                f"User: ada is not authorized to perform: x:{call} on resource: "
                f"{resource(row, name)} with an explicit deny"
            )
    event_name = f"{call}{version}" if row.service == VERSIONED else call
    return envelope(record_of(row.service, event_name, **fields))


@settings(max_examples=600)
@given(calls())
def test_whatever_is_judged_of_the_monitor_a_rule_lets_through(event: dict[str, Any]) -> None:
    try:
        judged = parse_event(event, WATCH, b"key") is not None
    except UnreadableEventError:
        judged = True
    if judged:
        assert len(waking(event)) == 1


def test_a_role_of_the_monitors_that_gets_a_watched_policy_is_both() -> None:
    parameters = {
        "roleName": names_of(Sort.ROLE)[0],
        "policyArn": "arn:aws:iam::123456789012:policy/AstronomerCrossAccountRole",
    }
    event = envelope(record_of("iam", "AttachRolePolicy", requestParameters=parameters))
    mutation = parsed(event)
    assert mutation is not None
    assert [type(change).__name__ for change in mutation.changes] == [
        "PartTouched",
        "PolicyUseChanged",
    ]


def test_the_watched_roles_own_events_stay_what_they_were() -> None:
    event = envelope(record_of("iam", "DeleteRole", requestParameters={"roleName": ROLE}))
    mutation = parsed(event)
    assert mutation is not None
    assert mutation.kind == "change"
