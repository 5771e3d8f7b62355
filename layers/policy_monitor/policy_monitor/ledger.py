"""The ledger as the domain sees it: facts go in, findings come out.

`adapters.dynamodb` keeps it in a table, `adapters.memory` in memory for replays and tests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from policy_monitor.findings import Finding
from policy_monitor.mutations import Documents, Mutation
from policy_monitor.opinions import Opinion
from policy_monitor.readings import Writing
from policy_monitor.state import AccountState


class Genesis(NamedTuple):
    """The one baseline that everything is folded from; `read_at` is UTC, to the second.

    `account` and `region` say where it was read; one that does not say announces nothing.
    """

    read_at: str
    state: AccountState
    account: str = ""
    region: str = ""


class Checkpoint(NamedTuple):
    """The fold of the first facts, so that what follows them is derived without them: a cache.

    Attributes
    ----------
    edition : str
        By what it was derived (`judgement.judge`).
    through : str
        The time, UTC to the second, of the last facts in it.
    facts : int
        How many facts it holds. One that came in since and is as old makes it void; HEAD's count
        tells (`judgement.holds`).
    state : AccountState
        The state after them.
    doubts : frozenset[Writing]
        What would change how one of them reads, if a later fact told it.
    """

    edition: str
    through: str
    facts: int
    state: AccountState
    doubts: frozenset[Writing]


class Current(NamedTuple):
    """Which finding holds for a slot now: the row whose change is the outbox.

    Attributes
    ----------
    revision : int
        1 for the first finding of the slot, one more each time another takes its place.
    previous : str | None
        The finding whose place it took.
    told_with : str | None
        Another finding of the same mutation with the same verdict that tells this one too (a
        policy's finding beside the role's): recorded, not announced by itself.
    """

    slot: str
    finding_id: str
    revision: int
    previous: str | None = None
    told_with: str | None = None


class Recorded(NamedTuple):
    """A finding that was recorded: the row that first made it current, and the slot's row now."""

    finding: Finding
    first: Current
    current: Current


class Notice(NamedTuple):
    """That the vendor told of what a finding found: where, as a person of the customer's noted it.

    Attributes
    ----------
    text : str
        An address, or words.
    author : str
        ARN of who noted it.
    time : str
        When it was noted, UTC to the second.
    """

    finding_id: str
    text: str
    author: str
    time: str


class Snapshot(NamedTuple):
    """What findings are derived from, as it stood at one `seq`: all, or what follows a time."""

    seq: int
    derived: int
    genesis: Genesis | None
    mutations: tuple[Mutation, ...]
    current: Mapping[str, Current]


class Ledger(Protocol):
    """Facts and findings of one account."""

    def append(self, mutation: Mutation, documents: Documents) -> bool:
        """Record a mutation once, with the documents it needs; False where it was there already.

        Raises
        ------
        RetryableError
            The store was throttled or out of reach; nothing was recorded.
        """
        ...

    def put_genesis(self, genesis: Genesis, documents: Documents) -> bool:
        """Record the baseline; False where there is one already (it is never replaced)."""
        ...

    def snapshot(self) -> Snapshot:
        """Read everything, strongly consistently, `seq` first."""
        ...

    def following(self, time: str) -> Snapshot:
        """Read the mutations after a time, and the rows of their findings; `seq` last.

        So where `seq` counts no other facts than these and those known before, there are none.
        """
        ...

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint that was kept last, None where there is none, or none that can be read."""
        ...

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint in the place of any other."""
        ...

    def documents(self, digests: Iterable[str]) -> Documents:
        """Documents by digest; one that is not there is left out."""
        ...

    def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
        """Write findings and make them current, only while `seq` is still the ledger's.

        Raises
        ------
        LedgerMovedError
            A mutation came in since the snapshot.
        """
        ...

    def mark_derived(self, seq: int) -> None:
        """Note that the findings of everything up to `seq` are recorded; never goes back."""
        ...

    def finding(self, slot: str, finding_id: str) -> Finding | None:
        """One recorded finding."""
        ...

    def findings(self) -> Iterator[Recorded]:
        """Every finding that was ever recorded, by time; those of one second in any order.

        They are read while they are taken, so that many need little memory.
        """
        ...

    def put_notice(self, notice: Notice) -> Notice:
        """Note the vendor's notice of a finding; the answer is what stands: the first, for good."""
        ...

    def notices(self) -> Mapping[str, Notice]:
        """The vendor's notices, by finding id."""
        ...

    def put_opinion(self, opinion: Opinion) -> Opinion:
        """Record the answer to a check; the result is what stands: the first, for good."""
        ...

    def opinions(self, checks: Iterable[str]) -> Mapping[str, Opinion]:
        """The answers to checks, by their keys; one that is not there is left out."""
        ...


class AnnouncementState(StrEnum):
    """How far the announcement of one finding on one channel got."""

    NEW = "new"
    STARTED = "started"
    """A process began it and did not record an end: it may have gone out."""
    SENT = "sent"
    SAME = "same"
    """Nothing was sent: an earlier message of the slot's had said the same."""


class AnnouncementKey(NamedTuple):
    """One revision of one finding on one channel (``sns``, ``slack``)."""

    finding_id: str
    revision: int
    channel: str


class Announcement(NamedTuple):
    """An announcement, and when it got as far as `state` says."""

    key: AnnouncementKey
    state: AnnouncementState
    time: str


class Outbox(Protocol):
    """What was announced, a record for each finding and channel."""

    def begin(self, key: AnnouncementKey) -> AnnouncementState:
        """Note that an announcement begins; the answer is the state *before* this call."""
        ...

    def finish(self, key: AnnouncementKey) -> None:
        """Note that the channel accepted the message."""
        ...

    def abandon(self, key: AnnouncementKey) -> None:
        """Note that the channel refused the message: STARTED becomes NEW again.

        Then a later attempt need not say that it may repeat an earlier one. SENT stays SENT.
        """
        ...

    def skip(self, key: AnnouncementKey) -> None:
        """Note that people know it, and that nothing is sent: what follows corrects this one."""
        ...

    def announced(self, finding_id: str, channel: str, *, surely: bool = False) -> bool:
        """Whether people may have read on a channel what a finding says, by any revision of it.

        Parameters
        ----------
        surely : bool
            Count only what the channel accepted, not what was just begun.
        """
        ...

    def announcements(self) -> Iterator[Announcement]:
        """All but those that are NEW, in any order."""
        ...
