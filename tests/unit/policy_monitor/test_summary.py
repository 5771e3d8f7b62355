from typing import Any

import pytest
from tests.histories import CUSTOMER, POLICY, ROLE, ROLE_ARN, mutation

from policy_monitor.access import Reason
from policy_monitor.comparisons import unchanged, undetermined
from policy_monitor.findings import FindingKind, Subject, SubjectType
from policy_monitor.mutations import (
    Actor,
    ActorKind,
    Change,
    MutationKind,
    PolicyAttached,
    PolicyUseChanged,
    RoleTagged,
    RoleUntagged,
    RoleUpdated,
    TrustChanged,
    Use,
    VersionCreated,
)
from policy_monitor.summary import summary, withdrawal

THE_ROLE = Subject(SubjectType.ROLE, ROLE_ARN)
THE_POLICY = Subject(SubjectType.POLICY, POLICY)
THE_TRUST = Subject(SubjectType.TRUST, ROLE_ARN)


def grant(*actions: str, **fields: Any) -> dict[str, Any]:
    return {
        "actions": list(actions),
        "catalogued": list(actions),
        "catalogued_total": len(actions),
        "uncatalogued": [],
        "access_levels": ["Write"],
        "resources": ["*"],
        "resources_total": 1,
        "conditions": {},
        "because": {"allowed_by": [{}], "before": "not_allowed"},
        "witness": {"principal": "", "resource": "arn:aws:s3:::x", "context": {}},
        **fields,
    }


def compared(verdict: str, gained: Any = (), lost: Any = ()) -> dict[str, Any]:
    return {
        **unchanged(),
        "verdict": verdict,
        "gained": [grant(*gained)] if gained else [],
        "lost": [grant(*lost)] if lost else [],
    }


NEW_VERSION = VersionCreated(POLICY, "v4", "a", default=True)


def said(
    comparison: Any, change: Change = NEW_VERSION, subject: Subject = THE_ROLE, **fields: Any
) -> str:
    return summary(mutation("1", change, **fields), subject, FindingKind.CHANGE, comparison)


def test_an_expansion_says_what_can_be_done_now() -> None:
    assert said(compared("expansion", ["eks:DeleteCluster"])) == (
        "The vendor (release-7) made v4 the version of AstronomerCrossAccountRole that is in "
        "force: the role can now delete EKS clusters in any region."
    )


def test_a_mixed_change_says_both_sides() -> None:
    comparison = compared("mixed", ["s3:PutObject"], ["eks:DeleteCluster"])
    assert said(comparison, subject=THE_POLICY).endswith(
        "the policy now lets its holder put S3 objects on any resource, and takes from its holder, "
        "wholly or in part, what let it delete EKS clusters."
    )


def test_an_equivalent_change_says_that_nothing_changes() -> None:
    assert said(unchanged()).endswith(f"nothing changes for {ROLE}.")


def test_what_could_not_be_judged_says_why() -> None:
    comparison = undetermined([Reason("x", "The document is not known.")])
    assert said(comparison).endswith(
        f"what that means for {ROLE} could not be judged (the document is not known)."
    )


ACCOUNT_1 = "arn:aws:iam::111111111111:root"
ACCOUNT_2 = "arn:aws:iam::222222222222:role/x"


def assuming(principal: str, before: str = "not_allowed", **context: Any) -> dict[str, Any]:
    return grant(
        "sts:AssumeRole",
        because={"allowed_by": [{}], "before": before},
        witness={"principal": principal, "resource": "*", "context": context},
    )


@pytest.mark.parametrize(
    ("gained", "lost", "words"),
    [
        ([ACCOUNT_1], [], "somebody of account 111111111111 can now assume the role."),
        ([], [ACCOUNT_2], "somebody of account 222222222222 can no longer assume the role."),
        ([ACCOUNT_1], [ACCOUNT_2], "somebody of account 222222222222 can no longer assume it."),
        (["anonymous", "ec2.amazonaws.com"], [], "anybody and ec2.amazonaws.com can now assume"),
        (
            ["a.amazonaws.com", "b.amazonaws.com", "c.amazonaws.com"],
            [],
            "a.amazonaws.com, b.amazonaws.com and 1 more can now assume the role.",
        ),
    ],
)
def test_a_trust_policy_is_told_as_who_may_come_in(gained: Any, lost: Any, words: str) -> None:
    comparison = {
        **unchanged(),
        "verdict": "mixed",
        "gained": [assuming(each) for each in gained],
        "lost": [assuming(each) for each in lost],
    }
    assert words in said(comparison, TrustChanged(ROLE, "a"), THE_TRUST)


