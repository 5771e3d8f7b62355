"""From JSON to a policy document, or one line that says what is wrong and where.

IAM User Guide, "Grammar of the IAM JSON policy language" (reference_policies_grammar). What IAM
takes beyond it is a warning or a suggestion on "IAM Access Analyzer policy check reference"
(access-analyzer-reference-policy-checks); that is taken here too, with a warning where it is
surely not meant. Statements are counted from 1 in messages.
"""

import math
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from iamdiff.model import (
    Condition,
    Document,
    Effect,
    PolicyError,
    Principals,
    PrincipalType,
    Statement,
)
from iamdiff.operators import parse_operator
from iamdiff.patterns import matches, pattern_of
from iamdiff.sources import (
    are_texts,
    is_list,
    is_object,
    label,
    load_json,
    read_elements,
    read_texts,
    refuse_repeated,
    shown,
)
from iamdiff.variables import has_variables

_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_PRINCIPALS = {str(kind): kind for kind in PrincipalType if kind is not PrincipalType.EVERYONE}
_KINDS = frozenset(_PRINCIPALS)
_EFFECTS = {str(effect): effect for effect in Effect}
_VERSIONS = ("2008-10-17", "2012-10-17")
_VERSION_WITH_VARIABLES = "2012-10-17"
_SID = attrgetter("sid")
_LARGEST = 10_240
"""Characters, blanks not counted: the most that IAM takes from a customer (a role's inline
policies together). IAM User Guide, "IAM and AWS STS quotas" (reference_iam-quotas)."""


def parse_document(source: str | bytes | Mapping[str, Any]) -> Document:
    """Read a policy document.

    Parameters
    ----------
    source : str | bytes | Mapping
        JSON, with or without a byte order mark, or what such JSON was read to (best by
        `load_json`, which keeps numbers as written and notices an element that stands twice).

    Raises
    ------
    PolicyError
        It is no policy document; one line that says where.
    """
    warnings: list[str] = []
    if isinstance(source, str | bytes):
        raw = load_json(source)
        if len(source) > _LARGEST and (size := _size(source)) > _LARGEST:
            warnings.append(f"{size:,} characters, more than the {_LARGEST:,} that IAM takes")
    else:
        raw = source
    elements = read_elements(raw, _DOCUMENT, "the document", warnings)
    version = elements.get("Version", "")
    if "Version" in elements and version not in _VERSIONS:
        raise PolicyError(f"Version: {shown(version)} is none; write {' or '.join(_VERSIONS)}")
    if type(elements.get("Id", "")) is not str:
        raise PolicyError(f"Id: {shown(elements['Id'])} is no text")
    if "Statement" not in elements:
        raise PolicyError("Statement is missing")
    statements = _statements(elements["Statement"], warnings)
    if not isinstance(source, str | bytes):
        _check_texts(statements)
    variables = version == _VERSION_WITH_VARIABLES
    if not variables:
        warnings += _unread_variables(statements)
    return Document(statements, version, variables, tuple(warnings))


def _size(source: str | bytes) -> int:
    """Characters that IAM counts: all but blanks."""
    if isinstance(source, bytes):
        return len(source) - sum(map(source.count, (b" ", b"\n", b"\r", b"\t")))
    return len(source) - sum(map(source.count, (" ", "\n", "\r", "\t")))


def _statements(raw: Any, warnings: list[str]) -> tuple[Statement, ...]:
    if is_object(raw):
        raw = [raw]
    if not is_list(raw):
        raise PolicyError(f"Statement: {shown(raw)} where a list of objects belongs")
    statements = []
    own: list[str] = []
    for index, each in enumerate(raw):
        try:
            statements.append(_statement(each, index, own))
        except PolicyError as error:
            raise PolicyError(f"statement {index + 1}: {error}") from None
        if own:
            warnings += [f"statement {index + 1}: {warning}" for warning in own]
            own.clear()
    sids = list(filter(None, map(_SID, statements)))
    if len(set(sids)) < len(sids):
        # IAM refuses it in some policy types and not in others ("Unique Sids required").
        repeated = next(sid for place, sid in enumerate(sids) if sid in sids[:place])
        warnings.append(f"Sid {shown(repeated)} names more than one statement")
    return tuple(statements)


