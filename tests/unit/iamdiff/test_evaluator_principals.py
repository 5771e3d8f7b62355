"""Principals of single requests: whom a trust or resource policy names, and what follows."""

from typing import Any

import pytest
from tests.unit.iamdiff.policies import (
    OBJECT,
    ROLE,
    allow,
    condition_outcome,
    deny,
    outcome_of,
    request,
)

from iamdiff.logic import Doubt
from iamdiff.model import ContextValue, PrincipalType
from iamdiff.principals import ANONYMOUS, parse_caller, write_caller

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/path/jo"
PATH_ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/vendor"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/vendor/session"
FEDERATED_USER = f"arn:aws:sts::{ACCOUNT}:federated-user/jo"
STRANGER = "arn:aws:iam::999999999999:role/vendor"
UNIQUE_ID = "AROAEXAMPLEEXAMPLE123"
SERVICE = "ec2.amazonaws.com"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
GOOGLE = "accounts.google.com"
CANONICAL = "0f" * 32

OF_ACCOUNT = {ROOT, USER, PATH_ROLE, SESSION, FEDERATED_USER}
OF_AWS = OF_ACCOUNT | {STRANGER, UNIQUE_ID, CANONICAL, ANONYMOUS}
ALL = OF_AWS | {SERVICE, SAML, OIDC, GOOGLE}


@pytest.mark.parametrize(
    ("principal", "covered"),
    [
        ("*", ALL),
        ({"AWS": "*"}, OF_AWS),
        ({"AWS": ACCOUNT}, OF_ACCOUNT),
        ({"AWS": ROOT}, OF_ACCOUNT),
        ({"AWS": PATH_ROLE}, {PATH_ROLE, SESSION}),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/vendor"}, {SESSION}),
        ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:role/vendor"}, set()),
        ({"AWS": SESSION}, {SESSION}),
        ({"AWS": USER}, {USER}),
        ({"AWS": USER.upper()}, set()),
        ({"AWS": FEDERATED_USER}, {FEDERATED_USER}),
        ({"AWS": UNIQUE_ID}, {UNIQUE_ID}),
        ({"Service": SERVICE}, {SERVICE}),
        ({"Service": "*"}, {SERVICE}),
        ({"Federated": SAML}, {SAML}),
        ({"Federated": OIDC}, {OIDC}),
        ({"Federated": GOOGLE}, {GOOGLE}),
        ({"Federated": "*"}, {SAML, OIDC, GOOGLE}),
        ({"CanonicalUser": CANONICAL}, {CANONICAL}),
        ({"AWS": [USER, STRANGER], "Service": SERVICE}, {USER, STRANGER, SERVICE}),
        ({"AWS": []}, set()),
        ({}, set()),
    ],
)
def test_a_principal_element_takes_in(principal: Any, covered: set[str]) -> None:
    statement = allow("sts:AssumeRole", Principal=principal)
    for caller in ALL:
        asked = request("sts:AssumeRole", ROLE, caller)
        assert outcome_of(statement, asked, kind="trust") is (caller in covered), caller


def test_an_account_is_the_same_by_id_and_by_the_arn_of_its_root() -> None:
    for caller in ALL:
        asked = request("s3:GetObject", OBJECT, caller)
        by_id, by_arn = (
            outcome_of(allow(Principal={"AWS": name}), asked, kind="resource")
            for name in (ACCOUNT, ROOT)
        )
        assert by_id is by_arn


def test_a_deleted_principal_is_one_of_its_own() -> None:
    by_arn, by_id = (allow(Principal={"AWS": name}) for name in (ROLE, UNIQUE_ID))
    for statement, caller, matches in (
        (by_arn, ROLE, True),
        (by_arn, UNIQUE_ID, False),
        (by_id, ROLE, False),
        (by_id, UNIQUE_ID, True),
    ):
        asked = request("s3:GetObject", OBJECT, caller)
        assert outcome_of(statement, asked, kind="resource") is matches


