"""Tables of other versions: older ones are read, newer ones are left alone."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.commands import Runner, run
from tests.contract.ledgers import (
    ACCOUNT,
    NEWER,
    TABLE,
    a_finding,
    a_genesis,
    a_mutation,
    after,
    dynamodb,
    first,
    written_by,
)
from tests.ledger_fixture import FOLDER, ROOT, SAMPLE, STORY, dumped, fill, read, rows, write

from policy_monitor import versions
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.catalogue import load
from policy_monitor.errors import InputError, PolicyMonitorError, RetryableError
from policy_monitor.history import entry_json, history
from policy_monitor.judgement import judge
from policy_monitor.ledger import Notice
from policy_monitor.settings import Settings
from policy_monitor.timeline import digests

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

__all__ = ["run"]

RELEASES = sorted(FOLDER.glob("*.jsonl"), key=lambda path: tuple(map(int, path.stem.split("."))))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
WHERE = ("--table", TABLE, "--region", "us-east-1")

# What these rows hold is made anew where it cannot be read.
CACHES = ("CHECKPOINT", "NOTE")


@pytest.fixture
def client() -> Iterator["DynamoDBClient"]:
    with dynamodb() as emulated:
        yield emulated


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have all code be of a version, 1 to 3."""

    def becoming(version: int) -> None:
        monkeypatch.setattr(versions, "SCHEMA", version)
        monkeypatch.setattr(versions, "MIGRATIONS", {1: told_region, 2: shouted})

    return becoming


