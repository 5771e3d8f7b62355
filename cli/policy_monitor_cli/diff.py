"""``policy-monitor diff``: how two policies differ, for people, programs and pull requests."""

import gzip
import json
import sys
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from iamdiff import (
    Access,
    Comparison,
    Kind,
    PolicyError,
    Verdict,
    compare,
    comparison_json,
)
from iamdiff.sources import load_json
from policy_monitor import catalogue
from policy_monitor.errors import InputError
from policy_monitor.messages.masking import masked
from policy_monitor_cli.comparisons import markdown, text
from policy_monitor_cli.options import PolicyKind, Principal, Reveal
from policy_monitor_cli.policies import (
    STANDARD_INPUT,
    access_of,
    checked_principal,
    kind_of,
    named_json,
    read_access,
    shown,
    warnings_of,
)
from policy_monitor_cli.rendering import console
from policy_monitor_cli.sources import GZIP_MAGIC

_ALARMING = (Verdict.EXPANSION, Verdict.MIXED, Verdict.UNDETERMINED)


class Format(StrEnum):
    """How a comparison is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Judged(StrEnum):
    """What the policies are: all that a principal has, or a part of it."""

    WHOLE = "whole"
    PART = "part"


def diff(
    old: Annotated[
        str | None, typer.Argument(metavar="OLD", help="What was: a file, or - for standard input.")
    ] = None,
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="What is to be.")] = None,
    *,
    kind: PolicyKind = None,
    judged: Annotated[
        Judged | None,
        typer.Option(
            "--as",
            help="All that a principal has, or a part: then a lifted Deny is a gain. "
            "Default: whole.",
        ),
    ] = None,
    principal: Principal = None,
    output: Annotated[
        Format, typer.Option("--format", help="For people, programs, or a pull request.")
    ] = Format.TEXT,
    pairs: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help='Many comparisons: a file of JSON lines {"id", "old", "new"}, which may say '
            '"kind", "as" and "principal" of their own; gzipped or not. Answers are JSON lines.',
        ),
    ] = None,
    reveal: Reveal = False,
    second_opinion: Annotated[
        bool,
        typer.Option(
            "--second-opinion",
            help="Ask IAM Access Analyzer as well, by your credentials; AWS charges two checks.",
        ),
    ] = False,
) -> None:
    """Say what NEW allows that OLD does not, and the other way round, with a request as proof.

    A file holds a policy document, a list of documents (all that a role has; [] is none), or
    {"identity": [...], "boundary": {...}}.

    Exit status: 0 equivalent or reduction; 1 expansion, mixed, undetermined or a lifted Deny;
    2 bad input. So it gates a pull request as it is.

    Example: policy-monitor diff v1.json v2.json --format markdown
    """
    if pairs is not None:
        _refuse_beside_pairs(
            {
                "OLD and NEW": old or new,
                "--kind": kind,
                "--as": judged,
                "--principal": principal,
                "--format markdown": output is Format.MARKDOWN,
            }
        )
        if second_opinion:
            raise InputError(
                "diff: --second-opinion is charged by the comparison; give OLD and NEW, not --pairs"
            )
        raise typer.Exit(_diff_pairs(pairs, reveal=reveal))
    if old is None or new is None:
        raise InputError("diff: OLD and NEW are needed; see policy-monitor diff --help")
    if old == new == STANDARD_INPUT:
        raise InputError("diff: standard input can be OLD or NEW, not both")
    started = time.perf_counter()
    raws = [named_json(source) for source in (old, new)]
    sides = [access_of(raw, source) for raw, source in zip(raws, (old, new), strict=True)]
    chosen = kind_of(dict(zip((old, new), sides, strict=True)), kind)
    comparison = _compare(sides[0], sides[1], chosen, judged, checked_principal(principal))
    elapsed_ms = (time.perf_counter() - started) * 1000
    for source, side in zip((old, new), sides, strict=True):
        for warning in warnings_of(side):
            typer.echo(f"{shown(source)}: warning: {warning}", err=True)
    line = _line(comparison, elapsed_ms, reveal=reveal)
    if second_opinion:
        # The SDK takes its time to load.
        from policy_monitor_cli import opinions  # noqa: PLC0415 - see above

        line |= opinions.with_second_opinion(line, raws[0], raws[1], chosen, opinions.analyzer())
    if output is Format.JSON:
        typer.echo(json.dumps(line, indent=2, ensure_ascii=False))
    elif output is Format.MARKDOWN:
        typer.echo(markdown(line))
    else:
        console().print(text(line))
    disagreed = line["verdict"] == Verdict.UNDETERMINED
    raise typer.Exit(int(disagreed or is_alarming(comparison)))


def is_alarming(comparison: Comparison) -> bool:
    """Whether a change asks for a person: what the exit status says."""
    return comparison.verdict in _ALARMING or bool(comparison.lifted_denies)


def _refuse_beside_pairs(given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value:
            raise InputError(
                f"diff: --pairs takes no {name} beside it; each line says what it compares, and how"
            )


def _compare(
    old: Access, new: Access, kind: Kind, judged: Judged | None, principal: str | None
) -> Comparison:
    return compare(
        old,
        new,
        kind=kind,
        part=judged is Judged.PART,
        principal=principal,
        catalogue=catalogue.load(),
    )


def _line(
    comparison: Comparison, elapsed_ms: float, *, reveal: bool, name: object = None
) -> dict[str, Any]:
    """A comparison as ``--format json`` prints it."""
    found = comparison_json(comparison)
    line: dict[str, Any] = {"schema": found.pop("schema")}
    if name is not None:
        line["id"] = name
    line |= {"verdict": found.pop("verdict"), "latent": found.pop("latent")}
    line |= {"elapsed_ms": round(elapsed_ms, 3), **found}
    return line if reveal else dict(masked(line))


def _diff_pairs(source: str, *, reveal: bool) -> int:
    """Compare line by line; a bad line is answered with its error, and the rest goes on."""
    catalogue.load().read_all()
    status = 0
    for number, each in enumerate(_lines(source), 1):
        if not each.strip():
            continue
        answer, alarming = _answer_pair(each, number, reveal=reveal)
        typer.echo(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
        status = 2 if "error" in answer else max(status, int(alarming))
    return status


def _answer_pair(each: bytes, number: int, *, reveal: bool) -> tuple[dict[str, Any], bool]:
    name: Any = number
    try:
        pair = _read_pair(each)
        name = pair.get("id", number)
        started = time.perf_counter()
        sides = {side: read_access(pair[side]) for side in ("old", "new")}
        comparison = _compare(
            sides["old"],
            sides["new"],
            kind_of(sides, _choice(Kind, pair, "kind")),
            _choice(Judged, pair, "as"),
            checked_principal(pair.get("principal")),
        )
        elapsed_ms = (time.perf_counter() - started) * 1000
    except _BadPairError as error:
        return {"id": error.name or number, "error": str(error)}, False
    except (PolicyError, InputError) as error:
        return {"id": name, "error": str(error)}, False
    return _line(comparison, elapsed_ms, reveal=reveal, name=name), is_alarming(comparison)


class _BadPairError(PolicyError):
    """A line that is no pair; `name` is its id, where it has one."""

    def __init__(self, fault: str, name: Any = None) -> None:
        super().__init__(fault)
        self.name = name


def _read_pair(each: bytes) -> Mapping[str, Any]:
    pair = load_json(each)
    if not isinstance(pair, Mapping):
        raise _BadPairError('an object {"id", "old", "new"} belongs on a line')
    for field in ("old", "new"):
        if field not in pair:
            raise _BadPairError(f"{field} is missing", pair.get("id"))
    if not isinstance(pair.get("principal", ""), str):
        raise _BadPairError("principal: an ARN belongs here", pair.get("id"))
    return pair


def _choice[E: StrEnum](choices: type[E], pair: Mapping[str, Any], field: str) -> E | None:
    value = pair.get(field)
    if value is None:
        return None
    try:
        return choices(value)
    except ValueError:
        raise PolicyError(f"{field}: {value!r} is none of {', '.join(choices)}") from None


def _lines(source: str) -> Iterator[bytes]:
    """The lines of a file, gzipped or not, or of standard input; a bar where somebody watches."""
    if source == STANDARD_INPUT:
        yield from sys.stdin.buffer
        return
    try:
        raw = Path(source).open("rb")  # noqa: SIM115 - closed below, where only reading may fail
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from error
    screen = console(stderr=True)
    with raw, Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("Comparing", total=Path(source).stat().st_size)
        zipped = raw.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
        lines = iter(gzip.GzipFile(fileobj=raw) if zipped else raw)
        while True:
            try:
                each = next(lines, None)
            except (OSError, EOFError) as error:
                raise InputError(f"{source}: cannot be read to its end: {error}") from error
            if each is None:
                return
            bar.update(task, completed=raw.tell())
            yield each
