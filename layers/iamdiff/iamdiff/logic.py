"""Three-valued logic: a rule holds, it does not, or AWS's pages leave it open."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Doubt(StrEnum):
    """Why a rule is left open. Each is a case that AWS's pages do not settle."""

    UNREADABLE_VALUE = "unreadable-value"
    """A condition value that its operator cannot read: a date that is none."""
    UNREADABLE_CONTEXT = "unreadable-context"
    """A request's value that a negated operator cannot read."""
    EMPTY_LIST = "empty-list"
    """An operator without values, or an empty NotAction, NotResource or NotPrincipal."""
    VARIABLE_SYNTAX = "variable-syntax"
    """``${`` that begins no well-formed variable."""
    VARIABLE_OPERATOR = "variable-operator"
    """A variable under an operator that reads neither strings nor ARNs."""
    VARIABLE_SEVERAL_VALUES = "variable-several-values"
    """A variable whose key holds several values."""
    VARIABLE_FIELD = "variable-field"
    """A variable in the first five fields of a resource's ARN."""
    SHORT_ARN = "short-arn"
    """An ARN pattern with fewer than six fields, of which AWS's pages allow two readings."""
    NOT_PRINCIPAL = "not-principal"
    """NotPrincipal names a principal, but not its account, role and session as well."""
    REQUEST = "request"
    """The request itself is none that AWS could receive."""


class Undecided(NamedTuple):
    """Neither true nor false.

    Attributes
    ----------
    sentence : str
        What is open, naming the value; one line.
    """

    code: Doubt
    sentence: str

    def __bool__(self) -> bool:
        """Refuse to be taken for true or false."""
        raise TypeError(f"undecided is neither true nor false: {self.sentence}")


type Truth = bool | Undecided


def every(truths: Iterable[Truth]) -> Truth:
    """False where one is false; else undecided where one is; else true."""
    answer: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if answer is True:
            answer = truth
    return answer


def some(truths: Iterable[Truth]) -> Truth:
    """True where one is true; else undecided where one is; else false."""
    answer: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if answer is False:
            answer = truth
    return answer


def negation(truth: Truth) -> Truth:
    """The opposite; what is undecided stays so."""
    return truth if isinstance(truth, Undecided) else not truth
