"""Actions and resources of single requests: the universe, wildcards, Not-elements, short ARNs."""

import pytest
from tests.unit.iamdiff.policies import OBJECT, allow, deny, document, outcome_of, request

from iamdiff.evaluator import matches_statement
from iamdiff.logic import Doubt
from iamdiff.model import Request


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("*", "s3:GetObject", True),
        ("*:*", "s3:GetObject", True),
        ("s3:*", "s3:GetObject", True),
        ("s3:*", "s3x:GetObject", False),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:GETOBJECT", "S3:getobject", True),
        ("s3:Get*", "s3:GetSomethingOfTomorrow", True),
        ("s3:Get*", "s3:Put", False),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:GetObject?", "s3:GetObject", False),
        ("s3:*Object*", "s3:GetObjectAcl", True),
        ("config:Select-*", "config:select-resource-config", True),
        ("s3:GetObject ", "s3:GetObject", False),
        ("s3:${aws:username}", "s3:GetObject", False),
    ],
)
def test_action_patterns_ignore_case(pattern: str, action: str, matches: bool) -> None:
    assert outcome_of(allow(pattern), request(action)) is matches
    assert outcome_of(allow(NotAction=pattern), request(action)) is not matches


def test_a_list_of_actions_matches_where_one_of_them_does() -> None:
    patterns = ["ec2:*", "s3:Get*"]
    assert outcome_of(allow(patterns), request("s3:GetObject")) is True
    assert outcome_of(allow(patterns), request("s3:PutObject")) is False
    assert outcome_of(deny(NotAction=patterns), request("s3:GetObject")) is False
    assert outcome_of(deny(NotAction=patterns), request("s3:PutObject")) is True


def test_an_empty_action_matches_nothing_and_an_empty_not_action_is_open() -> None:
    assert outcome_of(allow([]), request()) is False
    assert outcome_of(allow(NotAction=[]), request()) is Doubt.EMPTY_LIST
    assert outcome_of(allow(Resource=[]), request()) is False
    assert outcome_of(allow(NotResource=[]), request()) is Doubt.EMPTY_LIST


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("*", "*", True),
        ("*", OBJECT, True),
        ("**", "*", True),
        ("arn:*:*:*:*:*", "*", False),
        ("arn:*", "*", False),
        ("arn:*", OBJECT, True),
        ("?", "*", False),
        ("arn:aws:s3:::bucket/*", OBJECT, True),
        ("arn:aws:s3:::bucket", OBJECT, False),
        ("arn:aws:s3:::b*", OBJECT, True),
        ("arn:aws:s3:::*/key", "arn:aws:s3:::a/b:c/key", True),
        ("arn:aws:s3:::BUCKET/*", OBJECT, False),
        ("ARN:aws:s3:::bucket/*", OBJECT, False),
        ("arn:aws:s3:::bucket/ke?", OBJECT, True),
        ("arn:aws:s3:::bucket/key?", OBJECT, False),
        # In the first five fields a wildcard stays within its field.
        ("arn:aws:*:r:1:x", "arn:aws:ec2:a:r:1:x", False),
        ("arn:*:s3:::bucket/key", OBJECT, True),
        ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:us-east-1:1:instance/i-1", True),
        ("arn:aws:ec2:*-1:*:instance/*", "arn:aws:ec2:us-east-1:1:instance/i-1", True),
        ("arn:aws:ec2:*-2:*:instance/*", "arn:aws:ec2:us-east-1:1:instance/i-1", False),
        ("arn:aws:ec?:??-east-?:1:*", "arn:aws:ec2:us-east-1:1:instance/i-1", True),
        ("arn:aws:cloudformation:::stack/b/*", "arn:aws:cloudformation:::stack/a/:stack/b/", False),
        ("arn:aws:cloudformation:::*/b/*", "arn:aws:cloudformation:::stack/a/:stack/b/", True),
        # The sixth field takes the rest, colons included.
        ("arn:aws:logs:*:*:log-group:*", "arn:aws:logs:r:1:log-group:a:log-stream:b", True),
        ("arn:aws:logs:*:*:*:b", "arn:aws:logs:r:1:log-group:a:b", True),
        ("arn:aws:logs:*:*:log-group", "arn:aws:logs:r:1:log-group:a", False),
    ],
)  # fmt: skip
def test_a_resource_matches_field_by_field(pattern: str, resource: str, matches: bool) -> None:
    asked = request(resource=resource)
    assert outcome_of(allow(Resource=pattern), asked) is matches
    assert outcome_of(allow(NotResource=pattern), asked) is not matches


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("arn:aws:waf:*", "arn:aws:waf:r:1:rule/x", True),
        ("arn:aws:waf:*", "arn:aws:wafx:r:1:rule/x", False),
        ("arn:aws:sqs", "arn:aws:sqs:r:1:q", True),
        ("arn:aws:sqs:us-*", "arn:aws:sqs:us-east-1:1:q", True),
        ("arn:aws:sqs:us-*", "arn:aws:sqs:eu-west-1:1:us-q", False),
        ("arn:aws:sqs:*:*", "arn:aws:sqs:r:1:q:x", True),
        ("arn:aws:s*s:r", "arn:aws:sqs:r:1:q", True),
        ("arn", "arn:aws:sqs:r:1:q", True),
        ("a*", "arn:aws:sqs:r:1:q", True),
        ("", "arn:aws:sqs:r:1:q", False),
        ("*sqs*", "arn:aws:sqs:r:1:q", False),
    ],
)
def test_a_short_pattern_is_completed_with_stars(
    pattern: str, resource: str, matches: bool
) -> None:
    assert outcome_of(allow(Resource=pattern), request(resource=resource)) is matches


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        # Completed it is any queue of account q; run over colons, the queues named q.
        ("arn:aws:sqs:us-east-1:q:name", Doubt.SHORT_ARN),
        ("arn:aws:sqs:us-east-1:1:q", Doubt.SHORT_ARN),
        ("arn:aws:sqs:us-east-1:q:q", True),
        ("arn:aws:sqs:us-east-1:1:x", False),
        ("arn:aws:sqs:us-east-1:1:x:q", Doubt.SHORT_ARN),
        ("arn:aws:sns:us-east-1:1:q", False),
        ("*", False),
    ],
)
def test_where_the_two_sentences_on_short_patterns_differ_it_is_open(
    resource: str, outcome: bool | Doubt
) -> None:
    asked = request(resource=resource)
    assert outcome_of(allow(Resource="arn:aws:sqs:*:q"), asked) is outcome
    inverted = outcome if isinstance(outcome, Doubt) else not outcome
    assert outcome_of(allow(NotResource="arn:aws:sqs:*:q"), asked) is inverted


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        ("arn:aws:sqs:r:xzy:q", Doubt.SHORT_ARN),
        ("arn:aws:sqs:r:1:xzy", Doubt.SHORT_ARN),
        ("arn:aws:sqs:r:1:xzy:more", False),
        ("arn:aws:sqs:r:1:x:y", False),
    ],
)
def test_a_star_within_a_field_never_runs_over_colons(resource: str, outcome: bool | Doubt) -> None:
    assert outcome_of(allow(Resource="arn:aws:sqs:*:x*y"), request(resource=resource)) is outcome


