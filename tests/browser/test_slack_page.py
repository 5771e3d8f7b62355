"""The picture of a Slack message: it shows all that the message says, and its markup alone."""

import re
from html import unescape

import pytest
from tests.browser.slack_page import slack_page
from tests.golden_messages import NAMES, golden_finding
from tests.message_strategies import HOSTILE_TEXTS

from policy_monitor.messages.blocks import slack_message


@pytest.mark.parametrize("name", NAMES)
def test_every_word_of_a_message_is_drawn_and_no_markup_is_left(name: str) -> None:
    finding = golden_finding(name)
    drawn = slack_page(slack_message(finding))
    text = unescape(re.sub(r"<[^>]*>", " ", drawn))
    assert finding["finding_id"] in text
    assert not re.search(r"``|\*(Gained|Lost|Who|Notice)\*", text)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_strangers_words_are_drawn_as_words(text: str) -> None:
    finding = golden_finding("expansion")
    finding |= {"summary": text, "subject": {**finding["subject"], "arn": text}}
    finding["actor"] = {**finding["actor"], "session": text, "user_agent": text}
    drawn = slack_page(slack_message(finding))
    assert re.findall(r">([^<]*)</a>", drawn) == ["CloudTrail event"]
    kinds = set(re.findall(r"<([a-z0-9]+)", drawn.partition("</style>")[2]))
    assert kinds <= {"div", "span", "h2", "hr", "code", "pre", "a", "b"}


def test_a_block_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'image' is not drawn"):
        slack_page({"blocks": [{"type": "image"}]})
