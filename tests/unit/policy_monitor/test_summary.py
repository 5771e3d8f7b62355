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


def compared(verdict: str, gained: Any = (), lost: Any = ()) -> dict[str, Any]:
    def grants(actions: Any) -> list[dict[str, Any]]:
        return [{"actions": list(actions), "actions_total": len(actions)}] if actions else []

    return {
        **unchanged(),
        "verdict": verdict,
        "gained": grants(gained),
        "lost": grants(lost),
    }


NEW_VERSION = VersionCreated(POLICY, "v4", "a", default=True)


def said(
    comparison: Any, change: Change = NEW_VERSION, subject: Subject = THE_ROLE, **fields: Any
) -> str:
    return summary(mutation("1", change, **fields), subject, FindingKind.CHANGE, comparison)


def test_an_expansion_names_what_is_gained() -> None:
    assert said(compared("expansion", ["s3:PutObject"])) == (
        "The vendor (release-7) made v4 the version of AstronomerCrossAccountRole that is in "
        "force: the role gains s3:PutObject."
    )


def test_a_long_list_is_counted() -> None:
    actions = ["a:1", "a:2", "a:3", "a:4", "a:5"]
    assert said(compared("reduction", (), actions)).endswith(
        "the role loses a:1, a:2, a:3 and 2 more."
    )
    assert said(compared("expansion", ["a:1", "a:2", "a:3"])).endswith(
        "the role gains a:1, a:2 and a:3."
    )


def test_a_list_that_was_cut_is_counted_as_a_whole() -> None:
    comparison = compared("expansion", ["a:1", "a:2", "a:3", "a:4"])
    comparison["gained"][0]["actions_total"] = 5_000
    assert said(comparison).endswith("a:1, a:2, a:3 and 4,997 more.")


def test_a_mixed_change_names_both_sides() -> None:
    comparison = compared("mixed", ["*"], ["a:1", "a:2"])
    assert said(comparison, subject=THE_POLICY).endswith(
        "the policy gains every action that it lacked and loses a:1 and a:2."
    )


def test_an_equivalent_change_says_that_nothing_changes() -> None:
    assert said(unchanged()).endswith(f"nothing changes for {ROLE}.")


def test_what_could_not_be_judged_says_why() -> None:
    comparison = undetermined([Reason("x", "The document is not known.")])
    assert said(comparison).endswith(
        f"what that means for {ROLE} could not be judged (the document is not known)."
    )


def test_a_trust_policy_is_told_as_who_may_come_in() -> None:
    def witness(account: int) -> list[dict[str, Any]]:
        return [{"actions": ["sts:AssumeRole"], "witness": {"principal": f"account {account}"}}]

    change = TrustChanged(ROLE, "a")
    both = {**unchanged(), "gained": witness(1), "lost": witness(2)}
    for verdict, words in (
        ("expansion", "more may assume the role now, account 1 for example."),
        ("reduction", "fewer may assume the role now, account 2 for example no longer."),
        ("mixed", "account 1 for example, and account 2 for example no longer."),
    ):
        assert said({**both, "verdict": verdict}, change, THE_TRUST).endswith(words)


def test_a_staged_version_speaks_of_the_future() -> None:
    staged = mutation("1", VersionCreated(POLICY, "v5", "a", default=False))
    assert summary(staged, THE_POLICY, FindingKind.STAGED, compared("mixed", ["a:1"], ["a:2"])) == (
        "The vendor (release-7) staged v5 of AstronomerCrossAccountRole, which is not in force "
        "yet: the policy would, once it is the default, gain a:1 and lose a:2."
    )


def test_an_order_that_nothing_tells_is_said() -> None:
    text = summary(
        mutation("1", NEW_VERSION),
        THE_ROLE,
        FindingKind.CHANGE,
        compared("expansion", ["a:1"]),
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
