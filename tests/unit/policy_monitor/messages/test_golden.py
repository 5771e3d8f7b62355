import json

import pytest
from tests.golden_messages import NAMES, assert_golden, golden_finding

from policy_monitor.messages.blocks import slack_message
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


def test_every_kind_of_finding_has_an_approved_message() -> None:
    findings = [golden_finding(name) for name in NAMES]
    kinds = {finding["kind"] for finding in findings}
    verdicts = {finding["verdict"] for finding in findings}
    assert kinds == {"change", "staged", "attempt", "drift", "tamper", "baseline"}
    assert verdicts == {"expansion", "reduction", "mixed", "equivalent", "undetermined"}
    assert any(finding["correction_of"] for finding in findings)
    assert any(finding.get("may_repeat") for finding in findings)
