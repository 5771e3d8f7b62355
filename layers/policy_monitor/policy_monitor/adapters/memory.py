"""The ledger, the outbox and IAM in memory: for replays on a laptop, and for tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from policy_monitor.adapters.clock import now as time_now
from policy_monitor.documents import read_document
from policy_monitor.errors import InputError, LedgerMovedError
from policy_monitor.findings import Finding
from policy_monitor.iam import PolicyVersion
from policy_monitor.ledger import (
    Announcement,
    AnnouncementKey,
    AnnouncementState,
    Checkpoint,
    Current,
    Genesis,
    Notice,
    Recorded,
    Snapshot,
)
from policy_monitor.mutations import Document, Documents, Mutation
from policy_monitor.opinions import Opinion


class MemoryLedger:
    """`policy_monitor.ledger.Ledger` in memory."""

    def __init__(self) -> None:
        self._genesis: Genesis | None = None
        self._mutations: dict[str, Mutation] = {}
        self._documents: dict[str, Document] = {}
        self._findings: dict[tuple[str, str], tuple[Finding, Current]] = {}
        self._current: dict[str, Current] = {}
        self._derived = 0
        self._checkpoint: Checkpoint | None = None
        self._notices: dict[str, Notice] = {}
        self._opinions: dict[str, Opinion] = {}

    @property
    def _seq(self) -> int:
        return len(self._mutations) + (self._genesis is not None)

    def append(self, mutation: Mutation, documents: Documents) -> bool:
        """See `Ledger.append`."""
        self._documents.update(documents)
        if mutation.key in self._mutations:
            return False
        self._mutations[mutation.key] = mutation
        return True

    def put_genesis(self, genesis: Genesis, documents: Documents) -> bool:
        """See `Ledger.put_genesis`."""
        self._documents.update(documents)
        if self._genesis is not None:
            return False
        self._genesis = genesis
        return True

    def snapshot(self) -> Snapshot:
        """See `Ledger.snapshot`."""
        return Snapshot(
            seq=self._seq,
            derived=self._derived,
            genesis=self._genesis,
            mutations=tuple(self._mutations[key] for key in sorted(self._mutations)),
            current=dict(self._current),
        )

    def following(self, time: str) -> Snapshot:
        """See `Ledger.following`."""
        whole = self.snapshot()
        slots = (slot for slot in whole.current if slot.partition("#")[0] > time)
        return whole._replace(
            genesis=None,
            mutations=tuple(m for m in whole.mutations if m.time > time),
            current={slot: whole.current[slot] for slot in slots},
        )

    def checkpoint(self) -> Checkpoint | None:
        """See `Ledger.checkpoint`."""
        return self._checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """See `Ledger.keep`."""
        self._checkpoint = checkpoint

    def documents(self, digests: Iterable[str]) -> Documents:
        """See `Ledger.documents`."""
        return {digest: self._documents[digest] for digest in digests if digest in self._documents}

    def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
        """See `Ledger.record`; all of it or nothing."""
        if len({current.slot for _, current in findings}) < len(findings):
            raise InputError("ledger: two findings for one slot; record one")
        if findings and seq != self._seq:
            raise LedgerMovedError(f"ledger: seq is {self._seq}, not {seq}; derive again")
        for _, current in findings:
            if not _follows(current, self._current.get(current.slot)):
                raise LedgerMovedError(f"ledger: {current.slot} has moved on; derive again")
        for finding, current in findings:
            self._findings.setdefault((current.slot, finding.finding_id), (finding, current))
            self._current[current.slot] = current

    def mark_derived(self, seq: int) -> None:
        """See `Ledger.mark_derived`."""
        self._derived = max(self._derived, seq)

    def finding(self, slot: str, finding_id: str) -> Finding | None:
        """See `Ledger.finding`."""
        finding, _ = self._findings.get((slot, finding_id), (None, None))
        return finding

    def findings(self) -> Iterator[Recorded]:
        """See `Ledger.findings`."""
        for (slot, _), (finding, first) in sorted(self._findings.items()):
            yield Recorded(finding, first, self._current[slot])

    def put_notice(self, notice: Notice) -> Notice:
        """See `Ledger.put_notice`."""
        return self._notices.setdefault(notice.finding_id, notice)

    def notices(self) -> Mapping[str, Notice]:
        """See `Ledger.notices`."""
        return dict(self._notices)

    def put_opinion(self, opinion: Opinion) -> Opinion:
        """See `Ledger.put_opinion`."""
        return self._opinions.setdefault(opinion.check, opinion)

    def opinions(self, checks: Iterable[str]) -> Mapping[str, Opinion]:
        """See `Ledger.opinions`."""
        return {check: self._opinions[check] for check in checks if check in self._opinions}


def _follows(current: Current, standing: Current | None) -> bool:
    """Whether a row may take the place of the one that stands."""
    if current.revision == 1 or standing is None:
        return current.revision == 1 and standing is None
    return (standing.revision, standing.finding_id) == (current.revision - 1, current.previous)


class MemoryOutbox:
    """`policy_monitor.ledger.Outbox` in memory."""

    def __init__(self, *, now: Callable[[], str] = time_now) -> None:
        self._states: dict[AnnouncementKey, Announcement] = {}
        self._now = now

    def begin(self, key: AnnouncementKey) -> AnnouncementState:
        """See `Outbox.begin`."""
        before = self._state(key)
        if before in (AnnouncementState.NEW, AnnouncementState.STARTED):
            self._set(key, AnnouncementState.STARTED)
        return before

    def finish(self, key: AnnouncementKey) -> None:
        """See `Outbox.finish`."""
        self._set(key, AnnouncementState.SENT)

    def abandon(self, key: AnnouncementKey) -> None:
        """See `Outbox.abandon`."""
        if self._state(key) is AnnouncementState.STARTED:
            del self._states[key]

    def skip(self, key: AnnouncementKey) -> None:
        """See `Outbox.skip`."""
        self._set(key, AnnouncementState.SAME)

    def announced(self, finding_id: str, channel: str, *, surely: bool = False) -> bool:
        """See `Outbox.announced`."""
        return any(
            (key.finding_id, key.channel) == (finding_id, channel)
            and not (surely and known.state is AnnouncementState.STARTED)
            for key, known in self._states.items()
        )

    def announcements(self) -> Iterator[Announcement]:
        """See `Outbox.announcements`."""
        yield from self._states.values()

    def _state(self, key: AnnouncementKey) -> AnnouncementState:
        known = self._states.get(key)
        return known.state if known else AnnouncementState.NEW

    def _set(self, key: AnnouncementKey, state: AnnouncementState) -> None:
        self._states[key] = Announcement(key, state, self._now())


class MemoryIam:
    """`policy_monitor.iam.IamAccount` on what the AWS CLI printed of an account.

    Parameters
    ----------
    details : Mapping[str, Any] or None
        The output of ``aws iam get-account-authorization-details``; None: nothing is known.
    """

    def __init__(self, details: Mapping[str, Any] | None = None) -> None:
        self._details: Mapping[str, Any] = details or {}
        self._policies = {policy["Arn"]: policy for policy in self._details.get("Policies", ())}

    def default_version(self, policy_arn: str) -> PolicyVersion | None:
        """See `Iam.default_version`."""
        policy = self._policies.get(policy_arn)
        return policy and self.version(policy_arn, policy["DefaultVersionId"])

    def version(self, policy_arn: str, version: str) -> PolicyVersion | None:
        """See `Iam.version`."""
        for held in self._policies.get(policy_arn, {}).get("PolicyVersionList", ()):
            if held["VersionId"] == version:
                return PolicyVersion(policy_arn, version, read_document(held["Document"]))
        return None

    def authorization_details(self) -> Mapping[str, Any]:
        """See `IamAccount.authorization_details`."""
        return self._details

    def role_details(self, roles: tuple[str, ...]) -> Mapping[str, Any]:
        """See `Iam.role_details`."""
        wanted = {name.casefold() for name in roles}  # IAM tells names apart without case
        held = [
            role
            for role in self._details.get("RoleDetailList", ())
            if role["RoleName"].casefold() in wanted
        ]
        return {**self._details, "RoleDetailList": held}

    def session_seconds(self, role: str) -> int | None:
        """See `IamAccount.session_seconds`."""
        held = self.role_details((role,)).get("RoleDetailList", [])
        return next((found.get("MaxSessionDuration") for found in held), None)
