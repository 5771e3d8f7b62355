"""Who may ask: classes of principals, and the keys that follow from them."""

from fnmatch import fnmatch
from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Comparison, Verdict
from iamdiff.principals import parse_caller

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/vendor"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/vendor/s"


def shared(principal: Any, **elements: Any) -> dict[str, Any]:
    return allow(Principal=principal, Resource="*", **elements)


def beside_another(statement: dict[str, Any]) -> Comparison:
    """What a statement of a resource policy adds to one about another action."""
    other = shared("*") | {"Action": "s3:ListBucket"}
    return between([other], [other, statement], kind="resource")


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:user/jo",
        f"arn:aws:iam::{ACCOUNT}:role/path/vendor",
        f"arn:aws-cn:iam::{ACCOUNT}:role/vendor",
        f"arn:aws-us-gov:iam::{ACCOUNT}:root",
        f"arn:aws:sts::{ACCOUNT}:federated-user/jo",
    ],
)
def test_a_condition_may_pick_any_principal_of_an_account(arn: str) -> None:
    found = beside_another(
        shared({"AWS": ACCOUNT}, Condition={"ArnEquals": {"aws:PrincipalArn": arn}})
    )
    assert found.verdict is Verdict.EXPANSION
    assert {grant.witness.principal for grant in found.gained} == {arn}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:PrincipalType", "FederatedUser"),
        ("aws:PrincipalType", "Account"),
        ("aws:username", "jo"),
    ],
)
def test_a_condition_may_ask_for_a_kind_of_principal(key: str, value: str) -> None:
    found = beside_another(shared({"AWS": ACCOUNT}, Condition={"StringEquals": {key: value}}))
    assert found.verdict is Verdict.EXPANSION


def test_a_user_that_is_named_stands_for_no_other_user() -> None:
    jo = f"arn:aws:iam::{ACCOUNT}:user/jo"
    guarded = shared({"AWS": ACCOUNT}, Condition={"StringNotEquals": {"aws:PrincipalArn": jo}})
    both = between([guarded, shared({"AWS": jo})], [shared({"AWS": ACCOUNT})], kind="resource")
    assert both.verdict is Verdict.EQUIVALENT


def test_long_term_credentials_carry_no_issue_time() -> None:
    found = beside_another(
        shared({"AWS": ACCOUNT}, Condition={"Null": {"aws:TokenIssueTime": "true"}})
    )
    assert found.verdict is Verdict.EXPANSION
    assert ":role/" not in found.gained[0].witness.principal


def test_a_variable_may_read_what_only_users_have() -> None:
    home = "arn:aws:s3:::home/${aws:username}"
    found = beside_another(shared({"AWS": ACCOUNT}) | {"Resource": home})
    assert found.verdict is Verdict.EXPANSION
    assert ":user/" in found.gained[0].witness.principal


@pytest.mark.parametrize(
    "principal", [{"Service": "ec2.amazonaws.com"}, {"Federated": "accounts.google.com"}]
)
def test_a_service_or_a_federated_user_may_have_no_arn(principal: Any) -> None:
    found = beside_another(shared(principal, Condition={"Null": {"aws:PrincipalArn": "true"}}))
    assert found.verdict is Verdict.EXPANSION


@pytest.mark.parametrize(
    ("denied", "shown"),
    [
        ({"AWS": "*"}, "example.amazonaws.com"),
        ({"AWS": "*", "Service": "*"}, "idp.example.com"),
        ({"AWS": "*", "Federated": "*"}, "example.amazonaws.com"),
    ],
)
def test_services_and_federated_users_are_among_those_that_nobody_names(
    denied: dict[str, str], shown: str
) -> None:
    stops = deny(Principal=denied, Resource="*")
    (grant,) = between([stops], [stops, shared("*")], kind="resource").gained
    assert grant.witness.principal == shown


def test_all_who_have_a_canonical_id_are_shown_by_one() -> None:
    (grant,) = beside_another(shared({"CanonicalUser": "*"})).gained
    assert grant.witness.principal == "0" * 63 + "1"


@pytest.mark.parametrize("bound", [False, True])
def test_a_session_may_be_one_of_a_role_with_a_path(*, bound: bool) -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/vendor"}}
    if bound:
        found = between([], [allow(Condition=condition)], principal=SESSION)
    else:
        found = beside_another(shared({"AWS": SESSION}, Condition=condition))
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.principal == SESSION


def test_a_session_is_one_of_its_own_role() -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/other"}}
    found = between([], [allow(Condition=condition)], principal=SESSION)
    assert found.verdict is Verdict.EQUIVALENT


