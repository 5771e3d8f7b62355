"""Requests for laws: at the edges of what some policies say."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from tests.laws.policies import (
    ACTIONS,
    PRINCIPAL_KEYS,
    RESOURCE_PATTERNS,
    ROLE,
    ROOT,
    SESSION,
    SET_KEYS,
    STRANGER,
    TRUTHS,
    USER,
    Draw,
    Json,
)

from iamdiff.model import ContextValue, Request
from iamdiff.principals import keys_of, parse_caller

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


def _statements_of(raws: Iterable[Json]) -> Iterator[Json]:
    for raw in raws:
        for document in (*raw["identity"], raw["boundary"]):
            if document is not None:
                yield from document["Statement"]


def _without_variables(pattern: str) -> str:
    return re.sub(r"\$\{[^}]*\}?", "?", pattern)


_WILDCARDS = {"*": st.sampled_from(("", "a", "b", "a/b", "r")), "?": st.sampled_from(("a", "b"))}


def _match(draw: Draw, pattern: str) -> str:
    """A text that a pattern matches."""
    return "".join(draw(_WILDCARDS[each]) if each in _WILDCARDS else each for each in pattern)


def _edge(draw: Draw, pattern: str) -> str:
    """A text that a pattern matches, or only just does not."""
    text = _match(draw, pattern)
    last = draw(st.integers(0, 9))
    if last == 0:
        return text + "a"
    return text[:-1] if last == 1 else text


def _resource(draw: Draw, patterns: Sequence[str]) -> str:
    pattern = draw(st.sampled_from(patterns))
    if pattern == "*":
        return draw(st.sampled_from(("*", "arn:aws:s3:::a", "arn:aws:sqs:r:1:q")))
    fields = [_match(draw, field) for field in _without_variables(pattern).split(":", 5)]
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
    "ex:b": TRUTHS,
    "ex:i": ("10.1.2.3", "10.9.9.9", "192.0.2.1", "2001:db8::2", "::1"),
    "ex:a": ("arn:aws:iam::1:role/a", "arn:aws:iam::2:user/b"),
    "ex:x": ("QQ==", "Qw=="),
    "aws:RequestedRegion": ("a", "r"),
    "aws:TagKeys": ("a", "b"),
}
_TYPED = ("ex:n", "ex:d", "ex:b", "ex:i", "ex:x")
ALWAYS_THERE = (
    "aws:RequestedRegion",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalType",
)


def _value(draw: Draw, key: str, values: Sequence[str]) -> str:
    if key not in _TYPED and values and draw(st.booleans()):
        text = _edge(draw, _without_variables(draw(st.sampled_from(values))))
        if key != "ex:a" or text.count(":") >= 5:
            return text
    if key in ("ex:n", "ex:d") and values and draw(st.booleans()):
        return draw(st.sampled_from(values))
    if key in PRINCIPAL_KEYS:
        return _without_variables(draw(st.sampled_from(PRINCIPAL_KEYS[key][1]))).replace("*", "a")
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
    principal = ""
    if kind != "identity":
        named = names if names and draw(st.integers(0, 2)) < 2 else CALLERS
        principal = draw(st.sampled_from(named))
    return Request(
        _action(draw, actions or ACTIONS),
        _resource(draw, resources or RESOURCE_PATTERNS),
        principal,
        _context(draw, values, principal),
    )


def _context(
    draw: Draw, values: Mapping[str, Sequence[str]], principal: str
) -> dict[str, ContextValue]:
    """Values at the edges of the policies' own, but for keys that follow from the principal."""
    fixed = {key.lower() for key in keys_of(parse_caller(principal))} if principal else set()
    context: dict[str, ContextValue] = {}
    for key in sorted({*values, "ex:s", "aws:TagKeys", *ALWAYS_THERE}):
        if key.lower() in fixed:
            continue
        given = values.get(key, ())
        shape = draw(st.integers(0, 9))
        if key in ALWAYS_THERE or shape < 6:
            context[key] = _value(draw, key, given)
        elif key in (*SET_KEYS, "aws:TagKeys") and shape < 9:
            context[key] = tuple(_value(draw, key, given) for _ in range(draw(st.integers(0, 3))))
    return context


def _names(principal: Any) -> Iterator[str]:
    """The names of a Principal element that a request can have."""
    for value in principal.values() if isinstance(principal, dict) else ():
        for name in [value] if isinstance(value, str) else value:
            if name != "*":
                yield name


def _action(draw: Draw, patterns: Sequence[str]) -> str:
    """A well-formed action at the edge of a pattern."""
    edge = _edge(draw, draw(st.sampled_from(patterns))).strip().replace("/", "")
    service, _, name = edge.partition(":")
    if service in ("s3", "S3", "ec2", "iam") and name.isalnum():
        return edge
    return draw(st.sampled_from(ACTIONS))
