"""How grave each circumstance of a change is: a table, with its sources.

Every rule that holds gives a finding a reason, and the gravest one its severity. Customers may give
a rule, or a single path of `escalations`, another severity.
"""

import json
from typing import NamedTuple

from policy_monitor.errors import InputError
from policy_monitor.escalations import PATHS, Gain
from policy_monitor.findings import Severity

_ACCESS_LEVELS = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
    "access_policies_understand-policy-summary-access-level-summaries.html"
)
_CONFUSED_DEPUTY = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
_PASSING_ROLES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_BOUNDARIES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
_EVALUATION = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
)
_GLOBAL_KEYS = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
)
_THIRD_PARTIES = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html"
)
_JOB_FUNCTIONS = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html"
)
_PRACTICES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
_VERSIONS = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html"
)
_CATALOGUE = (
    "https://docs.aws.amazon.com/service-authorization/latest/reference/"
    "reference_policies_actions-resources-contextkeys.html"
)
_PATHS = "https://pathfinding.cloud/paths"
_OURS = ""


class Rule(NamedTuple):
    """A circumstance.

    Attributes
    ----------
    reason : str
        Why it matters, as a clause without its end; ``{}`` stands for names.
    source : str
        Where AWS says so; empty where it follows from what the monitor is for.
    """

    severity: Severity
    reason: str
    source: str = _OURS


_CRITICAL, _HIGH, _MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM
_LOW, _INFO = Severity.LOW, Severity.INFO

RULES: dict[str, Rule] = {
    # What was gained.
    "administrator": Rule(
        _CRITICAL, "it gained administrator access: every action on every resource", _JOB_FUNCTIONS
    ),
    "every-service": Rule(_CRITICAL, "it gained actions of all services, new ones too", _PRACTICES),
    "gained-permissions-management": Rule(
        _CRITICAL, "it gained actions that manage permissions, such as {}", _ACCESS_LEVELS
    ),
    "gained-write": Rule(_HIGH, "it gained actions that write", _ACCESS_LEVELS),
    "gained-tagging": Rule(_HIGH, "it gained actions that set tags", _ACCESS_LEVELS),
    "gained-read": Rule(_HIGH, "it gained actions that read", _ACCESS_LEVELS),
    "gained-list": Rule(_MEDIUM, "it gained actions that list", _ACCESS_LEVELS),
    "gained-unknown": Rule(
        _HIGH, "it gained something of which no access level is known", _CATALOGUE
    ),
    "gained-latent": Rule(_LOW, "no action known today can use what it gained", _CATALOGUE),
    # Ways to more than what was gained.
    "own-permissions": Rule(_CRITICAL, "it can now change its own permissions, by {}", _BOUNDARIES),
    "gave-itself": Rule(_HIGH, "it gave this to itself", _PRACTICES),
    # What held it back.
    "deny-lifted": Rule(_HIGH, "a Deny that stopped it no longer does", _EVALUATION),
    "deny-lifted-idle": Rule(
        _MEDIUM, "a Deny was lifted, though it stopped nothing that is allowed", _EVALUATION
    ),
    "boundary-widened": Rule(
        _HIGH, "its permissions boundary no longer stops what it stopped", _BOUNDARIES
    ),
    "boundary-removed": Rule(_HIGH, "it has no permissions boundary any more", _BOUNDARIES),
    "external-id": Rule(
        _CRITICAL,
        "its trust policy no longer asks for the external id that it did",
        _CONFUSED_DEPUTY,
    ),
    "passed-to-service": Rule(
        _CRITICAL,
        "the services that it may pass roles to are no longer limited as they were",
        _PASSING_ROLES,
    ),
    "required-boundary": Rule(
        _CRITICAL, "it may act where a permissions boundary was required before", _BOUNDARIES
    ),
    "condition-lost": Rule(_HIGH, "a condition on {} no longer stops it", _GLOBAL_KEYS),
    # Who may assume the role.
    "stranger": Rule(
        _CRITICAL, "somebody other than the vendor may now assume the role: {}", _THIRD_PARTIES
    ),
    "own-account": Rule(
        _HIGH, "somebody of your own account may now assume the role: {}", _THIRD_PARTIES
    ),
    "vendor": Rule(_HIGH, "more of the vendor may now assume the role", _THIRD_PARTIES),
    # What else happened.
    "tampering": Rule(_CRITICAL, "what watches the vendor's access was changed"),
    "tampering-attempt": Rule(_HIGH, "somebody tried to change what watches the vendor's access"),
    "tampering-unexplained": Rule(
        _HIGH, "what watches the vendor's access was changed, and no update of it explains that"
    ),
    "stack-operation": Rule(_INFO, "the monitor was changed as a whole, by its own stack"),
    "stack-deleted": Rule(_CRITICAL, "the monitor is being removed"),
    "attempt-by-vendor": Rule(_MEDIUM, "the vendor tried what it may not do"),
    "attempt": Rule(_LOW, "somebody tried what IAM refused"),
    "undetermined": Rule(_HIGH, "what it allows could not be judged"),
    "reduction": Rule(_LOW, "it allows less than before"),
    "equivalent": Rule(_INFO, "it allows what it allowed before"),
    "baseline": Rule(_INFO, "the monitor begins to watch"),
    # A path's own name overrides these for that path alone.
    "escalation": Rule(_CRITICAL, "this opens {}", _PATHS),
    "escalation-existing-role": Rule(
        _HIGH, "this opens {}, as far as the roles there reach", _PATHS
    ),
}

STAGED = "it is not in force yet"
"""The reason that a staged version is a step less grave than the same in force."""

PATH_RULES = {
    path.name: "escalation-existing-role" if path.gain is Gain.EXISTING_ROLE else "escalation"
    for path in PATHS
}
"""The rule that a path falls under, by the path's name."""

NAMES = frozenset({*RULES, *PATH_RULES})
"""What can be given another severity."""


def read_severities(text: str, source: str) -> tuple[tuple[str, str], ...]:
    """Read what a customer gives rules or paths: pairs of a name and a severity, sorted.

    Parameters
    ----------
    text : str
        JSON such as ``{"gained-list": "info", "ssm-001": "critical"}``.
    source : str
        Where it comes from, as an error names it.

    Raises
    ------
    InputError
        It is no such JSON, or names a rule or a severity that there is not.

    Examples
    --------
    >>> read_severities('{"gained-list": "info"}', "SEVERITIES")
    (('gained-list', 'info'),)
    """
    try:
        chosen = json.loads(text)
    except ValueError as error:
        raise InputError(f"{source}: {_cut(text)} is no JSON ({error}); {_REMEDY}") from None
    if not isinstance(chosen, dict):
        raise InputError(f"{source}: {_cut(text)} is no JSON object; {_REMEDY}")
    for name, severity in chosen.items():
        if name not in NAMES:
            known = ", ".join(sorted(RULES))
            raise InputError(
                f"{source}: {_cut(name)} is no rule; use one of {known}, or a path such as "
                f"{PATHS[0].name} (docs/severity.md)"
            )
        if severity not in tuple(Severity):
            raise InputError(
                f"{source}: {name}: {_cut(str(severity))} is no severity; use one of "
                f"{', '.join(Severity)}"
            )
    return tuple(sorted(chosen.items()))


_REMEDY = 'write {"rule": "severity"} as docs/severity.md lists them'
_SHOWN = 60


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
