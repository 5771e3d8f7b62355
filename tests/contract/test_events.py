"""The events of `events/`: shaped as EventBridge delivers them, a story that could have been."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policy_monitor.reconciliation import IN_FLIGHT
from policy_monitor_cli.emulated_iam import EmulatedIam
from policy_monitor_cli.local_aws import local_aws

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
DUE = sorted(EVENTS.glob("[0-9]*-reconcile-due*.json"))
FILES = sorted(set(EVENTS.glob("[0-9]*.json")) - set(DUE))
RECORDS = ROOT.parent / "shared" / "conformance" / "cloudtrail_iam_records.jsonl.gz"
ACCOUNT = "123456789012"

# "Events from AWS services" in the Amazon EventBridge User Guide.
ENVELOPE = {
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
}

# The fields of an AwsApiCall, "CloudTrail record contents" in the CloudTrail User Guide.
ALWAYS = {
    "awsRegion",
    "eventCategory",
    "eventID",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "eventVersion",
    "managementEvent",
    "readOnly",
    "recipientAccountId",
    "requestID",
    "requestParameters",
    "responseElements",
    "sourceIPAddress",
    "userAgent",
    "userIdentity",
}
SOMETIMES = {"errorCode", "errorMessage", "sessionCredentialFromConsole", "tlsDetails"}


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@cache
def story() -> dict[str, dict[str, Any]]:
    return {path.stem: load(path) for path in FILES}


def record(name: str) -> dict[str, Any]:
    found: dict[str, Any] = story()[name]["detail"]
    return found


def documents(details: dict[str, Any]) -> Iterator[str]:
    """The documents of one record, as text."""
    for name, value in (details["requestParameters"] or {}).items():
        if name.endswith("Document"):
            yield value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_event_is_a_full_envelope_around_a_cloudtrail_record(path: Path) -> None:
    event = load(path)
    assert event.keys() == ENVELOPE
    assert event["detail-type"] == "AWS API Call via CloudTrail"
    service = "cloudtrail" if path.stem == "29-trail-stop-denied" else "iam"
    assert event["source"] == f"aws.{service}"
    detail = event["detail"]
    assert ALWAYS <= detail.keys() <= ALWAYS | SOMETIMES
    assert detail["eventSource"] == f"{service}.amazonaws.com"
    assert event["time"] == detail["eventTime"]
    assert event["account"] == detail["recipientAccountId"] == ACCOUNT
    assert event["region"] == detail["awsRegion"] == "us-east-1"
    assert detail["readOnly"] is False


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_event_fits_what_eventbridge_takes(path: Path) -> None:
    # "Calculating PutEvents event entry size": 256 KB in all.
    assert len(path.read_bytes()) < 256 * 1024


def test_real_records_have_the_same_fields() -> None:
    if not RECORDS.exists():
        pytest.skip(f"{RECORDS} is not there: real records come with the conformance data")
    with gzip.open(RECORDS, "rt") as lines:
        real = [json.loads(line)["record"] for line in lines]
    full = [one for one in real if one.get("eventVersion", "") >= "1.08" and "tlsDetails" in one]
    assert full
    for one in full:
        assert one.keys() <= ALWAYS | SOMETIMES
    missing = [ALWAYS - one.keys() for one in full]
    # One real record of each field is enough to show that CloudTrail writes it.
    assert not set.intersection(*missing)


def test_there_are_at_least_fourteen_events_and_two_of_them_come_late() -> None:
    times = {name: event["time"] for name, event in story().items()}
    assert len(times) >= 14
    late = {"24-default-set-forward", "28-staged-version-in-force"}
    others = [time for name, time in times.items() if name not in late]
    assert others == sorted(others)
    assert times["24-default-set-forward"] < times["23-default-set-back-again"]
    assert times["28-staged-version-in-force"] < min(load(path)["time"] for path in DUE)


@pytest.mark.parametrize("path", DUE, ids=lambda path: path.stem)
def test_a_schedule_is_due_as_eventbridge_tells_it(path: Path) -> None:
    # "Creating an Amazon EventBridge rule that runs on a schedule", its example of an event.
    event = load(path)
    assert event.keys() == ENVELOPE
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["detail"] == {}
    assert (event["account"], event["region"]) == (ACCOUNT, "us-east-1")
    (rule,) = event["resources"]
    assert rule.startswith(f"arn:aws:events:us-east-1:{ACCOUNT}:rule/")


def test_reconcile_is_due_twice_long_enough_apart_for_drift() -> None:
    first, second = (datetime.fromisoformat(load(path)["time"]) for path in DUE)
    assert second - first == timedelta(minutes=15) > IN_FLIGHT


def test_the_year_begins_in_2023_and_lasts_about_a_year() -> None:
    times = [event["time"] for event in story().values()]
    assert times[0].startswith("2023-03")
    assert times[-1].startswith("2024-03")


def test_one_event_is_delivered_twice_and_every_other_once() -> None:
    ids = [event["detail"]["eventID"] for event in story().values()]
    deliveries = [event["id"] for event in story().values()]
    assert len(set(ids)) == len(ids) - 1
    assert len(set(deliveries)) == len(deliveries)
    first, again = story()["03-load-balancers-added"], story()["04-load-balancers-added-again"]
    assert first["detail"] == again["detail"]


def test_the_denied_attempt_carries_no_parameters() -> None:
    denied = record("11-ceiling-removal-denied")
    assert denied["errorCode"] == "AccessDenied"
    assert denied["requestParameters"] is None
    assert denied["responseElements"] is None


def test_the_padded_trust_policy_is_left_out_as_cloudtrail_does_it() -> None:
    omitted = record("20-trust-policy-padded")["requestParameters"]
    assert omitted["omitted"] is True
    assert omitted["originalSize"] > 100 * 1024
    assert "roleName" not in omitted


def test_one_document_cannot_be_read_and_all_others_can() -> None:
    unreadable = []
    for name in story():
        for text in documents(record(name)):
            try:
                json.loads(text)
            except json.JSONDecodeError:
                unreadable.append(name)
    assert unreadable == ["17-document-cut-off"]


def test_the_story_could_have_happened() -> None:
    """Each call is one that IAM would have taken: versions count up, never more than five."""
    with local_aws(ACCOUNT) as aws:
        client = aws.client("iam")
        iam = EmulatedIam(client, ACCOUNT)
        iam.install(load(EVENTS / "baseline.json"))
        refused = {}
        for name, event in story().items():
            if name == "04-load-balancers-added-again":
                continue
            problem = iam.repeat(event["detail"])
            if problem:
                refused[name] = problem
            answered = (event["detail"]["responseElements"] or {}).get("policyVersion")
            if answered and not problem:
                version = client.get_policy_version(
                    PolicyArn=event["detail"]["requestParameters"]["policyArn"],
                    VersionId=answered["versionId"],
                )["PolicyVersion"]
                assert version["IsDefaultVersion"] == answered["isDefaultVersion"]
        assert list(refused) == ["17-document-cut-off"]


def test_the_snapshot_shows_what_the_story_made_of_the_role() -> None:
    snapshot = load(EVENTS / "iam-2024-02-20.json")
    with local_aws(ACCOUNT) as aws:
        client = aws.client("iam")
        iam = EmulatedIam(client, ACCOUNT)
        iam.install(load(EVENTS / "baseline.json"))
        for event in story().values():
            if event["time"] <= snapshot["ReadAt"]:
                iam.repeat(event["detail"])
        held = {role["RoleName"]: role for role in role_details(client)}
        for role in snapshot["RoleDetailList"]:
            told = held[role["RoleName"]]
            for part in ("AttachedManagedPolicies", "RolePolicyList"):
                assert sorted(map(str, role[part])) == sorted(map(str, told[part]))
            assert [b["PermissionsBoundaryArn"] for b in boundaries(role)] == [
                b["PermissionsBoundaryArn"] for b in boundaries(told)
            ]
            padded = role["RoleName"] == "astronomer-remote-management"
            same = role["AssumeRolePolicyDocument"] == told["AssumeRolePolicyDocument"]
            assert same is not padded


def role_details(client: Any) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = client.get_account_authorization_details()["RoleDetailList"]
    return details


def boundaries(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [role["PermissionsBoundary"]] if "PermissionsBoundary" in role else []
