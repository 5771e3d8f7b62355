"""IAM Access Analyzer, asked for a second opinion."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import fault, retryable
from policy_monitor.opinions import Check, Opinion, Result

if TYPE_CHECKING:
    from mypy_boto3_accessanalyzer.client import AccessAnalyzerClient

SERVICE: Any = "accessanalyzer"
"""The SDK's name of the service; its actions are called `access-analyzer`."""

PATIENCE = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""For the client: the SDK waits and tries again where a call is throttled or fails, up to twice."""

SECONDS = 120
"""How long answers are waited for in all; Lambda gives the judge five minutes."""

_MOST_CHARACTERS = 500


class AccessAnalyzer:
    """`policy_monitor.opinions.Analyzer` on boto3's client, for one judgement.

    The check takes no analyzer and keeps nothing; it is charged by the call. Where a call is
    throttled or fails even so, or is denied, nothing else is asked: the next would fare no better.

    Parameters
    ----------
    client : AccessAnalyzerClient
        boto3's, with the configuration `PATIENCE`.
    clock : Callable[[], float]
        Seconds, from any start.

    Notes
    -----
    Actions to allow: ``access-analyzer:CheckNoNewAccess``, which takes no resource.
    """

    def __init__(
        self, client: "AccessAnalyzerClient", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._ends = clock() + SECONDS
        self._out = False

    def ask(self, check: Check) -> Opinion | None:
        """See `Analyzer.ask`."""
        if self._out or self._clock() >= self._ends:
            return None
        try:
            answer = self._client.check_no_new_access(
                existingPolicyDocument=check.existing,
                newPolicyDocument=check.new,
                policyType=check.policy_type.value,
            )
        except (ClientError, BotoCoreError) as error:
            self._out = not _is_about_the_policy(error)
            problem = fault(error, service="access-analyzer", thing="not available")
            return Opinion(check.key, Result.NONE, str(problem)[:_MOST_CHARACTERS])
        return Opinion(check.key, Result(answer["result"]), _words(answer)[:_MOST_CHARACTERS])


def _is_about_the_policy(error: ClientError | BotoCoreError) -> bool:
    """Whether another policy may fare better (API reference, CheckNoNewAccess, its errors)."""
    codes = {"InvalidParameterException", "UnprocessableEntityException", "ValidationException"}
    return (
        isinstance(error, ClientError)
        and not retryable(error)
        and error.response.get("Error", {}).get("Code") in codes
    )


def _words(answer: Mapping[str, Any]) -> str:
    reasons = (
        f"{reason.get('description', '')} (statement {reason['statementIndex']})"
        if "statementIndex" in reason
        else str(reason.get("description", ""))
        for reason in answer.get("reasons", ())
    )
    return " ".join([str(answer.get("message", "")), *reasons]).strip()