def told_region(name: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """From version 1 to 2: what calls the region `place` calls it `region`."""
    named = {"region" if member == "place" else member: record[member] for member in record}
    return named if name in ("Mutation", "Genesis", "Finding") else record


def shouted(name: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """From version 2 to 3: event names of mutations get a mark."""
    return {**record, "event_name": record["event_name"] + "!"} if name == "Mutation" else record


def of_version_one(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the version would have written it that calls the region `place`."""
    body = row.get("body", {}).get("S")
    if body is None or not row["sk"]["S"].startswith(("MUTATION", "GENESIS", "FINDING")):
        return row
    return {**row, "body": {"S": re.sub(r'"region":(?=")', '"place":', body)}}


# ---------------------------------------------------------------------- older versions


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_a_table_of_every_release_is_read_judged_and_added_to(
    client: "DynamoDBClient", path: Path
) -> None:
    fill(client, read(path))
    ledger, outbox = DynamoDBLedger(client, TABLE, STORY), DynamoDBOutbox(client, TABLE, STORY)
    snapshot = ledger.snapshot()
    assert snapshot.genesis is not None
    assert (snapshot.seq, len(snapshot.mutations)) == (10, 9)
    entries = [entry_json(entry) for entry in history(ledger, outbox)]
    assert len(entries) == len({entry["finding_id"] for entry in entries}) == 14
    assert {entry["verdict"] for entry in entries} >= {"expansion", "reduction", "equivalent"}
    announced = [each["state"] for entry in entries for each in entry["announced"]]
    assert sorted(announced) == ["same", "sent"]
    assert [entry["notice"]["text"] for entry in entries if entry["notice"]] == ["by mail"]
    needed = set(digests(snapshot.genesis, snapshot.mutations))
    assert ledger.documents(needed).keys() == needed

    assert ledger.append(a_mutation(1), {})
    judge(ledger, Settings(), load())

    assert ledger.schema() == versions.SCHEMA
    assert ledger.snapshot().derived == 11
    assert judge(ledger, Settings(), load()).recorded == ()


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_a_record_of_every_kind_and_release_is_read(client: "DynamoDBClient", path: Path) -> None:
    fill(client, read(path))
    ledger, outbox = DynamoDBLedger(client, TABLE, SAMPLE), DynamoDBOutbox(client, TABLE, SAMPLE)
    snapshot = ledger.snapshot()
    (mutation,) = snapshot.mutations
    assert snapshot.genesis is not None
    assert len(mutation.changes) == len({type(change) for change in mutation.changes}) > 20
    assert len(snapshot.current) == len(list(ledger.findings())) == len(ledger.notices()) == 1
    assert len(ledger.opinions(["check"])) == 1
    assert [each.state for each in outbox.announcements()] == ["started"]


def test_what_is_written_is_what_the_last_release_wrote_or_the_schema_is_a_new_one(
    client: "DynamoDBClient",
) -> None:
    """Where this fails: raise `versions.SCHEMA`, write a migration, and make a fixture.

    A release that is not out yet (`.dev0` in pyproject.toml) may still change what it writes; when
    it comes out, its fixture is made for the last time (``python -m tests.ledger_fixture``).
    """
    write(client)
    newest = read(RELEASES[-1])

    def written(found: list[dict[str, Any]], partition: str) -> dict[str, str]:
        mine = [row for row in found if row["pk"]["S"] == f"ACCOUNT#{partition}"]
        return {row["sk"]["S"]: dumped(row) for row in mine if row["sk"]["S"] not in CACHES}

    now, then = written(rows(client), SAMPLE), written(newest, SAMPLE)
    assert now.keys() == then.keys()
    if f"{RELEASES[-1].stem}.dev0" != VERSION:
        assert now == then, "raise versions.SCHEMA, write a migration, and make a fixture"
    kinds = {key.partition("#")[0] for key in written(newest, STORY)}
    assert kinds == {key.partition("#")[0] for key in written(rows(client), STORY)}
    assert kinds >= {"HEAD", "GENESIS", "MUTATION", "DOCUMENT", "FINDING", "CURRENT", "CHUNK"}


def test_a_table_that_names_no_version_is_of_the_first(client: "DynamoDBClient") -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    assert ledger.schema() is None
    ledger.append(a_mutation(1), {})
    client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": "HEAD"}},
        UpdateExpression="REMOVE #schema",
        ExpressionAttributeNames={"#schema": "schema"},
    )
    assert ledger.schema() == 1
    assert ledger.snapshot().mutations == (a_mutation(1),)
    ledger.append(a_mutation(2), {})
    assert rows(client)[0]["schema"] == {"N": "1"}


def test_records_of_older_versions_are_migrated_step_by_step_and_their_rows_stay(
    client: "DynamoDBClient", become: Callable[[int], None]
) -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    one, row = first(a_finding(1))
    ledger.put_genesis(a_genesis(), {})
    ledger.append(a_mutation(1), {})
    ledger.record(2, [(one, row)])
    old = [of_version_one(row) for row in rows(client)]
    assert sum("place" in dumped(row) for row in old) == 3
    fill(client, old)

    become(3)

    snapshot = ledger.snapshot()
    assert snapshot.genesis == a_genesis()
    assert snapshot.mutations == (a_mutation(1, event_name="AttachRolePolicy!"),)
    assert ledger.finding(row.slot, one.finding_id) == one
    assert [recorded.finding for recorded in ledger.findings()] == [one]
    assert rows(client) == old
    ledger.append(a_mutation(2, event_name="DetachRolePolicy!"), {})
    ledger.record(3, [after(row, a_finding(1, "mixed"))])
    assert [m.event_name[-1] for m in ledger.snapshot().mutations] == ["!", "!"]
    assert {dumped(row) for row in old} - {dumped(row) for row in rows(client)} == {
        dumped(row) for row in old if row["sk"]["S"].startswith(("HEAD", "CURRENT"))
    }


@pytest.mark.parametrize("version", [0, 2, None, "1", 1.5, [1]])
def test_a_record_of_no_known_version_is_refused(version: object) -> None:
    with pytest.raises(InputError, match=r"Mutation: schema .* is no version up to 1; use"):
        versions.migrated("Mutation", {}, version)


def test_a_migration_leads_to_every_version_from_the_one_before() -> None:
    assert versions.MIGRATIONS.keys() == set(range(1, versions.SCHEMA))


def test_while_a_stack_is_updated_no_fact_is_lost_whatever_comes_first(
    client: "DynamoDBClient", become: Callable[[int], None]
) -> None:
    """Functions of both versions work on one table: each step succeeds, or says that it did not."""
    steps = ((1, "append"), (2, "append"), (1, "judge"))
    refused = set()
    for number, order in enumerate(permutations(steps)):
        ledger = DynamoDBLedger(client, TABLE, f"{number:012}")
        become(1)
        ledger.put_genesis(a_genesis(), {})
        appended = set()
        for place, (version, work) in enumerate(order):
            become(version)
            mutation = a_mutation(place, account=f"{number:012}")
            try:
                if work == "append":
                    ledger.append(mutation, {})
                    appended.add(mutation)
                else:
                    judge(ledger, Settings(), None)
            except PolicyMonitorError as error:
                refused.add((version, work, str(error)))
        become(2)
        judge(ledger, Settings(), None)
        assert set(ledger.snapshot().mutations) == appended
        assert ledger.snapshot().derived == ledger.snapshot().seq == len(appended) + 1
        assert ledger.schema() == 2
    assert refused == {(1, "append", NEWER), (1, "judge", NEWER)}


# ---------------------------------------------------------------------- newer versions


def test_a_table_of_a_newer_version_is_left_alone(client: "DynamoDBClient") -> None:
    written_by(client, 2)
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    before = rows(client)
    finding, row = first(a_finding(1))
    for write_or_read in (
        lambda: ledger.append(a_mutation(1), {}),
        lambda: ledger.put_genesis(a_genesis(), {}),
        lambda: ledger.record(0, [(finding, row)]),
        lambda: ledger.mark_derived(1),
        lambda: ledger.put_notice(Notice("f", "text", "author", "time")),
        lambda: ledger.finding(row.slot, row.finding_id),
        lambda: ledger.following(""),
        ledger.snapshot,
    ):
        with pytest.raises(PolicyMonitorError) as refusal:
            write_or_read()
        assert str(refusal.value) == NEWER
        assert not isinstance(refusal.value, RetryableError)
    assert rows(client) == before
    assert ledger.schema() == 2


@pytest.mark.parametrize("command", ["history", "open", "report", "ack"])
def test_commands_refuse_a_table_of_a_newer_version_in_a_line(
    client: "DynamoDBClient", run: Runner, command: str, tmp_path: Path
) -> None:
    DynamoDBLedger(client, TABLE, ACCOUNT).record(0, [first(a_finding(1))])
    written_by(client, 2)
    arguments: dict[str, list[object]] = {
        "ack": ["1-expansion", "--notice", "by mail"],
        "report": ["--out", tmp_path / "report.html"],
    }
    ran = run(command, *arguments.get(command, []), *WHERE)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) <= 2
    assert NEWER in " ".join(ran.err.split())
    assert not list(tmp_path.glob("*.html"))


def test_a_newer_command_reads_an_older_table_and_writes_nothing_into_it(
    client: "DynamoDBClient", run: Runner, become: Callable[[int], None]
) -> None:
    ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
    ledger.append(a_mutation(1), {})
    ledger.record(1, [first(a_finding(1))])
    before = rows(client)
    become(2)
    assert len(run("open", *WHERE, "--format", "jsonl").lines()) == 1
    ran = run("ack", "1-expansion", "--notice", "by mail", *WHERE)
    assert ran.status == 2
    assert "(schema 1, and this one writes 2); update the stack first" in " ".join(ran.err.split())
    assert rows(client) == before
