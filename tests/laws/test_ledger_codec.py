"""What is written is what is read, for every record and every ledger."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_monitor.adapters.items import pack, unpack
from policy_monitor.findings import Finding
from policy_monitor.ledger import Current, Genesis
from policy_monitor.mutations import Mutation
from policy_monitor.records import (
    current_json,
    finding_json,
    genesis_json,
    mutation_json,
    read_current,
    read_finding,
    read_genesis,
    read_mutation,
)
from policy_monitor.state import AccountState, PolicyState, RoleState

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DIGEST = st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)
NAMES = st.text(min_size=1, max_size=8)
ROLES = st.builds(
    RoleState,
    name=NAMES,
    arn=NAMES,
    attached=st.frozensets(NAMES, max_size=3),
    inline=st.dictionaries(NAMES, DIGEST, max_size=3),
    boundary=st.none() | NAMES,
    trust=DIGEST,
    tags=st.dictionaries(NAMES, NAMES, max_size=3),
    max_session_seconds=st.none() | st.integers(),
    known=st.booleans(),
)
POLICIES = st.builds(
    PolicyState,
    arn=NAMES,
    versions=st.dictionaries(NAMES, DIGEST, max_size=3),
    default=st.none() | NAMES,
)
STATES = st.builds(
    AccountState,
    roles=st.dictionaries(NAMES, ROLES, max_size=3),
    policies=st.dictionaries(NAMES, POLICIES, max_size=3),
    complete=st.booleans(),
    blind=st.dictionaries(NAMES, NAMES, max_size=2),
)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(st.from_type(Mutation))
def test_every_mutation_comes_back_as_it_was(mutation: Mutation) -> None:
    assert read_mutation(through_json(mutation_json(mutation))) == mutation


@given(st.builds(Genesis, read_at=NAMES, state=STATES))
def test_every_baseline_comes_back_as_it_was(genesis: Genesis) -> None:
    assert read_genesis(through_json(genesis_json(genesis))) == genesis


@given(st.from_type(Current))
def test_every_current_row_comes_back_as_it_was(current: Current) -> None:
    assert read_current(through_json(current_json(current))) == current


@given(
    st.builds(
        Finding,
        comparison=st.dictionaries(st.text(), JSON),
        inventory=st.none() | st.dictionaries(st.text(), JSON, min_size=1),
    ),
    st.booleans(),
)
def test_every_finding_comes_back_as_it_was(finding: Finding, may_repeat: bool) -> None:
    record = finding_json(finding, correction_of="earlier", may_repeat=may_repeat)

    assert read_finding(through_json(record)) == finding


@settings(max_examples=200)
@given(JSON | st.text(min_size=4000, max_size=6000), st.integers(min_value=20, max_value=60))
def test_a_body_of_any_length_comes_back_whole(value: Any, longest: int) -> None:
    body = pack(value, max_chunk_bytes=longest)

    assert unpack(body.value, body.chunks) == value
    assert all(len(chunk) <= longest for chunk in body.chunks.values())
