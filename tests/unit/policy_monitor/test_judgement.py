from collections.abc import Mapping, Sequence
from typing import Any

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
    deny,
    genesis,
    managed,
    mutation,
    policy,
    role,
    statement,
    trust,
)

from policy_monitor import catalogue
from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.derivation import derive
from policy_monitor.effects import EFFECTS
from policy_monitor.errors import LedgerMovedError, RetryableError
from policy_monitor.findings import Finding, FindingKind, Severity, Subject, SubjectType
from policy_monitor.judgement import judge
from policy_monitor.ledger import Current, Genesis
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    PolicyObserved,
    PolicyUseChanged,
    RoleCreated,
    RoleDeleted,
    RoleObserved,
    RoleTagged,
    RoleUpdated,
    TrustChanged,
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.ordering import ALTERED, RANKS
from policy_monitor.records import finding_json, read_finding
from policy_monitor.state import AccountState
from policy_monitor.summary import DEEDS
from policy_monitor.transitions import TRANSITIONS

shelf = Shelf()
READ = shelf(allow("s3:GetObject"))
READ_WRITE = shelf(allow("s3:GetObject", "s3:PutObject"))
WRITE = shelf(allow("s3:PutObject"))
READ_OTHERWISE = shelf(
    policy(statement("Allow", "s3:GetObject"), statement("Allow", "s3:getobject"))
)
NO_WRITE = shelf(deny("s3:PutObject"))
TRUST, OPEN_TRUST = shelf(trust()), shelf(trust("*"))
LATER = "2026-06-01T12:00:01Z"

BASE = genesis(role(attached=frozenset({POLICY}), trust=TRUST), managed(POLICY, READ))


def found(
    baseline: Genesis, *mutations: Mutation, documents: dict[str, Any] | None = None
) -> tuple[Finding, ...]:
    known = shelf.documents if documents is None else documents
    return derive(baseline, mutations, known, SETTINGS, catalogue.load())


def verdicts(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return sorted((finding.subject.type.value, finding.verdict) for finding in findings)


def one(findings: Sequence[Finding], subject: SubjectType = SubjectType.ROLE) -> Finding:
    (finding,) = (f for f in findings if f.subject.type is subject)
    return finding


def reasons(finding: Finding) -> list[str]:
    return [reason["code"] for reason in finding.comparison["undetermined"]]


def gained(finding: Finding) -> set[str]:
    return {action for grant in finding.comparison["gained"] for action in grant["actions"]}


def lost(finding: Finding) -> set[str]:
    return {action for grant in finding.comparison["lost"] for action in grant["actions"]}


@pytest.mark.parametrize(
    "table",
    [TRANSITIONS, EFFECTS, RANKS, ALTERED, DEEDS],
    ids=["transitions", "effects", "ordering.RANKS", "ordering.ALTERED", "summary"],
)
def test_every_kind_of_change_has_an_effect_an_order_and_words(table: Mapping[type, Any]) -> None:
    assert set(table) == set(Change.__value__.__args__)


# ------------------------------------------------------------------ the role and its policies


@pytest.mark.parametrize(
    ("sha256", "verdict"),
    [
        (READ_WRITE, "expansion"),
        (WRITE, "mixed"),
        (READ_OTHERWISE, "equivalent"),
        (shelf(policy()), "reduction"),
    ],
)
def test_a_new_default_version_is_judged_for_the_policy_and_for_the_role(
    sha256: str, verdict: str
) -> None:
    findings = found(BASE, mutation("1", VersionCreated(POLICY, "v2", sha256, default=True)))
    assert verdicts(findings) == [("policy", verdict), ("role", verdict)]
    by_itself = one(findings, SubjectType.POLICY)
    assert (by_itself.before.version, by_itself.after.version) == ("v1", "v2")
    assert (by_itself.before.sha256, by_itself.after.sha256) == (READ, sha256)


def test_a_default_set_back_undoes_what_the_version_gave() -> None:
    baseline = genesis(role(attached=frozenset({POLICY})), managed(POLICY, READ, WRITE, default=2))
    findings = found(baseline, mutation("1", DefaultVersionSet(POLICY, "v1")))
    assert (gained(one(findings)), lost(one(findings))) == ({"s3:GetObject"}, {"s3:PutObject"})


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (PolicyAttached(ROLE, EXTRA, "v1", WRITE), "expansion"),
        (PolicyAttached(ROLE, EXTRA, "v1", NO_WRITE), "equivalent"),
        (PolicyDetached(ROLE, POLICY), "reduction"),
        (InlinePolicyPut(ROLE, "i", WRITE), "expansion"),
        (InlinePolicyDeleted(ROLE, "i"), "equivalent"),
        (BoundaryPut(ROLE, CEILING, "v1", WRITE), "reduction"),
        (RoleUpdated(ROLE, 43200), "equivalent"),
        (RoleTagged(ROLE, (("a", "b"),)), "equivalent"),
    ],
)
def test_a_change_of_the_role_is_judged_as_its_effective_access(
    change: Change, verdict: str
) -> None:
    assert verdicts(found(BASE, mutation("1", change))) == [("role", verdict)]


