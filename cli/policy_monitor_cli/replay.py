"""The command replay: judge events that were recorded, on this machine."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from policy_monitor.settings import Settings
from policy_monitor_cli import rendering, timelines
from policy_monitor_cli.material import Material, collected
from policy_monitor_cli.offline import replay_offline
from policy_monitor_cli.options import (
    SOURCE_HELP,
    Baseline,
    Format,
    Policies,
    Roles,
    Severities,
    VendorAccounts,
    watched,
)
from policy_monitor_cli.outcome import Fate, Outcome
from policy_monitor_cli.sources import source_files

# The first line keeps the others as they are.
EXAMPLES = """\b
Examples:
  policy-monitor replay events
  policy-monitor replay logs/ --baseline iam.json --format jsonl
  aws cloudtrail lookup-events --region us-east-1 > last.json
  policy-monitor replay last.json --role other-vendor --policy 'Other*' \\
    --vendor-account 111122223333
  policy-monitor replay logs/ --stack policy-monitor
  policy-monitor replay events --severities '{"gained-read": "medium"}'
"""

UNREADABLE = 2
"""Exit status where a file, line or record held nothing that is an event."""


class Through(StrEnum):
    """What judges the events."""

    OFFLINE = "offline"
    HANDLERS = "handlers"
    BUILT = "built"


def replay(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE", help=SOURCE_HELP)],
    *,
    baseline: Baseline = None,
    role: Roles = None,
    policy: Policies = None,
    vendor_account: VendorAccounts = None,
    stack: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Tell of changes of this stack's own parts too, as the deployed monitor does. "
            "Without it only those of trails and of the default event bus count.",
        ),
    ] = None,
    severities: Severities = None,
    through: Annotated[
        Through,
        typer.Option(
            help="offline: the domain's code, in memory. handlers: the functions themselves, "
            "against an emulated AWS, woken by the template's own rules. built: the same with what "
            "`sam build` makes, run as Lambda runs it (Linux only)."
        ),
    ] = Through.OFFLINE,
    output: Annotated[
        Format, typer.Option("--format", help="text: a timeline. jsonl: one finding a line.")
    ] = Format.TEXT,
) -> None:
    """Judge recorded events: what each did to the watched role's access.

    Events may come in any order and more than once. One that cannot be
    understood is named on standard error and in the timeline, and the rest
    goes on. Exit status: 0, or 2 where something could not be read at all
    (a file, line or record that is no event).
    """
    settings = watched(role, policy, vendor_account, severities, stack)
    material, outcome = replayed(sources, baseline, settings, through)
    outcome = outcome.of_changes()
    say(material, outcome)
    if output is Format.JSONL:
        for finding in outcome.findings:
            typer.echo(json.dumps(rendering.finding_line(finding)))
    else:
        screen = rendering.console()
        screen.print(timelines.timeline(outcome))
        screen.print(timelines.tally(outcome))
    if material.unreadable:
        raise typer.Exit(UNREADABLE)


def replayed(
    sources: Sequence[Path], baseline: Path | None, settings: Settings, through: Through
) -> tuple[Material, Outcome]:
    """Read and judge all events, with a progress bar where standard error is a terminal.

    Raises
    ------
    InputError
        A source or the baseline cannot be used.
    """
    # Before anything is read: building may fail, and takes a while.
    template = _built() if through is Through.BUILT else None
    files = source_files(sources)
    every = through is not Through.OFFLINE
    with progress("Reading", None) as advance:
        material = collected(files, baseline, settings, every=every, on_item=advance)
    with progress("Judging", len(material.events)) as advance:
        if through is Through.OFFLINE:
            return material, replay_offline(material, settings, advance)
        from policy_monitor_cli.handlers import (  # noqa: PLC0415 (moto is slow to load)
            replay_through_handlers,
        )

        if template is None:
            return material, replay_through_handlers(material, settings, advance)
        from policy_monitor_cli.emulator import emulators  # noqa: PLC0415 (only where it is used)

        return material, replay_through_handlers(
            material, settings, advance, template=template, runtime=emulators
        )


def _built() -> Path:
    """The template that `sam build` leaves."""
    from policy_monitor_cli.built import built_template  # noqa: PLC0415 (only where it is used)
    from policy_monitor_cli.emulator import emulator_path  # noqa: PLC0415

    emulator_path()
    with progress("Building", None):
        return built_template()


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar that is gone when its work is done; call what it yields after each step."""
    screen = rendering.console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def say(material: Material, outcome: Outcome) -> None:
    """What is not a finding but should be known, a line each, on standard error."""
    if material.baseline is not None and material.late:
        typer.echo(
            f"baseline: {material.baseline.origin} was read after the first event (it tells of "
            f"{material.late}): what was in force before is not known, so each change of a role, "
            "and the first one of each policy, is undetermined",
            err=True,
        )
    elif material.baseline is not None:
        typer.echo(f"baseline: {material.baseline.origin}", err=True)
    else:
        typer.echo(
            "no baseline: what was there before the first event is not known; "
            "give one with --baseline",
            err=True,
        )
    for delivery in outcome.deliveries:
        if delivery.fate is Fate.DEAD_LETTER:
            typer.echo(f"{delivery.origin}: dead letter: {delivery.reason}", err=True)
    for item in material.unreadable:
        typer.echo(f"{item.origin}: {item.problem}", err=True)
