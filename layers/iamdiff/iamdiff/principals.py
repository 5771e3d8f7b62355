"""Who asks: the principal of a request, whom a policy names, and the keys that follow from it.

IAM User Guide, "AWS JSON policy elements: Principal" (reference_policies_elements_principal) and
"... NotPrincipal" (reference_policies_elements_notprincipal).
"""

import re
from functools import lru_cache
from typing import NamedTuple

from iamdiff.logic import Doubt, Truth, Undecided
from iamdiff.model import Principals, PrincipalType
from iamdiff.values import read_arn

ANONYMOUS = "anonymous"
"""The principal of a request that nobody signed."""

_EVERYBODY = "*"
_KINDS = tuple(kind for kind in PrincipalType if kind is not PrincipalType.EVERYONE)
_ACCOUNT = r"[0-9]{12}"
_UNIQUE_ID = r"A[A-Z]{3}[A-Z0-9]{6,}"
_CANONICAL_ID = r"[0-9a-f]{64}"
_PROVIDER = ("saml-provider/", "oidc-provider/")
_SERVICE = (".amazonaws.com", ".amazonaws.com.cn")
# "Web identity session principals": a provider whose name looks like a service's.
_WEB_IDENTITY_PROVIDER = "cognito-identity.amazonaws.com"


class Caller(NamedTuple):
    """The principal of a request.

    Attributes
    ----------
    name : str
        An ARN, a unique id (``AROA…``), a service's or provider's name, or ``anonymous``.
    account : str
        Of an ARN.
    resource : str
        Of an ARN: ``role/x``, ``assumed-role/x/session``, ``user/x``, ``root`` …
    """

    kind: PrincipalType
    name: str
    account: str = ""
    resource: str = ""

    @property
    def role(self) -> str:
        """The name, without path, of the role that it is or is a session of; else ``""``."""
        match self.resource.split("/"):
            case ["role", *_, name] | ["assumed-role", name, _]:
                return name
            case _:
                return ""

    @property
    def is_session(self) -> bool:
        """One certain session of a role, while a role's ARN stands for any session of it."""
        return self.resource.startswith("assumed-role/")


@lru_cache(maxsize=1024)
def parse_caller(text: str) -> Caller:
    """Read the principal of a request.

    The kind of a name shows in its form; where it does not, the kind stands before the name:
    ``Federated:cognito-identity.amazonaws.com``. `write_caller` knows where that is needed.
    """
    for kind in _KINDS:
        if text.startswith(f"{kind}:"):
            return _caller(kind, text.removeprefix(f"{kind}:"))
    return _caller(_kind_by_form(text), text)


def write_caller(kind: PrincipalType, name: str) -> str:
    """Write a principal of a kind and name so that `parse_caller` reads it."""
    return name if _kind_by_form(name) is kind else f"{kind}:{name}"


def _caller(kind: PrincipalType, name: str) -> Caller:
    if kind is PrincipalType.AWS:
        if re.fullmatch(_ACCOUNT, name):
            return Caller(kind, name, name, "root")
        if arn := read_arn(name):
            return Caller(kind, name, arn[4], arn[5])
    return Caller(kind, name)


def _kind_by_form(name: str) -> PrincipalType:
    arn = read_arn(name)
    if arn and arn[5].startswith(_PROVIDER):
        return PrincipalType.FEDERATED
    if arn or name == ANONYMOUS or re.fullmatch(_ACCOUNT, name) or re.fullmatch(_UNIQUE_ID, name):
        return PrincipalType.AWS
    if re.fullmatch(_CANONICAL_ID, name):
        return PrincipalType.CANONICAL_USER
    if name.endswith(_SERVICE) and name != _WEB_IDENTITY_PROVIDER:
        return PrincipalType.SERVICE
    return PrincipalType.FEDERATED


