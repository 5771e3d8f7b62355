"""Conditions with policy variables: a context in which they hold as wanted.

``${aws:PrincipalTag/team}`` makes a condition, or a resource pattern, read two keys at once. The
solver takes each such condition for a fact of its own that may be true or false; that allows
whatever is possible, and more. So where it finds nothing, there is nothing; and what it finds is
made concrete here: values are put in place of variables, and everything is checked again.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from iamdiff.arns import matches, parse_pattern
from iamdiff.bodies import RESOURCE, is_linked, template_of
from iamdiff.contexts import null_predicate
from iamdiff.domains import UNREAD, value_test
from iamdiff.globs import arn_fields, literal, matcher
from iamdiff.logic import Undecided
from iamdiff.model import Condition, ContextValue, Operator, Quantifier, Relation, ValueType
from iamdiff.variables import Part, Variable, parse_variables

type Context = dict[str, ContextValue]


@lru_cache(maxsize=4096)
def variables_of(condition: Condition) -> tuple[str, ...]:
    """The keys, in lower case, of the variables in a condition's values."""
    return tuple(
        dict.fromkeys(
            part.key.lower()
            for value in condition.values
            for part in _parts(value)
            if isinstance(part, Variable) and part.key
        )
    )


@lru_cache(maxsize=4096)
def needs(condition: Condition) -> tuple[tuple[str, ...], ...]:
    """By value of a condition: the keys, in lower case, without which it matches nothing."""
    return tuple(
        tuple(
            part.key.lower()
            for part in _parts(value)
            if isinstance(part, Variable) and part.default is None
        )
        for value in condition.values
    )


@lru_cache(maxsize=4096)
def _parts(value: str) -> tuple[Part, ...]:
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
    return all(_parts(value) for value in condition.values if value)


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
    for part in _parts(value):
        if isinstance(part, str):
            done += part
            continue
        held = context.get(part.key.lower(), part.default)
        if not isinstance(held, str):
            return None
        done += literal(held)
    return done


def holds(condition: Condition, context: Mapping[str, ContextValue], resource: str) -> bool:
    """Whether a condition, perhaps with variables, holds in a context."""
    linked = is_linked(condition)
    plain = resolve(condition, context) if linked else condition
    operator = plain.operator
    if plain.key == RESOURCE:
        found = any(matches(parse_pattern(value), resource) for value in plain.values)
        return found is not operator.negated
    given = context.get(plain.key, ())
    if operator.type is ValueType.NULL:
        asked = null_predicate(plain, 1)
        return asked is not None and bool(asked.absent if given == () else asked.single)
    # A variable without value matches nothing.
    test = value_test(plain) if plain.values or not linked else _never
    if test is None:
        return False
    if operator.quantifier is Quantifier.NONE:
        if given == ():
            return operator.negated or operator.if_exists
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
    """A template as a pattern, with a symbol of the private use area around variables' names."""
    read = literal if operator.relation is Relation.EQUALS else str
    return "".join(
        read(part)
        if isinstance(part, str)
        else f"{_SYMBOL}{part.key.lower()},{part.default}{_SYMBOL}"
        for part in _parts(value)
    )


def _is_covered(narrow: str, wide: str, *, by_fields: bool) -> bool:
    """Whether a pattern covers another: its stars may swallow stars, nothing else may."""
    if "?" in wide:
        return False
    if by_fields:
        return all(map(_covers, arn_fields(wide), arn_fields(narrow)))
    return _covers(wide, narrow)


def _covers(wide: str, narrow: str) -> bool:
    return matcher(wide)(narrow)


_SYMBOL = "\ue003"


class Guess(NamedTuple):
    """A request in which linked conditions may hold as wanted.

    Its texts are written as patterns are (`globs.literal`), so that a ``*`` in a value is one.
    """

    context: Context
    resource: str


