"""Either ledger holds the same after the same."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.ledgers import ACCOUNT, TABLE, dynamodb, make_table
from tests.histories import SETTINGS
from tests.laws.test_timeline import History, histories, shelf

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.judgement import judge
from policy_monitor.ledger import Ledger


def filled(ledger: Ledger, history: History, deliveries: list[int | None]) -> None:
    """Deliver mutations by their places, judging at each None."""
    ledger.put_genesis(history.genesis, shelf.documents)
    for place in (*deliveries, None):
        if place is None:
            judge(ledger, SETTINGS, None, behind=1)
        else:
            ledger.append(history.mutations[place], shelf.documents)


def test_a_history_comes_to_the_same_in_either_ledger() -> None:
    with dynamodb() as client:

        @settings(max_examples=10)
        @given(histories(most=7), st.data())
        def law(history: History, data: st.DataObject) -> None:
            client.delete_table(TableName=TABLE)
            make_table(client)
            places = data.draw(st.permutations([*range(len(history.mutations)), None, None, 0]))
            one, other = MemoryLedger(), DynamoDBLedger(client, TABLE, ACCOUNT)
            for ledger in (one, other):
                filled(ledger, history, places)
            assert one.snapshot() == other.snapshot()
            assert one.checkpoint() == other.checkpoint()
            assert list(one.findings()) == list(other.findings())

        law()
