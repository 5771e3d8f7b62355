"""Handing a message to AWS once: where the answer is lost, that is said and not papered over."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSLError

from policy_monitor.adapters.faults import code
from policy_monitor.errors import DeliveryError, UncertainDeliveryError

# One attempt: where the SDK repeats a call whose answer was lost, the message may go out twice and
# nobody is told that it may. The stream's own retry repeats it, through the outbox.
SEND_ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=15)

SERVER_ERROR = 500

# The request was on its way when the connection failed; other errors of the SDK come before that.
_ON_ITS_WAY = (HTTPClientError, SSLError)


@contextmanager
def sending(thing: str, action: str, remedy: str) -> Iterator[None]:
    """Turn what goes wrong in the one call of a ``with`` block into a channel's errors.

    Parameters
    ----------
    thing, action : str
        What is sent to and by which call: ``topic arn:…``, ``sns:Publish``.
    remedy : str
        What to look at where it is refused.

    Raises
    ------
    UncertainDeliveryError
        AWS gave no answer, or failed within.
    DeliveryError
        AWS refused it; the message of the error says why.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        text = f"{thing}: {action}: {code(error)} (status {status})"
        if status >= SERVER_ERROR:
            raise UncertainDeliveryError(f"{text}; it may have gone out") from error
        raise DeliveryError(f"{text}; {remedy}") from error
    except BotoCoreError as error:
        text = f"{thing}: {action}: {type(error).__name__}"
        if isinstance(error, _ON_ITS_WAY):
            raise UncertainDeliveryError(f"{text}; it may have gone out") from error
        raise DeliveryError(f"{text}; AWS was not reached") from error
