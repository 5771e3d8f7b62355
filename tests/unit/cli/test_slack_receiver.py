import json
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from policy_monitor_cli.slack_receiver import Answer, SlackReceiver, violations


def post(url: str, body: bytes) -> tuple[int, str]:
    request = Request(url, data=body, method="POST")  # noqa: S310 (an address of this machine)
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_message_is_accepted_and_kept() -> None:
    with SlackReceiver() as slack:
        assert post(slack.url, b'{"text": "hello"}') == (200, "ok")
        assert slack.payloads == ({"text": "hello"},)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"payload", (400, "invalid_payload")),
        (b"{}", (400, "no_text")),
        (b"[]", (400, "no_text")),
        (json.dumps({"blocks": [section("a" * 3_001)]}).encode(), (400, "invalid_blocks")),
    ],
)
def test_what_slack_refuses_is_refused(body: bytes, answer: tuple[int, str]) -> None:
    with SlackReceiver() as slack:
        assert post(slack.url, body) == answer
        assert slack.payloads == ()


def test_an_unknown_address_is_refused() -> None:
    with SlackReceiver() as slack:
        assert post(f"{slack.url}x", b'{"text": "hello"}') == (404, "no_service")


def test_it_answers_as_it_is_told_and_then_as_slack_again() -> None:
    with SlackReceiver() as slack:
        slack.answer_next(Answer(429, "rate_limited", {"Retry-After": "1"}), Answer(hang_up=True))
        assert post(slack.url, b'{"text": "a"}') == (429, "rate_limited")
        with pytest.raises(RemoteDisconnected):
            post(slack.url, b'{"text": "b"}')
        assert post(slack.url, b'{"text": "c"}') == (200, "ok")
        assert [payload["text"] for payload in slack.payloads] == ["b", "c"]
        assert slack.requests == 3


@pytest.mark.parametrize(
    ("blocks", "violation"),
    [
        ([section("a")] * 51, "blocks: 51 where Slack takes 50"),
        ([section("")], "empty text"),
        ([{"type": "section"}], "neither text nor fields"),
        ([{"type": "section", "fields": [section("a")["text"]] * 11}], "fields: 11"),
        ([{"type": "section", "fields": [section("a" * 2_001)["text"]]}], "2,001 where Slack"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "a"}}], "no text of type plain"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "a" * 151}}], "takes 150"),
        ([{"type": "context", "elements": []}], "no elements"),
        ([{"type": "context", "elements": [section("a")["text"]] * 11}], "elements: 11"),
        ([{"type": "video"}], "no block type"),
    ],
)
def test_each_limit_is_checked(blocks: list[dict[str, Any]], violation: str) -> None:
    (found,) = violations({"blocks": blocks})
    assert violation in found


def test_a_message_within_all_limits_has_no_violation() -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "a" * 150}}
    context = {"type": "context", "elements": [section("a")["text"]] * 10}
    fields = {"type": "section", "fields": [section("a" * 2_000)["text"]] * 10}
    blocks = [header, section("a" * 3_000), {"type": "divider"}, context, fields]
    assert violations({"text": "a", "blocks": blocks * 10}) == []
