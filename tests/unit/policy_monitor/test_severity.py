import re
from pathlib import Path
from typing import Any

import pytest

from policy_monitor import catalogue, severities
from policy_monitor.escalations import OWN_POLICY_ACTIONS, OWN_ROLE_ACTIONS, PATHS
from policy_monitor.exposure import Exposure
from policy_monitor.findings import Assessment, FindingKind, Severity, SubjectType
from policy_monitor.mutations import ActorKind
from policy_monitor.severities import NAMES, PATH_RULES, RULES
from policy_monitor.severity import Circumstances, severity
from policy_monitor.strangers import Admitted

PACKAGE = Path(severities.__file__).parent


def grant(*actions: str, levels: Any = ("Write",), **fields: Any) -> dict[str, Any]:
    return {
        "actions": list(actions),
        "uncatalogued": [],
        "access_levels": list(levels),
        "resources": ["*"],
        "conditions": {},
        "latent": False,
        "because": {"before": "not_allowed"},
        "witness": {"principal": "", "action": actions[0], "resource": "*", "context": {}},
        **fields,
    }


EVERYTHING = grant("*", levels=("Permissions management", "Write"))
PERMISSIONS = grant("s3:PutBucketPolicy", levels=("Permissions management",))
WRITING = grant("s3:PutObject")
LISTING = grant("s3:ListBucket", levels=("List",))
LATENT = grant("iam:PassRole", latent=True)


def comparison(verdict: str, gained: Any = (), lost: Any = (), **fields: Any) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "latent": bool(gained) and all(each["latent"] for each in gained),
        "gained": list(gained),
        "lost": list(lost),
        "undetermined": [],
        "lifted_denies": [],
        **fields,
    }


def assessed(
    compared: dict[str, Any],
    kind: FindingKind = FindingKind.CHANGE,
    subject: SubjectType = SubjectType.ROLE,
    actor: ActorKind = ActorKind.CUSTOMER,
    overrides: dict[str, str] | None = None,
    **fields: Any,
) -> Assessment:
    return severity(Circumstances(kind, subject, actor, compared, **fields), overrides or {})


@pytest.mark.parametrize(
    ("compared", "expected", "reason"),
    [
        (comparison("expansion", [EVERYTHING]), Severity.CRITICAL, "administrator access"),
        (
            comparison("expansion", [grant("*", resources=["arn:aws:s3:::x"])]),
            Severity.CRITICAL,
            "actions of all services",
        ),
        (comparison("expansion", [WRITING, PERMISSIONS]), Severity.CRITICAL, "s3:PutBucketPolicy"),
        (comparison("mixed", [PERMISSIONS], [WRITING]), Severity.CRITICAL, "manage permissions"),
        (comparison("expansion", [WRITING]), Severity.HIGH, "write"),
        (comparison("expansion", [LISTING]), Severity.MEDIUM, "list"),
        (
            comparison("expansion", [grant("new:Thing", levels=(), uncatalogued=["new:Thing"])]),
            Severity.HIGH,
            "no access level is known",
        ),
        (comparison("mixed", [WRITING], [EVERYTHING]), Severity.HIGH, "write"),
        (comparison("expansion", [LATENT]), Severity.LOW, "no action known today"),
        (comparison("expansion", [LATENT, WRITING]), Severity.HIGH, "write"),
        (comparison("undetermined"), Severity.HIGH, "could not be judged"),
        (comparison("reduction", (), [EVERYTHING]), Severity.LOW, "less than before"),
        (comparison("equivalent"), Severity.INFO, "what it allowed before"),
    ],
)
def test_a_changes_severity_follows_from_what_is_gained(
    compared: dict[str, Any], expected: Severity, reason: str
) -> None:
    for kind in (FindingKind.CHANGE, FindingKind.DRIFT):
        found = assessed(compared, kind)
        assert found.severity is expected
        assert reason in found.reasons[0]


