"""Event patterns and stream filters: which events match, and what AWS would refuse.

Matching is moto's. moto accepts patterns that AWS refuses, so the checks here are our own; each
says where its rule is from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.events.models import EventPattern

type Paths = dict[tuple[str, ...], list[Any]]

EVENT_PATTERN_CHARACTERS = 2048
"""EventBridge User Guide, "Amazon EventBridge quotas": event pattern size."""

COMBINATIONS = 1000
"""EventBridge User Guide, "Comparison operators", Or matching: PutRule throws above it."""

# The comparison operators of EventBridge's event buses ("Comparison operators for use in event
# patterns"), and the operators that may stand within them.
BUS_OPERATORS: Mapping[str, frozenset[str]] = {
    "prefix": frozenset({"equals-ignore-case"}),
    "suffix": frozenset({"equals-ignore-case"}),
    "equals-ignore-case": frozenset(),
    "wildcard": frozenset(),
    "exists": frozenset(),
    "numeric": frozenset(),
    "cidr": frozenset(),
    "anything-but": frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"}),
}

# Lambda Developer Guide, "Control which events Lambda sends to your function", filter rule syntax.
STREAM_OPERATORS: Mapping[str, frozenset[str]] = {
    "prefix": frozenset(),
    "suffix": frozenset(),
    "equals-ignore-case": frozenset(),
    "exists": frozenset(),
    "numeric": frozenset(),
    "anything-but": frozenset(),
}


class PatternRefusedError(Exception):
    """AWS would refuse this pattern."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event, or a stream's record, matches."""
    verdict: bool = EventPattern("", dict(pattern)).matches_event(_through_arrays(event))
    return verdict


def _through_arrays(value: Any) -> Any:
    """An event whose arrays of objects are an object of arrays, since moto looks into none.

    EventBridge looks into each (event-ruler's README, "And and Or Relationship among fields with
    Ruler", array consistency); the patterns here never ask two things of one object.
    """
    if isinstance(value, Mapping):
        return {name: _through_arrays(member) for name, member in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        names = dict.fromkeys(name for each in value for name in each)
        return {name: [each[name] for each in value if name in each] for name in names}
    return value


def envelope(record: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A CloudTrail record as EventBridge delivers it; `fields` replace the envelope's."""
    region = record.get("awsRegion", "us-east-1")
    return {
        "version": "0",
        "id": "8d2ea5f6-6bd8-1e9c-3b5b-2f6c4f0a8a11",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{record['eventSource'].removesuffix('.amazonaws.com')}",
        "account": record.get("recipientAccountId", "123456789012"),
        "time": record.get("eventTime", "2026-11-22T06:00:00Z"),
        "region": region,
        "resources": [],
        "detail": dict(record),
    } | fields


def check_event_pattern(pattern: Mapping[str, Any]) -> None:
    """Refuse what EventBridge refuses, or documents nowhere.

    Raises
    ------
    PatternRefusedError
    """
    every = list(combinations(pattern))
    if len(every) > COMBINATIONS:
        raise PatternRefusedError(f"{len(every)} combinations, more than {COMBINATIONS}")
    for paths in every:
        for path, values in paths.items():
            _check_values(path, values, BUS_OPERATORS)


def check_stream_filter(pattern: Mapping[str, Any]) -> None:
    """Refuse what Lambda refuses, or documents nowhere, for a DynamoDB stream.

    Raises
    ------
    PatternRefusedError
    """
    for paths in combinations(pattern):
        for path, values in paths.items():
            if path[0] != "dynamodb":
                raise PatternRefusedError(f"{path}: only the key dynamodb is filtered by")
            _check_values(path, values, STREAM_OPERATORS)


def combinations(pattern: Mapping[str, Any]) -> Iterator[Paths]:
    """The alternatives that ``$or`` makes of a pattern, each as its paths and their values.

    Raises
    ------
    PatternRefusedError
        A path stands twice in one of them: the matcher of EventBridge (event-ruler,
        ``JsonRuleCompiler.writeRules``) lets the later override the earlier, or refuses both.
    """
    yield from _expanded(pattern, ())


def _expanded(pattern: Mapping[str, Any], prefix: tuple[str, ...]) -> Iterator[Paths]:
    if not pattern:
        raise PatternRefusedError(f"{prefix}: empty objects are not allowed")
    alternatives: list[Paths] = [{}]
    for key, value in pattern.items():
        if key == "$or":
            branches = _branches(value, prefix)
        elif isinstance(value, Mapping):
            branches = list(_expanded(value, (*prefix, key)))
        elif isinstance(value, list) and value:
            branches = [{(*prefix, key): value}]
        else:
            raise PatternRefusedError(f"{(*prefix, key)}: must be an object or a filled array")
        alternatives = [_joined(left, right) for left in alternatives for right in branches]
    yield from alternatives


def _branches(value: Any, prefix: tuple[str, ...]) -> list[Paths]:
    if not isinstance(value, list) or len(value) < 2:
        raise PatternRefusedError(f"{prefix}: $or must be an array of two objects or more")
    for branch in value:
        # event-ruler, RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP
        if reserved := set(branch) & set(BUS_OPERATORS):
            raise PatternRefusedError(f"{prefix}: {reserved} is reserved inside $or")
    return [paths for branch in value for paths in _expanded(branch, prefix)]


def _joined(left: Paths, right: Paths) -> Paths:
    if twice := left.keys() & right.keys():
        raise PatternRefusedError(f"{twice}: stands twice, one would override the other")
    return left | right


def _check_values(
    path: tuple[str, ...], values: list[Any], operators: Mapping[str, frozenset[str]]
) -> None:
    for value in values:
        if isinstance(value, Mapping):
            _check_comparison(path, value, operators)
        elif isinstance(value, list):
            raise PatternRefusedError(f"{path}: a list within a list of values")


def _check_comparison(
    path: tuple[str, ...], value: Mapping[str, Any], operators: Mapping[str, frozenset[str]]
) -> None:
    if len(value) != 1:
        raise PatternRefusedError(f"{path}: {value} must have one operator")
    ((operator, operand),) = value.items()
    if operator not in operators:
        raise PatternRefusedError(f"{path}: the operator {operator} is not documented")
    if isinstance(operand, Mapping):
        if not operand.keys() <= operators[operator]:
            raise PatternRefusedError(f"{path}: {operator} does not take {operand}")
        _check_comparison(path, operand, operators)
    elif operator == "exists":
        if not isinstance(operand, bool):
            raise PatternRefusedError(f"{path}: exists is true or false, not {operand!r}")
    elif operator in {"prefix", "suffix", "equals-ignore-case", "wildcard", "cidr"} and (
        not isinstance(operand, str) or not operand
    ):
        raise PatternRefusedError(f"{path}: {operator} takes a text, not {operand!r}")
    if operator == "wildcard":
        _check_wildcard(path, operand)


def _check_wildcard(path: tuple[str, ...], text: str) -> None:
    """No consecutive wildcards; a backslash escapes a star or a backslash only (event-ruler)."""
    plain = text.replace("\\\\", "").replace("\\*", "")
    if "**" in plain or "\\" in plain:
        raise PatternRefusedError(f"{path}: the wildcard {text!r} is refused")
