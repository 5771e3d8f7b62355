"""The second opinion on the SDK's client: shapes, refusals and patience, as AWS documents them."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from policy_monitor.adapters.access_analyzer import PATIENCE, SECONDS, SERVICE, AccessAnalyzer
from policy_monitor.opinions import Check, Opinion, PolicyType, Result

CHECK = Check('{"Statement": []}', '{"Version": "x"}', PolicyType.IDENTITY)
TRUST = Check("a", "b", PolicyType.RESOURCE)
EXPECTED = {
    "existingPolicyDocument": CHECK.existing,
    "newPolicyDocument": CHECK.new,
    "policyType": "IDENTITY_POLICY",
}


class Silence:
    """A body of nothing."""

    def stream(self) -> Iterator[bytes]:
        yield from ()


@pytest.fixture
def stubbed() -> Iterator[tuple[AccessAnalyzer, Stubber]]:
    client = boto3.client(
        SERVICE,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=PATIENCE,
    )
    with Stubber(client) as stubber:
        yield AccessAnalyzer(client), stubber


def test_an_answer_is_taken_with_aws_s_words(stubbed: tuple[AccessAnalyzer, Stubber]) -> None:
    analyzer, stubber = stubbed
    # Shapes: API reference, CheckNoNewAccess and ReasonSummary.
    answer = {
        "result": "FAIL",
        "message": "The modified permissions grant new access compared to your existing policy.",
        "reasons": [
            {"description": "New access in the statement with index: 1.", "statementIndex": 1},
            {"description": "New access in the statement with sid: A.", "statementId": "A"},
        ],
    }
    stubber.add_response("check_no_new_access", answer, EXPECTED)
    assert analyzer.ask(CHECK) == Opinion(
        CHECK.key,
        Result.FAIL,
        f"{answer['message']} New access in the statement with index: 1. (statement 1) "
        "New access in the statement with sid: A.",
    )
    stubber.add_response(
        "check_no_new_access",
        {"result": "PASS", "message": "No new access."},
        {
            "existingPolicyDocument": "a",
            "newPolicyDocument": "b",
            "policyType": "RESOURCE_POLICY",
        },
    )
    assert analyzer.ask(TRUST) == Opinion(TRUST.key, Result.PASS, "No new access.")
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "goes_on"),
    [
        ("InvalidParameterException", 400, True),
        ("ValidationException", 400, True),
        ("UnprocessableEntityException", 422, True),
        ("AccessDeniedException", 403, False),
        ("ThrottlingException", 429, False),
        ("InternalServerException", 500, False),
        ("UnrecognizedClientException", 403, False),
    ],
)
def test_a_refusal_is_an_answer_too_and_ends_the_asking_unless_the_policy_is_to_blame(
    stubbed: tuple[AccessAnalyzer, Stubber], code: str, status: int, goes_on: bool
) -> None:
    analyzer, stubber = stubbed
    stubber.add_client_error("check_no_new_access", code, "The policy\n" + "x" * 900, status)
    found = analyzer.ask(CHECK)
    assert found is not None
    assert (found.check, found.result) == (CHECK.key, Result.NONE)
    assert found.text.startswith("not available: access-analyzer:CheckNoNewAccess")
    assert "\n" not in found.text
    assert len(found.text) <= 500
    stubber.add_response("check_no_new_access", {"result": "PASS", "message": ""})
    assert (analyzer.ask(TRUST) is not None) == goes_on


def test_without_a_connection_nothing_more_is_asked() -> None:
    calls: list[Any] = []

    class Silent:
        def check_no_new_access(self, **arguments: Any) -> None:
            calls.append(arguments)
            raise ConnectTimeoutError(endpoint_url="https://access-analyzer")

    client: Any = Silent()
    analyzer = AccessAnalyzer(client)
    found = analyzer.ask(CHECK)
    assert found is not None
    assert found.result is Result.NONE
    assert analyzer.ask(TRUST) is None
    assert len(calls) == 1


def test_the_sdk_tries_again_and_asking_ends_before_the_function_does() -> None:
    attempts = 0
    client = boto3.client(
        SERVICE,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=PATIENCE,
    )

    def throttled(**_: Any) -> AWSResponse:
        nonlocal attempts
        attempts += 1
        headers = HTTPHeaders.from_dict({"x-amzn-ErrorType": "ThrottlingException"})
        return AWSResponse("https://access-analyzer", 429, headers, Silence())

    client.meta.events.register("before-send.accessanalyzer.CheckNoNewAccess", throttled)
    found = AccessAnalyzer(client).ask(CHECK)
    assert found is not None
    assert found.result is Result.NONE
    assert attempts == 3


def test_asking_ends_after_two_minutes() -> None:
    now = [0.0]
    asked: list[Any] = []

    class Slow:
        def check_no_new_access(self, **arguments: Any) -> dict[str, str]:
            asked.append(arguments)
            now[0] += SECONDS / 2
            return {"result": "PASS", "message": ""}

    client: Any = Slow()
    analyzer = AccessAnalyzer(client, clock=lambda: now[0])
    answers = [analyzer.ask(Check(str(number), "", PolicyType.IDENTITY)) for number in range(4)]
    assert [answer is not None for answer in answers] == [True, True, False, False]
    assert len(asked) == 2
