"""Whether there is something to watch: the role, its policies, and who may assume it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from iamdiff import Access, Document, Kind, PolicyError, Verdict, compare, parse_document
from iamdiff.model import PrincipalType
from policy_monitor.settings import Settings
from policy_monitor.strangers import Admitted, account_of, admitted, named
from policy_monitor_cli.checkup.facts import RoleFacts
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning

_EVERYBODY = "everybody"

# What a vendor's caller must not be able to do: assume the role without saying an external id, or
# with one that nobody gave it.
_WITHOUT = {"Null": {"sts:ExternalId": "true"}}
_WITH_ANY = {"StringEquals": {"sts:ExternalId": "policy-monitor-doctor"}}


def role_lines(name: str, role: RoleFacts | None) -> Iterator[Line]:
    """Whether the watched role is there."""
    if role is None:
        yield warning(
            "role",
            f"role {name} does not exist yet",
            "Where the vendor is still to be let in, this is right: its creation will be told. "
            "Otherwise set RoleName to the role's name, spelled as IAM spells it.",
        )
    else:
        yield ok("role", f"role {name} exists")


def policy_lines(settings: Settings, role: RoleFacts | None, own: Sequence[str]) -> Iterator[Line]:
    """Whether the watched policies are there, and whether the patterns pick them alone.

    Parameters
    ----------
    own : Sequence[str]
        The ARNs of all customer-managed policies.
    """
    check = "policies"
    attached = role.attached if role else ()
    for pattern in settings.policies:
        found = [arn for arn in own if Settings(policies=(pattern,)).watches_policy(arn)]
        if not found:
            yield warning(
                check,
                f"no customer-managed policy matches {pattern}",
                "Where the vendor is still to make it, this is right; otherwise set the parameter "
                "to its name, spelled as IAM spells it.",
            )
        elif len(found) == len(own) > 1:
            yield failed(
                check,
                f"{pattern} matches every one of the {len(own)} customer-managed policies",
                "Set the parameter to a part of the names that only the vendor's policies have.",
            )
        elif 2 * len(found) > len(own) > _FEW:
            yield warning(
                check,
                f"{pattern} matches {len(found)} of the {len(own)} customer-managed policies",
                "Set the parameter to a part of the names that only the vendor's policies have.",
            )
        elif "*" in pattern or found[0] in attached or role is None:
            yield ok(check, f"{_counted(len(found))} {pattern}")
        else:
            yield warning(
                check,
                f"{found[0]} is not attached to the role",
                "What is attached to the role is watched in any case; see that PolicyName is the "
                "name that you mean.",
            )


_FEW = 4
"""Of fewer policies, the vendor's may well be the most."""


def _counted(count: int) -> str:
    return "1 policy matches" if count == 1 else f"{count} policies match"


def trust_lines(trust: Mapping[str, Any], vendors: Sequence[str], account: str) -> Iterator[Line]:
    """Who may assume the role, and whether it takes an external id; the ids are not repeated.

    "How to use an external ID" (IAM User Guide) says why: without it, whoever knows the role's ARN
    can have the vendor assume it for him.
    """
    check = "trust"
    try:
        document = parse_document(trust)
    except PolicyError as error:
        yield failed(check, f"the trust policy cannot be read: {error}", "Mend it in IAM.")
        return
    who = admitted((), (document,), {"gained": ()}, account, vendors)
    yield from _others(who)
    callers = tuple(_callers(document, vendors, who))
    if not callers:
        yield warning(
            check,
            f"the trust policy names nobody of the vendor's accounts {', '.join(vendors)}",
            "Set VendorAccountIds to the accounts of the vendor whose principals it names.",
        )
    for caller in callers:
        yield from _external_id(document, caller)


def _others(who: Admitted) -> Iterator[Line]:
    check = "trust"
    if who.strangers:
        yield failed(
            check,
            f"the trust policy also names {', '.join(who.strangers)}, conditions aside",
            "Take them out of it, or add their account to VendorAccountIds where it is the "
            "vendor's.",
        )
    if who.own:
        yield warning(
            check,
            f"the trust policy also names this account's own {', '.join(who.own)}",
            "Take them out of it, unless you mean it.",
        )
    if who == Admitted():
        yield ok(check, "the trust policy names nobody but the vendor")


def _callers(document: Document, vendors: Iterable[str], who: Admitted) -> Iterator[str]:
    """The ARNs of the vendor's principals that the policy names; the accounts' where it is all."""
    allowed = set(vendors)
    principals = {name for kind, name in named((document,)) if kind is PrincipalType.AWS}
    for name in sorted(principals):
        if (owner := account_of(name)) in allowed:
            yield f"arn:aws:iam::{owner}:root" if name == owner else name
    if _EVERYBODY in who.strangers:
        yield from (f"arn:aws:iam::{vendor}:root" for vendor in sorted(allowed))


def _external_id(document: Document, caller: str) -> Iterator[Line]:
    check = "trust"
    answers = {
        condition: _lost(document, caller, condition) for condition in ("without", "with any")
    }
    if None in answers.values():
        yield warning(
            check,
            f"whether {caller} must give an external id cannot be told",
            "See for yourself that the trust policy compares sts:ExternalId by StringEquals.",
        )
    elif answers["without"] or answers["with any"]:
        how = "without an external id" if answers["without"] else "with any external id"
        yield failed(
            check,
            f"{caller} may assume the role {how}",
            "Add StringEquals on sts:ExternalId with the id that the vendor gave you.",
        )
    else:
        yield ok(check, f"{caller} must give an external id")


def _lost(document: Document, caller: str, condition: str) -> bool | None:
    """Whether a Deny of what must not be takes something away; None where it cannot be told."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Condition": _WITHOUT if condition == "without" else _WITH_ANY,
    }
    denied = parse_document({"Version": "2012-10-17", "Statement": [deny]})
    guarded = document._replace(
        statements=(
            *document.statements,
            denied.statements[0]._replace(number=len(document.statements)),
        )
    )
    found = compare(Access((document,)), Access((guarded,)), kind=Kind.TRUST, principal=caller)
    if found.verdict is Verdict.UNDETERMINED:
        return None
    return bool(found.lost)
