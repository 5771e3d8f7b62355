"""What AWS refuses, as this project's errors: worth another try, or a thing to mend."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from policy_monitor.errors import PolicyMonitorError, RetryableError

# Codes of the services' own error shapes and of the SDKs' list of throttling errors; a status of
# 500 and over counts too, whatever the code.
_RETRYABLE = frozenset(
    {
        "BandwidthLimitExceeded",
        "InternalServerError",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceFailure",
        "ServiceFailureException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "TransactionThrottledException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_SERVER_ERROR = 500


def code(error: ClientError) -> str:
    """The service's error code, ``""`` where it gave none."""
    return error.response.get("Error", {}).get("Code", "")


def retryable(error: ClientError | BotoCoreError) -> bool:
    """Whether the same call may succeed later: throttling, a lost race, an outage."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code(error) in _RETRYABLE or status >= _SERVER_ERROR
    return isinstance(error, NoConnectionError | HTTPClientError)


def fault(error: ClientError | BotoCoreError, *, service: str, thing: str) -> PolicyMonitorError:
    """One of the SDK's errors as this project's, in one line.

    Parameters
    ----------
    service : str
        The prefix of the service's actions (``iam``, ``dynamodb``).
    thing : str
        What the call was about, for the reader: ``policy arn:…``, ``table ledger``.

    Examples
    --------
    >>> denied = ClientError({"Error": {"Code": "AccessDenied"}}, "GetRole")
    >>> print(fault(denied, service="iam", thing="role deploy"))
    role deploy: iam:GetRole was denied; allow it in this identity's policy
    """
    if not isinstance(error, ClientError):
        text = f"{thing}: {service}: {_line(error)}"
        return RetryableError(text) if retryable(error) else PolicyMonitorError(text)
    action = f"{service}:{error.operation_name}"
    if retryable(error):
        return RetryableError(f"{thing}: {action}: {code(error)}; try again later")
    if code(error) in _DENIED:
        return PolicyMonitorError(
            f"{thing}: {action} was denied; allow it in this identity's policy"
        )
    return PolicyMonitorError(f"{thing}: {action}: {_line(error)}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
