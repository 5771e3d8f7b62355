"""Who may make a request, in classes that the policies' Principal elements tell apart."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from iamdiff.actions import EVERY_BODY
from iamdiff.bodies import Block, BodyTable, links_of
from iamdiff.budget import Budget
from iamdiff.catalogue import Catalogue
from iamdiff.cells import cells
from iamdiff.domains import KeyFacts
from iamdiff.globs import matcher
from iamdiff.keys import (
    ABSENT_IN_ROLE_SESSIONS,
    ALWAYS_PRESENT,
    GLOBAL_PREFIX,
    MULTIVALUED,
    PRESENT_IN_ROLE_SESSIONS,
    PRESENT_WHEN_SIGNED,
)
from iamdiff.kinds import Kind
from iamdiff.links import variables_of
from iamdiff.logic import Undecided
from iamdiff.model import Condition, Principals, PrincipalType, Quantifier, Request, Statement
from iamdiff.operators import OPERATORS
from iamdiff.principals import (
    ANONYMOUS,
    Caller,
    keys_of,
    matches_principals,
    parse_caller,
    write_caller,
)

_ARN_KEY = "aws:principalarn"
_ACCOUNT_KEY = "aws:principalaccount"
_ANY_ACCOUNT = "?" * 12
_LONGEST_RUN = 2 * len(_ANY_ACCOUNT) + 1
_NOBODY = Caller(PrincipalType.AWS, "")
_OF_SOME_PRINCIPALS = PRESENT_IN_ROLE_SESSIONS | ABSENT_IN_ROLE_SESSIONS
_FORMS = (
    ("iam", "role/", "?*"),
    ("iam", "user/", "?*"),
    ("sts", "federated-user/", "?*"),
    ("iam", "root", ""),
)
"""The principals of an account by their ARNs: service, kind, and what follows."""
_GENERIC = {
    PrincipalType.SERVICE: "example.amazonaws.com",
    PrincipalType.FEDERATED: "idp.example.com",
    PrincipalType.CANONICAL_USER: "0" * 63 + "1",
}


class CallerClass(NamedTuple):
    """Principals that no Principal element tells apart.

    Attributes
    ----------
    caller : Caller
        One of them; with no name where no principal is bound.
    mask : int
        The bodies whose principals take them in.
    true, false : Block, tuple[Block, ...]
        What besides holds of their context, and what does not.
    doubts : tuple[Undecided, ...]
        Elements of which AWS's pages do not say whether they take them in.
    """

    caller: Caller
    mask: int
    true: Block = ()
    false: tuple[Block, ...] = ()
    doubts: tuple[Undecided, ...] = ()
    keys: Mapping[str, str | None] = MappingProxyType({})

    def facts(
        self, statements: Iterable[Statement], catalogue: Catalogue
    ) -> Callable[[str], KeyFacts]:
        """What is known of each context key in these principals' requests, by the statements."""
        set_keys: list[frozenset[str]] = []
        caller = self.caller
        # No page says which keys the requests of services and federated users carry.
        signed = caller.kind is PrincipalType.AWS and caller.name != ANONYMOUS
        session = bool(caller.role)

        def of(key: str) -> KeyFacts:
            if key in self.keys:
                value = self.keys[key]
                return KeyFacts(never=value is None, fixed=value)
            present = (
                key in ALWAYS_PRESENT
                or (signed and key in PRESENT_WHEN_SIGNED)
                or (session and key in PRESENT_IN_ROLE_SESSIONS)
            )
            several = (
                key in MULTIVALUED
                if key.startswith(GLOBAL_PREFIX)
                else catalogue.holds_several(key)
            )
            if several is None:
                if not set_keys:
                    set_keys.append(_set_keys(statements))
                several = key in set_keys[0]
            return KeyFacts(present=present, several=several, arn=key == _ARN_KEY)

        return of

    def request(self, request: Request) -> Request:
        """A request as one of these principals makes it."""
        if not self.caller.name:
            return request
        context = dict(request.context)
        principal = write_caller(self.caller.kind, self.caller.name)
        for key in request.context:
            if key.lower() in self.keys:
                del context[key]
            elif self.true and key.lower() == _ARN_KEY and not self.caller.is_session:
                own = context.pop(key)
                principal = own if isinstance(own, str) else own[0]
        return request._replace(principal=principal, context=context)


def _set_keys(statements: Iterable[Statement]) -> frozenset[str]:
    """The keys, in lower case, that set operators read."""
    return frozenset(
        condition.key.lower()
        for statement in statements
        for condition in statement.conditions
        if condition.operator.quantifier is not Quantifier.NONE
    )


ANYBODY = CallerClass(_NOBODY, EVERY_BODY)
"""Whoever it is: all statements speak of them."""


def caller_classes(
    table: BodyTable, kind: Kind, principal: str | None, budget: Budget
) -> Iterator[CallerClass]:
    """The classes of principals of a comparison.

    In an identity policy there is one: the principal that is bound, or any.

    Raises
    ------
    BudgetExceeded
        The conditions on accounts overlap in too many ways.
    """
    if principal is not None:
        yield _class_of(table, parse_caller(principal))
    elif kind is Kind.IDENTITY:
        yield ANYBODY
    else:
        seen: set[object] = set()
        sensitive = _reads_principal_keys(table)
        for each in _candidates(table, budget):
            # Classes that the same statements speak of are alike, unless conditions look closer.
            alike = each.caller.name if sensitive else (each.mask, each.doubts)
            if alike not in seen:
                seen.add(alike)
                yield each