def test_who_comes_in_by_a_lost_condition_is_told_so() -> None:
    comparison = {**unchanged(), "verdict": "expansion"}
    comparison["gained"] = [assuming(ACCOUNT_1, "condition")]
    assert (
        "somebody of account 111111111111, where a condition stopped it before, can now"
    ) in said(comparison, TrustChanged(ROLE, "a"), THE_TRUST)


def test_a_staged_version_speaks_of_the_future() -> None:
    staged = mutation("1", VersionCreated(POLICY, "v5", "a", default=False))
    assert summary(
        staged, THE_POLICY, FindingKind.STAGED, compared("expansion", ["s3:PutObject"])
    ) == (
        "The vendor (release-7) staged v5 of AstronomerCrossAccountRole, which is not in force "
        "yet: once it is the default, the policy would let its holder put S3 objects on any "
        "resource."
    )


def test_an_order_that_nothing_tells_is_said() -> None:
    text = summary(
        mutation("1", NEW_VERSION),
        THE_ROLE,
        FindingKind.CHANGE,
        compared("expansion", ["s3:PutObject"]),
        order_untold=True,
    )
    assert "another order" in text


def test_a_refused_call_says_what_was_tried() -> None:
    tried = mutation(
        "1",
        kind=MutationKind.ATTEMPT,
        event_name="DeleteRolePolicy",
        target=ROLE,
        error="AccessDenied",
    )
    assert summary(tried, THE_ROLE, FindingKind.ATTEMPT, unchanged()) == (
        f"The vendor (release-7) tried DeleteRolePolicy on {ROLE}; IAM refused it (AccessDenied)."
    )


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (CUSTOMER, "ada made"),
        (Actor(ActorKind.CUSTOMER), "Somebody in the account made"),
        (Actor(ActorKind.AWS, via="sso.amazonaws.com"), "AWS through sso.amazonaws.com made"),
        (Actor(ActorKind.UNKNOWN), "Somebody unknown made"),
        (
            Actor(ActorKind.VENDOR, session="s", via="cloudformation.amazonaws.com"),
            "The vendor (s) through cloudformation.amazonaws.com made",
        ),
    ],
)
def test_the_actor_is_named(actor: Actor, words: str) -> None:
    assert said(unchanged(), actor=actor).startswith(words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (PolicyAttached(ROLE, POLICY), f"attached AstronomerCrossAccountRole to {ROLE}"),
        (RoleUpdated(ROLE, 43200), f"updated {ROLE}, whose sessions last up to 43,200 seconds"),
        (RoleUpdated(ROLE, None), f"updated {ROLE}:"),
        (RoleTagged(ROLE, (("a", "1"), ("b", "2"))), f"set tags a, b of {ROLE}"),
        (RoleUntagged(ROLE, ("a",)), f"removed tag a of {ROLE}"),
        (
            PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=False),
            "detached AstronomerCrossAccountRole from user/ada",
        ),
        (
            PolicyUseChanged("role/x", Use.BOUNDARY, POLICY, begun=True),
            "set AstronomerCrossAccountRole as the permissions boundary of role/x",
        ),
        (
            PolicyUseChanged("role/x", Use.BOUNDARY, None, begun=False),
            "removed the permissions boundary of role/x",
        ),
        (TrustChanged(ROLE, "a"), f"replaced the trust policy of {ROLE}"),
    ],
)
def test_the_deed_is_named(change: Change, words: str) -> None:
    assert words in said(unchanged(), change, THE_TRUST)


def test_other_sources_of_facts_have_words_of_their_own() -> None:
    assert "whose parameters CloudTrail left out" in said(
        unchanged(), kind=MutationKind.OMITTED, event_name="UpdateAssumeRolePolicy"
    )
    assert "of which no event told" in said(unchanged(), kind=MutationKind.DRIFT)


def test_a_withdrawal_says_that_there_was_no_effect() -> None:
    assert withdrawal(mutation("1", NEW_VERSION), THE_ROLE).endswith(
        f"facts that came in later show that this had no effect on {ROLE}."
    )