@pytest.mark.parametrize(
    ("names", "caller", "outcome"),
    [
        # Not named at all: it matches.
        ([ROOT, USER], STRANGER, True),
        ([USER], f"arn:aws:iam::{ACCOUNT}:user/al", True),
        ([USER], SERVICE, True),
        ([USER], ANONYMOUS, True),
        # Named with all that AWS validates before it: it does not.
        ([ROOT, USER], USER, False),
        ([ACCOUNT, USER], USER, False),
        ([ROOT, PATH_ROLE, SESSION], SESSION, False),
        ([ROOT], ROOT, False),
        (["*"], USER, False),
        (["*"], ANONYMOUS, False),
        ([UNIQUE_ID], UNIQUE_ID, False),
        # Named in part: AWS's page leaves it open.
        ([USER], USER, Doubt.NOT_PRINCIPAL),
        ([ROOT], USER, Doubt.NOT_PRINCIPAL),
        ([ROOT, USER], f"arn:aws:iam::{ACCOUNT}:user/al", Doubt.NOT_PRINCIPAL),
        ([ROOT, SESSION], SESSION, Doubt.NOT_PRINCIPAL),
        ([PATH_ROLE, SESSION], SESSION, Doubt.NOT_PRINCIPAL),
        ([ROOT, PATH_ROLE], PATH_ROLE, Doubt.NOT_PRINCIPAL),
        ([], USER, Doubt.EMPTY_LIST),
    ],
)
def test_not_principal_spares_who_is_named_in_full(
    names: list[str], caller: str, outcome: bool | Doubt
) -> None:
    statement = deny(NotPrincipal={"AWS": names}, Resource="*")
    assert outcome_of(statement, request(principal=caller), kind="resource") is outcome


def test_not_principal_spares_services_and_providers_by_name() -> None:
    statement = deny(NotPrincipal={"Service": SERVICE, "Federated": GOOGLE}, Resource="*")
    for caller in ALL:
        found = outcome_of(statement, request(principal=caller), kind="resource")
        assert found is (caller not in (SERVICE, GOOGLE))
    everyone = deny(NotPrincipal="*", Resource="*")
    assert outcome_of(everyone, request(principal=SERVICE), kind="resource") is False


@pytest.mark.parametrize(
    ("caller", "key", "value"),
    [
        (PATH_ROLE, "aws:PrincipalArn", PATH_ROLE),
        (PATH_ROLE, "aws:PrincipalAccount", ACCOUNT),
        (PATH_ROLE, "aws:PrincipalType", "AssumedRole"),
        (SESSION, "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/vendor"),
        (SESSION, "aws:PrincipalType", "AssumedRole"),
        (USER, "aws:PrincipalArn", USER),
        (USER, "aws:PrincipalType", "User"),
        (ROOT, "aws:PrincipalArn", ROOT),
        (ROOT, "aws:PrincipalType", "Account"),
        (ACCOUNT, "aws:PrincipalArn", ROOT),
        (FEDERATED_USER, "aws:PrincipalArn", FEDERATED_USER),
        (FEDERATED_USER, "aws:PrincipalType", "FederatedUser"),
        (ANONYMOUS, "aws:PrincipalType", "Anonymous"),
        (ANONYMOUS, "aws:PrincipalAccount", "anonymous"),
    ],
)
def test_keys_follow_from_the_principal(caller: str, key: str, value: str) -> None:
    for given, holds in ((value, True), (f"{value}x", False)):
        statement = allow(Principal="*", Condition={"StringEquals": {key: given}})
        asked = request(principal=caller)
        assert outcome_of(statement, asked, kind="resource") is holds
    # They stand for variables as well.
    linked = allow(Principal="*", Condition={"StringEquals": {"ex:key": f"${{{key}}}"}})
    asked = request(principal=caller, context={"ex:key": value})
    assert outcome_of(linked, asked, kind="resource") is True


@pytest.mark.parametrize("caller", [PATH_ROLE, SESSION, ROOT, FEDERATED_USER, ANONYMOUS])
def test_only_users_have_a_user_name(caller: str) -> None:
    named = allow(Principal="*", Condition={"Null": {"aws:username": "false"}})
    assert outcome_of(named, request(principal=caller), kind="resource") is False
    contradiction = request(principal=caller, context={"aws:username": "jo"})
    assert outcome_of(named, contradiction, kind="resource") is Doubt.REQUEST
    user = request(principal=USER, context={"aws:username": "jo"})
    assert outcome_of(named, user, kind="resource") is True


def test_a_context_that_contradicts_the_principal_is_none() -> None:
    asked = request(principal=ROLE, context={"aws:PrincipalAccount": "999999999999"})
    assert outcome_of(allow("*"), asked) is Doubt.REQUEST
    agreeing = request(principal=ROLE, context={"AWS:principalaccount": ACCOUNT})
    assert outcome_of(allow("*"), agreeing) is True