def test_an_anonymous_request_is_not_signed() -> None:
    unsigned = {"Null": {"aws:PrincipalIsAWSService": "true"}}
    anonymous = {"StringEquals": {"aws:PrincipalType": "Anonymous"}}
    found = beside_another(shared("*", Condition={**unsigned, **anonymous}))
    assert found.verdict is Verdict.EXPANSION
    assert "anonymous" in {grant.witness.principal for grant in found.gained}


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ("ex:k", Verdict.EXPANSION),
        ("aws:TokenIssueTime", Verdict.EQUIVALENT),
        ("aws:PrincipalIsAWSService", Verdict.EQUIVALENT),
        ("aws:username", Verdict.EXPANSION),
    ],
)
def test_a_role_s_session_lacks_only_what_may_be_absent(key: str, verdict: Verdict) -> None:
    found = between([], [allow(Condition={"Null": {key: "true"}})], principal=ROLE)
    assert found.verdict is verdict


def test_another_role_is_another_principal() -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    found = between([shared({"AWS": ROLE})], [shared({"AWS": other})], kind="resource")
    assert found.verdict is Verdict.MIXED
    assert [grant.witness.principal for grant in found.gained] == [other]
    assert [grant.witness.principal for grant in found.lost] == [ROLE]


def test_an_account_that_a_condition_names_is_one_of_all() -> None:
    own = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    found = beside_another(shared({"AWS": "*"}, Condition=own))
    assert f"arn:aws:iam::{ACCOUNT}:root" in {each.witness.principal for each in found.gained}


@pytest.mark.parametrize(
    ("condition", "account"),
    [
        ({"StringLike": {"aws:PrincipalAccount": "1*"}}, "1*"),
        ({"StringLike": {"aws:PrincipalAccount": "*1?2"}}, "*1?2"),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam:?34*"}}, "34*"),
        (
            {
                "StringLike": {"aws:PrincipalArn": "arn:aws:iam::34*5/x"},
                "StringNotLike": {"aws:PrincipalAccount": "*5"},
            },
            "34*",
        ),
        ({"StringLike": {"aws:PrincipalArn": "*12:role/x"}}, "*12"),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::345678901234*"}}, "345678901234"),
        ({"StringLike": {"aws:PrincipalArn": "*00000000012?role/x"}}, "*00000000012"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1?2*3:role/x"}}, "1?2*3"),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws12*34:role/x"}}, "*34"),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam??34*"}}, "34*"),
        ({"StringLike": {"aws:PrincipalArn": f"{'?' * 20}345678901234:role/x"}}, "345678901234"),
        ({"StringLike": {"aws:PrincipalArn": "*:345678901234??ole/x"}}, "345678901234"),
        (
            {
                "StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"},
                "StringLike": {"aws:SourceAccount": "34*"},
            },
            "34*",
        ),
    ],
)
def test_a_condition_may_pick_strangers_by_a_part_of_their_account(
    condition: dict[str, Any], account: str
) -> None:
    base = [shared({"AWS": ROLE}), deny(Principal={"CanonicalUser": "*"})]
    found = between(base, [*base, shared({"AWS": "*"}, Condition=condition)], kind="resource")
    assert found.verdict is Verdict.EXPANSION
    accounts = [parse_caller(grant.witness.principal).account for grant in found.gained]
    assert any(fnmatch(each, account) for each in accounts)


@pytest.mark.parametrize("named", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_the_root_of_an_account_is_one_of_its_principals(named: str) -> None:
    root = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}}
    found = beside_another(shared({"AWS": named}, Condition=root))
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.principal == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_bound_key_may_equal_any_of_several_variables() -> None:
    own = {"StringEquals": {"aws:PrincipalAccount": ["999999999999", "${ex:s}"]}}
    found = between([], [allow(Condition=own)], principal=ROLE)
    assert [grant.witness.context["ex:s"] for grant in found.gained] == [ACCOUNT]


def test_a_key_may_equal_a_variable_that_is_bound_or_another_that_is_not() -> None:
    bound, free = "${aws:PrincipalAccount}", "${ex:s}"
    old, new = (
        allow(Condition={"StringEquals": {"ex:k": values}}) for values in ([bound], [bound, free])
    )
    assert between([old], [new], principal=ROLE).verdict is Verdict.EXPANSION


