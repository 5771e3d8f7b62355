from typing import Any

import pytest

from policy_monitor.findings import FindingKind, Severity
from policy_monitor.mutations import ActorKind
from policy_monitor.severity import RULES, severity

EVERYTHING = {"actions": ["*"], "access_levels": ["Permissions management", "Write"]}
PERMISSIONS = {"actions": ["iam:AttachRolePolicy"], "access_levels": ["Permissions management"]}
WRITING = {"actions": ["s3:PutObject"], "access_levels": ["Write"]}


def comparison(verdict: str, gained: Any = (), lost: Any = ()) -> dict[str, Any]:
    return {"verdict": verdict, "gained": list(gained), "lost": list(lost), "undetermined": []}


@pytest.mark.parametrize(
    ("compared", "expected"),
    [
        (comparison("expansion", [EVERYTHING]), Severity.CRITICAL),
        (comparison("expansion", [WRITING, PERMISSIONS]), Severity.CRITICAL),
        (comparison("mixed", [PERMISSIONS], [WRITING]), Severity.CRITICAL),
        (comparison("expansion", [WRITING]), Severity.HIGH),
        (comparison("mixed", [WRITING], [EVERYTHING]), Severity.HIGH),
        (comparison("undetermined"), Severity.HIGH),
        (comparison("reduction", (), [EVERYTHING]), Severity.LOW),
        (comparison("equivalent"), Severity.INFO),
    ],
)
def test_a_changes_severity_follows_from_what_is_gained(
    compared: dict[str, Any], expected: Severity
) -> None:
    for kind in (FindingKind.CHANGE, FindingKind.DRIFT):
        assert severity(kind, ActorKind.CUSTOMER, compared).severity is expected


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("expansion", Severity.MEDIUM),
        ("mixed", Severity.MEDIUM),
        ("undetermined", Severity.MEDIUM),
        ("reduction", Severity.LOW),
        ("equivalent", Severity.INFO),
    ],
)
def test_a_staged_version_can_wait_until_it_is_in_force(verdict: str, expected: Severity) -> None:
    compared = comparison(verdict, [EVERYTHING])
    assert severity(FindingKind.STAGED, ActorKind.VENDOR, compared).severity is expected


@pytest.mark.parametrize(
    ("actor", "expected"),
    [(ActorKind.VENDOR, Severity.MEDIUM), (ActorKind.CUSTOMER, Severity.LOW)],
)
def test_the_vendors_attempts_weigh_more(actor: ActorKind, expected: Severity) -> None:
    assert severity(FindingKind.ATTEMPT, actor, comparison("equivalent")).severity is expected


def test_tampering_is_critical_whatever_else() -> None:
    compared = comparison("equivalent")
    assert severity(FindingKind.TAMPER, ActorKind.AWS, compared).severity is Severity.CRITICAL


def test_every_severity_comes_with_its_reason() -> None:
    assert all(rule.reason for rule in RULES)
    assert severity(FindingKind.CHANGE, ActorKind.AWS, comparison("reduction")).reason == (
        "it allows less than before"
    )
