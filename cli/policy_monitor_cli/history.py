"""The command history: all that a deployed monitor has found, or a replay finds."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from policy_monitor.chapters import chapters
from policy_monitor.history import Entry, entry_json
from policy_monitor.history import history as entries_of
from policy_monitor.messages.masking import masked
from policy_monitor_cli import rendering, timelines
from policy_monitor_cli.options import (
    SOURCE_HELP,
    Baseline,
    Format,
    Policies,
    Region,
    Roles,
    Severities,
    Stack,
    Table,
    VendorAccounts,
    one_source,
    watched,
)
from policy_monitor_cli.replay import UNREADABLE, Through, replayed, say

EXAMPLES = """\b
Examples:
  policy-monitor history --stack policy-monitor --region us-east-1
  policy-monitor history --stack policy-monitor --format jsonl
  policy-monitor history events
"""


def history(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="SOURCE", help=SOURCE_HELP)
    ] = None,
    *,
    stack: Stack = None,
    table: Table = None,
    region: Region = None,
    baseline: Baseline = None,
    role: Roles = None,
    policy: Policies = None,
    vendor_account: VendorAccounts = None,
    severities: Severities = None,
    output: Annotated[
        Format,
        typer.Option(
            "--format",
            help="text: a timeline. jsonl: one finding a line, with what took its place and who "
            "was told when.",
        ),
    ] = Format.TEXT,
) -> None:
    """Show every finding ever recorded: what holds, and what was corrected.

    It is read from a deployed stack's ledger, or judged from the events of
    SOURCE, as replay does. Where a late event changed the picture, what was
    said before stands under what holds now. Exit status: 0, or 2 where
    something could not be read.
    """
    one_source(
        "history",
        stack,
        table,
        sources,
        judging=baseline or role or policy or vendor_account or severities,
    )
    if sources:
        material, outcome = replayed(
            sources, baseline, watched(role, policy, vendor_account, severities), Through.OFFLINE
        )
        outcome = outcome.of_changes()
        say(material, outcome)
        _show(outcome.entries, output)
        if material.unreadable:
            raise typer.Exit(UNREADABLE)
        return
    from policy_monitor_cli.deployed import deployed  # noqa: PLC0415 (boto3 is slow to load)

    found = deployed(stack=stack, table=table, region=region)
    _show(entries_of(found.ledger, found.outbox), output)


def _show(entries: Iterable[Entry], output: Format) -> None:
    """Print entries as they come: a ledger may hold years of them."""
    if output is Format.JSONL:
        for entry in entries:
            typer.echo(json.dumps(masked(entry_json(entry))))
        return
    screen = rendering.console()
    verdicts: Counter[str] = Counter()
    corrections = 0
    for chapter in chapters(entries):
        screen.print(timelines.account_of(chapter))
        verdicts.update(one.verdict for one in (chapter.entry.finding, *chapter.also))
        corrections += chapter.entry.correction_of is not None
    text = timelines.verdict_counts(verdicts)
    if corrections:
        text.append(f"; {corrections:,} corrected", timelines.NOTE_STYLE)
    screen.print(text.append("."))
