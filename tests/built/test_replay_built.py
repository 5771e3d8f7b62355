"""The year of `events/` through what is deployed: the built functions, layers and template."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Runner
from tests.integration.test_replay_handlers import EXTERNAL_ID, lines, material

from policy_monitor.settings import Settings
from policy_monitor_cli import built
from policy_monitor_cli.emulator import emulators
from policy_monitor_cli.handlers import replay_through_handlers
from policy_monitor_cli.offline import replay_offline
from policy_monitor_cli.outcome import Channel, Outcome
from policy_monitor_cli.template import Template

EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture(scope="module")
def year(build: Path) -> Outcome:
    return replay_through_handlers(material(), Settings(), template=build, runtime=emulators)


def log(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.log.splitlines() if line.startswith("{")]


def test_what_is_deployed_finds_what_the_domain_finds_field_by_field(year: Outcome) -> None:
    told = [line for line in lines(year) if line["kind"] != "drift"]
    assert len(told) > 20
    assert told == lines(replay_offline(material(), Settings()))


def test_what_is_deployed_finds_drift_and_corrects_it(year: Outcome) -> None:
    drift = [line for line in lines(year) if line["kind"] == "drift"]
    assert {line["actor"]["kind"] for line in drift} == {"aws", "unknown"}
    assert [entry.finding.kind for entry in year.entries if entry.correction_of] == ["drift"]


def test_what_is_deployed_tells_by_mail_and_in_slack(year: Outcome) -> None:
    sent = [message.channel for message in year.messages]
    assert sent.count(Channel.EMAIL) == sent.count(Channel.SLACK) > 10


def test_each_function_has_a_cold_start_of_its_own(year: Outcome, template: Template) -> None:
    cold = [line["function_name"] for line in log(year) if line.get("cold_start") is True]
    # The report's schedule is no part of the story.
    assert set(cold) == set(template.functions) - {"ReportFunction"}


def test_no_external_id_reaches_the_runtimes_log(year: Outcome) -> None:
    assert "UnreadableEventError" in year.log
    assert EXTERNAL_ID not in year.log + str(year.messages)


def test_the_command_replays_through_what_it_has_built(
    build: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "built_template", lambda: build)
    ran = run("replay", EVENTS / "03-load-balancers-added.json", EVENTS / "baseline.json",
              "--through", "built", "--format", "jsonl")  # fmt: skip
    assert ran.status == 0
    assert [line["verdict"] for line in ran.lines()] == ["expansion"]
