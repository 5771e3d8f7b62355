"""Whether a pattern of Resource or NotResource matches the resource of a single request.

IAM User Guide, "IAM JSON policy elements: Resource" (reference_policies_elements_resource).
"""

from collections.abc import Sequence
from functools import lru_cache

from iamdiff.logic import Doubt, Truth, Undecided
from iamdiff.patterns import Pattern, Wildcard, matches, pattern_of, plain_or_pattern, split
from iamdiff.values import read_arn
from iamdiff.variables import Lookup, has_variables, resolve, stands_in_first_fields

_ARN_FIELDS = 6
_LAST_COLON = _ARN_FIELDS - 1


def matches_resource_pattern(text: str, resource: str, lookup: Lookup, *, variables: bool) -> Truth:
    """Whether a pattern matches a resource: an ARN, or ``*`` of an action that takes none.

    Parameters
    ----------
    lookup : Lookup
        The values of a context key.
    variables : bool
        Whether ``${…}`` is a variable in this document.
    """
    arn = read_arn(resource)
    if arn is None or (text and not text.strip("*")):
        # A bare * matches both an ARN and *, the resource of actions that take none.
        return bool(text) and not text.strip("*")
    if not (variables and has_variables(text)):
        return _matches_fields(_fields_of(text), text, resource, arn)
    pattern = resolve(text, lookup)
    if pattern is None:
        return False
    if isinstance(pattern, Undecided):
        return pattern
    found = _matches_fields(split(pattern, _ARN_FIELDS), text, resource, arn)
    if found is True and stands_in_first_fields(text, _LAST_COLON):
        # "You can't use a variable to replace parts of the ARN before the fifth colon"; what
        # becomes of a policy that does, the page does not say.
        return Undecided(Doubt.VARIABLE_FIELD, f"{text} has a variable before the fifth colon")
    return found


@lru_cache(maxsize=16384)
def _fields_of(text: str) -> tuple[Pattern, ...]:
    """The fields of a pattern without variables: policies ask for them again and again."""
    return tuple(map(plain_or_pattern, split(pattern_of(text), _ARN_FIELDS)))


def _matches_fields(
    fields: Sequence[Pattern], text: str, resource: str, arn: tuple[str, ...]
) -> Truth:
    """Match field by field; a pattern that lacks fields is completed with ``*``.

    "You can use wildcard characters within the individual segments of an ARN"; of a pattern with
    fewer fields, "AWS automatically completes the ARN by adding wildcard characters to all
    missing fields". The page also says that a ``*`` that ends a segment "can expand to match
    beyond the colon boundaries": where that would change the answer for a short pattern, it is
    open.
    """
    completed = all(map(matches, fields, arn))
    runs_on = len(fields) < _ARN_FIELDS and any(map(_ends_in_run, fields[:-1]))
    if runs_on and completed is not _matches_across_colons(fields, resource):
        return Undecided(Doubt.SHORT_ARN, f"{text} has fewer than six fields, and two readings")
    return completed


def _matches_across_colons(fields: Sequence[Pattern], resource: str) -> bool:
    """The other reading of a short pattern: a ``*`` that ends a field runs over colons."""
    field, *rest = fields
    heads = [resource]
    if rest:
        heads = [resource[:place] for place, each in enumerate(resource) if each == ":"]
    return any(
        _matches_head(field, head)
        and (not rest or _matches_across_colons(rest, resource[len(head) + 1 :]))
        for head in heads
    )


def _matches_head(field: Pattern, head: str) -> bool:
    """Whether a field matches a text, only its last ``*`` running over colons."""
    own = head.partition(":")[0]
    if own == head or not _ends_in_run(field):
        return own == head and matches(field, head)
    return matches(field, own)


def _ends_in_run(field: Pattern) -> bool:
    return field[-1:] == (Wildcard.RUN,)
