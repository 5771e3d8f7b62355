"""Whether some context makes given condition blocks true and others false, and which one.

A block is the Condition element of a statement: all of its conditions must hold. Keys are
independent of each other, so a partial answer is a `KeyState` a key (`ways`); where policy
variables join them, values are tried (`guesses`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from iamdiff.bodies import RESOURCE, Block, is_linked
from iamdiff.budget import Budget
from iamdiff.clauses import READS_RESOURCE, Clause, Clauses, Term, parts_of
from iamdiff.domains import Domain, KeyFacts, build_domain
from iamdiff.globs import readable
from iamdiff.guesses import Guesses
from iamdiff.links import holds, is_readable, resolve, variables_of
from iamdiff.model import Condition, ContextValue
from iamdiff.ways import Links, States, Ways, plain_part


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


class _Question:
    """What must hold and what must not, known by itself, with what was answered.

    Attributes
    ----------
    reads : bool
        Whether a condition reads the resource; where none does, one answer holds for every target.
    parts : Sequence[_Question]
        What no variable or block joins; empty where all is joined.
    answers : dict[str | None, Answer]
        By the target's example; None for every target.
    """

    def __init__(
        self, required: Sequence[Term], false: Sequence[Clause], parts: "Sequence[_Question]"
    ) -> None:
        self.required = required
        self.false = false
        self.parts = parts
        self.reads = any(each.key & READS_RESOURCE for each in required) or any(
            each.keys & READS_RESOURCE for each in false
        )
        self.answers: dict[str | None, Answer] = {}
        self.posed: _Posed | None = None


class Solver:
    """Answers for one comparison; remembers the domains of keys."""

    def __init__(self, facts: Callable[[str], KeyFacts], budget: Budget) -> None:
        self.facts = facts
        self.budget = budget
        self.domains: dict[tuple[str, frozenset[Condition], bool], Domain] = {}
        self.clauses = Clauses()
        self.questions: dict[tuple[int, frozenset[Clause]], _Question] = {}
        self.plain: dict[Condition, Condition] = {}
        self.fruitless = 0

    def solve(self, true: Sequence[Clause], false: Sequence[Clause], target: Target) -> Answer:
        """Find a context in which all of `true` hold and none of `false`.

        Parameters
        ----------
        true, false : Sequence[Clause]
            Of `clauses`.
        target : Target
            What the request is for: resource patterns with variables are read against it.

        Raises
        ------
        BudgetExceeded
            The search went on for too long.
        """
        self.budget.spend(10 + 2 * len(false))
        mask = 0
        for each in true:
            mask |= each.mask
        if not mask and not false:
            return Answer({})
        for each in false:
            if not each.mask & ~mask:
                return Answer(None)
        question = self.questions.get((mask, frozenset(false)))
        if question is None:
            required = dict.fromkeys(chain.from_iterable(each.terms for each in true))
            question = self._question(list(required), false)
        return self._answer(question, target)

    def _question(self, required: Sequence[Term], false: Sequence[Clause]) -> _Question:
        key = (sum(term.bit for term in required), frozenset(false))
        found = self.questions.get(key)
        if found is None:
            parts = parts_of(required, false)
            apart = [self._question(*each) for each in parts] if len(parts) > 1 else ()
            found = self.questions[key] = _Question(required, false, apart)
        return found

    def _answer(self, question: _Question, target: Target) -> Answer:
        """Answer a question, if it was not asked before."""
        reads = target.tied and question.reads
        example = target.example if reads else None
        known = question.answers.get(example)
        if known is None:
            answer = self._in_parts if question.parts else self._solve
            known = answer(question, target)
            known = known if reads else known._replace(resource=None)
            question.answers[example] = known
        return known

    def _in_parts(self, question: _Question, target: Target) -> Answer:
        """Answer the parts by themselves: they are in many questions.

        Keys are independent, so each part has an answer of its own, or the whole has none.
        """
        context: dict[str, ContextValue] = {}
        doubts: dict[Condition, None] = {}
        resource: str | None = None
        for part in question.parts:
            answer = self._answer(part, target)
            if answer.context is None and not answer.doubts:
                return answer
            doubts |= dict.fromkeys(answer.doubts)
            context |= answer.context or {}
            resource = resource or answer.resource
        return Answer(None, doubts=tuple(doubts)) if doubts else Answer(context, resource)

    def _solve(self, question: _Question, target: Target) -> Answer:
        # What keys may hold is the same for every target: only values for variables are not.
        posed = question.posed
        if posed is None:
            posed = question.posed = self._pose(question.required, question.false)
        effort = _THOROUGH if self.fruitless < _PATIENCE else _BRIEF
        tried: list[Condition] = []
        for states, links, guesses in islice(posed.found(), effort.answers):
            if guesses is None:
                return _answer(posed.smallest(states), target.example)
            for context, resource in islice(guesses.of(target.example), effort.guesses):
                self.budget.spend(len(question.false) + 1)
                if _fits(context, posed.true, posed.false, resource) and (
                    resource == target.example or target.holds(resource)
                ):
                    return _answer(context, resource)
            tried += links
        doubts = dict.fromkeys((*posed.ways.doubts, *tried))
        self.fruitless += bool(doubts)
        return Answer(None, doubts=tuple(doubts))

    def _pose(self, required: Sequence[Term], clauses: Sequence[Clause]) -> "_Posed":
        true = [self._plain(each.condition) for each in required]
        false = [tuple(map(self._plain, each.block)) for each in clauses]
        by_key: dict[str, set[Condition]] = {}
        linked: set[str] = set()
        for condition in chain(true, *false):
            if is_linked(condition):
                linked.update((condition.key, *variables_of(condition)))
                plain = plain_part(condition)
            else:
                plain = condition
            if plain is not None:
                by_key.setdefault(condition.key, set()).add(plain)
        linked.discard(RESOURCE)
        domains = {
            key: self._domain(key, frozenset(by_key.get(key, ())), apart=key in linked)
            for key in dict.fromkeys((*by_key, *sorted(linked)))
        }
        bound = {key for key in linked if self.facts(key).is_bound}
        return _Posed(true, false, Ways(domains, self.budget), bound)

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
        values: list[str] = []
        for value in condition.values:
            one = condition._replace(values=(value,))
            facts = {key: self.facts(key) for key in variables_of(one)}
            if all(each.is_bound for each in facts.values()):
                fixed = {key: each.fixed for key, each in facts.items() if each.fixed is not None}
                values += resolve(one, fixed).values
            else:
                values.append(value)
        return condition._replace(values=tuple(values)) if values else condition

    def _domain(self, key: str, conditions: frozenset[Condition], *, apart: bool) -> Domain:
        known = self.domains.get((key, conditions, apart))
        if known is None:
            ordered = sorted(conditions, key=_order)
            known = build_domain(ordered, self.facts(key), self.budget, apart=apart)
            self.domains[key, conditions, apart] = known
        return known


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


def _fits(
    context: Mapping[str, ContextValue],
    true: Sequence[Condition],
    false: Sequence[Block],
    resource: str,
) -> bool:
    return all(holds(each, context, resource) for each in true) and all(
        any(holds(each, context, resource) is False for each in block) for block in false
    )


class _Posed:
    """A question taken apart, and the ways that were found to answer it: each once."""

    def __init__(
        self, true: list[Condition], false: list[Block], ways: Ways, bound: set[str]
    ) -> None:
        self.true = true
        self.false = false
        self.ways = ways
        self.bound = bound
        self.known: list[tuple[States, Links, Guesses | None]] = []
        self.rest = ways.run(true, false)

    def smallest(self, states: States) -> dict[str, ContextValue]:
        """A small context that the states allow: a key that may be absent is."""
        domains = self.ways.domains
        return {key: domains[key].value(state) for key, state in states.items() if not state.absent}

    def found(self) -> Iterator[tuple[States, Links, Guesses | None]]:
        """What keys may hold, the linked conditions that must hold or not, and how to guess."""
        place = 0
        while True:
            for way in self.known[place:]:
                place += 1
                yield way
            following = next(self.rest, None)
            if following is None:
                return
            states, links = following
            guesses = None
            if links:
                domains = self.ways.domains
                options = {key: domains[key].options(state) for key, state in states.items()}
                guesses = Guesses(options, links, self.bound)
            self.known.append((states, links, guesses))
