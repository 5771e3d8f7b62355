"""Redlines: which lines of the documents differ, for people who know a policy by its text."""

import json
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from policy_monitor.documents import readable
from policy_monitor.findings import ChangedDocument, DocumentVersion, Finding
from policy_monitor.ledger import Ledger
from policy_monitor.messages.text import shares
from policy_monitor.mutations import Document, Documents
from policy_monitor.papers import changed_documents

LINES = 60
"""How many lines the redlines of a finding hold together; each counts all of its own."""

DOCUMENTS = 6
"""Of how many documents; `redlines_total` counts all that changed."""

_CONTEXT = 1
_GAP = "…"
# How a diff's first part begins where nothing is left out before it; the others leave a gap.
_FROM_THE_START = ("@@ -0,0 ", "@@ -1,", "@@ -1 ")
_LINE_LIMIT = 160


def redlines(finding: Finding, ledger: Ledger) -> dict[str, Any]:
    """What differs in the texts of the documents behind a finding, secrets masked.

    Returns
    -------
    dict
        ``redlines``, one a document: its ``kind`` and ``name``, the ``change`` (added, removed or
        altered), the versions ``before`` and ``after``, ``lines`` (the first character says ``+``,
        ``-`` or neither; ``…`` stands for lines that are the same) and ``lines_total``; and
        ``redlines_total``, of how many documents. Empty where nothing is known to differ.
    """
    found = changed_documents(finding)
    shown = found[:DOCUMENTS]
    documents = ledger.documents({digest for each in shown for digest in _digests(each)})
    told = [(each, lines) for each in shown if (lines := _differing(each, documents))]
    if not told:
        return {}
    rooms = shares([len(lines) for _, lines in told], LINES)
    return {
        "redlines": [
            {
                "kind": each.kind.value,
                "name": each.name,
                "change": _change(each),
                "before": each.before and each.before.version,
                "after": each.after and each.after.version,
                "lines": [line[:_LINE_LIMIT] for line in lines[:room]],
                "lines_total": len(lines),
            }
            for (each, lines), room in zip(told, rooms, strict=True)
        ],
        "redlines_total": max(len(found), finding.changed_total),
    }


def _change(each: ChangedDocument) -> str:
    if each.before is None:
        return "added"
    return "removed" if each.after is None else "altered"


def _digests(each: ChangedDocument) -> Iterator[str]:
    for side in (each.before, each.after):
        if side is not None and side.sha256 is not None:
            yield side.sha256


def _differing(each: ChangedDocument, documents: Documents) -> list[str]:
    """The lines that differ and those beside them; none where a side is not known."""
    old, new = _lines(each.before, documents), _lines(each.after, documents)
    if old is None or new is None:
        return []
    # The first two lines name files.
    lines = list(unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]
    if lines and lines[0].startswith(_FROM_THE_START):
        del lines[0]
    return [_GAP if line.startswith("@@") else line for line in lines]


def _lines(side: DocumentVersion | None, documents: Documents) -> list[str] | None:
    if side is None:
        return []
    document = documents.get(side.sha256 or "")
    return None if document is None else _printed(document)


def _printed(document: Document) -> list[str]:
    # Without commas: one at a line's end says only that another line follows.
    text = json.dumps(
        readable(document), indent=1, sort_keys=True, ensure_ascii=False, separators=("", ": ")
    )
    return text.split("\n")
