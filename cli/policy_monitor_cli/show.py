"""``policy-monitor show``: what one policy or role allows."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from iamdiff.inventory import take_inventory
from policy_monitor import catalogue
from policy_monitor.messages.masking import masked
from policy_monitor_cli.inventories import inventory_json, text
from policy_monitor_cli.options import PolicyKind, Principal, Reveal
from policy_monitor_cli.policies import checked_principal, kind_of, named_access
from policy_monitor_cli.rendering import console


class Format(StrEnum):
    """How an inventory is written."""

    TEXT = "text"
    JSON = "json"


def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for standard input.")],
    *,
    kind: PolicyKind = None,
    principal: Principal = None,
    output: Annotated[
        Format, typer.Option("--format", help="For people, or for programs.")
    ] = Format.TEXT,
    reveal: Reveal = False,
) -> None:
    """Say what a policy or role allows: services, access levels, conditions.

    A file holds a policy document, a list of documents (all that a role has), or
    {"identity": [...], "boundary": {...}}. An action counts where some request for it is allowed,
    all Denies and the boundary taken into account.

    Exit status: 0; 2 bad input.

    Example: policy-monitor show role.json
    """
    access = named_access(file)
    chosen = kind_of({file: access}, kind)
    found = take_inventory(
        access, catalogue=catalogue.load(), kind=chosen, principal=checked_principal(principal)
    )
    line: dict[str, Any] = inventory_json(found, access, chosen)
    line = line if reveal else dict(masked(line))
    if output is Format.JSON:
        typer.echo(json.dumps(line, indent=2, ensure_ascii=False))
    else:
        console().print(text(line))
