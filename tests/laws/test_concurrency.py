"""However detect, judge, reconcile and announce interleave, and wherever they die, all converge.

Calls are made on a simulated IAM while their events are delivered, once or twice, or are lost but
for the event history. At every call to the ledger, the notebook, the outbox and the channel another
process may go on, or this one may end; what ended is invoked again, as Lambda does.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from tests.accounts import PERIOD, REGION, RecordedHistory, details, later
from tests.histories import ACCOUNT, SETTINGS
from tests.interleaving import Death, Interleaving, Visited
from tests.laws.test_loss import START, deviations, record
from tests.laws.test_timeline import DOCUMENTS, TRUSTS, Iam, shelf

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger, MemoryOutbox
from policy_monitor.adapters.notebook import MemoryNotebook
from policy_monitor.announcement import announce, is_told
from policy_monitor.derivation import wider, withdrawn
from policy_monitor.detection import detect
from policy_monitor.errors import RetryableError
from policy_monitor.events import parse_event
from policy_monitor.findings import Finding
from policy_monitor.judgement import judge
from policy_monitor.ledger import AnnouncementKey, AnnouncementState, Current, Snapshot
from policy_monitor.mutations import Change
from policy_monitor.observation import Instruments, Watch
from policy_monitor.reconciliation import reconcile
from policy_monitor.timeline import fold

CHUNKS, SEEDS_EACH = 4, max(200, settings().max_examples)
BEHIND = 1
"""Few facts behind a checkpoint, so that many come before it."""
FACTS = ("live", "detect", "reconcile")
"""The tasks that facts come from."""
WATCH = Watch(ACCOUNT, REGION, SETTINGS, b"key", lambda known: wider(known, SETTINGS, None))


class TornLedger(MemoryLedger):
    """A ledger that is read and written in as many steps as one on DynamoDB, with its stream."""

    def __init__(self, interleaving: Interleaving) -> None:
        super().__init__()
        self._interleaving = interleaving
        self.told: list[Current] = []
        """The rows that were made current, in their order."""

    def snapshot(self) -> Snapshot:
        seq = super().snapshot().seq
        self._interleaving.pause()
        facts = super().snapshot()
        self._interleaving.pause()
        return facts._replace(seq=seq, current=super().snapshot().current)

    def following(self, time: str) -> Snapshot:
        facts = super().snapshot()
        self._interleaving.pause()
        rows = super().snapshot().current
        self._interleaving.pause()
        return facts._replace(
            genesis=None,
            seq=super().snapshot().seq,
            mutations=tuple(m for m in facts.mutations if m.time > time),
            current={slot: row for slot, row in rows.items() if slot.partition("#")[0] > time},
        )

    def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
        for pair in findings:
            self._interleaving.visit(lambda pair=pair: self._record_one(seq, pair))  # type: ignore[misc]

    def _record_one(self, seq: int, pair: tuple[Finding, Current]) -> None:
        super().record(seq, [pair])
        self.told.append(pair[1])


class World:
    """An account, its monitor, and what waits to be delivered."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 (reproducible, no secret)
        self.interleaving = Interleaving(self.random, deaths=self.random.choice((0, 1, 3)))
        self.stored = TornLedger(self.interleaving)
        self.ledger: Any = Visited(self.stored, self.interleaving)
        self.notebook: Any = Visited(MemoryNotebook(), self.interleaving)
        self.sent = MemoryOutbox(now=lambda: START)
        self.outbox: Any = Visited(self.sent, self.interleaving)
        self.history = RecordedHistory()
        self.now = START
        self.simulated = Iam()
        self.delivered: list[Mapping[str, Any]] = []
        self.announced = 0
        self.handed_out = 0
        self.waiting: list[Mapping[str, Any]] = []
        self.messages: list[Mapping[str, Any]] = []
        self.unrecorded: Counter[AnnouncementKey] = Counter()
        """How often a process died after the channel had accepted a message."""
        self.at_work: Counter[str] = Counter()
        for _ in range(self.random.randrange(6)):
            self.call()
        self.hold()

    def call(self) -> Change:
        """Some call that IAM takes."""
        name, target = self.random.choice(list(self.simulated.possible()))
        documents = (self.random.choice(DOCUMENTS), self.random.choice(TRUSTS))
        return self.simulated.call(name, target, *documents)

    def hold(self) -> None:
        """Let IAM's answers show what the calls led to."""
        self.iam = MemoryIam(details(self.simulated.state, shelf.documents))

    def run(self) -> None:
        """Run everything at once."""
        tasks = [self.live, self.detect, self.detect, self.reconcile, self.judge, self.judge]
        tasks += self.random.choice(([self.announce], [self.announce, self.reconcile]))
        self.at_work = Counter(task.__name__ for task in tasks)
        self.interleaving.run([partial(self.work, task) for task in tasks])

    def settle(self) -> None:
        """Let reconcile run three more times, in peace."""
        for _ in range(3):
            self.now = later(self.now, PERIOD)
            reconcile(self.instruments(), WATCH)
            judge(self.stored, SETTINGS, None, behind=BEHIND)
        for row in self.stored.told[self.announced :]:
            self.tell(row)

    def work(self, task: Callable[[], None]) -> None:
        """One task, and that it has ended."""
        task()
        self.at_work[task.__name__] -= 1

    def live(self) -> None:
        """Calls are made; each one's event is delivered, twice perhaps, or is only listed."""
        for number in range(self.random.randint(2, 4)):
            for _ in range(self.random.choice((0, 0, 0, 9))):
                self.interleaving.pause()
            change = self.call()
            self.now = later(self.now, timedelta(seconds=self.random.choice((0, 1, 1))))
            self.hold()
            told = record(change, number, self.now)
            deliveries = self.random.choice((0, 1, 1, 2))
            event = {"source": "aws.iam", "detail": told}
            self.waiting += [event] * deliveries
            self.delivered += [event] * deliveries
            if not deliveries:
                self.history.records.append(told)

    def detect(self) -> None:
        """Events are taken in any order."""
        while self.at_work["live"] or self.waiting:
            if not self.waiting:
                self.interleaving.pause()
                continue
            event = self.waiting.pop(self.random.randrange(len(self.waiting)))
            self.invoke(partial(self.detect_one, event))

    def detect_one(self, event: Mapping[str, Any]) -> None:
        """One invocation of detect."""
        detect(event, self.ledger, IamNow(self), SETTINGS, b"key", account=ACCOUNT)

    def reconcile(self) -> None:
        """It runs on its schedule, and time goes on."""
        for _ in range(self.random.randint(1, 2)):
            self.invoke(lambda: reconcile(self.instruments(), WATCH))
            self.now = later(self.now, self.random.choice((0, 1)) * PERIOD)

    def instruments(self) -> Instruments:
        """What reconcile works with."""
        return Instruments(
            self.ledger, self.notebook, IamNow(self), self.history, lambda: (), lambda: self.now
        )

    def judge(self) -> None:
        """It runs once for each batch of facts, beside another that has an older batch yet."""
        while self.handed_out < self.facts or any(self.at_work[each] for each in FACTS):
            if self.handed_out == self.facts:
                self.interleaving.pause()
                continue
            self.handed_out = self.facts
            self.invoke(lambda: judge(self.ledger, SETTINGS, None, behind=BEHIND))

    @property
    def facts(self) -> int:
        """How many facts the ledger holds."""
        return MemoryLedger.snapshot(self.stored).seq

    def announce(self) -> None:
        """The rows come one after the other."""
        while self.announced < len(self.stored.told) or self.at_work["judge"]:
            if self.announced == len(self.stored.told):
                self.interleaving.pause()
                continue
            self.invoke(partial(self.tell, self.stored.told[self.announced]))
            self.announced += 1

    def tell(self, row: Current) -> None:
        """One invocation of announce."""
        before = len(self.messages)
        try:
            announce(row, ledger=self.ledger, outbox=self.outbox, channel=self, settings=SETTINGS)
        except Death:
            key = AnnouncementKey(row.finding_id, row.revision, self.name)
            if len(self.messages) > before and key not in self.recorded():
                self.unrecorded[key] += 1
            raise

    def recorded(self) -> set[AnnouncementKey]:
        """The announcements that are recorded as sent."""
        told = self.sent.announcements()
        return {each.key for each in told if each.state is AnnouncementState.SENT}

    name = "channel"

    def send(self, message: Mapping[str, Any]) -> None:
        """See `Channel.send`."""
        self.interleaving.visit(lambda: self.messages.append(message))

    def invoke(self, function: Callable[[], object]) -> None:
        """Invoke again what ended before its time, as Lambda does."""
        while True:
            try:
                function()
            except (Death, RetryableError):
                self.interleaving.pause()
            else:
                return