def test_no_other_principal_is_made_up_for_one_that_is_bound() -> None:
    roles = {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/${{ex:s}}"}}
    user = f"arn:aws:iam::{ACCOUNT}:user/jo"
    found = between([], [allow(Condition=roles)], principal=user)
    assert codes(found) == {"policy-variable"}


def test_no_value_is_made_up_for_a_key_that_a_principal_lacks() -> None:
    others = {"StringNotEqualsIfExists": {"aws:username": "${ex:s}"}}
    old = [shared({"AWS": ACCOUNT}), deny(Principal={"AWS": "999999999999"})]
    new = [old[0], {**old[1], "Condition": others}]
    found = between(old, new, kind="trust")
    assert found.verdict is Verdict.EQUIVALENT
    assert [":user/" in grant.witness.principal for grant in found.lifted_denies] == [True]


@pytest.mark.parametrize("before", ["", "3"])
def test_resources_may_say_which_strangers_a_variable_means(before: str) -> None:
    base = [
        shared("*") | {"Action": "s3:ListBucket"},
        deny(Principal="*", NotResource="arn:aws:s3:::34*"),
        deny(Principal={"CanonicalUser": "*"}, Resource="*"),
    ]
    own = shared({"AWS": "*"}) | {"Resource": f"arn:aws:s3:::{before}${{aws:PrincipalAccount}}"}
    found = between(base, [*base, own], kind="resource")
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.resource.startswith("arn:aws:s3:::34")


def test_accounts_that_no_number_is_left_for_are_nobody_s() -> None:
    tens = [f"{digit}*" for digit in "0123456789"]
    condition = {"StringNotLike": {"aws:PrincipalAccount": tens}}
    base = [shared({"AWS": ROLE}), deny(Principal={"CanonicalUser": "*"})]
    elsewhere = {"Null": {"aws:PrincipalArn": "false"}} | condition
    found = between(base, [*base, shared({"AWS": "*"}, Condition=elsewhere)], kind="resource")
    assert found.verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize("named", [{"Service": "ec2.amazonaws.com"}, {"AWS": ROLE}])
def test_what_is_gained_by_principals_of_any_account_is_told_once(named: Any) -> None:
    found = between([shared(named)], [shared(named), shared({"AWS": "*"})], kind="resource")
    (grant,) = found.gained
    account = parse_caller(grant.witness.principal).account
    assert (len(account), account.isdigit()) == (12, True)


def test_a_deleted_principal_is_shown_by_its_id() -> None:
    unique = "AROAEXAMPLEEXAMPLE"
    found = beside_another(
        shared({"AWS": unique}, Condition={"ArnLike": {"aws:PrincipalArn": ROLE}})
    )
    assert [grant.witness.principal for grant in found.gained] == [unique]


@pytest.mark.parametrize(("before", "after"), [("", "7"), ("7", ""), ("7", "7")])
def test_an_account_that_a_variable_stands_for_is_asked_about_among_other_digits(
    before: str, after: str
) -> None:
    def named(account: str) -> str:
        return f"arn:aws:s3:::logs-{before}{account}{after}"

    old = allow(Principal={"AWS": "*"}, Resource=named("123456789012"))
    taken = deny(Principal={"AWS": "*"}, Resource=named("${aws:PrincipalAccount}"))
    spared = deny(Principal={"CanonicalUser": "*"}, Resource="*")
    found = between([old, spared], [old, spared, taken], kind="resource")
    assert found.verdict is Verdict.REDUCTION
    accounts = {parse_caller(grant.witness.principal).account for grant in found.lost}
    assert accounts == {"123456789012"}


def test_denies_of_several_principals_are_all_listed() -> None:
    everything = allow("s3:*", Principal="*", Resource="*")
    denies = [
        deny(f"s3:{name}", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/{name}"}, Resource="*")
        for name in ("GetObject", "PutObject")
    ]
    found = between([everything], [everything, *denies], kind="resource")
    listed = {action for grant in found.added_denies for action in grant.actions}
    assert listed == {"s3:GetObject", "s3:PutObject"}
    back = between([everything, *denies], [everything], kind="resource")
    assert {action for grant in back.lifted_denies for action in grant.actions} == listed


def test_who_asks_is_told_once_however_a_condition_spells_the_key() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/x"
    condition = {"ArnEquals": {"AWS:PrincipalArn": arn}}
    account = {"StringEquals": {"AWS:PrincipalAccount": ACCOUNT}}
    found = beside_another(shared({"AWS": ACCOUNT}, Condition=condition | account))
    (grant,) = found.gained
    assert (grant.witness.principal, grant.witness.context) == (arn, {})
