"""Faults at any call: on either side of its effect, at a place in the list of calls of a run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.interleaving import Death


class When(Enum):
    """On which side of a call's effect the fault lies."""

    BEFORE = "before"
    AFTER = "after"


@dataclass
class Faults:
    """Lists the calls that are made, and makes one of them fail."""

    calls: list[str] = field(default_factory=list)
    place: int | None = None
    when: When = When.BEFORE
    error: BaseException = field(default_factory=Death)
    struck: Callable[[], None] = lambda: None
    """Called when the fault has come about."""
    armed: bool = True
    came: bool = False

    def visit[T](self, name: str, call: Callable[[], T]) -> T:
        """Make a call, if it is not the one that fails."""
        if not self.armed:
            return call()
        place = len(self.calls)
        self.calls.append(name)
        if place == self.place and self.when is When.BEFORE:
            self._strike()
        answer = call()
        if place == self.place and self.when is When.AFTER:
            self._strike()
        return answer

    def _strike(self) -> None:
        self.armed, self.came = False, True
        self.struck()
        raise self.error


class Listed:
    """Anything whose every call is seen by faults."""

    def __init__(self, name: str, thing: Any, faults: Faults) -> None:
        self._name = name
        self._thing = thing
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        """An attribute; a call of a method is listed."""
        found = getattr(self._thing, name)
        if not callable(found):
            return found
        listed = f"{self._name}.{name}"
        return lambda *args, **kwargs: self._faults.visit(listed, lambda: found(*args, **kwargs))
