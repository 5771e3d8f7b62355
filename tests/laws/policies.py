"""Policies for laws: small alphabets, so that patterns meet often.

They are drawn as JSON, so that a law can read them with the parser and an oracle without it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from iamdiff.model import Access, Document
from iamdiff.parser import parse_document

type Json = dict[str, Any]
type Draw = st.DrawFn

ROLE = "arn:aws:iam::123456789012:role/vendor"
USER = "arn:aws:iam::123456789012:user/jo"
ROOT = "arn:aws:iam::123456789012:root"
SESSION = "arn:aws:sts::123456789012:assumed-role/vendor/s"
STRANGER = "arn:aws:iam::999999999999:user/al"

ACTIONS = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:PutObject",
    "s3:ListBucket",
    "ec2:RunInstances",
    "ec2:DescribeInstances",
    "iam:PassRole",
)
ACTION_PATTERNS = (
    *ACTIONS,
    "*",
    "*:*",
    "s3:*",
    "S3:get*",
    "s3:*Object",
    "s3:?etObject",
    "s3:*Object*",
    "ec2:*",
    "ec2:*Instances",
    "s3:GetObject ",
)
RESOURCE_PATTERNS = (
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::*b",
    "arn:aws:s3:::?",
    "arn:aws:s3:::a/*/b",
    "arn:aws:ec2:*:*:*",
    "arn:aws:ec2:*:1:instance/*",
    "arn:aws:ec2:r:*:instance/a",
    "arn:*:*:*:*:*",
    "arn:aws:*:::a",
    "arn:aws:s3",
    "arn:aws:ec2:r*",
)
VARIABLE_PATTERNS = (
    "arn:aws:s3:::${ex:s}",
    "arn:aws:s3:::${ex:s}/*",
    "arn:aws:s3:::${ex:s, 'a'}",
    "arn:aws:s3:::a${*}",
)

_STRINGS = ("a", "b", "ab", "A", "a*", "*b", "?", "*", "a?*", "")
_LINKED = ("${ex:s}", "a${ex:s}", "${ex:s}*", "${aws:RequestedRegion}", "${ex:s, 'a'}", "${*}")
_NUMBERS = ("0", "1", "2", "1.5", "10", "-1", "2.0")
_DATES = (
    "2020-01-01",
    "2020-01-01T00:00:00Z",
    "1577836800",
    "2021-06-01T12:00:00+02:00",
    "2022-01",
)
_ADDRESSES = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1")
_ARNS = (
    "arn:aws:iam::1:role/a",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::1:*",
    "arn:aws:iam::?:user/a",
    "arn:*:*:*:*:*",
)
_BINARY = ("QQ==", "Qg==")
TRUTHS = ("true", "false")

_STRING_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
)
_COMPARISONS = (
    "Equals",
    "NotEquals",
    "LessThan",
    "LessThanEquals",
    "GreaterThan",
    "GreaterThanEquals",
)
# By key: what reads it, and its values in policies. One type a key, as in AWS.
KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ex:s": (_STRING_OPERATORS, _STRINGS),
    "ex:t": (_STRING_OPERATORS, _STRINGS),
    "ex:n": (tuple(f"Numeric{each}" for each in _COMPARISONS), _NUMBERS),
    "ex:d": (tuple(f"Date{each}" for each in _COMPARISONS), _DATES),
    "ex:b": (("Bool",), TRUTHS),
    "ex:i": (("IpAddress", "NotIpAddress"), _ADDRESSES),
    "ex:a": (("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"), _ARNS),
    "ex:x": (("BinaryEquals",), _BINARY),
    "aws:RequestedRegion": (_STRING_OPERATORS, _STRINGS),
}
PRINCIPAL_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:PrincipalArn": (
        ("ArnLike", "ArnNotLike", "StringEquals", "StringNotLike"),
        (ROLE, USER, ROOT, "arn:aws:iam::*:role/*", "arn:aws:iam::123456789012:*", "arn:*:*:*:*:*"),
    ),
    "aws:PrincipalAccount": (
        ("StringEquals", "StringNotEquals", "StringLike"),
        ("123456789012", "999999999999", "9*", "anonymous"),
    ),
    "aws:PrincipalType": (
        ("StringEquals", "StringNotEquals"),
        ("User", "AssumedRole", "Account", "Anonymous", "FederatedUser"),
    ),
    "aws:username": (_STRING_OPERATORS, ("jo", "al", "*")),
}
"""Keys that follow from the principal, or are absent because of it."""

ODD_ACTION_PATTERNS = (":*", "s3:", "s3:**", "s3:*?*", "s3:ListBuc\u212aet", "s3:\ue000")
"""Patterns that no action matches (U+212A, the Kelvin sign, is a k in lower case), and the like."""

DOUBTFUL_PATTERNS = (
    "arn:aws:ec2:*:a",
    "arn:aws:*:r",
    "arn:aws:s3::${ex:s}:a",
    "arn:aws:s3:::${ex:s",
    "arn:aws:s3:::${aws:TagKeys}",
    "arn:aws:s3:::a\ue000",
    "",
    "**",
    "*:*",
)
DOUBTFUL_CONDITIONS: tuple[tuple[str, str, Any], ...] = (
    ("DateLessThan", "ex:d", "tomorrow"),
    ("NumericNotEquals", "ex:n", ["ten", "1"]),
    ("Bool", "ex:b", "maybe"),
    ("NotIpAddress", "ex:i", "example.com"),
    ("ArnLike", "ex:a", "*"),
    ("ArnNotLike", "ex:a", "arn:aws:iam"),
    ("StringEquals", "ex:s", []),
    ("StringNotEqualsIfExists", "ex:s", []),
    ("ForAllValues:StringEquals", "ex:t", []),
    ("ForAnyValue:StringNotEquals", "ex:t", []),
    ("ForAllValues:Null", "ex:s", "true"),
    ("ForAnyValue:Null", "ex:s", "false"),
    ("Null", "ex:s", "absent"),
    ("Bool", "ex:b", "${ex:s}"),
    ("NumericLessThan", "ex:n", ["${ex:s}", "2"]),
    ("DateNotEqualsIfExists", "ex:d", "${ex:s, '2020-01-01'}"),
    ("NotIpAddress", "ex:i", "${ex:t}"),
    ("BinaryEquals", "ex:x", ["${ex:s}", "QQ=="]),
    ("ForAllValues:NumericEquals", "ex:n", "${ex:s}"),
    ("StringLike", "ex:s", "${ex:t"),
    ("StringEquals", "ex:s", "${ex:t}"),
    ("NumericEquals", "ex:s", "1"),
    ("StringEquals", "ex:s", "a\ue000"),
    ("ArnLike", "ex:s", ["", "a"]),
)
"""Constructs of which AWS's pages leave something open, and their like."""

