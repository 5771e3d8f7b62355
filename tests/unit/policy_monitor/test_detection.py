import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.histories import ACCOUNT, EXTRA, POLICY, ROLE, ROLE_ARN, SETTINGS, allow, trust
from tests.iam_events import OTHER_POLICY, iam_event

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.detection import detect
from policy_monitor.documents import digest
from policy_monitor.errors import RetryableError, UnreadableEventError
from policy_monitor.masks import mask
from policy_monitor.mutations import (
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PolicyAttached,
    PolicyCreated,
    PolicyObserved,
    RoleCreated,
    RoleObserved,
    TrustChanged,
    VersionCreated,
)

KEY = b"a key for tests"
READ, WRITE = allow("s3:GetObject"), allow("s3:PutObject")
TRUST = trust()
TRUST["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "a-secret-between-us"}}


def managed(arn: str, *documents: Mapping[str, Any], default: int = 1) -> dict[str, Any]:
    return {
        "Arn": arn,
        "PolicyName": arn.rsplit("/", 1)[1],
        "DefaultVersionId": f"v{default}",
        "PolicyVersionList": [
            {"VersionId": f"v{number}", "Document": document}
            for number, document in enumerate(documents, 1)
        ],
    }


IAM: dict[str, Any] = {
    "UserDetailList": [],
    "GroupDetailList": [],
    "RoleDetailList": [
        {
            "RoleName": ROLE,
            "Arn": ROLE_ARN,
            "AssumeRolePolicyDocument": TRUST,
            "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": WRITE}],
            "AttachedManagedPolicies": [{"PolicyArn": POLICY}, {"PolicyArn": EXTRA}],
            "Tags": [],
        }
    ],
    "Policies": [managed(POLICY, READ, WRITE, default=2), managed(EXTRA, READ)],
}
READ_SHA, WRITE_SHA = digest(READ), digest(WRITE)
TRUST_SHA = digest(mask(TRUST, KEY))


def recorded(
    event: dict[str, Any], details: Mapping[str, Any] = IAM
) -> tuple[Mutation, Mapping[str, Any]]:
    ledger = MemoryLedger()
    detect(event, ledger, MemoryIam(details), SETTINGS, KEY)
    (mutation,) = ledger.snapshot().mutations
    known = {READ_SHA, WRITE_SHA, TRUST_SHA}
    return mutation, ledger.documents(known)


@pytest.mark.parametrize(
    ("name", "parameters", "answer", "change"),
    [
        (
            "AttachRolePolicy",
            {"roleName": ROLE, "policyArn": POLICY},
            None,
            PolicyAttached(ROLE, POLICY, "v2", WRITE_SHA),
        ),
        (
            "PutRolePermissionsBoundary",
            {"roleName": ROLE, "permissionsBoundary": POLICY},
            None,
            BoundaryPut(ROLE, POLICY, "v2", WRITE_SHA),
        ),
        (
            "CreateRole",
            {
                "roleName": ROLE,
                "assumeRolePolicyDocument": json.dumps(TRUST),
                "permissionsBoundary": POLICY,
            },
            None,
            RoleCreated(ROLE, ROLE_ARN, TRUST_SHA, POLICY, "v2", WRITE_SHA),
        ),
        (
            "SetDefaultPolicyVersion",
            {"policyArn": POLICY, "versionId": "v1"},
            None,
            DefaultVersionSet(POLICY, "v1", READ_SHA),
        ),
        (
            "CreatePolicyVersion",
            {"policyArn": POLICY, "setAsDefault": True},
            {"policyVersion": {"versionId": "v2", "isDefaultVersion": True}},
            VersionCreated(POLICY, "v2", WRITE_SHA, default=True),
        ),
        (
            "CreatePolicy",
            {"policyName": "support-extra"},
            {"policy": {"arn": EXTRA}},
            PolicyCreated(EXTRA, "v1", READ_SHA),
        ),
    ],
)
def test_what_the_event_does_not_carry_is_read_from_iam(
    name: str, parameters: dict[str, Any], answer: Any, change: Change
) -> None:
    mutation, documents = recorded(iam_event(name, parameters, responseElements=answer))
    assert (mutation.kind, mutation.changes) == (MutationKind.CHANGE, (change,))
    for sha256 in filter(None, (getattr(change, "sha256", None),)):
        assert sha256 in documents


def test_what_the_event_carries_is_not_read() -> None:
    event = iam_event(
        "PutRolePolicy",
        {"roleName": ROLE, "policyName": "i", "policyDocument": json.dumps(READ)},
    )
    mutation, documents = recorded(event, {})
    assert mutation.changes == (InlinePolicyPut(ROLE, "i", READ_SHA),)
    assert documents == {READ_SHA: READ}