def test_a_deleted_policy_that_denied_something_is_as_grave_as_its_deny_was() -> None:
    lifted = {**PERMISSIONS, "because": {"before": "denied"}}
    found = assessed(comparison("expansion", [lifted]), exposure=Exposure(ended=True))
    assert found.severity is Severity.CRITICAL


def test_what_is_gained_besides_is_no_reason_for_a_graver_severity() -> None:
    reasons = assessed(comparison("expansion", [PERMISSIONS, WRITING, LISTING])).reasons
    assert reasons == ("it gained actions that manage permissions, such as s3:PutBucketPolicy",)


@pytest.mark.parametrize(
    ("gained", "expected"),
    [(EVERYTHING, Severity.HIGH), (WRITING, Severity.MEDIUM), (LISTING, Severity.MEDIUM)],
)
def test_a_staged_version_is_a_step_less_grave_than_in_force(
    gained: dict[str, Any], expected: Severity
) -> None:
    found = assessed(comparison("expansion", [gained]), FindingKind.STAGED)
    assert found.severity is expected


def test_a_staged_version_that_could_not_be_judged_is_worth_a_look() -> None:
    found = assessed(comparison("undetermined"), FindingKind.STAGED)
    assert found == Assessment(
        Severity.MEDIUM, ("what it allows could not be judged", "it is not in force yet")
    )


@pytest.mark.parametrize(
    ("actor", "expected"),
    [(ActorKind.VENDOR, Severity.MEDIUM), (ActorKind.CUSTOMER, Severity.LOW)],
)
def test_the_vendors_attempts_weigh_more(actor: ActorKind, expected: Severity) -> None:
    found = assessed(comparison("equivalent"), FindingKind.ATTEMPT, actor=actor)
    assert found.severity is expected


def test_tampering_is_critical_whatever_else() -> None:
    found = assessed(comparison("equivalent"), FindingKind.TAMPER)
    assert found.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("exposure", "reason"),
    [
        (Exposure(own=("iam:PutRolePolicy",)), "change its own permissions, by iam:PutRolePolicy"),
        (
            Exposure(paths=("iam-009",)),
            "a known way to more permissions: attach policies to roles (iam-009)",
        ),
        (Exposure(conditions=("iam:PassedToService",)), "pass roles to are no longer limited"),
        (Exposure(conditions=("iam:PermissionsBoundary",)), "boundary was required before"),
    ],
)
def test_what_leads_to_more_than_was_gained_is_critical(exposure: Exposure, reason: str) -> None:
    found = assessed(comparison("expansion", [WRITING]), exposure=exposure)
    assert found.severity is Severity.CRITICAL
    assert reason in found.reasons[0]


def test_many_ways_are_counted() -> None:
    found = assessed(
        comparison("expansion", [WRITING]),
        exposure=Exposure(paths=("iam-001", "iam-005", "iam-009", "iam-013")),
    )
    assert found.reasons[0] == (
        "this opens 4 known ways to more permissions: write a new version of a policy (iam-001), "
        "write inline policies of roles (iam-005), attach policies to roles (iam-009) and 1 more"
    )


def test_a_way_over_roles_that_somebody_else_chose_is_high() -> None:
    found = assessed(comparison("expansion", [LISTING]), exposure=Exposure(paths=("ssm-001",)))
    assert found.severity is Severity.HIGH
    assert found.reasons[0].endswith(
        "log in to instances by Session Manager (ssm-001), as far as the roles there reach"
    )


