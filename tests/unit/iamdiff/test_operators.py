"""The table of condition operators, and their names taken apart."""

import pytest
from tests.laws.policies import KEYS

from iamdiff.model import PolicyError, Quantifier, Relation, ValueType
from iamdiff.operators import OPERATORS, parse_operator

# IAM User Guide, "IAM JSON policy elements: Condition operators", section by section.
DOCUMENTED = {
    ValueType.STRING: (
        "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike "
        "StringNotLike"
    ),
    ValueType.NUMERIC: (
        "NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan "
        "NumericGreaterThanEquals"
    ),
    ValueType.DATE: (
        "DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan "
        "DateGreaterThanEquals"
    ),
    ValueType.BOOL: "Bool",
    ValueType.BINARY: "BinaryEquals",
    ValueType.IP: "IpAddress NotIpAddress",
    ValueType.ARN: "ArnEquals ArnLike ArnNotEquals ArnNotLike",
    ValueType.NULL: "Null",
}


def test_the_table_holds_what_aws_documents_and_nothing_else() -> None:
    by_type = {
        kind: {name for name, operator in OPERATORS.items() if operator.type is kind}
        for kind in ValueType
    }
    assert by_type == {kind: set(names.split()) for kind, names in DOCUMENTED.items()}


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_is_negated_where_its_name_says_not(name: str) -> None:
    assert OPERATORS[name].negated is ("Not" in name)
    assert OPERATORS[name].name == name


def test_the_laws_draw_policies_with_each_operator() -> None:
    assert {name for names, _ in KEYS.values() for name in names} | {"Null"} == set(OPERATORS)


def test_the_arn_operators_that_say_equals_are_like_the_others() -> None:
    assert all(
        operator.relation is Relation.LIKE
        for operator in OPERATORS.values()
        if operator.type is ValueType.ARN
    )


@pytest.mark.parametrize("name", [name for name in OPERATORS if name != "Null"])
@pytest.mark.parametrize("quantifier", Quantifier)
@pytest.mark.parametrize("if_exists", [False, True])
def test_every_operator_combines_with_set_operators_and_if_exists(
    name: str, quantifier: Quantifier, if_exists: bool
) -> None:
    full = (f"{quantifier}:" if quantifier else "") + name + ("IfExists" if if_exists else "")
    operator = parse_operator(full)
    base = OPERATORS[name]
    assert operator.name == full
    assert (operator.quantifier, operator.if_exists) == (quantifier, if_exists)
    assert (operator.type, operator.relation, operator.negated) == (
        base.type,
        base.relation,
        base.negated,
    )
    assert parse_operator(full.lower()) == parse_operator(full.upper()) == operator


@pytest.mark.parametrize("quantifier", Quantifier)
def test_null_takes_set_operators_but_no_if_exists(quantifier: Quantifier) -> None:
    full = f"{quantifier}:Null" if quantifier else "Null"
    assert parse_operator(full).quantifier is quantifier
    with pytest.raises(PolicyError, match="Null takes no IfExists"):
        parse_operator(f"{full}IfExists")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("StringEqual", "unknown operator; did you mean StringEquals?"),
        ("ForAnyValue:IpAdress", "unknown operator; did you mean IpAddress?"),
        ("BooleanIfExists", "unknown operator; did you mean BoolIfExists?"),
        ("IfExists", "unknown operator; did you mean BoolIfExists?"),
        ("", "unknown operator"),
        ("ForAnyValue:", "unknown operator"),
        ("ForAnyValues:Bool", "unknown set operator; write ForAnyValue or ForAllValues"),
        (":Bool", "unknown set operator; write ForAnyValue or ForAllValues"),
        (
            "ForAnyValue:ForAnyValue:Bool",
            "unknown set operator; write ForAnyValue or ForAllValues",
        ),
    ],
)
def test_an_operator_that_there_is_not_is_refused(name: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_operator(name)
    assert str(caught.value) == message
