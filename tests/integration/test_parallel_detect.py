"""Several processes of detect at once, as a burst wakes them, on one emulated table."""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.contract.ledgers import ACCOUNT, TABLE, make_table
from tests.histories import ROLE, allow
from tests.iam_events import iam_event

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.documents import digest
from policy_monitor_cli.local_aws import local_aws

PROCESSES, EVENTS = 3, 60
ROOT = Path(__file__).parents[2]
INVOKE = """
import json, sys
from dataclasses import dataclass
from functions.detect import app

@dataclass
class Context:
    function_name: str = "detect"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn"
    aws_request_id: str = "request"

print("ready", file=sys.stderr, flush=True)
for line in sys.stdin:
    app.handler(json.loads(line), Context())
"""


def test_events_that_several_processes_record_at_once_are_recorded_once_and_counted() -> None:
    documents = [allow(f"s3:Get{number}") for number in range(4)]
    events = [
        iam_event(
            "PutRolePolicy",
            {
                "roleName": ROLE,
                "policyName": "inline",
                "policyDocument": json.dumps(documents[number % len(documents)]),
            },
            eventTime=f"2026-06-01T12:00:{number:02}Z",
            eventID=f"{number:02}",
        )
        for number in range(EVENTS)
    ]
    noise = Random(1)  # noqa: S311 (reproducible, no secret)
    with local_aws(ACCOUNT) as aws:
        make_table(aws.client("dynamodb"))
        aws.client("secretsmanager").create_secret(Name="mask-key", SecretString="k" * 32)
        environment = os.environ | aws.environment()
        environment |= {
            "TABLE_NAME": TABLE,
            "MASK_KEY_SECRET": "mask-key",
            "POWERTOOLS_METRICS_NAMESPACE": "PolicyMonitor",
            "POWERTOOLS_SERVICE_NAME": "policy-monitor",
        }
        running = [
            subprocess.Popen(  # noqa: S603 (our own code)
                [sys.executable, "-c", INVOKE],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        for process in running:
            assert process.stderr is not None
            assert process.stderr.readline() == "ready\n"
        # Two of three get each event, and one of them twice now and then: all at the same time.
        for place, process in enumerate(running):
            own = [event for number, event in enumerate(events) if number % PROCESSES != place]
            own += noise.sample(own, 5)
            noise.shuffle(own)
            assert process.stdin is not None
            process.stdin.write("".join(json.dumps(event) + "\n" for event in own))
            process.stdin.flush()
        errors = [process.communicate()[1] for process in running]
        assert [
            (process.returncode, error) for process, error in zip(running, errors, strict=True)
        ] == [(0, "")] * PROCESSES

        ledger = DynamoDBLedger(aws.client("dynamodb"), TABLE, ACCOUNT)
        snapshot = ledger.snapshot()
        held = ledger.documents(digest(document) for document in documents)
    assert [mutation.event_id for mutation in snapshot.mutations] == [
        f"{n:02}" for n in range(EVENTS)
    ]
    assert snapshot.seq == EVENTS
    assert sorted(held) == sorted(digest(document) for document in documents)
