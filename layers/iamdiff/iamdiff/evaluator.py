"""The reference semantics: whether an access allows a single request, and which statements say so.

It is written to be read beside AWS's pages and to share nothing with the comparison, which is
tested against it. IAM User Guide, "Policy evaluation logic"
(reference_policies_evaluation-logic).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from iamdiff.conditions import holds
from iamdiff.kinds import Kind
from iamdiff.logic import Doubt, Truth, Undecided, every, negation, some
from iamdiff.model import Access, Document, Effect, Request, Statement
from iamdiff.patterns import Pattern, matches, pattern_of
from iamdiff.principals import Caller, matches_principals, parse_caller
from iamdiff.resources import matches_resource_pattern
from iamdiff.universe import Context, complete_context, present_keys, request_fault

BOUNDARY = "boundary"
_ANY_SERVICE = "*"


class Place(NamedTuple):
    """Where a statement stands.

    Attributes
    ----------
    document : int | str
        Index of the identity policy, or ``"boundary"``.
    statement : int
        Index in the document.
    """

    document: int | str
    statement: int


class Decision(NamedTuple):
    """What an access says of a request.

    Attributes
    ----------
    allowed : bool
        False where it is refused and where it is undecided.
    allowed_by, denied_by : tuple[Place, ...]
        The Allow and Deny statements that match.
    undecided : tuple[tuple[Place | None, Undecided], ...]
        Why nothing can be claimed: the statements on which it hangs (None: the request itself).
        Empty where the request is surely allowed or surely refused.
    """

    allowed: bool
    allowed_by: tuple[Place, ...] = ()
    denied_by: tuple[Place, ...] = ()
    undecided: tuple[tuple[Place | None, Undecided], ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the request is surely not allowed."""
        return not self.allowed and not self.undecided


def evaluate(access: Access, request: Request, *, kind: str = Kind.IDENTITY) -> Decision:
    """Decide a request.

    Allowed if some Allow of the identity policies matches, no Deny of them or of the boundary
    does, and, if there is a boundary, some Allow of it matches ("Permissions boundaries for IAM
    entities", access_policies_boundaries).

    Parameters
    ----------
    access : Access
        Of a trust or resource policy: `identity` holds that policy.
    kind : str
        ``identity``, ``trust`` or ``resource``.
    """
    return Evaluator(access, kind).decide(request)


class Evaluator:
    """Decides requests to one access; keeps which statements speak of an action."""

    def __init__(self, access: Access, kind: str = Kind.IDENTITY) -> None:
        self.access = access
        self.kind = kind
        self.speakers: dict[str, list[_Speaker]] = {}

    def decide(self, request: Request) -> Decision:
        """Decide a request, as `evaluate` does."""
        return self.answer(ask(request, self.kind))

    def answer(self, asked: "Asked | Undecided") -> Decision:
        """Decide a request that was taken apart."""
        if isinstance(asked, Undecided):
            return Decision(allowed=False, undecided=((None, asked),))
        found = self._findings(asked)
        own: list[_Finding] = []
        ceiling: list[_Finding] = []
        denies: list[_Finding] = []
        for each in found:
            if each.effect is Effect.DENY:
                denies.append(each)
            elif each.place.document == BOUNDARY:
                ceiling.append(each)
            else:
                own.append(each)
        outcome = every(
            [
                negation(some([each.truth for each in denies])),
                some([each.truth for each in own]),
                self.access.boundary is None or some([each.truth for each in ceiling]),
            ]
        )
        open_questions: tuple[tuple[Place, Undecided], ...] = ()
        if isinstance(outcome, Undecided):
            open_questions = tuple(
                (each.place, each.truth) for each in found if isinstance(each.truth, Undecided)
            )
        return Decision(outcome is True, _places(own + ceiling), _places(denies), open_questions)

    def _findings(self, asked: "Asked") -> list["_Finding"]:
        findings = []
        speakers = self.speakers.get(asked.action)
        if speakers is None:
            speakers = self.speakers[asked.action] = list(self._speakers(asked.action))
        for speaker in speakers:
            # None of its resource patterns matches what begins with none of their heads.
            if speaker.heads is not None and not asked.resource.startswith(speaker.heads):
                continue
            statement = speaker.statement
            truth = every(
                _other_elements(statement, asked, speaker.action, variables=speaker.variables)
            )
            if truth is not False:
                findings.append(_Finding(speaker.place, statement.effect, truth))
        return findings

    def _speakers(self, action: str) -> Iterator["_Speaker"]:
        documents: list[tuple[int | str, Document]] = [*enumerate(self.access.identity)]
        if self.access.boundary is not None:
            documents.append((BOUNDARY, self.access.boundary))
        for name, document in documents:
            for statement in document.statements:
                truth = _matches_action(statement, action)
                if truth is not False:
                    place = Place(name, statement.number)
                    yield _Speaker(place, statement, document.variables, truth, _heads(statement))


class _Speaker(NamedTuple):
    """A statement whose Action or NotAction does not rule out an action.

    Attributes
    ----------
    heads : tuple[str, ...] | None
        What its resource patterns begin with; None where it excludes them, or has none.
    """

    place: Place
    statement: Statement
    variables: bool
    action: Truth
    heads: tuple[str, ...] | None


