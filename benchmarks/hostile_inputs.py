"""Policies that somebody might write to make a comparison slow: each an old and a new document.

IAM would take many of them; others are larger than it takes, up to 256 KB.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count, product
from typing import Any

from benchmarks.roles import Json, document, ordinary_statement, text

LARGEST = 256 * 1024
"""Characters of the largest document that is tried."""

_LETTERS = "abcdefghijklmnopqrst"
_BUCKET = "arn:aws:s3:::bucket/*"
_OBJECT = "s3:GetObject"

type Pair = tuple[Json, Json]


def _allow(action: Any = _OBJECT, resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _deny(action: Any = _OBJECT, resource: Any = "*", **more: Any) -> Json:
    return {**_allow(action, resource, **more), "Effect": "Deny"}


def _equals(**values: Any) -> Json:
    return {"StringEquals": {f"aws:PrincipalTag/{key}": each for key, each in values.items()}}


def _globs(number: int, form: str = "*{}*{}*") -> list[str]:
    """Patterns that overlap in every way: ``*a*b*``."""
    pairs = ((one, other) for one, other in product(_LETTERS, _LETTERS) if one != other)
    return [form.format(one, other) for (one, other), _ in zip(pairs, range(number), strict=False)]


def _halves(things: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """The even and the odd ones."""
    return things[::2], things[1::2]


def action_globs_in_one_statement() -> Pair:
    """Hundreds of *a*b* in one Action."""
    old, new = _halves([f"s3:{each}" for each in _globs(380)])
    return document(_allow(list(old))), document(_allow(list(new)))


def action_globs_in_many_statements() -> Pair:
    """Each *a*b* in a statement with a condition of its own."""
    statements = [
        _allow(f"s3:{each}", Condition=_equals(**{f"k{place}": "v"}))
        for place, each in enumerate(_globs(200))
    ]
    old, new = _halves(statements)
    return document(*old), document(*new)


def action_globs_against_denies() -> Pair:
    """Allows of *a*b* under Denies of *c*d*, one Deny more."""
    globs = [f"s3:{each}" for each in _globs(200)]
    allows = [_allow(each, f"arn:aws:s3:::b{n}/*") for n, each in enumerate(globs[:100])]
    denies = [_deny(each, f"arn:aws:s3:::b{n}/*") for n, each in enumerate(globs[100:])]
    return document(*allows, *denies[:-1]), document(*allows, *denies)


def action_question_marks() -> Pair:
    """Patterns of question marks and stars."""
    globs = [
        f"s3:{'?' * (n % 9)}*{letter}{'?' * (n % 4)}*" for n, letter in enumerate(_LETTERS * 5)
    ]
    old, new = _halves(globs)
    return (
        document(*(_allow(each, f"arn:aws:s3:::{n % 5}") for n, each in enumerate(old))),
        document(*(_allow(each, f"arn:aws:s3:::{n % 5}") for n, each in enumerate(new))),
    )


def resource_globs_in_one_statement() -> Pair:
    """Hundreds of *a*b* in one Resource."""
    old, new = _halves([f"arn:aws:s3:::{each}" for each in _globs(380)])
    return document(_allow(resource=list(old))), document(_allow(resource=list(new)))


def resource_globs_in_many_statements() -> Pair:
    """Each *a*b* in a Deny with a condition of its own."""
    denies = [
        _deny(resource=f"arn:aws:s3:::{each}", Condition=_equals(**{f"k{place % 9}": "v"}))
        for place, each in enumerate(_globs(200))
    ]
    return document(_allow(), *denies), document(_allow(), *denies[1:])


def resource_globs_in_every_field() -> Pair:
    """Globs in the first five fields of ARNs as well."""
    arns = [
        f"arn:*{a}*:*{b}*:*{a}*{b}*:*{b}*{a}*:{a}*/*{b}*"
        for a, b in product(_LETTERS[:12], repeat=2)
    ]
    old, new = _halves([_allow(resource=each) for each in arns])
    return document(*old), document(*new)


def value_globs_in_one_condition() -> Pair:
    """Hundreds of *a*b* in one StringLike."""

    def side(values: Sequence[str]) -> Json:
        return document(_allow(Condition={"StringLike": {"aws:UserAgent": list(values)}}))

    old, new = _halves(_globs(380))
    return side(old), side(new)


def value_globs_in_many_conditions() -> Pair:
    """Each *a*b* in a StringNotLike of a Deny of its own."""
    denies = [
        _deny(Condition={"StringLike": {"aws:UserAgent": [each, f"x{each}"]}})
        for each in _globs(200)
    ]
    return document(_allow(), *denies), document(_allow(), *denies[:-1])


def forty_keys_in_one_statement() -> Pair:
    """Forty condition keys in one statement, with other values on the other side."""

    def side(value: str) -> Json:
        keys = {f"aws:PrincipalTag/k{number}": ["common", value] for number in range(40)}
        return document(_allow(Condition={"StringEquals": keys}))

    return side("old"), side("new")


def forty_keys_in_every_deny() -> Pair:
    """Forty condition keys in each of ten Denies, which only together stop all."""

    def deny(number: int) -> Json:
        operator = "StringEquals" if number % 2 else "StringNotEquals"
        keys = {f"aws:PrincipalTag/k{key}": f"v{number // 2}" for key in range(40)}
        return _deny(Condition={operator: keys})

    denies = [deny(number) for number in range(10)]
    return document(_allow(), *denies), document(_allow(), *denies[:-1])


def conditions_like_a_puzzle() -> Pair:
    """Denies of three keys each that leave nothing or almost nothing: a satisfiability problem."""

    def deny(number: int) -> Json:
        chosen = {
            (number * step * step + 7 * step) % 40: (number >> step) & 1 for step in (1, 2, 3)
        }
        return _deny(
            Condition={
                "Bool": {f"ex:b{key}": str(bool(value)).lower() for key, value in chosen.items()},
                "Null": {f"ex:b{key}": "false" for key in chosen},
            }
        )

    denies = [deny(number) for number in range(170)]
    present = {"Null": {f"ex:b{key}": "false" for key in range(40)}}
    return document(*denies), document(_allow(Condition=present), *denies)


def not_action_over_not_resource() -> Pair:
    """Fifty statements of NotAction and NotResource, Allows and Denies in turn."""

    def statement(number: int) -> Json:
        return {
            "Effect": "Deny" if number % 2 else "Allow",
            "NotAction": [
                f"{service}:*{_LETTERS[number % 20]}*" for service in ("s3", "ec2", "iam")
            ],
            "NotResource": [
                f"arn:aws:s3:::*{_LETTERS[(number * 3) % 20]}*",
                f"arn:aws:iam::*:{number}",
            ],
        }

    statements = [statement(number) for number in range(50)]
    return document(*statements), document(*statements[:-1])


def not_action_of_many_services() -> Pair:
    """NotAction elements that name hundreds of services."""

    def statement(number: int) -> Json:
        services = [f"service{each}:*" for each in range(number, number + 200)]
        return {"Effect": "Allow", "NotAction": services, "Resource": f"arn:aws:s3:::b{number}/*"}

    statements = [statement(number) for number in range(30)]
    return document(*statements), document(*statements[1:])


def many_allows_under_many_denies() -> Pair:
    """Two hundred Allows and two hundred Denies of one action, each with a condition."""
    allows = [
        _allow(Condition=_equals(**{f"a{number % 20}": f"v{number}"})) for number in range(200)
    ]
    denies = [
        _deny(Condition=_equals(**{f"d{number % 20}": f"v{number}"})) for number in range(200)
    ]
    return document(*allows, *denies), document(*allows[1:], *denies[1:])


def many_allows_under_many_denies_by_resource() -> Pair:
    """The same with overlapping resources instead of conditions."""
    allows = [_allow(resource=f"arn:aws:s3:::{number}*/*") for number in range(200)]
    denies = [_deny(resource=f"arn:aws:s3:::*/*{number}") for number in range(200)]
    return document(*allows, *denies), document(*allows[1:], *denies[1:])


def long_multivalued_keys() -> Pair:
    """Set operators with a thousand values."""

    def side(skip: int) -> Json:
        keys = [f"key{number}" for number in range(1000) if number != skip]
        return document(
            _allow(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": keys}}),
            _deny(Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": keys[::3]}}),
        )

    return side(6), side(8)


def many_set_conditions() -> Pair:
    """Forty ForAnyValue Denies of one key, which must all be dodged at once."""

    def deny(number: int) -> Json:
        operator = "ForAnyValue:StringLike" if number % 2 else "ForAllValues:StringNotLike"
        return _deny(
            Condition={operator: {"aws:TagKeys": [f"*{_LETTERS[number % 20]}*", f"{number}*"]}}
        )

    denies = [deny(number) for number in range(40)]
    return document(_allow(), *denies), document(_allow(), *denies[2:])


def many_address_ranges() -> Pair:
    """Four thousand ranges of IP addresses."""
    ranges = [f"10.{n // 64 % 64}.{n % 64 * 4}.0/{22 + n % 8}" for n in range(4000)]

    def side(values: Sequence[str]) -> Json:
        return document(_allow(Condition={"IpAddress": {"aws:SourceIp": list(values)}}))

    old, new = _halves(ranges)
    return side(old), side(new)


def many_numbers_and_dates() -> Pair:
    """Hundreds of statements that each compare a number and a date."""

    def statement(number: int) -> Json:
        return _allow(
            Condition={
                "NumericLessThan": {"s3:max-keys": str(number * 3)},
                "DateGreaterThan": {"aws:CurrentTime": f"{1900 + number}-01-01T00:00:00Z"},
            }
        )

    statements = [statement(number) for number in range(300)]
    return document(*statements[1:]), document(*statements[:-1])


def many_policy_variables() -> Pair:
    """A hundred resources and conditions with policy variables."""

    def statement(number: int) -> Json:
        return _allow(
            resource=f"arn:aws:s3:::{_LETTERS[number % 20]}/${{aws:PrincipalTag/k{number % 10}}}/*",
            Condition={
                "StringLike": {"s3:prefix": f"${{aws:PrincipalTag/p{number % 7}}}/*{number}"}
            },
        )

    statements = [statement(number) for number in range(100)]
    return document(*statements[1:]), document(*statements[:-1])


def short_arns() -> Pair:
    """Two hundred resources with fewer than six fields, which AWS's pages read in two ways."""
    arns = [f"arn:aws:*{one}*:*:{other}*" for one, other in product(_LETTERS[:14], repeat=2)]
    old, new = _halves(arns)
    return document(_allow(resource=list(old))), document(_allow(resource=list(new)))


