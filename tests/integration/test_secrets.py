"""No external id reaches what people or programs read, whatever the event that holds it is like."""

import json
import sys
import traceback
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from functions.detect import app as detect_app
from functions.judge import app as judge_app
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.contract.ledgers import ACCOUNT, TABLE, a_genesis, dynamodb
from tests.histories import ROLE
from tests.iam_events import POLICY, iam_event
from tests.lambda_context import Context

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.announcement import announced_json
from policy_monitor.digest import digest_json
from policy_monitor.history import history
from policy_monitor.messages.blocks import slack_payload
from policy_monitor.messages.chat import chat_envelope
from policy_monitor.messages.envelope import envelope
from policy_monitor_cli.main import main

SECRET = "Plantedexternalid3f9Q"
# To make a failing example smaller would take minutes, and tells no more.
FEW = settings(
    suppress_health_check=list(HealthCheck),
    max_examples=6,
    phases=(Phase.explicit, Phase.generate),
)


operators = st.sampled_from(
    [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringEqualsIgnoreCase",
        "stringlikeifexists",
        "ForAnyValue:StringLike",
        "ForAllValues:StringEquals",
        "ArnLike",
        "NumericEquals",
        "Null",
        "NoSuchOperator",
    ]
)
keys = st.sampled_from(["sts:ExternalId", "STS:EXTERNALID", "sts:externalid", "sts:ExternalId "])
values = st.sampled_from(
    [
        SECRET,
        [SECRET],
        ["other", SECRET],
        f"{SECRET}*",
        f"*{SECRET}?",
        f"${{aws:username, '{SECRET}'}}",
        [[SECRET]],
        {"deeper": SECRET},
        [{"deeper": [SECRET, 7]}],
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document that holds the secret under the key, as text: readable, encoded or broken."""
    statement = {
        "Effect": draw(st.sampled_from(["Allow", "Deny", "Perhaps"])),
        "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
        "Action": "sts:AssumeRole",
        "Condition": {draw(operators): {draw(keys): draw(values)}},
    }
    document: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"Version": "2012-10-17", "Statement": [statement]},
                {"Version": "2008-10-17", "Statement": statement},
                {"Statement": [[statement]]},
                {"Version": "2012-10-17", "Statement": [], **statement},
                {"Condition": {"x": [statement]}},
            ]
        )
    )
    text = json.dumps(document)
    broken = draw(st.integers(1, len(text)))
    return draw(
        st.sampled_from(
            [text, text, text, quote(text), text + "}", text[:broken], f"[{text}]", '"' + text]
        )
    )


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event that carries such a document, perhaps with a part that is missing or misshapen."""
    text = draw(documents())
    name, given = draw(
        st.sampled_from(
            [
                ("UpdateAssumeRolePolicy", {"roleName": ROLE, "policyDocument": text}),
                ("UpdateAssumeRolePolicy", {"roleName": ROLE, "policyDocument": {"x": text}}),
                ("CreateRole", {"roleName": ROLE, "assumeRolePolicyDocument": text}),
                (
                    "PutRolePolicy",
                    {"roleName": ROLE, "policyName": "own", "policyDocument": text},
                ),
                (
                    "CreatePolicyVersion",
                    {"policyArn": POLICY, "policyDocument": text, "setAsDefault": True},
                ),
            ]
        )
    )
    event = iam_event(
        name,
        given,
        eventID=draw(st.uuids().map(str)),
        eventTime=f"2026-11-22T06:00:{draw(st.integers(0, 59)):02}Z",
        responseElements={"policyVersion": {"versionId": "v2"}, "role": {"document": text}},
    )
    if draw(st.booleans()):
        return event
    member = draw(st.sampled_from(sorted(event["detail"])))
    event["detail"][member] = draw(
        st.sampled_from([None, 7, "", [], {"policyDocument": text}, [text]])
    )
    if draw(st.booleans()):
        event["detail"] |= {"errorCode": "MalformedPolicyDocument", "errorMessage": text}
    return event


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": "",
        "TABLE_NAME": TABLE,
        "MASK_KEY_SECRET": "mask-key",
        "CODE_VERSION": "1",
        "POWERTOOLS_SERVICE_NAME": "policy-monitor",
    }.items():
        monkeypatch.setenv(name, value)
    for app in (detect_app, judge_app):
        monkeypatch.setattr(app.metrics.provider, "namespace", "PolicyMonitor")


def forget() -> None:
    for app in (detect_app, judge_app):
        for cached in (app.settings, app.dynamodb):
            cached.cache_clear()
    detect_app.iam.cache_clear()
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    DEFAULT_PROVIDERS.clear()


def errors_of(event: dict[str, Any]) -> str:
    """What Lambda would log of a failure, and put into the dead letter beside the event."""
    try:
        detect_app.handler(event, Context())
    except Exception as error:  # noqa: BLE001 (whatever it is, its text is looked at)
        return "".join(traceback.format_exception(error))
    return ""


def rows(client: Any) -> Iterator[str]:
    """The ledger's rows, as far as anybody can read them."""
    for row in client.scan(TableName=TABLE)["Items"]:
        packed = [value["B"] for value in row.values() if "B" in value]
        yield repr(row)
        yield from (zlib.decompress(value).decode() for value in packed)


def messages(ledger: DynamoDBLedger) -> Iterator[str]:
    """Every finding, and the digest of all, on every channel."""
    told: list[dict[str, Any]] = [
        announced_json(entry.finding, 1, None) for entry in history(ledger)
    ]
    if entries := list(history(ledger)):
        told.append(digest_json(entries, ACCOUNT, "2026-12-07T08:00:00Z"))
    for message in told:
        for letter in (envelope(message), chat_envelope(message)):
            yield repr(letter)
        yield json.dumps(slack_payload(message))


def commanded(*arguments: str) -> None:
    """Run the command on the table; what it prints is captured."""
    sys.argv = ["policy-monitor", *arguments, "--table", TABLE, "--region", "us-east-1"]
    with pytest.raises(SystemExit):
        main()


@pytest.mark.usefixtures("deployed")
def test_no_external_id_reaches_any_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [])
    findings = 0

    @FEW
    @given(st.lists(events(), min_size=6, max_size=12))
    def look(taken: list[dict[str, Any]]) -> None:
        nonlocal findings
        forget()
        with dynamodb() as client:
            boto3.client("secretsmanager").create_secret(Name="mask-key", SecretString="k" * 32)
            ledger = DynamoDBLedger(client, TABLE, ACCOUNT)
            ledger.put_genesis(a_genesis(), {})
            shown = [errors_of(event) for event in taken]
            pk = {"S": f"ACCOUNT#{ACCOUNT}"}
            keys = {"dynamodb": {"Keys": {"pk": pk, "sk": {"S": "MUTATION#x"}}}}
            judge_app.handler({"Records": [keys]}, Context())
            commanded("history")
            commanded("history", "--format", "jsonl")
            commanded("open")
            shown += [*rows(client), *messages(ledger)]
            findings += sum(1 for _ in ledger.findings())
        shown += capsys.readouterr()
        assert not [text for text in shown if SECRET.casefold() in text.casefold()]

    look()
    forget()
    assert findings > 5
