"""How soon a person should look at a finding: a table of rules, the first that holds decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policy_monitor.findings import FindingKind, Severity
from policy_monitor.mutations import ActorKind


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a severity rests on; `comparison` is ``policy-monitor/comparison/1``."""

    kind: FindingKind
    actor: ActorKind
    comparison: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """The comparison's verdict."""
        return str(self.comparison["verdict"])


@dataclass(frozen=True, slots=True)
class Rule:
    """A severity, why, and when."""

    severity: Severity
    reason: str
    holds: Callable[[Circumstances], bool]


@dataclass(frozen=True, slots=True)
class Assessment:
    """A severity and its reason in words."""

    severity: Severity
    reason: str


# The access levels are AWS's (Service Authorization Reference): "Permissions management" actions
# "grant or modify resource permissions in the service", and so may give everything else.
PERMISSIONS_MANAGEMENT = "Permissions management"


def _gains(circumstances: Circumstances) -> bool:
    return circumstances.verdict in ("expansion", "mixed")


def _may_gain(circumstances: Circumstances) -> bool:
    return _gains(circumstances) or circumstances.verdict == "undetermined"


def _gains_everything(circumstances: Circumstances) -> bool:
    return _gains(circumstances) and any(
        "*" in grant["actions"] for grant in circumstances.comparison["gained"]
    )


def _gains_permissions_management(circumstances: Circumstances) -> bool:
    return _gains(circumstances) and any(
        PERMISSIONS_MANAGEMENT in grant["access_levels"]
        for grant in circumstances.comparison["gained"]
    )


def _is(kind: FindingKind) -> Callable[[Circumstances], bool]:
    return lambda circumstances: circumstances.kind is kind


def _has(*verdicts: str) -> Callable[[Circumstances], bool]:
    return lambda circumstances: circumstances.verdict in verdicts


RULES = (
    Rule(
        Severity.CRITICAL,
        "what watches the vendor's access was changed",
        _is(FindingKind.TAMPER),
    ),
    Rule(Severity.INFO, "the monitor begins to watch", _is(FindingKind.BASELINE)),
    Rule(
        Severity.MEDIUM,
        "the vendor tried what it may not do",
        lambda c: c.kind is FindingKind.ATTEMPT and c.actor is ActorKind.VENDOR,
    ),
    Rule(Severity.LOW, "somebody tried what IAM refused", _is(FindingKind.ATTEMPT)),
    Rule(
        Severity.MEDIUM,
        "it would allow more once it is made the default",
        lambda c: c.kind is FindingKind.STAGED and _may_gain(c),
    ),
    Rule(Severity.CRITICAL, "it gains actions of every service", _gains_everything),
    Rule(
        Severity.CRITICAL,
        "it gains actions that manage permissions, and with them may gain the rest",
        _gains_permissions_management,
    ),
    Rule(Severity.HIGH, "it allows more than before", _gains),
    Rule(Severity.HIGH, "what it allows could not be judged", _has("undetermined")),
    Rule(Severity.LOW, "it allows less than before", _has("reduction")),
    Rule(Severity.INFO, "it allows what it allowed before", _has("equivalent")),
)


def severity(kind: FindingKind, actor: ActorKind, comparison: Mapping[str, Any]) -> Assessment:
    """How soon a person should look, and why."""
    circumstances = Circumstances(kind, actor, comparison)
    rule = next(rule for rule in RULES if rule.holds(circumstances))
    return Assessment(rule.severity, rule.reason)
