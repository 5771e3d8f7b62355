"""A topic: messages go out to e-mail, queues, functions, addresses and chats subscribed to it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSLError

from policy_monitor.adapters.faults import code
from policy_monitor.errors import DeliveryError, UncertainDeliveryError
from policy_monitor.messages.envelope import Envelope, envelope

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# One attempt: where the SDK repeats a call whose answer was lost, the message may go out twice and
# nobody is told that it may. The stream's own retry repeats it, through the outbox.
PUBLISH_ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=15)

_SERVER_ERROR = 500

# The request was on its way when the connection failed; other errors of the SDK come before that.
_ON_ITS_WAY = (HTTPClientError, SSLError)


class Topic:
    """An SNS topic as a channel.

    Parameters
    ----------
    client : SNSClient
        Made with `PUBLISH_ONCE`.
    name : str
        What the outbox calls it.
    render : Callable[[Mapping[str, Any]], Envelope]
        Puts a message's JSON into an envelope.
    """

    def __init__(
        self,
        client: "SNSClient",
        topic_arn: str,
        *,
        name: str = "sns",
        render: Callable[[Mapping[str, Any]], Envelope] = envelope,
    ) -> None:
        self.name = name
        self._client = client
        self._topic_arn = topic_arn
        self._render = render

    def send(self, message: Mapping[str, Any]) -> None:
        """Publish a finding or a digest to the topic.

        Raises
        ------
        UncertainDeliveryError
            SNS gave no answer, or failed within.
        DeliveryError
            SNS refused it; the message of the error says why.
        UnreadableEventError
            It is neither.
        """
        letter = self._render(message)
        try:
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=letter.subject,
                Message=letter.message,
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in letter.attributes.items()
                },
            )
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            text = f"topic {self._topic_arn}: sns:Publish: {code(error)} (status {status})"
            if status >= _SERVER_ERROR:
                raise UncertainDeliveryError(f"{text}; it may have gone out") from error
            raise DeliveryError(f"{text}; check the topic, its key and its policy") from error
        except BotoCoreError as error:
            text = f"topic {self._topic_arn}: sns:Publish: {type(error).__name__}"
            if isinstance(error, _ON_ITS_WAY):
                raise UncertainDeliveryError(f"{text}; it may have gone out") from error
            raise DeliveryError(f"{text}; SNS was not reached") from error
