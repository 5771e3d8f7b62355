"""A watched role, and what may differ from it: the stage of the tests of reconcile."""

from collections.abc import Mapping
from typing import Any

from tests.accounts import Account, account
from tests.histories import CEILING, POLICY, ROLE, Shelf, allow, genesis, managed, role, trust
from tests.iam_events import iam_event

from policy_monitor.mutations import Use
from policy_monitor.state import AccountState

shelf = Shelf()
READ = shelf(allow("s3:GetObject"))
READ_WRITE = shelf(allow("s3:GetObject", "s3:PutObject"))
TRUST = shelf(trust())
AWS_POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
START = "2026-06-01T12:00:00Z"

BASE = genesis(
    role(attached=frozenset({POLICY}), trust=TRUST, max_session_seconds=3600),
    managed(POLICY, READ),
    managed(CEILING, READ),
    uses={CEILING: frozenset({("role/app", Use.BOUNDARY)})},
).state


def begun(state: AccountState = BASE) -> Account:
    return account(state, shelf.documents, START)


def with_inline(state: AccountState = BASE, sha256: str = READ_WRITE) -> AccountState:
    return state._replace(roles={ROLE: state.roles[ROLE]._replace(inline={"i": sha256})})


def put_inline(time: str, event_id: str = "e1", **fields: Any) -> Mapping[str, Any]:
    """PutRolePolicy as CloudTrail recorded it."""
    record: Mapping[str, Any] = iam_event(
        "PutRolePolicy",
        {
            "roleName": ROLE,
            "policyName": "i",
            "policyDocument": '{"Version":"2012-10-17",'
            '"Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],'
            '"Resource":"*"}]}',
        },
        eventTime=time,
        eventID=event_id,
        **fields,
    )["detail"]
    return record
