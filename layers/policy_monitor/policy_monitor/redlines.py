"""Redlines: which lines of a policy's text differ, for people who know it by its text."""

import json
from collections.abc import Iterator
from datetime import timedelta
from difflib import unified_diff
from typing import Any

from policy_monitor.documents import readable
from policy_monitor.findings import Finding, SubjectType
from policy_monitor.ledger import Ledger
from policy_monitor.mutations import Document
from policy_monitor.timeline import earlier

LINES = 60
"""How many lines a redline holds; it counts all."""

_CONTEXT = 1
_LINE_LIMIT = 160


def redline(finding: Finding, ledger: Ledger) -> dict[str, Any] | None:
    """What differs in the text of the document behind a finding, secrets masked.

    Returns
    -------
    dict or None
        ``lines`` (the first character says ``+``, ``-`` or neither) and ``lines_total``, how many
        there are. None where the finding is not of one document in two versions.
    """
    pair = _digests(finding, ledger)
    if pair is None:
        return None
    documents = ledger.documents(pair)
    if len(documents) < len(pair):
        return None
    old, new = (_lines(documents[sha256]) for sha256 in pair)
    # The first two lines name files.
    lines = list(unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]
    return {"lines": [line[:_LINE_LIMIT] for line in lines[:LINES]], "lines_total": len(lines)}


def _digests(finding: Finding, ledger: Ledger) -> tuple[str, str] | None:
    """The two documents of a finding; of a role's, those of the one policy that changed with it."""
    if finding.subject.type is not SubjectType.ROLE:
        return _pair(finding)
    pairs = {_pair(other) for other in _beside(finding, ledger)}
    return pairs.pop() if len(pairs) == 1 else None


def _beside(finding: Finding, ledger: Ledger) -> Iterator[Finding]:
    """The policies' findings of the same event."""
    rows = ledger.following(earlier(finding.time, timedelta(seconds=1))).current
    start = f"{finding.time}#{finding.event_id}#{SubjectType.POLICY}#"
    for slot, row in rows.items():
        found = ledger.finding(slot, row.finding_id) if slot.startswith(start) else None
        if found is not None and found.kind is finding.kind:
            yield found


def _pair(finding: Finding) -> tuple[str, str] | None:
    old, new = finding.before.sha256, finding.after.sha256
    return (old, new) if old and new and old != new else None


def _lines(document: Document) -> list[str]:
    # Without commas: one at a line's end says only that another line follows.
    text = json.dumps(
        readable(document), indent=1, sort_keys=True, ensure_ascii=False, separators=("", ": ")
    )
    return text.split("\n")
