"""What drift, a fact without an event, makes of findings: alone, and once its event comes late."""

import pytest
from tests.histories import (
    CEILING,
    CUSTOMER,
    EXTRA,
    NOON,
    POLICY,
    ROLE,
    ROLE_ARN,
    SETTINGS,
    Shelf,
    allow,
    genesis,
    managed,
    mutation,
    role,
    trust,
)

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.derivation import derive
from policy_monitor.findings import Finding, FindingKind, SubjectType
from policy_monitor.judgement import judge
from policy_monitor.ledger import Genesis
from policy_monitor.mutations import (
    Actor,
    ActorKind,
    Change,
    DefaultVersionSet,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PolicyAttached,
    PolicyObserved,
    PolicyUseChanged,
    PrincipalDeleted,
    RoleObserved,
    TrustChanged,
    Use,
    VersionCreated,
)
from policy_monitor.timeline import fold, steps

shelf = Shelf()
READ = shelf(allow("s3:GetObject"))
READ_WRITE = shelf(allow("s3:GetObject", "s3:PutObject"))
TRUST, OPEN_TRUST = shelf(trust()), shelf(trust("*"))
NOBODY = Actor(ActorKind.UNKNOWN)
BEFORE, AFTER = "2026-06-01T11:00:00Z", "2026-06-01T13:00:00Z"

BASE = genesis(
    role(attached=frozenset({POLICY}), trust=TRUST),
    managed(POLICY, READ),
    managed(CEILING, READ),
    uses={CEILING: frozenset({("role/app", Use.BOUNDARY)})},
)


def drift(event_id: str, *changes: Change, time: str = NOON) -> Mutation:
    return mutation(event_id, *changes, time=time, kind=MutationKind.DRIFT, actor=NOBODY)


def found(*mutations: Mutation, baseline: Genesis = BASE) -> list[Finding]:
    return list(derive(baseline, mutations, shelf.documents, SETTINGS, None))


V2 = PolicyObserved(POLICY, True, "v2", READ_WRITE, (("v1", READ), ("v2", READ_WRITE)))


@pytest.mark.parametrize(
    ("observed", "late"),
    [
        (V2, VersionCreated(POLICY, "v2", READ_WRITE, default=True)),
        (
            RoleObserved(
                ROLE,
                ROLE_ARN,
                attached=(POLICY,),
                inline=(("i", READ_WRITE),),
                trust_sha256=TRUST,
            ),
            InlinePolicyPut(ROLE, "i", READ_WRITE),
        ),
        (
            RoleObserved(ROLE, ROLE_ARN, attached=(POLICY,), trust_sha256=OPEN_TRUST),
            TrustChanged(ROLE, OPEN_TRUST),
        ),
        (
            PolicyUseChanged("user/ops", Use.ATTACHED, POLICY, begun=True),
            PolicyUseChanged("user/ops", Use.ATTACHED, POLICY, begun=True),
        ),
    ],
)
def test_a_late_event_takes_the_place_of_the_drift_that_showed_it(
    observed: Change, late: Change
) -> None:
    ledger = MemoryLedger()
    ledger.put_genesis(BASE, shelf.documents)
    ledger.append(drift("d", observed), {})
    first = judge(ledger, SETTINGS, None).recorded
    assert {(f.kind, f.verdict) for f in first} == {(FindingKind.DRIFT, "expansion")}

    event = mutation("e", late, time=BEFORE, actor=CUSTOMER)
    ledger.append(event, {})
    judge(ledger, SETTINGS, None)
    rows = ledger.snapshot().current.values()
    held = [f for row in rows if (f := ledger.finding(row.slot, row.finding_id)) is not None]
    refuted = [finding for finding in held if finding.kind is FindingKind.DRIFT]
    assert {finding.verdict for finding in refuted} == {"equivalent"}
    assert all("had no effect" in finding.summary for finding in refuted)
    told = [finding for finding in held if finding.kind is FindingKind.CHANGE]
    assert told == found(event)


