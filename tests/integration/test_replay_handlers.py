"""A replay through the real handlers: the story of `events/`, and what people are told of it."""

import json
import re
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from policy_monitor.announcement import is_told
from policy_monitor.findings import Finding, FindingKind
from policy_monitor.history import Entry
from policy_monitor.settings import Settings
from policy_monitor_cli.demo import scenes
from policy_monitor_cli.handlers import replay_through_handlers
from policy_monitor_cli.material import Material, collected
from policy_monitor_cli.offline import replay_offline
from policy_monitor_cli.outcome import Channel, Fate, Outcome
from policy_monitor_cli.rendering import finding_line
from policy_monitor_cli.slack_receiver import Answer, SlackReceiver
from policy_monitor_cli.sources import source_files

EVENTS = Path(__file__).parents[2] / "events"
EXTERNAL_ID = "not-a-real-external-id-7f"


def material(*names: str, baseline: bool = True, snapshots: bool = True) -> Material:
    """The story, or the events of it whose names begin so."""
    files = [
        path
        for path in source_files([EVENTS])
        if not names or path.name.startswith(names) or not path.name[0].isdigit()
    ]
    taken = collected(files, None, Settings(), every=True)
    taken.baseline = taken.baseline if baseline else None
    taken.snapshots = taken.snapshots if snapshots else []
    return taken


@pytest.fixture(scope="module")
def year() -> Outcome:
    return replay_through_handlers(material(), Settings())


def changes(outcome: Outcome) -> list[Finding]:
    """Findings but for that of the baseline."""
    return [finding for finding in outcome.findings if finding.kind is not FindingKind.BASELINE]


def told(outcome: Outcome) -> list[Channel]:
    """The channels of all messages but those that say that the monitor is live."""
    live = {f.finding_id for f in outcome.findings if f.kind is FindingKind.BASELINE}
    return [one.channel for one in outcome.messages if one.finding_id not in live]


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [finding_line(finding) for finding in outcome.findings]


def said(finding: Finding) -> str:
    """A finding as the table of the story says it."""
    match finding.kind:
        case FindingKind.ATTEMPT:
            return f"{finding.subject.type}: denied attempt"
        case FindingKind.STAGED:
            return f"{finding.subject.type}: staged {finding.verdict}"
    return f"{finding.subject.type}: {finding.verdict}"


def promised() -> dict[str, list[str]]:
    """What events/README.md says of each event."""
    table = re.findall(
        r"^\| `(\d\d-[\w-]+)` \|[^|]*\|[^|]*\| ([^|]+) \|$",
        (EVENTS / "README.md").read_text(),
        re.MULTILINE,
    )
    return {
        name: sorted(f"{subject}: {verdict}" for subject in subjects.split(" and "))
        if verdict
        else [subjects]
        for name, cell in table
        for subjects, _, verdict in [cell.partition(": ")]
    }


def test_the_year_comes_out_as_its_table_says(year: Outcome) -> None:
    delivered = {Path(one.origin).stem: [one.fate.value] for one in year.deliveries}
    details = {
        path.stem: json.loads(path.read_text())["detail"] for path in EVENTS.glob("[0-9]*.json")
    }
    ids = {name: detail["eventID"] for name, detail in details.items() if detail}
    found = {
        name: delivered.get(name)
        or sorted(said(finding) for finding in year.findings if finding.event_id == event_id)
        for name, event_id in ids.items()
    }
    assert found == promised()


def test_the_year_shows_every_kind_of_answer(year: Outcome) -> None:
    verdicts = {finding.verdict for finding in year.findings}
    assert verdicts >= {"expansion", "reduction", "mixed", "equivalent"}
    assert all(year.counts[fate] for fate in Fate)


def test_the_domain_alone_finds_the_very_same_but_for_what_no_event_tells(year: Outcome) -> None:
    offline = replay_offline(material(), Settings())
    told = [line for line in lines(year) if line["kind"] != "drift"]
    ids = {line["finding_id"] for line in told}
    assert lines(offline) == told
    assert offline.told_with == {one: by for one, by in year.told_with.items() if one in ids}
    assert offline.counts == year.counts


def drifted(outcome: Outcome) -> list[Entry]:
    """What is told of the role that no event told of, in the order in which it held."""
    return [
        entry
        for entry in outcome.entries
        if entry.finding.kind is FindingKind.DRIFT and entry.finding.subject.type == "role"
    ]