def test_attaching_a_policy_under_a_deny_changes_nothing() -> None:
    baseline = genesis(
        role(attached=frozenset({POLICY}), inline={"guard": NO_WRITE}), managed(POLICY, READ)
    )
    attach = mutation("1", PolicyAttached(ROLE, EXTRA, "v1", WRITE))
    assert verdicts(found(baseline, attach)) == [("role", "equivalent")]


def test_attaching_a_policy_outside_the_boundary_changes_nothing() -> None:
    baseline = genesis(
        role(attached=frozenset({POLICY}), boundary=CEILING),
        managed(POLICY, READ),
        managed(CEILING, READ),
    )
    attach = mutation("1", PolicyAttached(ROLE, EXTRA, "v1", WRITE))
    assert verdicts(found(baseline, attach)) == [("role", "equivalent")]
    lift = mutation("2", BoundaryDeleted(ROLE), time=LATER)
    finding = one(found(baseline, attach, lift)[1:])
    assert (finding.verdict, gained(finding)) == ("expansion", {"s3:PutObject"})


def test_a_wider_boundary_that_the_role_does_not_use_is_judged_by_itself_only() -> None:
    baseline = genesis(
        role(attached=frozenset({POLICY})), managed(POLICY, READ), managed(CEILING, READ)
    )
    wider = mutation("1", VersionCreated(CEILING, "v2", READ_WRITE, default=True))
    assert verdicts(found(baseline, wider)) == [("policy", "expansion")]


def test_a_wider_boundary_of_the_role_that_changes_nothing_for_it_says_both() -> None:
    baseline = genesis(
        role(attached=frozenset({POLICY}), boundary=CEILING),
        managed(POLICY, READ),
        managed(CEILING, READ),
    )
    wider = mutation("1", VersionCreated(CEILING, "v2", READ_WRITE, default=True))
    assert verdicts(found(baseline, wider)) == [("policy", "expansion"), ("role", "equivalent")]


def test_a_finding_on_a_boundary_lists_whom_it_bounds() -> None:
    baseline = genesis(
        role(boundary=CEILING),
        managed(CEILING, READ),
        uses={CEILING: frozenset({("role/worker", Use.BOUNDARY), ("user/ada", Use.ATTACHED)})},
    )
    wider = mutation("1", VersionCreated(CEILING, "v2", READ_WRITE, default=True))
    gone = mutation("0", PolicyUseChanged("user/ada", Use.ATTACHED, CEILING, begun=False))
    finding = one(found(baseline, gone, wider)[1:], SubjectType.POLICY)
    assert finding.used_by == ((f"role/{ROLE}", Use.BOUNDARY), ("role/worker", Use.BOUNDARY))
    assert read_finding(finding_json(finding)) == finding


def test_a_deny_that_is_lifted_from_a_policy_is_a_gain_of_that_policy() -> None:
    baseline = genesis(role(), managed(POLICY, NO_WRITE))
    emptied = mutation("1", VersionCreated(POLICY, "v2", shelf(policy()), default=True))
    assert verdicts(found(baseline, emptied)) == [("policy", "expansion")]