@pytest.mark.parametrize(
    ("name", "parameters", "change"),
    [
        ("AttachRolePolicy", {"roleName": ROLE, "policyArn": POLICY}, PolicyAttached(ROLE, POLICY)),
        (
            "SetDefaultPolicyVersion",
            {"policyArn": POLICY, "versionId": "v9"},
            DefaultVersionSet(POLICY, "v9"),
        ),
    ],
)
def test_a_version_that_is_gone_stays_unknown(
    name: str, parameters: dict[str, Any], change: Change
) -> None:
    mutation, _ = recorded(iam_event(name, parameters), {})
    assert mutation.changes == (change,)


@pytest.mark.parametrize("parameters", [None, {"roleName": ROLE, "policyDocument": None}])
def test_an_omitted_trust_policy_is_read_from_iam_masked(parameters: Any) -> None:
    mutation, documents = recorded(iam_event("UpdateAssumeRolePolicy", parameters))
    assert mutation.kind is MutationKind.OMITTED
    assert mutation.changes == (TrustChanged(ROLE, TRUST_SHA),)
    assert "a-secret-between-us" not in repr(documents[TRUST_SHA])


def test_an_omitted_inline_policy_is_one_of_those_that_iam_shows() -> None:
    mutation, _ = recorded(iam_event("PutRolePolicy", None))
    assert mutation.changes == (InlinePolicyPut(ROLE, "inline", WRITE_SHA),)


def test_an_omitted_creation_shows_the_role_and_what_bears_on_it() -> None:
    mutation, _ = recorded(iam_event("CreateRole", None))
    assert mutation.changes == (
        RoleObserved(
            ROLE,
            ROLE_ARN,
            attached=(POLICY, EXTRA),
            inline=(("inline", WRITE_SHA),),
            trust_sha256=TRUST_SHA,
        ),
        PolicyObserved(POLICY, version="v2", sha256=WRITE_SHA),
        PolicyObserved(EXTRA, version="v1", sha256=READ_SHA),
    )


def test_an_omitted_creation_says_nothing_of_a_policy_that_iam_does_not_list() -> None:
    mutation, _ = recorded(iam_event("CreateRole", None), {**IAM, "Policies": []})
    assert [type(change) for change in mutation.changes] == [RoleObserved]


def test_an_omitted_call_on_a_role_that_is_gone_says_so() -> None:
    none = {**IAM, "RoleDetailList": []}
    mutation, _ = recorded(iam_event("CreateRole", None), none)
    assert mutation.changes == (RoleObserved(ROLE, "", exists=False),)
    mutation, _ = recorded(iam_event("UpdateAssumeRolePolicy", None), none)
    assert mutation.changes == (TrustChanged(ROLE, None),)


def test_an_omitted_version_is_read_of_the_policy_that_is_named_else_of_all_watched() -> None:
    mutation, _ = recorded(iam_event("CreatePolicyVersion", {"policyArn": POLICY}))
    assert mutation.changes == (PolicyObserved(POLICY, version="v2", sha256=WRITE_SHA),)
    mutation, _ = recorded(iam_event("CreatePolicyVersion", None))
    assert mutation.changes == (
        PolicyObserved(POLICY, version="v2", sha256=WRITE_SHA),
        PolicyObserved(EXTRA, version="v1", sha256=READ_SHA),
    )


def test_an_omitted_use_by_another_principal_reads_nothing() -> None:
    mutation, _ = recorded(iam_event("AttachUserPolicy", None))
    assert (mutation.kind, mutation.changes) == (MutationKind.OMITTED, ())


def test_an_event_is_recorded_once_however_often_it_comes() -> None:
    ledger = MemoryLedger()
    event = iam_event("DeleteRole", {"roleName": ROLE})
    for _ in range(3):
        assert detect(event, ledger, MemoryIam(), SETTINGS, KEY) is not None
    assert ledger.snapshot().seq == 1


def test_what_does_not_concern_us_is_not_recorded() -> None:
    ledger = MemoryLedger()
    ignored = iam_event("AttachRolePolicy", {"roleName": "x", "policyArn": OTHER_POLICY})
    foreign = iam_event("DeleteRole", {"roleName": ROLE}, recipientAccountId="999999999999")
    for event in (ignored, foreign):
        assert detect(event, ledger, MemoryIam(), SETTINGS, KEY, account=ACCOUNT) is None
    assert ledger.snapshot().seq == 0


class FailingIam(MemoryIam):
    def default_version(self, policy_arn: str) -> Any:
        raise RetryableError(f"policy {policy_arn}: iam:GetPolicy: Throttling; try again later")


def test_nothing_is_recorded_while_iam_does_not_answer() -> None:
    ledger = MemoryLedger()
    event = iam_event("AttachRolePolicy", {"roleName": ROLE, "policyArn": POLICY})
    with pytest.raises(RetryableError):
        detect(event, ledger, FailingIam(IAM), SETTINGS, KEY)
    assert ledger.snapshot().seq == 0


def test_nothing_is_recorded_of_an_event_that_cannot_be_understood() -> None:
    ledger = MemoryLedger()
    with pytest.raises(UnreadableEventError):
        detect({"source": "aws.iam"}, ledger, MemoryIam(IAM), SETTINGS, KEY)
    assert ledger.snapshot().seq == 0
