"""Options that several commands take: which events, and what is watched."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdiff import Kind
from policy_monitor.errors import InputError
from policy_monitor.parts import Parts
from policy_monitor.settings import (
    DEFAULT_POLICY_PATTERNS,
    DEFAULT_ROLE,
    DEFAULT_VENDOR_ACCOUNTS,
    Settings,
    chosen_severities,
)

# IAM API Reference, CreateRole and CreatePolicy: what names are made of.
_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_POLICY = re.compile(r"[\w+=,.@*?-]{1,128}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}")

SOURCE_HELP = (
    "Files or folders of EventBridge events, CloudTrail records or log files, or "
    "the output of `aws cloudtrail lookup-events` or `aws logs filter-log-events`; JSON or JSON "
    "lines, gzipped or not."
)

Baseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="IAM before the first event: the output of `aws iam "
        "get-account-authorization-details`. One that lies in SOURCE is taken by itself; of one "
        "that was read later the documents of versions alone.",
    ),
]
Roles = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help=f"A watched role; may be repeated. [{DEFAULT_ROLE}]"),
]
Policies = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Names of watched policies, with * and ?; may be repeated. "
        f"[{', '.join(DEFAULT_POLICY_PATTERNS)}]",
    ),
]

VendorAccounts = Annotated[
    list[str] | None,
    typer.Option(
        "--vendor-account",
        metavar="ID",
        help="An account of the third party; may be repeated. "
        f"[{', '.join(DEFAULT_VENDOR_ACCOUNTS)}]",
    ),
]

Severities = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        help="Severities of your own, as the template's parameter Severities takes them: "
        """'{"gained-list": "info"}' (docs/severity.md).""",
    ),
]

PolicyKind = Annotated[
    Kind | None, typer.Option(help="What the policies are. Default: what they look like.")
]
Principal = Annotated[
    str | None,
    typer.Option(metavar="ARN", help="Who makes the requests: an ARN, an account or a service."),
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show external ids instead of masking them.")
]

Stack = Annotated[
    str | None, typer.Option(metavar="NAME", help="The deployed stack whose ledger is read.")
]
Table = Annotated[
    str | None, typer.Option(metavar="NAME", help="The ledger's table, in a stack's place.")
]
Region = Annotated[
    str | None,
    typer.Option(metavar="REGION", help="Where the stack is. Default: your AWS settings'."),
]


class Format(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSONL = "jsonl"


def one_source(
    command: str, stack: str | None, table: str | None, sources: object, *, judging: object
) -> None:
    """Check that one thing is named to be read: a deployed ledger, or events to be judged.

    Parameters
    ----------
    judging : object
        What says how events are judged, if anything does.

    Raises
    ------
    InputError
        None is named, or several, or a ledger is to be judged in another way.
    """
    if sum(map(bool, (stack, table, sources))) != 1:
        raise InputError(f"{command}: name one of --stack, --table and SOURCE to be read")
    if judging and not sources:
        raise InputError(
            f"{command}: --baseline, --role, --policy, --vendor-account and --severities say how "
            "SOURCE is judged; a deployed ledger holds what its stack watches"
        )


def watched(
    roles: list[str] | None,
    policies: list[str] | None,
    vendors: list[str] | None,
    severities: str | None,
    stack: str | None = None,
) -> Settings:
    """Settings that watch what was named; Astronomer's names where nothing was.

    Parameters
    ----------
    stack : str, optional
        The stack whose own parts are watched, too; its key, secret and mappings, which have no
        names of it, are not.

    Raises
    ------
    InputError
        The severities are none, or something is no name, as where an ARN is given.
    """
    for option, given, form, wanted in (
        ("--role", roles, _ROLE, "a role by its name, such as vendor-role"),
        ("--policy", policies, _POLICY, "policies by their names, such as Vendor*"),
        ("--vendor-account", vendors, _ACCOUNT, "an account by its twelve digits"),
    ):
        for value in given or ():
            if not form.fullmatch(value):
                raise InputError(f"{option}: {value!r} is none; name {wanted}")
    return Settings(
        roles=tuple(roles or (DEFAULT_ROLE,)),
        policies=tuple(policies or DEFAULT_POLICY_PATTERNS),
        vendor_accounts=tuple(vendors or DEFAULT_VENDOR_ACCOUNTS),
        severities=chosen_severities(severities or "", "--severities"),
        parts=Parts(stack or ""),
    )
