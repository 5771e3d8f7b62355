"""What a replay shows in a terminal."""

from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from policy_monitor.findings import (
    DocumentVersion,
    Finding,
    FindingKind,
    Severity,
    Subject,
    SubjectType,
)
from policy_monitor.history import Entry
from policy_monitor.mutations import Actor, ActorKind
from policy_monitor_cli import rendering, timelines
from policy_monitor_cli.outcome import Channel, Delivery, Fate, Message, Outcome

ROLE = Subject(SubjectType.ROLE, "arn:aws:iam::123456789012:role/vendor")
POLICY = Subject(SubjectType.POLICY, "arn:aws:iam::123456789012:policy/Vendor")
SECRET = "****7f#00112233445566778899aabbccddeeff"


def grant(action: str, resource: str, **context: Any) -> dict[str, Any]:
    return {
        "actions": [action],
        "resources": [resource],
        "conditions": {},
        "access_levels": ["Write"],
        "latent": False,
        "because": {"allowed_by": [], "before": "not_allowed", "before_statements": []},
        "witness": {"principal": "", "action": action, "resource": resource, "context": context},
    }


def finding(verdict: str = "expansion", **changed: Any) -> Finding:
    comparison: Mapping[str, Any] = {
        "schema": "policy-monitor/comparison/1",
        "verdict": verdict,
        "latent": False,
        "undetermined": [],
        "gained": [grant("s3:PutObject", "arn:aws:s3:::logs/x")],
        "lost": [],
    }
    made = Finding(
        finding_id="f1",
        event_id="e1",
        event_name="CreatePolicyVersion",
        time="2024-01-02T03:04:05Z",
        account="123456789012",
        region="us-east-1",
        subject=ROLE,
        kind=FindingKind.CHANGE,
        verdict=verdict,
        severity=Severity.HIGH,
        severity_reasons=(),
        actor=Actor(ActorKind.VENDOR, session="release", source_ip="203.0.113.1"),
        summary="The vendor may now write logs.",
        comparison=comparison,
        before=DocumentVersion("v1", "0" * 64),
        after=DocumentVersion("v2", "1" * 64),
    )
    return made._replace(**changed)


def outcome(*findings: Finding, **fields: Any) -> Outcome:
    entries = tuple(Entry(finding) for finding in findings)
    return Outcome(events=len(findings), entries=entries, **fields)


def shown(what: RenderableType, *, width: int = 80, terminal: bool = False) -> str:
    stream = StringIO()
    screen = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        highlight=False,
    )
    screen.print(what)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ("expansion", "EXPANSION"),
        ("reduction", "REDUCTION"),
        ("mixed", "MIXED CHANGE"),
        ("equivalent", "EQUIVALENT CHANGE"),
        ("undetermined", "UNDETERMINED CHANGE"),
    ],
)
def test_a_verdict_is_a_word_and_its_colour_only_repeats_it(verdict: str, word: str) -> None:
    text = timelines.timeline(outcome(finding(verdict)))
    assert word in shown(text)
    assert "\x1b[" not in shown(text)
    coloured = shown(text, terminal=True)
    assert word in coloured
    assert "\x1b[1;3" in coloured


def test_a_change_shows_when_what_who_and_one_request() -> None:
    text = shown(timelines.timeline(outcome(finding())))
    for fact in (
        "2024-01-02",
        "03:04 UTC",
        "role vendor",
        "The vendor may now write logs.",
        "+ s3:PutObject on arn:aws:s3:::logs/x",
        "CreatePolicyVersion from 203.0.113.1",
    ):
        assert fact in text


@pytest.mark.parametrize("kind", [FindingKind.BASELINE, FindingKind.DRIFT])
def test_what_no_event_told_of_names_no_call(kind: FindingKind) -> None:
    text = shown(timelines.timeline(outcome(finding(kind=kind, event_name="Reading"))))
    assert "The vendor may now write logs." in text
    assert "Reading" not in text


def test_a_finding_that_another_tells_is_a_line_under_it() -> None:
    policy = Entry(finding(finding_id="f2", subject=POLICY), told_with="f1")
    text = shown(timelines.timeline(replace(outcome(), entries=(Entry(finding()), policy))))
    assert text.count("EXPANSION") == 1
    assert "and the same of the policy Vendor" in text


def test_findings_and_other_events_stand_in_the_order_of_time() -> None:
    late = finding(finding_id="f2", event_id="e2", time="2024-03-01T00:00:00Z", verdict="mixed")
    ignored = Delivery("x.json", "2024-02-01T00:00:00Z", "TagRole", Fate.IGNORED, "not watched")
    text = shown(timelines.timeline(outcome(finding(), late, deliveries=(ignored,))))
    assert text.index("EXPANSION") < text.index("IGNORED") < text.index("MIXED")


