"""Why a comparison could not be decided: each reason has a name and a sentence."""

from collections.abc import Mapping
from typing import NamedTuple

from iamdiff.bodies import LINK, NOT_LINK, is_linked, template_of
from iamdiff.evaluator import Evaluator, ask
from iamdiff.links import is_readable
from iamdiff.logic import Doubt
from iamdiff.model import Access, Condition, Document, Effect, Request, Statement, ValueType
from iamdiff.value_tests import TEXT, value_test
from iamdiff.variables import has_variables

UNCONFIRMED = "unconfirmed"
"""The reference evaluator contradicts a witness: a fault of ours."""


class Reason(NamedTuple):
    """Why a comparison could not be decided: a name for programs, a sentence for people."""

    code: str
    sentence: str


def reason_of(condition: Condition) -> Reason:
    """Why a condition could not be decided."""
    name = f"{condition.operator.name} on {condition.key}"
    if is_linked(condition):
        return _of_variables(condition, name)
    named = next(filter(has_variables, condition.values), None)
    if named and condition.operator.type not in TEXT:
        return Reason(Doubt.VARIABLE_OPERATOR, f"{name} takes no variables, but has {named}")
    if not condition.values:
        return Reason("empty-list", f"{name} has no values")
    if condition.operator.type is ValueType.NULL or value_test(condition) is None:
        return Reason("unreadable-value", f"{name} has a value that it cannot read")
    return Reason("mixed-types", f"{name} reads a key that conditions of other types read too")


def _of_variables(condition: Condition, name: str) -> Reason:
    template = next(filter(None, map(template_of, condition.values)), None)
    if not is_readable(condition):
        return Reason("variable-syntax", f"{template} holds no well-formed policy variable")
    if condition.operator in (LINK, NOT_LINK):
        sentence = f"no resource was found for the policy variables of {template}"
        return Reason("policy-variable", sentence)
    return Reason("policy-variable", f"{name} compares it with policy variables: {template}")


def two_readings(ambiguous: Mapping[str, Doubt], consequence: str) -> list[Reason]:
    """What AWS's pages leave open in the elements and patterns of a comparison."""
    return [
        Reason(code, f"AWS's pages allow two readings of {', '.join(named)}{consequence}")
        for code in sorted(set(ambiguous.values()))
        if (named := sorted(text or '""' for text, each in ambiguous.items() if each is code))
    ]


def fault_of(witness: Request, refusing: Evaluator, allowing: Evaluator) -> Reason | None:
    """Why the reference evaluator does not agree that a witness tells two accesses apart."""
    asked = ask(witness, allowing.kind)
    allowed, refused = allowing.answer(asked), refusing.answer(asked)
    if allowed.allowed and refused.refused:
        return None
    for _, doubt in (*allowed.undecided, *refused.undecided):
        return Reason(doubt.code, doubt.sentence)
    return Reason(
        UNCONFIRMED,
        f"the reference evaluator contradicts the witness {witness.action} on {witness.resource}",
    )


def with_everything(access: Access) -> Access:
    """An access with "Allow everything" beside its policies, and in its boundary."""
    everything = Statement(0, "", Effect.ALLOW, ("*",), ("*",))
    ceiling = access.boundary
    if ceiling is not None:
        ceiling = ceiling._replace(statements=(*ceiling.statements, everything))
    return Access((*access.identity, Document((everything,))), ceiling)
