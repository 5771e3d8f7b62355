"""A checkpoint saves work, and changes nothing."""

import json

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.histories import SETTINGS
from tests.laws.test_timeline import MANY, History, histories, shelf

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.judgement import judge
from policy_monitor.ledger import Checkpoint, Snapshot
from policy_monitor.records import checkpoint_json, read_checkpoint


class Forgetful(MemoryLedger):
    """A ledger that loses every checkpoint."""

    def checkpoint(self) -> None:
        """Lost."""


class Watched(MemoryLedger):
    """A ledger that tells how it was read last, and keeps checkpoints as JSON as a table does."""

    whole = True

    def snapshot(self) -> Snapshot:
        self.whole = True
        return super().snapshot()

    def following(self, time: str) -> Snapshot:
        found = super().following(time)
        self.whole = False
        return found

    def keep(self, checkpoint: Checkpoint) -> None:
        stored = json.loads(json.dumps(checkpoint_json(checkpoint)))
        super().keep(read_checkpoint(stored))


@settings(max_examples=MANY // 2)
@given(histories(most=14), st.data())
def test_findings_are_the_same_with_checkpoints_and_without(
    history: History, data: st.DataObject
) -> None:
    one, other = Watched(), Forgetful()
    for ledger in (one, other):
        ledger.put_genesis(history.genesis, shelf.documents)
    begun = False
    # In order but for a few: then a checkpoint often holds, and often does not.
    late = data.draw(st.sets(st.sampled_from(history.mutations), max_size=2))
    told = sorted(history.mutations, key=lambda each: (each in late, each.key))
    for each in told:
        for ledger in (one, other):
            ledger.append(each, shelf.documents)
        if data.draw(st.sampled_from((True, True, False))) or each is told[-1]:
            behind = data.draw(st.integers(0, 2))
            recorded = [
                judge(ledger, SETTINGS, None, behind=behind).recorded for ledger in (one, other)
            ]
            assert recorded[0] == recorded[1]
            begun = begun or not one.whole
    event(f"some judgement began at a checkpoint: {begun}")
    assert one.snapshot().current == other.snapshot().current