def mails(outcome: Outcome, *finding_ids: str) -> list[str]:
    """The subjects of the e-mails about some findings."""
    return [
        sent.subject
        for sent in outcome.messages
        if sent.channel is Channel.EMAIL and sent.finding_id in finding_ids
    ]


def test_what_aws_changed_without_an_event_is_found_and_told_once(year: Outcome) -> None:
    by_aws = [entry.finding for entry in drifted(year) if entry.finding.actor.kind == "aws"]
    assert {finding.verdict for finding in by_aws} == {"expansion"}
    assert all("AWS changed ViewOnlyAccess" in finding.summary for finding in by_aws)
    # The late event puts it after another change: it says the same, and is not sent again.
    assert len(by_aws) == 2
    assert len(mails(year, *(finding.finding_id for finding in by_aws))) == 1


def test_drift_is_corrected_once_its_event_comes_late(year: Outcome) -> None:
    found, withdrawn = (e for e in drifted(year) if e.finding.actor.kind == "unknown")
    assert (found.finding.verdict, withdrawn.finding.verdict) == ("expansion", "equivalent")
    assert found.superseded_by == withdrawn.finding.finding_id
    assert withdrawn.correction_of == found.finding.finding_id
    (first,) = mails(year, found.finding.finding_id)
    (second,) = mails(year, withdrawn.finding.finding_id)
    assert first.startswith("Expansion without an event, critical")
    assert second.startswith("Correction")
    (change,) = (
        finding
        for finding in changes(year)
        if finding.time == "2024-03-20T02:40:11Z" and finding.subject.type == "role"
    )
    assert (change.verdict, change.actor.kind) == ("expansion", "vendor")
    assert year.late[change.event_id] == "2024-03-20T03:30:00Z"


def test_an_event_that_comes_after_its_successor_takes_its_place(year: Outcome) -> None:
    both = [f for f in changes(year) if f.time[:10] == "2024-03-12" and f.subject.type == "role"]
    assert [finding.verdict for finding in both] == ["expansion", "reduction"]
    assert year.late[both[0].event_id] == both[1].time
    assert both[1].event_id not in year.late


def test_that_the_monitor_is_live_is_told_first_of_all(year: Outcome) -> None:
    first, *others = year.findings
    assert first.kind is FindingKind.BASELINE
    assert FindingKind.BASELINE not in {finding.kind for finding in others}
    by_mail, by_slack = year.messages[:2]
    assert {by_mail.finding_id, by_slack.finding_id} == {first.finding_id}
    assert "The monitor is live" in str(by_mail.body)


def test_each_finding_that_is_told_is_sent_once_on_each_channel(year: Outcome) -> None:
    told = [
        finding.finding_id
        for finding in year.findings
        if is_told(finding, Settings())
        and finding.finding_id not in year.told_with
        and finding.kind is not FindingKind.DRIFT
    ]
    assert len(told) > 10
    drift = {e.finding.finding_id for e in year.entries if e.finding.kind is FindingKind.DRIFT}
    for channel in Channel:
        sent = [
            one.finding_id
            for one in year.messages
            if one.channel is channel and one.finding_id not in drift
        ]
        assert Counter(sent) == Counter(told)


def test_a_repeated_event_is_announced_once() -> None:
    outcome = replay_through_handlers(material("03", "04"), Settings())
    assert outcome.counts[Fate.DUPLICATE] == 1
    assert told(outcome) == [Channel.EMAIL, Channel.SLACK]


def test_what_people_are_sent_says_what_they_need(year: Outcome) -> None:
    (finding,) = (
        finding
        for finding in year.findings
        if finding.event_name == "CreatePolicyVersion"
        and finding.time.startswith("2023-09-12")
        and finding.finding_id not in year.told_with
    )
    texts = [str(sent.body) for sent in year.messages if sent.finding_id == finding.finding_id]
    assert len(texts) == 2
    for text in texts:
        for fact in (
            "elasticloadbalancing:DeleteLoadBalancer",
            "astronomer-remote-management",
            "203.0.113.27",
            "2023-09-12 16:02:11 UTC",
            finding.finding_id,
        ):
            assert fact in text


def test_no_external_id_reaches_a_finding_a_message_or_a_log_line(year: Outcome) -> None:
    shown = json.dumps(lines(year)) + str(year.messages) + year.log + str(year.deliveries)
    assert "UpdateAssumeRolePolicy" in shown
    assert "UnreadableEvents" in year.log
    assert EXTERNAL_ID not in shown