def test_a_policy_whose_name_matches_nothing_counts_while_it_is_attached() -> None:
    baseline = genesis(role(attached=frozenset({EXTRA})), managed(EXTRA, READ))
    wider = mutation("1", VersionCreated(EXTRA, "v2", READ_WRITE, default=True))
    assert verdicts(found(baseline, wider)) == [("policy", "expansion"), ("role", "expansion")]
    detach = mutation("0", PolicyDetached(ROLE, EXTRA), time="2026-06-01T11:00:00Z")
    assert verdicts(found(baseline, detach, wider)) == [("role", "reduction")]


def test_a_version_that_takes_effect_before_its_policy_is_attached_is_known_then() -> None:
    baseline = genesis(role())
    made = mutation("1", VersionCreated(EXTRA, "v7", WRITE, default=True))
    attach = mutation("2", PolicyAttached(ROLE, EXTRA), time=LATER)
    (finding,) = found(baseline, made, attach)
    assert (finding.event_id, finding.verdict) == ("2", "expansion")


def test_a_staged_version_is_told_ahead_and_again_when_it_takes_effect() -> None:
    staged = mutation("1", VersionCreated(POLICY, "v2", READ_WRITE, default=False))
    (ahead,) = found(BASE, staged)
    assert (ahead.kind, ahead.verdict) == (FindingKind.STAGED, "expansion")
    assert ahead.subject == Subject(SubjectType.POLICY, POLICY)
    assert ahead.severity is Severity.MEDIUM
    in_force = mutation("2", DefaultVersionSet(POLICY, "v2"), time=LATER)
    assert verdicts(found(BASE, staged, in_force)[1:]) == [
        ("policy", "expansion"),
        ("role", "expansion"),
    ]


def test_deleting_a_version_changes_nothing() -> None:
    baseline = genesis(role(), managed(POLICY, READ, WRITE))
    assert verdicts(found(baseline, mutation("1", VersionDeleted(POLICY, "v2")))) == [
        ("policy", "equivalent")
    ]


def test_a_watched_policy_that_comes_or_goes_gains_or_loses_all() -> None:
    created = mutation("1", PolicyCreated(POLICY, "v1", READ))
    assert verdicts(found(genesis(role()), created)) == [("policy", "expansion")]
    deleted = mutation("1", PolicyDeleted(POLICY))
    assert verdicts(found(genesis(role(), managed(POLICY, READ)), deleted)) == [
        ("policy", "reduction")
    ]


# ------------------------------------------------------------------ trust, creation, other users


@pytest.mark.parametrize(("sha256", "verdict"), [(OPEN_TRUST, "expansion"), (TRUST, "equivalent")])
def test_a_trust_policy_is_judged_as_who_may_assume_the_role(sha256: str, verdict: str) -> None:
    findings = found(BASE, mutation("1", TrustChanged(ROLE, sha256)))
    assert verdicts(findings) == [("trust", verdict)]


def test_a_created_role_begins_with_nothing_but_its_trust() -> None:
    created = mutation("2", RoleCreated(ROLE, ROLE_ARN, TRUST))
    put = mutation("1", InlinePolicyPut(ROLE, "i", READ))  # of the same second, with a smaller id
    findings = found(genesis(), created, put)
    assert [(f.event_id, f.subject.type, f.verdict) for f in findings] == [
        ("2", "role", "equivalent"),
        ("2", "trust", "expansion"),
        ("1", "role", "expansion"),
    ]


def test_a_role_that_is_created_needs_no_baseline() -> None:
    created = mutation("1", RoleCreated(ROLE, ROLE_ARN, TRUST))
    attach = mutation("2", PolicyAttached(ROLE, EXTRA, "v1", READ), time=LATER)
    findings = found(Genesis("2026-01-01T00:00:00Z", AccountState()), created, attach)
    assert one(findings[2:]).verdict == "expansion"


