"""Whether a condition holds for a single request: the reference for operators and absence.

IAM User Guide, "IAM JSON policy elements: Condition operators"
(reference_policies_elements_condition_operators), "Conditions with multiple context keys or
values" (reference_policies_condition-logic-multiple-context-keys-or-values), "Single-valued vs.
multivalued context keys" (reference_policies_condition-single-vs-multi-valued-context-keys). What
stands in quotes is from "IAM Access Analyzer policy check reference"
(access-analyzer-reference-policy-checks).
"""

from collections.abc import Callable
from typing import Any

from iamdiff.logic import Doubt, Truth, Undecided, every, negation, some
from iamdiff.model import Condition, Operator, Quantifier, Relation, ValueType
from iamdiff.patterns import Pattern, matches, pattern_of, split
from iamdiff.values import (
    fold_case,
    read_address_range,
    read_arn,
    read_binary,
    read_boolean,
    read_date,
    read_number,
)
from iamdiff.variables import Lookup, has_variables, resolve

_ARN_FIELDS = 6
_EMPTY_SET = ("",)
"""One empty text: to set operators a set without members."""

_READERS: dict[ValueType, Callable[[str], Any]] = {
    ValueType.NUMERIC: read_number,
    ValueType.DATE: read_date,
    ValueType.BOOL: read_boolean,
    ValueType.BINARY: read_binary,
    ValueType.IP: read_address_range,
}
_COMPARISONS: dict[Relation, Callable[[Any, Any], bool]] = {
    Relation.EQUALS: lambda given, wanted: bool(given == wanted),
    Relation.LESS_THAN: lambda given, wanted: bool(given < wanted),
    Relation.LESS_THAN_EQUALS: lambda given, wanted: bool(given <= wanted),
    Relation.GREATER_THAN: lambda given, wanted: bool(given > wanted),
    Relation.GREATER_THAN_EQUALS: lambda given, wanted: bool(given >= wanted),
    Relation.IN_RANGE: lambda given, wanted: bool(wanted.covers(given)),
}


def holds(condition: Condition, lookup: Lookup, *, variables: bool) -> Truth:
    """Whether a condition holds.

    Parameters
    ----------
    lookup : Lookup
        The values of a context key; empty where it is absent.
    variables : bool
        Whether ``${…}`` is a variable in this document.
    """
    given = lookup(condition.key)
    if isinstance(given, Undecided):
        return given
    if condition.operator.type is ValueType.NULL:
        return _is_null(condition, given)
    if not condition.values:
        return _without_values(condition, given)
    return _compares(condition, given, lookup, variables=variables)


def _compares(
    condition: Condition, given: tuple[str, ...], lookup: Lookup, *, variables: bool
) -> Truth:
    """An operator that compares values: how many the request may have, and what absence means."""
    operator = condition.operator

    def test(value: str) -> Truth:
        """Whether one value of the request passes: any of the policy's, or none if negated."""
        found = some(
            _match(operator, value, wanted, lookup, variables=variables)
            for wanted in condition.values
        )
        return negation(found) if operator.negated else found

    members = () if given == _EMPTY_SET else given
    match operator.quantifier:
        case Quantifier.FOR_ALL_VALUES:
            return every(map(test, members))
        case Quantifier.FOR_ANY_VALUE:
            return some(map(test, members))
        case Quantifier.NONE:
            if not given:
                return operator.negated or operator.if_exists
            return test(given[0]) if len(given) == 1 else False


def _is_null(condition: Condition, given: tuple[str, ...]) -> Truth:
    """Null: "true" asks for a key that is absent, "false" for one that is there."""
    match condition.operator.quantifier:
        case Quantifier.FOR_ALL_VALUES:
            return True  # "Null with qualifier": always true
        case Quantifier.FOR_ANY_VALUE:
            return False  # "Null with qualifier": always false
    if not condition.values:
        return _no_values(condition)

    def asks(wanted: str) -> Truth:
        absent = read_boolean(wanted)
        if absent is None:
            return _unreadable(condition.operator, wanted)
        return absent is (not given)

    return some(asks(wanted) for wanted in condition.values)


def _without_values(condition: Condition, given: tuple[str, ...]) -> Truth:
    """An operator with an empty list of values."""
    operator = condition.operator
    if operator.quantifier is Quantifier.FOR_ANY_VALUE and not operator.negated:
        return False  # "Empty array condition ForAnyValue": never matches
    for_all = operator.quantifier is Quantifier.FOR_ALL_VALUES
    if for_all or (operator.quantifier is Quantifier.NONE and operator.if_exists):
        # "Empty array condition ForAllValues", "... IfExists": matches only if the key is missing.
        if not given or (for_all and given == _EMPTY_SET):
            return True
        if not operator.negated:
            return False
    return _no_values(condition)


def _no_values(condition: Condition) -> Undecided:
    return Undecided(
        Doubt.EMPTY_LIST, f"{condition.operator.name} on {condition.key} has no values to compare"
    )


def _match(
    operator: Operator, given: str, wanted: str, lookup: Lookup, *, variables: bool
) -> Truth:
    """Whether a value of the request matches a value of the policy, negation aside."""
    if operator.type in _READERS:
        return _match_typed(operator, given, wanted, variables=variables)
    has_any = variables and has_variables(wanted)
    pattern = resolve(wanted, lookup) if has_any else pattern_of(wanted)
    if pattern is None:
        return False  # a variable without value
    if isinstance(pattern, Undecided):
        return pattern
    if operator.type is ValueType.ARN:
        return _match_arn(given, pattern, wanted)
    return _match_string(operator.relation, given, pattern)


def _match_string(relation: Relation, given: str, pattern: Pattern) -> bool:
    if relation is Relation.LIKE:
        return matches(pattern, given)
    text = "".join(unit if isinstance(unit, str) else unit.value for unit in pattern)
    if relation is Relation.EQUALS_IGNORE_CASE:
        return fold_case(given) == fold_case(text)
    return given == text


def _match_arn(given: str, pattern: Pattern, wanted: str) -> Truth:
    """ARN operators: "each of the six colon-delimited components is checked separately"."""
    arn = read_arn(given)
    if arn is None:
        return False
    fields = split(pattern, _ARN_FIELDS)
    found = all(map(matches, fields, arn))
    if found and len(fields) < _ARN_FIELDS:
        # The page has no rule for a pattern that lacks fields: it may stand for any, or for none.
        return Undecided(
            Doubt.SHORT_ARN, f"{wanted} has fewer than the six fields that an ARN operator compares"
        )
    return found


def _match_typed(operator: Operator, given: str, wanted: str, *, variables: bool) -> Truth:
    """Numeric, Date, Bool, Binary and IpAddress operators."""
    if variables and has_variables(wanted):
        # "Invalid variable for operator"; of Bool, AWS's own pages say both.
        return Undecided(
            Doubt.VARIABLE_OPERATOR, f"{operator.name} takes no variables, but has {wanted}"
        )
    read = _READERS[operator.type]
    wanted_value = read(wanted)
    if wanted_value is None:
        return _unreadable(operator, wanted)
    given_value = read(given)
    if given_value is None:
        if operator.negated:
            return Undecided(
                Doubt.UNREADABLE_CONTEXT, f"{operator.name} cannot read the request's {given}"
            )
        return False
    return _COMPARISONS[operator.relation](given_value, wanted_value)


def _unreadable(operator: Operator, wanted: str) -> Undecided:
    return Undecided(Doubt.UNREADABLE_VALUE, f"{operator.name} cannot read {wanted}")