@pytest.mark.parametrize(
    ("arn", "outcome"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/vendor", True),
        (PATH_ROLE, True),
        (f"arn:aws:iam::{ACCOUNT}:role/other", Doubt.REQUEST),
        (STRANGER, Doubt.REQUEST),
        (f"arn:aws:iam::{ACCOUNT}:user/vendor", Doubt.REQUEST),
        ("vendor", Doubt.REQUEST),
    ],
)
def test_the_path_of_a_session_s_role_shows_in_its_principal_arn(
    arn: str, outcome: bool | Doubt
) -> None:
    asked = request(principal=SESSION, context={"aws:PrincipalArn": arn})
    assert outcome_of(allow("*"), asked) is outcome


@pytest.mark.parametrize(
    ("caller", "context"),
    [
        (SESSION, {"aws:PrincipalArn": (PATH_ROLE, f"arn:aws:iam::{ACCOUNT}:role/vendor")}),
        (SESSION, {"aws:PrincipalAccount": PATH_ROLE}),
        (f"arn:aws:iam::{ACCOUNT}:role/vendor", {"aws:PrincipalArn": PATH_ROLE}),
        (USER, {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/jo"}),
        (USER, {"aws:PrincipalType": ("User", "Account")}),
    ],
)
def test_only_a_session_s_role_may_have_another_arn(
    caller: str, context: dict[str, ContextValue]
) -> None:
    asked = request(principal=caller, context=context)
    assert outcome_of(allow("*"), asked) is Doubt.REQUEST


def test_a_role_s_session_has_a_token() -> None:
    block = {"Null": {"aws:TokenIssueTime": "true"}}
    assert outcome_of(allow(Condition=block), request(principal=ROLE)) is Doubt.REQUEST
    assert outcome_of(allow(Condition=block), request(principal=USER)) is True
    assert outcome_of(allow(Condition=block), request()) is True


def test_a_request_that_nobody_signed_has_no_principal_arn() -> None:
    block = {"ArnNotLike": {"aws:PrincipalArn": ROLE}}
    statement = allow(Principal="*", Condition=block)
    assert outcome_of(statement, request(principal=ANONYMOUS), kind="resource") is True
    assert outcome_of(statement, request(principal=GOOGLE), kind="resource") is True
    assert outcome_of(statement, request(principal=UNIQUE_ID), kind="resource") is Doubt.REQUEST
    assert outcome_of(statement, request(principal=USER), kind="resource") is True


def test_under_a_policy_with_principals_a_request_has_one() -> None:
    for kind in ("trust", "resource"):
        assert outcome_of(allow(Principal="*"), request(), kind=kind) is Doubt.REQUEST
    assert outcome_of(allow(Principal="*"), request(), kind="identity") is Doubt.REQUEST
    assert condition_outcome("Null", "true", None) is True


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PrincipalType.AWS, ROLE),
        (PrincipalType.AWS, ACCOUNT),
        (PrincipalType.AWS, UNIQUE_ID),
        (PrincipalType.AWS, "some name"),
        (PrincipalType.SERVICE, SERVICE),
        (PrincipalType.SERVICE, "ec2.amazonaws.com.cn"),
        (PrincipalType.SERVICE, "cognito-identity.amazonaws.com"),
        (PrincipalType.SERVICE, "internal"),
        (PrincipalType.FEDERATED, "cognito-identity.amazonaws.com"),
        (PrincipalType.FEDERATED, SERVICE),
        (PrincipalType.FEDERATED, SAML),
        (PrincipalType.FEDERATED, ROLE),
        (PrincipalType.CANONICAL_USER, CANONICAL),
        (PrincipalType.CANONICAL_USER, "short"),
    ],
)
def test_a_principal_is_read_as_it_was_written(kind: PrincipalType, name: str) -> None:
    caller = parse_caller(write_caller(kind, name))
    assert (caller.kind, caller.name) == (kind, name)


def test_the_kind_of_a_principal_tells_names_apart() -> None:
    name = "cognito-identity.amazonaws.com"
    for kind in (PrincipalType.SERVICE, PrincipalType.FEDERATED):
        asked = request("sts:AssumeRole", ROLE, write_caller(kind, name))
        for other in (PrincipalType.SERVICE, PrincipalType.FEDERATED):
            statement = allow("sts:AssumeRole", Principal={other: name})
            assert outcome_of(statement, asked, kind="trust") is (kind is other)