def test_drift_is_as_of_its_own_time_though_the_same_version_is_set_again_later() -> None:
    baseline = genesis(role(attached=frozenset({POLICY})), managed(POLICY, READ, READ_WRITE))
    seen = PolicyObserved(POLICY, True, "v2", READ_WRITE)
    findings = found(
        drift("d", seen),
        mutation("1", DefaultVersionSet(POLICY, "v1"), time=AFTER),
        mutation("2", DefaultVersionSet(POLICY, "v2"), time="2026-06-01T14:00:00Z"),
        baseline=baseline,
    )
    verdicts = [f.verdict for f in findings if f.subject.type is SubjectType.ROLE]
    assert verdicts == ["expansion", "reduction", "expansion"]


def test_drift_of_the_second_of_an_event_comes_after_it() -> None:
    event = mutation("z", VersionCreated(POLICY, "v2", READ_WRITE, default=True))
    (first, last) = steps(BASE, [drift("a", V2), event])
    assert (first.mutation.event_id, last.mutation.event_id) == ("z", "a")
    assert not first.order_untold
    assert not last.order_untold


def test_a_policy_made_anew_under_its_old_name_is_not_taken_for_the_old_one() -> None:
    renewed = PolicyObserved(POLICY, True, "v1", READ_WRITE, (("v1", READ_WRITE),))
    findings = found(drift("d", renewed))
    assert {(f.subject.type.value, f.verdict) for f in findings} == {
        ("policy", "expansion"),
        ("role", "expansion"),
    }
    assert fold(BASE, [drift("d", renewed)]).policies[POLICY].sha256 == READ_WRITE


def test_a_version_that_waits_without_an_event_is_reported_ahead() -> None:
    seen = PolicyObserved(POLICY, True, "v1", READ, (("v1", READ), ("v2", READ_WRITE)))
    (finding,) = found(drift("d", seen))
    assert (finding.kind, finding.verdict) == (FindingKind.STAGED, "expansion")
    assert (finding.before.version, finding.after.version) == ("v1", "v2")


def test_older_versions_that_were_not_known_are_no_news() -> None:
    baseline = genesis(role(attached=frozenset({EXTRA})), managed(EXTRA, None, READ, default=2))
    versions = (("v1", READ_WRITE), ("v2", READ))
    assert (
        found(drift("d", PolicyObserved(EXTRA, True, "v2", READ, versions)), baseline=baseline)
        == []
    )


def test_a_boundary_that_was_removed_without_an_event_cannot_be_judged_and_is_told() -> None:
    gone = PolicyUseChanged("role/app", Use.BOUNDARY, None, begun=False)
    (finding,) = found(drift("d", gone))
    assert (finding.subject.arn, finding.verdict) == (CEILING, "undetermined")
    assert "role/app" in finding.summary
    assert "no event told" in finding.summary


def test_a_principal_that_is_gone_needs_no_boundary() -> None:
    deleted = drift("d", PrincipalDeleted("role/app"))
    assert found(deleted) == []
    assert fold(BASE, [deleted]).uses == {}


def test_aws_is_named_where_it_changed_a_policy_of_its_own() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    baseline = genesis(role(attached=frozenset({arn})), managed(arn, READ))
    change = mutation(
        "d",
        PolicyObserved(arn, True, "v2", READ_WRITE),
        kind=MutationKind.DRIFT,
        actor=Actor(ActorKind.AWS),
    )
    (finding,) = [f for f in found(change, baseline=baseline) if f.subject.type is SubjectType.ROLE]
    assert finding.verdict == "expansion"
    assert finding.summary.startswith("AWS changed")


def test_a_policy_that_the_drift_found_attached_is_judged_as_a_whole() -> None:
    seen = RoleObserved(ROLE, ROLE_ARN, attached=(POLICY, EXTRA), trust_sha256=TRUST)
    policy = PolicyObserved(EXTRA, True, "v1", READ_WRITE, (("v1", READ_WRITE),))
    (finding,) = found(drift("d", seen, policy))
    assert (finding.subject.arn, finding.verdict) == (ROLE_ARN, "expansion")
    late = mutation("e", PolicyAttached(ROLE, EXTRA, "v1", READ_WRITE), time=BEFORE)
    assert [f.event_id for f in found(drift("d", seen, policy), late)] == ["e"]
