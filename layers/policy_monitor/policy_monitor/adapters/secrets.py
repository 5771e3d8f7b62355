"""The key under which external ids are masked, from Secrets Manager."""

from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import fault
from policy_monitor.errors import PolicyMonitorError, RetryableError

# The key of a stack does not change; an hour is for the customer who replaces it all the same.
_MAX_AGE_SECONDS = 3600


def mask_key(secret: str) -> bytes:
    """The mask key, read once an hour.

    Parameters
    ----------
    secret : str
        Name or ARN of a Secrets Manager secret (``MASK_KEY_SECRET``).

    Raises
    ------
    RetryableError
        Secrets Manager was throttled or out of reach.
    PolicyMonitorError
        The secret is not named, not there, empty, or may not be read.
    """
    # Powertools brings its SSM and AppConfig clients along: not for a function that never asks.
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415

    if not secret:
        raise PolicyMonitorError("MASK_KEY_SECRET: not set; name the stack's mask key secret")
    try:
        value: object = parameters.get_secret(secret, max_age=_MAX_AGE_SECONDS)
    except parameters.GetParameterError as error:
        cause = error.__context__  # Powertools wraps whatever went wrong, and keeps only its text
        if isinstance(cause, ClientError | BotoCoreError):
            raise fault(cause, service="secretsmanager", thing=f"secret {secret}") from error
        raise RetryableError(f"secret {secret}: {type(error).__name__}; try again") from error
    key: bytes = value if isinstance(value, bytes) else str(value).encode()
    if not key:
        raise PolicyMonitorError(f"secret {secret}: empty; put a random text into it")
    return key
