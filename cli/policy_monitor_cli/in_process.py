"""The functions' sources, run in this process: the real ``functions/<name>/app.py``."""

import importlib.util
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.parameters import clear_caches

from policy_monitor.errors import InputError
from policy_monitor_cli.local_aws import LocalAws, environment, function_arn
from policy_monitor_cli.template import Function, Template


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


class InProcess:
    """An `Invoker` that imports each function once, and calls it with its own environment."""

    def __init__(self, template: Template, aws: LocalAws) -> None:
        self._template = template
        self._aws = aws
        self._modules: dict[str, ModuleType] = {}
        self._log = io.StringIO()
        self._time = ""

    @property
    def log(self) -> str:
        """See `Invoker.log`."""
        return self._log.getvalue()

    def invoke(self, function: Function, event: Mapping[str, Any]) -> Any:
        """See `Invoker.invoke`."""
        _, _, attribute = function.handler.rpartition(".")
        with self._running(function) as module:
            return getattr(module, attribute)(event, self._context(function))

    def tell_time(self, time: str) -> None:
        """See `Invoker.tell_time`."""
        self._time = time

    @contextmanager
    def _running(self, function: Function) -> Iterator[ModuleType]:
        """A function's module, imported once, with its environment for the length of the block."""
        name = function.logical_id
        variables = {
            **function.environment,
            **self._aws.environment(),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
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
        # An emulated stack is one in part: nobody looks whether all of it is there.
        if hasattr(module, "sense_checks"):
            setattr(module, "sense_checks", lambda *_: ())  # noqa: B010 (no type knows the name)
        if hasattr(module, "sleep"):  # the story's clock does not wait
            setattr(module, "sleep", lambda _: None)  # noqa: B010 (no type knows the name)
        if hasattr(module, "now"):
            real = module.now
            setattr(module, "now", lambda: self._time or real())  # noqa: B010 (no type knows the name)
        return module

    def _context(self, function: Function) -> FunctionContext:
        return FunctionContext(
            function_name=function.logical_id,
            memory_limit_in_mb=function.memory_size,
            invoked_function_arn=function_arn(function.logical_id, self._aws.account),
            aws_request_id=str(uuid4()),
        )


@contextmanager
def in_process(template: Template, aws: LocalAws) -> Iterator[InProcess]:
    """The functions of a template, in this process."""
    # Powertools would answer with the secrets of an earlier stack.
    clear_caches()  # type: ignore[no-untyped-call]
    yield InProcess(template, aws)
