"""What a report is made from, and where it is gathered."""

from collections.abc import Sequence
from typing import NamedTuple

from policy_monitor.history import Entry, history
from policy_monitor.ledger import Ledger, Outbox
from policy_monitor.notebook import Notebook
from policy_monitor_report.evidence import Evidence, evidence


class Report(NamedTuple):
    """What a page is made from.

    Attributes
    ----------
    source : str
        Where the findings come from, in words.
    written : str
        When, UTC to the second.
    compared : str or None
        When IAM was last compared with the ledger; None for a replay, which watches nothing.
    """

    source: str
    written: str
    entries: Sequence[Entry]
    evidence: Evidence
    compared: str | None = None


class Records(NamedTuple):
    """What the monitor of one account has recorded."""

    ledger: Ledger
    outbox: Outbox
    notebook: Notebook


def of_stack(name: str) -> str:
    """What a report says where it comes from a deployed stack."""
    return f"From the ledger of stack {name}"


def gathered(source: str, written: str, records: Records) -> Report:
    """A report of all that is recorded; its arguments are `Report`'s."""
    note = records.notebook.last()
    return Report(
        source=source,
        written=written,
        entries=tuple(history(records.ledger, records.outbox)),
        evidence=evidence(records.ledger),
        compared=note.read_at if note else "",
    )
