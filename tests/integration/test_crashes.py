"""A process may die, or lose an answer, at any call: after retries all is recorded and told once.

The calls are taken from a run without faults, so a new call is tried by itself. Each run is another
account's, in one emulated AWS.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError
from functions.detect import app as detect_app
from functions.judge import app as judge_app
from tests.contract.ledgers import TABLE, make_table
from tests.faults import Faults, When
from tests.histories import ROLE, allow, trust
from tests.iam_events import WATCHED_ROLE_ITSELF, iam_event
from tests.integration.test_functions_announce_slack import Clock, sns_event, stream_record
from tests.integration.test_functions_announce_slack import World as Channels
from tests.integration.test_functions_announce_slack import world as channels  # noqa: F401 (a fixture)
from tests.interleaving import Death
from tests.lambda_context import Context

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.adapters.slack import SlackWebhook
from policy_monitor.baseline import read_baseline
from policy_monitor.ledger import AnnouncementState, Current, Genesis
from policy_monitor.settings import Settings

EXTRA = "arn:aws:iam::123456789012:policy/extra"
WRITE = allow("s3:PutObject")
READ_AT, LATER = "2026-11-22T01:00:00Z", "2026-11-22T06:00:00Z"
MOST_INVOCATIONS = 4
CONTEXT: Any = Context()


@dataclass
class Run:
    """One account's events on their way through all functions."""

    channels: Channels
    number: int
    faults: Faults
    letters: list[dict[str, Any]] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    unrecorded: int = 0
    """How many messages a channel had accepted unrecorded when the fault came."""

    def __post_init__(self) -> None:
        client = self.channels.table
        self.account = f"{self.number:012}"
        self.ledger = DynamoDBLedger(client, TABLE, self.account)
        self.outbox = DynamoDBOutbox(client, TABLE, self.account)

    def go(self) -> None:
        """The baseline is there; a change comes."""
        self.begin()
        self.faults.struck = self.count_unrecorded
        event = iam_event(
            "AttachRolePolicy",
            {"roleName": ROLE, "policyArn": EXTRA},
            recipientAccountId=self.account,
            eventTime=LATER,
            userIdentity=WATCHED_ROLE_ITSELF,
        )
        event["account"] = self.account
        self.invoke(partial(detect_app.handler, event, CONTEXT))
        self.invoke(self.judge)
        self.announce()
        self.take_letters()
        for letter in self.letters:
            body = sns_event(json.dumps(letter))
            self.invoke(partial(self.channels.slack_app.handler, body, CONTEXT))

    def begin(self) -> None:
        armed, self.faults.armed = self.faults.armed, False
        forget()
        # An emulated transaction takes the longer the more the table holds.
        self.channels.table.delete_table(TableName=TABLE)
        make_table(self.channels.table)
        details = boto3.client("iam").get_account_authorization_details()
        state, documents = read_baseline(details, Settings(), b"k" * 32)
        self.ledger.put_genesis(Genesis(READ_AT, state, self.account, "us-east-1"), documents)
        self.faults.armed = armed

    def judge(self) -> None:
        keys = {"pk": {"S": f"ACCOUNT#{self.account}"}, "sk": {"S": "MUTATION#x"}}
        judge_app.handler({"Records": [{"dynamodb": {"Keys": keys}}]}, CONTEXT)

    def announce(self) -> None:
        """Deliver the rows, and again those that are not done with."""
        rows = enumerate(self.rows())
        records = [stream_record(row, place, account=self.account) for place, row in rows]
        while records:
            event = {"Records": records}
            answer = self.invoke(partial(self.channels.announce_app.handler, event, CONTEXT))
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            first = next((place for place, n in enumerate(numbers) if n in failed), len(records))
            records = records[first:]

    def rows(self) -> list[Current]:
        armed, self.faults.armed = self.faults.armed, False
        current = self.ledger.snapshot().current
        self.faults.armed = armed
        return [current[slot] for slot in sorted(current)]

    def take_letters(self) -> None:
        armed, self.faults.armed = self.faults.armed, False
        self.letters += [json.loads(letter["Message"]) for letter in self.channels.published()]
        self.faults.armed = armed

    def count_unrecorded(self) -> None:
        self.take_letters()
        announced = self.outbox.announcements()
        sent = [each for each in announced if each.state is AnnouncementState.SENT]
        self.unrecorded = len(self.letters) + len(self.posted) - len(sent)

    def invoke(self, function: Callable[[], Any]) -> Any:
        """Invoke a function as Lambda does: again, in a new process, where it fails."""
        for _ in range(MOST_INVOCATIONS):
            try:
                return function()
            except (Exception, Death):  # noqa: BLE001 (a function may fail in any way)
                forget()
        raise AssertionError("a function failed in each of its invocations")


