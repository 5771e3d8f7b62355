"""What reconcile does: record the baseline, find what no event told, and look to the senses.

A difference between IAM and the ledger is acted upon only once events have had time to arrive: when
every reading for a while showed the same, and no fact of that thing came between. Then CloudTrail's
event history is asked who made it; what it does not know either becomes a fact as it was read.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from policy_monitor import senses
from policy_monitor.drift import (
    Difference,
    Thing,
    differences,
    is_aws_managed,
    observed_documents,
    things_touched,
)
from policy_monitor.drift_facts import drift_facts, sense_facts
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.ledger import Genesis, Snapshot
from policy_monitor.mutations import Documents, Mutation
from policy_monitor.notebook import Note, Sighting
from policy_monitor.observation import (
    Instruments,
    Observation,
    Watch,
    observe,
)
from policy_monitor.operations import unexplained
from policy_monitor.ordering import Wider
from policy_monitor.search import Asked, Search
from policy_monitor.state import AccountState
from policy_monitor.timeline import digests, earlier, fold
from policy_monitor.trail import Attribute
from policy_monitor.vigilance import Check, Looked, looked, looked_within, unjudged

IN_FLIGHT = timedelta(minutes=10)
"""How long a difference must last: CloudTrail delivers "within an average of about 5 minutes of an
API call" (CloudTrail User Guide, "How CloudTrail works"), and reconcile runs every fifteen."""

PATIENCE = timedelta(hours=1)
"""How long a difference waits for an event history that does not answer."""


