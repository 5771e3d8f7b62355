"""Whether some context makes given condition blocks true and others false, and which one.

A block is the Condition element of a statement: all of its conditions must hold. Keys are
independent of each other, so a partial answer is a `KeyState` a key, and every condition narrows
one of them. What must be false is a clause (one of the block's conditions is false); the search
branches on the clause with the fewest ways out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from iamdiff.budget import Budget
from iamdiff.contexts import KeyState, constrain
from iamdiff.domains import Domain, KeyFacts, build_domain
from iamdiff.model import Condition, ContextValue

type Block = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver found.

    Attributes
    ----------
    context : Mapping[str, ContextValue] | None
        A context that does it, by key in lower case; None where there is none.
    doubts : tuple[Condition, ...]
        Conditions that could not be decided and that the answer None rests on.
    """

    context: Mapping[str, ContextValue] | None
    doubts: tuple[Condition, ...] = ()


@dataclass(slots=True)
class Solver:
    """Answers for one comparison; remembers the domains of keys."""

    facts: Callable[[str], KeyFacts]
    budget: Budget
    domains: dict[frozenset[Condition], Domain] = field(default_factory=dict)

    def solve(self, true: Sequence[Block], false: Sequence[Block]) -> Answer:
        """Find a context in which all of `true` hold and none of `false`.

        Raises
        ------
        BudgetExceeded
            The search went on for too long.
        """
        if any(not block for block in false):
            return Answer(None)
        by_key: dict[str, set[Condition]] = {}
        for block in (*true, *false):
            for condition in block:
                by_key.setdefault(condition.key.lower(), set()).add(condition)
        domains = {key: self._domain(key, conditions) for key, conditions in by_key.items()}
        search = _Search(domains, self.budget)
        states = search.run([c for block in true for c in block], false)
        if states is None:
            return Answer(None, tuple(dict.fromkeys(search.doubts)))
        return Answer(_context(domains, states))

    def _domain(self, key: str, conditions: Iterable[Condition]) -> Domain:
        name = frozenset(conditions)
        known = self.domains.get(name)
        if known is None:
            ordered = sorted(name, key=lambda c: (c.operator.name, c.values))
            known = build_domain(ordered, self.facts(key), self.budget)
            self.domains[name] = known
        return known


class _Search:
    """One search, by backtracking over the clauses."""

    def __init__(self, domains: Mapping[str, Domain], budget: Budget) -> None:
        self.domains = domains
        self.budget = budget
        self.doubts: list[Condition] = []

    def run(self, true: Sequence[Condition], false: Sequence[Block]) -> dict[str, KeyState] | None:
        states = {key: domain.start for key, domain in self.domains.items()}
        for condition in true:
            after = self._narrow(states, condition, truth=True)
            if after is None:
                return None
            states[condition.key.lower()] = after
        return self._falsify(states, list(false))

    def _narrow(
        self, states: Mapping[str, KeyState], condition: Condition, *, truth: bool
    ) -> KeyState | None:
        """The state of the condition's key afterwards; None where it cannot be, or is not known."""
        key = condition.key.lower()
        domain = self.domains[key]
        predicate = domain.predicates.get(condition)
        if predicate is None:
            self.doubts.append(condition)
            return None
        after = constrain(states[key], predicate, truth=truth, wide=domain.wide)
        if after is None and not domain.exact:
            self.doubts.append(condition)
        return after

    def _falsify(
        self, states: dict[str, KeyState], clauses: list[Block]
    ) -> dict[str, KeyState] | None:
        self.budget.spend()
        open_clauses: list[tuple[Block, list[tuple[str, KeyState]]]] = []
        for block in clauses:
            ways: list[tuple[str, KeyState]] = []
            for condition in block:
                key = condition.key.lower()
                after = self._narrow(states, condition, truth=False)
                if after == states[key]:
                    break  # already false whatever follows
                if after is not None:
                    ways.append((key, after))
            else:
                if not ways:
                    return None
                open_clauses.append((block, ways))
        if not open_clauses:
            return states
        open_clauses.sort(key=lambda clause: len(clause[1]))
        _, ways = open_clauses[0]
        rest = [block for block, _ in open_clauses[1:]]
        for key, after in ways:
            found = self._falsify({**states, key: after}, rest)
            if found is not None:
                return found
        return None


def _context(
    domains: Mapping[str, Domain], states: Mapping[str, KeyState]
) -> dict[str, ContextValue]:
    """A small context that the states allow: a key that may be absent is."""
    context: dict[str, ContextValue] = {}
    for key, state in states.items():
        if state.absent:
            continue
        domain = domains[key]
        if state.single:
            context[key] = domain.examples[(state.single & -state.single).bit_length() - 1]
        else:
            context[key] = _several(domain, state)
    return context


def _several(domain: Domain, state: KeyState) -> tuple[str, ...]:
    chosen: dict[str, None] = {}
    masks = [*(mask & state.within for mask in state.touching), state.within]
    for mask in masks:
        low = mask & -mask
        chosen[domain.examples[low.bit_length() - 1]] = None
    for index, example in enumerate(domain.examples):
        if len(chosen) > 1:
            break
        if state.within >> index & 1:
            chosen[example] = None
            if (other := domain.others[index]) is not None:
                chosen[other] = None
    return tuple(chosen)
