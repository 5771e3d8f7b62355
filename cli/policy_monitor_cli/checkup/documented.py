"""The alarm that the vendor documents: what it waits for, and what of it never rings."""

from collections.abc import Iterator, Sequence

from policy_monitor_cli.checkup.facts import MetricFilter
from policy_monitor_cli.checkup.lines import Line, ok, warning

_VERSIONS = (
    "IAM has no event SetPolicyVersion. A policy's version in force changes by "
    "SetDefaultPolicyVersion, or by CreatePolicyVersion with setAsDefault; the filter sees "
    "neither. policy-monitor takes both."
)
_KINDS = (
    "It does not see inline policies, permissions boundaries, the trust policy, tags, or other "
    "policies that are attached to the role; nor what AWS changes in its own policies, which no "
    "event tells. policy-monitor sees the events, and finds the rest by comparing IAM."
)
_REFUSALS = (
    "It sees no refused call: these carry no requestParameters. policy-monitor tells of those "
    "that the vendor makes."
)
_MEANING = (
    "It rings because something matched. policy-monitor says what can be done now that could "
    "not be done before, and proves it by a request."
)
_SILENCE = "It is silent where the trail stops. policy-monitor notices, and says so."
_CORRECTED = (
    "With the parameter TrailLogGroupName the stack makes the same alarm with the events that "
    "there are, as a second pair of eyes."
)
DIFFERENCES = (_VERSIONS, _KINDS, _REFUSALS, _MEANING, _SILENCE, _CORRECTED)
"""What the vendor's filter does not see, a paragraph each."""

_UNHEARD = "SetPolicyVersion"
_HEARD = ("SetDefaultPolicyVersion", "CreatePolicyVersion")


def filter_lines(filters: Sequence[MetricFilter]) -> Iterator[Line]:
    """Metric filters of the region that wait for what IAM never records."""
    check = "documented alarm"
    deaf = [
        each
        for each in filters
        if _UNHEARD in each.pattern and not all(name in each.pattern for name in _HEARD)
    ]
    for each in deaf:
        yield warning(
            check,
            f"metric filter {each.name} of {each.log_group} waits for {_UNHEARD}, which is no "
            "event of IAM: a change of the version in force does not ring it",
            f"Let it take {' and '.join(_HEARD)} as well.",
        )
    if not deaf:
        yield ok(check, f"no metric filter waits for {_UNHEARD}, which IAM never records")
