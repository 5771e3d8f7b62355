"""Policies and requests for laws: small alphabets, so that patterns meet often.

Policies are drawn as JSON, so that a law can read them with the parser and an oracle without it.
Requests are drawn at the edges of the patterns that the policies hold.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from iamdiff.model import Access, ContextValue, Document, Request
from iamdiff.parser import parse_document

type Json = dict[str, Any]
type Draw = st.DrawFn

ROLE = "arn:aws:iam::123456789012:role/vendor"
USER = "arn:aws:iam::123456789012:user/jo"
ROOT = "arn:aws:iam::123456789012:root"
SESSION = "arn:aws:sts::123456789012:assumed-role/vendor/s"
STRANGER = "arn:aws:iam::999999999999:user/al"
CALLERS = (
    ROLE,
    USER,
    ROOT,
    SESSION,
    STRANGER,
    "AROAEXAMPLEEXAMPLE",
    "anonymous",
    "ec2.amazonaws.com",
    "accounts.google.com",
)
"""Principals of requests under trust and resource policies."""

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
_TRUTHS = ("true", "false")

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
    "ex:b": (("Bool",), _TRUTHS),
    "ex:i": (("IpAddress", "NotIpAddress"), _ADDRESSES),
    "ex:a": (("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"), _ARNS),
    "ex:x": (("BinaryEquals",), _BINARY),
    "aws:RequestedRegion": (_STRING_OPERATORS, _STRINGS),
}
SET_KEYS = ("ex:t", "ex:n", "ex:a")
"""Keys that set operators read, so that they may hold several values."""


def _some(values: Sequence[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


@st.composite
def _one_condition(draw: Draw, *, variables: bool) -> tuple[str, str, Any]:
    key = draw(st.sampled_from(tuple(KEYS)))
    operators, values = KEYS[key]
    if variables and operators is _STRING_OPERATORS:
        values += _LINKED
    if draw(st.integers(0, 5)) == 5:
        return "Null", key, draw(st.sampled_from(_TRUTHS))
    operator = draw(st.sampled_from(operators))
    if draw(st.integers(0, 3)) == 3:
        operator += "IfExists"
    if key in SET_KEYS and draw(st.booleans()):
        operator = f"{draw(st.sampled_from(('ForAnyValue', 'ForAllValues')))}:{operator}"
    chosen = draw(_some(values))
    return operator, key, chosen[0] if len(chosen) == 1 and draw(st.booleans()) else chosen


@st.composite
def condition_blocks(draw: Draw, most: int = 2, *, variables: bool = False) -> Json:
    """A Condition element, perhaps empty."""
    block: Json = {}
    for operator, key, values in draw(st.lists(_one_condition(variables=variables), max_size=most)):
        block.setdefault(operator, {})[key] = values
    return block


def principals(*, inverted: bool = False) -> st.SearchStrategy[Any]:
    """A Principal element; for NotPrincipal, one that AWS's pages decide."""
    if inverted:
        return st.sampled_from(
            ({"Service": "ec2.amazonaws.com"}, {"Federated": "accounts.google.com"}, "*")
        )
    names = st.sampled_from((ROLE, USER, ROOT, "123456789012", STRANGER, "*", "AROAEXAMPLEEXAMPLE"))
    return st.one_of(
        st.just("*"),
        st.fixed_dictionaries(
            {"AWS": names | st.lists(names, min_size=1, max_size=2, unique=True)}
        ),
        st.fixed_dictionaries({"Service": st.just("ec2.amazonaws.com")}),
        st.fixed_dictionaries({"AWS": names, "Federated": st.just("accounts.google.com")}),
    )


@st.composite
def statements(
    draw: Draw, *, kind: str = "identity", conditions: int = 2, variables: bool = False
) -> Json:
    """A statement of a policy of a kind, with at most so many conditions."""
    found: Json = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    inverted = draw(st.integers(0, 4)) == 4
    found["NotAction" if inverted else "Action"] = draw(_some(ACTION_PATTERNS))
    if kind != "trust":
        patterns = RESOURCE_PATTERNS + (VARIABLE_PATTERNS if variables else ())
        inverted = draw(st.integers(0, 4)) == 4
        found["NotResource" if inverted else "Resource"] = draw(_some(patterns))
    if kind == "resource" and draw(st.integers(0, 5)) == 5:
        found["NotPrincipal"] = draw(principals(inverted=True))
    elif kind != "identity":
        found["Principal"] = draw(principals())
    if conditions:
        block = draw(condition_blocks(conditions, variables=variables))
        if block:
            found["Condition"] = block
    return found


def documents(
    *, kind: str = "identity", most: int = 3, conditions: int = 2, variables: bool = False
) -> st.SearchStrategy[Json]:
    """A policy document of at most so many statements; now and then of none."""
    one = statements(kind=kind, conditions=conditions, variables=variables)
    # Where variables matter, a document of the old Version now and then, where they are text.
    versions = ("2012-10-17", "2012-10-17", "2008-10-17")[: 3 if variables else 1]
    listed = st.lists(one, min_size=1, max_size=most)
    return st.fixed_dictionaries(
        {
            "Version": st.sampled_from(versions),
            "Statement": st.integers(0, 19).flatmap(lambda n: st.just([]) if n == 19 else listed),
        }
    )


