"""Templates as they are read: parameters, conditions, SAM's defaults, and who wakes whom."""

from pathlib import Path

import pytest

from policy_monitor_cli.template import TemplateError, load_template

TEXT = """
Parameters:
  Watched:
    Type: String
    Default: vendor
    AllowedPattern: "[a-z]+"
    ConstraintDescription: must be lower case
  Size: {Type: Number, Default: 3, AllowedValues: [3, 5]}
  Given: {Type: String}
Conditions:
  Large: !Equals [!Ref Size, 5]
Rules:
  AtHome:
    Assertions:
      - {Assert: !Equals [!Ref AWS::Region, us-east-1], AssertDescription: go home}
  OnlyWhenLarge:
    RuleCondition: !Equals [!Ref Size, 5]
    Assertions:
      - {Assert: !Equals [!Ref Watched, vendor]}
Globals:
  Function:
    Handler: app.handler
    Timeout: 60
    Layers: [!Ref Layer]
    Environment: {Variables: {TABLE: !Ref Table, SHARED: a}}
Resources:
  Table: {Type: AWS::DynamoDB::Table, DeletionPolicy: Retain}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/work/
      Timeout: 5
      Layers: [own]
      Environment: {Variables: {SHARED: b, ARN: !GetAtt Table.Arn}}
      Events:
        Rows:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            FilterCriteria: {Filters: [{Pattern: '{"dynamodb": {"a": ["b"]}}'}]}
        Clock: {Type: Schedule, Properties: {Schedule: rate(1 hour), Description: wakes}}
  Wake:
    Type: AWS::Events::Rule
    Properties:
      Description: wakes work
      EventPattern: {detail: {name: [!Ref Watched]}}
      Targets: [{Id: work, Arn: !GetAtt Work.Arn}]
  Tell:
    Type: AWS::SNS::Subscription
    Condition: Large
    Properties: {TopicArn: !Ref Topic, Protocol: lambda, Endpoint: !GetAtt Work.Arn}
Outputs:
  Name: {Value: !Ref Table}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    template = tmp_path / "template.yaml"
    template.write_text(TEXT)
    return template


def test_a_rule_names_its_function_and_holds_the_parameters(path: Path) -> None:
    template = load_template(path, {"Given": "x", "Watched": "other"})
    rule, clock = template.rules
    assert (rule.logical_id, rule.description, rule.targets) == ("Wake", "wakes work", ("Work",))
    assert rule.pattern == {"detail": {"name": ["other"]}}
    assert (clock.logical_id, clock.schedule, clock.pattern) == ("WorkClock", "rate(1 hour)", None)
    assert clock.targets == ("Work",)


def test_a_stream_names_its_table_its_function_and_its_filters(path: Path) -> None:
    (mapping,) = load_template(path, {"Given": "x"}).event_source_mappings
    assert (mapping.logical_id, mapping.function, mapping.source) == ("WorkRows", "Work", "Table")
    assert mapping.filters == ({"dynamodb": {"a": ["b"]}},)


def test_a_function_has_what_globals_give_and_its_own_over_it(path: Path) -> None:
    function = load_template(path, {"Given": "x"}).functions["Work"]
    assert function.handler == "app.handler"
    assert function.properties["Timeout"] == 5
    assert function.layers == ("Layer", "own")
    assert function.environment == {"TABLE": "Table", "SHARED": "b", "ARN": "Table.Arn"}


def test_physical_values_reach_environments_while_routing_keeps_logical_ids(path: Path) -> None:
    physical = {"Table": "ledger-1", "Table.Arn": "arn:t", "Work.Arn": "arn:w"}
    template = load_template(path, {"Given": "x"}, physical)
    environment = template.functions["Work"].environment
    assert environment == {"TABLE": "ledger-1", "SHARED": "b", "ARN": "arn:t"}
    assert template.rules[0].targets == ("Work",)
    assert template.event_source_mappings[0].source == "Table"


def test_a_resource_is_there_only_where_its_condition_holds(path: Path) -> None:
    assert load_template(path, {"Given": "x"}).subscriptions == ()
    (subscription,) = load_template(path, {"Given": "x", "Size": "5"}).subscriptions
    assert (subscription.topic, subscription.endpoint) == ("Topic", "Work")


def test_what_stands_beside_the_properties_is_kept(path: Path) -> None:
    template = load_template(path, {"Given": "x"})
    assert template.resources["Table"].attributes == {"DeletionPolicy": "Retain"}
    assert template.outputs == {"Name": {"Value": "Table"}}


@pytest.mark.parametrize(
    ("parameters", "refusals"),
    [
        ({}, ()),
        ({"AWS::Region": "eu-west-1"}, ("go home",)),
        ({"Size": "5", "Watched": "other"}, ("an assertion of the template fails",)),
    ],
)
def test_the_templates_rules_say_why_they_refuse(
    path: Path, parameters: dict[str, str], refusals: tuple[str, ...]
) -> None:
    assert load_template(path, {"Given": "x", **parameters}).refusals == refusals


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "Given: the parameter has no default; give a value"),
        ({"Given": "x", "Watched": "Vendor"}, "Watched: 'Vendor' is refused: must be lower case"),
        ({"Given": "x", "Size": "4"}, "Size: '4' is refused: must be one of 3, 5"),
        ({"Given": "x", "Sise": "5"}, "Sise: the template has no such parameter; it has Watched"),
    ],
)
def test_a_parameter_that_it_does_not_take_is_refused_in_a_sentence(
    path: Path, parameters: dict[str, str], sentence: str
) -> None:
    with pytest.raises(TemplateError, match="^" + sentence.replace("[", r"\[")):
        load_template(path, parameters)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"missing\.yaml: cannot be read: No such file"):
        load_template(tmp_path / "missing.yaml")


def test_an_event_type_that_nobody_would_route_is_refused(path: Path) -> None:
    path.write_text(TEXT.replace("Type: Schedule", "Type: S3"))
    with pytest.raises(TemplateError, match=r"Work\.Events\.Clock: the event type 'S3'"):
        load_template(path, {"Given": "x"})
