import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.golden_messages import NAMES, golden_finding
from tests.message_strategies import HOSTILE_TEXTS, findings, huge_finding
from tests.unit.policy_monitor.messages.test_digests import a_digest

from policy_monitor.messages.chat import chat_envelope, chat_notification
from policy_monitor.messages.envelope import envelope

SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=15)

# "Custom notifications using Amazon Q Developer in chat applications", its event schema.
SCHEMA: dict[str, Any] = {
    "version": str,
    "source": str,
    "id": str,
    "content": {
        "textType": str,
        "title": str,
        "description": str,
        "nextSteps": list,
        "keywords": list,
    },
    "metadata": {
        "threadId": str,
        "summary": str,
        "eventType": str,
        "relatedResources": list,
        "additionalContext": dict,
    },
}


def assert_of(schema: dict[str, Any], value: dict[str, Any]) -> None:
    assert value.keys() <= schema.keys()
    for name, member in value.items():
        if isinstance(schema[name], dict):
            assert_of(schema[name], member)
        else:
            assert isinstance(member, schema[name])


def notification_of(message: dict[str, Any]) -> dict[str, Any]:
    forms = json.loads(chat_envelope(message).message)
    assert set(forms) == {"default"}
    notification: dict[str, Any] = json.loads(forms["default"])
    return notification


@pytest.mark.parametrize("name", [*NAMES, "digest"])
def test_a_notification_is_of_amazon_qs_schema(name: str) -> None:
    message = a_digest() if name == "digest" else golden_finding(name)
    notification = notification_of(message)
    assert_of(SCHEMA, notification)
    assert (notification["version"], notification["source"]) == ("1.0", "custom")
    assert notification["content"]["textType"] == "client-markdown"
    context = notification["metadata"]["additionalContext"]
    assert all(isinstance(value, str) for value in context.values())
    assert chat_envelope(message).attributes == envelope(message).attributes


def test_a_notification_says_all_that_the_slack_message_says() -> None:
    content = notification_of(golden_finding("expansion"))["content"]
    assert content["title"] == "🟠 Expansion, high: role astronomer-remote-management"
    for part in (
        "can now describe and delete load balancers",
        "*Gained*",
        "`elasticloadbalancing:DeleteLoadBalancer`",
        "Ask for its notice",
        "|CloudTrail event>",
    ):
        assert part in content["description"]


def test_changes_of_one_subject_stand_in_one_thread() -> None:
    one, other = golden_finding("expansion"), golden_finding("reduction")
    policy = golden_finding("mixed")
    other["subject"] = one["subject"]
    policy["subject"] = {"type": "policy", "arn": one["subject"]["arn"]}
    threads = [notification_of(each)["metadata"]["threadId"] for each in (one, other, policy)]
    assert threads[0] == threads[1] != threads[2]


@SLOW
@given(findings)
def test_a_notification_is_short_and_mentions_nobody(finding: dict[str, Any]) -> None:
    notification = notification_of(finding)
    content = notification["content"]
    assert len(content["title"]) <= 250
    assert len(content["description"]) <= 4_200
    assert len(notification["metadata"]["threadId"]) == 64
    for text in (content["title"], content["description"]):
        rest = re.sub(r"<https://[a-z0-9.-]+/[^<>|\s]*\|[A-Za-z ]+>", "", text)
        assert "<" not in rest
        assert "@" not in re.sub(r"`[^`]*`", "", rest)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_strangers_sentence_is_no_markup(text: str) -> None:
    finding = golden_finding("expansion") | {"summary": text}
    (summary, *_) = chat_notification(finding)["content"]["description"].splitlines()
    outside = re.sub(r"`[^`]*`", "", summary)
    assert not set("*_~`@<[]") & set(outside)


def test_what_does_not_fit_is_counted() -> None:
    description = notification_of(huge_finding())["content"]["description"]
    assert re.search(r"and \d+ more lines", description)
    assert description.count("```") % 2 == 0
    assert "Once you have it, note it" in description
