"""The commands open and ack, as they are run on a deployed table."""

from collections.abc import Iterator

import pytest
from tests.commands import Runner
from tests.contract.ledgers import ACCOUNT, a_finding, dynamodb, first

from policy_monitor.adapters.dynamodb import DynamoDBLedger

WHERE = ("--table", "ledger", "--region", "us-east-1")
NAMED = "*Markup* <!channel> \u202etxt.evil " + "x" * 100


@pytest.fixture
def ledger() -> Iterator[DynamoDBLedger]:
    with dynamodb() as client:
        made = DynamoDBLedger(client, "ledger", ACCOUNT)
        made.record(0, [first(a_finding(1)), first(a_finding(2, "reduction"))])
        made.record(0, [first(a_finding(3, "mixed", summary=f"The vendor wrote {NAMED}."))])
        yield made


def test_open_findings_are_listed_until_they_are_acknowledged(
    run: Runner, ledger: DynamoDBLedger
) -> None:
    assert ledger.notices() == {}
    listed = run("open", *WHERE, "--format", "jsonl").lines()
    assert [one["finding_id"] for one in listed] == ["1-expansion", "3-mixed"]
    assert all(type(one["days_open"]) is int for one in listed)

    ran = run("ack", "1-expansion", "--notice", "https://vendor.example/42", *WHERE)

    assert ran.status == 0
    (notice,) = ledger.notices().values()
    assert (notice.finding_id, notice.text) == ("1-expansion", "https://vendor.example/42")
    assert notice.author.startswith("arn:aws:") or notice.author.startswith("arn:aws-")
    assert notice.author in ran.out
    assert "3-mixed" in run("open", *WHERE).out
    assert run("ack", "3-mixed", "--notice", "by mail", *WHERE).status == 0
    assert "Nothing is open" in run("open", *WHERE).out
    assert run("open", *WHERE, "--format", "jsonl").out == ""


def test_open_findings_are_shown_within_80_columns_with_nothing_hidden(
    run: Runner, ledger: DynamoDBLedger
) -> None:
    assert len(list(ledger.findings())) == 3
    ran = run("open", *WHERE)
    assert ran.status == 0
    assert "EXPANSION  high  role astronomer-remote-management" in " ".join(ran.out.splitlines())
    assert "open for" in ran.out
    assert "policy-monitor ack 1-expansion" in ran.out
    assert "2 findings without a notice of the vendor." in ran.out
    assert "<U+202E>txt.evil" in ran.out
    assert "\u202e" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ack", "nothing", "--notice", "x", *WHERE), "finding nothing: the ledger holds none"),
        (("ack", "2-reduction", "--notice", "x", *WHERE), "no notice of the vendor is due"),
        (("ack", "1-expansion", "--notice", "", *WHERE), "the notice is empty"),
        (
            ("ack", "1-expansion", "--notice", "x", "--table", "no", "--region", "us-east-1"),
            "table no: there is none in us-east-1",
        ),
        (("open", "--table", "no", "--region", "us-east-1"), "table no: there is none"),
        (("open", "--stack", "no", "--region", "us-east-1"), "stack no: there is none"),
        (("open",), "name one of --stack and --table"),
        (("open", "--stack", "a", "--table", "b"), "name one of --stack and --table"),
        (("open", "--table", "ledger"), "no AWS region is configured"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    run: Runner, ledger: DynamoDBLedger, arguments: tuple[str, ...], said: str
) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert ledger.notices() == {}


def test_a_second_acknowledgement_names_the_first_in_one_line(
    run: Runner, ledger: DynamoDBLedger
) -> None:
    run("ack", "1-expansion", "--notice", "two\nlines", *WHERE)
    ran = run("ack", "1-expansion", "--notice", "another", *WHERE)
    assert ran.status == 2
    assert "already, and it stays: two<U+000A>lines" in ran.err
    assert ran.err.count("\n") == 1
    assert ledger.notices()["1-expansion"].text == "two\nlines"


@pytest.mark.parametrize("command", [("open",), ("ack", "x", "--notice", "y")])
def test_missing_credentials_are_one_line(
    run: Runner, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = run(*command, *WHERE)
    assert ran.status == 2
    assert "no AWS credentials that work; set AWS_PROFILE" in ran.err
    assert ran.err.count("\n") == 1
