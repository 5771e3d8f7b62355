import re
from typing import Any

from tests.histories import (
    ACCOUNT,
    CEILING,
    NOON,
    POLICY,
    READ_AT,
    ROLE,
    ROLE_ARN,
    SETTINGS,
    Shelf,
    allow,
    deny,
    genesis,
    managed,
    mutation,
    role,
)

from policy_monitor import catalogue
from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.derivation import derive
from policy_monitor.findings import Finding, FindingKind, Severity
from policy_monitor.judgement import judge
from policy_monitor.ledger import Genesis
from policy_monitor.mutations import InlinePolicyPut
from policy_monitor.state import AccountState, PolicyState, RoleState

shelf = Shelf()
READ = shelf(allow("s3:GetObject", "s3:ListBucket", "iam:AttachRolePolicy", "iam:GetRole"))
EVERYTHING = shelf(allow("*"))


def live(*parts: RoleState | PolicyState, **fields: Any) -> Genesis:
    return genesis(*parts)._replace(account=ACCOUNT, region="us-east-1", **fields)


def found(baseline: Genesis, documents: Any = None) -> tuple[Finding, ...]:
    known = shelf.documents if documents is None else documents
    return derive(baseline, [], known, SETTINGS, catalogue.load())


BASE = live(role(attached=frozenset({POLICY})), managed(POLICY, READ))


def test_a_baseline_announces_that_the_monitor_is_live_and_what_the_role_can_do() -> None:
    (finding,) = found(BASE)
    assert (finding.kind, finding.verdict) == (FindingKind.BASELINE, "equivalent")
    assert finding.severity is Severity.INFO
    assert (finding.subject.arn, finding.time, finding.account) == (ROLE_ARN, READ_AT, ACCOUNT)
    assert finding.summary == (
        f"The monitor is live: today {ROLE} can use 4 known actions of 2 services, and manage "
        "permissions in iam."
    )
    assert finding.inventory is not None
    assert [
        (row["service"], row["allowed"], row["levels"]) for row in finding.inventory["services"]
    ] == [
        ("iam", 2, {"Permissions management": 1, "Read": 1}),
        ("s3", 2, {"Read": 1, "List": 1}),
    ]
    assert finding.comparison["gained"] == []


def test_what_the_boundary_or_a_deny_takes_away_is_not_counted() -> None:
    under = role(attached=frozenset({POLICY}), boundary=CEILING)
    (finding,) = found(live(under, managed(POLICY, EVERYTHING), managed(CEILING, READ)))
    assert finding.inventory is not None
    assert finding.inventory["allowed"] == 4
    nothing = role(attached=frozenset({POLICY}), inline={"no": shelf(deny("*"))})
    (finding,) = found(live(nothing, managed(POLICY, READ)))
    assert finding.summary == f"The monitor is live: {ROLE} can do nothing today."


def test_a_role_that_is_not_there_yet_is_said_to_be_awaited() -> None:
    (finding,) = found(live())
    assert finding.subject.arn == ROLE_ARN
    assert "there is no role" in finding.summary
    assert finding.inventory is None


def test_what_is_not_known_of_the_role_is_said() -> None:
    (finding,) = found(BASE, documents={})
    assert (finding.verdict, finding.inventory) == ("undetermined", None)
    assert READ in finding.summary


def test_a_baseline_that_does_not_say_of_which_account_it_is_announces_nothing() -> None:
    assert found(BASE._replace(account="")) == ()
    assert found(BASE._replace(state=AccountState())) == ()


def test_a_baseline_is_announced_once_whatever_follows() -> None:
    ledger = MemoryLedger()
    ledger.put_genesis(BASE, shelf.documents)
    (first,) = judge(ledger, SETTINGS, None).recorded
    ledger.append(mutation("1", InlinePolicyPut(ROLE, "i", EVERYTHING), time=NOON), {})
    judged = judge(ledger, SETTINGS, None)
    assert first.kind is FindingKind.BASELINE
    assert [finding.kind for finding in judged.recorded] == [FindingKind.CHANGE]


def test_of_many_services_whose_permissions_it_manages_some_are_named() -> None:
    services = ("iam", "s3", "sqs", "sns", "lambda", "kms", "ecr", "glue", "ram")
    wide = shelf(allow(*(f"{service}:*" for service in services)))
    (finding,) = found(live(role(attached=frozenset({POLICY})), managed(POLICY, wide)))
    assert re.search(r"manage permissions in iam, .* and [0-9]+ more\.$", finding.summary)
