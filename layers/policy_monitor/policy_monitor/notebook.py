"""What one run of reconcile leaves to the next: a note that is overwritten, and may be lost.

Without it a difference is only seen anew, and acted upon a period later.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol


class Sighting(NamedTuple):
    """A difference between IAM and the ledger that was seen and not acted upon yet.

    Attributes
    ----------
    first_seen : str
        When IAM was first read so; every reading since agreed.
    agreed : str
        When IAM and the ledger were last known to agree on the thing.
    fingerprint : str
        `drift.Difference.fingerprint`.
    """

    first_seen: str
    agreed: str
    fingerprint: str


class Note(NamedTuple):
    """One run.

    Attributes
    ----------
    read_at : str
        When it read IAM.
    seq : int
        How many facts the ledger had then: `derived` must have reached it a run later.
    sightings : Mapping[str, Sighting]
        By sort and name, ``policy arn:…``.
    """

    read_at: str
    seq: int
    sightings: Mapping[str, Sighting] = MappingProxyType({})


class Notebook(Protocol):
    """Where the last run's note is kept."""

    def last(self) -> Note | None:
        """The last run's note; None where there is none.

        Raises
        ------
        RetryableError
            The store was throttled or out of reach.
        """
        ...

    def write(self, note: Note) -> None:
        """Put this run's note in the place of the last one; raises as `last`."""
        ...
