"""A whole check-up on an account in memory: one fault hides no other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from policy_monitor.deployment import stack_of
from policy_monitor.errors import DeniedError, InputError
from policy_monitor.ledger import Genesis, Snapshot
from policy_monitor.notebook import Note
from policy_monitor.rules import RULES, STREAM_FILTERS
from policy_monitor.state import AccountState
from policy_monitor.trail import Trail
from policy_monitor.wiring import Archive, Rule, Subscription, Target
from policy_monitor.workings import Function, Stream
from policy_monitor_cli.checkup.examination import Circumstances, before, of_stack
from policy_monitor_cli.checkup.facts import (
    AlarmFacts,
    FunctionFacts,
    KeyFacts,
    MetricFilter,
    Records,
    Resource,
    RoleFacts,
    StackFacts,
    Stored,
    TableFacts,
)
from policy_monitor_cli.checkup.lines import Line, Status

NOW = "2026-11-22T12:00:00Z"
AROUND = Circumstances("aws", NOW)
VENDOR = "406882777402"
TOPIC = "arn:aws:sns:us-east-1:123456789012:monitor-Topic-1"
FUNCTIONS = ("Announce", "Detect", "Judge", "Reconcile", "Slack")


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


ENVIRONMENT = {
    "ROLE_NAME": "vendor",
    "POLICY_NAME": "VendorAccess",
    "BOUNDARY_NAME_PART": "VendorLimit",
    "VENDOR_ACCOUNT_IDS": VENDOR,
    "DETECT_FUNCTION_ARN": function_arn("DetectFunction"),
    "ARCHIVE_NAME": "monitor-Archive-1",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/monitor-DeadLetterQueue-1",
    "TOPIC_ARN": TOPIC,
    "RULE_NAMES": ",".join(f"monitor-{name}-1" for name in RULES),
    "STACK_NAME": "monitor",
    "MAPPING_IDS": ",".join(f"uuid-{name}" for name in STREAM_FILTERS),
    "FUNCTION_NAMES": ",".join(
        f"monitor-{name}Function-1" for name in ("Detect", "Judge", "Announce", "Slack")
    ),
    "ALARM_TOPIC_ARN": f"{TOPIC.replace('Topic', 'AlarmTopic')}",
    "EMAIL_ADDRESS": "a@b.example",
    "ALARM_EMAIL_ADDRESS": "",
    "SLACK_FUNCTION_ARN": "",
}
PARTS = stack_of(ENVIRONMENT)
STREAMS = {f"uuid-{name}": (name, f"monitor-{name}-1") for name in STREAM_FILTERS}
"""By id: the function that each event source mapping feeds, and its name."""
STACK = StackFacts(
    "monitor",
    "CREATE_COMPLETE",
    "2026-11-20T11:00:00Z",
    parameters={
        "RoleName": "vendor",
        "PolicyName": "VendorAccess",
        "BoundaryNamePart": "VendorLimit",
        "EmailAddress": "a@b.example",
        "DigestSchedule": "",
    },
    resources=(
        *(
            Resource(f"{name}Function", f"{name}Function", "AWS::Lambda::Function")
            for name in FUNCTIONS
        ),
        *(Resource(name, made, "AWS::Events::Rule") for name, made in PARTS.rules.items()),
        Resource("AnnounceFunctionDigest", "Digest", "AWS::Events::Rule"),
        Resource("Topic", TOPIC, "AWS::SNS::Topic"),
        Resource("AlarmTopic", f"{TOPIC}-alarms", "AWS::SNS::Topic"),
        Resource("Ledger", "ledger", "AWS::DynamoDB::Table"),
        Resource("FailuresAlarm", "errors", "AWS::CloudWatch::Alarm"),
    ),
)
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{VENDOR}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "x7"}},
        }
    ],
}


def invoking(name: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function_arn(name),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass
class MemoryAccount:
    """`facts.Account` in memory, with a stack in which everything works.

    `denied` holds the methods whose calls AWS denies.
    """

    account_id: str = "123456789012"
    region: str = "us-east-1"
    denied: frozenset[str] = frozenset()
    stored: Stored | None = None
    watched: RoleFacts | None = field(
        default_factory=lambda: RoleFacts(
            "arn", TRUST, ("arn:aws:iam::123456789012:policy/VendorAccess",)
        )
    )
    logging: bool = True
    stream_state: str = "Enabled"
    keys: Mapping[str, KeyFacts] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)

    def _ask(self, method: str) -> None:
        if method in self.denied:
            raise DeniedError(f"x: svc:{method} was denied; allow it", f"svc:{method}")

    @property
    def wiring(self) -> "MemoryAccount":
        return self

    @property
    def trails(self) -> "MemoryTrails":
        return MemoryTrails(self)

    @property
    def workings(self) -> "MemoryWorkings":
        return MemoryWorkings(self)

    def rule(self, name: str) -> Rule | None:
        self._ask("rule")
        if name == "Digest":
            return Rule("DISABLED", "", [Target(function_arn("AnnounceFunction"))])
        logical = {physical: known for known, physical in PARTS.rules.items()}[name]
        target = Target(function_arn("DetectFunction"))
        return Rule("ENABLED", json.dumps(PARTS.patterns[logical]), [target])

    def archive(self, name: str) -> Archive | None:
        self._ask("archive")
        assert name == PARTS.archive
        return Archive("ENABLED", json.dumps(PARTS.patterns["Archive"]))

    def dead_letters(self, queue_url: str) -> int:
        self._ask("dead_letters")
        assert queue_url == PARTS.queue_url
        return 0

    def subscriptions(self, topic_arn: str) -> Sequence[Subscription] | None:
        self._ask("subscriptions")
        assert topic_arn.startswith(TOPIC)
        return [Subscription("email", "a@b.example", confirmed=True)]

    def function(self, name: str) -> FunctionFacts | None:
        self._ask("function")
        environment = self.environment if name == "ReconcileFunction" else {}
        arn = function_arn(name)
        function = Function("Active", arn=arn, runtime="python3.13", environment=environment)
        return FunctionFacts(function, invoking(name))

    def alarms(self, names: Sequence[str]) -> Mapping[str, AlarmFacts]:
        self._ask("alarms")
        return {name: AlarmFacts("OK") for name in names}

    def role(self, name: str) -> RoleFacts | None:
        self._ask("role")
        return self.watched if name == "vendor" else None

    def own_policies(self) -> Sequence[str]:
        self._ask("own_policies")
        names = ("VendorAccess", "VendorLimit-1", *(f"ours-{number}" for number in range(6)))
        return [f"arn:aws:iam::123456789012:policy/{name}" for name in names]

    def key(self, arn: str) -> KeyFacts | None:
        self._ask("key")
        return self.keys.get(arn)

    def table(self, name: str) -> TableFacts | None:
        self._ask("table")
        assert name == "ledger"
        return TableFacts("ACTIVE", streams=True, protected=True, recovery=True)

    def records(self, table: str) -> Records:
        self._ask("records")
        assert table == "ledger"
        genesis = Genesis("2026-11-20T12:00:00Z", AccountState(complete=True))
        return Records(Snapshot(1, 1, genesis, (), {}), Note("2026-11-22T11:55:00Z", 1))

    def webhook(self, source: str) -> Stored | None:
        self._ask("webhook")
        return self.stored if source == "/webhook" else None

    def check_bucket(self, name: str) -> None:
        self._ask("check_bucket")
        if name == "open":
            raise InputError("bucket open: its policy lets the public in; take it out")

    def metric_filters(self) -> Sequence[MetricFilter]:
        self._ask("metric_filters")
        return []


@dataclass
class MemoryWorkings:
    account: MemoryAccount

    def function(self, name: str) -> Function | None:
        raise AssertionError(f"{name} has a line of its own")

    def stream(self, uuid: str) -> Stream | None:
        self.account._ask("stream")  # noqa: SLF001 (its own twin)
        logical, name = STREAMS[uuid]
        return Stream(
            self.account.stream_state, function_arn(name), (json.dumps(STREAM_FILTERS[logical]),)
        )


@dataclass
class MemoryTrails:
    account: MemoryAccount

    def trails(self) -> Sequence[Trail]:
        self.account._ask("trails")  # noqa: SLF001 (its own twin)
        return [
            Trail(
                name="all",
                home_region="us-east-1",
                multi_region=True,
                global_events=True,
                logging=self.account.logging,
                event_selectors=[{}],
                advanced_selectors=[],
            )
        ]


def not_ok(lines: Sequence[Line]) -> list[tuple[Status, str]]:
    return [(line.status, line.says) for line in lines if line.status is not Status.OK]


def test_a_stack_in_order_has_nothing_to_be_looked_at() -> None:
    lines = list(of_stack(MemoryAccount(), STACK, AROUND))
    assert not_ok(lines) == []
    assert len(lines) > 25


# All that is asked of a stack without a key of its own.
METHODS = (
    "alarms",
    "archive",
    "check_bucket",
    "dead_letters",
    "function",
    "metric_filters",
    "own_policies",
    "records",
    "role",
    "rule",
    "stream",
    "subscriptions",
    "table",
    "trails",
    "webhook",
)


@pytest.mark.parametrize("method", METHODS)
def test_whatever_may_not_be_asked_is_a_warning_and_the_rest_goes_on(method: str) -> None:
    named = {"SlackWebhook": "/webhook", "ReportBucket": "audit"}
    stack = replace(STACK, parameters={**STACK.parameters, **named})
    account = MemoryAccount(stored=Stored("https://x.example/y", encrypted=True))
    account.denied = frozenset({method})
    lines = list(of_stack(account, stack, AROUND))
    warned = [line for line in lines if line.status is Status.WARNING]
    assert warned
    unread = [line for line in warned if f"Allow svc:{method} to" not in line.remedy]
    # Without the functions nobody knows what reconcile is told of the rest.
    assert len(unread) == (method == "function")
    checks = {line.check for line in lines}
    assert checks >= {"region", "stack", "alarms", "role", "documented alarm"}


@pytest.mark.parametrize("look", ["of_stack", "before"])
def test_a_bucket_that_the_public_may_read_is_said_before_and_after_deployment(look: str) -> None:
    for bucket, status in (("audit", Status.OK), ("open", Status.FAILED)):
        parameters = {**STACK.parameters, "ReportBucket": bucket}
        lines = (
            of_stack(MemoryAccount(), replace(STACK, parameters=parameters), AROUND)
            if look == "of_stack"
            else before(MemoryAccount(), parameters, AROUND)
        )
        (line,) = [line for line in lines if line.check == "report"]
        assert (line.status, bucket in line.says) == (status, True)


def test_a_stack_of_another_version_is_said_to_be_one() -> None:
    older = {name: value for name, value in ENVIRONMENT.items() if name != "ARCHIVE_NAME"}
    more = {**ENVIRONMENT, "RULE_NAMES": f"{ENVIRONMENT['RULE_NAMES']},More"}
    for environment in (older, more):
        account = MemoryAccount(environment=environment)
        (problem,) = not_ok(list(of_stack(account, STACK, AROUND)))
        assert problem[0] is Status.FAILED
        assert "of another version than this command" in problem[1]


def test_what_reconcile_looks_to_is_looked_to_here_as_well() -> None:
    account = MemoryAccount(stream_state="Disabled")
    said = [says for status, says in not_ok(list(of_stack(account, STACK, AROUND)))]
    assert said == [
        f"the event source mapping of {name} is disabled" for _, name in STREAMS.values()
    ]
    long = {**ENVIRONMENT, "ARCHIVE_NAME": PARTS.archive, "STACK_NAME": "another"}
    account = MemoryAccount(environment=long)
    assert any(
        "does not begin with the stack's name" in says
        for _, says in not_ok(list(of_stack(account, STACK, AROUND)))
    )


# ------------------------------------------------------------------------------ before


def ready(account: MemoryAccount, **parameters: str) -> list[tuple[Status, str]]:
    given = {**STACK.parameters, **parameters}
    return not_ok(list(before(account, given, AROUND)))


def test_an_account_that_is_ready_has_nothing_to_be_looked_at() -> None:
    assert ready(MemoryAccount()) == []


def test_each_bad_input_is_said_before_any_event_is_lost() -> None:
    account = MemoryAccount(logging=False, watched=None)
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    said = ready(account, SlackWebhook="/nowhere", KeyArn=key)
    assert said == [
        (Status.FAILED, "trail all is not logging"),
        (Status.FAILED, "/nowhere is not there"),
        (Status.FAILED, f"key {key} is not there"),
        (Status.WARNING, "role vendor does not exist yet"),
    ]


def test_a_role_that_may_not_be_read_leaves_the_rest() -> None:
    said = ready(MemoryAccount(denied=frozenset({"role"})))
    assert [status for status, _ in said] == [Status.WARNING]
