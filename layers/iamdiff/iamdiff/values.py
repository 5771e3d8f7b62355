"""Typed values of conditions: numbers, dates, booleans, addresses, binary, ARNs.

Each function reads a text as its type and returns None where it cannot. A text means the same in
a policy and in a request. IAM User Guide, "IAM JSON policy elements: Condition operators"
(reference_policies_elements_condition_operators).
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from decimal import Decimal

_CACHE = 4096
# Patterns stay texts until they are used: `re` compiles each once, and importing costs less.
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_EPOCH = r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?"
_YEAR = r"[0-9]{4}"
# https://www.w3.org/TR/NOTE-datetime: a time of day has a zone designator.
_DATE = r"""(?x) (?P<year>[0-9]{4})-(?P<month>[0-9]{2})
        (?: -(?P<day>[0-9]{2})
            (?: T(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])
                (?: :(?P<second>[0-5][0-9](?:\.[0-9]{1,9})?) )?
                (?: Z | (?P<sign>[+-])(?P<zone_hour>[01][0-9]|2[0-3]):(?P<zone_minute>[0-5][0-9]) )
            )?
        )?"""
_ARN_FIELDS = 6


def fold_case(text: str) -> str:
    """What texts share that differ in case only."""
    return text.lower()


@lru_cache(maxsize=_CACHE)
def read_number(text: str) -> "Decimal | None":
    """An integer or decimal, exactly."""
    if not re.fullmatch(_NUMBER, text):
        return None
    from decimal import Decimal  # noqa: PLC0415 - slow to import, and few policies need it

    return Decimal(text)


@lru_cache(maxsize=_CACHE)
def read_date(text: str) -> "Decimal | None":
    """Seconds since 1970: a date in W3C's profile of ISO 8601, or epoch time.

    Four digits alone are not read: they are a year in the one format, seconds in the other.
    """
    from decimal import Decimal  # noqa: PLC0415 - slow to import, and few policies need it

    if re.fullmatch(_YEAR, text):
        return None
    if re.fullmatch(_EPOCH, text):
        return Decimal(text)
    found = re.fullmatch(_DATE, text)
    if found is None:
        return None
    from datetime import date  # noqa: PLC0415 - the same

    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
    except ValueError:
        return None
    minutes = int(found["hour"] or 0) * 60 + int(found["minute"] or 0)
    offset = int(found["zone_hour"] or 0) * 60 + int(found["zone_minute"] or 0)
    minutes -= -offset if found["sign"] == "-" else offset
    days = day.toordinal() - date(1970, 1, 1).toordinal()
    return Decimal(days * 86400 + minutes * 60) + Decimal(found["second"] or 0)


@lru_cache(maxsize=_CACHE)
def read_boolean(text: str) -> bool | None:
    """``true`` or ``false``, in any case."""
    return {"true": True, "false": False}.get(text.lower())


class AddressRange(NamedTuple):
    """Addresses of one IP version (4 or 6), from first to last, as numbers."""

    version: int
    first: int
    last: int

    def covers(self, other: "AddressRange") -> bool:
        """Whether every address of another range lies in this one."""
        return (
            self.version == other.version and self.first <= other.first <= other.last <= self.last
        )


@lru_cache(maxsize=_CACHE)
def read_address_range(text: str) -> AddressRange | None:
    """An address, or a range in CIDR notation.

    Without a prefix it is one address. Bits after the prefix are ignored (Access Analyzer policy
    checks, "Improve IP range").
    """
    from ipaddress import ip_network  # noqa: PLC0415 - slow to import, and few policies need it

    address, slash, prefix = text.partition("/")
    # ip_network would also take netmasks and zones, which are no CIDR notation.
    if "%" in address or (slash and not (prefix.isascii() and prefix.isdigit())):
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return AddressRange(
        network.version, int(network.network_address), int(network.broadcast_address)
    )


@lru_cache(maxsize=_CACHE)
def read_binary(text: str) -> bytes | None:
    """Bytes in base64."""
    from binascii import Error, a2b_base64  # noqa: PLC0415 - few policies need it

    try:
        return a2b_base64(text.encode("ascii"), strict_mode=True)
    except (Error, UnicodeEncodeError):
        return None


def read_arn(text: str) -> tuple[str, ...] | None:
    """The six fields of an ARN; the last takes the rest, colons included."""
    fields = tuple(text.split(":", _ARN_FIELDS - 1))
    return fields if len(fields) == _ARN_FIELDS and fields[0] == "arn" else None
