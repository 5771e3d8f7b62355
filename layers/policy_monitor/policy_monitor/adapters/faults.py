"""What AWS refuses, as this project's errors: worth another try, or a thing to mend."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from policy_monitor.errors import DeniedError, PolicyMonitorError, RetryableError

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
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",  # SNS
        "AuthorizationErrorException",
        "UnauthorizedOperation",
    }
)
_GONE = frozenset(
    {
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "ResourceNotFoundException",
    }
)
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
        return DeniedError(
            f"{thing}: {action} was denied; allow it in this identity's policy", action
        )
    return PolicyMonitorError(f"{thing}: {action}: {_line(error)}")


def asked(call: Callable[[], Any], *, service: str, thing: str) -> Mapping[str, Any] | None:
    """The answer of a call; None where the thing that it is about is gone.

    Raises
    ------
    PolicyMonitorError
        AWS refused it, see `fault`.
    """
    try:
        answer: Mapping[str, Any] = call()
    except ClientError as error:
        if code(error) in _GONE:
            return None
        raise fault(error, service=service, thing=thing) from error
    except BotoCoreError as error:
        raise fault(error, service=service, thing=thing) from error
    return answer


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