def one_pattern_of_stars() -> Pair:
    """One pattern as long as a document may be."""
    long = "*a*b" * (LARGEST // 5)
    old = f"arn:aws:s3:::{long}"[: LARGEST - 500]
    return document(_allow(resource=old)), document(_allow(resource=f"{old}c"))


def largest_list_of_actions() -> Pair:
    """256 KB of actions, all other ones on the other side."""
    names = (f"s3:Get{number:06}*" for number in count())
    size = LARGEST // 18
    every = [next(names) for _ in range(2 * size)]
    old, new = _halves(every)
    return document(_allow(list(old))), document(_allow(list(new)))


def largest_list_of_resources() -> Pair:
    """256 KB of resources, all other ones on the other side."""
    every = [f"arn:aws:s3:::bucket-{number:06}/*" for number in range(2 * (LARGEST // 34))]
    old, new = _halves(every)
    return document(_allow(resource=list(old))), document(_allow(resource=list(new)))


def largest_list_of_values() -> Pair:
    """256 KB of a condition's values, all other ones on the other side."""
    every = [f"value-{number:06}*" for number in range(2 * (LARGEST // 17))]

    def side(values: Sequence[str]) -> Json:
        return document(_allow(Condition={"StringLike": {"aws:PrincipalTag/k": list(values)}}))

    old, new = _halves(every)
    return side(old), side(new)


def _largest(statement: Callable[[int], Json]) -> list[Json]:
    """As many statements as fit."""
    statements: list[Json] = []
    size = len(text(document()))
    for number in count():
        made = statement(number)
        size += len(text(made)) + 1
        if size > LARGEST:
            return statements
        statements.append(made)
    raise AssertionError("count() ends never")


def largest_number_of_statements() -> Pair:
    """256 KB of the smallest statements, each another resource."""
    statements = _largest(lambda number: _allow(resource=f"arn:aws:s3:::b{number}"))
    return document(*statements[1:]), document(*statements[:-1])


def largest_ordinary_document() -> Pair:
    """256 KB of ordinary statements against none."""
    return document(), document(*_largest(ordinary_statement))


def largest_rearranged_document() -> Pair:
    """256 KB of ordinary statements in another order, their lists reversed."""
    statements = _largest(ordinary_statement)
    turned = [
        {
            **each,
            "Action": each["Action"][::-1],
            "Resource": each["Resource"][::-1],
        }
        for each in reversed(statements)
    ]
    return document(*statements), document(*turned)


HOSTILE: tuple[Callable[[], Pair], ...] = (
    action_globs_in_one_statement,
    action_globs_in_many_statements,
    action_globs_against_denies,
    action_question_marks,
    resource_globs_in_one_statement,
    resource_globs_in_many_statements,
    resource_globs_in_every_field,
    value_globs_in_one_condition,
    value_globs_in_many_conditions,
    forty_keys_in_one_statement,
    forty_keys_in_every_deny,
    conditions_like_a_puzzle,
    not_action_over_not_resource,
    not_action_of_many_services,
    many_allows_under_many_denies,
    many_allows_under_many_denies_by_resource,
    long_multivalued_keys,
    many_set_conditions,
    many_address_ranges,
    many_numbers_and_dates,
    many_policy_variables,
    short_arns,
    one_pattern_of_stars,
    largest_list_of_actions,
    largest_list_of_resources,
    largest_list_of_values,
    largest_number_of_statements,
    largest_ordinary_document,
    largest_rearranged_document,
)


def pair_texts(name: str) -> Iterator[str]:
    """Both documents of a hostile input as JSON."""
    (make,) = (each for each in HOSTILE if each.__name__ == name)
    return (text(each) for each in make())
