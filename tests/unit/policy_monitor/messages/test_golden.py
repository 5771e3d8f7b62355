import json

import pytest
from tests.golden_messages import NAMES, assert_golden, golden_finding

from policy_monitor.messages.blocks import slack_message
from policy_monitor.messages.chat import chat_notification
from policy_monitor.messages.content import content
from policy_monitor.messages.email import email_subject, email_text


@pytest.mark.parametrize("name", NAMES)
def test_the_email_reads_as_it_was_approved(name: str) -> None:
    said = content(golden_finding(name))
    text = f"Subject: {email_subject(said)}\n\n{email_text(said)}"
    assert_golden(f"{name}.txt", text)


@pytest.mark.parametrize("name", NAMES)
def test_the_slack_message_reads_as_it_was_approved(name: str) -> None:
    payload = slack_message(golden_finding(name))
    text = json.dumps(payload, indent=2, ensure_ascii=False) + "\n"
    assert_golden(f"{name}.slack.json", text)


DUE = {
    *("boundary", "drift", "expansion", "may-repeat"),
    *("operational-boundary", "staged", "undetermined"),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_channel_names_the_command_that_closes_what_the_vendor_is_to_tell(name: str) -> None:
    finding = {**golden_finding(name), "stack": "pm"}
    command = f"policy-monitor ack {finding['finding_id']} --notice ADDRESS --stack pm"
    channels = (
        email_text(content(finding)),
        json.dumps(slack_message(finding)),
        json.dumps(chat_notification(finding)),
    )
    assert [command in told for told in channels] == [name in DUE] * 3


def test_every_kind_of_finding_has_an_approved_message() -> None:
    findings = [golden_finding(name) for name in NAMES]
    kinds = {finding["kind"] for finding in findings}
    verdicts = {finding["verdict"] for finding in findings}
    assert kinds == {"change", "staged", "attempt", "drift", "tamper", "baseline"}
    assert verdicts == {"expansion", "reduction", "mixed", "equivalent", "undetermined"}
    assert any(finding["correction_of"] for finding in findings)
    assert any(finding.get("may_repeat") for finding in findings)
