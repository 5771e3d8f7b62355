"""Slack: messages go to a channel through an incoming webhook.

The webhook's URL is a secret: whoever has it can write to the channel. It is read from where the
customer keeps it, held in memory for some minutes, and stands in no log line, error or record.
"""

import logging
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import BotoCoreError, ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.webhook import WebhookClient

from policy_monitor.adapters.faults import fault
from policy_monitor.errors import (
    DeliveryError,
    InputError,
    OutageError,
    RetryableError,
    UncertainDeliveryError,
)

_SECRET_SECONDS = 60
_TIMEOUT_SECONDS = 5
_RETRIES = 2
# Lambda bills waiting, and tries again by itself: a longer Retry-After is left to it.
_LONGEST_WAIT_SECONDS = 10

# Slack answers an accepted message with this status and this text
# ("Sending messages using incoming webhooks", Slack's documentation).
_ACCEPTED_STATUS, _ACCEPTED_BODY = 200, "ok"

# Statuses of a gateway that gave up waiting for the server behind it: the message may be through.
_UNCERTAIN_STATUSES = frozenset({408, 502, 504})

_OVERLOADED, _SERVER_ERROR = 429, 500

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class SlackWebhook:
    """A Slack channel as a channel of announcements.

    Parameters
    ----------
    url : str
        The webhook's address (`webhook_url`).
    render : Callable[[Mapping[str, Any]], dict[str, Any]]
        Makes the payload of a message's JSON: `messages.blocks.slack_message`.
    """

    name = "slack"

    def __init__(self, url: str, render: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        self._render = render
        self._client = WebhookClient(
            url,
            timeout=_TIMEOUT_SECONDS,
            logger=_silence(),
            # No handler repeats a broken connection: the message may be through.
            retry_handlers=[
                _ShortRateLimits(max_retry_count=_RETRIES),
                ServerErrorRetryHandler(max_retry_count=_RETRIES),
            ],
        )

    def send(self, message: Mapping[str, Any]) -> None:
        """Post a message to the channel.

        Raises
        ------
        UncertainDeliveryError
            No answer came, or one that leaves it open.
        OutageError
            Slack is out of reach, out of order or overloaded.
        DeliveryError
            Slack refused it; the error says the status and Slack's word for the reason.
        UnreadableEventError
            It cannot be rendered.
        """
        payload = self._render(message)
        try:
            response = self._client.send_dict(payload)
        except URLError as error:
            reason = (
                type(error.reason).__name__ if isinstance(error.reason, OSError) else "no route"
            )
            if isinstance(error.reason, (TimeoutError, ConnectionResetError, BrokenPipeError)):
                raise UncertainDeliveryError(f"Slack: {reason}; it may have gone out") from None
            raise OutageError(f"Slack: not reached: {reason}; try again later") from None
        except (OSError, HTTPException) as error:
            reason = type(error).__name__
            raise UncertainDeliveryError(f"Slack: {reason}; it may have gone out") from None
        except (SlackClientError, ValueError) as error:
            # Their texts hold the address.
            reason = type(error).__name__
            raise DeliveryError(
                f"Slack: the webhook's address is not usable ({reason}); store it anew"
            ) from None
        status, body = response.status_code, response.body.strip()
        if status == _ACCEPTED_STATUS and body == _ACCEPTED_BODY:
            return
        text = f"Slack: status {status}: {_word(body)}"
        if status in _UNCERTAIN_STATUSES:
            raise UncertainDeliveryError(f"{text}; it may have gone out")
        if status == _OVERLOADED or status >= _SERVER_ERROR:
            raise OutageError(f"{text}; try again later")
        raise DeliveryError(f"{text}; check the webhook, then send the message again")


class _ShortRateLimits(RateLimitErrorRetryHandler):
    """The SDK's handler of status 429, for waits that a function can afford."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or not super()._can_retry(
            state=state, request=request, response=response, error=error
        ):
            return False
        waits = [
            value
            for header, values in response.headers.items()
            if header.lower() == "retry-after"
            for value in values
        ]
        return all(wait.isdecimal() and int(wait) <= _LONGEST_WAIT_SECONDS for wait in waits)


def webhook_url(source: str) -> str:
    """The webhook's URL from where the customer keeps it, cached for some minutes.

    Parameters
    ----------
    source : str
        Name (``/…``) of an SSM SecureString parameter, or ARN of a Secrets Manager secret.

    Raises
    ------
    InputError
        Nothing is configured, or what is stored there is no address; it is not repeated.
    RetryableError
        The store was throttled or out of reach.
    PolicyMonitorError
        It is not there, or may not be read.
    """
    if not source:
        raise InputError(
            "SLACK_WEBHOOK is empty: set the stack's parameter SlackWebhook to the name of an SSM"
            " SecureString parameter (/...) or the ARN of a Secrets Manager secret that holds the"
            " webhook's URL"
        )
    try:
        if source.startswith("/"):
            value = parameters.get_parameter(source, decrypt=True, max_age=_SECRET_SECONDS)
        elif source.startswith("arn:") and ":secretsmanager:" in source:
            value = parameters.get_secret(source, max_age=_SECRET_SECONDS)
        else:
            raise InputError(
                f"SLACK_WEBHOOK {source!r} is neither the name of an SSM parameter (/...) nor the"
                " ARN of a Secrets Manager secret"
            )
    except GetParameterError as error:
        cause = error.__context__  # Powertools wraps whatever went wrong, and keeps only its text
        if isinstance(cause, ClientError | BotoCoreError):
            service = "secretsmanager" if source.startswith("arn:") else "ssm"
            thing = f"SLACK_WEBHOOK {source}"
            raise fault(cause, service=service, thing=thing) from error
        raise RetryableError(
            f"SLACK_WEBHOOK {source}: {type(error).__name__}; try again later"
        ) from error
    return checked_address(value, source)


def checked_address(value: str | bytes, source: str) -> str:
    """A webhook's address out of what is stored at `source`.

    Raises
    ------
    InputError
        It is no address; it is not repeated.
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    text = text.strip()
    try:
        address = urlsplit(text)
        # Reading the port raises where it is no number.
        host = (address.hostname or "") if address.port != 0 else ""
    except ValueError:
        address, host = urlsplit(""), ""
    local = address.scheme == "http" and host in _LOCAL_HOSTS
    if not (host and (address.scheme == "https" or local)) or any(c.isspace() for c in text):
        raise InputError(
            f"SLACK_WEBHOOK {source}: what is stored there is no https:// address; store the"
            " webhook's URL as plain text"
        )
    return text


def _silence() -> logging.Logger:
    """A logger that writes nothing: the SDK's own lines hold the webhook's URL."""
    logger = logging.Logger("slack_sdk", level=logging.CRITICAL + 1)  # noqa: LOG001 (getLogger's would be heard by root)
    logger.addHandler(logging.NullHandler())
    return logger


def _word(body: str) -> str:
    """Slack's word for a refusal (``invalid_blocks``); anything longer is no word of Slack's."""
    return body if body.replace("_", "").isalnum() and len(body) <= 60 else "no reason given"  # noqa: PLR2004
