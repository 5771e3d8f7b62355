"""The commands open and ack: what the vendor gained and has yet to tell of, and that it told."""

import json
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from policy_monitor.adapters.clock import now
from policy_monitor.chapters import Chapter
from policy_monitor.digest import days_open
from policy_monitor.history import Entry, entry_json
from policy_monitor.history import history as entries_of
from policy_monitor.ledger import Notice
from policy_monitor.messages.masking import masked
from policy_monitor.notices import acknowledge, open_entries
from policy_monitor.phrases import counted
from policy_monitor_cli import rendering, timelines
from policy_monitor_cli.options import Format, Region, Stack, Table

OPEN_EXAMPLES = """\b
Examples:
  policy-monitor open --stack policy-monitor --region us-east-1
  policy-monitor open --stack policy-monitor --format jsonl
"""
ACK_EXAMPLES = """\b
Example:
  policy-monitor ack FINDING --notice https://vendor.example/changes/42 \\
    --stack policy-monitor --region us-east-1
"""


def open_(
    *,
    stack: Stack = None,
    table: Table = None,
    region: Region = None,
    output: Annotated[
        Format,
        typer.Option(
            "--format", help="text: a list. jsonl: one finding a line, with the days it is open."
        ),
    ] = Format.TEXT,
) -> None:
    """List what the vendor gained without a notice that anybody noted.

    An expansion that the vendor made, or that nobody knows who made, is open
    until `policy-monitor ack` notes where the vendor told of it. So is what
    could not be judged. Exit status: 0, or 2 where it could not be read.
    """
    from policy_monitor_cli.deployed import deployed  # noqa: PLC0415 (boto3 is slow to load)

    found = deployed(stack=stack, table=table, region=region)
    entries = open_entries(entries_of(found.ledger, found.outbox))
    today = now()
    if output is Format.JSONL:
        for entry in entries:
            line = {**entry_json(entry), "days_open": days_open(entry.finding.time, today)}
            typer.echo(json.dumps(masked(line)))
        return
    screen = rendering.console()
    for entry in entries:
        screen.print(_row(entry, today))
    count = len(entries)
    screen.print(
        f"{counted(count, 'finding')} without a notice of the vendor."
        if count
        else "Nothing is open: no expansion by the vendor is without a notice."
    )


def ack(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="The finding's id, whole.")],
    *,
    notice: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="Where the vendor told of it: an address, or what it said."
        ),
    ],
    stack: Stack = None,
    table: Table = None,
    region: Region = None,
) -> None:
    """Note where the vendor told of an expansion, which closes it.

    The note is kept with your identity and the time, and is never
    overwritten. Exit status: 0, or 2 where nothing was noted.
    """
    from policy_monitor_cli.deployed import caller, deployed  # noqa: PLC0415 (as above)

    found = deployed(stack=stack, table=table, region=region)
    author = caller(region)
    acknowledge(found.ledger, Notice(finding, notice, author, now()))
    typer.echo(f"Noted by {author}: finding {finding} is closed.")


def _row(entry: Entry, today: str) -> Group:
    days = days_open(entry.finding.time, today)
    return Group(
        Text(f"open for {counted(days, 'day')}", "bold"),
        timelines.change(Chapter(entry)),
        Text(f"policy-monitor ack {entry.finding.finding_id}", "dim", overflow="fold"),
        "",
    )
