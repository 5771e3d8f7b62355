"""Which calls are about the monitor itself, where little names it."""

from typing import Any

import pytest
from tests.iam_events import ACCOUNT

from policy_monitor.parts import Parts, Sort
from policy_monitor.tampering import Touched, touched

PARTS = Parts("monitor")
TABLE = "monitor-Ledger-ABC"


def call(source: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"eventSource": f"{source}.amazonaws.com", "eventName": name, **fields}


def test_without_a_stack_only_the_trail_and_the_bus_are_the_monitors() -> None:
    named = {"requestParameters": {"tableName": TABLE}}
    assert touched(call("dynamodb", "DeleteTable", **named), PARTS) is not None
    assert touched(call("dynamodb", "DeleteTable", **named), Parts()) is None
    assert touched(call("cloudtrail", "StopLogging"), Parts()) is not None


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (f"… on resource: arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{TABLE} because", (TABLE,)),
        (f"Table: {TABLE}. cannot be deleted", (TABLE,)),
        ("Table: another cannot be deleted", None),
    ],
)
def test_what_a_refusal_names_is_read_from_its_message(
    message: str, names: tuple[str, ...] | None
) -> None:
    event = call("dynamodb", "DeleteTable", errorCode="AccessDenied", errorMessage=message)
    found = touched(event, PARTS)
    assert (found and found.names) == names


def test_a_call_that_names_nothing_is_taken_to_be_about_the_monitor_but_of_roles() -> None:
    assert touched(call("dynamodb", "DeleteTable"), PARTS) == Touched(Sort.TABLE, "deleted", ())
    assert touched(call("iam", "DeleteRole"), PARTS) is None


def test_parameters_of_another_shape_name_nothing() -> None:
    event = call("dynamodb", "DeleteTable", requestParameters="tableName")
    assert touched(event, PARTS) == Touched(Sort.TABLE, "deleted", ())


def test_no_word_of_a_refusal_but_its_resource_is_taken_for_a_trail() -> None:
    refused = {"errorCode": "AccessDenied", "errorMessage": "management-events is no trail"}
    assert touched(call("cloudtrail", "StopLogging", **refused), PARTS) is None
    trail = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/management-events"
    refused["errorMessage"] = f"… on resource: {trail} because"
    found = touched(call("cloudtrail", "StopLogging", **refused), PARTS)
    assert found == Touched(Sort.TRAIL, "stopped", ("management-events",))


@pytest.mark.parametrize("name", ["monitor", "monitor-", "monitor-Ledger", "monitor-Ledger-"])
def test_a_name_without_all_that_cloudformation_gives_it_is_not_a_parts(name: str) -> None:
    event = call("dynamodb", "DeleteTable", requestParameters={"tableName": name})
    assert touched(event, PARTS) is None
