"""What differs in the text of the documents behind a finding."""

import json
from typing import Any

import pytest
from tests.contract.ledgers import ACCOUNT, a_finding, a_mutation, first
from tests.golden_messages import golden_finding

from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.announcement import announce
from policy_monitor.documents import digest, mask
from policy_monitor.findings import (
    ChangedDocument,
    DocumentKind,
    DocumentVersion,
    Finding,
    Subject,
    SubjectType,
)
from policy_monitor.messages.blocks import slack_message
from policy_monitor.redlines import DOCUMENTS, LINES, redlines
from policy_monitor.settings import Settings
from policy_monitor_cli.slack_receiver import violations

ARN = f"arn:aws:iam::{ACCOUNT}:policy/Vendor"
OTHER = f"arn:aws:iam::{ACCOUNT}:policy/Other"
OLD, NEW = ({"Action": ["s3:Get*"]}, {"Action": ["s3:Get*", "s3:Put`<!channel>"]})


def side(document: Any, version: str | None = None) -> DocumentVersion | None:
    return document and DocumentVersion(version, digest(document))


def altered(old: Any, new: Any, kind: DocumentKind = DocumentKind.POLICY) -> ChangedDocument:
    return ChangedDocument(kind, ARN, side(old), side(new))


def of(*changed: ChangedDocument, **details: Any) -> Finding:
    return a_finding(1, **{"changed": changed, "changed_total": len(changed), **details})


def ledger_of(*documents: Any) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.append(a_mutation(1), {digest(document): document for document in documents})
    return ledger


