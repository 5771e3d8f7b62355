"""What can go wrong, as one family of errors."""


class PolicyMonitorError(Exception):
    """Root of every error this project raises on purpose.

    A message names the thing, the value and the remedy, in one line.
    """


class InputError(PolicyMonitorError):
    """Input that no retry will mend: an unreadable event, document, baseline or setting."""


class DeniedError(PolicyMonitorError):
    """AWS denied a call.

    Attributes
    ----------
    action : str
        The action to allow: ``iam:GetRole``.
    """

    def __init__(self, message: str, action: str = "") -> None:
        super().__init__(message)
        self.action = action


class UnreadableEventError(InputError):
    """A CloudTrail event of a shape that cannot be understood; goes to the dead-letter queue."""


class RetryableError(PolicyMonitorError):
    """Something that may succeed when tried again: throttling, an outage, a lost race."""


class LedgerMovedError(RetryableError):
    """The ledger took a new mutation between reading it and writing findings; derive again."""


class DeliveryError(RetryableError):
    """A channel did not accept a message; the status says why."""


class OutageError(DeliveryError):
    """A channel is out of order or overloaded: another message would fare no better just now."""


class UncertainDeliveryError(DeliveryError):
    """Nobody can tell whether a channel accepted a message: its answer never came."""