def matches_principals(principals: Principals, caller: Caller) -> Truth:
    """Whether a Principal or NotPrincipal element takes in the principal of a request."""
    covered = any(covers(kind, name, caller) for kind, name in principals.names)
    if not principals.inverted:
        return covered
    if not principals.names:
        return Undecided(Doubt.EMPTY_LIST, "NotPrincipal names nobody")
    return _is_not_named(principals, caller) if covered else True


def covers(kind: PrincipalType, name: str, caller: Caller) -> bool:
    """Whether one name of a Principal element takes in the principal of a request."""
    if kind is PrincipalType.EVERYONE:
        return True
    if kind is PrincipalType.AWS and name == _EVERYBODY:
        # All principals of AWS and the anonymous one; a canonical user id is an account's.
        return caller.kind in (PrincipalType.AWS, PrincipalType.CANONICAL_USER)
    if kind is not caller.kind:
        return False
    return name in (_EVERYBODY, caller.name) or (
        kind is PrincipalType.AWS and _takes_in(_caller(kind, name), caller)
    )


def _takes_in(named: Caller, caller: Caller) -> bool:
    """Whether an account or a role takes in the principal of a request."""
    if named.resource == "root":
        # "The account ARN and the shortened account ID behave the same way. Both delegate
        # permissions to the account." An account is in one partition, so its id is enough.
        return named.account == caller.account
    # "When you specify a role principal", its sessions are meant; their ARNs lack its path.
    return (
        named.resource.startswith("role/")
        and caller.is_session
        and (_partition(named), named.account, named.role)
        == (_partition(caller), caller.account, caller.role)
    )


def _partition(caller: Caller) -> str:
    return caller.name.split(":", 2)[1]


def _is_not_named(principals: Principals, caller: Caller) -> Truth:
    """NotPrincipal, for a principal that its names cover.

    "AWS might validate the account first and then the user", or "the account first, then the
    role, and then the assumed-role user", so whoever is to be spared must be named with its role
    and account. Where only some of them are named, the page leaves the outcome to the service.
    """
    everybody = any(name == _EVERYBODY for _, name in principals.names)
    if everybody or caller.kind is not PrincipalType.AWS or not caller.account:
        return False
    callers = [_caller(kind, name) for kind, name in principals.names]
    accounts = {each.account for each in callers if each.resource == "root"}
    roles = {(each.account, each.role) for each in callers if not each.is_session}
    names = {each.name for each in callers}
    spared = (
        caller.account in accounts
        and (not caller.role or (caller.account, caller.role) in roles)
        and (caller.resource == "root" or caller.name in names)
        # A role's ARN stands for some session of it, which is not named.
        and not caller.resource.startswith("role/")
    )
    if spared:
        return False
    return Undecided(
        Doubt.NOT_PRINCIPAL,
        f"NotPrincipal names {caller.name} in part: its account, role and session belong there too",
    )


def keys_of(caller: Caller) -> dict[str, str | None]:
    """The context keys that follow from a principal, in lower case; None: never there.

    IAM User Guide, "IAM policy elements: Variables and tags", table "Principal key values", and
    "AWS global condition context keys", aws:PrincipalArn: of a role's session, the role's ARN.
    """
    if caller.name == ANONYMOUS:
        return {
            "aws:principaltype": "Anonymous",
            "aws:principalaccount": ANONYMOUS,
            "aws:principalarn": None,
            "aws:username": None,
        }
    kind = _PRINCIPAL_TYPES.get(caller.resource.split("/")[0])
    if caller.kind is not PrincipalType.AWS or kind is None:
        return {}
    keys: dict[str, str | None] = {
        "aws:principaltype": kind,
        "aws:principalaccount": caller.account,
        "aws:principalarn": _principal_arn(caller),
    }
    if kind != "User":
        keys["aws:username"] = None
    return keys


_PRINCIPAL_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
}


def _principal_arn(caller: Caller) -> str:
    if caller.is_session:
        return f"arn:{_partition(caller)}:iam::{caller.account}:role/{caller.role}"
    if caller.name == caller.account:
        return f"arn:aws:iam::{caller.account}:root"
    return caller.name
