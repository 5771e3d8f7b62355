import json
from decimal import Decimal
from typing import Any, get_args

import pytest
from tests.contract.ledgers import ROLE, a_checkpoint, a_finding, a_mutation

from policy_monitor.errors import InputError
from policy_monitor.ledger import Current, Genesis
from policy_monitor.mutations import Change, PolicyUseChanged, RoleCreated, Use
from policy_monitor.records import (
    checkpoint_json,
    current_json,
    finding_json,
    genesis_json,
    mutation_json,
    read_checkpoint,
    read_current,
    read_finding,
    read_genesis,
    read_mutation,
)
from policy_monitor.state import AccountState, PolicyState, RoleState


def json_of(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_a_mutation_reads_as_plain_json() -> None:
    changes = (
        RoleCreated("r", "arn", None, tags=(("team", "a"),), max_session_seconds=3600),
        PolicyUseChanged("user/u", Use.BOUNDARY, None, begun=False),
    )

    record = json_of(mutation_json(a_mutation(1, changes=changes)))

    assert record["schema"] == 1
    assert record["kind"] == "change"
    assert record["actor"]["kind"] == "vendor"
    assert record["changes"] == [
        {
            "change": "RoleCreated",
            "role": "r",
            "arn": "arn",
            "trust_sha256": None,
            "boundary": None,
            "boundary_version": None,
            "boundary_sha256": None,
            "tags": [["team", "a"]],
            "max_session_seconds": 3600,
        },
        {
            "change": "PolicyUseChanged",
            "principal": "user/u",
            "use": "boundary",
            "policy_arn": None,
            "begun": False,
        },
    ]
    assert read_mutation(record) == a_mutation(1, changes=changes)


def test_every_change_has_a_name_of_its_own() -> None:
    names = [change.__name__ for change in get_args(Change.__value__)]

    assert len(set(names)) == len(names)


def test_a_genesis_reads_the_same_whatever_the_order_of_its_sets() -> None:
    def genesis(*order: str) -> Genesis:
        role = RoleState("r", "arn", frozenset(order), {"i": None}, tags={"k": "v"})
        uses = {"p": frozenset((f"role/{name}", Use.ATTACHED) for name in order)}
        policy = PolicyState("p", {"v1": "0" * 64, "v2": None}, "v1")
        state = AccountState({"r": role}, {"p": policy}, uses, complete=True)
        return Genesis("2026-11-22T06:00:00Z", state)

    one, other = genesis(*"abcdefgh"), genesis(*"hgfedcba")

    assert json.dumps(genesis_json(one)) == json.dumps(genesis_json(other))
    assert read_genesis(json_of(genesis_json(one))) == other


def test_a_checkpoint_comes_back_with_what_it_doubts() -> None:
    doubts = frozenset({("made", "arn", "v4"), ("inline", ROLE, "i", "d" * 64)})
    kept = a_checkpoint(1)._replace(doubts=doubts)
    assert read_checkpoint(json_of(checkpoint_json(kept))) == kept


def test_a_member_that_an_older_version_did_not_write_has_its_default() -> None:
    record = mutation_json(a_mutation(1))
    del record["error"], record["actor"]["via"]

    assert read_mutation(record) == a_mutation(1)


def broken(path: str, value: Any) -> dict[str, Any]:
    """A mutation's record with another value (or, `...`, none) at one place."""
    record = json_of(mutation_json(a_mutation(1)))
    *outer, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = record
    for part in outer:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return dict(record)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (broken("schema", 2), "schema 2 is no version up to 1"),
        (broken("schema", ...), "schema None is no version"),
        (broken("changes.0.change", "PolicyRenamed"), "'PolicyRenamed' is no change"),
        (broken("changes.0.change", ["x"]), r"changes\[0\].*no change"),
        (broken("changes.0", "x"), r"changes\[0\]: None is no change"),
        (broken("changes.0.colour", "red"), r"changes\[0\]\.colour: unknown to this version"),
        (broken("changes.0.role", ...), r"changes\[0\]\.role: missing"),
        (broken("changes.0.role", 5), r"changes\[0\]\.role: expected str, found int"),
        (broken("changes", {}), "changes: expected a list, found dict"),
        (broken("actor", "me"), "actor: expected an object, found str"),
        (broken("actor.kind", "friend"), "actor.kind: 'friend' is none of vendor, customer"),
        (broken("actor.kind", ["vendor"]), "actor.kind: .* is none of"),
        (broken("time", None), "time: expected str, found NoneType"),
    ],
)
def test_what_this_version_cannot_read_in_full_is_refused_by_name(
    record: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_mutation(record)


def test_a_pair_is_a_pair() -> None:
    record = json_of(mutation_json(a_mutation(1, changes=(RoleCreated("r", "a", None),))))
    record["changes"][0]["tags"] = [["key", "value", "more"]]

    with pytest.raises(InputError, match=r"tags\[0\]: expected 2 members, found 3"):
        read_mutation(record)


def test_a_flag_is_no_number_and_a_number_no_flag() -> None:
    change = PolicyUseChanged("user/u", Use.ATTACHED, None, begun=True)
    record = json_of(mutation_json(a_mutation(1, changes=(change,))))
    record["changes"][0]["begun"] = 1

    with pytest.raises(InputError, match="begun: expected bool, found int"):
        read_mutation(record)


def test_a_current_row_is_read_from_the_image_of_the_stream() -> None:
    current = Current("slot", "id", revision=2, previous="before")
    image = current_json(current) | {
        "pk": "ACCOUNT#1",
        "sk": "CURRENT#slot",
        "revision": Decimal(2),
    }
    del image["told_with"]

    assert read_current(image) == current


def test_a_fraction_is_no_revision() -> None:
    record = current_json(Current("slot", "id", revision=2)) | {"revision": Decimal("1.5")}

    with pytest.raises(InputError, match="revision: expected int"):
        read_current(record)


def test_a_finding_has_the_members_of_the_contract_in_its_order() -> None:
    record = finding_json(a_finding(1), correction_of="earlier")

    assert list(record) == [
        "schema",
        "finding_id",
        "event_id",
        "event_name",
        "time",
        "account",
        "region",
        "subject",
        "kind",
        "verdict",
        "severity",
        "severity_reasons",
        "actor",
        "summary",
        "comparison",
        "before",
        "after",
        "correction_of",
    ]
    assert list(record["subject"]) == ["type", "arn"]
    assert list(record["before"]) == ["version", "sha256"]
    assert list(record["actor"]) == ["kind", "arn", "session", "source_ip", "user_agent", "via"]
    assert record["schema"] == "policy-monitor/finding/1"
    assert record["correction_of"] == "earlier"
    assert json_of(record) == record


def test_a_finding_says_that_it_may_repeat_only_where_it_may() -> None:
    assert "may_repeat" not in finding_json(a_finding(1))
    assert finding_json(a_finding(1), may_repeat=True)["may_repeat"] is True


def test_a_finding_comes_back_without_what_belongs_to_its_announcement() -> None:
    finding = a_finding(1, comparison={"gained": [{"actions": ["s3:*"], "latent": False}]})
    record = json_of(finding_json(finding, correction_of="earlier", may_repeat=True))

    assert read_finding(record) == finding


def test_a_finding_keeps_its_reasons_and_one_recorded_without_them_is_read() -> None:
    finding = a_finding(1, severity_reasons=("it gave this to itself", "it reads"))
    record = json_of(finding_json(finding))
    assert read_finding(record) == finding

    del record["severity_reasons"]
    assert read_finding(record) == a_finding(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "policy-monitor/finding/2"}, "schema 'policy-monitor/finding/2' is not"),
        ({"severity": "dire"}, "severity: 'dire' is none of critical"),
        ({"comparison": []}, "comparison: expected an object"),
        ({"subject": {"type": "role"}}, "subject.arn: missing"),
    ],
)
def test_what_is_no_finding_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_finding(finding_json(a_finding(1)) | change)
