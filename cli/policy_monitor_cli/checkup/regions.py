"""Where IAM's events are to be seen, a region a partition."""

from collections.abc import Iterator

from policy_monitor.messages.links import HOME_REGIONS
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning

CHECK = "region"

_UNTESTED = frozenset({"aws-cn"})


def region_lines(region: str, partition: str) -> Iterator[Line]:
    """Whether a region is the one of its partition that IAM's events reach."""
    home = HOME_REGIONS.get(partition)
    if home is None:
        yield failed(
            CHECK,
            f"{region} is in the partition {partition}, of which AWS does not say where "
            "IAM's events can be seen",
            f"Use policy-monitor in the partitions {', '.join(HOME_REGIONS)} only.",
        )
    elif region != home:
        yield failed(
            CHECK,
            f"{region} sees no events of IAM: they reach EventBridge in {home} alone",
            f"Use --region {home}, and deploy the stack there.",
        )
    elif partition in _UNTESTED:
        yield warning(
            CHECK,
            f"{region} is taken for the region that IAM's events reach; AWS's pages do not say",
            "Change a tag of a role, and see whether the rule's Invocations count it.",
        )
    else:
        yield ok(CHECK, f"{region} is where IAM's events reach EventBridge")
