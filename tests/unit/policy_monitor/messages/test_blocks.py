import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.golden_messages import golden_finding
from tests.message_strategies import HOSTILE_TEXTS, findings, huge_finding

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.blocks import slack_message, slack_payload
from policy_monitor.messages.body import read_body
from policy_monitor_cli.slack_receiver import violations

SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=40)

ALARM = {
    "AlarmName": "policy-monitor-DeadLetters",
    "AlarmDescription": "Something could not be handled & waits in the dead-letter queue.",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0).",
    "StateChangeTime": "2026-11-22T06:00:00.000+0000",
    "Region": "US East (N. Virginia)",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:policy-monitor-DeadLetters",
    "OldStateValue": "OK",
}

# All that may open markup in one of our own texts: a link to the console, and nothing else.
LINK = re.compile(r"<https://[a-z0-9.-]+/[^<>|\s]*\|[A-Za-z ]+>")


def texts_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("type") in {"mrkdwn", "plain_text"}:
                found.append(value)
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(payload["blocks"])
    return found


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@SLOW
@given(findings)
def test_a_message_is_within_slacks_limits_whatever_the_finding_holds(
    finding: dict[str, Any],
) -> None:
    payload = slack_message(finding)
    assert violations(payload) == []
    assert payload["text"]
    assert len(json.dumps(payload["blocks"], ensure_ascii=False)) < 20_000


@SLOW
@given(findings)
def test_no_name_becomes_markup(finding: dict[str, Any]) -> None:
    for item in texts_of(slack_message(finding)):
        text = LINK.sub("", item["text"])
        assert "<" not in text
        assert ">" not in text
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        if item["type"] == "plain_text":
            assert item["emoji"] is False
            continue
        assert item["verbatim"] is True
        # A stranger's name stands between two backticks of its line: what is outside is ours.
        for line in text.splitlines():
            assert line.count("`") % 2 == 0
            assert not re.search(r"[_~]|:\w+:|@", re.sub(r"`[^`]*`", "", line))


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_policy_name_shows_what_it_is_made_of(text: str) -> None:
    finding = golden_finding("mixed")
    finding["subject"]["arn"] = f"arn:aws:iam::123456789012:policy/{text}"
    finding["summary"] = f"{text} changed"
    payload = slack_message(finding)
    assert violations(payload) == []
    shown = json.dumps(payload, ensure_ascii=False)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x1b]", shown)
    if "\u202e" in text:
        assert "&lt;U+202E&gt;gnp.exe" in shown


def test_a_mention_of_everybody_mentions_nobody() -> None:
    finding = golden_finding("expansion")
    finding["actor"]["session"] = finding["summary"] = "<!channel> <@U012AB3CD>"
    shown = json.dumps(slack_message(finding))
    assert "<!" not in shown
    assert "<@" not in shown
    assert "&lt;!channel&gt;" in shown


def test_wildcards_of_a_policy_are_not_read_as_bold() -> None:
    finding = golden_finding("expansion")
    finding["comparison"]["gained"][0]["actions"] = ["s3:*", "*:Get*", "a`b"]
    gained = next(t["text"] for t in texts_of(slack_message(finding)) if "Gained" in t["text"])
    assert "`s3:*`, `*:Get*` and `a&lt;U+0060&gt;b`" in gained


@pytest.mark.parametrize("grants", [1, 7])
def test_a_huge_finding_is_cut_with_a_count(grants: int) -> None:
    payload = slack_message(huge_finding(grants=grants))
    assert violations(payload) == []
    gained = next(t["text"] for t in texts_of(payload) if "*Gained*" in t["text"])
    assert "4,994 more" in gained
    shown = gained.count("•")
    assert shown == grants or gained.endswith(f"and {grants - shown:,} more")


def test_the_fallback_text_says_verdict_severity_subject_and_summary() -> None:
    finding = golden_finding("expansion")
    assert slack_message(finding)["text"] == (
        "Expansion, high: role astronomer-remote-management."
        " astronomer-remote-management can now describe and delete load balancers."
    )


def test_an_alarm_shows_its_state_name_and_reason() -> None:
    payload = slack_payload(read_body(json.dumps(ALARM)))
    assert violations(payload) == []
    shown = [unescaped(item["text"]) for item in texts_of(payload)]
    assert shown[0] == "🔴 Monitor ALARM: policy-monitor-DeadLetters"
    assert shown[1] == ALARM["AlarmDescription"]
    assert shown[2] == ALARM["NewStateReason"]
    assert "123456789012" in shown[4]


def test_an_alarm_that_may_repeat_says_so() -> None:
    message = {**read_body(json.dumps(ALARM)), "may_repeat": True}
    assert "may repeat an earlier message" in json.dumps(slack_payload(message))


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_alarm_is_within_slacks_limits(text: str) -> None:
    names = ("AlarmName", "AlarmDescription", "NewStateReason", "Region", "StateChangeTime")
    payload = slack_payload(read_body(json.dumps(ALARM | dict.fromkeys(names, text))))
    assert violations(payload) == []
    assert "<" not in json.dumps(payload)


def test_what_is_no_finding_is_refused() -> None:
    with pytest.raises(UnreadableEventError, match="this is no finding"):
        slack_payload({"hello": "world"})
