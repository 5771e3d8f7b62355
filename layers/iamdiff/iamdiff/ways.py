"""The ways in which given conditions can hold and others not: a search by backtracking.

Every condition narrows what its key may hold; what must be false is a clause (one of its
conditions is false), and the search branches on the clause with the fewest ways out. A condition
with policy variables is a fact of its own, which others may rule out.
"""

from collections.abc import Iterator, Mapping, Sequence

from iamdiff.bodies import RESOURCE, Block, is_linked, template_of
from iamdiff.budget import Budget
from iamdiff.contexts import KeyState, constrain, when_absent
from iamdiff.domains import Domain
from iamdiff.links import implies, is_readable, needs
from iamdiff.model import Condition, Operator, Quantifier, ValueType

type States = dict[str, KeyState]
type Links = dict[Condition, bool]


class Ways:
    """One search, by backtracking over the clauses."""

    def __init__(self, domains: Mapping[str, Domain], budget: Budget) -> None:
        self.domains = domains
        self.budget = budget
        self.doubts: list[Condition] = []

    def run(
        self, true: Sequence[Condition], false: Sequence[Block]
    ) -> Iterator[tuple[States, Links]]:
        """What keys may hold, and which conditions with variables must hold and which not."""
        states = {key: domain.start for key, domain in self.domains.items()}
        links: Links = {}
        for condition in true:
            way = self._narrow(states, links, condition, truth=True)
            if way is None:
                return
            states, links = way
        yield from self._falsify(states, links, list(false))

    def _narrow(
        self, states: States, links: Links, condition: Condition, *, truth: bool
    ) -> tuple[States, Links] | None:
        """What holds once a condition must be true (or false); None where it cannot be."""
        linked = is_linked(condition)
        void = linked and _is_void(states, condition)
        if void and condition.key == RESOURCE:
            return (states, links) if truth is condition.operator.negated else None
        if linked and not void:
            return self._link(states, links, condition, truth=truth)
        domain = self.domains[condition.key]
        predicate = domain.void(condition) if void else domain.predicates.get(condition)
        before = states[condition.key]
        if predicate is None:
            after = _unread(before, condition, truth=truth)
        else:
            after = constrain(before, predicate, truth=truth)
        if predicate is None or (after is None and not domain.exact):
            self.doubts.append(condition)
        if after is None:
            return None
        return (states if after == before else {**states, condition.key: after}), links

    def _link(
        self, states: States, links: Links, condition: Condition, *, truth: bool
    ) -> tuple[States, Links] | None:
        """The same for a condition with variables: a fact that others may rule out."""
        if not is_readable(condition):
            self.doubts.append(condition)
            return _unread_link(states, links, condition, truth=truth)
        domain = self.domains.get(condition.key)
        several = domain is not None and domain.start.several
        core, wanted = _core(condition, truth=truth, several=several)
        for other, known in links.items():
            if known is not wanted and (
                other == core or (implies(core, other) if wanted else implies(other, core))
            ):
                return None
        held = _present(states, core, truth=wanted)
        if held is not None:
            held = _with_variables(held, core) if wanted else self._apart(held, core)
        return None if held is None else (held, {**links, core: wanted})

    def _apart(self, states: States, core: Condition) -> States | None:
        """What keys may hold where a condition must not match: none of its plain values."""
        part = None if core.operator.negated else plain_part(core)
        if part is None:
            return states
        way = self._narrow(states, {}, part, truth=False)
        return None if way is None else way[0]

    def _falsify(
        self, states: States, links: Links, clauses: list[Block]
    ) -> Iterator[tuple[States, Links]]:
        settled = False
        while not settled:
            self.budget.spend(2 + 8 * sum(map(len, clauses)))
            settled = True
            open_clauses: list[tuple[Block, list[tuple[States, Links]]]] = []
            for block in clauses:
                ways = self._ways(states, links, block)
                if ways is None:
                    continue
                if not ways:
                    return
                if len(ways) > 1:
                    open_clauses.append((block, ways))
                    continue
                # The only way: taken at once, and the ways of those before may be fewer now.
                states, links = ways[0]
                settled = not open_clauses
            clauses = [block for block, _ in open_clauses]
        if not open_clauses:
            yield states, links
            return
        open_clauses.sort(key=lambda clause: len(clause[1]))
        rest = [block for block, _ in open_clauses[1:]]
        for way in open_clauses[0][1]:
            yield from self._falsify(*way, rest)

    def _ways(
        self, states: States, links: Links, block: Block
    ) -> list[tuple[States, Links]] | None:
        """The ways to make a block false; None where it is already. Those without links first."""
        ways: list[tuple[States, Links]] = []
        linked: list[tuple[States, Links]] = []
        for condition in block:
            way = self._narrow(states, links, condition, truth=False)
            if way is None:
                continue
            if way[0] == states and way[1] == links:
                return None
            (linked if way[1] != links else ways).append(way)
        return ways + linked