def forget() -> None:
    """A process ends, and what it has read of secrets and parameters with it."""
    for provider in DEFAULT_PROVIDERS.values():
        provider.store.clear()


def findings(run: Run) -> list[tuple[str, str]]:
    """All findings ever recorded: where, and which."""
    return [(each.current.slot, each.finding.finding_id) for each in run.ledger.findings()]


def counted(messages: list[dict[str, Any]]) -> Counter[tuple[str, int]]:
    return Counter((message["finding_id"], message["revision"]) for message in messages)


@pytest.fixture
def run(channels: Channels, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Faults], Run]:  # noqa: F811 (the fixture)
    """Makes the next account's run, whose calls the faults see."""
    for name, value in {"MASK_KEY_SECRET": "mask-key", "CODE_VERSION": "1"}.items():
        monkeypatch.setenv(name, value)
    for app in (detect_app, judge_app):
        monkeypatch.setattr(app.metrics.provider, "namespace", "PolicyMonitor")
        app.settings.cache_clear()
        app.dynamodb.cache_clear()
    detect_app.iam.cache_clear()
    boto3.client("secretsmanager").create_secret(Name="mask-key", SecretString="k" * 32)
    iam = boto3.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust()))
    iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(WRITE))
    # The breaker knows its state for a second: past it, it would ask once more in some runs.
    Clock(monkeypatch)
    made: list[Run] = []
    call_api, post = BaseClient._make_api_call, SlackWebhook.send  # type: ignore[attr-defined] # noqa: SLF001

    def visit_api(client: Any, operation: str, arguments: Any) -> Any:
        name = f"{client.meta.service_model.service_name}:{operation}"
        return made[-1].faults.visit(name, lambda: call_api(client, operation, arguments))

    def visit_post(webhook: SlackWebhook, message: Any) -> None:
        def send() -> None:
            post(webhook, message)
            made[-1].posted.append(message)

        made[-1].faults.visit("slack:send", send)

    def begin(number: int, faults: Faults) -> Run:
        made.append(Run(channels, number, faults))
        made[-1].go()
        faults.armed = False
        return made[-1]

    made.append(Run(channels, 0, Faults(armed=False)))
    monkeypatch.setattr(BaseClient, "_make_api_call", visit_api)
    monkeypatch.setattr(SlackWebhook, "send", visit_post)
    return begin


@pytest.mark.parametrize(
    ("when", "error"),
    [
        pytest.param(When.BEFORE, Death(), id="the process dies before it"),
        pytest.param(When.AFTER, Death(), id="the process dies after it"),
        pytest.param(When.AFTER, ReadTimeoutError(endpoint_url="…"), id="no answer comes"),
    ],
)
def test_after_a_fault_at_any_call_all_is_recorded_and_told_once(
    run: Callable[[int, Faults], Run], when: When, error: BaseException
) -> None:
    run(0, Faults())  # what a process asks for once is known from here on
    clean = run(1, Faults())
    expected = findings(clean), clean.rows(), counted(clean.letters)
    assert len(clean.rows()) == len(clean.letters) == len(clean.posted) == 2
    assert {"dynamodb:TransactWriteItems", "sns:Publish", "slack:send"} <= set(clean.faults.calls)

    for place, name in enumerate(clean.faults.calls):
        faulty = run(2 + place, Faults(place=place, when=when, error=error))
        about = f"{when.value} call {place}, {name}"
        assert faulty.faults.came, about
        assert (findings(faulty), faulty.rows()) == expected[:2], about
        snapshot = faulty.ledger.snapshot()
        assert (snapshot.seq, snapshot.derived, len(snapshot.mutations)) == (2, 2, 1), about
        letters, posted = counted(faulty.letters), counted(faulty.posted)
        assert letters.keys() == posted.keys() == expected[2].keys(), about
        told = len(faulty.letters) + len(faulty.posted)
        assert told - len(letters) - len(posted) == faulty.unrecorded, about
        for messages in (faulty.letters, faulty.posted):
            seen = set()
            for message in messages:
                key = (message["finding_id"], message["revision"])
                assert key not in seen or message.get("may_repeat"), about
                seen.add(key)