def test_an_unreadable_event_is_counted_by_the_alarms_metric(year: Outcome) -> None:
    metrics = [
        json.loads(line)
        for line in year.log.splitlines()
        if line.startswith("{") and "UnreadableEvents" in line and '"_aws"' in line
    ]
    assert sum(sum(metric["UnreadableEvents"]) for metric in metrics) >= 1


@pytest.mark.parametrize("width", [80, 100])
def test_the_demo_fits_its_terminal_and_shows_each_answer(year: Outcome, width: int) -> None:
    screen = Console(file=StringIO(), width=width, no_color=True, highlight=False)
    for scene in scenes(year, screen):
        screen.print(scene)
    text = screen.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO
    assert max(len(line) for line in text.splitlines()) <= width
    for word in (
        "EXPANSION",
        "REDUCTION",
        "MIXED CHANGE",
        "EQUIVALENT CHANGE",
        "STAGED EXPANSION",
        "DENIED ATTEMPT",
        "IGNORED",
        "DUPLICATE",
        "DEAD LETTER",
        "EXPANSION WITHOUT AN EVENT",
        "CORRECTION: EQUIVALENT CHANGE WITHOUT AN EVENT",
        "This event came late, after one of 2024-03-12 09:30:40 UTC.",
        "This event came late, after one of 2024-03-20 03:30:00 UTC.",
        "Before, people were told: EXPANSION WITHOUT AN EVENT critical",
        "CloudTrail delivers events in no certain order",
        "No event told of a change",
        "What people were told turned out to be otherwise",
    ):
        assert word in text
    assert "UNDETERMINED" not in text
    assert "e-mail" in text
    assert "Slack" in text
    assert EXTERNAL_ID not in text


def test_slack_may_fail_without_an_email_being_lost_or_repeated() -> None:
    slack = SlackReceiver()
    # That the monitor is live is posted; then more refusals than there are tries.
    slack.answer_next(Answer(200, "ok"), *[Answer(404, "no_service")] * 10)
    outcome = replay_through_handlers(material("03"), Settings(), slack=slack)
    assert told(outcome) == [Channel.EMAIL]
    (letter,) = outcome.deliveries
    assert (letter.fate, letter.event_name) == (Fate.DEAD_LETTER, "SlackFunction")
    assert "404" in letter.reason
    assert slack.url not in letter.reason + outcome.log


def test_slack_is_tried_again_before_it_is_given_up() -> None:
    slack = SlackReceiver()
    slack.answer_next(Answer(404, "no_service"))
    outcome = replay_through_handlers(material("03"), Settings(), slack=slack)
    assert told(outcome) == [Channel.EMAIL, Channel.SLACK]
    assert outcome.deliveries == ()


def both(taken: Callable[[], Material]) -> tuple[Outcome, Outcome]:
    return replay_offline(taken(), Settings()), replay_through_handlers(taken(), Settings())


def test_without_a_baseline_both_say_what_they_cannot_know() -> None:
    offline, handled = both(lambda: material("02", "03", baseline=False))
    assert lines(offline) == lines(handled)
    assert {finding.verdict for finding in offline.findings} == {"undetermined"}


def test_an_event_without_parameters_is_undetermined_where_no_snapshot_tells_more() -> None:
    for outcome in both(lambda: material("20", snapshots=False)):
        (finding,) = changes(outcome)
        assert (finding.subject.type, finding.verdict) == ("trust", "undetermined")
        assert finding.severity == "high"


def test_events_that_come_in_the_wrong_order_end_in_the_same_findings() -> None:
    def backwards() -> Material:
        taken = material("03", "05", "06")
        taken.events.reverse()
        return taken

    offline, handled = both(backwards)
    assert lines(offline) == lines(handled)
    assert lines(offline) == lines(replay_offline(material("03", "05", "06"), Settings()))


def test_what_eventbridge_could_not_deliver_is_a_dead_letter_and_the_rest_goes_on() -> None:
    taken = material("03")
    taken.events.insert(0, type(taken.events[0])("odd.json", {"detail-type": "x"}))
    outcome = replay_through_handlers(taken, Settings())
    (letter,) = outcome.deliveries
    assert letter.origin == "odd.json"
    assert letter.fate is Fate.DEAD_LETTER
    assert len(told(outcome)) == 2
