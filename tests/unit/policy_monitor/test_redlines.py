"""What differs in the text of the documents behind a finding."""

import json
from typing import Any

import pytest
from tests.contract.ledgers import ACCOUNT, a_finding, a_mutation, first
from tests.golden_messages import golden_finding

from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.announcement import announce
from policy_monitor.documents import digest, mask
from policy_monitor.findings import DocumentVersion, Finding, Subject, SubjectType
from policy_monitor.messages.blocks import slack_message
from policy_monitor.redlines import LINES, redline
from policy_monitor.settings import Settings
from policy_monitor_cli.slack_receiver import violations

ARN = f"arn:aws:iam::{ACCOUNT}:policy/Vendor"
POLICY, TRUST = (Subject(kind, ARN) for kind in (SubjectType.POLICY, SubjectType.TRUST))
OLD, NEW = ({"Action": ["s3:Get*"]}, {"Action": ["s3:Get*", "s3:Put`<!channel>"]})


def of(old: Any, new: Any, **details: Any) -> Finding:
    sides = {
        name: DocumentVersion(None, digest(document))
        for name, document in (("before", old), ("after", new))
    }
    return a_finding(1, **{"finding_id": "p", "subject": POLICY, **sides, **details})


def ledger_of(*documents: Any) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.append(a_mutation(1), {digest(document): document for document in documents})
    return ledger


@pytest.mark.parametrize("subject", [POLICY, TRUST])
def test_the_lines_that_differ_are_shown_with_a_sign(subject: Subject) -> None:
    told = redline(of(OLD, NEW, subject=subject), ledger_of(OLD, NEW))
    assert told is not None
    assert [line for line in told["lines"] if line[0] in "+-"] == [
        '+  "s3:Put`<!channel>"',
    ]
    assert told["lines_total"] == len(told["lines"])


def test_a_roles_finding_shows_the_policy_that_changed_with_it() -> None:
    ledger = ledger_of(OLD, NEW)
    role = a_finding(1)
    ledger.record(1, [first(role), first(of(OLD, NEW), told_with=role.finding_id)])
    assert redline(role, ledger) == redline(of(OLD, NEW), ledger)


def test_a_roles_finding_of_no_policy_or_of_several_shows_no_text() -> None:
    ledger = ledger_of(OLD, NEW)
    assert redline(a_finding(1), ledger) is None
    other = of(NEW, OLD, finding_id="q", subject=Subject(SubjectType.POLICY, f"{ARN}2"))
    later = of(OLD, NEW, time="2026-11-22T00:00:02Z")
    ledger.record(1, [first(of(OLD, NEW)), first(other), first(later)])
    assert redline(a_finding(1), ledger) is None


@pytest.mark.parametrize("known", [(OLD,), (NEW,), ()])
def test_a_document_that_is_not_there_is_not_compared(known: tuple[Any, ...]) -> None:
    assert redline(of(OLD, NEW), ledger_of(*known)) is None


def test_the_same_document_has_no_redline() -> None:
    assert redline(of(OLD, OLD), ledger_of(OLD)) is None


def test_an_external_id_is_cut_to_what_people_may_see() -> None:
    old, new = (
        mask({"Condition": {"StringEquals": {"sts:ExternalId": secret}}}, b"key")
        for secret in ("planted-one", "planted-two")
    )
    told = json.dumps(redline(of(old, new, subject=TRUST), ledger_of(old, new)))
    assert "****ne" in told
    assert "planted" not in told
    assert "#" not in told


def test_a_long_document_is_cut_with_a_count_here_and_in_slack() -> None:
    new = {"Action": [f"s3:Put{'x' * 300}{number}" for number in range(2_000)]}
    told = redline(of(OLD, new), ledger_of(OLD, new))
    assert told is not None
    assert len(told["lines"]) == LINES
    assert max(map(len, told["lines"])) == 160
    payload = slack_message({**golden_finding("expansion"), "redline": told})
    assert violations(payload) == []
    text = next(
        block["text"]["text"]
        for block in payload["blocks"]
        if "line by line" in block.get("text", {}).get("text", "")
    )
    shown = text.count("\n") - 3
    assert text.endswith(f"and {told['lines_total'] - shown:,} more lines")


def test_nothing_of_a_document_ends_its_block_or_mentions_anybody() -> None:
    told = redline(of(OLD, NEW), ledger_of(OLD, NEW))
    shown = json.dumps(slack_message({**golden_finding("expansion"), "redline": told}))
    assert "<!" not in shown
    assert "s3:Put&lt;U+0060&gt;&lt;!channel&gt;" in shown


def test_an_announcement_carries_the_redline() -> None:
    class Sent:
        name = "sns"

        def __init__(self) -> None:
            self.messages: list[Any] = []

        def send(self, message: Any) -> None:
            self.messages.append(message)

    ledger, sent = ledger_of(OLD, NEW), Sent()
    finding, row = first(of(OLD, NEW))
    ledger.record(1, [(finding, row)])
    announce(row, ledger=ledger, outbox=MemoryOutbox(), channel=sent, settings=Settings())
    (message,) = sent.messages
    assert message["redline"] == redline(finding, ledger)
