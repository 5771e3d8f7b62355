"""How the benchmarks measure, and how they show and keep what they measured.

Times are of the process's own processor, so that a busy machine does not show in them.
"""

import argparse
import gzip
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import linear_regression
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAIRS = ROOT.parent / "shared" / "conformance" / "managed_policy_versions.jsonl.gz"
PAGE = ROOT / "docs" / "benchmarks.md"

_PREAMBLE = """# Benchmarks

What iamdiff costs, beside a floor or a peer of the same run. `make bench` measures all of it and
prints it; `make bench ARGS=--write` keeps it here. Each section names its own command. Times are
processor time of one process, and the least of several where there are several: other work on the
machine only adds to it. A shared machine's processor is not always as fast: read each figure beside
the floor, or the empty interpreter, of the same run.
"""

_SECTIONS = (
    "Real policies",
    "Beside an SMT solver",
    "Beside an SMT solver, of many pairs",
    "Growth",
    "Hostile inputs",
    "Start",
    "Report",
    "Events",
    "Layers",
    "Cold start",
    "Memory",
)


class Target(NamedTuple):
    """What a figure is to be at most, or at least."""

    limit: float
    unit: str = ""
    at_least: bool = False

    def verdict(self, value: float) -> str:
        """Whether a figure meets it."""
        return "yes" if (value >= self.limit if self.at_least else value <= self.limit) else "NO"

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:g}{self.unit}"


def figure(name: str, value: float, unit: str, target: Target | None = None) -> list[str]:
    """A row of a table of figures: its name, value, target, and whether it is met."""
    return [
        name,
        f"{rounded(value)}{unit}",
        str(target or ""),
        target.verdict(value) if target else "",
    ]


FIGURES = ("figure", "measured", "target", "met")


def rounded(value: float) -> str:
    """Three significant digits; whole numbers whole."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def timed[**P, R](work: Callable[P, R], *given: P.args, **named: P.kwargs) -> tuple[float, R]:
    """Processor time of one call in milliseconds, and what it returned."""
    started = time.process_time_ns()
    found = work(*given, **named)
    return (time.process_time_ns() - started) / 1e6, found


def least_ms[**P](
    repeats: int, work: Callable[P, object], *given: P.args, **named: P.kwargs
) -> float:
    """Processor time of the quickest of several calls, in milliseconds.

    What else runs on a machine, and how fast it lets a core be, only ever adds to it.
    """
    return min(timed(work, *given, **named)[0] for _ in range(repeats))


def slope(sizes: Sequence[float], values: Sequence[float]) -> str:
    """How values grow with sizes: the power of the curve that fits best, as ``n^1.02``.

    It is the slope of the line through their logarithms, by least squares.
    """
    fit = linear_regression(list(map(math.log, sizes)), list(map(math.log, values)))
    return f"n^{fit.slope:.2f}"


def real_pairs() -> list[dict[str, Any]]:
    """The version pairs of AWS-managed policies; where they are not, says so and ends the run."""
    if not PAIRS.exists():
        print(f"skipped: {PAIRS.name} is not there; it is expected in ../shared/conformance")
        sys.exit(0)
    with gzip.open(PAIRS, "rb") as lines:
        return [json.loads(each) for each in lines]


def in_a_new_process(script: str, *arguments: str, seconds: float = 600) -> Iterator[Any]:
    """What a script of this folder prints, line by line as JSON, when it runs by itself.

    Raises
    ------
    subprocess.TimeoutExpired
        It took longer.
    """
    done = subprocess.run(  # noqa: S603 - our own script with our own arguments
        [sys.executable, str(ROOT / "benchmarks" / script), *arguments],
        stdout=subprocess.PIPE,
        timeout=seconds,
        check=True,
        cwd=ROOT,
    )
    for line in done.stdout.splitlines():
        yield json.loads(line)


def arguments(about: str, *, worker: bool = False, long: bool = False) -> argparse.Namespace:
    """What every benchmark takes on its command line."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument(
        "--write", action="store_true", help="keep the result in docs/benchmarks.md"
    )
    if long:
        parser.add_argument("--long", action="store_true", help="measure more, for longer")
    if worker:
        parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def publish(part: str, title: str, text: str, *, write: bool, long: bool = False) -> None:
    """Print a part's result, and keep it in docs/benchmarks.md if asked to."""
    command = f"`python benchmarks/{part}.py {'--long ' * long}--write`"
    section = f"## {title}\n\n{text}\n\nMade by {command} on {machine()}.\n"
    print(section, flush=True)
    if not write:
        return
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _PREAMBLE
    preamble, *sections = page.split("\n## ")
    kept = {each.partition("\n")[0]: each for each in sections}
    kept[title] = section.removeprefix("## ")
    ordered = sorted(kept, key=_SECTIONS.index)
    bodies = [each.rstrip("\n") for each in (preamble, *map(kept.__getitem__, ordered))]
    PAGE.write_text("\n\n## ".join(bodies) + "\n", encoding="utf-8")


def machine() -> str:
    """The machine: cores, model of the processor, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"