def test_a_deleted_role_loses_its_trust() -> None:
    deleted = mutation("1", RoleDeleted(ROLE))
    assert verdicts(found(genesis(role(trust=TRUST)), deleted)) == [
        ("role", "equivalent"),
        ("trust", "reduction"),
    ]


@pytest.mark.parametrize(
    ("begun", "verdict", "severity"),
    [(True, "expansion", Severity.HIGH), (False, "reduction", Severity.LOW)],
)
def test_another_principal_gains_what_a_watched_policy_allows(
    begun: bool, verdict: str, severity: Severity
) -> None:
    use = PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun)
    finding = one(found(BASE, mutation("1", use)), SubjectType.POLICY)
    assert (finding.verdict, finding.severity) == (verdict, severity)


@pytest.mark.parametrize("event_name", ["CreateRole", "CreateUser"])
def test_a_principal_created_under_a_boundary_can_do_nothing_yet(event_name: str) -> None:
    use = PolicyUseChanged("role/worker", Use.BOUNDARY, CEILING, begun=True)
    findings = found(
        genesis(role(), managed(CEILING, READ)), mutation("1", use, event_name=event_name)
    )
    assert verdicts(findings) == [("policy", "equivalent")]


def test_a_principal_whose_watched_boundary_is_removed_is_undetermined() -> None:
    baseline = genesis(
        role(),
        managed(CEILING, READ),
        uses={CEILING: frozenset({("role/worker", Use.BOUNDARY)})},
    )
    removed = mutation("1", PolicyUseChanged("role/worker", Use.BOUNDARY, None, begun=False))
    (finding,) = found(baseline, removed)
    assert (finding.subject.arn, finding.verdict, finding.severity) == (
        CEILING,
        "undetermined",
        Severity.HIGH,
    )
    assert reasons(finding) == ["boundary-removed"]
    of_another = mutation("1", PolicyUseChanged("role/other", Use.BOUNDARY, None, begun=False))
    assert found(baseline, of_another) == ()


def test_a_watched_boundary_replaced_by_another_policy_is_compared_with_it() -> None:
    uses = {CEILING: frozenset({("role/worker", Use.BOUNDARY)})}
    baseline = genesis(role(), managed(CEILING, READ), managed(EXTRA, READ_WRITE), uses=uses)
    moved = mutation("1", PolicyUseChanged("role/worker", Use.BOUNDARY, EXTRA, begun=True))
    (finding,) = found(baseline, moved)
    assert (finding.subject.arn, finding.verdict) == (CEILING, "expansion")
    unknown = genesis(role(), managed(CEILING, READ), uses=uses)
    (finding,) = found(unknown, moved)
    assert (finding.verdict, reasons(finding)) == ("undetermined", ["version-unknown"])


def test_a_boundary_that_is_set_may_replace_one_that_is_not_watched() -> None:
    put = mutation("1", PolicyUseChanged("role/worker", Use.BOUNDARY, CEILING, begun=True))
    (finding,) = found(genesis(role(), managed(CEILING, READ)), put)
    assert reasons(finding) == ["earlier-boundary-unknown"]


# ------------------------------------------------------------------ what is not known


def test_a_document_that_is_gone_is_undetermined_and_high() -> None:
    attach = mutation("1", PolicyAttached(ROLE, EXTRA, "v3", None))
    finding = one(found(BASE, attach))
    assert (finding.verdict, finding.severity) == ("undetermined", Severity.HIGH)
    assert reasons(finding) == ["document-unknown"]
    assert "v3" in finding.comparison["undetermined"][0]["sentence"]
    assert finding.after.sha256 is None


def test_a_document_that_the_ledger_lost_is_undetermined() -> None:
    attach = mutation("1", PolicyAttached(ROLE, EXTRA, "v1", WRITE))
    known = {READ: shelf.documents[READ]}
    assert reasons(one(found(BASE, attach, documents=known))) == ["document-missing"]