def accesses(
    *, kind: str = "identity", most: int = 3, conditions: int = 2, variables: bool = False
) -> st.SearchStrategy[Json]:
    """An access as `diff` reads it: one or two documents, perhaps within a boundary."""
    one = documents(kind=kind, most=most, conditions=conditions, variables=variables)
    if kind != "identity":
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
        ceiling = replace(ceiling, statements=(*ceiling.statements, everything))
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


def _statements_of(raws: Iterable[Json]) -> Iterator[Json]:
    for raw in raws:
        for document in (*raw["identity"], raw["boundary"]):
            if document is not None:
                yield from document["Statement"]


@st.composite
def _match(draw: Draw, pattern: str) -> str:
    """A text that a pattern matches."""
    return "".join(
        draw(st.sampled_from({"*": ("", "a", "b", "a/b", "r"), "?": ("a", "b")}.get(each, (each,))))
        for each in pattern
    )


@st.composite
def _edge(draw: Draw, pattern: str) -> str:
    """A text that a pattern matches, or only just does not."""
    text = draw(_match(pattern))
    last = draw(st.integers(0, 9))
    if last == 0:
        return text + "a"
    return text[:-1] if last == 1 else text


@st.composite
def _resource(draw: Draw, patterns: Sequence[str]) -> str:
    pattern = draw(st.sampled_from(patterns))
    if pattern == "*":
        return draw(st.sampled_from(("*", "arn:aws:s3:::a", "arn:aws:sqs:r:1:q")))
    plain = pattern.replace("${ex:s, 'a'}", "?").replace("${ex:s}", "?").replace("${*}", "*")
    fields = [draw(_match(field)) for field in plain.split(":", 5)]
    fields += [draw(st.sampled_from(("", "r", "1", "a"))) for _ in range(6 - len(fields))]
    odd = draw(st.integers(1, 20))
    if odd <= len(fields[1:]):
        fields[odd] = draw(st.sampled_from(("", "a", "b", "r", "1")))
    return ":".join(("arn", *(field.replace(":", "") for field in fields[1:5]), fields[5]))


# What a value may be besides an edge of the policies' own: by the letter of the key.
_OTHER_VALUES: Mapping[str, tuple[str, ...]] = {
    "ex:s": ("a", "b", "c", ""),
    "ex:t": ("a", "b", "c", ""),
    "ex:n": ("0.5", "1", "3", "11"),
    "ex:d": ("2019-01-01", "1577836800", "2030-01-01"),
    "ex:b": _TRUTHS,
    "ex:i": ("10.1.2.3", "10.9.9.9", "192.0.2.1", "2001:db8::2", "::1"),
    "ex:a": ("arn:aws:iam::1:role/a", "arn:aws:iam::2:user/b"),
    "ex:x": ("QQ==", "Qw=="),
    "aws:RequestedRegion": ("a", "r"),
}


@st.composite
def _value(draw: Draw, key: str, values: Sequence[str]) -> str:
    if key in ("ex:s", "ex:t", "ex:a", "aws:RequestedRegion") and values and draw(st.booleans()):
        text = draw(_edge(draw(st.sampled_from(values))))
        if key != "ex:a" or text.count(":") >= 5:
            return text
    if key in ("ex:n", "ex:d") and values and draw(st.booleans()):
        return draw(st.sampled_from(values))
    return draw(st.sampled_from(_OTHER_VALUES[key]))


@st.composite
def requests(draw: Draw, raws: Sequence[Json], *, kind: str = "identity") -> Request:
    """A request at the edges of what the policies say, mostly aimed at one of their statements."""
    listed = list(_statements_of(raws))
    aimed = bool(listed) and draw(st.integers(0, 3)) < 3
    targets = [draw(st.sampled_from(listed))] if aimed else listed
    actions: list[str] = []
    resources: list[str] = []
    names: list[str] = []
    values: dict[str, list[str]] = {}
    for each in targets:
        actions += each.get("Action") or ACTIONS
        resources += each.get("Resource") or RESOURCE_PATTERNS
        names += _names(each.get("Principal", {}))
    for each in listed:
        for keys in each.get("Condition", {}).values():
            for key, wanted in keys.items():
                values.setdefault(key, []).extend([wanted] if isinstance(wanted, str) else wanted)
    context: dict[str, ContextValue] = {}
    for key in sorted({*values, "ex:s", "aws:RequestedRegion"}):
        one = _value(key, values.get(key, ()))
        shape = draw(st.integers(0, 9))
        if key == "aws:RequestedRegion" or shape < 6:
            context[key] = draw(one)
        elif key in SET_KEYS and shape < 9:
            context[key] = tuple(draw(st.lists(one, max_size=3)))
    principal = ""
    if kind != "identity":
        named = names if names and draw(st.integers(0, 2)) < 2 else CALLERS
        principal = draw(st.sampled_from(named))
    return Request(
        draw(_action(actions or ACTIONS)),
        draw(_resource(resources or RESOURCE_PATTERNS)),
        principal,
        context,
    )


def _names(principal: Any) -> Iterator[str]:
    """The names of a Principal element that a request can have."""
    for value in principal.values() if isinstance(principal, dict) else ():
        for name in [value] if isinstance(value, str) else value:
            if name != "*":
                yield name


@st.composite
def _action(draw: Draw, patterns: Sequence[str]) -> str:
    """A well-formed action at the edge of a pattern."""
    edge = draw(_edge(draw(st.sampled_from(patterns)))).strip().replace("/", "")
    service, _, name = edge.partition(":")
    if service in ("s3", "S3", "ec2", "iam") and name.isalnum():
        return edge
    return draw(st.sampled_from(ACTIONS))
