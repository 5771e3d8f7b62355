"""What a check-up knows of an account: facts as AWS tells them, and who asks for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from policy_monitor.ledger import Snapshot
from policy_monitor.notebook import Note
from policy_monitor.trail import Trails
from policy_monitor.wiring import Wiring
from policy_monitor.workings import Function, Workings


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack."""

    logical_id: str
    physical_id: str
    type: str


@dataclass(frozen=True, slots=True)
class StackFacts:
    """A stack as CloudFormation holds it.

    Attributes
    ----------
    created : str
        UTC, to the second.
    """

    name: str
    status: str
    created: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    resources: Sequence[Resource] = ()

    def physical(self, resource_type: str) -> Mapping[str, str]:
        """The physical ids of the resources of a type, by logical id."""
        return {
            each.logical_id: each.physical_id
            for each in self.resources
            if each.type == resource_type
        }


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """A function, and who may invoke it.

    Attributes
    ----------
    policy : Mapping or None
        None where nobody is named.
    """

    function: Function
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """An alarm as CloudWatch holds it."""

    state: str
    reason: str = ""
    description: str = ""
    actions_enabled: bool = True


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role as IAM holds it."""

    arn: str
    trust: Mapping[str, Any]
    attached: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A KMS key and its policy."""

    arn: str
    state: str
    usage: str
    spec: str
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableFacts:
    """The ledger's table; `recovery` is its point-in-time recovery."""

    status: str
    streams: bool
    protected: bool
    recovery: bool


@dataclass(frozen=True, slots=True)
class Records:
    """What the ledger holds, and what the last run of reconcile noted."""

    snapshot: Snapshot
    note: Note | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored as the webhook's address; `value` is a secret.

    Attributes
    ----------
    encrypted : bool
        False of an SSM parameter that is no SecureString.
    """

    value: str = field(repr=False)
    encrypted: bool


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A filter of a log group that counts into a metric."""

    name: str
    log_group: str
    pattern: str


class Account(Protocol):
    """An account in one region, read only.

    What is not there is None. Every method may raise DeniedError, RetryableError and
    PolicyMonitorError.
    """

    @property
    def account_id(self) -> str:
        """The account's twelve digits."""
        ...

    @property
    def region(self) -> str:
        """Where it is looked at."""
        ...

    @property
    def wiring(self) -> Wiring:
        """Rules, archive, queue and topics."""
        ...

    @property
    def trails(self) -> Trails:
        """The trails that apply to the region."""
        ...

    @property
    def workings(self) -> Workings:
        """Functions and event source mappings."""
        ...

    def function(self, name: str) -> FunctionFacts | None:
        """A Lambda function, and who may invoke it."""
        ...

    def alarms(self, names: Sequence[str]) -> Mapping[str, AlarmFacts]:
        """Alarms by name; one that is not there is left out."""
        ...

    def role(self, name: str) -> RoleFacts | None:
        """An IAM role."""
        ...

    def own_policies(self) -> Sequence[str]:
        """The ARNs of the customer-managed policies."""
        ...

    def key(self, arn: str) -> KeyFacts | None:
        """A KMS key."""
        ...

    def table(self, name: str) -> TableFacts | None:
        """A DynamoDB table."""
        ...

    def records(self, table: str) -> Records:
        """What a table holds as a ledger."""
        ...

    def webhook(self, source: str) -> Stored | None:
        """What an SSM parameter or a secret holds, decrypted."""
        ...

    def check_bucket(self, name: str) -> None:
        """Raise an error that says why, where no report may be written into a bucket."""
        ...

    def metric_filters(self) -> Sequence[MetricFilter]:
        """All of the region."""
        ...