def test_a_document_that_is_no_policy_is_undetermined() -> None:
    strange = shelf({"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]})
    attach = mutation("1", PolicyAttached(ROLE, EXTRA, "v1", strange))
    assert reasons(one(found(BASE, attach))) == ["unreadable-document"]


def test_a_role_without_a_baseline_is_undetermined() -> None:
    attach = mutation("1", PolicyAttached(ROLE, EXTRA, "v1", WRITE))
    finding = one(found(Genesis("2026-01-01T00:00:00Z", AccountState()), attach))
    assert (finding.verdict, reasons(finding)) == ("undetermined", ["no-baseline"])


def test_a_policy_that_stays_the_same_is_equivalent_even_if_nobody_knows_it() -> None:
    baseline = genesis(role(), managed(POLICY, None))
    again = mutation("1", DefaultVersionSet(POLICY, "v1"))
    assert verdicts(found(baseline, again)) == [("policy", "equivalent")]


def test_masked_external_ids_in_patterns_do_not_claim_a_reduction() -> None:
    def trusting(value: str) -> str:
        condition = {"StringLike": {"sts:ExternalId": value}}
        document = trust()
        document["Statement"][0]["Condition"] = condition
        return shelf(document)

    one_id = trusting("****#00112233445566778899aabbccddeeff*")
    other = trusting("****#ffeeddccbbaa99887766554433221100*")
    baseline = genesis(role(trust=one_id))
    (finding,) = found(baseline, mutation("1", TrustChanged(ROLE, other)))
    assert finding.verdict in ("expansion", "mixed", "undetermined")


# ------------------------------------------------------------------ attempts, omissions, drift


def attempt(target: str, **fields: Any) -> Mutation:
    return mutation("1", kind=MutationKind.ATTEMPT, target=target, error="AccessDenied", **fields)


@pytest.mark.parametrize(
    ("target", "subject"),
    [
        (ROLE, Subject(SubjectType.ROLE, ROLE_ARN)),
        (POLICY, Subject(SubjectType.POLICY, POLICY)),
        ("another", Subject(SubjectType.ROLE, ROLE_ARN)),
        ("", Subject(SubjectType.ROLE, ROLE_ARN)),
    ],
)
def test_a_refused_call_is_told_of_what_is_watched(target: str, subject: Subject) -> None:
    (finding,) = found(BASE, attempt(target))
    assert (finding.subject, finding.kind, finding.verdict) == (
        subject,
        FindingKind.ATTEMPT,
        "equivalent",
    )
    assert finding.severity is Severity.MEDIUM
    (by_customer,) = found(BASE, attempt(target, actor=CUSTOMER))
    assert by_customer.severity is Severity.LOW


def test_a_refused_change_of_trust_is_about_trust() -> None:
    (finding,) = found(BASE, attempt(ROLE, event_name="UpdateAssumeRolePolicy"))
    assert finding.subject.type is SubjectType.TRUST


def omitted(*changes: Change, target: str = ROLE, name: str = "UpdateAssumeRolePolicy") -> Mutation:
    return mutation("1", *changes, kind=MutationKind.OMITTED, target=target, event_name=name)


def test_an_omitted_call_is_judged_by_what_iam_shows() -> None:
    assert verdicts(found(BASE, omitted(TrustChanged(ROLE, OPEN_TRUST)))) == [
        ("trust", "expansion")
    ]


@pytest.mark.parametrize("changes", [(), (TrustChanged(ROLE, TRUST),)])
def test_an_omitted_call_after_which_iam_shows_nothing_new_is_undetermined(
    changes: tuple[Change, ...],
) -> None:
    (finding,) = found(BASE, omitted(*changes))
    assert (finding.subject.type, finding.verdict, finding.severity) == (
        SubjectType.TRUST,
        "undetermined",
        Severity.HIGH,
    )
    assert reasons(finding) == ["omitted"]


def test_an_omitted_call_on_a_policy_that_bears_on_nothing_is_no_finding() -> None:
    assert found(BASE, omitted(target=EXTRA, name="CreatePolicyVersion")) == ()
    assert verdicts(found(BASE, omitted(target=POLICY, name="CreatePolicyVersion"))) == [
        ("policy", "undetermined")
    ]


def test_drift_is_told_of_what_differs_only() -> None:
    seen = RoleObserved(ROLE, ROLE_ARN, attached=(POLICY, EXTRA), trust_sha256=TRUST)
    drift = mutation(
        "1",
        seen,
        PolicyObserved(EXTRA, version="v1", sha256=WRITE),
        PolicyObserved(POLICY, version="v1", sha256=READ),
        kind=MutationKind.DRIFT,
    )
    (finding,) = found(BASE, drift)
    assert (finding.subject.type, finding.kind, finding.verdict) == (
        SubjectType.ROLE,
        FindingKind.DRIFT,
        "expansion",
    )


def test_drift_that_is_none_is_no_finding() -> None:
    seen = RoleObserved(ROLE, ROLE_ARN, attached=(POLICY,), trust_sha256=TRUST)
    assert found(BASE, mutation("1", seen, kind=MutationKind.DRIFT)) == ()


# ------------------------------------------------------------------ one second, two readings


def test_of_two_readings_of_one_second_the_wider_is_told_and_said_to_be() -> None:
    baseline = genesis(
        role(attached=frozenset({POLICY})), managed(POLICY, shelf(policy()), READ, READ_WRITE)
    )
    for narrow, wide in (("1", "2"), ("2", "1")):
        findings = found(
            baseline,
            mutation(narrow, DefaultVersionSet(POLICY, "v2")),
            mutation(wide, DefaultVersionSet(POLICY, "v3")),
        )
        last = one(findings[-2:])
        assert (last.event_id, last.verdict, gained(last)) == (wide, "expansion", {"s3:PutObject"})
        assert all("another order" in finding.summary for finding in findings)


def test_finding_ids_tell_findings_apart() -> None:
    findings = found(
        BASE,
        mutation("1", VersionCreated(POLICY, "v2", READ_WRITE, default=True)),
        mutation("2", VersionCreated(POLICY, "v3", WRITE, default=True), time=LATER),
        mutation("3", DefaultVersionSet(POLICY, "v2"), time="2026-06-01T12:00:02Z"),
    )
    assert len({finding.finding_id for finding in findings}) == len(findings) == 6
    assert len({finding.slot for finding in findings}) == 6


# ------------------------------------------------------------------ the ledger


def ledger_with(*mutations: Mutation, baseline: Genesis | None = BASE) -> MemoryLedger:
    ledger = MemoryLedger()
    for each in mutations:
        ledger.append(each, shelf.documents)
    if baseline is not None:
        ledger.put_genesis(baseline, shelf.documents)
    return ledger


def judged(ledger: MemoryLedger) -> tuple[Finding, ...]:
    return judge(ledger, SETTINGS, catalogue.load()).recorded


WIDER = mutation("1", VersionCreated(POLICY, "v2", READ_WRITE, default=True))


def test_findings_are_recorded_once() -> None:
    ledger = ledger_with(WIDER)
    assert len(judged(ledger)) == 2
    assert judged(ledger) == ()
    assert ledger.snapshot().derived == ledger.snapshot().seq == 2


def test_without_a_baseline_nothing_is_derived_and_with_it_everything() -> None:
    ledger = ledger_with(WIDER, baseline=None)
    assert judged(ledger) == ()
    assert ledger.snapshot().derived == 0
    ledger.put_genesis(BASE, shelf.documents)
    assert len(judged(ledger)) == 2


def test_the_policys_finding_is_told_with_the_roles_where_both_say_the_same() -> None:
    ledger = ledger_with(WIDER)
    findings = judged(ledger)
    current = ledger.snapshot().current
    by_role, by_policy = one(findings), one(findings, SubjectType.POLICY)
    assert current[by_policy.slot].told_with == by_role.finding_id
    assert current[by_role.slot].told_with is None


def test_the_policys_finding_is_told_by_itself_where_the_role_says_something_else() -> None:
    baseline = genesis(
        role(attached=frozenset({POLICY}), boundary=CEILING),
        managed(POLICY, READ),
        managed(CEILING, READ),
    )
    ledger = ledger_with(WIDER, baseline=baseline)
    findings = judged(ledger)
    assert verdicts(findings) == [("policy", "expansion"), ("role", "equivalent")]
    assert {row.told_with for row in ledger.snapshot().current.values()} == {None}


def test_a_late_event_corrects_what_follows() -> None:
    ledger = ledger_with(WIDER)
    first = one(judged(ledger))
    late = mutation("0", InlinePolicyPut(ROLE, "i", WRITE), time="2026-06-01T11:00:00Z")
    ledger.append(late, shelf.documents)
    findings = judged(ledger)
    corrected = one([f for f in findings if f.event_id == "1"])
    assert (first.verdict, corrected.verdict) == ("expansion", "equivalent")
    assert ledger.snapshot().current[first.slot] == Current(
        first.slot, corrected.finding_id, 2, first.finding_id
    )


def test_a_policys_finding_is_told_when_the_roles_no_longer_says_the_same() -> None:
    ledger = ledger_with(WIDER)
    by_policy = one(judged(ledger), SubjectType.POLICY)
    late = mutation("0", InlinePolicyPut(ROLE, "i", WRITE), time="2026-06-01T11:00:00Z")
    ledger.append(late, shelf.documents)
    judged(ledger)
    row = ledger.snapshot().current[by_policy.slot]
    assert (row.finding_id, row.revision, row.told_with) == (by_policy.finding_id, 2, None)


def test_a_finding_that_later_facts_refute_is_withdrawn_once() -> None:
    baseline = genesis(role(attached=frozenset({EXTRA})), managed(EXTRA, READ))
    wider = mutation("2", VersionCreated(EXTRA, "v2", READ_WRITE, default=True))
    ledger = ledger_with(wider, baseline=baseline)
    first = judged(ledger)
    detach = mutation("1", PolicyDetached(ROLE, EXTRA), time="2026-06-01T11:00:00Z")
    ledger.append(detach, shelf.documents)
    second = judged(ledger)
    withdrawn = [f for f in second if f.event_id == "2"]
    assert {f.slot for f in withdrawn} == {f.slot for f in first}
    assert {f.verdict for f in withdrawn} == {"equivalent"}
    assert all("no effect" in f.summary for f in withdrawn)
    assert {ledger.snapshot().current[f.slot].previous for f in withdrawn} == {
        f.finding_id for f in first
    }
    assert judged(ledger) == ()


def test_other_kinds_of_findings_are_left_alone() -> None:
    ledger = ledger_with(WIDER)
    (finding, *_) = judged(ledger)
    baseline_finding = finding._replace(kind=FindingKind.BASELINE, finding_id="b")
    row = Current(baseline_finding.slot, "b", 1)
    ledger.record(ledger.snapshot().seq, [(baseline_finding, row)])
    assert judged(ledger) == ()
    assert ledger.snapshot().current[row.slot] == row


class MovingLedger(MemoryLedger):
    """Takes a new fact just before each of the first writes."""

    def __init__(self, moves: int) -> None:
        super().__init__()
        self.moves = moves

    def record(self, seq: int, findings: Sequence[tuple[Finding, Current]]) -> None:
        if self.moves:
            self.moves -= 1
            self.append(mutation(f"m{self.moves}", time=NOON), {})
            raise LedgerMovedError("moved")
        super().record(seq, findings)


def test_findings_are_derived_again_when_the_ledger_moved() -> None:
    ledger = MovingLedger(2)
    ledger.put_genesis(BASE, shelf.documents)
    ledger.append(WIDER, shelf.documents)
    assert len(judged(ledger)) == 2
    assert ledger.snapshot().derived == ledger.snapshot().seq == 4


def test_a_ledger_that_never_rests_is_left_for_the_next_call() -> None:
    ledger = MovingLedger(1000)
    ledger.put_genesis(BASE, shelf.documents)
    ledger.append(WIDER, shelf.documents)
    with pytest.raises(RetryableError, match="try again"):
        judged(ledger)
    assert ledger.snapshot().current == {}
    assert ledger.snapshot().derived == 0
