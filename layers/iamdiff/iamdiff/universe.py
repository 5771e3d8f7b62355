"""Which requests there are: well-formed actions and resources, and keys that are always there.

docs/semantics.md, "The universe"; keys.py has the keys and their sources.
"""

import re
from functools import lru_cache

from iamdiff.keys import ALWAYS_PRESENT, PRESENT_IN_ROLE_SESSIONS, PRESENT_WHEN_SIGNED
from iamdiff.kinds import Kind
from iamdiff.logic import Doubt, Undecided
from iamdiff.model import PrincipalType, Request
from iamdiff.principals import ANONYMOUS, Caller, keys_of, parse_caller
from iamdiff.values import read_arn

_ACTION = r"[A-Za-z0-9-]+:[A-Za-z0-9_.-]+"
NO_RESOURCE = "*"
"""The resource of an action that takes none."""


@lru_cache(maxsize=1024)
def present_keys(kind: str, caller: Caller | None) -> frozenset[str]:
    """The keys, in lower case, that every request of a kind and principal carries.

    Parameters
    ----------
    caller : Caller | None
        None where no principal is bound: some principal of IAM.
    """
    keys = ALWAYS_PRESENT
    if caller is None:
        return keys | PRESENT_WHEN_SIGNED if kind == Kind.IDENTITY else keys
    # AssumeRoleWithSAML and AssumeRoleWithWebIdentity are not signed, and no page says which keys
    # a service's requests carry.
    if caller.kind is PrincipalType.AWS and caller.name != ANONYMOUS:
        keys |= PRESENT_WHEN_SIGNED
    return keys | PRESENT_IN_ROLE_SESSIONS if caller.role else keys


type Context = dict[str, tuple[str, ...]]
"""A request's values by key, in lower case; a key that is absent or an empty set is not there."""


def complete_context(request: Request) -> Context | Undecided:
    """A request's context with the keys that follow from its principal.

    Undecided where AWS could receive no such request.
    """
    context: Context = {}
    for key, value in request.context.items():
        folded = key.lower()
        if folded in context:
            return _no_request(f"{key} stands twice in the context")
        context[folded] = (value,) if isinstance(value, str) else tuple(value)
    if request.principal:
        caller = parse_caller(request.principal)
        for key, fixed in keys_of(caller).items():
            given = context.get(key, ())
            if not given:
                context[key] = () if fixed is None else (fixed,)
            elif fixed is None or not _agrees(given, fixed, key, caller):
                return _no_request(f"{key} is {given[0]} in a request of {request.principal}")
    return {key: values for key, values in context.items() if values}


def _agrees(given: tuple[str, ...], fixed: str, key: str, caller: Caller) -> bool:
    if given == (fixed,):
        return True
    # A session's ARN lacks the path of its role, which aws:PrincipalArn shows.
    if key != "aws:principalarn" or not caller.is_session or len(given) > 1:
        return False
    role = parse_caller(given[0])
    return (
        role.resource.startswith("role/")
        and role.role == caller.role
        and given[0].partition("role/")[0] == fixed.partition("role/")[0]
    )


def request_fault(request: Request, kind: str) -> Undecided | None:
    """Why AWS could receive no such request; None where it could."""
    if not re.fullmatch(_ACTION, request.action):
        return _no_request(f"{request.action} is no action")
    if request.resource != NO_RESOURCE and read_arn(request.resource) is None:
        return _no_request(f"{request.resource} is no ARN")
    if kind != Kind.IDENTITY and not request.principal:
        return _no_request(f"a request under a {kind} policy has a principal")
    return None


def _no_request(sentence: str) -> Undecided:
    return Undecided(Doubt.REQUEST, sentence)
