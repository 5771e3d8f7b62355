"""What each role could do, over time: its services, each with its gravest access level."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from iamdiff.catalogue import Catalogue, gravity
from policy_monitor.access import Held, role_access
from policy_monitor.comparisons import Comparisons
from policy_monitor_report.evidence import Evidence

ACCESSES_COUNTED = 60
"""Of how many of a role's last accesses the actions are counted: each takes some time."""


class Stage(NamedTuple):
    """What a role could do from a time on: the gravest level by service; None if not known."""

    since: str
    levels: Mapping[str, str] | None


class Reach(NamedTuple):
    """A role's access in all its stages, of which each differs from the one before.

    Attributes
    ----------
    earlier : int
        How many earlier changes are left out.
    """

    role: str
    stages: tuple[Stage, ...]
    earlier: int = 0


def reaches(
    evidence: Evidence,
    roles: Sequence[str],
    catalogue: Catalogue,
    on_access: Callable[[], None] = lambda: None,
) -> Iterator[Reach]:
    """The reach of each role that a state knows.

    Parameters
    ----------
    roles : Sequence[str]
        ARNs.
    on_access : callable
        Called each time an access was counted.
    """
    comparisons = Comparisons(evidence.documents, catalogue)
    states = tuple(evidence.states())
    for arn in roles:
        name = arn.rsplit("/", 1)[-1]
        accesses: list[tuple[str, Held]] = []
        for since, state in states:
            held = role_access(state, name)
            if not accesses or accesses[-1][1] != held:
                accesses.append((since, held))
        counted: dict[Held, Mapping[str, str] | None] = {}
        stages: list[Stage] = []
        for since, held in accesses[-ACCESSES_COUNTED:]:
            if held not in counted:
                counted[held] = _levels(comparisons, held, arn)
                on_access()
            if not stages or stages[-1].levels != counted[held]:
                stages.append(Stage(since, counted[held]))
        yield Reach(arn, tuple(stages), max(0, len(accesses) - ACCESSES_COUNTED))


def _levels(comparisons: Comparisons, held: Held, arn: str) -> Mapping[str, str] | None:
    found = comparisons.holdings(held, arn)
    if found is None:
        return None
    return {row["service"]: min(row["levels"], key=gravity) for row in found["services"]}
