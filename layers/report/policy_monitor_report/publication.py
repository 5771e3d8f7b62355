"""The report where people of the customer's find it, written anew whenever it would tell more."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from policy_monitor.records import notice_json
from policy_monitor_report.report import Records, gathered

if TYPE_CHECKING:
    from iamdiff.catalogue import Catalogue

_END = "9999-12-31T23:59:59Z"
"""After all facts: how many there are is told without reading them."""


class Place(Protocol):
    """Where the page lies."""

    def check(self) -> None:
        """Raise an error where the public could read what is written."""
        ...

    def edition(self) -> str:
        """The edition of the page that lies there; ``""`` where there is none."""
        ...

    def put(self, page: bytes, edition: str) -> None:
        """Put a page in the place of any other."""
        ...


def edition(records: Records, code: str, day: str) -> str:
    """A digest of all that the page tells: two of the same edition differ in no more than a clock.

    Findings are a function of the facts and of the code that judged them, so counting the facts
    that are judged will do. A day makes a new edition: a page tells for how many days something is
    open, and one that is older than a day tells that the monitor stands still.

    Parameters
    ----------
    code : str
        What is deployed.
    """
    head = records.ledger.following(_END)
    sent = sorted(
        (each.key.finding_id, each.key.revision, each.key.channel, each.state, each.time)
        for each in records.outbox.announcements()
    )
    notices = records.ledger.notices()
    noted = [notice_json(notices[finding_id]) for finding_id in sorted(notices)]
    told = [code, day, head.seq, head.derived, sent, noted]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def publish(
    place: Place,
    records: Records,
    catalogue: "Callable[[], Catalogue]",
    *,
    source: str,
    code: str,
    now: str,
) -> bool:
    """Write the page, where it would tell something else than the one that lies there.

    Parameters
    ----------
    catalogue : callable
        Called only where there is something to write.
    source : str
        Where the findings come from, in words.
    code : str
        What is deployed.
    now : str
        UTC to the second.

    Returns
    -------
    bool
        Whether it was written.

    Raises
    ------
    InputError
        The public could read it: nothing was written.
    """
    place.check()
    # Before the page is made: what changes meanwhile makes it another edition at the next look.
    latest = edition(records, code, now[:10])
    if place.edition() == latest:
        return False
    # Most looks write nothing, and jinja2 is slow to load.
    from policy_monitor_report.page import page  # noqa: PLC0415

    made = page(gathered(source, now, records), catalogue())
    place.put(made.encode(), latest)
    return True
