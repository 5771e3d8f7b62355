"""The functions of the template, run in this process as Lambda would run them.

Each handler is the real ``functions/<name>/app.py`` with the environment that the template gives
it. Failures are retried as often as the template says, and then are dead letters.
"""

import importlib.util
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import uuid4

from policy_monitor.errors import InputError, PolicyMonitorError
from policy_monitor_cli.local_aws import REGION, LocalAws, environment
from policy_monitor_cli.template import Function, Template

# A failure that a replay meets is met again at once: waiting as long as Lambda does, or retrying
# as often on a stream, would only make it slower.
MOST_RETRIES = 2


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What a function could not handle, after all its retries."""

    function: str
    event: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """The context object that Lambda hands to a Python handler."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    aws_request_id: str
    function_version: str = "$LATEST"
    log_group_name: str = "/local"
    log_stream_name: str = "local"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Time enough: nothing ends a local call."""
        return 60_000


class Functions:
    """The functions of one stack; what they print is kept in `log`, not shown."""

    def __init__(self, template: Template, aws: LocalAws) -> None:
        self._template = template
        self._aws = aws
        self._modules: dict[str, ModuleType] = {}
        self._log = io.StringIO()
        self.dead_letters: list[DeadLetter] = []

    @property
    def log(self) -> str:
        """What the functions have logged, metrics among it."""
        return self._log.getvalue()

    def invoke(self, logical_id: str, event: Mapping[str, Any]) -> Any:
        """Call a function once; what it raises is raised here."""
        function = self._template.functions[logical_id]
        _, _, attribute = function.handler.rpartition(".")
        with self._running(function) as module:
            return getattr(module, attribute)(event, self._context(function))

    def replace(self, logical_id: str, **names: Any) -> None:
        """Put something in the place of names in a function's module, such as its clock.

        Raises
        ------
        AttributeError
            The module has no such name.
        """
        with self._running(self._template.functions[logical_id]) as module:
            for name, value in names.items():
                getattr(module, name)
                setattr(module, name, value)

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

    def deliver_batch(self, logical_id: str, records: list[dict[str, Any]]) -> None:
        """Hand stream records to a function in order, as an event source mapping does.

        What it reports as failed is retried from there on; a record that keeps failing is a dead
        letter, and those behind it go on.
        """
        failures = 0
        while records:
            remaining, reason = self._one_batch(logical_id, records)
            failures = failures + 1 if len(remaining) == len(records) else 0
            records = remaining
            if records and failures > MOST_RETRIES:
                self.dead_letters.append(DeadLetter(logical_id, records[0], reason))
                records, failures = records[1:], 0

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

    @contextmanager
    def _running(self, function: Function) -> Iterator[ModuleType]:
        """A function's module, imported once, with its environment for the length of the block."""
        name = function.logical_id
        variables = {
            **function.environment,
            **self._aws.environment(),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.properties.get("MemorySize", 128)),
        }
        with environment(variables), redirect_stdout(self._log):
            if name not in self._modules:
                self._modules[name] = self._imported(function)
            yield self._modules[name]

    def _imported(self, function: Function) -> ModuleType:
        """A function's module, imported anew: what it keeps between calls is this stack's."""
        file_name = function.handler.rpartition(".")[0].replace(".", "/") + ".py"
        path = self._template.path.parent / function.code_uri / file_name
        spec = importlib.util.spec_from_file_location(f"local_{function.logical_id}", path)
        if spec is None or spec.loader is None:
            raise InputError(f"{path}: no Python module; template.yaml names it as a handler's")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def _context(self, function: Function) -> FunctionContext:
        return FunctionContext(
            function_name=function.logical_id,
            memory_limit_in_mb=function.properties.get("MemorySize", 128),
            invoked_function_arn=(
                f"arn:aws:lambda:{REGION}:{self._aws.account}:function:{function.logical_id}"
            ),
            aws_request_id=str(uuid4()),
        )


def _reason(error: BaseException) -> str:
    """One line that says what went wrong; what is not ours to raise says its class as well."""
    kind = "" if isinstance(error, PolicyMonitorError) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())
