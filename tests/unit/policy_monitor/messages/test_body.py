import json
from typing import Any

import pytest
from tests.golden_messages import NAMES, golden_finding

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.body import read_body


def changed(**members: Any) -> str:
    return json.dumps(golden_finding("expansion") | members)


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_stays_as_it_is(name: str) -> None:
    finding = golden_finding(name)
    assert read_body(json.dumps(finding)) == finding


def test_a_finding_without_revision_is_its_first() -> None:
    finding = golden_finding("expansion")
    del finding["revision"]
    assert read_body(json.dumps(finding))["revision"] == 1


def test_two_changes_of_an_alarm_are_told_apart_and_a_repetition_is_not() -> None:
    alarm = {"AlarmName": "a", "NewStateValue": "OK", "AWSAccountId": "123456789012"}
    first = read_body(json.dumps(alarm | {"StateChangeTime": "2026-11-22T06:00:00Z"}))
    again = read_body(json.dumps(alarm | {"StateChangeTime": "2026-11-22T06:00:00Z"}))
    later = read_body(json.dumps(alarm | {"StateChangeTime": "2026-11-22T07:00:00Z"}))
    assert first["finding_id"] == again["finding_id"] != later["finding_id"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("You have chosen to subscribe", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "a JSON list"),
        ("null", "a JSON NoneType"),
        ("{}", "schema is 'None'"),
        ('{"AlarmName": 7, "NewStateValue": "OK"}', r"alarm\.AlarmName is no text"),
        ('{"AlarmName": "a", "NewStateValue": "OK"}', "account '' is not usable"),
        (changed(verdict="better"), "verdict 'better' is none of"),
        (changed(severity="urgent"), "severity 'urgent' is none of critical, high"),
        (changed(kind=None), "kind 'None' is none of"),
        (changed(subject="x"), "subject is no object"),
        (changed(subject={"type": "user", "arn": ""}), "type 'user' is none of"),
        (changed(actor={"kind": "vendor", "arn": 5}), "arn is no text"),
        (changed(comparison=[]), "comparison is no object"),
        (changed(comparison={"gained": {}}), r"comparison\.gained is no list"),
        (changed(comparison={"lost": [1]}), r"comparison\.lost is no list"),
        (changed(comparison={"gained": [{"actions": "x"}]}), r"gained\[0\]\.actions is no list"),
        (changed(comparison={"gained": [{"conditions": [1]}]}), "conditions is no object"),
        (changed(comparison={"gained": [{"witness": "x"}]}), "witness is no request"),
        (changed(comparison={"undetermined": "x"}), "undetermined is no list"),
        (changed(correction_of=4), "correction_of is no finding id"),
        (changed(correction_of="a", corrects={"kind": "change", "verdict": "x"}), "corrects.verd"),
        (changed(revision=0), "revision '0'"),
        (changed(revision=True), "revision 'True'"),
        (changed(finding_id="a#b"), "finding_id 'a#b' is not usable"),
        (changed(account="12"), "account '12' is not usable"),
    ],
)
def test_anything_else_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(UnreadableEventError, match=reason) as caught:
        read_body(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
