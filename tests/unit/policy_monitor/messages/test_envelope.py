import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.golden_messages import NAMES, golden_finding
from tests.message_strategies import findings, huge_finding

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.content import content
from policy_monitor.messages.email import TEXT_LIMIT, WIDTH, email_subject, email_text
from policy_monitor.messages.envelope import MESSAGE_LIMIT, envelope

SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=40)


def default_form(finding: dict[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = json.loads(json.loads(envelope(finding).message)["default"])
    return form


@SLOW
@given(findings)
def test_a_subject_is_ascii_on_one_line_begins_with_a_letter_and_is_under_100_characters(
    finding: dict[str, Any],
) -> None:
    subject = email_subject(content(finding))
    assert subject.isascii()
    assert subject.isprintable()
    assert subject[0].isalpha()
    assert len(subject) < 100


def test_a_subject_says_verdict_severity_subject_and_account() -> None:
    assert email_subject(content(golden_finding("expansion"))) == (
        "Expansion, high: role astronomer-remote-management, account 123456789012"
    )


def test_a_long_name_is_cut_in_the_subject_but_the_account_stays() -> None:
    subject = email_subject(content(huge_finding()))
    assert subject.endswith("..., account 123456789012")


@SLOW
@given(findings)
def test_a_message_is_small_enough_whatever_the_finding_holds(finding: dict[str, Any]) -> None:
    letter = envelope(finding)
    assert len(letter.message.encode()) <= MESSAGE_LIMIT
    forms = json.loads(letter.message)
    assert set(forms) == {"default", "email"}
    assert json.loads(forms["default"])["finding_id"] == finding["finding_id"]
    assert len(forms["email"]) <= TEXT_LIMIT + 200


@pytest.mark.parametrize("grants", [1, 7])
def test_a_huge_finding_is_cut_with_counts_in_both_forms(grants: int) -> None:
    finding = huge_finding(grants=grants)
    letter = envelope(finding)
    assert len(letter.message.encode()) <= MESSAGE_LIMIT
    cut = default_form(finding)
    assert "…_total" in cut["cut"]
    gained = cut["comparison"]["gained"]
    assert cut["comparison"].get("gained_total", len(gained)) == grants
    assert gained[0]["actions_total"] == 5_000
    assert gained[0]["resources_total"] == 300
    assert gained[0]["catalogued_total"] == 5_000
    values = gained[0]["conditions"]["StringLike"]["aws:ResourceTag/x"]
    assert values[-1] == f"… {900 - len(values) + 1} more"
    email = " ".join(json.loads(letter.message)["email"].split())
    assert "4,994 more" in email
    if grants > 5:
        assert f"and {grants - 5:,} more" in email


def test_what_was_cut_for_one_reader_still_counts_right_for_the_next() -> None:
    first = content(huge_finding(actions=50, values=9, grants=400))
    second = content(default_form(huge_finding(actions=50, values=9, grants=400)))
    assert [side.more for side in second.sides] == [side.more for side in first.sides]
    assert second.sides[0].entries[0].what[-1] == first.sides[0].entries[0].what[-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_small_finding_goes_out_whole(name: str) -> None:
    finding = golden_finding(name)
    if name != "trust":  # the one with external ids, which are cut to what people may see
        assert default_form(finding) == finding
    assert "cut" not in default_form(finding)


@pytest.mark.parametrize("name", NAMES)
def test_the_attributes_are_what_subscriptions_filter_by(name: str) -> None:
    finding = golden_finding(name)
    assert envelope(finding).attributes == {
        "verdict": finding["verdict"],
        "severity": finding["severity"],
        "kind": finding["kind"],
        "subject_type": finding["subject"]["type"],
        "actor_kind": finding["actor"]["kind"],
    }


@SLOW
@given(findings)
def test_no_line_of_an_email_is_forged_by_a_name(finding: dict[str, Any]) -> None:
    lines = email_text(content(finding)).splitlines()
    assert not any(line == "The vendor gave notice." for line in lines)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_an_email_is_as_narrow_as_a_phone_but_for_what_is_to_be_copied(name: str) -> None:
    for line in email_text(content(golden_finding(name))).splitlines():
        to_be_copied = line.startswith(("Finding ", "policy-monitor ack "))
        assert len(line) <= WIDTH or " " not in line.strip() or to_be_copied


def test_what_is_no_finding_is_refused() -> None:
    with pytest.raises(UnreadableEventError, match="schema is 'x'"):
        envelope({"schema": "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redlines", "text"),
        ("redlines", ["text"]),
        ("redlines", [{"lines": "text"}]),
        ("redlines", [{"lines": [1]}]),
        ("severity_reasons", "text"),
        ("severity_reasons", [1]),
        ("used_by", 1),
        ("used_by", [["user/ada"]]),
    ],
)
def test_a_part_of_a_finding_of_another_shape_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UnreadableEventError, match=name):
        envelope({**golden_finding("expansion"), name: value})


def test_an_email_that_is_too_long_is_cut_with_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    said = content(golden_finding("expansion"))
    whole = email_text(said)
    monkeypatch.setattr("policy_monitor.messages.email.TEXT_LIMIT", 500)
    text = email_text(said)
    found = re.search(r"\n\n\[cut: ([0-9,]+) more characters\]\n\nFinding (\S+)\n$", text)
    assert found is not None
    kept = text[: found.start()]
    assert whole.startswith(kept)
    assert int(found[1].replace(",", "")) == len(whole) - len(kept)
    assert found[2] == said.finding_id


def test_a_message_that_no_cut_makes_short_enough_goes_out_as_short_as_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finding = huge_finding()
    cut = envelope(finding).message
    monkeypatch.setattr("policy_monitor.messages.envelope.MESSAGE_LIMIT", 1)
    shortest = json.loads(envelope(finding).message)
    assert len(shortest["default"]) < len(json.loads(cut)["default"])
    assert json.loads(shortest["default"])["finding_id"] == finding["finding_id"]
