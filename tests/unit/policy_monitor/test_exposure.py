from typing import Any

import pytest
from tests.histories import (
    ACCOUNT,
    EXTRA,
    POLICY,
    ROLE_ARN,
    SETTINGS,
    Shelf,
    allow,
    policy,
    statement,
)

from policy_monitor import catalogue
from policy_monitor.access import NOTHING, Held, Reason
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.exposure import Bearer, Exposure, Exposures
from policy_monitor.strangers import Admitted

VENDOR = "arn:aws:iam::406882777402:root"
STRANGER = "arn:aws:iam::999999999999:root"
ANOTHER = "arn:aws:iam::888888888888:root"


class Case:
    """A change of the watched role's policies, and what it opens."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    def held(self, *documents: Any, boundary: Any = None) -> Held:
        ceiling = None if boundary is None else self.shelf(boundary)
        return Held(tuple(sorted(map(self.shelf, documents))), ceiling)

    def exposure(
        self, old: Held, new: Held, before: Any = (POLICY,), after: Any = (POLICY,)
    ) -> Exposure:
        question = Question(old, new, principal=ROLE_ARN)
        bearer = Bearer(question, ROLE_ARN, before, after)
        return self.of(question, (bearer,))

    def of(self, question: Question, bearers: Any = ()) -> Exposure:
        comparisons = Comparisons(self.shelf.documents, catalogue.load())
        comparison = comparisons.answer(question)
        return Exposures(comparisons).of(
            question, bearers, comparison, ACCOUNT, SETTINGS.vendor_accounts
        )

    def trust(self, old: dict[str, Any], new: dict[str, Any]) -> Exposure:
        return self.of(Question(self.held(old), self.held(new), kind="trust"))


PASSING = allow("iam:PassRole")
CREATING = allow("lambda:CreateFunction")
INVOKING = allow("lambda:InvokeFunction")


def test_a_path_is_open_where_its_actions_stand_in_different_policies() -> None:
    case = Case()
    found = case.exposure(case.held(PASSING, CREATING), case.held(PASSING, CREATING, INVOKING))
    assert found.paths == ("lambda-001",)


def test_a_path_of_actions_that_the_catalogue_lacks_is_open_all_the_same() -> None:
    case = Case()
    limited = policy(
        statement("Allow", "*"),
        statement("Deny", "iam:AttachRolePolicy", resource="arn:aws:iam::*:role/Sensitive"),
    )
    question = Question(case.held(limited), case.held(allow("iam:*")), principal=ROLE_ARN)
    bearer = Bearer(question, ROLE_ARN, (POLICY,), (POLICY,))
    comparisons = Comparisons(case.shelf.documents, None)
    comparison = comparisons.answer(question)
    assert comparison["verdict"] == "mixed"
    found = Exposures(comparisons).of(question, (bearer,), comparison, ACCOUNT, ())
    assert found.paths == ("iam-009",)  # iam:AttachRolePolicy


def test_a_path_that_was_open_before_does_not_count() -> None:
    case = Case()
    whole = (PASSING, CREATING, INVOKING)
    found = case.exposure(case.held(*whole), case.held(*whole, allow("lambda:GetFunction")))
    assert found.paths == ()


@pytest.mark.parametrize("gained", ["lambda:*", "*:*", "lambda:InvokeF?nction"])
def test_a_path_opens_by_a_pattern_that_covers_what_was_missing(gained: str) -> None:
    case = Case()
    found = case.exposure(case.held(PASSING, CREATING), case.held(PASSING, CREATING, allow(gained)))
    assert "lambda-001" in found.paths


def test_a_path_is_seen_among_more_gained_actions_than_a_list_holds() -> None:
    case = Case()
    many = [allow(f"s3:Get{number}") for number in range(60)]
    gained = allow(*(f"ec2:Made{number}" for number in range(60)), "lambda:InvokeFunction")
    old = case.held(PASSING, CREATING, *many)
    assert "lambda-001" in case.exposure(old, case.held(PASSING, CREATING, *many, gained)).paths


def test_part_of_a_path_is_none() -> None:
    case = Case()
    found = case.exposure(case.held(PASSING), case.held(PASSING, CREATING))
    assert found.paths == ()


def test_a_deny_or_a_boundary_closes_a_path() -> None:
    case = Case()
    denied = policy(statement("Deny", "lambda:InvokeFunction"))
    whole = (PASSING, CREATING, INVOKING)
    assert case.exposure(case.held(), case.held(*whole, denied)).paths == ()
    ceiling = allow("lambda:*", "s3:*")
    assert case.exposure(case.held(), case.held(*whole, boundary=ceiling)).paths == ()


def test_a_lifted_deny_opens_a_path() -> None:
    case = Case()
    denied = policy(statement("Deny", "lambda:InvokeFunction"))
    whole = (PASSING, CREATING, INVOKING)
    found = case.exposure(case.held(*whole, denied), case.held(*whole))
    assert found.paths == ("lambda-001",)


def test_a_role_that_may_be_passed_to_other_services_only_leads_nowhere() -> None:
    case = Case()

    def passing(service: str) -> dict[str, Any]:
        condition = {"StringEquals": {"iam:PassedToService": service}}
        return policy(statement("Allow", "iam:PassRole", Condition=condition))

    rest = (CREATING, INVOKING)
    to_instances = case.held(passing("ec2.amazonaws.com"), *rest)
    to_functions = case.held(passing("lambda.amazonaws.com"), *rest)
    assert case.exposure(case.held(), to_instances).paths == ()
    assert case.exposure(case.held(), to_functions).paths == ("lambda-001",)
    freed = case.exposure(to_instances, case.held(PASSING, *rest))
    assert freed.paths == ("lambda-001",)
    assert freed.conditions == ("iam:PassedToService",)


def test_a_path_that_reaches_more_roles_counts_and_one_with_more_means_does_not() -> None:
    case = Case()
    one = allow("iam:PassRole", resource="arn:aws:iam::*:role/a")
    narrow = case.held(one, CREATING, allow("lambda:InvokeFunction", resource=FUNCTION))
    more_roles = case.held(PASSING, CREATING, allow("lambda:InvokeFunction", resource=FUNCTION))
    more_functions = case.held(one, CREATING, INVOKING)
    assert case.exposure(narrow, more_roles).paths == ("lambda-001",)
    assert case.exposure(narrow, more_functions).paths == ()


def test_a_path_through_what_has_a_role_counts_where_it_reaches_more_of_that() -> None:
    case = Case()
    one, every = (
        case.held(allow("lambda:UpdateFunctionCode", resource=resource))
        for resource in (FUNCTION, "*")
    )
    assert case.exposure(one, every).paths == ("lambda-003",)
    assert case.exposure(every, one).paths == ()


FUNCTION = "arn:aws:lambda:*:*:function:one"


def test_a_path_that_may_reach_more_roles_counts() -> None:
    case = Case()
    one = allow("iam:PassRole", resource="arn:aws:iam::*:role/a")
    soon = {"DateLessThan": {"aws:CurrentTime": "soon"}}
    open_to_doubt = policy(statement("Allow", "iam:PassRole", Condition=soon))
    held = (one, CREATING, INVOKING)
    found = case.exposure(case.held(*held), case.held(*held, open_to_doubt))
    assert found.paths == ("lambda-001",)


def test_a_path_that_reaches_more_roles_counts_behind_more_gains_than_are_told() -> None:
    case = Case()
    attaching = [
        statement(
            "Allow",
            "iam:AttachRolePolicy",
            resource=f"arn:aws:iam::*:role/{number}",
            Condition={"StringEquals": {"aws:RequestedRegion": f"region-{number}"}},
        )
        for number in range(30)
    ]
    one = statement("Allow", "iam:PassRole", resource="arn:aws:iam::*:role/a")
    old = case.held(policy(one, *attaching[:1]), CREATING, INVOKING)
    new = case.held(policy(one, *attaching), PASSING, CREATING, INVOKING)
    assert set(case.exposure(old, new).paths) == {"iam-009", "lambda-001"}


def test_an_action_on_what_it_does_not_take_opens_nothing() -> None:
    case = Case()
    latent = allow("iam:AttachRolePolicy", resource="arn:aws:s3:::bucket")
    assert case.exposure(case.held(), case.held(latent)).paths == ()


@pytest.mark.parametrize(
    ("action", "resource", "counts"),
    [
        ("iam:PutRolePolicy", ROLE_ARN, True),
        ("iam:PutRolePolicy", "arn:aws:iam::*:role/*", True),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/other", False),
        ("iam:DeleteRolePermissionsBoundary", ROLE_ARN, True),
        ("iam:CreatePolicyVersion", POLICY, True),
        ("iam:CreatePolicyVersion", EXTRA, False),
    ],
)
def test_a_role_that_can_change_itself_is_told(action: str, resource: str, counts: bool) -> None:
    case = Case()
    found = case.exposure(
        case.held(INVOKING), case.held(INVOKING, allow(action, resource=resource))
    )
    assert found.own == ((action,) if counts else ())


def test_a_role_that_could_change_itself_before_is_not_told_again() -> None:
    case = Case()
    changing = allow("iam:CreatePolicyVersion", resource=POLICY)
    found = case.exposure(case.held(changing), case.held(changing, INVOKING))
    assert found.own == ()


def test_a_role_that_could_give_itself_anything_before_gains_only_by_passing_its_boundary() -> None:
    case = Case()
    attaching = allow("iam:AttachRolePolicy", resource=ROLE_ARN)
    rewriting = allow("iam:CreatePolicyVersion", resource=POLICY)
    unbounding = allow("iam:DeleteRolePermissionsBoundary", resource=ROLE_ARN)
    held = case.held(attaching)
    assert case.exposure(held, case.held(attaching, rewriting)).own == ()
    assert case.exposure(held, case.held(attaching, unbounding)).own == (
        "iam:DeleteRolePermissionsBoundary",
    )


def test_a_role_that_may_have_been_able_to_change_itself_before_hides_nothing() -> None:
    case = Case()
    soon = {"DateLessThan": {"aws:CurrentTime": "soon"}}
    perhaps = statement("Allow", "iam:PutRolePolicy", resource=ROLE_ARN, Condition=soon)
    surely = allow("iam:PutRolePolicy", resource=ROLE_ARN)
    assert case.exposure(case.held(policy(perhaps)), case.held(surely)).own == (
        "iam:PutRolePolicy",
    )
    assert case.exposure(case.held(surely), case.held(policy(perhaps))).own == ()


def test_attaching_a_policy_that_the_role_can_rewrite_lets_it_change_itself() -> None:
    case = Case()
    held = case.held(allow("iam:CreatePolicyVersion", resource=EXTRA))
    found = case.exposure(held, held, after=(POLICY, EXTRA))
    assert found.own == ("iam:CreatePolicyVersion",)


def test_policies_of_aws_are_nobodys_to_change() -> None:
    case = Case()
    held = case.held(allow("iam:CreatePolicyVersion"))
    managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert case.exposure(held, held, before=(), after=(managed,)).own == ()


def test_a_boundary_that_is_gone_is_told_even_where_it_stopped_nothing() -> None:
    case = Case()
    bounded = case.held(INVOKING, boundary=allow("*"))
    assert case.exposure(bounded, case.held(INVOKING)).boundary_removed
    assert not case.exposure(case.held(INVOKING), bounded).boundary_removed


def test_of_what_is_gone_itself_nothing_is_left_to_hold_back() -> None:
    case = Case()
    bounded = case.held(PASSING, boundary=allow("*"))
    assert case.of(Question(bounded, NOTHING, principal=ROLE_ARN)) == Exposure(ended=True)


def test_what_is_not_known_before_hides_nothing_of_what_is_now() -> None:
    case = Case()
    unknown = Held(unknown=(Reason("x", "Not known."),))
    whole = case.held(PASSING, CREATING, INVOKING)
    assert case.exposure(unknown, whole).paths == ("lambda-001",)
    assert case.exposure(whole, unknown).paths == ()


def test_a_policy_by_itself_counts_with_what_the_role_holds_beside_it() -> None:
    case = Case()
    alone = Question(case.held(CREATING), case.held(CREATING, INVOKING), part=True)
    assert case.of(alone).paths == ()
    together = Question(
        case.held(PASSING, CREATING), case.held(PASSING, CREATING, INVOKING), principal=ROLE_ARN
    )
    assert case.of(alone, (Bearer(together, ROLE_ARN),)).paths == ("lambda-001",)


def trust(*principals: Any, **fields: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": each, "Action": "sts:AssumeRole", **fields}
            for each in principals
        ],
    }


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": STRANGER}, Admitted(("account 999999999999",))),
        ({"AWS": "999999999999"}, Admitted(("account 999999999999",))),
        ("*", Admitted(("everybody",))),
        ({"AWS": "*"}, Admitted(("everybody",))),
        ({"Service": "ec2.amazonaws.com"}, Admitted(("ec2.amazonaws.com",))),
        (
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"},
            Admitted((f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com",)),
        ),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Admitted(own=(f"account {ACCOUNT}",))),
        (
            {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ada"},
            Admitted(own=(f"arn:aws:iam::{ACCOUNT}:user/ada",)),
        ),
        ({"AWS": "arn:aws:iam::406882777402:role/support"}, Admitted()),
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, Admitted()),
    ],
)
def test_whom_a_trust_policy_lets_in_is_told_by_whose_they_are(
    principal: Any, expected: Admitted
) -> None:
    case = Case()
    narrow = {"Condition": {"StringEquals": {"sts:ExternalId": "e"}}}
    old = trust({"AWS": VENDOR}, **narrow)
    new = trust({"AWS": VENDOR}, **narrow)
    new["Statement"] += trust(principal)["Statement"]
    assert case.trust(old, new).admitted == expected


def test_a_stranger_whose_conditions_were_loosened_is_let_in_too() -> None:
    case = Case()
    old = trust({"AWS": STRANGER}, Condition={"StringEquals": {"sts:ExternalId": "e"}})
    found = case.trust(old, trust({"AWS": STRANGER}))
    assert found.admitted == Admitted(("account 999999999999",))
    assert found.conditions == ("sts:ExternalId",)


def test_a_trust_policy_that_lets_in_fewer_lets_nobody_in() -> None:
    case = Case()
    old = trust({"AWS": VENDOR}, {"AWS": STRANGER})
    assert case.trust(old, trust({"AWS": VENDOR})) == Exposure()


def test_where_a_side_cannot_be_told_nothing_is_said_to_be_new() -> None:
    case = Case()
    comparisons = Comparisons(case.shelf.documents, catalogue.load())
    old, new = case.held(PASSING), case.held(PASSING, CREATING)
    comparison = comparisons.answer(Question(old, new))
    exposures = Exposures(comparisons)
    assert exposures.standing(Question(old, new), comparison) is not None
    for unclear in (Held(("0" * 64,)), case.held({"Statement": "none"})):
        assert exposures.standing(Question(unclear, new), comparison) is None


def test_a_trust_policy_that_cannot_be_read_hides_nobody_whom_the_next_one_names() -> None:
    case = Case()
    question = Question(
        case.held({"Statement": "none"}), case.held(trust({"AWS": STRANGER})), kind="trust"
    )
    comparisons = Comparisons(case.shelf.documents, catalogue.load())
    found = Exposures(comparisons).of(
        question, (), comparisons.answer(question), ACCOUNT, SETTINGS.vendor_accounts
    )
    assert found.admitted == Admitted(("account 999999999999",))


def test_a_condition_of_a_not_action_that_stopped_what_is_gained_is_lost() -> None:
    case = Case()
    only = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    limited = policy(
        {
            **only,
            "Condition": {
                "StringEquals": {"aws:SourceVpc": "v"},
                "StringLike": {"aws:sourcevpc": "v*"},
            },
        }
    )
    found = case.exposure(case.held(limited), case.held(policy(only)))
    assert found.conditions == ("aws:SourceVpc",)


def test_whom_a_deny_names_is_not_let_in() -> None:
    old, new = trust({"AWS": VENDOR}), trust({"AWS": VENDOR}, {"AWS": ANOTHER})
    (denied,) = trust({"AWS": STRANGER})["Statement"]
    new["Statement"].append({**denied, "Effect": "Deny"})
    assert Case().trust(old, new).admitted == Admitted(("account 888888888888",))
