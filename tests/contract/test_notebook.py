"""The contract of Notebook, kept by every implementation."""

from collections.abc import Iterator

import pytest
from tests.contract.ledgers import ACCOUNT, TABLE, dynamodb

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.notebook import NOTE, DynamoDBNotebook, MemoryNotebook
from policy_monitor.adapters.table import Table
from policy_monitor.notebook import Note, Notebook, Sighting

SIGHTING = Sighting("2026-11-22T06:00:00Z", "2026-11-22T05:45:00Z", "f" * 64)


@pytest.fixture(params=["memory", "dynamodb"])
def notebook(request: pytest.FixtureRequest) -> Iterator[Notebook]:
    if request.param == "memory":
        yield MemoryNotebook()
    else:
        with dynamodb() as client:
            yield DynamoDBNotebook(client, TABLE, ACCOUNT)


def test_at_first_there_is_no_note(notebook: Notebook) -> None:
    assert notebook.last() is None


def test_the_last_note_takes_the_place_of_those_before(notebook: Notebook) -> None:
    first = Note("2026-11-22T06:00:00Z", 3, {"role vendor": SIGHTING})
    second = Note("2026-11-22T06:15:00Z", 4)
    for note in (first, second, first):
        notebook.write(note)
        assert notebook.last() == note


def test_a_note_of_thousands_of_differences_is_kept(notebook: Notebook) -> None:
    many = {f"use role/{number:064x}": SIGHTING for number in range(5_000)}
    notebook.write(Note("2026-11-22T06:00:00Z", 3, many))
    assert notebook.last() == Note("2026-11-22T06:00:00Z", 3, many)


def test_a_note_is_no_fact() -> None:
    with dynamodb() as client:
        DynamoDBNotebook(client, TABLE, ACCOUNT).write(Note("2026-11-22T06:00:00Z", 3))
        snapshot = DynamoDBLedger(client, TABLE, ACCOUNT).snapshot()
        assert (snapshot.seq, snapshot.mutations, snapshot.genesis) == (0, (), None)


def test_a_note_of_another_version_is_as_good_as_none() -> None:
    with dynamodb() as client:
        Table(client, TABLE, f"ACCOUNT#{ACCOUNT}").put(NOTE, {"body": '{"schema":99}'})
        assert DynamoDBNotebook(client, TABLE, ACCOUNT).last() is None