def _statement(raw: Any, index: int, warnings: list[str]) -> Statement:
    elements = read_elements(raw, _STATEMENT, "the statement", warnings)
    sid = elements.get("Sid", "")
    if type(sid) is not str:
        raise PolicyError(f"Sid: {shown(sid)} is no text")
    if "Effect" not in elements:
        raise PolicyError("Effect is missing; write Allow or Deny")
    effect = elements["Effect"]
    if type(effect) is not str or effect not in _EFFECTS:
        raise PolicyError(f"Effect: {shown(effect)} is none; write Allow or Deny")
    action, resource, principal = _layout(tuple(elements))
    actions = _patterns(elements[action], action, _read_actions, warnings)
    resources = None
    if resource:
        resources = _patterns(elements[resource], resource, _read_resources, warnings)
    return Statement(
        index,
        sid,
        _EFFECTS[effect],
        actions,
        resources,
        _conditions(elements["Condition"], warnings) if "Condition" in elements else (),
        _principals(elements[principal], principal, warnings) if principal else None,
        action == "NotAction",
        resource == "NotResource",
    )


class _Layout(NamedTuple):
    """The names of a statement's elements that have a twin; empty where it has neither."""

    action: str
    resource: str
    principal: str


@lru_cache(maxsize=1024)
def _layout(names: tuple[str, ...]) -> _Layout:
    """How a statement is laid out that has some elements."""
    action, resource, principal = (
        _either(names, name) for name in ("Action", "Resource", "Principal")
    )
    if not action:
        raise PolicyError("Action is missing; write Action or NotAction")
    return _Layout(action, resource, principal)


def _either(names: Container[str], name: str) -> str:
    """Which of an element and its Not-twin is there; empty where neither is."""
    twin = f"Not{name}"
    if twin not in names:
        return name if name in names else ""
    if name in names:
        # "Unsupported element combination"
        raise PolicyError(f"{name} and {twin} stand together; keep one of them")
    return twin


class _Fault(NamedTuple):
    sentence: str
    fatal: bool


@cache
def _action() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_.*?-]+")


class _Read(NamedTuple):
    """Patterns of one element, the same tuple each time: so comparing it is cheap."""

    texts: tuple[str, ...]
    faults: Sequence[_Fault]


def _patterns(
    raw: Any, name: str, read: Callable[[tuple[str, ...]], _Read], warnings: list[str]
) -> tuple[str, ...]:
    texts, faults = read(read_texts(raw, name, warnings))
    for fault in faults:
        if fault.fatal:
            raise PolicyError(f"{name}: {fault.sentence}")
        warnings.append(f"{name}: {fault.sentence}")
    return texts


@lru_cache(maxsize=1024)
def _read_actions(texts: tuple[str, ...]) -> _Read:
    return _Read(texts, tuple(filter(None, map(_action_fault, texts))))


@lru_cache(maxsize=1024)
def _read_resources(texts: tuple[str, ...]) -> _Read:
    return _Read(texts, tuple(filter(None, map(_resource_fault, texts))))


@lru_cache(maxsize=65536)
def _action_fault(pattern: str) -> _Fault | None:
    """What is wrong with a pattern of Action, if anything."""
    if pattern in ("*", "*:*") or _action().fullmatch(pattern):
        return None
    service, colon, _ = pattern.partition(":")
    if "*" in service or "?" in service:
        return _Fault(
            f"{shown(pattern)} has a wildcard before the colon; name the service, or write *", True
        )
    if not colon:
        return _Fault(f"{shown(pattern)} names no service; write service:Action", True)
    return _Fault(f"{shown(pattern)} is no action's name: it matches nothing", False)


@lru_cache(maxsize=65536)
def _resource_fault(pattern: str) -> _Fault | None:
    """What is wrong with a pattern of Resource, if anything: it is ``*`` or an ARN's."""
    if pattern.startswith(("arn:", "${")):
        return None
    first_field = pattern.partition(":")[0]
    if pattern and (not pattern.strip("*") or matches(pattern_of(first_field), "arn")):
        return None
    return _Fault(f"{shown(pattern)} is neither an ARN nor *: it matches nothing", False)


def _conditions(raw: Any, warnings: list[str]) -> tuple[Condition, ...]:
    if not is_object(raw):
        raise PolicyError(f"Condition: {shown(raw)}, not an object")
    found = []
    try:
        refuse_repeated(raw)
        for name, keys in raw.items():
            found += _conditions_of(name, keys, warnings)
    except PolicyError as error:
        raise PolicyError(f"Condition.{error}") from None
    return tuple(found)


