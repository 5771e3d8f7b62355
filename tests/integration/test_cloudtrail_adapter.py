"""CloudTrail's event history and trails, on recorded shapes: moto has no LookupEvents."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from policy_monitor.adapters.cloudtrail import CloudTrailHistory, CloudTrailTrails
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.trail import Attribute, Trail

ACCOUNT, OTHER = "123456789012", "999999999999"
SINCE, UNTIL = "2026-11-22T05:45:00Z", "2026-11-22T06:15:00Z"


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "cloudtrail",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def asked(value: str = "vendor", **fields: Any) -> dict[str, Any]:
    return {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": value}],
        "StartTime": datetime(2026, 11, 22, 5, 45, tzinfo=UTC),
        "EndTime": datetime(2026, 11, 22, 6, 15, tzinfo=UTC),
        "MaxResults": 50,
        **fields,
    }


def event(number: int, text: str | None = None) -> dict[str, Any]:
    """An event as LookupEvents gives it: the record is JSON text."""
    record = {"eventID": f"e{number}", "eventName": "AttachRolePolicy"}
    return {
        "EventId": f"e{number}",
        "EventName": "AttachRolePolicy",
        "ReadOnly": "false",
        "EventTime": datetime(2026, 11, 22, 6, 0, tzinfo=UTC),
        "EventSource": "iam.amazonaws.com",
        "Username": "ada",
        "Resources": [{"ResourceType": "AWS::IAM::Role", "ResourceName": "vendor"}],
        "CloudTrailEvent": json.dumps(record) if text is None else text,
    }


def ids(history: CloudTrailHistory, value: str = "vendor") -> list[Any]:
    records = history.events(Attribute.RESOURCE_NAME, value, SINCE, UNTIL)
    return [record.get("eventID") for record in records]


# ------------------------------------------------------------------ the event history


def test_all_pages_are_read_at_no_more_than_two_a_second(client: Any, stub: Stubber) -> None:
    pauses: list[float] = []
    stub.add_response("lookup_events", {"Events": [event(1)], "NextToken": "t1"}, asked())
    stub.add_response("lookup_events", {"Events": [], "NextToken": "t2"}, asked(NextToken="t1"))
    stub.add_response("lookup_events", {"Events": [event(2)]}, asked(NextToken="t2"))
    stub.add_response("lookup_events", {"Events": [event(3)]}, asked("other"))
    history = CloudTrailHistory(client, sleep=pauses.append)
    assert ids(history) == ["e1", "e2"]
    assert ids(history, "other") == ["e3"]
    assert len(pauses) == 3
    assert all(pause >= 0.5 for pause in pauses)


def test_a_record_that_is_no_json_is_handed_on_empty(client: Any, stub: Stubber) -> None:
    events = [event(1, "{"), event(2, "[]"), event(3)]
    stub.add_response("lookup_events", {"Events": events})
    assert ids(CloudTrailHistory(client)) == [None, None, "e3"]


def test_throttling_may_pass(client: Any, stub: Stubber) -> None:
    stub.add_client_error("lookup_events", "ThrottlingException", "Rate exceeded")
    with pytest.raises(RetryableError, match="cloudtrail:LookupEvents"):
        ids(CloudTrailHistory(client))


def test_a_denial_names_the_action(client: Any, stub: Stubber) -> None:
    stub.add_client_error("lookup_events", "AccessDeniedException")
    with pytest.raises(PolicyMonitorError, match="cloudtrail:LookupEvents was denied"):
        ids(CloudTrailHistory(client))


def test_one_run_makes_so_many_calls_and_no_more(client: Any, stub: Stubber) -> None:
    for token in ("t1", "t2"):
        stub.add_response("lookup_events", {"Events": [event(1)], "NextToken": token})
    history = CloudTrailHistory(client, sleep=lambda _: None, calls=2)
    with pytest.raises(RetryableError, match="the next goes on"):
        ids(history)


# ------------------------------------------------------------------ the trails


def trail(account: str = ACCOUNT, **fields: Any) -> dict[str, Any]:
    return {
        "Name": "audit",
        "TrailARN": f"arn:aws:cloudtrail:us-east-1:{account}:trail/audit",
        "HomeRegion": "us-east-1",
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "HasCustomEventSelectors": False,
        **fields,
    }


def only(client: Any) -> Trail:
    (found,) = CloudTrailTrails(client, ACCOUNT).trails()
    return found


def test_a_trail_is_told_with_whether_it_logs_and_what(client: Any, stub: Stubber) -> None:
    arn = trail()["TrailARN"]
    selectors = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    stub.add_response("describe_trails", {"trailList": [trail(HasCustomEventSelectors=True)]}, {})
    stub.add_response("get_trail_status", {"IsLogging": False}, {"Name": arn})
    stub.add_response(
        "get_event_selectors", {"AdvancedEventSelectors": selectors}, {"TrailName": arn}
    )
    found = only(client)
    assert found == Trail(
        "audit",
        "us-east-1",
        multi_region=True,
        global_events=True,
        logging=False,
        event_selectors=[],
        advanced_selectors=selectors,
    )


def test_a_trail_without_selectors_of_its_own_logs_all_management_events(
    client: Any, stub: Stubber
) -> None:
    stub.add_response("describe_trails", {"trailList": [trail()]})
    stub.add_response("get_trail_status", {"IsLogging": True})
    found = only(client)
    assert found.event_selectors == [{}]
    assert found.logging is True


def test_what_an_organizations_trail_does_not_answer_is_not_known(
    client: Any, stub: Stubber
) -> None:
    stub.add_response(
        "describe_trails", {"trailList": [trail(OTHER, HasCustomEventSelectors=True)]}
    )
    stub.add_response("get_trail_status", {"IsLogging": True})
    stub.add_client_error("get_event_selectors", "AccessDeniedException")
    found = only(client)
    assert found.logging is True
    assert found.event_selectors is None
    assert found.advanced_selectors is None


def test_a_trail_of_our_own_that_may_not_be_asked_is_an_error(client: Any, stub: Stubber) -> None:
    stub.add_response("describe_trails", {"trailList": [trail()]})
    stub.add_client_error("get_trail_status", "AccessDeniedException")
    with pytest.raises(PolicyMonitorError, match="cloudtrail:GetTrailStatus was denied"):
        only(client)


def test_a_trail_that_goes_while_it_is_asked_does_not_log(client: Any, stub: Stubber) -> None:
    stub.add_response("describe_trails", {"trailList": [trail()]})
    stub.add_client_error("get_trail_status", "TrailNotFoundException")
    assert only(client).logging is False


@pytest.mark.parametrize("account", [ACCOUNT, OTHER])
def test_a_trail_that_does_not_answer_may_answer_later(
    client: Any, stub: Stubber, account: str
) -> None:
    stub.add_response("describe_trails", {"trailList": [trail(account)]})
    stub.add_client_error("get_trail_status", "ThrottlingException")
    with pytest.raises(RetryableError):
        only(client)