class _Finding(NamedTuple):
    """Whether a statement matches the request; statements that surely do not are left out."""

    place: Place
    effect: Effect
    truth: Truth


def _places(findings: list[_Finding]) -> tuple[Place, ...]:
    return tuple(each.place for each in findings if each.truth is True)


class Asked(NamedTuple):
    """A request, taken apart once.

    Attributes
    ----------
    present : frozenset[str]
        The keys, in lower case, that every such request carries.
    """

    action: str
    resource: str
    caller: Caller | None
    context: Context
    present: frozenset[str]

    def values(self, key: str) -> tuple[str, ...] | Undecided:
        """A context key's values, by its name in any case; empty where it is absent."""
        folded = key.lower()
        values = self.context.get(folded, ())
        if not values and folded in self.present:
            return Undecided(Doubt.REQUEST, f"every such request has {key}, and this one has not")
        return values


def ask(request: Request, kind: str) -> Asked | Undecided:
    """Take a request apart; undecided where AWS could receive no such request."""
    context = complete_context(request)
    if isinstance(context, Undecided):
        return context
    caller = parse_caller(request.principal) if request.principal else None
    fault = request_fault(request, kind)
    if fault is not None:
        return fault
    return Asked(
        request.action.lower(), request.resource, caller, context, present_keys(kind, caller)
    )


def matches_statement(
    statement: Statement, request: Request, *, variables: bool, kind: str = Kind.IDENTITY
) -> Truth:
    """Whether a statement, whatever its effect, applies to a request.

    Parameters
    ----------
    variables : bool
        Whether its document's Version is one that has policy variables.
    """
    asked = ask(request, kind)
    if isinstance(asked, Undecided):
        return asked
    return _matches(statement, asked, variables=variables)


def _matches(statement: Statement, asked: Asked, *, variables: bool) -> Truth:
    """All of a statement's elements must match."""
    action = _matches_action(statement, asked.action)
    return every(_other_elements(statement, asked, action, variables=variables))


def _other_elements(
    statement: Statement, asked: Asked, action: Truth, *, variables: bool
) -> Iterator[Truth]:
    yield action
    if statement.principals is not None:
        yield (
            matches_principals(statement.principals, asked.caller)
            if asked.caller
            else Undecided(Doubt.REQUEST, "the policy names principals, and the request has none")
        )
    yield _matches_resource(statement, asked, variables=variables)
    for condition in statement.conditions:
        yield holds(condition, asked.values, variables=variables)


def _matches_action(statement: Statement, action: str) -> Truth:
    """Action and NotAction: "the prefix and the action name are case insensitive".

    "IAM JSON policy elements: Action" (reference_policies_elements_action).
    """
    if not statement.actions and statement.inverted_actions:
        return Undecided(Doubt.EMPTY_LIST, "NotAction has no actions")
    names, patterns = _action_patterns(statement.actions)
    found = action in names
    if not found and patterns:
        service, _, name = action.partition(":")
        found = any(matches(each, name) for each in patterns.get(service, ())) or any(
            matches(each, action) for each in patterns.get(_ANY_SERVICE, ())
        )
    return found is not statement.inverted_actions


@lru_cache(maxsize=1024)
def _action_patterns(
    texts: tuple[str, ...],
) -> tuple[frozenset[str], Mapping[str, Sequence[Pattern]]]:
    """Names, and patterns with wildcards by service, in lower case: they are asked many times.

    Those whose service has a wildcard are patterns of the whole action. Names are of ASCII: what
    else has a letter of it as its lower case (the Kelvin sign) is no such name.
    """
    folded = [text.lower() for text in texts if text.isascii()]
    joined = "".join(folded)
    if "*" not in joined and "?" not in joined:
        return frozenset(folded), {}
    wild = [text for text in folded if "*" in text or "?" in text]
    by_service: dict[str, list[Pattern]] = {}
    for text in wild:
        service, colon, name = text.partition(":")
        one = colon and "*" not in service and "?" not in service
        where, pattern = (service, name) if one else (_ANY_SERVICE, text)
        by_service.setdefault(where, []).append(pattern_of(pattern))
    return frozenset(folded).difference(wild), by_service


def _heads(statement: Statement) -> tuple[str, ...] | None:
    """What the resource patterns of a statement begin with, up to a wildcard or a variable."""
    if statement.resources is None or statement.inverted_resources:
        return None
    return tuple(map(_head, statement.resources))


def _head(pattern: str) -> str:
    return pattern.partition("*")[0].partition("?")[0].partition("$")[0]


def _matches_resource(statement: Statement, asked: Asked, *, variables: bool) -> Truth:
    """Resource and NotResource; without either, the resource is the one that has the policy."""
    if statement.resources is None:
        return True
    if not statement.resources and statement.inverted_resources:
        return Undecided(Doubt.EMPTY_LIST, "NotResource has no resources")
    found = some(
        matches_resource_pattern(each, asked.resource, asked.values, variables=variables)
        for each in statement.resources
    )
    return negation(found) if statement.inverted_resources else found
