"""The command report, as it is run: from a deployed table, and from a replay."""

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from tests.commands import LEDGER_TEMPLATE, Runner, empty_stack, record

EVENTS = Path(__file__).parents[2] / "events"
REGION = ("--region", "us-east-1")


def test_a_table_becomes_a_page(run: Runner, table: str, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    ran = run("report", "--table", table, *REGION, "--out", out)
    assert (ran.status, ran.out, ran.err) == (0, "", f"report: {out}\n")
    made = out.read_text()
    for part in ("From the ledger ledger", "It can do less.", "told by the topic", "not known"):
        assert part in made


def test_a_stack_is_asked_for_its_table(run: Runner, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    with mock_aws():
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="monitor", TemplateBody=json.dumps(LEDGER_TEMPLATE)
        )
        record(boto3.client("dynamodb", "us-east-1"), "ledger")
        ran = run("report", "--stack", "monitor", *REGION, "--out", out)
    assert ran.status == 0
    assert "From the ledger of stack monitor" in out.read_text()


def test_a_replay_becomes_a_page_and_keeps_its_secrets(run: Runner, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    ran = run("report", EVENTS, "--out", out)
    assert ran.status == 0
    made = out.read_text()
    assert "not-a-real-external-id-7f" not in made + ran.err
    assert "From a replay of 27 events" in made
    assert "elasticloadbalancing: Write, 2023-09-12 16:02:11 UTC to now" in made


def test_what_a_replay_cannot_read_is_status_2_and_the_rest_is_shown(
    run: Runner, tmp_path: Path
) -> None:
    event = (EVENTS / "03-load-balancers-added.json").read_text()
    (tmp_path / "events.jsonl").write_text(" ".join(event.split()) + "\n{broken")
    out = tmp_path / "page.html"
    assert run("report", tmp_path / "events.jsonl", "--out", out).status == 2
    assert "AstronomerCrossAccountRole" in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "report: name one of --stack, --table and SOURCE"),
        (("--table", "a", EVENTS), "report: name one of --stack, --table and SOURCE"),
        (
            ("--table", "a", *REGION, "--policy", "p"),
            "report: --baseline, --role, --policy, --vendor-account and",
        ),
        (("--table", "nowhere", *REGION), "table nowhere: there is none in us-east-1"),
        (("--stack", "other", *REGION), "stack other: has no output TableName"),
        (("/nowhere",), "/nowhere: no such file or folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    run: Runner, arguments: tuple[object, ...], said: str, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    with mock_aws():
        empty_stack()
        ran = run("report", *arguments, "--out", out)
    assert ran.status == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not out.exists()


def test_a_page_that_cannot_be_written_is_one_line(run: Runner, table: str, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "page.html"
    ran = run("report", "--table", table, *REGION, "--out", out)
    assert ran.status == 2
    assert (
        ran.err == f"policy-monitor: report: {out}: cannot be written: No such file or directory\n"
    )
