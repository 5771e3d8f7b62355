"""Whether some context makes given condition blocks true and others false, and which one.

A block is the Condition element of a statement: all of its conditions must hold. Keys are
independent of each other, so a partial answer is a `KeyState` a key, and every condition narrows
one of them. What must be false is a clause (one of the block's conditions is false); the search
branches on the clause with the fewest ways out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from iamdiff.bodies import RESOURCE, is_linked
from iamdiff.budget import Budget
from iamdiff.contexts import KeyState, constrain, when_absent
from iamdiff.domains import Domain, KeyFacts, build_domain
from iamdiff.globs import bits, readable
from iamdiff.links import guesses, holds, implies, is_readable, needs, resolve, variables_of
from iamdiff.model import Condition, ContextValue, Operator, Quantifier, ValueType

type Block = tuple[Condition, ...]


class _Effort(NamedTuple):
    """How long to look for values of policy variables: answers tried, and guesses for each."""

    answers: int
    guesses: int


_THOROUGH = _Effort(12, 100)
_BRIEF = _Effort(2, 3)
_PATIENCE = 20
"""Questions that find nothing before the next ones are looked at briefly: they are much alike."""


class Target(NamedTuple):
    """A class of resources.

    Attributes
    ----------
    example : str
        One of them.
    holds : Callable[[str], bool]
        Whether a resource is one of them.
    tied : bool
        Whether patterns with variables read the resource.
    """

    example: str
    holds: Callable[[str], bool]
    tied: bool


class Answer(NamedTuple):
    """What the solver found.

    Attributes
    ----------
    context : Mapping[str, ContextValue] | None
        A context that does it, by key in lower case; None where there is none.
    resource : str | None
        The resource that it goes with; None where any of the target's will do.
    doubts : tuple[Condition, ...]
        Conditions that could not be decided and that the answer None rests on.
    """

    context: Mapping[str, ContextValue] | None
    resource: str | None = None
    doubts: tuple[Condition, ...] = ()


class Solver:
    """Answers for one comparison; remembers the domains of keys."""

    def __init__(self, facts: Callable[[str], KeyFacts], budget: Budget) -> None:
        self.facts = facts
        self.budget = budget
        self.domains: dict[tuple[str, frozenset[Condition], bool], Domain] = {}
        self.answers: dict[tuple[object, ...], Answer] = {}
        self.posed: dict[tuple[object, ...], _Posed] = {}
        self.plain: dict[Condition, Condition] = {}
        self.fruitless = 0

    def solve(self, true: Sequence[Block], false: Sequence[Block], target: Target) -> Answer:
        """Find a context in which all of `true` hold and none of `false`.

        Parameters
        ----------
        target : Target
            What the request is for: resource patterns with variables are read against it.

        Raises
        ------
        BudgetExceeded
            The search went on for too long.
        """
        self.budget.spend(10 + 2 * len(false))
        required = dict.fromkeys(chain(*true))
        if not required and not false:
            return Answer({})
        conditions = frozenset(required)
        if any(map(conditions.issuperset, false)):
            return Answer(None)
        return self._answer(required, conditions, false, target)

    def _answer(
        self,
        required: Iterable[Condition],
        conditions: frozenset[Condition],
        false: Sequence[Block],
        target: Target,
    ) -> Answer:
        """Answer what was not asked before."""
        # Where no condition reads the resource, one answer holds for every target.
        reads = target.tied and any(each.key == RESOURCE for each in chain(required, *false))
        question = (conditions, frozenset(false), target.example if reads else None)
        known = self.answers.get(question)
        if known is None:
            known = self._in_parts(required, false, target)
            known = known if reads else known._replace(resource=None)
            self.answers[question] = known
        return known

    def _in_parts(
        self, required: Iterable[Condition], false: Sequence[Block], target: Target
    ) -> Answer:
        """Answer what no variable or block joins by itself: such parts are in many questions.

        Keys are independent, so each part has an answer of its own, or the whole has none.
        """
        linked = list(filter(is_linked, chain(required, *false)))
        parts = list(_parts(required, false, linked)) if linked else []
        if len(parts) <= 1:
            return self._solve(required, false, target)
        context: dict[str, ContextValue] = {}
        doubts: dict[Condition, None] = {}
        resource: str | None = None
        for own, blocks in parts:
            answer = self._answer(own, frozenset(own), blocks, target)
            if answer.context is None and not answer.doubts:
                return answer
            doubts |= dict.fromkeys(answer.doubts)
            context |= answer.context or {}
            resource = resource or answer.resource
        return Answer(None, doubts=tuple(doubts)) if doubts else Answer(context, resource)

    def _solve(
        self, required: Iterable[Condition], blocks: Sequence[Block], target: Target
    ) -> Answer:
        # What keys may hold is the same for every target: only values for variables are not.
        key = (frozenset(required), frozenset(blocks))
        posed = self.posed.get(key)
        if posed is None:
            posed = self.posed[key] = self._pose(required, blocks)
        effort = _THOROUGH if self.fruitless < _PATIENCE else _BRIEF
        tried: list[Condition] = []
        for states, links, options in islice(posed.ways(), effort.answers):
            if not links:
                return _answer(_context(posed.search.domains, states), target.example)
            guessed = guesses(options, links, target.example, posed.bound)
            for context, resource in islice(guessed, effort.guesses):
                self.budget.spend(len(blocks) + 1)
                if _fits(context, posed.true, posed.false, resource) and (
                    resource == target.example or target.holds(resource)
                ):
                    return _answer(context, resource)
            tried += links
        doubts = dict.fromkeys((*posed.search.doubts, *tried))
        self.fruitless += bool(doubts)
        return Answer(None, doubts=tuple(doubts))

    def _pose(self, required: Iterable[Condition], blocks: Sequence[Block]) -> "_Posed":
        true = [self._plain(each) for each in required]
        false = [tuple(map(self._plain, block)) for block in blocks]
        by_key: dict[str, set[Condition]] = {}
        linked: set[str] = set()
        for condition in chain(true, *false):
            if is_linked(condition):
                linked.update((condition.key, *variables_of(condition)))
            else:
                by_key.setdefault(condition.key, set()).add(condition)
        linked.discard(RESOURCE)
        domains = {
            key: self._domain(key, frozenset(by_key.get(key, ())), apart=key in linked)
            for key in dict.fromkeys((*by_key, *sorted(linked)))
        }
        bound = {key for key in linked if self.facts(key).is_bound}
        return _Posed(true, false, _Search(domains, self.budget), bound)

    def _plain(self, condition: Condition) -> Condition:
        """A condition without those variables whose values are fixed."""
        if not is_linked(condition):
            return condition
        known = self.plain.get(condition)
        if known is None:
            known = self.plain[condition] = self._resolved(condition)
        return known

    def _resolved(self, condition: Condition) -> Condition:
        if condition.key == RESOURCE or not is_readable(condition):
            return condition
        facts = {key: self.facts(key) for key in variables_of(condition)}
        if not all(each.is_bound for each in facts.values()):
            return condition
        fixed = {key: each.fixed for key, each in facts.items() if each.fixed is not None}
        resolved = resolve(condition, fixed)
        return resolved if resolved.values else condition

    def _domain(self, key: str, conditions: frozenset[Condition], *, apart: bool) -> Domain:
        known = self.domains.get((key, conditions, apart))
        if known is None:
            ordered = sorted(conditions, key=_order)
            known = build_domain(ordered, self.facts(key), self.budget, apart=apart)
            self.domains[key, conditions, apart] = known
        return known


def _parts(
    required: Iterable[Condition], false: Iterable[Block], linked: Iterable[Condition]
) -> Iterator[tuple[list[Condition], list[Block]]]:
    """What must hold and must not, by keys: first what no variable has a part in."""
    reading = [{each.key, *variables_of(each)} for each in linked]
    parts: list[set[str]] = []
    for keys in (*reading, *({each.key for each in block} for block in false)):
        joined = [part for part in parts if not part.isdisjoint(keys)]
        parts = [part for part in parts if part not in joined]
        parts.append(keys.union(*joined))
    tied = [part for part in parts if not all(map(part.isdisjoint, reading))]
    place = {key: number for number, part in enumerate(tied, 1) for key in part}
    found: list[tuple[list[Condition], list[Block]]] = [([], []) for _ in range(len(tied) + 1)]
    for condition in required:
        found[place.get(condition.key, 0)][0].append(condition)
    for block in false:
        found[place.get(block[0].key, 0)][1].append(block)
    yield from filter(any, found)


def _order(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    """One order of conditions, so that an answer is the same each time."""
    return condition.key, condition.operator.name, condition.values


def _answer(context: Mapping[str, ContextValue], resource: str) -> Answer:
    """An answer in which a ``*`` is written as requests write it."""
    written = {
        key: readable(value) if isinstance(value, str) else tuple(map(readable, value))
        for key, value in context.items()
    }
    return Answer(written, readable(resource))


def _options(domain: Domain, state: KeyState) -> list[ContextValue | None]:
    """What a key may hold: absent, one value of each cell, or several values."""
    found: list[ContextValue | None] = [None] if state.absent else []
    found += [domain.examples[place] for place in bits(state.single)]
    if state.several:
        found.append(_several(domain, state))
    return found


def _fits(
    context: Mapping[str, ContextValue],
    true: Sequence[Condition],
    false: Sequence[Block],
    resource: str,
) -> bool:
    return all(holds(each, context, resource) for each in true) and not any(
        all(holds(each, context, resource) for each in block) for block in false
    )


type _States = dict[str, KeyState]
type _Links = dict[Condition, bool]
type _Options = dict[str, list[ContextValue | None]]


class _Search:
    """One search, by backtracking over the clauses."""

    def __init__(self, domains: Mapping[str, Domain], budget: Budget) -> None:
        self.domains = domains
        self.budget = budget
        self.doubts: list[Condition] = []

    def run(
        self, true: Sequence[Condition], false: Sequence[Block]
    ) -> Iterator[tuple[_States, _Links]]:
        """What keys may hold, and which conditions with variables must hold and which not."""
        states = {key: domain.start for key, domain in self.domains.items()}
        links: _Links = {}
        for condition in true:
            way = self._narrow(states, links, condition, truth=True)
            if way is None:
                return
            states, links = way
        yield from self._falsify(states, links, list(false))

    def _narrow(
        self, states: _States, links: _Links, condition: Condition, *, truth: bool
    ) -> tuple[_States, _Links] | None:
        """What holds once a condition must be true (or false); None where it cannot be."""
        linked = is_linked(condition)
        void = linked and _is_void(states, condition)
        if void and condition.key == RESOURCE:
            return (states, links) if truth is condition.operator.negated else None
        if linked and not void:
            return self._link(states, links, condition, truth=truth)
        domain = self.domains[condition.key]
        predicate = domain.void(condition) if void else domain.predicates.get(condition)
        if predicate is None:
            self.doubts.append(condition)
            return None
        before = states[condition.key]
        after = constrain(before, predicate, truth=truth)
        if after is None:
            if not domain.exact:
                self.doubts.append(condition)
            return None
        return (states if after == before else {**states, condition.key: after}), links

    def _link(
        self, states: _States, links: _Links, condition: Condition, *, truth: bool
    ) -> tuple[_States, _Links] | None:
        """The same for a condition with variables: a fact that others may rule out."""
        if not is_readable(condition):
            self.doubts.append(condition)
            return None
        domain = self.domains.get(condition.key)
        several = domain is not None and domain.start.several
        core, wanted = _core(condition, truth=truth, several=several)
        for other, known in links.items():
            if known is not wanted and (
                other == core or (implies(core, other) if wanted else implies(other, core))
            ):
                return None
        held = _present(states, core, truth=wanted)
        held = _with_variables(held, core) if held and wanted else held
        return None if held is None else (held, {**links, core: wanted})

    def _falsify(
        self, states: _States, links: _Links, clauses: list[Block]
    ) -> Iterator[tuple[_States, _Links]]:
        settled = False
        while not settled:
            self.budget.spend(2 + 8 * sum(map(len, clauses)))
            settled = True
            open_clauses: list[tuple[Block, list[tuple[_States, _Links]]]] = []
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
        self, states: _States, links: _Links, block: Block
    ) -> list[tuple[_States, _Links]] | None:
        """The ways to make a block false; None where it is already. Those without links first."""
        ways: list[tuple[_States, _Links]] = []
        linked: list[tuple[_States, _Links]] = []
        for condition in block:
            way = self._narrow(states, links, condition, truth=False)
            if way is None:
                continue
            if way[0] == states and way[1] == links:
                return None
            (linked if way[1] != links else ways).append(way)
        return ways + linked


class _Posed:
    """A question taken apart, and the ways that were found to answer it: each once."""

    def __init__(
        self, true: list[Condition], false: list[Block], search: _Search, bound: set[str]
    ) -> None:
        self.true = true
        self.false = false
        self.search = search
        self.bound = bound
        self.found: list[tuple[_States, _Links, _Options]] = []
        self.rest = search.run(true, false)

    def ways(self) -> Iterator[tuple[_States, _Links, _Options]]:
        """What keys may hold, the linked conditions that must hold or not, and the values."""
        place = 0
        while True:
            for way in self.found[place:]:
                place += 1
                yield way
            following = next(self.rest, None)
            if following is None:
                return
            states, links = following
            options = {}
            if links:
                domains = self.search.domains
                options = {key: _options(domains[key], state) for key, state in states.items()}
            self.found.append((states, links, options))


def _is_void(states: _States, condition: Condition) -> bool:
    """Whether the variables of a condition can have no values, so that nothing matches it."""
    return condition.operator.type in (ValueType.STRING, ValueType.ARN) and all(
        any(not states[key].single and not states[key].several for key in keys)
        for keys in needs(condition)
    )


def _present(states: _States, condition: Condition, *, truth: bool) -> _States | None:
    """What keys may hold where a condition with variables is so only for a key that is there."""
    state = states.get(condition.key)
    if state is None or not state.absent or when_absent(condition.operator) is truth:
        return states
    if not state.single and not state.several:
        return None
    return {**states, condition.key: state._replace(absent=False)}


def _with_variables(states: _States, condition: Condition) -> _States | None:
    """What keys may hold where a condition must match: the variables of all its values do."""
    operator = condition.operator
    if operator.negated or when_absent(operator):
        return states
    for key in set[str]().union(*needs(condition)).intersection(*needs(condition)):
        state = states[key]
        if not state.single and not state.several:
            return None
        if state.absent:
            states = {**states, key: state._replace(absent=False)}
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
    positive = Operator(operator.name.replace("Not", "", 1), operator.type, operator.relation)
    return Condition(positive, condition.key, condition.values), not truth


def _context(domains: Mapping[str, Domain], states: _States) -> dict[str, ContextValue]:
    """A small context that the states allow: a key that may be absent is."""
    context: dict[str, ContextValue] = {}
    for key, state in states.items():
        if state.absent:
            continue
        domain = domains[key]
        if state.single:
            context[key] = domain.examples[next(bits(state.single))]
        else:
            context[key] = _several(domain, state)
    return context


def _several(domain: Domain, state: KeyState) -> tuple[str, ...]:
    """Several values, the same one twice where there is no other: a key may repeat its values."""
    masks = (*(mask & state.within for mask in state.touching), state.within)
    chosen = dict.fromkeys(domain.examples[next(bits(mask))] for mask in masks)
    for place in bits(state.within):
        if len(chosen) > 1:
            break
        chosen[domain.examples[place]] = None
    values = tuple(chosen)
    return values if len(values) > 1 else values * 2
