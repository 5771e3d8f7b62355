"""Counts the AWS calls that functions make, by service and operation, and the time beside them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from time import process_time_ns
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from policy_monitor_cli.functions import Functions

# What the emulation cannot answer, and what AWS would say where nothing is new.
_ANSWERS: Mapping[str, Any] = {"LookupEvents": {"Events": []}}


@dataclass(slots=True)
class Work:
    """What one function did.

    Attributes
    ----------
    ms : float
        Processor time of its own, without that of its calls.
    """

    invocations: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    ms: float = 0.0

    def since(self, before: "Work") -> "Work":
        """What was done since another moment."""
        return Work(
            self.invocations - before.invocations, self.calls - before.calls, self.ms - before.ms
        )


class Tap:
    """Counts what functions do while it is `open`."""

    def __init__(self) -> None:
        self.work: dict[str, Work] = {}
        self._running: Work | None = None
        self._within_ns = 0

    def mark(self) -> dict[str, Work]:
        """What was done up to now."""
        return deepcopy(self.work)

    @contextmanager
    def running(self, function: str) -> Iterator[None]:
        """One invocation of a function."""
        mine = self._running = self.work.setdefault(function, Work())
        mine.invocations += 1
        self._within_ns, started = 0, process_time_ns()
        try:
            yield
        finally:
            mine.ms += (process_time_ns() - started - self._within_ns) / 1e6
            self._running = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Count every call of a client, and every function that a replay invokes."""
        call, invoke = BaseClient._make_api_call, Functions.invoke  # type: ignore[attr-defined]  # noqa: SLF001 (every call goes through it)

        def tapped(client: Any, operation: str, parameters: Any) -> Any:
            if self._running is None:
                return _ANSWERS.get(operation) or call(client, operation, parameters)
            self._running.calls[f"{client.meta.service_model.service_name}:{operation}"] += 1
            started = process_time_ns()
            try:
                return _ANSWERS.get(operation) or call(client, operation, parameters)
            finally:
                self._within_ns += process_time_ns() - started

        def invoked(functions: Functions, logical_id: str, event: Mapping[str, Any]) -> Any:
            with self.running(logical_id.removesuffix("Function").lower()):
                return invoke(functions, logical_id, event)

        with (
            patch.object(BaseClient, "_make_api_call", tapped),
            patch.object(Functions, "invoke", invoked),
        ):
            yield
