"""What becomes of a finding that is put on the bus, whatever EventBridge answers."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from tests.golden_messages import golden_finding
from tests.message_strategies import huge_finding

from policy_monitor.adapters.bus import Bus
from policy_monitor.errors import DeliveryError, UncertainDeliveryError, UnreadableEventError

TOPIC = "arn:aws:sns:us-east-1:123456789012:findings"
# "Calculating PutEvents event entry size": the texts' bytes, 14 more for a time.
MOST_BYTES = 256 * 1024


def client() -> Any:
    return boto3.client(
        "events",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def answered(answer: dict[str, Any]) -> None:
    events = client()
    with Stubber(events) as stub:
        stub.add_response("put_events", answer, {"Entries": ANY})
        Bus(events, "default", TOPIC).send(golden_finding("expansion"))


def failed(code: str) -> dict[str, Any]:
    return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "m"}]}


def test_an_entry_that_is_taken_is_sent() -> None:
    answered({"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]})


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_an_entry_that_is_refused_did_not_go_out_though_the_call_succeeds(code: str) -> None:
    with pytest.raises(DeliveryError, match=f"events:PutEvents: {code}") as raised:
        answered(failed(code))
    assert not isinstance(raised.value, UncertainDeliveryError)


def test_of_an_entry_that_failed_within_nobody_knows() -> None:
    with pytest.raises(UncertainDeliveryError, match="it may have gone out"):
        answered(failed("InternalFailure"))


@pytest.mark.parametrize(("status", "uncertain"), [(500, True), (400, False), (403, False)])
def test_a_call_that_fails_says_whether_it_may_have_gone_out(status: int, uncertain: bool) -> None:
    events = client()
    with Stubber(events) as stub:
        stub.add_client_error("put_events", "Fault", http_status_code=status)
        with pytest.raises(DeliveryError, match="event bus default: events:PutEvents") as raised:
            Bus(events, "default", TOPIC).send(golden_finding("expansion"))
    assert isinstance(raised.value, UncertainDeliveryError) is uncertain


@pytest.mark.parametrize(
    ("error", "uncertain"),
    [
        (ReadTimeoutError(endpoint_url="https://events"), True),
        (EndpointConnectionError(endpoint_url="https://events"), False),
    ],
)
def test_a_lost_answer_is_not_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error: Exception, uncertain: bool
) -> None:
    def lost(**_: Any) -> None:
        raise error

    events = client()
    monkeypatch.setattr(events, "put_events", lost)
    with pytest.raises(DeliveryError) as raised:
        Bus(events, "default", TOPIC).send(golden_finding("expansion"))
    assert isinstance(raised.value, UncertainDeliveryError) is uncertain


def test_the_largest_finding_fits_an_entry() -> None:
    seen: list[dict[str, Any]] = []

    class Recording:
        @staticmethod
        def put_events(*, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 (boto3's name)
            seen.extend(Entries)
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}

    Bus(Recording(), "default", TOPIC).send(huge_finding())  # type: ignore[arg-type]  # all it calls
    (entry,) = seen
    texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"])
    assert sum(len(text.encode()) for text in texts) < MOST_BYTES
    assert json.loads(entry["Detail"])["cut"]


def test_what_is_no_finding_is_refused_before_anything_is_sent() -> None:
    with Stubber(events := client()), pytest.raises(UnreadableEventError):
        Bus(events, "default", TOPIC).send({"finding_id": "x"})
