"""The key: what the template's own key lets in, and what happens where one statement is missing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policy_monitor_cli.checkup.facts import KeyFacts
from policy_monitor_cli.checkup.keys import Place, key_lines, uses
from policy_monitor_cli.checkup.lines import Line, Status
from policy_monitor_cli.template import load_template

ROOT = Path(__file__).parents[4]
ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"
AT = "us-east-1:123456789012"
PLACE = Place(
    account="123456789012",
    region="us-east-1",
    rule=f"arn:aws:events:{AT}:rule/policy-monitor-RoleRule-1",
    topic=f"arn:aws:sns:{AT}:policy-monitor-Topic-1",
    alarm="policy-monitor-FailuresAlarm-1",
    log_group="policy-monitor-DetectLogGroup-1",
)
POLICY: Mapping[str, Any] = (
    load_template(ROOT / "template.yaml").resources["Key"].properties["KeyPolicy"]
)


def key(
    policy: Mapping[str, Any] = POLICY,
    *,
    state: str = "Enabled",
    usage: str = "ENCRYPT_DECRYPT",
    spec: str = "SYMMETRIC_DEFAULT",
) -> KeyFacts:
    return KeyFacts(ARN, state=state, usage=usage, spec=spec, policy=policy)


def lines(facts: KeyFacts | None) -> list[Line]:
    found = list(key_lines(ARN, facts, PLACE))
    assert all(bool(line.remedy) == (line.status is not Status.OK) for line in found)
    return found


def policy_of(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_the_templates_own_key_lets_in_all_who_need_it() -> None:
    found = lines(key())
    assert [line.status for line in found] == [Status.OK] * (2 + len(list(uses(PLACE))))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "Disabled"}, "is Disabled: nothing that it encrypts can be read"),
        ({"state": "PendingDeletion"}, "is PendingDeletion"),
        ({"usage": "SIGN_VERIFY", "spec": "RSA_2048"}, "is for SIGN_VERIFY (RSA_2048)"),
    ],
)
def test_a_key_that_does_not_encrypt_is_named(fields: dict[str, Any], said: str) -> None:
    (line,) = lines(key(**fields))
    assert line.status is Status.FAILED
    assert said in line.says


def test_a_key_that_is_not_there_is_named() -> None:
    (line,) = lines(None)
    assert (line.status, line.says) == (Status.FAILED, f"key {ARN} is not there")


@pytest.mark.parametrize("use", list(uses(PLACE)), ids=lambda use: use.what)
def test_a_service_that_the_policy_leaves_out_would_lose_what_it_writes(use: Any) -> None:
    others = [row for row in POLICY["Statement"] if row["Principal"].get("Service") != use.service]
    failed = [line for line in lines(key(policy_of(*others))) if line.status is Status.FAILED]
    assert any(
        line.says.startswith(f"{use.service} may not use the key for {use.what}") for line in failed
    )
    assert all(use.service in line.says for line in failed)


def test_a_key_that_the_functions_may_not_use_is_named() -> None:
    services = [row for row in POLICY["Statement"] if "Service" in row["Principal"]]
    failed = [line for line in lines(key(policy_of(*services))) if line.status is Status.FAILED]
    assert [line.says for line in failed] == [
        "the functions may not use the key: its policy does not leave that to IAM"
    ]


def test_a_key_that_another_account_may_use_alone_is_not_the_functions() -> None:
    foreign = [
        {**row, "Principal": {"AWS": "arn:aws:iam::210987654321:root"}}
        if "AWS" in row["Principal"]
        else row
        for row in POLICY["Statement"]
    ]
    assert any(
        line.says.startswith("the functions may not use the key")
        for line in lines(key(policy_of(*foreign)))
    )


def test_a_condition_of_the_customers_own_is_left_to_a_person() -> None:
    own = [
        {**row, "Condition": {"StringEquals": {"aws:SourceOrgID": "o-exampleorg1"}}}
        if row["Principal"].get("Service") == "cloudwatch.amazonaws.com"
        else row
        for row in POLICY["Statement"]
    ]
    (line,) = [line for line in lines(key(policy_of(*own))) if line.status is not Status.OK]
    assert line.status is Status.WARNING
    assert "hangs on conditions that are not the template's" in line.says


def test_a_deny_takes_it_away() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "kms:*",
        "Resource": "*",
    }
    found = lines(key(policy_of(*POLICY["Statement"], deny)))
    (line,) = [line for line in found if line.status is not Status.OK]
    assert "sns.amazonaws.com may not use the key" in line.says


def test_a_policy_that_cannot_be_read_is_named() -> None:
    *_, line = lines(key({"Statement": [{"Effect": "Perhaps"}]}))
    assert line.status is Status.FAILED
    assert "cannot be read" in line.says