@pytest.mark.parametrize(
    ("compared", "exposure", "expected", "reason"),
    [
        (
            comparison("expansion", [{**LISTING, "because": {"before": "denied"}}]),
            Exposure(),
            Severity.HIGH,
            "a Deny that stopped it",
        ),
        (
            comparison("equivalent", lifted_denies=[LISTING]),
            Exposure(),
            Severity.MEDIUM,
            "a Deny was lifted, though",
        ),
        (
            comparison("equivalent", lifted_denies=[LISTING]),
            Exposure(ended=True),
            Severity.INFO,
            "what it allowed before",
        ),
        (
            comparison("expansion", [{**LISTING, "because": {"before": "boundary"}}]),
            Exposure(),
            Severity.HIGH,
            "no longer stops what it stopped",
        ),
        (
            comparison("equivalent"),
            Exposure(boundary_removed=True),
            Severity.HIGH,
            "no permissions boundary any more",
        ),
        (
            comparison("expansion", [LISTING]),
            Exposure(conditions=("aws:SourceIp",)),
            Severity.HIGH,
            "a condition on aws:SourceIp no longer stops it",
        ),
    ],
)
def test_a_guardrail_that_is_gone_weighs_beside_what_was_gained(
    compared: dict[str, Any], exposure: Exposure, expected: Severity, reason: str
) -> None:
    found = assessed(compared, exposure=exposure)
    assert found.severity is expected
    assert reason in found.reasons[0]


ASSUMING = grant("sts:AssumeRole")


@pytest.mark.parametrize(
    ("exposure", "expected", "reason"),
    [
        (
            Exposure(admitted=Admitted(strangers=("account 999999999999",))),
            Severity.CRITICAL,
            "somebody other than the vendor may now assume the role: account 999999999999",
        ),
        (Exposure(admitted=Admitted(own=("account 1",))), Severity.HIGH, "of your own account"),
        (Exposure(), Severity.HIGH, "more of the vendor"),
        (Exposure(conditions=("sts:ExternalId",)), Severity.CRITICAL, "the external id"),
    ],
)
def test_a_trust_policys_severity_follows_from_whom_it_lets_in(
    exposure: Exposure, expected: Severity, reason: str
) -> None:
    found = assessed(
        comparison("expansion", [ASSUMING]), subject=SubjectType.TRUST, exposure=exposure
    )
    assert found.severity is expected
    assert reason in found.reasons[0]


def test_what_a_role_gave_itself_is_high_however_little() -> None:
    found = assessed(comparison("expansion", [LISTING]), by_itself=True)
    assert found == Assessment(Severity.HIGH, ("it gave this to itself",))
    assert assessed(comparison("reduction"), by_itself=True).severity is Severity.LOW


def test_a_customer_gives_a_rule_or_a_single_path_another_severity() -> None:
    compared = comparison("expansion", [LISTING])
    assert assessed(compared, overrides={"gained-list": "info"}).severity is Severity.INFO
    opened = Exposure(paths=("ssm-001", "ssm-002"))
    for overrides, expected in (
        ({"escalation-existing-role": "low"}, Severity.MEDIUM),
        ({"ssm-001": "critical"}, Severity.CRITICAL),
        ({"ssm-001": "low", "escalation-existing-role": "critical"}, Severity.CRITICAL),
    ):
        assert assessed(compared, exposure=opened, overrides=overrides).severity is expected


def test_every_path_is_of_known_actions_has_a_reference_and_a_rule() -> None:
    known = catalogue.load()
    for path in PATHS:
        assert path.reference.startswith("https://")
        assert PATH_RULES[path.name] in RULES
        assert not path.passed_to or "iam:PassRole" in path.actions
        for action in path.actions:
            service, _, name = action.partition(":")
            assert known.actions(service)[name.lower()].name == action
    for action in (*OWN_ROLE_ACTIONS, *OWN_POLICY_ACTIONS):
        assert known.actions("iam")[action.partition(":")[2].lower()].name == action


def test_no_path_needs_more_than_another_one_that_leads_as_far() -> None:
    for path in PATHS:
        others = [other for other in PATHS if other is not path and other.gain is path.gain]
        assert not any(set(other.actions) <= set(path.actions) for other in others), path.name


def test_names_are_unique_and_can_be_written_in_the_templates_parameter() -> None:
    assert len(NAMES) == len(RULES) + len(PATHS)
    assert all(re.fullmatch(r"[a-z0-9-]{3,40}", name) for name in NAMES)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_one_that_something_gives(rule: str) -> None:
    sources = [path for path in PACKAGE.glob("*.py") if path.name != "severities.py"]
    assert any(f'"{rule}"' in path.read_text("utf-8") for path in sources)