def guesses(
    options: Mapping[str, Sequence[ContextValue | None]],
    links: Mapping[Condition, bool],
    resource: str,
    bound: Container[str] = (),
) -> Iterator[Guess]:
    """Requests in which linked conditions may hold as wanted, the likeliest first.

    Parameters
    ----------
    options : Mapping[str, Sequence[ContextValue | None]]
        What each key may hold, the likeliest first; None: it is absent.
    links : Mapping[Condition, bool]
        Linked conditions, and whether they must hold.
    bound : Container[str]
        The keys that hold what they hold, or nothing, whatever the policies say.
    """
    base = {key: values[0] for key, values in options.items()}
    wanted = [each for each, truth in links.items() if truth is not each.operator.negated]
    variables = dict.fromkeys(key for each in links for key in variables_of(each))
    keys = dict.fromkeys(
        each.key for each in links if each.key != RESOURCE and each.key not in bound
    )
    # What the resource, or a key that conditions fix, says of the variables in its pattern.
    told: dict[str, ContextValue | None] = {}
    for each in wanted:
        given = resource if each.key == RESOURCE else base.get(each.key)
        if isinstance(given, str) and (each.key == RESOURCE or len(options[each.key]) == 1):
            captured = next(filter(None, (_captured(value, given) for value in each.values)), {})
            told |= {key: text for key, text in captured.items() if key not in bound}
    fresh = {
        key: _fresh(place)
        for place, key in enumerate(variables)
        if key not in bound and base.get(key) is None and _is_free(options[key])
    }
    start = {**base, **fresh, **told}
    for start_from in (start, {**base, **fresh}):
        yield from _completed(start_from, wanted, keys, variables, resource)
        for key in (*(each for each in variables if each not in bound), *keys):
            for value in (*options[key], *_OTHERS):
                if value != start_from.get(key):
                    changed = {**start_from, key: value}
                    yield from _completed(changed, wanted, keys, variables, resource)


def _fresh(place: int) -> str:
    """A value that no policy is likely to name."""
    return f"value-{place}"


_OTHERS = (_fresh(3), _fresh(4), "arn:aws:iam::123456789012:role/value", "")
"""What else a key may hold for a condition to hold as wanted."""


def _is_free(values: Sequence[ContextValue | None]) -> bool:
    """Whether no condition but a linked one says what a key holds."""
    return all(value is None or value == UNREAD for value in values)


def _completed(
    held: Mapping[str, ContextValue | None],
    wanted: Sequence[Condition],
    keys: Iterable[str],
    variables: Mapping[str, None],
    resource: str,
) -> Iterator[Guess]:
    """What is held, as it is, and with keys and resource as templates make them of it."""
    context: Context = {key: value for key, value in held.items() if value is not None}
    yield Guess(context, resource)
    made = dict(context)
    target = resource
    for each in wanted:
        plain = resolve(each, context)
        if plain.values and each.key == RESOURCE:
            target = _instance(plain.values[0])
        elif plain.values and each.key in keys and each.key not in variables:
            made[each.key] = _instance(plain.values[0])
    if made != context:
        yield Guess(made, resource)
    if target != resource:
        yield Guess(made, target)


def _instance(pattern: str) -> str:
    """A text that a pattern matches."""
    return pattern.replace("*", "x").replace("?", "x")


def _captured(value: str, text: str) -> dict[str, str]:
    """What the variables of a template would be for it to match a text; empty if it cannot."""
    groups, written = _capturing(value)
    found = written.fullmatch(text)
    return {key: found[name] for key, name in groups.items()} if found else {}


@lru_cache(maxsize=1024)
def _capturing(value: str) -> tuple[Mapping[str, str], re.Pattern[str]]:
    """A template as a regular expression, and the names of its variables' groups."""
    groups: dict[str, str] = {}
    written = ""
    for part in _parts(value):
        if isinstance(part, str):
            written += "".join(_GLOB.get(each, re.escape(each)) for each in part)
        elif (key := part.key.lower()) in groups:
            written += f"(?P={groups[key]})"
        else:
            groups[key] = f"v{len(groups)}"
            written += f"(?P<{groups[key]}>.+?)"
    return groups, re.compile(written, re.DOTALL)


_GLOB = {"*": ".*", "?": "."}
