"""The ledger's schema: its version, and how what an older version wrote is read. Pure.

Rows are never rewritten: what is read is migrated on the way in, step by step, and what is written
is of this version. So nothing is half done when a process dies, no function waits for another while
a stack is updated, and readers and writers of the new version may start at any moment. With its
first fact the new version raises the number in HEAD, in the same transaction; from there on an
older version, which could misread what follows, refuses the table.
"""

from collections.abc import Callable, Mapping
from typing import Any

from policy_monitor.errors import InputError

SCHEMA = 1
"""The version of what is written: the rows of a table (`adapters.dynamodb`), and their records."""

type Record = Mapping[str, Any]
type Migration = Callable[[str, Record], Record]
"""Takes a record's name (``Mutation``) and its JSON to those of the next version."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the version that a step starts from: one for each version from 1 to the one before `SCHEMA`.

No step is ever taken away: a ledger is read from its first day on.
"""


def migrated(name: str, record: Record, written_by: object) -> Record:
    """A record as `SCHEMA` writes it.

    Parameters
    ----------
    name : str
        The record's class.
    written_by : object
        The version that its row or the record itself names.

    Raises
    ------
    InputError
        A version that is newer, or none at all.
    """
    since = next((version for version in range(1, SCHEMA + 1) if version == written_by), None)
    if since is None:
        raise InputError(
            f"{name}: schema {written_by!r} is no version up to {SCHEMA}; "
            "use the version of policy-monitor that wrote it"
        )
    for version in range(since, SCHEMA):
        record = MIGRATIONS[version](name, record)
    return record
