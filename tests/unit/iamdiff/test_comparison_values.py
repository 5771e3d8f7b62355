"""Context keys: which values there are, and keys that hold several of them."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from tests.unit.iamdiff.comparing import between, codes
from tests.unit.iamdiff.policies import allow, deny

from iamdiff import Verdict

KEY = "ex:k"
NAME = "${aws:username}"


def under(*conditions: tuple[str, str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for operator, key, values in conditions:
        block.setdefault(operator, {})[key] = values
    return allow(Condition=block)


def test_a_key_holds_several_values_where_a_set_operator_compares_it_with_variables() -> None:
    old = under(("StringLike", KEY, "*"))
    new = under(("Null", KEY, "false"), ("ForAnyValue:StringEquals", KEY, NAME))
    found = between([old], [new])
    assert found.verdict is Verdict.MIXED
    assert isinstance(found.gained[0].witness.context[KEY], tuple)


@pytest.mark.parametrize(
    ("key", "alone", "beside"),
    [
        (KEY, Verdict.EQUIVALENT, Verdict.EXPANSION),
        ("Ex:K", Verdict.EQUIVALENT, Verdict.EXPANSION),
        # AWS says of each of its own how many it holds.
        ("aws:SourceVpc", Verdict.EQUIVALENT, Verdict.EQUIVALENT),
        ("aws:TagKeys", Verdict.EXPANSION, Verdict.EXPANSION),
    ],
)
def test_a_key_that_nobody_knows_holds_several_values_wherever_a_set_operator_reads_it(
    key: str, alone: Verdict, beside: Verdict
) -> None:
    elsewhere = under(("ForAnyValue:StringEquals", key, "a")) | {"Action": "ec2:RunInstances"}
    old, new = under(("StringLike", key, "*")), under(("Null", key, "false"))
    assert between([old], [new]).verdict is alone
    assert between([old, elsewhere], [new, elsewhere]).verdict is beside


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (("StringEquals", "alice"), ("StringEqualsIgnoreCase", "Alice"), Verdict.EXPANSION),
        (("StringEqualsIgnoreCase", "ALICE"), ("StringEqualsIgnoreCase", "alice"), None),
        (("StringEqualsIgnoreCase", "alice"), ("StringLike", "aLice"), Verdict.REDUCTION),
        (("StringEqualsIgnoreCase", "a*"), ("StringLike", "a*"), Verdict.MIXED),
        (("StringEqualsIgnoreCase", "\u00e9"), ("StringEquals", "\u00c9"), Verdict.REDUCTION),
    ],
)
def test_values_that_differ_by_case_are_one_where_case_is_ignored(
    old: tuple[str, str], new: tuple[str, str], verdict: Verdict | None
) -> None:
    sides = [[under((operator, KEY, value))] for operator, value in (old, new)]
    assert between(*sides).verdict is (verdict or Verdict.EQUIVALENT)


@pytest.mark.parametrize(
    ("operator", "date", "shown"),
    [
        ("DateLessThan", "1970-01-01T00:00:00Z", "-1"),
        ("DateGreaterThan", "9999-01-01T00:00:00Z", "253370764801"),
    ],
)
def test_a_date_out_of_our_era_is_shown_in_seconds(operator: str, date: str, shown: str) -> None:
    found = between([], [under((operator, "aws:CurrentTime", date))])
    assert found.verdict is Verdict.EXPANSION
    assert found.gained[0].witness.context["aws:CurrentTime"] == shown


@pytest.mark.parametrize("date", ["1970-01-01T00:00:00Z", "2026-01-01T00:00:01Z"])
def test_a_date_is_shown_as_requests_hold_it(date: str) -> None:
    (grant,) = between([], [under(("DateEquals", "aws:CurrentTime", date))]).gained
    assert grant.witness.context == {"aws:CurrentTime": date}


def test_there_is_a_time_between_one_second_and_the_next() -> None:
    between_them = under(
        ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
        ("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:01Z"),
    )
    (grant,) = between([], [between_them]).gained
    assert grant.witness.context == {"aws:CurrentTime": "1767225600.5"}


def test_several_values_are_neither_equal_to_a_variable_nor_unequal() -> None:
    old = under(("StringNotEquals", "aws:TagKeys", NAME))
    both = under(
        ("ForAnyValue:StringEquals", "aws:TagKeys", "a"),
        ("ForAnyValue:StringLike", "aws:TagKeys", "b"),
    )
    unlike = deny(Condition={"StringEquals": {"aws:TagKeys": NAME}})
    found = between([old], [both, unlike])
    assert found.verdict is Verdict.MIXED
    assert found.gained[0].witness.context["aws:TagKeys"] == ("a", "b")


@pytest.mark.parametrize(
    ("operator", "value"),
    [("NumericGreaterThan", "1e30"), ("NumericLessThan", "-1e30"), ("NumericLessThan", "1e999")],
)
def test_there_are_numbers_beyond_any(operator: str, value: str) -> None:
    found = between([deny("s3:ListBucket")], [under((operator, KEY, value))])
    assert found.verdict is Verdict.EXPANSION


@pytest.mark.parametrize("side", ["LessThan", "GreaterThan"])
@pytest.mark.parametrize(("kind", "bound"), [("Numeric", "5"), ("Date", "2026-01-01T00:00:00Z")])
def test_a_bound_that_is_included_is_what_more_is_allowed(kind: str, side: str, bound: str) -> None:
    without, included = (under((f"{kind}{side}{end}", KEY, bound)) for end in ("", "Equals"))
    (grant,) = between([without], [included]).gained
    assert grant.witness.context == {KEY: bound}
    assert between([included], [without, included]).verdict is Verdict.EQUIVALENT


def test_there_is_a_number_above_the_greatest_of_several() -> None:
    old = under(("NumericEquals", KEY, ["1", "5"]))
    found = between([old], [old, under(("NumericGreaterThan", KEY, "5"))])
    assert found.verdict is Verdict.EXPANSION


def test_there_is_a_number_between_any_two() -> None:
    one, next_one = "1", "1.0000000000000000000000000000000000000001"
    found = between(
        [under(("NumericLessThanEquals", KEY, one))], [under(("NumericLessThan", KEY, next_one))]
    )
    assert found.verdict is Verdict.EXPANSION


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_boolean_is_true_or_false(value: str) -> None:
    one = under(("Bool", KEY, value))
    assert between([], [one]).gained[0].witness.context == {KEY: value}
    both = under(("Bool", KEY, ["true", "false"]))
    assert between([one], [both]).verdict is Verdict.EXPANSION
    assert between(
        [both], [under(("Null", KEY, "false"), ("Bool", KEY, ["false", "true"]))]
    ).verdict is (Verdict.EQUIVALENT)


@pytest.mark.parametrize("values", [["AA==", "AQ==", "Ag=="], ["AAAA"], ["AAAA", "AAAAAAAA"]])
def test_there_are_bytes_besides_any_that_are_named(values: list[str]) -> None:
    named = under(("BinaryEquals", KEY, values))
    assert between([named], [under(("Null", KEY, "false"))]).verdict is Verdict.EXPANSION


def test_no_value_is_all_of_one_kind_and_some_of_another() -> None:
    never = under(
        ("Null", KEY, "false"),
        ("ForAllValues:NumericEquals", KEY, "1"),
    )
    spared = deny(Condition={"ForAnyValue:NumericGreaterThan": {KEY: "0"}})
    assert between([], [never, spared]).lost == ()
    assert between([spared], [never, spared]).verdict is Verdict.EQUIVALENT


def test_null_of_both_asks_for_nothing_and_of_neither_is_open() -> None:
    either = under(("Null", KEY, ["true", "false"]))
    assert between([either], [allow()]).verdict is Verdict.EQUIVALENT
    assert between([under(("Null", KEY, "TRUE"))], [under(("Null", KEY, "true"))]).verdict is (
        Verdict.EQUIVALENT
    )
    neither = under(("Null", KEY, []))
    assert codes(between([neither], [deny()])) == {"empty-list"}


def test_a_key_may_hold_what_is_no_arn_but_for_those_that_hold_arns() -> None:
    spared = under(("Null", KEY, "false"), ("ArnNotLike", KEY, "arn:*:*:*:*:*"))
    assert between([], [spared]).verdict is Verdict.EXPANSION
    caller = "aws:PrincipalArn"
    for also in ((), (("StringNotEquals", caller, "a"),)):
        nobody = under(("ArnNotLike", caller, "arn:*:*:*:*:*"), *also)
        assert between([], [nobody]).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize(
    ("wide", "half", "last"),
    [
        ("0.0.0.0/0", "128.0.0.0/1", "255.255.255.255"),
        ("::/0", "8000::/1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_addresses_go_up_to_the_last(wide: str, half: str, last: str) -> None:
    ranges = [allow(Condition={"IpAddress": {"aws:SourceIp": each}}) for each in (wide, half, last)]
    for narrow, wider in ((1, 0), (2, 0), (2, 1)):
        assert between([ranges[narrow]], [ranges[wider]]).verdict is Verdict.EXPANSION
        assert between([ranges[wider]], [ranges[wider], ranges[narrow]]).verdict is (
            Verdict.EQUIVALENT
        )
    found = between([], [ranges[0], deny(Condition={"NotIpAddress": {"aws:SourceIp": half}})])
    address = ip_address(str(found.gained[0].witness.context["aws:SourceIp"]))
    assert address in ip_network(half)


@pytest.mark.parametrize(
    ("kind", "width", "other"), [(IPv4Address, 32, "::/0"), (IPv6Address, 128, "0.0.0.0/0")]
)
@pytest.mark.parametrize("last", [False, True])
def test_one_address_is_left_where_ranges_cover_all_others(
    kind: type[IPv4Address | IPv6Address], width: int, other: str, last: bool
) -> None:
    """The first address, below all ranges, or the last one, above them."""
    everything = (1 << width) - 1
    ranges = [
        f"{kind(everything ^ ((2 << bit) - 1) if last else 1 << bit)}/{width - bit}"
        for bit in range(width)
    ]
    left = under(
        ("NotIpAddress", "aws:SourceIp", [*ranges, other]), ("Null", "aws:SourceIp", "false")
    )
    (grant,) = between([], [left]).gained
    assert grant.witness.context == {"aws:SourceIp": str(kind(everything if last else 0))}


def test_denies_that_together_cover_every_pair_of_two_keys_leave_nothing() -> None:
    either = ("StringEquals", "StringNotEquals")
    denies = [
        under((one, "ex:a", "x"), (other, "ex:b", "y")) | {"Effect": "Deny"}
        for one in either
        for other in either
    ]
    assert between([deny()], [allow(), *denies]).verdict is Verdict.EQUIVALENT
    for number in range(len(denies)):
        most = [each for place, each in enumerate(denies) if place != number]
        assert between([deny()], [allow(), *most]).verdict is Verdict.EXPANSION
