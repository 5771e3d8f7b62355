"""Conditions with policy variables: which keys they read, and whether they hold in a context.

``${aws:PrincipalTag/team}`` makes a condition, or a resource pattern, read two keys at once.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from iamdiff.arns import matches, parse_pattern
from iamdiff.bodies import RESOURCE, is_linked, template_of
from iamdiff.contexts import null_predicate, when_absent
from iamdiff.globs import arn_fields, covers, literal
from iamdiff.logic import Undecided
from iamdiff.model import Condition, ContextValue, Operator, Quantifier, Relation, ValueType
from iamdiff.value_tests import value_test
from iamdiff.variables import Part, Variable, parse_variables

type Context = dict[str, ContextValue]


@lru_cache(maxsize=4096)
def variables_of(condition: Condition) -> tuple[str, ...]:
    """The keys, in lower case, of the variables in a condition's values."""
    return tuple(
        dict.fromkeys(
            part.key.lower()
            for value in condition.values
            for part in parts_of(value)
            if isinstance(part, Variable) and part.key
        )
    )


@lru_cache(maxsize=4096)
def needs(condition: Condition) -> tuple[tuple[str, ...], ...]:
    """By value of a condition: the keys, in lower case, without which it matches nothing."""
    return tuple(
        tuple(
            part.key.lower()
            for part in parts_of(value)
            if isinstance(part, Variable) and part.default is None
        )
        for value in condition.values
    )


@lru_cache(maxsize=4096)
def parts_of(value: str) -> tuple[Part, ...]:
    """A condition value taken apart at its variables; escapes are text already."""
    template = template_of(value)
    if template is None:
        return (value,)
    parts = parse_variables(template)
    if isinstance(parts, Undecided):
        return ()
    return tuple(
        literal(part.default or "") if isinstance(part, Variable) and not part.key else part
        for part in parts
    )


def is_readable(condition: Condition) -> bool:
    """Whether the variables of a condition are well-formed."""
    return all(parts_of(value) for value in condition.values if value)


def resolve(condition: Condition, context: Mapping[str, ContextValue]) -> Condition:
    """A condition with values in place of its variables; what has none matches nothing."""
    values = []
    for value in condition.values:
        text = _resolved(value, context)
        if text is not None:
            values.append(text)
    return Condition(condition.operator, condition.key, tuple(values))


def _resolved(value: str, context: Mapping[str, ContextValue]) -> str | None:
    done = ""
    for part in parts_of(value):
        if isinstance(part, str):
            done += part
            continue
        held = context.get(part.key.lower(), part.default)
        if not isinstance(held, str):
            return None
        done += literal(held)
    return done


def holds(condition: Condition, context: Mapping[str, ContextValue], resource: str) -> bool | None:
    """Whether a condition, perhaps with variables, holds in a context; None: it cannot be read."""
    linked = is_linked(condition)
    operator = condition.operator
    given = context.get(condition.key, ())
    if linked and not is_readable(condition):
        return when_absent(operator) if given == () and condition.key != RESOURCE else None
    plain = resolve(condition, context) if linked else condition
    if plain.key == RESOURCE:
        found = any(matches(parse_pattern(value), resource) for value in plain.values)
        return found is not operator.negated
    if operator.type is ValueType.NULL:
        asked = null_predicate(plain, 1)
        return asked and (asked.absent if given == () else bool(asked.single))
    # A variable without value matches nothing.
    test = value_test(plain) if plain.values or not linked else _never
    if given == () and (condition.values or test is not None):
        return when_absent(operator)
    return None if test is None else _passes(operator, test, given)


def _passes(operator: Operator, test: Callable[[str], bool], given: ContextValue) -> bool:
    """Whether what a key holds passes an operator with a test of one value, negation aside."""
    if operator.quantifier is Quantifier.NONE:
        return isinstance(given, str) and test(given) is not operator.negated
    members = (given,) if isinstance(given, str) else given
    members = () if members == ("",) else members
    passed = [test(each) is not operator.negated for each in members]
    return all(passed) if operator.quantifier is Quantifier.FOR_ALL_VALUES else any(passed)


def _never(_: str) -> bool:
    return False


@lru_cache(maxsize=4096)
def implies(one: Condition, other: Condition) -> bool:
    """Whether one condition with variables surely holds only where another does.

    Told from the texts alone, a variable standing for itself: what covers it then covers whatever
    is put in its place. So yes is sure, and no is not.
    """
    if one.key != other.key or not (_is_plain(one.operator) and _is_plain(other.operator)):
        return False
    if other.operator.type is ValueType.ARN and one.operator.type is not ValueType.ARN:
        return False
    by_fields = other.operator.type is ValueType.ARN
    wide = [_as_symbols(value, other.operator) for value in other.values]
    return all(
        any(
            _is_covered(_as_symbols(value, one.operator), each, by_fields=by_fields)
            for each in wide
        )
        for value in one.values
    )


def _is_plain(operator: Operator) -> bool:
    return (
        operator.quantifier is Quantifier.NONE
        and operator.relation in (Relation.EQUALS, Relation.LIKE)
        and operator.type in (ValueType.STRING, ValueType.ARN)
        and not operator.negated
        and not operator.if_exists
    )


def _as_symbols(value: str, operator: Operator) -> str:
    """A template as a pattern, with a symbol that no policy holds around variables' names."""
    read = literal if operator.relation is Relation.EQUALS else str
    return "".join(
        read(part)
        if isinstance(part, str)
        else f"{_SYMBOL}{part.key.lower()},{part.default}{_SYMBOL}"
        for part in parts_of(value)
    )


def _is_covered(narrow: str, wide: str, *, by_fields: bool) -> bool:
    """Whether a pattern covers another: its stars may swallow stars, nothing else may."""
    if "?" in wide:
        return False
    if by_fields:
        return all(map(covers, arn_fields(wide), arn_fields(narrow)))
    return covers(wide, narrow)


_SYMBOL = "\ud803"
