"""Each AWS call of the built functions goes wrong once, in each way: nothing is lost or doubled.

A dozen of the cases here, by a seeded choice; all of them with ``make fuzz``.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.built.faulty_aws import CALLER, Call, Fault, FaultyAws, can_meet, numbered
from tests.histories import ROLE, allow, trust
from tests.iam_events import WATCHED_ROLE_ITSELF, iam_event

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.settings import Settings
from policy_monitor_cli.emulator import Emulators
from policy_monitor_cli.functions import Functions
from policy_monitor_cli.handlers import RECONCILE, SCHEDULED, carry, template_parameters
from policy_monitor_cli.local_aws import LocalAws, local_aws
from policy_monitor_cli.local_stack import LocalStack
from policy_monitor_cli.slack_receiver import SlackReceiver

CASES = os.environ.get("FAULTS", "12")
ACCOUNT = "123456789012"
EXTRA = f"arn:aws:iam::{ACCOUNT}:policy/extra"
BEFORE, THEN, AFTER, LATER = (f"2026-11-22T0{hour}:00:00Z" for hour in (1, 6, 7, 8))
MOST_RUNS = 4
SECRETS = ("secretsmanager:GetSecretValue", "ssm:GetParameter")
"""What a process reads when it starts, and some of it once a minute."""
SENSE = "#sense-"
"""What the slot holds of a finding that the monitor does not see something, or sees it again."""


@dataclass
class Told:
    """What one run recorded and told."""

    findings: list[tuple[str, str]]
    mails: Counter[str]
    posts: Counter[str]
    repeats: int
    """How many of them say that they may repeat an earlier one."""

    @property
    def blind(self) -> list[tuple[str, str]]:
        """The findings that something could not be seen in one run, and could in the next."""
        return [each for each in self.findings if SENSE in each[0]]


@dataclass
class World:
    """One stack of the built functions, whose ledger is emptied before each run."""

    aws: LocalAws
    stack: LocalStack
    slack: SlackReceiver
    faults: FaultyAws
    emulators: Emulators
    seen: dict[str, int] = field(default_factory=lambda: {"mails": 0, "posts": 0})
    first_look: int = 0
    """The place of the first call by which reconcile compares IAM with the ledger."""

    def meet(self, aimed: Call, fault: Fault) -> Told:
        """A run in which a call goes wrong; not each run makes those that depend on the time."""
        for _ in range(MOST_RUNS):
            told = self.run(aimed, fault)
            if self.faults.came_at is not None:
                return told
        raise AssertionError(f"{aimed.name} is not called after {aimed.before}")

    def run(self, aimed: Call | None = None, fault: Fault = Fault.BROKEN) -> Told:
        """A baseline, a change, and a look at all of it: with one call that goes wrong."""
        self.empty()
        functions = Functions(self.stack.template, self.emulators)
        self.faults.begin(aimed, fault)
        iam = self.aws.client("iam")
        self.reconcile(functions, BEFORE)
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=EXTRA)
        event = iam_event(
            "AttachRolePolicy",
            {"roleName": ROLE, "policyArn": EXTRA},
            eventTime=THEN,
            eventID="the-change",
            userIdentity=WATCHED_ROLE_ITSELF,
        )
        functions.deliver("DetectFunction", event)
        self.carry(functions)
        self.first_look = len(self.faults.calls)
        self.reconcile(functions, AFTER)
        if any(SENSE in one.current.slot for one in self.ledger().findings()):
            self.reconcile(functions, LATER)
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=EXTRA)
        lost = [letter for letter in functions.dead_letters if letter.function != RECONCILE]
        assert lost == []
        return self.told()

    def reconcile(self, functions: Functions, time: str) -> None:
        """Run reconcile; again, as its schedule would, where that failed."""
        self.emulators.tell_time(time)
        for _ in range(MOST_RUNS):
            if functions.deliver(RECONCILE, {**SCHEDULED, "time": time}):
                break
        self.carry(functions)

    def carry(self, functions: Functions) -> None:
        carry(self.stack, functions, lambda name, event: assert_taken(functions, name, event))

    def ledger(self) -> DynamoDBLedger:
        return DynamoDBLedger(self.aws.client("dynamodb"), self.stack.table, ACCOUNT)

    def told(self) -> Told:
        ledger = self.ledger()
        assert ledger.snapshot().seq == ledger.snapshot().derived
        mails = self.stack.emails()[self.seen["mails"] :]
        posts = self.slack.payloads[self.seen["posts"] :]
        self.seen["mails"] += len(mails)
        self.seen["posts"] += len(posts)
        texts = [mail.text for mail in mails] + [json.dumps(post) for post in posts]
        return Told(
            findings=[(one.current.slot, one.finding.finding_id) for one in ledger.findings()],
            mails=Counter(str(mail.finding["finding_id"]) for mail in mails),
            posts=Counter(str(post["text"]) for post in posts),
            repeats=sum("may repeat" in text for text in texts),
        )

    def empty(self) -> None:
        """Empty the ledger, and pass over what its stream tells of that."""
        dynamodb = self.aws.client("dynamodb")
        for item in dynamodb.scan(TableName=self.stack.table)["Items"]:
            key = {name: item[name] for name in ("pk", "sk")}
            dynamodb.delete_item(TableName=self.stack.table, Key=key)
        while self.stack.stream_records():
            pass


def assert_taken(functions: Functions, name: str, event: Any) -> None:
    assert functions.deliver(name, event), functions.dead_letters[-1].reason


@pytest.fixture(scope="module")
def world(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    faults = FaultyAws()
    with local_aws(ACCOUNT, around=faults.around) as aws, SlackReceiver() as slack:
        iam = aws.client("iam")
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust()))
        document = json.dumps(allow("s3:PutObject"))
        iam.create_policy(PolicyName="extra", PolicyDocument=document)
        stack = LocalStack(aws, build, template_parameters(Settings()), slack.url, "k" * 32)
        # The SDK would try again by itself, and wait in between.
        variables = {"AWS_ACCESS_KEY_ID": CALLER, "AWS_MAX_ATTEMPTS": "1"}
        folder = tmp_path_factory.mktemp("faults")
        emulators = Emulators(stack.template, aws, folder, variables)
        try:
            yield World(aws, stack, slack, faults, emulators)
        finally:
            emulators.stop()


def cases(calls: list[str]) -> list[tuple[Call, Fault]]:
    """Each call with each fault that it can meet, or some of them."""
    every = [
        (call, fault)
        for call in numbered(calls)
        for fault in Fault
        if call.name not in SECRETS and can_meet(call.name, fault)
    ]
    if CASES == "all":
        return every
    chosen = Random(6).sample(every, int(CASES))  # noqa: S311 (reproducible, no secret)
    return sorted(chosen, key=every.index)


def test_whatever_call_goes_wrong_all_is_recorded_and_told_once(world: World) -> None:
    world.run()  # what a process asks for once is known from here on
    clean = world.run()
    calls = list(world.faults.calls)
    assert {"dynamodb:TransactWriteItems", "sns:Publish", "iam:GetPolicy"} <= set(calls)
    assert len(clean.findings) > 1
    assert clean.mails.total() == clean.posts.total() == 2
    assert clean.repeats == 0

    for call, fault in cases(calls):
        told = world.meet(call, fault)
        about = f"{call.name} after {call.before}: {fault.name}"
        # That reconcile may not read something is told, and that it may again; nothing else is new.
        is_look = (world.faults.came_at or 0) >= world.first_look
        is_read = call.name.startswith(("iam:", "cloudtrail:"))
        is_blind = fault is Fault.DENIED and is_look and is_read
        blind = {finding_id for _, finding_id in told.blind}
        assert len(told.blind) == len(blind) == 2 * is_blind, about
        assert [each for each in told.findings if each not in told.blind] == clean.findings, about
        assert told.mails.keys() == clean.mails.keys() | blind, about
        doubled = told.mails.total() - clean.mails.total() - len(blind)
        doubled += told.posts.total() - clean.posts.total() - len(blind)
        assert 0 <= doubled <= told.repeats <= 2, about


def test_a_new_process_that_cannot_read_its_secrets_at_first_loses_nothing(world: World) -> None:
    faults = [each for each in Fault if each is not Fault.CONFLICT]
    clean = world.run()
    for name, fault in product(SECRETS, faults if CASES == "all" else [Fault.DENIED]):
        world.emulators.stop()
        told = world.meet(Call(name, 0), fault)
        about = f"{name}: {fault.name}"
        assert told.findings == clean.findings, about
        assert (told.mails, told.posts) == (clean.mails, clean.posts), about
