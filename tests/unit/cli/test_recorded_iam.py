"""IAM as a replay remembers it."""

import json
from pathlib import Path
from typing import Any

from policy_monitor_cli.emulated_iam import EmulatedIam
from policy_monitor_cli.local_aws import local_aws
from policy_monitor_cli.recorded_iam import RecordedIam

EVENTS = Path(__file__).parents[3] / "events"
ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}:policy/Watched"
ONE: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
TWO: dict[str, Any] = {"Version": "2012-10-17", "Statement": [], "Id": "two"}
BASELINE = {
    "RoleDetailList": [{"RoleName": "Vendor"}, {"RoleName": "other"}],
    "Policies": [
        {
            "Arn": ARN,
            "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "Document": ONE, "IsDefaultVersion": True}],
        }
    ],
}


def call(name: str, answer: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "requestParameters": {"policyArn": ARN, **parameters},
        "responseElements": answer,
    }


def created(version: str, document: str, *, default: bool) -> dict[str, Any]:
    answer = {"policyVersion": {"versionId": version, "isDefaultVersion": default}}
    return call("CreatePolicyVersion", answer, policyDocument=document)


def default_of(iam: RecordedIam) -> str | None:
    found = iam.default_version(ARN)
    return found.version if found else None


def test_a_baseline_answers_for_its_policies() -> None:
    iam = RecordedIam(BASELINE)
    found = iam.default_version(ARN)
    assert found is not None
    assert (found.version, found.document) == ("v1", ONE)
    assert iam.version(ARN, "v9") is None


def test_nothing_is_known_without_a_baseline() -> None:
    iam = RecordedIam()
    assert iam.default_version(ARN) is None
    assert iam.role_details(("vendor",))["RoleDetailList"] == []


def test_a_new_default_version_is_the_default_from_then_on() -> None:
    iam = RecordedIam(BASELINE)
    iam.repeat(created("v2", json.dumps(TWO), default=True))
    assert default_of(iam) == "v2"
    iam.repeat(call("SetDefaultPolicyVersion", versionId="v1"))
    assert default_of(iam) == "v1"


def test_a_staged_version_can_be_read_but_is_not_the_default() -> None:
    iam = RecordedIam(BASELINE)
    iam.repeat(created("v2", json.dumps(TWO), default=False))
    assert default_of(iam) == "v1"
    assert iam.version(ARN, "v2") is not None


def test_a_default_version_whose_document_is_unreadable_is_not_answered_with_an_older_one() -> None:
    iam = RecordedIam(BASELINE)
    iam.repeat(created("v2", '{"Version": ', default=True))
    assert iam.default_version(ARN) is None


def test_a_refused_call_changes_nothing() -> None:
    iam = RecordedIam(BASELINE)
    iam.repeat({**call("SetDefaultPolicyVersion", versionId="v2"), "errorCode": "AccessDenied"})
    assert default_of(iam) == "v1"


def test_deleted_versions_and_policies_are_gone() -> None:
    iam = RecordedIam(BASELINE)
    iam.repeat(created("v2", json.dumps(TWO), default=True))
    iam.repeat(call("DeletePolicyVersion", versionId="v1"))
    assert iam.version(ARN, "v1") is None
    iam.repeat(call("DeletePolicy"))
    assert iam.default_version(ARN) is None


def test_a_created_policy_is_known_by_its_answer() -> None:
    iam = RecordedIam()
    record = call("CreatePolicy", {"policy": {"arn": ARN, "defaultVersionId": "v1"}})
    record["requestParameters"] = {"policyName": "Watched", "policyDocument": json.dumps(ONE)}
    iam.repeat(record)
    assert default_of(iam) == "v1"


def test_roles_are_those_of_the_last_snapshot_by_name_without_case() -> None:
    iam = RecordedIam(BASELINE)
    assert iam.role_details(("vendor",))["RoleDetailList"] == [{"RoleName": "Vendor"}]
    iam.show({"RoleDetailList": [{"RoleName": "vendor", "new": True}]})
    assert iam.role_details(("vendor",))["RoleDetailList"] == [{"RoleName": "vendor", "new": True}]
    assert default_of(iam) == "v1"


def test_it_agrees_with_an_emulated_iam_after_every_event_of_the_story() -> None:
    baseline = json.loads((EVENTS / "baseline.json").read_text())
    remembered = RecordedIam(baseline)
    with local_aws(ACCOUNT) as aws:
        client = aws.client("iam")
        emulated = EmulatedIam(client, ACCOUNT)
        emulated.install(baseline)
        for path in sorted(EVENTS.glob("[0-9]*.json")):
            # Both refuse these: a second delivery, and a document that is cut off.
            if path.stem[:2] in {"04", "17"}:
                continue
            record = json.loads(path.read_text())["detail"]
            remembered.repeat(record)
            emulated.repeat(record)
            for policy in baseline["Policies"]:
                arn = policy["Arn"]
                held = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                found = remembered.default_version(arn)
                assert found is not None
                assert found.version == held
                answer = client.get_policy_version(PolicyArn=arn, VersionId=held)
                assert found.document == answer["PolicyVersion"]["Document"]
