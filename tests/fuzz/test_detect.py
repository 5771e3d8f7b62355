"""Malformed and hostile events through detect: nothing lost, nothing in the way of another.

``make fuzz`` runs a hundred thousand of them; the tests, a few thousand.
"""

import gc
import json
import os
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from logging import CRITICAL
from typing import Any

import pytest
from functions.detect import app
from tests.fuzz.hostile_events import hostile_events
from tests.histories import Shelf, allow, genesis, managed, role
from tests.iam_events import POLICY, ROLE, RULE_OF, WATCHED_ROLE_ITSELF, iam_event
from tests.lambda_context import Context

from policy_monitor.adapters.items import pack, unpack
from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.errors import UnreadableEventError
from policy_monitor.judgement import judge
from policy_monitor.records import mutation_json, read_mutation
from policy_monitor.settings import Settings

EVENTS = int(os.environ.get("FUZZED_EVENTS", "2000"))
SEGMENT = 250
"""So many events come to one ledger, which is then judged."""

SETTINGS = Settings()
NAMES = ("AstronomerCrossAccountRole", "*OperationalBoundary*")
# What may grow with the number of events: caches of the interpreter and of the parser.
MOST_GROWTH = 1_000_000


@dataclass
class Fuzzed:
    """Detect's handler, on ledgers in memory."""

    output: Callable[[], str]
    ledgers: dict[str, MemoryLedger] = field(default_factory=dict)
    fates: Counter[str] = field(default_factory=Counter)

    def ledger(self, account: str) -> MemoryLedger:
        if account not in self.ledgers:
            self.ledgers[account] = MemoryLedger()
            shelf = Shelf()
            policy = managed(POLICY, shelf(allow("s3:GetObject")))
            base = genesis(role(attached=frozenset({POLICY})), policy)
            self.ledgers[account].put_genesis(base, shelf.documents)
        return self.ledgers[account]

    def recorded(self) -> int:
        return sum(len(one.snapshot().mutations) for one in self.ledgers.values())

    def deliver(self, event: Any) -> str:
        """What became of an event: recorded, ignored or unreadable; anything else is raised."""
        before = self.recorded()
        try:
            app.handler(event, Context())
        except UnreadableEventError:
            assert self.recorded() == before
            assert self.counted() == 1
            return "unreadable"
        assert self.counted() == 0
        return "recorded" if self.recorded() > before else "ignored"

    def counted(self) -> int:
        """What the metric of the alarm says of the last call."""
        lines = [line for line in self.output().splitlines() if "UnreadableEvents" in line]
        (line,) = (line for line in lines if "_aws" in line)
        return int(sum(json.loads(line)["UnreadableEvents"]))

    def judge(self) -> None:
        """All that was recorded survives the table and is judged; none of it stops the judge."""
        for ledger in self.ledgers.values():
            for mutation in ledger.snapshot().mutations:
                body = pack(mutation_json(mutation))
                assert read_mutation(unpack(body.value, body.chunks)) == mutation
            judge(ledger, SETTINGS, None)
            told = ledger.snapshot()
            assert told.derived == told.seq
        self.ledgers.clear()


@pytest.fixture
def fuzzed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Fuzzed]:
    made = Fuzzed(lambda: capsys.readouterr().out)
    monkeypatch.setattr(
        app, "DynamoDBLedger", lambda _client, _table, account: made.ledger(account)
    )
    monkeypatch.setattr(app, "dynamodb", lambda: None)
    monkeypatch.setattr(app, "iam", MemoryIam)
    monkeypatch.setattr(app, "mask_key", lambda _: b"k" * 32)
    monkeypatch.setattr(app, "settings", Settings)
    monkeypatch.setattr(app.metrics.provider, "namespace", "PolicyMonitor")
    for name in ("TABLE_NAME", "MASK_KEY_SECRET"):
        monkeypatch.setenv(name, "x")
    level = app.logger.log_level
    app.logger.setLevel(CRITICAL)  # thousands of lines say nothing here, and pytest would keep them
    yield made
    app.logger.setLevel(level)


def is_others(event: Any) -> bool:
    """Whether an event plainly says that it is about something else: only then it may be ignored.

    Written from the design's table, and not from the parser: it shares no code with it.
    """
    if event["source"] != "aws.iam":
        return True
    detail = event["detail"]
    if detail["eventSource"] != "iam.amazonaws.com" or detail["eventName"] not in RULE_OF:
        return True
    account = detail.get("recipientAccountId") or detail["userIdentity"]["accountId"]
    if account != event["account"]:
        return True
    name, parameters = detail["eventName"], detail.get("requestParameters")
    if detail.get("errorCode"):
        told = watched_names(name, parameters) or names_watched(detail.get("errorMessage"))
        return not told and not is_vendor(detail.get("userIdentity"))
    kind = next((kind for kind in ("Role", "User", "Group") if kind in name), None)
    target = parameters.get(f"{kind.lower()}Name") if kind else None
    if not isinstance(target, str):
        return False  # it may have been the watched one
    return not watched_names(name, parameters) and "PermissionsBoundary" not in name


def is_vendor(identity: Any) -> bool:
    """Whether a caller is the vendor: the watched role's session, or of the vendor's account."""
    if not isinstance(identity, dict):
        return False
    session = identity.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, dict) else None
    role = issuer.get("userName") if isinstance(issuer, dict) else None
    return role == ROLE or identity.get("accountId") == "406882777402"


def watched_names(event_name: str, parameters: Any) -> bool:
    """Whether a call's parameters, of those that its page lists, name what is watched."""
    if not isinstance(parameters, dict):
        return False
    fields = ["roleName"] if "Role" in event_name else []
    fields += ["policyArn"] if event_name.startswith(("Attach", "Detach")) else []
    fields += ["permissionsBoundary"] if event_name.startswith(("Create", "Put")) else []
    return any(names_watched(parameters.get(name)) for name in fields)


def names_watched(value: Any) -> bool:
    """Whether a text is, or holds as a word, the name of what is watched, whatever its path."""
    words = value.split() if isinstance(value, str) else []
    names = [word.rsplit("/", 1)[-1].rstrip(".,") for word in words]
    return any(
        name.casefold() == ROLE or any(fnmatchcase(name, pattern) for pattern in NAMES)
        for name in names
    )


def test_hostile_events_are_recorded_refused_or_truly_not_ours(fuzzed: Fuzzed) -> None:
    held: list[int] = []
    tracemalloc.start()
    try:
        for number, event in enumerate(hostile_events(1, EVENTS)):
            fate = fuzzed.deliver(json.loads(json.dumps(event)))
            fuzzed.fates[fate] += 1
            if fate == "ignored":
                assert is_others(event), json.dumps(event)
            if (number + 1) % SEGMENT == 0:
                ours = iam_event(
                    "DetachRolePolicy",
                    {"roleName": ROLE, "policyArn": POLICY},
                    userIdentity=WATCHED_ROLE_ITSELF,
                )
                assert fuzzed.deliver(ours) == "recorded"
                fuzzed.judge()
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert min(fuzzed.fates[fate] for fate in ("recorded", "ignored", "unreadable")) > EVENTS / 20
    # Caches fill up in the first segments.
    assert held[-1] - held[len(held) // 2] < MOST_GROWTH
