"""The role, its policies and its trust policy: each line's ok, warning and failed."""

from typing import Any

import pytest

from policy_monitor.settings import Settings
from policy_monitor_cli.checkup.facts import RoleFacts
from policy_monitor_cli.checkup.lines import Line, Status
from policy_monitor_cli.checkup.watched import policy_lines, role_lines, trust_lines

OK, WARNING, FAILED = Status.OK, Status.WARNING, Status.FAILED
ACCOUNT, VENDOR = "123456789012", "406882777402"
ROOT = f"arn:aws:iam::{VENDOR}:root"
SECRET = "planted-external-id-9Zq"
WITH_ID = {"StringEquals": {"sts:ExternalId": SECRET}}


def trust(principal: Any = None, condition: Any = WITH_ID, *more: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": principal or {"AWS": ROOT},
        "Action": "sts:AssumeRole",
        **({"Condition": condition} if condition else {}),
    }
    return {"Version": "2012-10-17", "Statement": [statement, *more]}


def lines(document: dict[str, Any], vendors: tuple[str, ...] = (VENDOR,)) -> list[Line]:
    found = list(trust_lines(document, vendors, ACCOUNT))
    for line in found:
        assert SECRET not in line.says + line.remedy
        assert bool(line.remedy) == (line.status is not OK)
    return found


def statuses(document: dict[str, Any], vendors: tuple[str, ...] = (VENDOR,)) -> list[Status]:
    return [line.status for line in lines(document, vendors)]


# ------------------------------------------------------------------------------ trust


@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        ({"AWS": ROOT}, WITH_ID),
        ({"AWS": VENDOR}, WITH_ID),
        ({"AWS": f"arn:aws:iam::{VENDOR}:role/control"}, WITH_ID),
        ({"AWS": ROOT}, {"StringEquals": {"sts:ExternalId": [SECRET, "another"]}}),
        ({"AWS": ROOT}, {"StringLike": {"sts:ExternalId": f"{SECRET}-*"}}),
    ],
)
def test_the_vendor_with_an_external_id_is_as_it_should_be(principal: Any, condition: Any) -> None:
    assert statuses(trust(principal, condition)) == [OK, OK]


@pytest.mark.parametrize(
    ("condition", "how"),
    [
        (None, "without an external id"),
        ({"StringEqualsIfExists": {"sts:ExternalId": SECRET}}, "without an external id"),
        ({"StringNotEquals": {"sts:ExternalId": SECRET}}, "without an external id"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "without an external id"),
        ({"StringLike": {"sts:ExternalId": "*"}}, "with any external id"),
        ({"Null": {"sts:ExternalId": "false"}}, "with any external id"),
    ],
)
def test_a_condition_that_does_not_ask_for_one_is_found_whatever_it_looks_like(
    condition: Any, how: str
) -> None:
    others, vendor = lines(trust(condition=condition))
    assert others.status is OK
    assert vendor.status is FAILED
    assert vendor.says == f"{ROOT} may assume the role {how}"


def test_a_deny_may_ask_for_it_as_well() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Condition": {"StringNotEquals": {"sts:ExternalId": SECRET}},
    }
    assert statuses(trust({"AWS": ROOT}, None, deny)) == [OK, OK]


def test_one_statement_of_two_that_asks_for_none_is_found() -> None:
    second = trust(condition=None)["Statement"][0]
    assert statuses(trust({"AWS": ROOT}, WITH_ID, second)) == [OK, FAILED]


def test_strangers_are_named() -> None:
    stranger, vendor = lines(trust({"AWS": [ROOT, "arn:aws:iam::999999999999:root"]}))
    assert (stranger.status, vendor.status) == (FAILED, OK)
    assert "also names account 999999999999" in stranger.says


def test_everybody_is_a_stranger_and_the_vendor_too() -> None:
    stranger, vendor = lines(trust({"AWS": "*"}, None))
    assert (stranger.status, vendor.status) == (FAILED, FAILED)
    assert "also names everybody" in stranger.says


def test_the_accounts_own_principals_are_pointed_out() -> None:
    own = f"arn:aws:iam::{ACCOUNT}:role/admin"
    line, vendor = lines(trust({"AWS": [ROOT, own]}))
    assert (line.status, vendor.status) == (WARNING, OK)
    assert own in line.says


def test_a_trust_policy_without_the_vendor_is_pointed_out() -> None:
    found = lines(trust({"AWS": ROOT}), vendors=("111111111111",))
    assert [line.status for line in found] == [FAILED, WARNING]
    assert "names nobody of the vendor's accounts 111111111111" in found[1].says


def test_a_trust_policy_that_cannot_be_read_is_named() -> None:
    (line,) = lines({"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]})
    assert line.status is FAILED
    assert "cannot be read" in line.says


# ------------------------------------------------------------------------------ role and policies


def arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


SETTINGS = Settings(policies=("VendorAccess", "*Limit*"))
ROLE = RoleFacts("arn", trust(), (arn("VendorAccess"),))
OURS = tuple(arn(f"ours-{number}") for number in range(6))


def policies(*names: str, role: RoleFacts | None = ROLE) -> list[tuple[Status, str]]:
    found = policy_lines(SETTINGS, role, [arn(name) for name in names] + list(OURS))
    return [(line.status, line.says) for line in found]


def test_a_role_that_does_not_exist_yet_is_a_warning_that_says_what_it_means() -> None:
    (line,) = role_lines("vendor", None)
    assert (line.status, line.says) == (WARNING, "role vendor does not exist yet")
    assert "its creation will be told" in line.remedy
    assert [each.status for each in role_lines("vendor", ROLE)] == [OK]


def test_policies_that_are_there_are_ok() -> None:
    assert policies("VendorAccess", "VendorLimit-1", "VendorLimit-2") == [
        (OK, "1 policy matches VendorAccess"),
        (OK, "2 policies match *Limit*"),
    ]


def test_policies_that_are_not_there_yet_are_warnings() -> None:
    assert policies() == [
        (WARNING, "no customer-managed policy matches VendorAccess"),
        (WARNING, "no customer-managed policy matches *Limit*"),
    ]


def test_a_policy_of_the_name_that_is_not_the_roles_is_a_warning() -> None:
    bare = RoleFacts("arn", trust())
    assert policies("VendorAccess", role=bare)[0] == (
        WARNING,
        f"{arn('VendorAccess')} is not attached to the role",
    )
    assert policies("VendorAccess", role=None)[0][0] is OK


@pytest.mark.parametrize(
    ("pattern", "status", "said"),
    [
        ("*ours*", FAILED, "*ours* matches every one of the 6 customer-managed policies"),
        ("*-1*", OK, "1 policy matches *-1*"),
    ],
)
def test_a_pattern_that_matches_every_policy_is_refused(
    pattern: str, status: Status, said: str
) -> None:
    (line,) = policy_lines(Settings(policies=(pattern,)), ROLE, OURS)
    assert (line.status, line.says) == (status, said)


def test_a_pattern_that_matches_most_policies_is_a_warning() -> None:
    (line,) = policy_lines(Settings(policies=("*ours*",)), ROLE, (*OURS, arn("other")))
    assert (line.status, line.says) == (
        WARNING,
        "*ours* matches 6 of the 7 customer-managed policies",
    )
