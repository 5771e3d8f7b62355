"""The alarm that the vendor documents: what it waits for, and what of it never rings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy_monitor.settings import DEFAULT_POLICY_PATTERNS, DEFAULT_ROLE
from policy_monitor.vendor_alarm import BLINDNESSES, DOCUMENTED, SEEN_BY_NONE, corrected
from policy_monitor_cli.checkup.facts import MetricFilter
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning

CHECK = "documented alarm"

_UNHEARD = "SetPolicyVersion"
_HEARD = ("SetDefaultPolicyVersion", "CreatePolicyVersion")


def corrected_of(parameters: Mapping[str, str]) -> str:
    """The corrected pattern, for the template's parameters."""
    policy, part = DEFAULT_POLICY_PATTERNS
    return corrected(
        parameters.get("RoleName", DEFAULT_ROLE),
        parameters.get("PolicyName", policy),
        parameters.get("BoundaryNamePart", part.strip("*")),
    )


def explanation(parameters: Mapping[str, str]) -> dict[str, Any]:
    """How the vendor's text differs from what would have to be watched."""
    return {
        "pattern": DOCUMENTED,
        "corrected": corrected_of(parameters),
        "not_seen": [
            {"what": each.name, "calls": list(each.calls), "why": each.why} for each in BLINDNESSES
        ],
        "seen_by_no_filter": list(SEEN_BY_NONE),
    }


def filter_lines(
    filters: Sequence[MetricFilter], log_group: str = "", pattern: str = ""
) -> Iterator[Line]:
    """Metric filters of the region that wait for what IAM never records, and the stack's own.

    Parameters
    ----------
    log_group : str
        The parameter TrailLogGroupName; empty where the stack is to have no filter.
    pattern : str
        What that filter's pattern is to be.
    """
    deaf = [
        each
        for each in filters
        if _UNHEARD in each.pattern and not all(name in each.pattern for name in _HEARD)
    ]
    for each in deaf:
        yield warning(
            CHECK,
            f"metric filter {each.name} of {each.log_group} waits for {_UNHEARD}, which is no "
            "event of IAM: a change of the version in force does not ring it",
            f"Let it take {' and '.join(_HEARD)} as well, or set TrailLogGroupName.",
        )
    if not deaf:
        yield ok(CHECK, f"no metric filter waits for {_UNHEARD}, which IAM never records")
    if not log_group:
        return
    if any((each.log_group, each.pattern) == (log_group, pattern) for each in filters):
        yield ok(CHECK, f"the corrected filter watches {log_group}")
    else:
        yield failed(
            CHECK,
            f"no metric filter of {log_group} has the template's pattern",
            "Deploy the stack again, and find out who changed the filter.",
        )
