"""Options that several commands take: which events, and what is watched."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from policy_monitor.errors import InputError
from policy_monitor.parts import Parts
from policy_monitor.settings import (
    DEFAULT_POLICY_PATTERNS,
    DEFAULT_ROLE,
    Settings,
    chosen_severities,
)

SOURCE_HELP = (
    "Files or folders of EventBridge events, CloudTrail records or log files, or "
    "the output of `aws cloudtrail lookup-events`; JSON or JSON lines, gzipped or not."
)

Baseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="IAM before the first event: the output of `aws iam "
        "get-account-authorization-details`. One that lies in SOURCE is taken by itself.",
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

Severities = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        help="Severities of your own, as the template's parameter Severities takes them: "
        """'{"gained-list": "info"}' (docs/severity.md).""",
    ),
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
            f"{command}: --baseline, --role, --policy and --severities say how SOURCE is judged; "
            "a deployed ledger holds what its stack watches"
        )


def watched(
    roles: list[str] | None,
    policies: list[str] | None,
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
        The severities are none.
    """
    return Settings(
        roles=tuple(roles or (DEFAULT_ROLE,)),
        policies=tuple(policies or DEFAULT_POLICY_PATTERNS),
        severities=chosen_severities(severities or "", "--severities"),
        parts=Parts(stack or ""),
    )
