"""The command as it is run: what it prints where, and its exit status."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.tamper_events import cases, tamper_event

from policy_monitor_cli.main import main

EVENTS = Path(__file__).parents[3] / "events"
EXTERNAL_ID = "not-a-real-external-id-7f"


class Ran:
    """What one run of the command came to."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


type Runner = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    def running(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["policy-monitor", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return Ran(int(exit_.value.code or 0), out, err)

    return running


def verdicts(ran: Ran, subject: str) -> set[str]:
    findings = [json.loads(line) for line in ran.out.splitlines()]
    return {one["verdict"] for one in findings if one["subject"]["type"] == subject}


def test_replay_prints_a_finding_a_line_and_the_rest_on_standard_error(run: Runner) -> None:
    ran = run("replay", EVENTS, "--format", "jsonl")
    assert ran.status == 0
    findings = [json.loads(line) for line in ran.out.splitlines()]
    assert len(findings) > 14
    assert {finding["schema"] for finding in findings} == {"policy-monitor/finding/1"}
    assert all(finding["correction_of"] is None for finding in findings)
    assert [finding["time"] for finding in findings] == sorted(f["time"] for f in findings)
    assert f"baseline: {EVENTS / 'baseline.json'}" in ran.err
    assert "17-document-cut-off.json: dead letter: CreatePolicyVersion" in ran.err
    assert EXTERNAL_ID not in ran.out + ran.err


def test_a_finding_has_the_fields_of_the_schema_in_their_order(run: Runner) -> None:
    finding = json.loads(run("replay", EVENTS, "--format", "jsonl").out.splitlines()[0])
    beyond = ("region", "changed", "changed_total")
    assert [name for name in finding if name not in beyond] == [
        "schema",
        "finding_id",
        "event_id",
        "event_name",
        "time",
        "account",
        "subject",
        "kind",
        "verdict",
        "severity",
        "severity_reasons",
        "actor",
        "summary",
        "comparison",
        "before",
        "after",
        "correction_of",
    ]


def test_replay_shows_a_timeline_by_default(run: Runner) -> None:
    ran = run("replay", EVENTS)
    assert ran.status == 0
    for word in ("EXPANSION", "REDUCTION", "DENIED ATTEMPT", "IGNORED", "DUPLICATE", "DEAD LETTER"):
        assert word in ran.out
    assert "\x1b" not in ran.out
    assert " \n" not in ran.out
    assert EXTERNAL_ID not in ran.out


def test_the_order_of_sources_changes_nothing(run: Runner) -> None:
    files = sorted(EVENTS.glob("*.json"))
    forwards = run("replay", *files, "--format", "jsonl").out
    assert run("replay", *reversed(files), "--format", "jsonl").out == forwards


def test_severities_of_ones_own_are_tried_on_what_happened(run: Runner) -> None:
    def severities(*options: str) -> dict[str, str]:
        ran = run("replay", EVENTS, "--format", "jsonl", *options)
        findings = [json.loads(line) for line in ran.out.splitlines()]
        return {each["finding_id"]: each["severity"] for each in findings}

    usual = severities()
    assert severities("--severities", "") == usual
    own = severities("--severities", '{"reduction": "critical"}')
    changed = {(usual[name], severity) for name, severity in own.items() if severity != usual[name]}
    assert changed == {("low", "critical")}


@pytest.mark.parametrize("command", ["replay", "report", "history"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("critical", "--severities: 'critical' is no JSON"),
        ('{"nope": "low"}', "--severities: 'nope' is no rule; use one of administrator, "),
        ('{"reduction": "red"}', "--severities: reduction: 'red' is no severity; use one of "),
    ],
)
def test_severities_that_are_none_are_refused_in_a_line(
    run: Runner, command: str, given: str, said: str
) -> None:
    ran = run(command, EVENTS, "--severities", given)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith(f"policy-monitor: {said}")
    assert ran.err.count("\n") == 1


def test_another_role_can_be_watched(run: Runner) -> None:
    ran = run("replay", EVENTS, "--role", "reporting", "--policy", "data-*", "--format", "jsonl")
    subjects = [json.loads(line)["subject"] for line in ran.out.splitlines()]
    # Whatever is watched, the trail counts.
    assert {each["arn"] for each in subjects if each["type"] != "monitor"} == {
        "arn:aws:iam::123456789012:role/reporting",
        "arn:aws:iam::123456789012:policy/data-team-readonly",
    }


def test_the_vendor_of_another_role_is_known_by_its_account(run: Runner) -> None:
    def opened(*options: str) -> dict[str, Any]:
        ran = run("replay", EVENTS, "--format", "jsonl", *options)
        findings = [json.loads(line) for line in ran.out.splitlines()]
        return next(one for one in findings if one["event_name"] == "UpdateAssumeRolePolicy")

    reasons = opened()["severity_reasons"]
    assert opened("--vendor-account", "444455556666")["severity_reasons"] != reasons


def test_nothing_to_judge_is_said_in_whole_words(run: Runner) -> None:
    assert run("replay", EVENTS / "baseline.json").out == "0 events, no findings.\n"


def test_a_baseline_can_be_named(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "iam").write_bytes((EVENTS / "baseline.json").read_bytes())
    event = EVENTS / "03-load-balancers-added.json"
    known = run("replay", event, "--baseline", tmp_path / "iam", "--format", "jsonl")
    unknown = run("replay", event, "--format", "jsonl")
    assert verdicts(known, "policy") == {"expansion"}
    assert verdicts(unknown, "policy") == {"undetermined"}
    assert "no baseline" in unknown.err


def test_a_baseline_from_after_the_events_hides_none_of_them(run: Runner, tmp_path: Path) -> None:
    event = EVENTS / "03-load-balancers-added.json"
    then = json.loads((EVENTS / "baseline.json").read_text())
    policy = next(
        each for each in then["Policies"] if each["PolicyName"] == "AstronomerCrossAccountRole"
    )
    for version in policy["PolicyVersionList"]:
        version["IsDefaultVersion"] = False
    detail = json.loads(event.read_text())["detail"]
    made = json.loads(detail["requestParameters"]["policyDocument"])
    newer = {"VersionId": "v2", "IsDefaultVersion": True, "CreateDate": "2023-09-12T16:02:11Z"}
    policy["PolicyVersionList"].insert(0, {**newer, "Document": made})
    policy["DefaultVersionId"] = "v2"
    (tmp_path / "iam").write_text(json.dumps(then))
    ran = run("replay", event, "--baseline", tmp_path / "iam", "--format", "jsonl")
    assert verdicts(ran, "policy") == {"undetermined"}
    assert "was read after the first event (it tells of 2023-09-12T16:02:11Z)" in ran.err


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(run: Runner, tmp_path: Path) -> None:
    lines = [
        json.dumps(json.loads((EVENTS / "03-load-balancers-added.json").read_text())),
        "{broken",
        '{"neither": "nor"}',
    ]
    (tmp_path / "events.jsonl").write_text("\n".join(lines))
    ran = run("replay", tmp_path, EVENTS / "baseline.json", "--format", "jsonl")
    assert ran.status == 2
    assert ran.out.count("\n") == 1
    assert f"{tmp_path / 'events.jsonl'} line 2: not JSON" in ran.err
    assert f"{tmp_path / 'events.jsonl'} line 3: JSON of another shape" in ran.err


def test_an_event_without_detail_is_a_dead_letter(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"detail-type": "x", "source": "aws.iam"}')
    ran = run("replay", tmp_path, EVENTS / "03-load-balancers-added.json")
    assert ran.status == 0
    assert "a.json: dead letter: event has no detail" in ran.err
    assert "DEAD LETTER" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay", "/nowhere"], "/nowhere: no such file or folder"),
        (
            ["replay", EVENTS, "--baseline", "/nowhere"],
            "/nowhere: cannot be read: No such file or directory\n",
        ),
        (["replay", EVENTS, "--role", "arn:aws:iam::123456789012:role/x"], "name a role by its"),
        (["replay", EVENTS, "--role", ""], "--role: '' is none"),
        (["history", EVENTS, "--policy", "arn:aws:iam::aws:policy/X"], "name policies by their"),
        (["report", EVENTS, "--vendor-account", "42"], "name an account by its twelve digits"),
        (["history", "--stack", "x", "--vendor-account", "111122223333"], "how SOURCE is judged"),
        (["replay", EVENTS, "--baseline", EVENTS / "07-another-role.json"], "no snapshot of IAM"),
        (
            ["replay", EVENTS, "--role", "a", "--role", "b", "--through", "handlers"],
            "a stack watches one role",
        ),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    run: Runner, arguments: list[object], said: str
) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["replay"], ["replay", "x", "--format", "xml"], ["nonsense"]]
)
def test_wrong_usage_is_status_2(run: Runner, arguments: list[object]) -> None:
    assert run(*arguments).status == 2