def _conditions_of(name: Any, keys: Any, warnings: list[str]) -> list[Condition]:
    """The conditions of one operator."""
    try:
        operator = parse_operator(name if isinstance(name, str) else shown(name))
    except PolicyError as error:
        raise PolicyError(f"{label(name)}: {error}") from None
    if operator.name != name:
        warnings.append(f"Condition.{name}: IAM writes {operator.name}")
    if not is_object(keys):
        raise PolicyError(f"{name}: {shown(keys)}, not an object of keys and values")
    found = []
    try:
        refuse_repeated(keys)
        for key, value in keys.items():
            values = _values(key, value)
            if not values:
                warnings.append(f"Condition.{name}.{label(key)}: the list is empty")
            found.append(Condition(operator, key, values))
    except PolicyError as error:
        raise PolicyError(f"{name}.{error}") from None
    if len(keys) > 1 and len({key.lower() for key in keys}) < len(keys):
        # "Duplicate keys with different case"
        warnings.append(f"Condition.{name}: a key stands twice, in different case; both hold")
    return found


def _values(key: object, raw: Any) -> tuple[str, ...]:
    """A condition's values as texts; "quotation marks are optional" for numbers and Booleans."""
    if type(key) is not str or not key:
        raise PolicyError(f"{label(key)}: no condition key")
    if type(raw) is str:
        return (raw,)
    if are_texts(raw):
        return tuple(raw)
    return tuple(_value(key, each) for each in (raw if is_list(raw) else [raw]))


def _value(key: str, raw: Any) -> str:
    if isinstance(raw, str):
        return str(raw)
    if isinstance(raw, bool):
        return "true" if raw else "false"
    try:
        if isinstance(raw, int) or (isinstance(raw, float) and math.isfinite(raw)):
            return str(raw)
    except ValueError:  # thousands of digits
        raise PolicyError(f"{label(key)}: a number of too many digits") from None
    raise PolicyError(
        f"{label(key)}: {shown(raw)} where a text, a number, a Boolean or a list of them belongs"
    )


def _principals(raw: Any, name: str, warnings: list[str]) -> Principals:
    inverted = name == "NotPrincipal"
    if raw == "*":
        return Principals(((PrincipalType.EVERYONE, "*"),), inverted)
    if not is_object(raw):
        raise PolicyError(
            f'{name}: {shown(raw)} is none; write "*" or an object of AWS, Service, …'
        )
    found = []
    try:
        for kind, value in read_elements(raw, _KINDS, name, warnings).items():
            names = read_texts(value, kind, warnings)
            _refuse_nobody(kind, names)
            found += [(_PRINCIPALS[kind], each) for each in names]
    except PolicyError as error:
        raise PolicyError(f"{name}.{error}") from None
    return Principals(tuple(found), inverted)


def _refuse_nobody(kind: str, names: Iterable[str]) -> None:
    """Refuse names that no principal has."""
    for name in names:
        if not name:
            raise PolicyError(f"{kind}: an empty text names nobody")
        if name != "*" and ("*" in name or "?" in name):
            # "Unsupported wildcard in principal"
            raise PolicyError(
                f"{kind}: {shown(name)} holds a wildcard; name one principal, or use the condition "
                "key aws:PrincipalArn"
            )


def _unread_variables(statements: Iterable[Statement]) -> Iterator[str]:
    """Where ``${…}`` is no variable, and surely meant as one: a warning for each statement.

    "Without" the Version, "variables such as ${aws:username} aren't recognized as variables and
    are instead treated as literal strings" (reference_policies_elements_version).
    """
    for statement in statements:
        text = next(filter(has_variables, statement.variable_texts), None)
        if text is not None:
            yield (
                f"statement {statement.number + 1}: {shown(text)} holds no variable: that takes "
                f'"Version": "{_VERSION_WITH_VARIABLES}"'
            )


def _check_texts(statements: Iterable[Statement]) -> None:
    """Refuse texts that cannot be sent or shown (`load_json` has checked its own)."""
    try:
        for statement in statements:
            texts = [statement.sid, *statement.actions, *statement.variable_texts]
            texts += [condition.key for condition in statement.conditions]
            if statement.principals:
                texts += [name for _, name in statement.principals.names]
            joined = "".join(texts)
            if not joined.isascii():
                joined.encode()
    except UnicodeEncodeError:
        raise PolicyError(
            f"statement {statement.number + 1}: a text holds half a surrogate pair, which is no "
            "character"
        ) from None
