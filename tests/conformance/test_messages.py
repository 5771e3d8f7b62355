"""Messages about the longest real policies: within every channel's limits, and soon made."""

import json
from typing import Any

from tests.conformance.records import rows
from tests.contract.ledgers import a_finding, a_mutation

from policy_monitor import catalogue
from policy_monitor.access import Held
from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.announcement import announced_json
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.documents import digest
from policy_monitor.findings import DocumentVersion, Subject, SubjectType
from policy_monitor.messages.blocks import slack_payload
from policy_monitor.messages.chat import chat_envelope
from policy_monitor.messages.envelope import MESSAGE_LIMIT, envelope
from policy_monitor.redlines import redlines
from policy_monitor_cli.slack_receiver import violations

POLICY = Subject(SubjectType.POLICY, "arn:aws:iam::123456789012:policy/" + "P" * 128)
LONGEST = 8


def message_of(old: Any, new: Any) -> dict[str, Any]:
    """What is announced of a policy that was the one document and is the other."""
    documents = {digest(document): document for document in (old, new)}
    before, after = (DocumentVersion("v1", digest(old)), DocumentVersion("v2", digest(new)))
    was, holds = Held((digest(old),)), Held((digest(new),))
    answer = Comparisons(documents, catalogue.load()).answer(Question(was, holds, part=True))
    finding = a_finding(1, str(answer["verdict"]), subject=POLICY, before=before, after=after)
    finding = finding._replace(comparison=answer)
    ledger = MemoryLedger()
    ledger.append(a_mutation(1), documents)
    return {**announced_json(finding, 1, None), **redlines(finding, ledger)}


def longest() -> list[dict[str, Any]]:
    pairs = rows("managed_policy_versions")
    ranked = sorted(pairs, key=lambda row: len(json.dumps([row["old"], row["new"]])), reverse=True)
    # Against nothing, all of a policy is gained: the longest lists that there are.
    return [*ranked[:LONGEST], {**ranked[0], "id": "all", "old": {"Statement": []}}]


def test_messages_about_the_longest_policies_are_within_the_limits() -> None:
    for row in longest():
        message = message_of(row["old"], row["new"])
        assert message["redlines"][0]["lines_total"] > 0
        payload = slack_payload(message)
        assert violations(payload) == [], row["id"]
        assert len(json.dumps(payload["blocks"], ensure_ascii=False)) < 20_000, row["id"]
        for letter in (envelope(message), chat_envelope(message)):
            assert len(letter.message.encode()) <= MESSAGE_LIMIT, row["id"]
            assert len(letter.subject) < 100, row["id"]
