"""reconcile may die at any call: the next run does what it did not, and nothing twice."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from tests.accounts import PERIOD, REGION, RecordedHistory, details, later
from tests.faults import Faults, Listed, When
from tests.histories import ACCOUNT, POLICY, ROLE, SETTINGS, Shelf, allow, role, trust
from tests.interleaving import Death

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.adapters.notebook import MemoryNotebook
from policy_monitor.derivation import wider
from policy_monitor.judgement import judge
from policy_monitor.mutations import MutationKind
from policy_monitor.observation import Instruments, Watch
from policy_monitor.reconciliation import reconcile
from policy_monitor.state import AccountState, PolicyState
from policy_monitor.vigilance import Check

shelf = Shelf()
READ, WRITE, TRUST = shelf(allow("s3:GetObject")), shelf(allow("s3:PutObject")), shelf(trust())
WATCH = Watch(ACCOUNT, REGION, SETTINGS, b"key", lambda known: wider(known, SETTINGS, None))
START = "2026-06-01T12:00:00Z"


def held(sha256: str) -> MemoryIam:
    """IAM, with the policy in one of two versions."""
    watched = role(attached=frozenset({POLICY}), trust=TRUST, inline={"own": sha256})
    policy = PolicyState(POLICY, {"v1": READ}, "v1")
    state = AccountState(roles={ROLE: watched}, policies={POLICY: policy}, complete=True)
    return MemoryIam(details(state, shelf.documents))


@dataclass
class Hours:
    """What reconcile does from its first run on, while something changes that no event tells."""

    faults: Faults
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    notebook: MemoryNotebook = field(default_factory=MemoryNotebook)

    def go(self) -> None:
        for number, sha256 in enumerate((READ, READ, WRITE, WRITE, WRITE)):
            now = later(START, number * PERIOD)
            iam: Any = Listed("iam", held(sha256), self.faults)
            history: Any = Listed("history", RecordedHistory(), self.faults)
            problem = "it is disabled" if number > 2 else ""
            rule = Check("rule", "rule", partial(str, problem))
            check = Check("rule", "rule", Listed("check", rule, self.faults).problem)
            ledger: Any = Listed("ledger", self.ledger, self.faults)
            notebook: Any = Listed("notebook", self.notebook, self.faults)
            checks, clock = partial(tuple, [check]), partial(str, now)
            tools: Any = Instruments(ledger, notebook, iam, history, checks, clock)
            try:
                reconcile(tools, WATCH)
            except Death:
                reconcile(tools, WATCH)
            judge(self.ledger, SETTINGS, None)


@pytest.mark.parametrize("when", When)
def test_a_death_at_any_call_changes_nothing_of_what_is_recorded(when: When) -> None:
    clean = Hours(Faults())
    clean.go()
    snapshot = clean.ledger.snapshot()
    assert sorted(m.kind for m in snapshot.mutations) == [MutationKind.DRIFT, MutationKind.TAMPER]
    calls = clean.faults.calls
    assert {"ledger.append", "ledger.put_genesis", "notebook.write", "history.events"} <= set(calls)

    for place, name in enumerate(calls):
        faulty = Hours(Faults(place=place, when=when, error=Death()))
        faulty.go()
        assert faulty.faults.came, name
        assert faulty.ledger.snapshot() == snapshot, f"{when.value} call {place}, {name}"
