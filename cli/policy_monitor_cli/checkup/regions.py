"""Where IAM's events are to be seen, a region a partition."""

from collections.abc import Iterator

from policy_monitor.messages.links import HOME_REGIONS
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning

CHECK = "region"

_UNTESTED = frozenset({"aws-cn"})


def region_lines(region: str, known_partition: str | None) -> Iterator[Line]:
    """Whether a region is the one that IAM's events reach.

    Parameters
    ----------
    known_partition : str or None
        The partition that the region is in as the SDK knows it; None where it knows none.
    """
    if known_partition is None:
        yield failed(
            CHECK,
            f"{region} is no region of AWS that is known here",
            f"Name the region as AWS does: {', '.join(HOME_REGIONS.values())}.",
        )
        return
    home = HOME_REGIONS.get(known_partition)
    if home is None:
        yield failed(
            CHECK,
            f"{region} is in the partition {known_partition}, of which AWS does not say where "
            "IAM's events can be seen",
            f"Use policy-monitor in the partitions {', '.join(HOME_REGIONS)} only.",
        )
    elif region != home:
        yield failed(
            CHECK,
            f"{region} sees no events of IAM: they reach EventBridge in {home} alone",
            f"Use --region {home}, and deploy the stack there.",
        )
    elif known_partition in _UNTESTED:
        yield warning(
            CHECK,
            f"{region} is taken for the region that IAM's events reach; AWS's pages do not say",
            "Change a tag of a role, and see whether the rule's Invocations count it.",
        )
    else:
        yield ok(CHECK, f"{region} is where IAM's events reach EventBridge")
