"""Which documents a change touched."""

from typing import Any

import pytest
from tests.histories import (
    CEILING,
    EXTRA,
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

from policy_monitor.derivation import derive
from policy_monitor.findings import (
    CHANGED,
    ChangedDocument,
    DocumentKind,
    DocumentVersion,
    Finding,
    SubjectType,
)
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    InlinePolicyDeleted,
    InlinePolicyPut,
    MutationKind,
    PolicyAttached,
    PolicyDetached,
    RoleDeleted,
    RoleObserved,
    RoleTagged,
    TrustChanged,
    VersionCreated,
)
from policy_monitor.records import finding_json, read_finding

READ, WRITE, LIST = allow("s3:GetObject"), allow("s3:PutObject"), allow("s3:ListBucket")
SHELF = Shelf()
IN_FORCE, ON_HAND = DocumentVersion("v1", SHELF(READ)), DocumentVersion(None, SHELF(LIST))
CEILED, TRUSTED = DocumentVersion("v1", SHELF(allow("s3:*"))), DocumentVersion(None, SHELF(trust()))
START = genesis(
    role(
        attached=frozenset({POLICY}),
        inline={"own": ON_HAND.sha256},
        boundary=CEILING,
        trust=TRUSTED.sha256,
    ),
    managed(POLICY, IN_FORCE.sha256),
    managed(CEILING, CEILED.sha256),
)
WRITTEN = SHELF(WRITE)


def findings(*changes: Change, **fields: Any) -> dict[SubjectType, Finding]:
    told = mutation("e", *changes, **fields)
    found = derive(START, [told], SHELF.documents, SETTINGS, None)
    return {finding.subject.type: finding for finding in found}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (
            InlinePolicyPut(ROLE, "own", WRITTEN),
            (DocumentKind.INLINE, "own", ON_HAND, DocumentVersion(None, WRITTEN)),
        ),
        (
            InlinePolicyPut(ROLE, "new", WRITTEN),
            (DocumentKind.INLINE, "new", None, DocumentVersion(None, WRITTEN)),
        ),
        (InlinePolicyDeleted(ROLE, "own"), (DocumentKind.INLINE, "own", ON_HAND, None)),
        (
            PolicyAttached(ROLE, EXTRA, "v3", WRITTEN),
            (DocumentKind.POLICY, EXTRA, None, DocumentVersion("v3", WRITTEN)),
        ),
        (
            PolicyAttached(ROLE, EXTRA, None, None),
            (DocumentKind.POLICY, EXTRA, None, DocumentVersion(None, None)),
        ),
        (PolicyDetached(ROLE, POLICY), (DocumentKind.POLICY, POLICY, IN_FORCE, None)),
        (
            VersionCreated(POLICY, "v2", WRITTEN, default=True),
            (DocumentKind.POLICY, POLICY, IN_FORCE, DocumentVersion("v2", WRITTEN)),
        ),
        (BoundaryDeleted(ROLE), (DocumentKind.BOUNDARY, CEILING, CEILED, None)),
    ],
)
def test_a_roles_finding_names_what_changed(change: Change, changed: tuple[Any, ...]) -> None:
    assert findings(change)[SubjectType.ROLE].changed == (ChangedDocument(*changed),)


def test_another_boundary_takes_the_place_of_the_one_that_was() -> None:
    finding = findings(BoundaryPut(ROLE, EXTRA, "v1", WRITTEN))[SubjectType.ROLE]
    assert [(each.name, bool(each.before), bool(each.after)) for each in finding.changed] == [
        (CEILING, True, False),
        (EXTRA, False, True),
    ]


def test_a_policys_finding_names_the_policy_in_force_and_staged() -> None:
    for default in (True, False):
        found = findings(VersionCreated(POLICY, "v2", WRITTEN, default=default))
        policy = found[SubjectType.POLICY]
        assert policy.changed == (
            ChangedDocument(DocumentKind.POLICY, POLICY, IN_FORCE, DocumentVersion("v2", WRITTEN)),
        )


def test_a_trust_policys_finding_names_the_trust_policy() -> None:
    new = SHELF(trust("arn:aws:iam::444455556666:root"))
    (changed,) = findings(TrustChanged(ROLE, new))[SubjectType.TRUST].changed
    expected = (DocumentKind.TRUST, ROLE_ARN, TRUSTED, DocumentVersion(None, new))
    assert changed == ChangedDocument(*expected)


def test_what_changes_at_once_is_named_together_and_what_stayed_is_not() -> None:
    observed = RoleObserved(
        role=ROLE,
        arn=ROLE_ARN,
        attached=(POLICY,),
        inline=(("added", WRITTEN),),
        boundary=None,
        trust_sha256=TRUSTED.sha256,
    )
    finding = findings(observed, kind=MutationKind.DRIFT)[SubjectType.ROLE]
    assert [(each.kind, each.name) for each in finding.changed] == [
        (DocumentKind.INLINE, "own"),
        (DocumentKind.BOUNDARY, CEILING),
        (DocumentKind.INLINE, "added"),
    ]


def test_a_role_that_goes_takes_all_its_documents_with_it() -> None:
    finding = findings(RoleDeleted(ROLE))[SubjectType.ROLE]
    assert {each.kind for each in finding.changed} == {
        DocumentKind.POLICY,
        DocumentKind.INLINE,
        DocumentKind.BOUNDARY,
    }
    assert all(each.after is None for each in finding.changed)


@pytest.mark.parametrize(
    "change",
    [
        RoleTagged(ROLE, (("team", "a"),)),
        InlinePolicyPut(ROLE, "own", ON_HAND.sha256),
        VersionCreated(POLICY, "v2", IN_FORCE.sha256, default=True),
    ],
)
def test_where_no_text_changed_no_document_is_named(change: Change) -> None:
    for finding in findings(change).values():
        assert finding.changed == ()
        assert "changed" not in finding_json(finding)


def test_a_finding_names_some_documents_and_counts_all_and_is_read_again() -> None:
    inline = tuple((f"i{number:03}", WRITTEN) for number in range(CHANGED + 20))
    observed = RoleObserved(
        role=ROLE,
        arn=ROLE_ARN,
        attached=(POLICY,),
        inline=inline,
        boundary=CEILING,
        trust_sha256=TRUSTED.sha256,
    )
    finding = findings(observed, kind=MutationKind.DRIFT)[SubjectType.ROLE]
    assert len(finding.changed) == CHANGED
    assert finding.changed_total == CHANGED + 21
    assert read_finding(finding_json(finding)) == finding