SET_KEYS = ("ex:t", "ex:n", "ex:a")
"""Keys that set operators read, so that they may hold several values."""


@cache  # hypothesis checks each strategy that is new to it
def _some(values: Sequence[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


class Style(NamedTuple):
    """What policies are drawn of.

    Attributes
    ----------
    conditions : int
        Conditions of a statement, at most.
    variables : bool
        Policy variables, and documents of the old Version, where they are text.
    principal_keys : bool
        Conditions on keys that follow from the principal.
    doubtful : bool
        Constructs of which AWS's pages leave something open, and texts that policies seldom hold.
    """

    kind: str = "identity"
    conditions: int = 2
    variables: bool = False
    principal_keys: bool = False
    doubtful: bool = False


@cache
@st.composite
def _one_condition(draw: Draw, style: Style) -> tuple[str, str, Any]:
    if style.doubtful and draw(st.integers(0, 2)) == 2:
        doubtful: tuple[str, str, Any] = draw(st.sampled_from(DOUBTFUL_CONDITIONS))
        return doubtful
    keys = {**KEYS, **PRINCIPAL_KEYS} if style.principal_keys else KEYS
    key = draw(st.sampled_from(tuple(keys)))
    operators, values = keys[key]
    if style.variables and operators is _STRING_OPERATORS:
        values += _LINKED
    if draw(st.integers(0, 5)) == 5:
        return "Null", key, draw(st.sampled_from(TRUTHS))
    operator = draw(st.sampled_from(operators))
    if draw(st.integers(0, 3)) == 3:
        operator += "IfExists"
    if key in SET_KEYS and draw(st.booleans()):
        operator = f"{draw(st.sampled_from(('ForAnyValue', 'ForAllValues')))}:{operator}"
    chosen = draw(_some(values))
    return operator, key, chosen[0] if len(chosen) == 1 and draw(st.booleans()) else chosen


@cache
@st.composite
def _block(draw: Draw, style: Style) -> Json:
    """A Condition element, perhaps empty."""
    block: Json = {}
    for operator, key, values in draw(st.lists(_one_condition(style), max_size=style.conditions)):
        block.setdefault(operator, {})[key] = values
    return block


@cache
def _principals() -> st.SearchStrategy[Any]:
    names = st.sampled_from((ROLE, USER, ROOT, "123456789012", STRANGER, "*", "AROAEXAMPLEEXAMPLE"))
    return st.one_of(
        st.just("*"),
        st.fixed_dictionaries(
            {"AWS": names | st.lists(names, min_size=1, max_size=2, unique=True)}
        ),
        st.fixed_dictionaries({"Service": st.just("ec2.amazonaws.com")}),
        st.fixed_dictionaries({"AWS": names, "Federated": st.just("accounts.google.com")}),
    )


# Of AWS principals, AWS's page leaves open whom a NotPrincipal spares.
_SPARED: tuple[Any, ...] = (
    {"Service": "ec2.amazonaws.com"},
    {"Federated": "accounts.google.com"},
    "*",
)
_SPARED_IN_DOUBT: tuple[Any, ...] = ({"AWS": USER}, {"AWS": [USER, ROOT]}, {"AWS": []})


@cache
@st.composite
def statements(draw: Draw, /, **options: Any) -> Json:
    """A statement; `options` are those of `Style`."""
    style = Style(**options)
    found: Json = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    inverted = draw(st.integers(0, 4)) == 4
    actions = ACTION_PATTERNS + (ODD_ACTION_PATTERNS if style.doubtful else ())
    found["NotAction" if inverted else "Action"] = draw(_some(actions))
    if style.kind != "trust":
        patterns = RESOURCE_PATTERNS + (VARIABLE_PATTERNS if style.variables else ())
        patterns += DOUBTFUL_PATTERNS if style.doubtful else ()
        inverted = draw(st.integers(0, 4)) == 4
        found["NotResource" if inverted else "Resource"] = draw(_some(patterns))
    if style.kind == "resource" and draw(st.integers(0, 5)) == 5:
        spared = _SPARED + (_SPARED_IN_DOUBT if style.doubtful else ())
        found["NotPrincipal"] = draw(st.sampled_from(spared))
    elif style.kind != "identity":
        found["Principal"] = draw(_principals())
    if block := draw(_block(style)):
        found["Condition"] = block
    return found


@cache
def documents(*, most: int = 3, **options: Any) -> st.SearchStrategy[Json]:
    """A policy document of at most so many statements; now and then of none."""
    versions = ("2012-10-17", "2012-10-17", "2008-10-17")[: 3 if options.get("variables") else 1]
    listed = st.lists(statements(**options), min_size=1, max_size=most)
    return st.fixed_dictionaries(
        {
            "Version": st.sampled_from(versions),
            "Statement": st.integers(0, 19).flatmap(lambda n: st.just([]) if n == 19 else listed),
        }
    )


@cache
def accesses(*, most: int = 3, **options: Any) -> st.SearchStrategy[Json]:
    """An access as `diff` reads it: one or two documents, perhaps within a boundary."""
    one = documents(most=most, **options)
    if options.get("kind", "identity") != "identity":
        return st.fixed_dictionaries({"identity": st.tuples(one).map(list), "boundary": st.none()})
    boundary = st.one_of(st.none(), st.none(), one)
    return st.fixed_dictionaries(
        {"identity": st.lists(one, min_size=1, max_size=2), "boundary": boundary}
    )


@st.composite
def changed(draw: Draw, /, access: Json, **options: Any) -> Json:
    """Another version of an access: a statement more, less or edited, as vendors write them."""
    found: Json = json.loads(json.dumps(access))
    document = draw(st.sampled_from(found["identity"])) if found["identity"] else None
    if document is None:
        return found
    listed = document["Statement"]
    edit = draw(st.sampled_from(("add", "drop", "replace", "part")))
    if edit == "add" or not listed:
        listed.append(draw(statements(**options)))
        return found
    place = draw(st.integers(0, len(listed) - 1))
    if edit == "drop":
        del listed[place]
    elif edit == "replace":
        listed[place] = draw(statements(**options))
    else:
        other = draw(statements(**options))
        name = draw(st.sampled_from(sorted(listed[place].keys() & other.keys())))
        listed[place][name] = other[name]
    return found


def access_of(raw: Json) -> Access:
    """Read an access with the parser."""
    boundary = raw["boundary"]
    return Access(
        tuple(parse_document(each) for each in raw["identity"]),
        None if boundary is None else parse_document(boundary),
    )


def with_everything(access: Access) -> Access:
    """An access with "Allow everything" beside its policies, and in its boundary."""
    (everything,) = parse_document(
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    ).statements
    ceiling = access.boundary
    if ceiling is not None:
        ceiling = ceiling._replace(statements=(*ceiling.statements, everything))
    return Access((*access.identity, Document((everything,))), ceiling)


def rearranged(raw: Json, random: Any) -> Json:
    """The same access, written otherwise: in another order, split, repeated, with other Sids."""
    found: Json = json.loads(json.dumps(raw))
    for document in found["identity"]:
        listed = []
        for statement in document["Statement"]:
            for element in ("Action", "Resource"):
                values = statement.get(element, [])
                if len(values) > 1 and random.random() < 1 / 2:
                    listed.append({**statement, element: values[:1]})
                    statement = {**statement, element: values[1:]}  # noqa: PLW2901 - what is left
            listed.append(statement)
        listed += listed[:1]
        random.shuffle(listed)
        for number, statement in enumerate(listed):
            if random.random() < 1 / 2:
                statement["Sid"] = f"S{number}"
            for element in ("Action", "NotAction", "Resource", "NotResource"):
                random.shuffle(statement.get(element, []))
        document["Statement"] = listed
    random.shuffle(found["identity"])
    return found