def told(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    documents = [document for pair in pairs for document in pair if document]
    message = redlines(of(*(altered(*pair) for pair in pairs)), ledger_of(*documents))
    return list(message["redlines"])


def in_slack(message: Any) -> list[str]:
    payload = slack_message({**golden_finding("expansion"), **message})
    assert violations(payload) == []
    texts = [block.get("text", {}).get("text", "") for block in payload["blocks"]]
    return [text for text in texts if text.startswith("*Line by line:*") or "more document" in text]


def test_the_lines_that_differ_are_shown_with_a_sign() -> None:
    (redline,) = told((OLD, NEW))
    assert [line for line in redline["lines"] if line[0] in "+-"] == ['+  "s3:Put`<!channel>"']
    assert redline["lines_total"] == len(redline["lines"])


def test_what_is_left_out_between_the_lines_is_a_gap() -> None:
    names = [f"s3:Get{number}" for number in range(9)]
    (redline,) = told(({"Action": names}, {"Action": [*names[:7], "s3:Put", names[8]]}))
    assert redline["lines"] == ["…", '   "s3:Get6"', '-  "s3:Get7"', '+  "s3:Put"', '   "s3:Get8"']


def test_a_document_that_came_shows_all_its_lines_and_one_that_went_too() -> None:
    came, went = told((None, OLD), (NEW, None))
    assert (came["change"], went["change"]) == ("added", "removed")
    assert {line[0] for line in came["lines"]} == {"+"}
    assert {line[0] for line in went["lines"]} == {"-"}
    assert '-  "s3:Get*"' in went["lines"]


def test_each_document_says_what_it_is_in_slack() -> None:
    changed = (
        ChangedDocument(DocumentKind.POLICY, ARN, side(OLD, "v3"), side(NEW, "v4")),
        ChangedDocument(DocumentKind.POLICY, OTHER, side(OLD, "v1"), None),
        ChangedDocument(DocumentKind.INLINE, "hot`fix", None, side(NEW)),
        ChangedDocument(DocumentKind.TRUST, ARN, side(OLD), side(NEW)),
    )
    shown = in_slack(redlines(of(*changed), ledger_of(OLD, NEW)))
    assert [text.partition("\n")[0] for text in shown] == [
        "*Line by line:* policy `Vendor`, `v3` to `v4`",
        "*Line by line:* removed policy `Other`, `v1`",
        "*Line by line:* added inline policy `hot&lt;U+0060&gt;fix`",
        "*Line by line:* trust policy",
    ]


def test_of_many_documents_some_are_shown_and_the_others_counted() -> None:
    changed = [
        ChangedDocument(DocumentKind.INLINE, f"i{number}", None, side(OLD)) for number in range(60)
    ]
    message = redlines(of(*changed[:50], changed_total=60), ledger_of(OLD))
    assert len(message["redlines"]) == DOCUMENTS
    assert in_slack(message)[-1] == "and 54 more documents changed"


def test_a_long_document_leaves_room_for_the_short_ones_beside_it() -> None:
    long = {"Action": [f"s3:Put{number}" for number in range(500)]}
    first, second, third = told((OLD, long), (OLD, NEW), (long, OLD))
    assert len(second["lines"]) == second["lines_total"]
    rest = LINES - len(second["lines"])
    assert (len(first["lines"]), len(third["lines"])) == (rest // 2, rest - rest // 2)


@pytest.mark.parametrize("known", [(OLD,), (NEW,), ()])
def test_a_document_whose_text_is_not_known_has_no_redline(known: tuple[Any, ...]) -> None:
    assert redlines(of(altered(OLD, NEW)), ledger_of(*known)) == {}
    unread = ChangedDocument(DocumentKind.POLICY, ARN, DocumentVersion("v1", None), side(NEW))
    assert redlines(of(unread), ledger_of(NEW)) == {}


@pytest.mark.parametrize("kind", [SubjectType.POLICY, SubjectType.TRUST])
def test_a_finding_that_names_no_documents_shows_its_own(kind: SubjectType) -> None:
    sides = {"before": side(OLD), "after": side(NEW)}
    (redline,) = redlines(of(subject=Subject(kind, ARN), **sides), ledger_of(OLD, NEW))["redlines"]
    assert redline["lines"] == told((OLD, NEW))[0]["lines"]
    role = of(subject=Subject(SubjectType.ROLE, ARN), **sides)
    assert redlines(role, ledger_of(OLD, NEW)) == {}


def test_an_external_id_is_cut_to_what_people_may_see() -> None:
    old, new = (
        mask({"Condition": {"StringEquals": {"sts:ExternalId": secret}}}, b"key")
        for secret in ("planted-one", "planted-two")
    )
    shown = json.dumps(told((old, new)))
    assert "****ne" in shown
    assert "planted" not in shown
    assert "#" not in shown


def test_a_long_document_is_cut_with_a_count_here_and_in_slack() -> None:
    new = {"Action": [f"s3:Put{'x' * 300}{number}" for number in range(2_000)]}
    (redline,) = told((OLD, new))
    assert len(redline["lines"]) == LINES
    assert max(map(len, redline["lines"])) == 160
    (text,) = in_slack({"redlines": [redline]})
    shown = text.count("\n") - 3
    assert text.endswith(f"and {redline['lines_total'] - shown:,} more lines")


def test_nothing_of_a_document_ends_its_block_or_mentions_anybody() -> None:
    (text,) = in_slack({"redlines": told((OLD, NEW))})
    assert "<!" not in text
    assert "s3:Put&lt;U+0060&gt;&lt;!channel&gt;" in text


def test_an_announcement_carries_the_redlines() -> None:
    class Sent:
        name = "sns"

        def __init__(self) -> None:
            self.messages: list[Any] = []

        def send(self, message: Any) -> None:
            self.messages.append(message)

    ledger, sent = ledger_of(OLD, NEW), Sent()
    finding, row = first(of(altered(OLD, NEW)))
    ledger.record(1, [(finding, row)])
    announce(row, ledger=ledger, outbox=MemoryOutbox(), channel=sent, settings=Settings())
    (message,) = sent.messages
    assert message["redlines"] == redlines(finding, ledger)["redlines"]
    assert message["redlines_total"] == 1