@pytest.mark.parametrize("command", ["replay", "history", "demo", "diff"])
def test_help_of_each_command_shows_an_example(run: Runner, command: str) -> None:
    ran = run(command, "--help")
    assert ran.status == 0
    assert f"policy-monitor {command}" in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "\\b" not in ran.out


def test_the_overview_says_in_whole_what_each_command_is_for(run: Runner) -> None:
    out = run("--help").out
    assert "..." not in out.partition("Commands:")[2]
    assert max(len(line) for line in out.splitlines()) <= 80


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    ended = subprocess.run(  # noqa: S602 (a pipe needs a shell; nothing in it is from outside)
        f"{sys.executable} -m policy_monitor_cli.main replay {EVENTS} --format jsonl | head -c 10",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == '{"schema":'
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


def test_changes_of_a_monitors_own_parts_show_where_its_stack_is_named(
    run: Runner, tmp_path: Path
) -> None:
    by_call = {case.call: case for case in cases()}
    calls = ("DisableRule", "StopLogging", "UpdateStack")
    made = [tamper_event(by_call[call], eventID=call)["detail"] for call in calls]
    log = tmp_path / "log.json"
    log.write_text(json.dumps({"Records": made}))
    told = {
        stack: [
            json.loads(line)["event_name"]
            for line in run("replay", log, "--format", "jsonl", *stack).out.splitlines()
        ]
        for stack in ((), ("--stack", "policy-monitor"), ("--stack", "other"))
    }
    assert told[()] == told["--stack", "other"] == ["StopLogging"]
    assert sorted(told["--stack", "policy-monitor"]) == sorted(calls)
