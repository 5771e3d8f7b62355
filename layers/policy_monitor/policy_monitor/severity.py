"""How soon a person should look at a finding, and why: the gravest of the rules that hold."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from policy_monitor.exposure import Exposure
from policy_monitor.findings import Assessment, FindingKind, Severity, SubjectType
from policy_monitor.mutations import ActorKind

ORDER = tuple(Severity)
"""The gravest first."""

_SHOWN = 3
_REASONS = 8

_LEVELS = {
    "Write": "gained-write",
    "Tagging": "gained-tagging",
    "Read": "gained-read",
    "List": "gained-list",
}
_MANAGEMENT = "Permissions management"
_GUARDS = {
    "sts:externalid": "external-id",
    "iam:passedtoservice": "passed-to-service",
    "iam:permissionsboundary": "required-boundary",
}
_GAINS = ("expansion", "mixed")


class Circumstances(NamedTuple):
    """What a severity rests on.

    Attributes
    ----------
    comparison : Mapping
        ``policy-monitor/comparison/1``.
    by_itself : bool
        Whether a session of the role that is judged made the change.
    rule : str
        The rule that holds alone, where that does not follow from the rest.
    """

    kind: FindingKind
    subject: SubjectType
    actor: ActorKind
    comparison: Mapping[str, Any]
    exposure: Exposure = Exposure()
    by_itself: bool = False
    rule: str = ""

    @property
    def verdict(self) -> str:
        """The comparison's verdict."""
        return str(self.comparison["verdict"])


class _Held(NamedTuple):
    """A rule that holds; `detail` are names for its reason, `path` names one of `escalations`."""

    rule: str
    detail: tuple[str, ...] = ()
    path: str = ""


def severity(circumstances: Circumstances, overrides: Mapping[str, str]) -> Assessment:
    """How soon a person should look, and why.

    Parameters
    ----------
    overrides : Mapping[str, str]
        Severities that a customer gives to rules of `severities`, or to single paths.
    """
    # Read where something is judged: most functions never do.
    from policy_monitor.severities import RULES, STAGED  # noqa: PLC0415 - see above

    def grade(held: _Held) -> Severity:
        chosen = overrides.get(held.path) or overrides.get(held.rule)
        return Severity(chosen) if chosen else RULES[held.rule].severity

    graded = sorted(
        ((grade(held), held) for held in _held(circumstances)),
        key=lambda each: ORDER.index(each[0]),
    )
    gravest = graded[0][0]
    reasons = []
    for (grade_, rule), together in groupby(graded, key=lambda each: (each[0], each[1].rule)):
        if grade_ is not gravest and rule in _LEVELS.values():
            continue  # what it may do besides is no reason
        detail = [name for _, held in together for name in held.detail]
        words = _listed(detail) if rule not in _PATH_RULES else _ways(detail)
        reasons.append(RULES[rule].reason.format(words))
    if circumstances.kind is FindingKind.STAGED and gravest in _SOFTENED:
        gravest = _SOFTENED[gravest]
        reasons.append(STAGED)
    return Assessment(gravest, tuple(dict.fromkeys(reasons))[:_REASONS])


_PATH_RULES = ("escalation", "escalation-existing-role")
_SOFTENED = {Severity.CRITICAL: Severity.HIGH, Severity.HIGH: Severity.MEDIUM}
"""What is staged is a step less grave than the same in force, and worth a look all the same."""


def _held(it: Circumstances) -> Iterator[_Held]:
    if it.rule:
        yield _Held(it.rule)
        return
    match it.kind:
        case FindingKind.TAMPER:
            yield _Held("tampering")
            return
        case FindingKind.BASELINE:
            yield _Held("baseline")
            return
        case FindingKind.ATTEMPT:
            by_vendor = it.actor is ActorKind.VENDOR
            yield _Held("attempt-by-vendor" if by_vendor else "attempt")
            return
    if it.verdict not in _GAINS:
        yield _Held(it.verdict)
    trust = it.subject is SubjectType.TRUST
    if not trust:
        yield from _gained(it)
    elif it.verdict in (*_GAINS, "undetermined"):
        yield from _admitted(it)
    yield from _escalations(it)
    yield from _guardrails(it)
    if it.by_itself and it.verdict in _GAINS and not it.comparison["latent"]:
        yield _Held("gave-itself")


def _gained(it: Circumstances) -> Iterator[_Held]:
    """What the grants themselves say."""
    for grant in it.comparison["gained"]:
        levels = grant["access_levels"]
        if grant["latent"]:
            yield _Held("gained-latent")
            continue
        if "*" in grant["actions"]:
            everywhere = "*" in grant["resources"] and not grant["conditions"]
            yield _Held("administrator" if everywhere else "every-service")
        if _MANAGEMENT in levels:
            yield _Held("gained-permissions-management", (grant["witness"]["action"],))
        for level in levels:
            if level in _LEVELS:
                yield _Held(_LEVELS[level])
        if grant["uncatalogued"] or not {_MANAGEMENT, *_LEVELS}.intersection(levels):
            yield _Held("gained-unknown")


def _admitted(it: Circumstances) -> Iterator[_Held]:
    """Whom a trust policy lets in."""
    who = it.exposure.admitted
    if who.strangers:
        yield _Held("stranger", who.strangers)
    if who.own:
        yield _Held("own-account", who.own)
    if it.verdict in _GAINS and not (who.strangers or who.own):
        yield _Held("vendor")


def _escalations(it: Circumstances) -> Iterator[_Held]:
    if it.exposure.own:
        yield _Held("own-permissions", it.exposure.own)
    if it.exposure.paths:
        from policy_monitor.escalations import PATHS  # noqa: PLC0415 - as in `severity`
        from policy_monitor.severities import PATH_RULES  # noqa: PLC0415 - as in `severity`

        opened = set(it.exposure.paths)
        for path in PATHS:
            if path.name in opened:
                yield _Held(PATH_RULES[path.name], (f"{path.words} ({path.name})",), path.name)


def _guardrails(it: Circumstances) -> Iterator[_Held]:
    """What held access back before."""
    stops = {g["because"]["before"] for g in it.comparison["gained"] if not g["latent"]}
    if "denied" in stops:
        yield _Held("deny-lifted")
    elif it.comparison.get("lifted_denies") and not it.exposure.ended:
        yield _Held("deny-lifted-idle")
    if it.exposure.boundary_removed:
        yield _Held("boundary-removed")
    elif "boundary" in stops:
        yield _Held("boundary-widened")
    for key in it.exposure.conditions:
        yield _Held(_GUARDS.get(key.lower(), "condition-lost"), (key,))


def _ways(names: list[str]) -> str:
    """``a known way to more permissions: attach policies to roles (iam-009)``."""
    if len(names) == 1:
        return f"a known way to more permissions: {names[0]}"
    return f"{len(names)} known ways to more permissions: {_listed(names)}"


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    shown, rest = names[:_SHOWN], len(names) - _SHOWN
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)
