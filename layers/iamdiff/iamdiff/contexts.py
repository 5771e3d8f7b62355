"""What a context key may hold while conditions on it must be true or false.

A key is absent, or holds one value, or several. The conditions on a key split its values into
finitely many cells, so what is still possible is a small record of masks (`KeyState`), and a
condition is a `Predicate` on it. The rules are the table "Operators and absence" of
docs/semantics.md (IAM User Guide: "Condition operators", "Set operators for multivalued context
keys").
"""

from enum import Enum
from typing import NamedTuple

from iamdiff.model import Condition, Operator, Quantifier


class KeyState(NamedTuple):
    """What a key may still hold.

    Attributes
    ----------
    absent : bool
        It may be absent (or an empty set: no operator tells them apart).
    single : int
        The cells that its one value may lie in.
    several : bool
        It may hold several values.
    within : int
        Where it holds several: the cells that all of them lie in.
    touching : tuple[int, ...]
        And for each of these masks some value lies in it.
    """

    absent: bool
    single: int
    several: bool
    within: int
    touching: tuple[int, ...] = ()


class Several(Enum):
    """When a condition is true of several values."""

    NEVER = "never"
    SOME = "some"
    ALL = "all"


class Predicate(NamedTuple):
    """When a condition is true: of an absent key, of one value, of several.

    `single` and `mask` are cells; `mask` goes with `several`.
    """

    absent: bool
    single: int
    several: Several
    mask: int


def when_absent(operator: Operator) -> bool:
    """Whether an operator that compares values is true of an absent key."""
    if operator.quantifier is Quantifier.NONE:
        return operator.negated or operator.if_exists
    return operator.quantifier is Quantifier.FOR_ALL_VALUES


def predicate(operator: Operator, cells: int, everything: int, empty: int) -> Predicate:
    """The predicate of a condition whose values match the values of `cells`.

    Parameters
    ----------
    cells : int
        The cells that some value of the policy matches, negation aside.
    everything : int
        All cells.
    empty : int
        The cell of the empty string, 0 where it is in none of its own: for set operators a key
        that holds just it is an empty set.
    """
    mask = everything & ~cells if operator.negated else cells
    absent = when_absent(operator)
    match operator.quantifier:
        case Quantifier.FOR_ANY_VALUE:
            return Predicate(absent, mask & ~empty, Several.SOME, mask)
        case Quantifier.FOR_ALL_VALUES:
            return Predicate(absent, mask | empty, Several.ALL, mask)
        case Quantifier.NONE:
            return Predicate(absent, mask, Several.NEVER, 0)


def null_predicate(condition: Condition, everything: int) -> Predicate | None:
    """The predicate of a Null condition: absent where the policy says true, else present.

    Under ForAllValues it is always true, under ForAnyValue never ("Null with qualifier",
    access-analyzer-reference-policy-checks). None where a value is no Boolean, or there is none.
    """
    wanted = {value.lower() for value in condition.values}
    match condition.operator.quantifier:
        case Quantifier.FOR_ALL_VALUES:
            wanted = {"true", "false"}
        case Quantifier.FOR_ANY_VALUE:
            wanted = set()
        case _ if not wanted or not wanted <= {"true", "false"}:
            return None
    present = everything if "false" in wanted else 0
    return Predicate("true" in wanted, present, Several.ALL, present)


def constrain(state: KeyState, condition: Predicate, *, truth: bool) -> KeyState | None:
    """What a key may hold once a condition must be true (or false); None: nothing."""
    absent = state.absent and condition.absent is truth
    single = state.single & (condition.single if truth else ~condition.single)
    several, within, touching = state.several, state.within, state.touching
    match condition.several:
        case Several.NEVER:
            several = several and not truth
        case Several.ALL if truth:
            within &= condition.mask
        case Several.ALL:
            touching = (*touching, ~condition.mask)
        case Several.SOME if truth:
            touching = (*touching, condition.mask)
        case Several.SOME:
            within &= ~condition.mask
    several = several and bool(within) and all(mask & within for mask in touching)
    if not (absent or single or several):
        return None
    return KeyState(absent, single, several, within, touching)