def test_an_attempt_and_a_staged_change_are_named_as_what_they_are() -> None:
    attempt = finding("equivalent", kind=FindingKind.ATTEMPT)
    staged = finding(kind=FindingKind.STAGED)
    assert "DENIED ATTEMPT" in shown(timelines.timeline(outcome(attempt)))
    assert "STAGED EXPANSION" in shown(timelines.timeline(outcome(staged)))


def test_why_something_could_not_be_judged_is_shown() -> None:
    comparison = {
        "verdict": "undetermined",
        "undetermined": [{"code": "x", "sentence": "The document is gone."}],
        "gained": [],
        "lost": [],
    }
    text = shown(timelines.timeline(outcome(finding("undetermined", comparison=comparison))))
    assert "? The document is gone." in text


def test_the_tally_counts_verdicts_and_fates() -> None:
    counts = {Fate.IGNORED: 1234, Fate.DUPLICATE: 0, Fate.DEAD_LETTER: 2}
    text = shown(timelines.tally(replace(outcome(finding()), counts=counts, events=2345)))
    assert " ".join(text.split()) == (
        "2,345 events, 1 finding: 1 expansion; 1,234 ignored; 2 to the dead-letter queue."
    )


def test_no_line_is_wider_than_the_terminal() -> None:
    long = "arn:aws:s3:::" + "x" * 300
    comparison = {"verdict": "expansion", "gained": [grant("s3:PutObject", long)], "lost": []}
    text = shown(timelines.timeline(outcome(finding(comparison=comparison))))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "".join(text.split()).count("x") >= 300


def test_hidden_characters_of_names_are_made_visible() -> None:
    comparison = {
        "verdict": "expansion",
        "gained": [grant("s3:PutObject", "arn:aws:s3:::a\u202eb\x1b[31m")],
        "lost": [],
    }
    text = shown(timelines.timeline(outcome(finding(comparison=comparison))))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "<U+202E>" in text


def test_markup_in_a_name_is_text() -> None:
    text = shown(timelines.timeline(outcome(finding(summary="[red]not red[/red] [/]"))))
    assert "[red]not red[/red] [/]" in text


def test_a_line_of_json_holds_no_mask_in_full() -> None:
    witness = grant("sts:AssumeRole", "*", **{"sts:ExternalId": [SECRET]})
    comparison = {"verdict": "expansion", "gained": [witness], "lost": []}
    line = rendering.finding_line(finding(comparison=comparison))
    assert line["schema"] == "policy-monitor/finding/1"
    assert line["correction_of"] is None
    assert line["comparison"]["gained"][0]["witness"]["context"] == {"sts:ExternalId": ["****7f"]}


def test_an_email_is_shown_with_its_subject_and_whole() -> None:
    sent = Message(Channel.EMAIL, "f1", "Expansion, high", "First line\nLast line\n")
    text = shown(rendering.message(sent))
    for part in ("e-mail", "Expansion, high", "First line", "Last line"):
        assert part in text


def test_a_slack_message_is_shown_as_its_reader_sees_it() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Head & shoulders"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Gained*\n• `s3:Put&amp;*`"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Who*\nThe vendor"}]},
        {"type": "divider"},
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": "<https://example.com/?a=1&amp;b=2|Role>"}],
        },
    ]
    text = shown(rendering.message(Message(Channel.SLACK, "f1", "x", {"blocks": blocks})))
    for part in ("Head & shoulders", "Gained", "s3:Put&*", "Who  The vendor", "Role"):
        assert part in text
    assert "`" not in text
    assert "&amp;" not in text


def test_a_slack_message_without_blocks_shows_its_text() -> None:
    text = shown(rendering.message(Message(Channel.SLACK, "f1", "x", {"text": "a &lt; b"})))
    assert "a < b" in text


@pytest.mark.parametrize(("columns", "width"), [("40", 60), ("90", 90), ("300", 110)])
def test_a_console_is_as_wide_as_its_terminal_within_reason(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    for name, value in {"COLUMNS": columns, "FORCE_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    assert rendering.console().width == width


def test_piped_output_is_plain_and_eighty_columns_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    made = rendering.console()
    assert made.width == 80
    assert made.color_system is None


def test_no_line_ends_with_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    screen = rendering.console()
    screen.print(timelines.timeline(outcome(finding())), "", Text("last  "), sep="\n")
    lines = capsys.readouterr().out.split("\n")
    assert lines[-3:] == ["", "last", ""]
    assert lines == [line.rstrip() for line in lines]


def test_no_color_is_honoured_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert rendering.console().no_color
