"""What a check-up says: one line a thing, with the remedy where it needs one."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policy_monitor.errors import DeniedError, PolicyMonitorError, RetryableError

SCHEMA = "policy-monitor/doctor/1"


class Status(StrEnum):
    """How a thing is, the best first."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at.

    Attributes
    ----------
    check : str
        What it belongs to: ``trail``, ``functions``.
    says : str
        How it is, as a sentence without its end.
    remedy : str
        What to do, as a sentence; empty where it is ok.
    """

    check: str
    status: Status
    says: str
    remedy: str = ""


def ok(check: str, says: str) -> Line:
    """A thing that is as it should be."""
    return Line(check, Status.OK, says)


def warning(check: str, says: str, remedy: str) -> Line:
    """A thing that a person should know of; the monitor works without it."""
    return Line(check, Status.WARNING, says, remedy)


def failed(check: str, says: str, remedy: str) -> Line:
    """A thing without which the monitor, or a part of it, does not work."""
    return Line(check, Status.FAILED, says, remedy)


def examined(check: str, look: Callable[[], Iterable[Line]]) -> Iterator[Line]:
    """The lines of a check; where it cannot be made, a line that says so.

    A call that is denied is a warning: that nobody may look says nothing of how a thing is.
    """
    try:
        yield from look()
    except DeniedError as error:
        yield warning(
            check,
            f"it cannot be checked: {str(error).partition(';')[0]}",
            f"Allow {error.action} to whoever runs doctor; docs/operations.md has the policy.",
        )
    except RetryableError as error:
        yield warning(check, f"it cannot be checked just now: {error}", "Run doctor again.")
    except PolicyMonitorError as error:
        yield failed(check, str(error).rstrip("."), "Mend what it names, and run doctor again.")


def grouped(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines check by check, in the order in which each check came first."""
    together: dict[str, list[Line]] = {}
    for line in lines:
        together.setdefault(line.check, []).append(line)
    for each in together.values():
        yield from each


def worst(lines: Iterable[Line]) -> Status:
    """The worst status of some lines; OK where there are none."""
    order = tuple(Status)
    return max((line.status for line in lines), key=order.index, default=Status.OK)


def report_json(lines: Iterable[Line], **about: Any) -> dict[str, Any]:
    """A check-up as ``policy-monitor/doctor/1``; docs/operations.md describes it."""
    told = tuple(lines)
    count: Mapping[Status, int] = Counter(line.status for line in told)
    return {
        "schema": SCHEMA,
        **about,
        "status": worst(told).value,
        "counts": {status.value: count.get(status, 0) for status in Status},
        "lines": [
            {
                "check": line.check,
                "status": line.status.value,
                "says": line.says,
                "remedy": line.remedy or None,
            }
            for line in told
        ],
    }
