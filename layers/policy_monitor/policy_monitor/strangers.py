"""Who a trust policy lets in, as far as it is not the vendor."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from iamdiff import Document
from iamdiff.model import Effect, PrincipalType
from iamdiff.principals import ANONYMOUS, parse_caller

_ACCOUNT_DIGITS = 12
_EVERYBODY = "everybody"
# What IAM shows in the place of a principal that was deleted: nobody can be it any more (IAM User
# Guide, "Unique identifiers").
_DELETED = ("AIDA", "AROA", "AGPA")


class Admitted(NamedTuple):
    """Whom a change of a trust policy lets in.

    Attributes
    ----------
    strangers : tuple[str, ...]
        Those of neither the vendor nor the account itself.
    own : tuple[str, ...]
        Those of the account itself.
    """

    strangers: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


def admitted(
    old: Iterable[Document],
    new: Iterable[Document],
    comparison: Mapping[str, Any],
    account: str,
    vendors: Iterable[str],
) -> Admitted:
    """Whom a change lets in that was not named before; and whom the proofs of its gains name."""
    before = set(named(old))
    found = [each for each in named(new) if each not in before]
    admits = _sorted(found, account, vendors)
    if admits != Admitted():
        return admits
    callers = (parse_caller(str(grant["witness"]["principal"])) for grant in comparison["gained"])
    # Of those who were named before, a proof names one for all: what it tells is the account.
    shown = (
        (each.kind, (each.kind is PrincipalType.AWS and account_of(each.name)) or each.name)
        for each in callers
    )
    return _sorted(shown, account, vendors)


def _sorted(
    found: Iterable[tuple[PrincipalType, str]], account: str, vendors: Iterable[str]
) -> Admitted:
    strangers: dict[str, None] = {}
    own: dict[str, None] = {}
    for kind, name in found:
        owner = account_of(name) if kind is PrincipalType.AWS else ""
        if name.startswith(_DELETED) or owner in vendors:
            continue
        (own if owner == account else strangers)[_words(kind, name)] = None
    return Admitted(tuple(strangers), tuple(own))


def named(documents: Iterable[Document]) -> Iterator[tuple[PrincipalType, str]]:
    """The principals that the Allow statements name, as they are written."""
    for document in documents:
        for statement in document.statements:
            if statement.effect is Effect.ALLOW and statement.principals is not None:
                yield from statement.principals.names


def account_of(name: str) -> str:
    """The account of a principal that is named by its id or an ARN; empty where it has none."""
    if len(name) == _ACCOUNT_DIGITS and name.isdecimal():
        return name
    fields = name.split(":")
    return fields[4] if name.startswith("arn:") and len(fields) > 4 else ""  # noqa: PLR2004 - the account is an ARN's fifth field


def _words(kind: PrincipalType, name: str) -> str:
    if kind is PrincipalType.EVERYONE or name in ("*", ANONYMOUS):
        return _EVERYBODY
    owner = account_of(name) if kind is PrincipalType.AWS else ""
    if owner and (name == owner or name.endswith(":root")):
        return f"account {owner}"
    return name
