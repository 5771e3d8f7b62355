"""Each AWS call of the built functions goes wrong once, in each way: nothing is lost or doubled.

A dozen of the cases here, by a seeded choice; all of them with ``make fuzz``.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.built.faulty_aws import CALLER, Fault, FaultyAws, can_meet
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

pytestmark = pytest.mark.xdist_group("built")

CASES = os.environ.get("FAULTS", "12")
ACCOUNT = "123456789012"
EXTRA = f"arn:aws:iam::{ACCOUNT}:policy/extra"
BEFORE, THEN, AFTER = (f"2026-11-22T0{hour}:00:00Z" for hour in (1, 6, 7))
MOST_RUNS = 4


@dataclass
class Told:
    """What one run recorded and told."""

    findings: list[tuple[str, str]]
    mails: Counter[str]
    posts: Counter[str]
    repeats: int
    """How many of them say that they may repeat an earlier one."""


@dataclass
class World:
    """One stack of the built functions, whose ledger is emptied before each run."""

    aws: LocalAws
    stack: LocalStack
    slack: SlackReceiver
    faults: FaultyAws
    emulators: Emulators
    seen: dict[str, int] = field(default_factory=lambda: {"mails": 0, "posts": 0})

    def run(self, place: int | None = None, fault: Fault = Fault.BROKEN) -> Told:
        """A baseline, a change, and a look at all of it: with one call that goes wrong."""
        self.empty()
        functions = Functions(self.stack.template, self.emulators)
        self.faults.begin(place, fault)
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
        self.reconcile(functions, AFTER)
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

    def told(self) -> Told:
        ledger = DynamoDBLedger(self.aws.client("dynamodb"), self.stack.table, ACCOUNT)
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


def cases(calls: list[str]) -> list[tuple[int, Fault]]:
    """Each call with each fault that it can meet, or some of them."""
    every = [
        (place, fault)
        for place, call in enumerate(calls)
        for fault in Fault
        if can_meet(call, fault)
    ]
    if CASES == "all":
        return every
    chosen = Random(6).sample(every, int(CASES))  # noqa: S311 (reproducible, no secret)
    return sorted(chosen, key=lambda case: case[0])


def test_whatever_call_goes_wrong_all_is_recorded_and_told_once(world: World) -> None:
    world.run()  # what a process asks for once is known from here on
    clean = world.run()
    calls = list(world.faults.calls)
    assert {"dynamodb:TransactWriteItems", "sns:Publish", "iam:GetPolicy"} <= set(calls)
    assert len(clean.findings) > 1
    assert clean.mails.total() == clean.posts.total() == 2
    assert clean.repeats == 0

    for place, fault in cases(calls):
        told = world.run(place, fault)
        about = f"call {place} of {len(calls)}, {calls[place]}: {fault.name}"
        assert world.faults.came, about
        assert told.findings == clean.findings, about
        assert told.mails.keys() == clean.mails.keys(), about
        doubled = told.mails.total() - clean.mails.total()
        doubled += told.posts.total() - clean.posts.total()
        assert 0 <= doubled <= told.repeats <= 2, about


def test_a_new_process_that_may_not_read_its_secrets_at_first_loses_nothing(world: World) -> None:
    clean = world.run()
    for name in ("secretsmanager:GetSecretValue", "ssm:GetParameter"):
        world.emulators.stop()
        world.run()
        place = world.faults.calls.index(name)
        world.emulators.stop()
        told = world.run(place, Fault.DENIED)
        assert world.faults.came
        assert (told.findings, told.mails, told.posts) == (
            clean.findings,
            clean.mails,
            clean.posts,
        )