def _class_of(table: BodyTable, caller: Caller) -> CallerClass:
    mask = 0
    doubts = []
    for number, body in enumerate(table.bodies):
        answer = True if body.principals is None else matches_principals(body.principals, caller)
        if isinstance(answer, Undecided):
            doubts.append(answer)
        elif answer:
            mask |= 1 << number
    found = CallerClass(caller, mask, doubts=tuple(doubts), keys=keys_of(caller))
    if not caller.is_session:
        return found
    # A session's ARN lacks the path of its role, which aws:PrincipalArn shows.
    home, _, name = str(found.keys[_ARN_KEY]).rpartition("/")
    return _with_arns(found, f"{home}/{name}", f"{home}/*/{name}")


def _candidates(table: BodyTable, budget: Budget) -> Iterator[CallerClass]:
    """One class for whoever is named, for others of their accounts, and for strangers."""
    elements = [body.principals for body in table.bodies if body.principals is not None]
    named = {write_caller(kind, name): None for kind, name in _names(elements) if name != "*"}
    callers = [parse_caller(text) for text in named]
    accounts = dict.fromkeys(caller.account for caller in callers if caller.account)
    # An account that is named stands for all its principals, its root among others.
    callers = [caller for caller in callers if caller.resource != "root"]
    for caller in callers:
        yield _class_of(table, caller)
    for account in _accounts(table, accounts, budget):
        for service, kind, rest in _FORMS:
            own = [c.name for c in callers if c.account == account and c.resource.startswith(kind)]
            yield _any_other(table, f"{service}::{account}:{kind}", rest, own)
    yield _class_of(table, parse_caller(ANONYMOUS))
    for kind, name in _GENERIC.items():
        yield _class_of(table, parse_caller(write_caller(kind, name)))


def _names(elements: Iterable[Principals]) -> Iterator[tuple[PrincipalType, str]]:
    for element in elements:
        yield from element.names


def _any_other(table: BodyTable, form: str, rest: str, named: Iterable[str]) -> CallerClass:
    """Those of an account but who is named; which one, and in which partition, conditions say."""
    found = _class_of(table, parse_caller(f"arn:aws:{form}{rest and 'example'}"))
    return _with_arns(found, f"arn:aws*:{form}{rest}", apart_from=named)


def _with_arns(found: CallerClass, *patterns: str, apart_from: Iterable[str] = ()) -> CallerClass:
    """A class whose principals' ARNs are those that patterns match."""
    like = OPERATORS["ArnLike"]
    return found._replace(
        true=(Condition(like, _ARN_KEY, patterns),),
        false=tuple((Condition(like, _ARN_KEY, (name,)),) for name in apart_from),
        keys={key: value for key, value in found.keys.items() if key != _ARN_KEY},
    )


def _accounts(table: BodyTable, named: Collection[str], budget: Budget) -> Iterator[str]:
    """Those that are named, and one of each class that the patterns of conditions make."""
    patterns = dict.fromkeys((*named, *_account_patterns(table), _ANY_ACCOUNT))
    found = cells(tuple(patterns), budget=budget, characters="9876543210")
    for _, account in found:
        if account in named or matcher(_ANY_ACCOUNT)(account):
            yield account


def _account_patterns(table: BodyTable) -> Iterator[str]:
    """What conditions on principals may ask of an account, and perhaps more."""
    links = [link for body in table.bodies for link in (*body.block, *links_of(body))]
    compared = any(key in (_ARN_KEY, _ACCOUNT_KEY) for link in links for key in variables_of(link))
    for link in links:
        if compared or link.key.startswith("aws:principal"):
            for value in link.values:
                yield from _runs(value, anywhere=compared)
    if compared:
        for body in table.bodies:
            for pattern in body.resources or ():
                yield from _runs(pattern.text, anywhere=True)


@lru_cache(maxsize=1024)
def _runs(value: str, *, anywhere: bool) -> tuple[str, ...]:
    """The parts of a pattern that an account may match: a ``*`` may run on into what follows.

    They begin `anywhere` where a variable stands for the account, perhaps after other text.
    """
    found: dict[str, None] = {}
    for run in re.findall(r"[0-9*?]+", re.sub(r"\*+", "*", value)):
        for start in range(len(run)):
            if not anywhere and run[start] != "*" and run[start - 1 : start] not in ("", "?"):
                continue
            for end in range(start + 1, min(len(run), start + _LONGEST_RUN) + 1):
                if anywhere or run[end - 1] == "*" or run[end : end + 1] in ("", "?"):
                    found[run[start:end]] = None
    return tuple(filter(_may_be_account, found))


def _may_be_account(pattern: str) -> bool:
    fixed = len(pattern) - pattern.count("*")
    return fixed == len(_ANY_ACCOUNT) or (0 < fixed < len(_ANY_ACCOUNT) and "*" in pattern)


def _reads_principal_keys(table: BodyTable) -> bool:
    """Whether conditions or policy variables read a key that depends on who asks."""
    return any(
        key.startswith("aws:principal") or key in _OF_SOME_PRINCIPALS
        for body in table.bodies
        for condition in (*body.block, *links_of(body))
        for key in (condition.key, *variables_of(condition))
    )
