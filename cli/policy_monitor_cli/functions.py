"""The functions of the template, woken as Lambda would wake them.

Failures are retried as often as the template says, and then are dead letters. What runs the code
is an `Invoker`: this process (`in_process`), or the Lambda runtime (`emulator`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from policy_monitor.errors import PolicyMonitorError
from policy_monitor_cli.template import Function, Template

# A failure that a replay meets is met again at once: waiting as long as Lambda does, or retrying
# as often on a stream, would only make it slower.
MOST_RETRIES = 2


class FunctionError(PolicyMonitorError):
    """A function that ran elsewhere has raised an error; the message says which."""


class Invoker(Protocol):
    """What runs the functions; what they print is kept, not shown."""

    @property
    def log(self) -> str:
        """What the functions have logged, metrics among it."""
        ...

    def invoke(self, function: Function, event: Mapping[str, Any]) -> Any:
        """Call a function once; what it raises is raised here, or told by a FunctionError."""
        ...

    def tell_time(self, time: str) -> None:
        """From here on it is this time for a function that asks (``app.now``), not the real one."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What a function could not handle, after all its retries."""

    function: str
    event: Mapping[str, Any]
    reason: str


class Functions:
    """The functions of one stack."""

    def __init__(self, template: Template, invoker: Invoker) -> None:
        self._template = template
        self._invoker = invoker
        self.dead_letters: list[DeadLetter] = []

    @property
    def log(self) -> str:
        """What the functions have logged, metrics among it."""
        return self._invoker.log

    def invoke(self, logical_id: str, event: Mapping[str, Any]) -> Any:
        """Call a function once; what it raises is raised here."""
        return self._invoker.invoke(self._template.functions[logical_id], event)

    def tell_time(self, time: str) -> None:
        """See `Invoker.tell_time`."""
        self._invoker.tell_time(time)

    def deliver(self, logical_id: str, event: Mapping[str, Any]) -> bool:
        """Call a function as an asynchronous invocation does; False where it is a dead letter."""
        properties = self._template.functions[logical_id].properties
        retries = properties.get("EventInvokeConfig", {}).get("MaximumRetryAttempts", MOST_RETRIES)
        for attempt in range(1 + retries):
            try:
                self.invoke(logical_id, event)
            except Exception as error:  # noqa: BLE001 (a function may fail in any way, as on Lambda)
                if attempt == retries:
                    self.dead_letters.append(DeadLetter(logical_id, event, _reason(error)))
            else:
                return True
        return False

    def deliver_batch(
        self, logical_id: str, records: list[dict[str, Any]], batch_size: int = 1_000
    ) -> None:
        """Hand stream records to a function in order, as an event source mapping does.

        What it reports as failed is retried from there on; a record that keeps failing is a dead
        letter, and those behind it go on.
        """
        failures = 0
        while records:
            batch, behind = records[:batch_size], records[batch_size:]
            remaining, reason = self._one_batch(logical_id, batch)
            failures = failures + 1 if len(remaining) == len(batch) else 0
            if remaining and failures > MOST_RETRIES:
                self.dead_letters.append(DeadLetter(logical_id, remaining[0], reason))
                remaining, failures = remaining[1:], 0
            records = remaining + behind

    def _one_batch(
        self, logical_id: str, records: list[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], str]:
        """The records from the first that failed on, and why."""
        try:
            response = self.invoke(logical_id, {"Records": records})
        except Exception as error:  # noqa: BLE001 (a function may fail in any way, as on Lambda)
            return records, _reason(error)
        failed = {item["itemIdentifier"] for item in (response or {}).get("batchItemFailures", [])}
        for place, record in enumerate(records):
            if record["dynamodb"]["SequenceNumber"] in failed:
                return records[place:], "reported as failed"
        return [], ""


def _reason(error: BaseException) -> str:
    """One line that says what went wrong; what is not ours to raise says its class as well."""
    kind = "" if isinstance(error, PolicyMonitorError) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())
