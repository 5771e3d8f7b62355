import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.ledgers import ACCOUNT, a_finding
from tests.golden_messages import assert_golden
from tests.message_strategies import HOSTILE_TEXTS, findings

from policy_monitor.digest import digest_json
from policy_monitor.errors import UnreadableEventError
from policy_monitor.findings import FindingKind, Severity
from policy_monitor.history import Entry
from policy_monitor.messages.blocks import slack_payload
from policy_monitor.messages.body import read_body
from policy_monitor.messages.email import WIDTH
from policy_monitor.messages.envelope import MESSAGE_LIMIT, envelope
from policy_monitor.mutations import Actor, ActorKind
from policy_monitor_cli.slack_receiver import violations

SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=10)


def a_digest(*more: Entry) -> dict[str, Any]:
    drift = a_finding(
        90,
        "undetermined",
        kind=FindingKind.DRIFT,
        actor=Actor(ActorKind.UNKNOWN),
        severity=Severity.CRITICAL,
        summary="Somebody changed Operational*Boundary_1.",
    )
    told = [Entry(a_finding(1)), Entry(drift), *more]
    return digest_json(told, ACCOUNT, "2026-12-07T08:00:00Z")


def test_a_digest_reads_as_it_was_approved() -> None:
    letter = envelope(a_digest())
    email = json.loads(letter.message)["email"]
    payload = json.dumps(slack_payload(a_digest()), indent=2, ensure_ascii=False)
    assert_golden("../digest.txt", f"Subject: {letter.subject}\n\n{email}\n{payload}\n")


def test_a_digest_says_by_its_attributes_that_it_is_one_and_how_severe() -> None:
    assert envelope(a_digest()).attributes == {"severity": "critical", "kind": "digest"}


def test_programs_and_slack_get_a_digest_as_it_was_made() -> None:
    form = json.loads(envelope(a_digest()).message)["default"]
    assert json.loads(form) == a_digest()
    assert read_body(form) == a_digest()


def test_a_digest_that_may_repeat_says_so_in_every_form() -> None:
    told = {**a_digest(), "may_repeat": True}
    assert "may repeat" in " ".join(json.loads(envelope(told).message)["email"].split())
    assert "may repeat" in json.dumps(slack_payload(told))


def test_many_open_findings_are_cut_with_a_count() -> None:
    told = a_digest(*(Entry(a_finding(number)) for number in range(2, 150)))
    payload = slack_payload(told)
    assert violations(payload) == []
    assert "and 130 more" in json.dumps(payload)
    assert "and 130 more" in json.loads(envelope(told).message)["email"]


@SLOW
@given(st.lists(findings, min_size=1, max_size=6))
def test_a_digest_is_within_the_limits_whatever_the_findings_hold(
    told: list[dict[str, Any]],
) -> None:
    message = {**a_digest(), "open": [{**each, "days_open": 3} for each in told]}
    message["open_total"] = len(told)
    payload = slack_payload(message)
    assert violations(payload) == []
    assert len(json.dumps(payload["blocks"], ensure_ascii=False)) < 20_000
    letter = envelope(message)
    assert letter.subject.isascii()
    assert len(letter.subject) < 100
    assert len(letter.message.encode()) <= MESSAGE_LIMIT
    lines = json.loads(letter.message)["email"].splitlines()
    assert all(line.isprintable() for line in lines)
    assert "The vendor gave notice." not in lines


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_nothing_in_a_digest_is_read_as_markup(text: str) -> None:
    told = a_digest(Entry(a_finding(7, summary=text, finding_id=text or "id")))
    assert "<" not in json.dumps(slack_payload(told))


def test_an_email_of_a_digest_is_as_narrow_as_a_phone() -> None:
    for line in json.loads(envelope(a_digest()).message)["email"].splitlines():
        assert len(line) <= WIDTH or " " not in line or line.startswith("Finding ")


@pytest.mark.parametrize(
    "broken",
    [
        {"open": None},
        {"open": ["x"]},
        {"open": [{}]},
        {"open_total": 1},
        {"open_total": "2"},
        {"severity": "urgent"},
        {"longest": None},
        {"account": "1"},
        {"finding_id": "a b"},
    ],
)
def test_what_is_no_digest_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEventError):
        read_body(json.dumps(a_digest() | broken))
