"""Notices: what the vendor gained and has yet to tell of. Pure.

An expansion is *open* until a person of the customer's notes where the vendor told of it.
"""

from collections.abc import Iterable

from policy_monitor.errors import InputError
from policy_monitor.findings import Finding
from policy_monitor.history import Entry, history
from policy_monitor.ledger import Ledger, Notice
from policy_monitor.messages.text import sentence
from policy_monitor.messages.wording import notice_is_due

TEXT_LIMIT = 2_000
"""Characters of a notice: an address, or a few sentences."""


def is_due(finding: Finding) -> bool:
    """Whether the vendor was to tell of a change: it gained, and was made by it, as far as known.

    Where no event says who made it (drift), it may have been the vendor. Messages ask for a notice
    in the same cases.
    """
    actor = finding.actor
    return notice_is_due(finding.kind, finding.verdict, actor.kind, named=bool(actor.arn))


def open_entries(entries: Iterable[Entry]) -> list[Entry]:
    """Of a history, what waits for a notice: it holds, is told by itself, and nobody noted one."""
    return [
        entry
        for entry in entries
        if entry.superseded_by is None
        and entry.told_with is None
        and entry.notice is None
        and is_due(entry.finding)
    ]


def acknowledge(ledger: Ledger, notice: Notice) -> None:
    """Note the vendor's notice of a finding that is open.

    Raises
    ------
    InputError
        The notice is empty or too long, or the finding is not open; the message says why.
    """
    thing = f"finding {notice.finding_id[:80]}"
    if not notice.text.strip():
        raise InputError(f"{thing}: the notice is empty; give its address, or what it said")
    if len(notice.text) > TEXT_LIMIT:
        raise InputError(
            f"{thing}: the notice has {len(notice.text):,} characters, and at most {TEXT_LIMIT:,} "
            "are kept; give its address"
        )
    found = (one for one in history(ledger) if one.finding.finding_id == notice.finding_id)
    entry = next(found, None)
    if entry is None:
        raise InputError(
            f"{thing}: the ledger holds none; `policy-monitor open` lists what waits for a notice"
        )
    if (other := entry.superseded_by or entry.told_with) is not None:
        why = "was corrected by" if entry.superseded_by else "is told with"
        raise InputError(f"{thing}: {why} finding {other}; acknowledge that one")
    if not is_due(entry.finding):
        raise InputError(
            f"{thing}: {entry.finding.kind}, {entry.finding.verdict}, made by "
            f"{entry.finding.actor.kind}: no notice of the vendor is due"
        )
    standing = ledger.put_notice(notice)
    if standing != notice:
        raise InputError(
            f"{thing}: {standing.author} noted a notice at {standing.time} already, and it stays: "
            f"{sentence(standing.text, 300)}"
        )