def _unread(state: KeyState, condition: Condition, *, truth: bool) -> KeyState | None:
    """What a key may hold where a condition's values cannot be read: it is read when absent."""
    is_told = condition.values and condition.operator.type is not ValueType.NULL
    if is_told and state.absent and when_absent(condition.operator) is truth:
        return state._replace(single=0, several=False)
    return None


def _unread_link(
    states: States, links: Links, condition: Condition, *, truth: bool
) -> tuple[States, Links] | None:
    """The same where a variable in the values is none."""
    if condition.key == RESOURCE:
        return None
    after = _unread(states[condition.key], condition, truth=truth)
    return None if after is None else ({**states, condition.key: after}, links)


def _is_void(states: States, condition: Condition) -> bool:
    """Whether the variables of a condition can have no values, so that nothing matches it."""
    return all(
        any(not states[key].single and not states[key].several for key in keys)
        for keys in needs(condition)
    )


def _present(states: States, condition: Condition, *, truth: bool) -> States | None:
    """What keys may hold where a condition with variables is so only for a key that is there."""
    state = states.get(condition.key)
    if state is None or not state.absent or when_absent(condition.operator) is truth:
        return states
    if not state.single and not state.several:
        return None
    return {**states, condition.key: state._replace(absent=False)}


def _with_variables(states: States, condition: Condition) -> States:
    """What keys may hold where a condition must match: the variables of all its values have one."""
    operator = condition.operator
    if operator.negated or when_absent(operator):
        return states
    for key in set[str]().union(*needs(condition)).intersection(*needs(condition)):
        if states[key].absent:
            states = {**states, key: states[key]._replace(absent=False)}
    return states


def _core(condition: Condition, *, truth: bool, several: bool) -> tuple[Condition, bool]:
    """A condition with variables in its positive form, where negation is all that sets it apart.

    Then a condition and its opposite are one fact: a request cannot pass both. It can fail both
    where the key may hold `several` values.
    """
    operator = condition.operator
    if operator.quantifier is not Quantifier.NONE or operator.if_exists or not operator.negated:
        return condition, truth
    if several and not truth:
        return condition, truth
    return Condition(_positive(operator), condition.key, condition.values), not truth


def plain_part(condition: Condition) -> Condition | None:
    """What a condition with variables asks of its values that hold none, its negation aside.

    A value that one of them matches passes it whatever the variables hold. None where each value
    holds variables, and where a set operator or an absent key would have to be looked at as well.
    """
    operator = condition.operator
    values = tuple(value for value in condition.values if template_of(value) is None)
    if not values or operator.quantifier is not Quantifier.NONE or operator.if_exists:
        return None
    return Condition(_positive(operator), condition.key, values)


def _positive(operator: Operator) -> Operator:
    """An operator without its negation."""
    if not operator.negated:
        return operator
    return Operator(operator.name.replace("Not", "", 1), operator.type, operator.relation)
