"""What findings rest on: a ledger's facts, and the documents that these name."""

from collections.abc import Iterator
from typing import NamedTuple

from policy_monitor.ledger import Genesis, Ledger
from policy_monitor.mutations import Documents, Mutation
from policy_monitor.state import AccountState
from policy_monitor.timeline import digests, fold, steps


class Evidence(NamedTuple):
    """The facts of one account, as they stood at one moment.

    Attributes
    ----------
    judged : bool
        Whether the findings of all facts are recorded.
    """

    genesis: Genesis | None
    mutations: tuple[Mutation, ...]
    documents: Documents
    judged: bool = True

    def states(self) -> Iterator[tuple[str, AccountState]]:
        """The baseline, and what each later mutation made of it; each with its time."""
        if self.genesis is None:
            return
        since = self.genesis.read_at
        later = [step for step in steps(self.genesis, self.mutations) if step.mutation.time > since]
        yield since, later[0].before if later else self.last()
        for step in later:
            yield step.mutation.time, step.after

    def last(self) -> AccountState:
        """What holds after all mutations."""
        return fold(self.genesis, self.mutations) if self.genesis else AccountState()


def evidence(ledger: Ledger) -> Evidence:
    """Read what a ledger's findings rest on."""
    snapshot = ledger.snapshot()
    named = digests(snapshot.genesis, snapshot.mutations) if snapshot.genesis else ()
    return Evidence(
        snapshot.genesis,
        snapshot.mutations,
        ledger.documents(named),
        judged=snapshot.derived >= snapshot.seq,
    )
