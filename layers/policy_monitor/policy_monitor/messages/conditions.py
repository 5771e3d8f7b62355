"""A policy's conditions, and the keys of an example request, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from policy_monitor.messages.text import Phrase, listed, name

# IAM User Guide, "IAM JSON policy elements: Condition operators", in words.
_OPERATOR_WORDS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is (in any case of letters)",
    "StringNotEqualsIgnoreCase": "is not (in any case of letters)",
    "StringLike": "matches",
    "StringNotLike": "does not match",
    "NumericEquals": "is",
    "NumericNotEquals": "is not",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateNotEquals": "is not",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
    "Bool": "is",
    "BinaryEquals": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "ArnEquals": "matches",
    "ArnLike": "matches",
    "ArnNotEquals": "does not match",
    "ArnNotLike": "does not match",
}
_QUANTIFIER_WORDS = {
    "ForAnyValue": "some value of ",
    "ForAllValues": "every value of ",
}
_VALUES_SHOWN = 3


def condition_phrases(conditions: Mapping[str, Any]) -> list[Phrase]:
    """Each condition in words: ``aws:PrincipalTag/team is a or b``.

    Parameters
    ----------
    conditions : Mapping[str, Any]
        As in a policy: operator → key → one value or several.
    """
    return [
        _condition_phrase(operator, key, values)
        for operator, keys in conditions.items()
        for key, values in (keys.items() if isinstance(keys, Mapping) else ())
    ]


def _condition_phrase(operator: str, key: str, values: Any) -> Phrase:
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    tail = " (if it is there at all)" if base != rest else ""
    texts = value_texts(values)
    if base == "Null" and len(texts) == 1:
        return (name(key), " is absent" if texts[0].lower() == "true" else " is there")
    words = _OPERATOR_WORDS.get(base)
    start = _QUANTIFIER_WORDS.get(quantifier, "")
    if words is None or (quantifier and not start):
        return (name(operator), " on ", name(key), ": ", *listed(texts, len(texts), _VALUES_SHOWN))
    # Several values under a negated operator: none of them may match; "is not a or b" says that.
    shown = listed(texts, len(texts), _VALUES_SHOWN, "or") if texts else ("none",)
    return tuple(part for part in (start, name(key), f" {words} ", *shown, tail) if part)


def context_phrase(key: str, value: Any) -> Phrase:
    """One key of an example request: ``aws:PrincipalTag/team = a``."""
    texts = value_texts(value)
    if not texts:
        return (name(key), " with no value")
    return (name(key), " = ", *listed(texts, len(texts), _VALUES_SHOWN))


def value_texts(value: Any) -> list[str]:
    """A value or list of values, each as text; booleans as policies spell them."""
    values: Sequence[Any] = value if isinstance(value, (list, tuple)) else (value,)
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]
