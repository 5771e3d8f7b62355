"""CloudFormation's functions, computed as its documentation says."""

from typing import Any

import pytest

from policy_monitor_cli.intrinsics import (
    PSEUDO_PARAMETERS,
    Resolver,
    TemplateError,
    parse_yaml,
)

RESOLVER = Resolver(
    parameters={**PSEUDO_PARAMETERS, "Name": "vendor", "Empty": ""},
    conditions={
        "Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Unnamed": {"Fn::Not": [{"Condition": "Named"}]},
    },
    mappings={"Homes": {"aws": {"region": "us-east-1"}}},
    attributes={"Topic": "arn:aws:sns:us-east-1:123456789012:t", "Queue.Arn": "arn:aws:sqs:::q"},
)


def value(text: str) -> Any:
    """What the value of a YAML key comes to."""
    return RESOLVER.value(parse_yaml(f"it: {text}"))["it"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Name", "vendor"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:t"),
        ("!Ref Ledger", "Ledger"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:::q"),
        ("!GetAtt [Queue, Arn]", "arn:aws:sqs:::q"),
        ("!GetAtt Ledger.StreamArn", "Ledger.StreamArn"),
        ("{Fn::GetAtt: [Stack, Outputs.Arn]}", "Stack.Outputs.Arn"),
        (
            '!Sub "${AWS::Partition}:${Name}:${Queue.Arn}:${Ledger}"',
            "aws:vendor:arn:aws:sqs:::q:Ledger",
        ),
        ('!Sub "${!Literal}"', "${Literal}"),
        ('!Sub ["${a}-${Name}", {a: !Ref Name}]', "vendor-vendor"),
        ('!Join ["-", [a, !Ref Name, 3]]', "a-vendor-3"),
        ('!Split [":", "a:b"]', ["a", "b"]),
        ('!Select [0, !Split [":", "/a/b"]]', "/a/b"),
        ('!Select ["1", [a, b]]', "b"),
        ("!If [Named, yes-name, no-name]", "yes-name"),
        ("!If [Unnamed, yes-name, no-name]", "no-name"),
        ("!FindInMap [Homes, !Ref AWS::Partition, region]", "us-east-1"),
        ("!And [!Condition Named, !Condition Unnamed]", False),
        ("!Or [!Condition Named, !Condition Unnamed]", True),
        ("!Equals [15, '15']", True),
        ("!Contains [[us-east-1, cn-north-1], !Ref AWS::Region]", True),
        ("!Contains [[eu-west-1], !Ref AWS::Region]", False),
        ("{a: [!Ref Name, {b: !Ref Empty}]}", {"a": ["vendor", {"b": ""}]}),
        # As in a policy document: no condition of the template.
        ("{Condition: {Bool: {key: x}}}", {"Condition": {"Bool": {"key": "x"}}}),
    ],
)
def test_functions_come_to_their_values(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_what_is_no_value_is_left_out_of_mappings_and_lists() -> None:
    absent = "!If [Unnamed, x, !Ref AWS::NoValue]"
    assert value(f"{{a: {absent}, b: [1, {absent}, 2]}}") == {"b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("!Cidr [10.0.0.0/16, 1, 8]", "Fn::Cidr"),
        ("!Ref AWS::Nonsense", "AWS::Nonsense"),
        ("!If [Unheard, a, b]", "Unheard"),
    ],
)
def test_what_is_not_known_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        value(text)


@pytest.mark.parametrize("text", ["a: [", "- a\n- b", "just text", ""])
def test_what_is_no_template_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        parse_yaml(text)
    assert "\n" not in str(refusal.value)
