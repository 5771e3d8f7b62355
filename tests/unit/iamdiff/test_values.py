"""How texts are read as numbers, dates, booleans, addresses, binary and ARNs."""

from decimal import Decimal
from ipaddress import ip_address, ip_network

import pytest

from iamdiff.values import (
    AddressRange,
    read_address_range,
    read_arn,
    read_binary,
    read_boolean,
    read_date,
    read_number,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", "0"), ("-7", "-7"), ("+7", "7"), ("10.50", "10.5"), (".5", "0.5"), ("5.", "5"),
     ("1e3", "1000"), ("2.5E-1", "0.25"), ("1" * 50, "1" * 50)],
)  # fmt: skip
def test_numbers_are_read_exactly(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1,000",
        "ten",
        "0x10",
        "1e9999",
        "--1",
        ".",
        "NaN",
        "Infinity",
        "\u0661",
        "1_0",
    ],
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01", "0"),
        ("1970-01-02", "86400"),
        ("1970-01-01T00:01Z", "60"),
        ("1970-01-01T00:00:01Z", "1"),
        ("1970-01-01T00:00:01.250Z", "1.25"),
        ("1970-01-01T01:00:00+01:00", "0"),
        ("1969-12-31T23:30:00-00:30", "0"),
        ("2020-01-01T00:00:01Z", "1577836801"),
        ("2020-02-29", "1582934400"),
        ("0001-01-01", "-62135596800"),
        ("1577836801", "1577836801"),
        ("-5", "-5"),
        ("12345.5", "12345.5"),
    ],
)
def test_dates_are_read_in_the_w3c_profile_and_as_epoch_time(text: str, seconds: str) -> None:
    assert read_date(text) == Decimal(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020",  # a year, or seconds
        "2020-13-01",
        "2020-02-30",
        "0000-01-01",
        "2020-01-01T00:00:00",  # no zone
        "2020-01-01T24:00Z",
        "2020-01-01T00:60Z",
        "2020-01-01T00:00:60Z",
        "2020-01-01 00:00:00Z",
        "20130930T231548Z",
        "2020-01-01T00:00:00+0100",
        "2020-01-*",
        "1e9",
        "tomorrow",
    ],
)
def test_other_texts_are_no_dates(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("FALSE", False), ("yes", None), ("", None), ("1", None)],
)
def test_booleans_are_true_and_false_in_any_case(text: str, value: bool | None) -> None:
    assert read_boolean(text) is value


@pytest.mark.parametrize("text", ["203.0.113.7", "192.0.2.1", "2001:db8::1", "::"])
def test_an_address_without_prefix_is_a_range_of_one(text: str) -> None:
    number = int(ip_address(text))
    assert read_address_range(text) == AddressRange(ip_address(text).version, number, number)


@pytest.mark.parametrize("text", ["203.0.113.0/24", "0.0.0.0/0", "2001:DB8:1234:5678::/64", "::/0"])
def test_a_range_is_in_cidr_notation(text: str) -> None:
    network = ip_network(text)
    assert read_address_range(text) == AddressRange(
        network.version, int(network.network_address), int(network.broadcast_address)
    )


def test_bits_after_the_prefix_are_ignored() -> None:
    assert read_address_range("203.0.113.77/24") == read_address_range("203.0.113.0/24")


@pytest.mark.parametrize(
    "text",
    ["", "203.0.113", "203.0.113.0/33", "203.0.113.0/255.255.255.0", "203.0.113.0/", "203.0.113.*",
     "010.0.0.1", "fe80::1%eth0", "2001:db8::/129", "example.com", "1", "10.0.0.0/-1"],
)  # fmt: skip
def test_other_texts_are_no_addresses(text: str) -> None:
    assert read_address_range(text) is None


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        ("203.0.113.0/24", "203.0.113.7", True),
        ("203.0.113.0/24", "203.0.113.0/25", True),
        ("203.0.113.0/24", "203.0.112.0/23", False),
        ("203.0.113.0/24", "203.0.114.0", False),
        ("0.0.0.0/0", "::1", False),
        ("::/0", "::ffff:203.0.113.7", True),
        ("::/0", "203.0.113.7", False),
    ],
)
def test_a_range_covers_ranges_of_its_own_version(one: str, other: str, covers: bool) -> None:
    wide, narrow = read_address_range(one), read_address_range(other)
    assert wide is not None
    assert narrow is not None
    assert wide.covers(narrow) is covers


def test_binary_is_base64() -> None:
    assert read_binary("QmluYXJ5VmFsdWVJbkJhc2U2NA==") == b"BinaryValueInBase64"
    assert read_binary("") == b""
    for text in ("QQ", "Q===", "é", "QQ== ", "*"):
        assert read_binary(text) is None


def test_the_last_field_of_an_arn_takes_the_rest() -> None:
    assert read_arn("arn:aws:logs:r:1:log-group:a:b") == (
        "arn",
        "aws",
        "logs",
        "r",
        "1",
        "log-group:a:b",
    )
    assert read_arn("arn:aws:s3:::") == ("arn", "aws", "s3", "", "", "")
    for text in ("", "*", "arn:aws:s3", "arn:aws:s3::", "urn:aws:s3:::b"):
        assert read_arn(text) is None