def test_a_list_of_resources_matches_where_one_of_them_does() -> None:
    patterns = ["arn:aws:s3:::a/*", "arn:aws:s3:::bucket/*"]
    assert outcome_of(allow(Resource=patterns), request()) is True
    assert outcome_of(allow(NotResource=patterns), request()) is False
    assert outcome_of(allow(Resource=patterns[:1]), request()) is False
    open_or_not = ["arn:aws:s3:*:bucket/key", OBJECT]
    assert outcome_of(allow(Resource=open_or_not), request()) is True
    assert outcome_of(allow(Resource=open_or_not[:1]), request()) is Doubt.SHORT_ARN


@pytest.mark.parametrize(
    "asked",
    [
        Request("s3", OBJECT),
        Request("s3:", OBJECT),
        Request("s3:Get Object", OBJECT),
        Request("s3:Get*", OBJECT),
        Request("s3:GetObject", "bucket/key"),
        Request("s3:GetObject", "arn:aws:s3:::"[:-1]),
        Request("s3:GetObject", ""),
        Request("s3:GetObject", OBJECT, context={"aws:Foo": "a", "AWS:foo": "a"}),
    ],
)
def test_a_request_that_aws_could_not_receive_is_open(asked: Request) -> None:
    assert outcome_of(allow("*"), asked) is Doubt.REQUEST


@pytest.mark.parametrize(
    "key",
    ["aws:CurrentTime", "aws:EpochTime", "aws:RequestedRegion", "aws:SecureTransport",
     "aws:UserAgent", "aws:ViaAWSService", "aws:userid", "aws:PrincipalAccount",
     "aws:PrincipalType", "aws:PrincipalArn", "aws:PrincipalIsAWSService"],
)  # fmt: skip
def test_a_key_that_is_in_every_request_cannot_be_absent(key: str) -> None:
    block = {"StringNotEquals": {key: "x"}}
    assert outcome_of(allow(Condition=block), request()) is Doubt.REQUEST
    assert outcome_of(allow(Condition=block), request(context={key: "y"})) is True
    linked = {"StringNotEquals": {"ex:key": f"${{{key}}}"}}
    assert outcome_of(allow(Condition=linked), request(context={"ex:key": "y"})) is Doubt.REQUEST


def test_a_statement_alone_is_asked_like_a_document() -> None:
    read = document(allow(Condition={"StringLike": {"ex:key": "${*}"}}))
    asked = request(context={"ex:key": "x"})
    assert matches_statement(read.statements[0], asked, variables=True) is False
    assert matches_statement(read.statements[0], asked, variables=False) is False
    asked = request(context={"ex:key": "${x}"})
    assert matches_statement(read.statements[0], asked, variables=False) is True
