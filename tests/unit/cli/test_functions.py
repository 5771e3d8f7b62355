"""Functions run as Lambda runs them: environment, retries, dead letters."""

import os
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from policy_monitor_cli.functions import Functions
from policy_monitor_cli.in_process import InProcess
from policy_monitor_cli.local_aws import LocalAws
from policy_monitor_cli.template import load_template

TEMPLATE = """\
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: echo/
      Handler: app.handler
      MemorySize: 256
      Environment: {Variables: {GREETING: hello, AWS_ENDPOINT_URL: ""}}
      EventInvokeConfig: {MaximumRetryAttempts: 1}
"""

CODE = """\
import json
import os

calls = []

def now():
    return "the real time"

def handler(event, context):
    calls.append(event)
    print(json.dumps({"function": context.function_name, "id": context.aws_request_id}))
    fails = event.get("fails", 0)
    if len(calls) <= fails:
        raise ValueError(f"call {len(calls)}\\nfailed")
    if "Records" in event:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        return {"batchItemFailures": [
            {"itemIdentifier": number} for number in numbers if number in event["Records"][0]["bad"]
        ]}
    return {"time": now(), "calls": len(calls), "memory": context.memory_limit_in_mb,
            **{name: os.environ.get(name) for name in ("GREETING", "AWS_ENDPOINT_URL")}}
"""


@pytest.fixture
def functions(tmp_path: Path) -> Functions:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "echo").mkdir()
    (tmp_path / "echo" / "app.py").write_text(dedent(CODE))
    aws = LocalAws("http://127.0.0.1:1", "123456789012")
    template = load_template(tmp_path / "template.yaml")
    return Functions(template, InProcess(template, aws))


def records(*numbers: str, bad: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [{"dynamodb": {"SequenceNumber": number}, "bad": bad} for number in numbers]


def test_a_function_sees_the_templates_environment_and_the_local_aws(functions: Functions) -> None:
    answer = functions.invoke("Echo", {})
    assert answer["GREETING"] == "hello"
    assert answer["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert answer["memory"] == 256
    assert "GREETING" not in os.environ


def test_a_function_keeps_its_module_between_calls(functions: Functions) -> None:
    functions.invoke("Echo", {})
    assert functions.invoke("Echo", {})["calls"] == 2


def test_what_a_function_prints_is_kept_and_not_shown(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    functions.invoke("Echo", {})
    assert capsys.readouterr().out == ""
    assert '"function": "Echo"' in functions.log


def test_a_function_that_asks_for_the_time_is_told_the_replays(functions: Functions) -> None:
    assert functions.invoke("Echo", {})["time"] == "the real time"
    functions.tell_time("2026-11-22T06:00:00Z")
    assert functions.invoke("Echo", {})["time"] == "2026-11-22T06:00:00Z"


def test_an_event_is_tried_as_often_as_the_template_says(functions: Functions) -> None:
    assert functions.deliver("Echo", {"fails": 1})
    assert functions.dead_letters == []


def test_an_event_that_keeps_failing_is_a_dead_letter_with_its_reason(functions: Functions) -> None:
    event = {"fails": 2}
    assert not functions.deliver("Echo", event)
    (letter,) = functions.dead_letters
    assert (letter.function, letter.event) == ("Echo", event)
    assert letter.reason == "ValueError: call 2 failed"


def test_a_batch_goes_on_behind_a_record_that_keeps_failing(functions: Functions) -> None:
    functions.deliver_batch("Echo", records("1", "2", "3", bad=("2",)))
    (letter,) = functions.dead_letters
    assert letter.event["dynamodb"]["SequenceNumber"] == "2"
    # All three, three times from the second on, and at last the third.
    assert functions.invoke("Echo", {})["calls"] == 1 + 3 + 1 + 1


def test_no_batch_is_larger_than_its_mapping_says(functions: Functions) -> None:
    functions.deliver_batch("Echo", records("1", "2", "3"), 2)
    assert functions.invoke("Echo", {})["calls"] == 2 + 1


def test_a_batch_without_failures_is_handed_over_once(functions: Functions) -> None:
    functions.deliver_batch("Echo", records("1", "2"))
    assert functions.dead_letters == []
    assert functions.invoke("Echo", {})["calls"] == 2


def test_an_empty_batch_calls_nothing(functions: Functions) -> None:
    functions.deliver_batch("Echo", [])
    assert functions.invoke("Echo", {})["calls"] == 1
