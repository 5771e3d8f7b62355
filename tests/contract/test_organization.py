"""docs/organization.md says what is so: of the template that StackSets get, and of the costs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.deployed_stack import processed_template
from tests.golden_messages import NAMES, golden_finding

from policy_monitor_cli.template import load_template

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "organization.md").read_text()

# CloudFormation API reference, CreateStackSet: TemplateBody, and TemplateURL.
MOST_INLINE, MOST_BY_ADDRESS = 51_200, 1_000_000

# Prices in dollars, as the page states them.
EVENT, ARCHIVED_GB, KEPT_GB_MONTH = 1.00 / 1e6, 0.10, 0.023
MESSAGE, EMAIL, FREE_EMAILS = 0.50 / 1e6, 2.00 / 1e5, 1_000
KEY, KEY_USE, ALARM = 1.00, 0.03 / 1e4, 0.10
FINDINGS, BYTES, TOLD, MONTHS_KEPT, KEY_USES = 90, 6_000, 0.3, 400 / 30.4, 6


@pytest.fixture
def processed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    template: dict[str, Any] = json.loads(processed_template())
    return template


def test_the_processed_template_holds_no_macro_and_still_refuses_other_regions(
    processed: dict[str, Any],
) -> None:
    assert "Transform" not in processed
    assert "Fn::Transform" not in json.dumps(processed)
    types = {resource["Type"] for resource in processed["Resources"].values()}
    assert not {name for name in types if name.startswith("AWS::Serverless")}
    assert "HomeRegion" in processed["Rules"]
    assert "CentralEventBusArn" in processed["Parameters"]


def test_the_processed_template_is_too_long_to_be_given_inline(processed: dict[str, Any]) -> None:
    assert MOST_INLINE < len(json.dumps(processed)) < MOST_BY_ADDRESS
    assert "--template-url" in TEXT


def test_the_code_of_every_function_and_layer_comes_from_the_bucket(
    processed: dict[str, Any],
) -> None:
    kept = [
        resource["Properties"].get("Code") or resource["Properties"]["Content"]
        for resource in processed["Resources"].values()
        if resource["Type"] in {"AWS::Lambda::Function", "AWS::Lambda::LayerVersion"}
    ]
    assert kept
    assert all({"S3Bucket", "S3Key"} <= code.keys() for code in kept)


def test_every_parameter_and_output_that_the_page_names_is_one() -> None:
    central = load_template(ROOT / "central.yaml", {"OrganizationId": "o-exampleorg1"})
    known = {**load_template(ROOT / "template.yaml").declared, **central.declared}
    named = set(re.findall(r"\b(\w+)=(?:BUS|o-|security)", TEXT)) - {"ParameterValue"}
    named |= set(re.findall(r"ParameterKey=(\w+)", TEXT))
    assert {"OrganizationId", "EmailAddress", "CentralEventBusArn"} <= named <= known.keys()
    outputs = set(re.findall(r"OutputKey=='(\w+)'", TEXT))
    assert outputs == {"EventBusArn"} <= central.outputs.keys()


def test_a_finding_is_no_longer_than_the_costs_take_it_to_be() -> None:
    assert max(len(json.dumps(golden_finding(name))) for name in NAMES) < BYTES


def test_the_costs_are_what_the_prices_and_the_assumptions_come_to() -> None:
    rows = re.findall(r"^\| ([\d,]+) \|" + r" (\S+) \|" * 6 + "$", TEXT, re.MULTILINE)
    assert [row[0] for row in rows] == ["1", "100", "10,000"]
    for accounts, *figures in rows:
        findings = int(accounts.replace(",", "")) * FINDINGS
        gigabytes = findings * BYTES / 1e9
        told = findings * TOLD
        archive = gigabytes * (ARCHIVED_GB + MONTHS_KEPT * KEPT_GB_MONTH)
        topic = told * MESSAGE + max(0, told - FREE_EMAILS) * EMAIL
        key = KEY + findings * KEY_USES * KEY_USE + ALARM
        costs = (2 * findings * EVENT, archive, topic, key, archive + topic + key)
        assert figures == [f"{findings:,}", *(f"${cost:,.2f}" for cost in costs)]
