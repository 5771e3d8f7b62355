"""What waits for a notice of the vendor, and what closes it."""

from itertools import product
from typing import Any

import pytest
from tests.contract.ledgers import ACCOUNT, a_finding, after, first

from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.announcement import Outcome
from policy_monitor.digest import LISTED, days_open, digest_json, remind
from policy_monitor.errors import DeliveryError, InputError
from policy_monitor.findings import Finding, FindingKind, Severity
from policy_monitor.history import Entry, entry_json, history
from policy_monitor.ledger import Notice
from policy_monitor.messages.digests import digest
from policy_monitor.messages.wording import notice as notice_words
from policy_monitor.mutations import Actor, ActorKind
from policy_monitor.notices import acknowledge, is_due, open_entries
from policy_monitor.settings import VERDICTS

NOW = "2026-12-01T08:00:00Z"
CUSTOMER = Actor(ActorKind.CUSTOMER, arn=f"arn:aws:iam::{ACCOUNT}:user/platform")


def noted(
    finding_id: str, text: str = "https://vendor.example/42", author: str = "arn:a"
) -> Notice:
    return Notice(finding_id, text, author, NOW)


def ledger_of(*findings: Finding) -> MemoryLedger:
    ledger = MemoryLedger()
    for finding in findings:
        ledger.record(0, [first(finding)])
    return ledger


def open_ids(ledger: MemoryLedger) -> list[str]:
    return [entry.finding.finding_id for entry in open_entries(history(ledger))]


@pytest.mark.parametrize(
    ("kind", "verdict", "actor", "arn"),
    list(product(FindingKind, VERDICTS, ActorKind, ["", "arn:aws:iam::111111111111:user/x"])),
)
def test_a_finding_is_open_exactly_where_its_message_asks_for_a_notice(
    kind: FindingKind, verdict: str, actor: ActorKind, arn: str
) -> None:
    finding = a_finding(1, verdict, kind=kind, actor=Actor(actor, arn=arn))
    asked = "sk for its notice" in notice_words(kind, verdict, actor, named=bool(arn))
    assert is_due(finding) == asked


def test_an_expansion_by_the_vendor_is_open_until_its_notice_is_noted() -> None:
    ledger = ledger_of(
        a_finding(1), a_finding(2, "reduction"), a_finding(3, actor=CUSTOMER), a_finding(4, "mixed")
    )
    assert open_ids(ledger) == ["1-expansion", "4-mixed"]
    acknowledge(ledger, noted("1-expansion"))
    assert open_ids(ledger) == ["4-mixed"]
    closed = next(history(ledger))
    assert entry_json(closed)["notice"] == {
        "text": "https://vendor.example/42",
        "author": "arn:a",
        "time": NOW,
    }


def test_what_takes_the_place_of_a_finding_is_open_anew() -> None:
    ledger = MemoryLedger()
    _, row = first(a_finding(1))
    ledger.record(0, [(a_finding(1), row)])
    acknowledge(ledger, noted("1-expansion"))
    ledger.record(0, [after(row, a_finding(1, "mixed"))])
    assert open_ids(ledger) == ["1-mixed"]


def test_what_another_finding_tells_is_not_open_beside_it() -> None:
    ledger = MemoryLedger()
    ledger.record(0, [first(a_finding(1)), first(a_finding(2), told_with="1-expansion")])
    assert open_ids(ledger) == ["1-expansion"]


def corrected_and_shared() -> MemoryLedger:
    ledger = ledger_of(a_finding(3, "reduction"), a_finding(5))
    _, row = first(a_finding(1))
    ledger.record(0, [(a_finding(1), row)])
    ledger.record(0, [after(row, a_finding(1, "mixed"))])
    ledger.record(0, [first(a_finding(2), told_with="1-mixed")])
    return ledger


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (noted("nothing"), "finding nothing: the ledger holds none; `policy-monitor open` lists"),
        (noted("1-expansion"), "was corrected by finding 1-mixed; acknowledge that one"),
        (noted("2-expansion"), "is told with finding 1-mixed; acknowledge that one"),
        (noted("3-reduction"), "change, reduction, made by vendor: no notice of the vendor is due"),
        (noted("1-mixed", " \n"), "finding 1-mixed: the notice is empty"),
        (noted("1-mixed", "x" * 2_001), "the notice has 2,001 characters, and at most 2,000"),
    ],
)
def test_what_is_not_open_cannot_be_acknowledged(notice: Notice, said: str) -> None:
    ledger = corrected_and_shared()
    with pytest.raises(InputError) as caught:
        acknowledge(ledger, notice)
    assert said in str(caught.value)
    assert ledger.notices() == {}


def test_a_second_notice_names_the_first_and_changes_nothing() -> None:
    ledger = ledger_of(a_finding(1))
    acknowledge(ledger, noted("1-expansion"))
    with pytest.raises(InputError, match=f"arn:a noted a notice at {NOW} already, and it stays"):
        acknowledge(ledger, noted("1-expansion", "another", "arn:b"))
    assert ledger.notices() == {"1-expansion": noted("1-expansion")}


# ------------------------------------------------------------------------------- the digest


class Sent:
    """A channel that keeps what it is given, or refuses it."""

    name = "sns"

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.refuses = False

    def send(self, message: Any) -> None:
        if self.refuses:
            raise DeliveryError("no")
        self.messages.append(message)


def test_nothing_is_sent_where_nothing_is_open() -> None:
    sent = Sent()
    ledger = ledger_of(a_finding(1), a_finding(2, "reduction"))
    acknowledge(ledger, noted("1-expansion"))
    assert remind(ledger, MemoryOutbox(), sent, ACCOUNT, NOW) is Outcome.SILENT
    assert sent.messages == []


def test_a_digest_is_sent_once_a_day_and_again_where_it_was_refused() -> None:
    sent, outbox, ledger = Sent(), MemoryOutbox(), ledger_of(a_finding(1))
    sent.refuses = True
    with pytest.raises(DeliveryError):
        remind(ledger, outbox, sent, ACCOUNT, NOW)
    sent.refuses = False
    told = [remind(ledger, outbox, sent, ACCOUNT, NOW, stack="pm") for _ in range(2)]
    told.append(remind(ledger, outbox, sent, ACCOUNT, "2026-12-08T08:00:00Z"))
    assert told == [Outcome.SENT, Outcome.KNOWN, Outcome.SENT]
    assert [message["longest"] for message in sent.messages] == [9, 16]
    assert digest(sent.messages[0]).ack.endswith("--stack pm --region us-east-1")


def test_a_digest_names_the_most_severe_first_and_counts_what_it_leaves_out() -> None:
    findings = [a_finding(number) for number in range(LISTED + 7)]
    findings.append(a_finding(5_000, severity=Severity.CRITICAL))
    told = digest_json([Entry(finding) for finding in findings], ACCOUNT, NOW)
    assert told["severity"] == "critical"
    assert [entry["finding_id"] for entry in told["open"][:2]] == [
        "5000-expansion",
        "0-expansion",
    ]
    assert (len(told["open"]), told["open_total"]) == (LISTED, LISTED + 8)


@pytest.mark.parametrize(
    ("since", "days"),
    [
        ("2026-12-01T08:00:00Z", 0),
        ("2026-11-30T08:00:01Z", 0),
        ("2026-11-30T08:00:00Z", 1),
        ("2026-12-09T08:00:00Z", 0),
    ],
)
def test_days_are_whole_and_never_less_than_none(since: str, days: int) -> None:
    assert days_open(since, NOW) == days
