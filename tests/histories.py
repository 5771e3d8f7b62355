"""Histories of a watched role: documents, mutations and baselines for tests of the domain."""

from typing import Any

from policy_monitor.documents import digest
from policy_monitor.ledger import Genesis
from policy_monitor.mutations import (
    Actor,
    ActorKind,
    Change,
    Document,
    Mutation,
    MutationKind,
)
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState, PolicyState, RoleState

ACCOUNT = "123456789012"
ROLE = "astronomer-remote-management"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/AstronomerCrossAccountRole"
CEILING = f"arn:aws:iam::{ACCOUNT}:policy/AstronomerOperationalBoundary"
EXTRA = f"arn:aws:iam::{ACCOUNT}:policy/support-extra"
SETTINGS = Settings()

READ_AT = "2026-01-01T00:00:00Z"
NOON = "2026-06-01T12:00:00Z"

VENDOR = Actor(
    ActorKind.VENDOR,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/release-7",
    session="release-7",
)
CUSTOMER = Actor(ActorKind.CUSTOMER, arn=f"arn:aws:iam::{ACCOUNT}:user/ada")


def statement(effect: str, *actions: str, resource: Any = "*", **fields: Any) -> dict[str, Any]:
    """One statement."""
    return {"Effect": effect, "Action": list(actions), "Resource": resource, **fields}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, resource: Any = "*") -> dict[str, Any]:
    """A document that allows some actions."""
    return policy(statement("Allow", *actions, resource=resource))


def deny(*actions: str) -> dict[str, Any]:
    """A document that denies some actions."""
    return policy(statement("Deny", *actions))


def trust(principal: str = "arn:aws:iam::406882777402:root") -> dict[str, Any]:
    """A trust policy."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        ],
    }


class Shelf:
    """Documents by digest; calling it keeps one and gives its digest."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}

    def __call__(self, document: dict[str, Any]) -> str:
        """Keep a document."""
        sha256 = digest(document)
        self.documents[sha256] = document
        return sha256


def role(**fields: Any) -> RoleState:
    """The watched role as a baseline shows it."""
    return RoleState(**{"name": ROLE, "arn": ROLE_ARN, **fields})


def managed(arn: str, *digests: str | None, default: int = 1) -> PolicyState:
    """A managed policy with versions v1, v2 …"""
    versions = {f"v{number}": sha256 for number, sha256 in enumerate(digests, 1)}
    return PolicyState(arn, versions, f"v{default}")


def genesis(*parts: RoleState | PolicyState, read_at: str = READ_AT, **fields: Any) -> Genesis:
    """A complete baseline."""
    state = AccountState(
        roles={part.name: part for part in parts if isinstance(part, RoleState)},
        policies={part.arn: part for part in parts if isinstance(part, PolicyState)},
        complete=True,
        **fields,
    )
    return Genesis(read_at, state)


def mutation(event_id: str, *changes: Change, time: str = NOON, **fields: Any) -> Mutation:
    """A mutation by the vendor."""
    values: dict[str, Any] = {
        "event_name": "Event",
        "account": ACCOUNT,
        "region": "us-east-1",
        "actor": VENDOR,
        "kind": MutationKind.CHANGE,
    }
    return Mutation(time=time, event_id=event_id, changes=changes, **(values | fields))
