"""`make local-aws` and events/env.json: all but the container of a `sam local invoke`."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor_cli.emulator import Emulators
from policy_monitor_cli.local_account import PORT, local_account
from policy_monitor_cli.local_aws import LocalAws
from policy_monitor_cli.local_stack import LocalStack
from policy_monitor_cli.sources import read_file
from policy_monitor_cli.template import Function, Template

EVENTS = Path(__file__).parents[2] / "events"
ENV = EVENTS / "env.json"
HOST = f"http://host.docker.internal:{PORT}"


def variables(function: Function, given: Mapping[str, str]) -> dict[str, str]:
    """A function's environment as sam makes it: the file tells only what the template declares."""
    return {name: given.get(name, value) for name, value in function.environment.items()}


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[LocalAws, LocalStack]]:
    with local_account() as made:
        yield made


def given(aws: LocalAws) -> dict[str, str]:
    parameters: dict[str, str] = json.loads(ENV.read_text().replace(HOST, aws.endpoint))[
        "Parameters"
    ]
    return parameters


def test_the_file_tells_each_function_what_the_stack_would(
    account: tuple[LocalAws, LocalStack], template: Template
) -> None:
    aws, stack = account
    told = given(aws)
    assert told.keys() <= {name for f in template.functions.values() for name in f.environment}
    for name, made in stack.template.functions.items():
        function = template.functions[name]
        deployed = {**made.environment, "AWS_ENDPOINT_URL": aws.endpoint}
        if "MASK_KEY_SECRET" in deployed:
            # Its ARN is never twice the same; its name does as well.
            assert f":secret:{told['MASK_KEY_SECRET']}-" in deployed["MASK_KEY_SECRET"]
            deployed["MASK_KEY_SECRET"] = told["MASK_KEY_SECRET"]
        assert variables(function, told) == deployed


def test_the_file_is_no_event() -> None:
    assert list(read_file(ENV)) == []


def test_an_event_goes_through_the_built_functions_with_that_file(
    account: tuple[LocalAws, LocalStack], template: Template, tmp_path: Path
) -> None:
    aws, stack = account
    functions = {
        name: replace(function, environment=variables(function, given(aws)))
        for name, function in template.functions.items()
    }
    event: dict[str, Any] = json.loads((EVENTS / "03-load-balancers-added.json").read_text())
    emulators = Emulators(template, aws, tmp_path)
    try:
        assert emulators.invoke(functions["DetectFunction"], event) is None
        keys = {"pk": {"S": f"ACCOUNT#{aws.account}"}, "sk": {"S": "MUTATION#"}}
        emulators.invoke(functions["JudgeFunction"], {"Records": [{"dynamodb": {"Keys": keys}}]})
    finally:
        emulators.stop()
    ledger = DynamoDBLedger(aws.client("dynamodb"), stack.table, aws.account)
    found = {entry.finding.event_id: entry.finding.verdict for entry in ledger.findings()}
    assert found[event["detail"]["eventID"]] == "expansion"


def test_a_port_that_is_taken_is_one_line(account: tuple[LocalAws, LocalStack]) -> None:
    port = account[0].endpoint.rpartition(":")[2]
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "policy_monitor_cli.local_account", "--port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
