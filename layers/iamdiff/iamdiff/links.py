"""Conditions with policy variables: a context in which they hold as wanted.

``${aws:PrincipalTag/team}`` makes a condition, or a resource pattern, read two keys at once. The
solver takes each such condition for a fact of its own that may be true or false; that allows
whatever is possible, and more. So where it finds nothing, there is nothing; and what it finds is
made concrete here: values are put in place of variables, and everything is checked again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product

from iamdiff.arns import matches, parse_pattern
from iamdiff.bodies import RESOURCE, template_of
from iamdiff.domains import KeyFacts, value_test
from iamdiff.globs import is_literal, literal
from iamdiff.logic import Undecided
from iamdiff.model import Condition, ContextValue, Quantifier, ValueType
from iamdiff.variables import Part, Variable, parse_variables

_MOST_TRIES = 300
_FRESH = ("x1", "y2")

type Context = dict[str, ContextValue]


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
    plain = resolve(condition, context)
    operator = plain.operator
    if plain.key == RESOURCE:
        found = any(matches(parse_pattern(value), resource) for value in plain.values)
        return found is not operator.negated
    given = context.get(plain.key, ())
    if operator.type is ValueType.NULL:
        return str(given == ()).lower() in {value.lower() for value in plain.values}
    test = value_test(plain) if plain.values else _never
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


def contexts(
    base: Context,
    links: Mapping[Condition, bool],
    resource: str,
    facts: Callable[[str], KeyFacts],
) -> Iterator[Context]:
    """Contexts near `base` in which conditions with variables may hold as wanted.

    Every combination of a few values a key is tried: those that the key holds already, those that
    would make a condition hold, a fresh one, and none.
    """
    keys = {condition.key for condition in links if condition.key != RESOURCE}
    variables = {key for condition in links for key in variables_of(condition)}
    choices: dict[str, list[ContextValue | None]] = {}
    for key in sorted(variables | keys):
        fixed = facts(key).fixed
        if fixed is not None:
            choices[key] = [fixed]
            continue
        found: dict[ContextValue | None, None] = {}
        for candidate in _candidates(key, base, links, resource):
            found[candidate] = None
        if not facts(key).present:
            found[None] = None
        choices[key] = list(found)
    for combination in islice(product(*choices.values()), _MOST_TRIES):
        context = dict(base)
        for key, value in zip(choices, combination, strict=True):
            context.pop(key, None)
            if value is not None:
                context[key] = value
        yield from _with_targets(context, links, keys - variables)


def _candidates(
    key: str, base: Context, links: Mapping[Condition, bool], resource: str
) -> Iterator[ContextValue]:
    if key in base:
        yield base[key]
    for condition in links:
        given = resource if condition.key == RESOURCE else base.get(condition.key)
        for value in condition.values:
            if isinstance(given, str):
                yield from _captured(_parts(value), key, given)
    yield from _FRESH


def _captured(parts: Sequence[Part], key: str, text: str) -> Iterator[str]:
    """What a variable would have to be for a template to match a text, as far as that is plain."""
    for place, part in enumerate(parts):
        if not isinstance(part, Variable) or part.key.lower() != key:
            continue
        before = "".join(each for each in parts[:place] if isinstance(each, str))
        after = "".join(each for each in parts[place + 1 :] if isinstance(each, str))
        if is_literal(before) and len(parts[:place]) <= 1 and text.startswith(before):
            rest = text[len(before) :]
            tail = after.partition("*")[0]
            if not tail:
                yield rest.partition("/")[0] if "/" in rest else rest
            elif is_literal(tail) and tail in rest:
                yield rest[: rest.index(tail)]


def _with_targets(
    context: Context, links: Mapping[Condition, bool], keys: Iterable[str]
) -> Iterator[Context]:
    """The context, and the context in which keys hold what templates make of the variables."""
    yield context
    made: Context = {}
    for condition, wanted in links.items():
        if condition.key in keys and wanted is not condition.operator.negated:
            plain = resolve(condition, context)
            if plain.values:
                made[condition.key] = plain.values[0].replace("*", "x").replace("?", "x")
    if made:
        yield {**context, **made}