class Reconciled(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    genesis : Genesis or None
        The baseline, where this run recorded it.
    found : tuple[Mutation, ...]
        Facts from CloudTrail's event history that no event had told.
    recorded : tuple[Mutation, ...]
        Drift, what became of the senses, and what nothing explains.
    waiting : int
        Differences that are given time.
    unreadable : int
        Records of the event history that cannot be understood.
    unjudged : int
        Facts that were there a run ago and are not judged yet.
    blind : Mapping[str, str]
        The senses that do not work, and why.
    """

    genesis: Genesis | None = None
    found: tuple[Mutation, ...] = ()
    recorded: tuple[Mutation, ...] = ()
    waiting: int = 0
    unreadable: int = 0
    unjudged: int = 0
    blind: Mapping[str, str] = MappingProxyType({})


def reconcile(tools: Instruments, watch: Watch) -> Reconciled:
    """Compare IAM as it is with the ledger, and see whether the monitor's senses work.

    The first run records the baseline, and nothing else.

    Raises
    ------
    PolicyMonitorError
        Something did not answer, or may not be asked. The senses were looked to all the same.
    """
    snapshot = tools.ledger.snapshot()
    if snapshot.genesis is not None:
        return _Run(tools, watch, snapshot, snapshot.genesis).all()
    if len(snapshot.mutations) < snapshot.seq:
        # Another baseline would hide what changed since the one that is gone.
        raise PolicyMonitorError("ledger: its baseline is gone; restore the table from its backup")
    return Reconciled(genesis=record_baseline(tools, watch))


def record_baseline(tools: Instruments, watch: Watch) -> Genesis | None:
    """Read the account and record it as the ledger's baseline, unless it has one by now.

    Returns
    -------
    Genesis or None
        The baseline, None where the ledger had one already.

    Raises
    ------
    InputError
        IAM's answer is not what it documents.
    RetryableError
        IAM or the ledger did not answer; nothing was recorded.
    """
    seen = observe(tools, watch)
    genesis = Genesis(seen.read_at, seen.state, watch.account, watch.region)
    return genesis if tools.ledger.put_genesis(genesis, seen.documents) else None


class _Run:
    """One run on a ledger that has its baseline."""

    def __init__(
        self, tools: Instruments, watch: Watch, snapshot: Snapshot, genesis: Genesis
    ) -> None:
        self._tools = tools
        self._watch = watch
        self._snapshot = snapshot
        self._genesis = genesis
        self._note = tools.notebook.last()
        self._search = Search(tools, watch)
        self._recorded: list[Mutation] = []
        self._waiting = 0

    def all(self) -> Reconciled:
        """Compare, look to the senses, and only then fail, if something did not answer."""
        failure: PolicyMonitorError | None = None
        seeing: dict[str, Looked] = {}
        try:
            if seen := self._observed(seeing):
                self._compare(seen)
        except PolicyMonitorError as error:
            failure = error
        blind = self._look(seeing)
        if failure is not None:
            raise failure
        return Reconciled(
            found=tuple(self._search.found),
            recorded=tuple(self._recorded),
            waiting=self._waiting,
            unreadable=self._search.unreadable,
            unjudged=unjudged(self._snapshot, self._note),
            blind=blind,
        )

    def _observed(self, seeing: dict[str, Looked]) -> Observation | None:
        """IAM as it is; None where it may not be read or makes no sense, which is a sense lost."""
        problem, seen = "", None
        try:
            seen = observe(self._tools, self._watch)
        except RetryableError:
            raise
        except PolicyMonitorError as error:
            problem = str(error)
        seeing[senses.IAM] = Looked("comparison with IAM", problem)
        return seen

    def _compare(self, seen: Observation) -> None:
        differing = self._differences(seen)
        sightings = self._sightings(differing, seen.read_at)
        due = {t: s for t, s in sightings.items() if _lasted(s, seen.read_at) >= IN_FLIGHT}
        if due:
            unanswered = self._searched(differing, due, seen)
            differing = self._read_again(seen)
            settled = {
                thing: differing[thing]
                for thing, sighting in due.items()
                if thing in differing
                and not _touched(self._snapshot, thing, sighting.first_seen)
                and (thing not in unanswered or _lasted(sighting, seen.read_at) >= PATIENCE)
            }
            self._record(settled, due, seen)
            waiting = {thing: differing[thing] for thing in differing.keys() - settled.keys()}
            sightings = self._sightings(waiting, seen.read_at)
            # What the event history did not answer for is looked up again, not seen anew.
            sightings |= {thing: due[thing] for thing in unanswered & waiting.keys()}
        self._waiting = len(sightings)
        self._tools.notebook.write(
            Note(seen.read_at, self._snapshot.seq, {_key(t): s for t, s in sightings.items()})
        )

    def _read_again(self, seen: Observation) -> Mapping[Thing, Difference]:
        """The differences from the ledger as it is now."""
        self._snapshot = self._tools.ledger.snapshot()
        return self._differences(seen)

    def _differences(self, seen: Observation) -> Mapping[Thing, Difference]:
        return differences(self._fold(), seen, self._watch.settings)

    def _fold(self) -> AccountState:
        genesis, mutations = self._genesis, self._snapshot.mutations

        @cache
        def decider() -> Wider:
            return self._watch.wider(self._tools.ledger.documents(digests(genesis, mutations)))

        def wider(narrow: AccountState, wide: AccountState) -> bool:
            # Documents are read only where a second's order must be told by what they allow.
            return decider()(narrow, wide)

        return fold(genesis, mutations, wider)

    def _sightings(
        self, differing: Mapping[Thing, Difference], read_at: str
    ) -> dict[Thing, Sighting]:
        """Since when each difference is seen: what looks otherwise than last time begins anew."""
        last = self._note.sightings if self._note else {}
        agreed = self._note.read_at if self._note else self._genesis.read_at
        sightings = {}
        for thing, difference in differing.items():
            known = last.get(_key(thing))
            if (
                known is None
                or known.fingerprint != difference.fingerprint
                or known.first_seen > read_at  # clocks go back, too
                or _touched(self._snapshot, thing, known.first_seen)
            ):
                since = known.agreed if known else agreed
                known = Sighting(read_at, since, difference.fingerprint)
            sightings[thing] = known
        return sightings

    def _searched(
        self,
        differing: Mapping[Thing, Difference],
        due: Mapping[Thing, Sighting],
        seen: Observation,
    ) -> frozenset[Thing]:
        """Ask CloudTrail's event history; the things that it did not answer for."""
        asked = {
            thing: Asked(differing[thing].resource, sighting.agreed)
            for thing, sighting in due.items()
            if not is_aws_managed(thing)
        }

        def unexplained() -> frozenset[Thing]:
            return frozenset(self._read_again(seen))

        try:
            self._search.explain(asked, self._tools.now(), unexplained)
        except RetryableError:
            return frozenset(asked)
        return frozenset()

    def _record(
        self,
        settled: Mapping[Thing, Difference],
        due: Mapping[Thing, Sighting],
        seen: Observation,
    ) -> None:
        first_seen = {thing: due[thing].first_seen for thing in settled}
        facts = drift_facts(settled.values(), first_seen, self._watch.account, self._watch.region)
        for mutation in facts:
            self._append(mutation, observed_documents(mutation.changes, seen.documents))

    def _look(self, known: Mapping[str, Looked]) -> Mapping[str, str]:
        """Look to the senses, and record which were lost and which are regained.

        What CloudFormation did to the monitor is looked at too: whether anything explains it.
        """
        found = {**known, **looked((*self._tools.checks(), self._history_check()))}
        found |= looked_within(self._snapshot, self._note)
        blind = self._fold().blind
        watch = self._watch
        for mutation in sense_facts(found, blind, self._tools.now(), watch.account, watch.region):
            self._append(mutation, {})
        until = earlier(self._tools.now(), IN_FLIGHT)
        for mutation in unexplained(self._snapshot.mutations, self._genesis, until):
            self._append(mutation, {})
        unseen = {sense: reason for sense, reason in blind.items() if sense not in found}
        return unseen | {s: look.problem for s, look in found.items() if look.problem}

    def _history_check(self) -> Check:
        def problem() -> str:
            now = self._tools.now()
            events = self._tools.history.events(
                Attribute.EVENT_NAME, "CreatePolicyVersion", now, now
            )
            next(iter(events), None)
            return ""

        return Check(senses.EVENT_HISTORY, "reading of the event history", problem)

    def _append(self, mutation: Mutation, documents: Documents) -> None:
        if self._tools.ledger.append(mutation, documents):
            self._recorded.append(mutation)


def _touched(snapshot: Snapshot, thing: Thing, since: str) -> bool:
    """Whether a fact of a thing happened at a time or later."""
    return any(m.time >= since and thing in things_touched(m) for m in snapshot.mutations)


def _lasted(sighting: Sighting, until: str) -> timedelta:
    return datetime.fromisoformat(until) - datetime.fromisoformat(sighting.first_seen)


def _key(thing: Thing) -> str:
    return " ".join(thing)
