"""Condition operators, as a table.

IAM User Guide, "IAM JSON policy elements: Condition operators"
(reference_policies_elements_condition_operators); each row stands in the section that its type
names there. ``…IfExists`` is in its section "...IfExists condition operators"; the set operators
are on "Set operators for multivalued context keys"
(reference_policies_condition-single-vs-multi-valued-context-keys).
"""

from functools import lru_cache

from iamdiff.model import Operator, PolicyError, Quantifier, Relation, ValueType
from iamdiff.sources import suggestion

_NEGATED = True

OPERATORS: dict[str, Operator] = {
    name: Operator(name, kind, relation, negated)
    for name, kind, relation, negated in (
        ("StringEquals", ValueType.STRING, Relation.EQUALS, False),
        ("StringNotEquals", ValueType.STRING, Relation.EQUALS, _NEGATED),
        ("StringEqualsIgnoreCase", ValueType.STRING, Relation.EQUALS_IGNORE_CASE, False),
        ("StringNotEqualsIgnoreCase", ValueType.STRING, Relation.EQUALS_IGNORE_CASE, _NEGATED),
        ("StringLike", ValueType.STRING, Relation.LIKE, False),
        ("StringNotLike", ValueType.STRING, Relation.LIKE, _NEGATED),
        ("NumericEquals", ValueType.NUMERIC, Relation.EQUALS, False),
        ("NumericNotEquals", ValueType.NUMERIC, Relation.EQUALS, _NEGATED),
        ("NumericLessThan", ValueType.NUMERIC, Relation.LESS_THAN, False),
        ("NumericLessThanEquals", ValueType.NUMERIC, Relation.LESS_THAN_EQUALS, False),
        ("NumericGreaterThan", ValueType.NUMERIC, Relation.GREATER_THAN, False),
        ("NumericGreaterThanEquals", ValueType.NUMERIC, Relation.GREATER_THAN_EQUALS, False),
        ("DateEquals", ValueType.DATE, Relation.EQUALS, False),
        ("DateNotEquals", ValueType.DATE, Relation.EQUALS, _NEGATED),
        ("DateLessThan", ValueType.DATE, Relation.LESS_THAN, False),
        ("DateLessThanEquals", ValueType.DATE, Relation.LESS_THAN_EQUALS, False),
        ("DateGreaterThan", ValueType.DATE, Relation.GREATER_THAN, False),
        ("DateGreaterThanEquals", ValueType.DATE, Relation.GREATER_THAN_EQUALS, False),
        ("Bool", ValueType.BOOL, Relation.EQUALS, False),
        ("BinaryEquals", ValueType.BINARY, Relation.EQUALS, False),
        ("IpAddress", ValueType.IP, Relation.IN_RANGE, False),
        ("NotIpAddress", ValueType.IP, Relation.IN_RANGE, _NEGATED),
        # "The ArnEquals and ArnLike condition operators behave identically."
        ("ArnEquals", ValueType.ARN, Relation.LIKE, False),
        ("ArnLike", ValueType.ARN, Relation.LIKE, False),
        ("ArnNotEquals", ValueType.ARN, Relation.LIKE, _NEGATED),
        ("ArnNotLike", ValueType.ARN, Relation.LIKE, _NEGATED),
        ("Null", ValueType.NULL, Relation.IS_NULL, False),
    )
}
"""Every operator that AWS documents, by name, without prefix and suffix."""

_BY_FOLDED_NAME = {name.lower(): operator for name, operator in OPERATORS.items()}
_QUANTIFIERS = {
    quantifier.lower(): quantifier
    for quantifier in (Quantifier.FOR_ANY_VALUE, Quantifier.FOR_ALL_VALUES)
}
_IF_EXISTS = "IfExists"


@lru_cache(maxsize=1024)
def parse_operator(name: str) -> Operator:
    """Take an operator's name apart: ``ForAllValues:StringLikeIfExists``.

    The case of the name is ignored; the operator's own `name` is as AWS spells it, so a caller
    can tell.

    Raises
    ------
    PolicyError
        There is no such operator. The message says which one was perhaps meant.
    """
    prefix, colon, rest = name.rpartition(":")
    quantifier = _QUANTIFIERS.get(prefix.lower()) if colon else Quantifier.NONE
    if quantifier is None:
        raise PolicyError(f"unknown set operator; write {' or '.join(_QUANTIFIERS.values())}")
    folded = rest.lower()
    if_exists = folded.endswith(_IF_EXISTS.lower())
    base = _BY_FOLDED_NAME.get(folded.removesuffix(_IF_EXISTS.lower()))
    if base is None:
        names = [*OPERATORS, *(each + _IF_EXISTS for each in OPERATORS if each != "Null")]
        raise PolicyError(f"unknown operator{suggestion(rest, names)}")
    if base.type is ValueType.NULL and if_exists:
        # Access Analyzer policy checks, "Null with if exists".
        raise PolicyError("Null takes no IfExists; it already asks whether the key exists")
    if quantifier is Quantifier.NONE and not if_exists:
        return base
    return Operator(
        name=(f"{quantifier}:" if quantifier else "")
        + base.name
        + (_IF_EXISTS if if_exists else ""),
        type=base.type,
        relation=base.relation,
        negated=base.negated,
        if_exists=if_exists,
        quantifier=quantifier,
    )