class IamNow:
    """IAM as it is whenever it is asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        """What IAM answers now."""
        return getattr(self._world.iam, name)


def check_findings(world: World) -> None:
    """Every fact is recorded once, and what holds is what one run over all facts comes to."""
    whole = MemoryLedger.snapshot(world.stored)
    assert whole.genesis is not None
    keys = {mutation.key for mutation in whole.mutations}
    for event in world.delivered:
        parsed = parse_event(event, SETTINGS, b"key", ACCOUNT)
        assert parsed is None or parsed.mutation.key in keys
    assert whole.derived == whole.seq == 1 + len(keys)

    alone = MemoryLedger()
    alone.put_genesis(whole.genesis, shelf.documents)
    for mutation in whole.mutations:
        alone.append(mutation, shelf.documents)
    judge(alone, SETTINGS, None, behind=10_000)
    expected = alone.snapshot().current
    assert expected.keys() <= whole.current.keys()
    mutations = {mutation.key: mutation for mutation in whole.mutations}
    for slot, row in whole.current.items():
        finding = world.stored.finding(slot, row.finding_id)
        assert finding is not None
        if slot in expected:
            # What was recorded first keeps its words: reasons and remarks are no part of the id.
            assert row.finding_id == expected[slot].finding_id
            assert row.told_with is None or expected[slot].told_with is not None
        else:
            told = mutations[f"{finding.time}#{finding.event_id}"]
            assert finding == withdrawn(told, finding.subject, finding.kind)


def check_state(world: World) -> None:
    """The ledger ends where IAM does."""
    whole = MemoryLedger.snapshot(world.stored)
    assert whole.genesis is not None
    ends = fold(whole.genesis, whole.mutations, wider(shelf.documents, SETTINGS, None))
    assert list(deviations(ends, world.simulated.state, SETTINGS)) == []


def check_announcements(world: World) -> None:
    """What holds was told last, once but where a process died behind the channel's back."""
    sent: dict[AnnouncementKey, list[Mapping[str, Any]]] = {}
    last: dict[str, str] = {}
    for message in world.messages:
        key = AnnouncementKey(message["finding_id"], message["revision"], world.name)
        sent.setdefault(key, []).append(message)
        last[slot_of(message)] = message["finding_id"]
    assert sent.keys() == world.recorded()
    for key, messages in sent.items():
        assert len(messages) == 1 + world.unrecorded[key]
        assert all(message.get("may_repeat") for message in messages[1:])
    for slot, row in MemoryLedger.snapshot(world.stored).current.items():
        finding = world.stored.finding(slot, row.finding_id)
        assert finding is not None
        if row.told_with is None and (slot in last or is_told(finding, SETTINGS)):
            told = world.stored.finding(slot, last[slot])
            assert told is not None
            # One that rests on other documents and says the same is not told again.
            assert words(told) == words(finding)


def words(finding: Finding) -> tuple[object, ...]:
    """What people read of a finding."""
    gains, losses = (
        [grant["actions"] for grant in finding.comparison[side]] for side in ("gained", "lost")
    )
    return (finding.verdict, finding.severity, finding.summary, gains, losses)


def slot_of(message: Mapping[str, Any]) -> str:
    """The slot of a finding that was told."""
    subject = message["subject"]
    parts = (message["time"], message["event_id"], subject["type"], subject["arn"])
    return "#".join((*parts, message["kind"]))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_the_interleaving_and_the_deaths_all_is_recorded_judged_and_told(
    chunk: int,
) -> None:
    for seed in range(chunk * SEEDS_EACH, (chunk + 1) * SEEDS_EACH):
        world = World(seed)
        try:
            world.run()
            check_findings(world)
            world.settle()
            check_findings(world)
            check_state(world)
            check_announcements(world)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
