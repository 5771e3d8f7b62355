"""The command report: what a deployed monitor has found, or a replay finds, as one page."""

from pathlib import Path
from typing import Annotated

import typer

from policy_monitor.adapters.clock import now
from policy_monitor.catalogue import load
from policy_monitor.errors import InputError
from policy_monitor_cli.options import (
    SOURCE_HELP,
    Baseline,
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
from policy_monitor_cli.outcome import Outcome
from policy_monitor_cli.replay import UNREADABLE, Through, progress, replayed, say
from policy_monitor_report.report import Report, gathered, of_stack

EXAMPLES = """\b
Examples:
  policy-monitor report --stack policy-monitor --region us-east-1
  policy-monitor report --stack policy-monitor --out july.html
  policy-monitor report events
"""

OUT = Path("report.html")


def report(
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
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The page; one that is there is overwritten.")
    ] = OUT,
) -> None:
    """Write one page that shows every change, its proof, and access over time.

    The page needs nothing beside itself: it can be mailed, printed and kept.
    Its findings are those that history shows. Exit status: 0, or 2 where
    something could not be read or written.
    """
    one_source(
        "report",
        stack,
        table,
        sources,
        judging=baseline or role or policy or vendor_account or severities,
    )
    if sources:
        material, outcome = replayed(
            sources, baseline, watched(role, policy, vendor_account, severities), Through.OFFLINE
        )
        say(material, outcome)
        write_replay(outcome, out)
        typer.echo(f"report: {out}", err=True)
        if material.unreadable:
            raise typer.Exit(UNREADABLE)
        return
    from policy_monitor_cli.deployed import deployed  # noqa: PLC0415 (boto3 is slow to load)

    found = deployed(stack=stack, table=table, region=region)
    source = of_stack(stack) if stack else f"From the ledger {table}"
    _write(gathered(source, now(), found), out)
    typer.echo(f"report: {out}", err=True)


def write_replay(outcome: Outcome, out: Path) -> None:
    """Write the page of a replay.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    changes = outcome.of_changes()
    told = Report(
        source=f"From a replay of {outcome.events:,} events",
        written=now(),
        entries=changes.entries,
        evidence=outcome.evidence,
    )
    _write(told, out)


def _write(told: Report, out: Path) -> None:
    from policy_monitor_report.page import page  # noqa: PLC0415 (jinja2 is slow to load)

    with progress("Writing", None) as advance:
        text = page(told, load(), advance)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"report: {out}: cannot be written: {error.strerror}") from error
