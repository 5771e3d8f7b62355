from tests.histories import (
    ACCOUNT,
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
from policy_monitor.findings import Finding, SubjectType
from policy_monitor.mutations import (
    Change,
    InlinePolicyPut,
    PolicyAttached,
    TrustChanged,
    VersionCreated,
)
from policy_monitor_report.evidence import Evidence, evidence
from policy_monitor_report.sheets import Sheet, sheets

READ, WRITE = allow("s3:GetObject"), allow("s3:PutObject")


def found(shelf: Shelf, change: Change) -> dict[SubjectType, tuple[Sheet, ...]]:
    """The sheets of what one change led to, by the subject of each finding."""
    start = genesis(
        role(attached=frozenset({POLICY}), trust=shelf(trust())), managed(POLICY, shelf(READ))
    )
    rests_on = Evidence(start, (mutation("e", change),), shelf.documents)
    findings: tuple[Finding, ...] = derive(
        start, rests_on.mutations, shelf.documents, SETTINGS, None
    )
    return {finding.subject.type: sheets(finding, shelf.documents) for finding in findings}


def test_a_role_shows_the_policy_that_changed_under_its_name_and_versions() -> None:
    shelf = Shelf()
    sheet = Sheet(f"policy {POLICY}", READ, WRITE, ("v1", "v2"))
    both = found(shelf, VersionCreated(POLICY, "v2", shelf(WRITE), default=True))
    assert both == {SubjectType.ROLE: (sheet,), SubjectType.POLICY: (sheet,)}


def test_a_role_shows_what_was_attached_and_not_what_stayed() -> None:
    shelf = Shelf()
    other = f"arn:aws:iam::{ACCOUNT}:policy/other"
    (sheet,) = found(shelf, PolicyAttached(ROLE, other, "v3", shelf(WRITE)))[SubjectType.ROLE]
    assert sheet == Sheet(f"policy {other}", None, WRITE, ("", "v3"))


def test_an_inline_policy_is_named() -> None:
    shelf = Shelf()
    (sheet,) = found(shelf, InlinePolicyPut(ROLE, "extra", shelf(WRITE)))[SubjectType.ROLE]
    assert sheet == Sheet("inline policy extra", None, WRITE)


def test_a_trust_policy_is_shown_by_itself() -> None:
    shelf = Shelf()
    new = trust("arn:aws:iam::444455556666:root")
    assert found(shelf, TrustChanged(ROLE, shelf(new))) == {
        SubjectType.TRUST: (Sheet("trust policy", trust(), new),)
    }


def test_the_same_document_again_is_not_shown() -> None:
    shelf = Shelf()
    again = found(shelf, VersionCreated(POLICY, "v2", shelf(READ), default=True))
    assert set(again.values()) == {()}


def test_evidence_holds_every_document_that_facts_name_and_says_whether_all_is_judged() -> None:
    shelf = Shelf()
    ledger = MemoryLedger()
    start = genesis(role(attached=frozenset({POLICY})), managed(POLICY, shelf(READ)))
    ledger.put_genesis(start, shelf.documents)
    change = mutation("e", VersionCreated(POLICY, "v2", shelf(WRITE), default=True))
    ledger.append(change, shelf.documents)
    read = evidence(ledger)
    assert read == Evidence(start, (change,), shelf.documents, judged=False)
    ledger.mark_derived(2)
    assert evidence(ledger).judged
    assert [time for time, _ in read.states()] == [start.read_at, change.time]
    assert ROLE_ARN in {each.arn for each in read.last().roles.values()}
