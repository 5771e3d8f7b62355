"""A topic: messages go out to e-mail, queues, functions, addresses and chats subscribed to it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from policy_monitor.adapters.sending import sending
from policy_monitor.messages.envelope import Envelope, envelope

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Topic:
    """An SNS topic as a channel.

    Parameters
    ----------
    client : SNSClient
        Made with `sending.SEND_ONCE`.
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
        remedy = "check the topic, its key and its policy"
        with sending(f"topic {self._topic_arn}", "sns:Publish", remedy):
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
