"""What a cold start of each built function costs, and where its time goes.

Beside an empty handler that imports boto3, in the same process as Lambda's runtime starts it: from
the interpreter's start to the first wait for an event. Processor time, the middle one and the least
of several rounds in turn; where others use the machine the least is the better figure, and the one
that the target is for. It is of what is deployed: layers with the bytecode that they
bring, and a boto3 that has its own, of which nobody outside can say whether Lambda's has it; the
other columns are of a boto3 without it, and of layers without it. No start writes any.
"""

import compileall
import json
import math
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from py_compile import PycInvalidationMode
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.measurement import ROOT, Target, rounded, table

from policy_monitor_cli import local_runtime
from policy_monitor_cli.emulator import code_paths, lay_out_runtime
from policy_monitor_cli.template import Template, load_template

BUILT = ROOT / ".aws-sam" / "build"
_ROUNDS = 15
_ROUNDS_OF_OTHERS = 5
_RATIO = Target(1.3, "x")
_ROUNDS_OF_IMPORTS = 7
_SLOWEST = 3

_PACKAGES = (
    "aws_lambda_powertools",
    "policy_monitor",
    "iamdiff",
    "policy_monitor_report",
)
_WHERE = """\
Where the time goes: what each imports that the empty handler does not, as `-X importtime` tells,
which makes it all slower; each module's least of several starts. The rest of a start is the
interpreter, boto3 and the runtime's client. Reconcile and report load the engine (iamdiff) where a
run needs it, as few do, and Slack's SDK and Jinja2 are loaded where something is to be posted or
written. The judge's start is the longest: it needs the engine for each event, so that to load it
later would only move the time. All but the empty handler, and the one beside it, hold the garbage
collector back until all is imported (`policy_monitor.cold_start`), which spares more than most of
them load."""

_EMPTY = "import boto3\n\ndef handler(event, context):\n    pass\n"
_POWERTOOLS = """\
import boto3
from aws_lambda_powertools import Logger, Metrics

logger, metrics = Logger(), Metrics()

def handler(event, context):
    pass
"""


class Start:
    """A program that starts as Lambda starts a function, and ends where it would wait."""

    def __init__(
        self, code: tuple[Path, ...], environment: Mapping[str, str], runtime: Path
    ) -> None:
        self._variables = {
            "PATH": os.environ["PATH"],
            # Where nobody listens: the runtime's client gives up at its first question.
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
            "AWS_REGION": "us-east-1",
            "POWERTOOLS_METRICS_NAMESPACE": "PolicyMonitor",
            **environment,
            local_runtime.SETTING: json.dumps(
                {"code": [str(path) for path in code], "runtime": str(runtime), "arn": ""}
            ),
        }

    def ms(self) -> float:
        """Its processor time, in milliseconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return used * 1_000

    def run(self, *options: str) -> str:
        """What it writes to standard error."""
        program = (
            sys.executable,
            "-I",
            "-S",
            "-B",
            *options,
            local_runtime.__file__,
            "app.handler",
        )
        done = subprocess.run(  # noqa: S603 (our own program)
            program, env=self._variables, capture_output=True, text=True, check=False
        )
        if "Failed to get next" not in done.stderr:
            raise RuntimeError(done.stderr)
        return done.stderr


class Times(NamedTuple):
    """Milliseconds of one program's starts."""

    middle: float
    least: float


def runtimes(folder: Path) -> tuple[Path, Path]:
    """What Lambda's runtime brings, with bytecode and without, whatever this environment has."""
    folder.mkdir()
    lay_out_runtime(folder / "linked")
    bare = copied_without_bytecode(folder / "linked", folder / "bare")
    compiled = Path(shutil.copytree(bare, folder / "compiled"))
    compileall.compile_dir(compiled, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return compiled, bare


def starts(template: Template, folder: Path, runtime: Path) -> dict[str, Start]:
    """What is measured, by name: the empty handler first."""
    folder.mkdir()
    layers = code_paths(template, template.functions["DetectFunction"])[1:]
    found = {}
    for name, code in (("boto3 alone", _EMPTY), ("boto3, Logger and Metrics", _POWERTOOLS)):
        place = folder / name
        place.mkdir()
        (place / "app.py").write_text(code, encoding="utf-8")
        found[name] = Start((place, *layers), {}, runtime)
    for logical_id, function in template.functions.items():
        paths = code_paths(template, function)
        found[logical_id] = Start(paths, function.environment, runtime)
    return found


def copied_without_bytecode(folder: Path, copy: Path) -> Path:
    """A copy of a folder in which Python finds no bytecode."""
    return Path(shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__")))


def measured(found: Mapping[str, Start], rounds: int) -> dict[str, Times]:
    """The times of each, in turn; the first round, of cold disks, does not count."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for number in range(rounds + 1):
        for name, start in found.items():
            ms = start.ms()
            if number:
                times[name].append(ms)
    return {name: Times(median(each), min(each)) for name, each in times.items()}


def imports(start: Start) -> dict[str, float]:
    """Milliseconds that each module takes by itself: the least of several starts."""
    found: dict[str, float] = {}
    for _ in range(_ROUNDS_OF_IMPORTS):
        for line in start.run("-X", "importtime").splitlines():
            own, _, name = (*line.removeprefix("import time:").split("|"), "", "")[:3]
            if own.strip().isdigit():
                module = name.strip()
                found[module] = min(found.get(module, math.inf), int(own) / 1_000)
    return found


def whereabouts(found: Mapping[str, Start]) -> str:
    """Where the time goes: what each function imports that the empty handler does not."""
    known = imports(found["boto3 alone"])
    groups = (*_PACKAGES, "others")
    rows = []
    for name in [name for name in found if name.endswith("Function")]:
        beyond = {m: ms for m, ms in imports(found[name]).items() if m not in known}
        sums = dict.fromkeys(groups, 0.0)
        for module, ms in beyond.items():
            package = module.partition(".")[0]
            sums[package if package in sums else "others"] += ms
        slow = sorted(beyond, key=lambda module: beyond[module], reverse=True)[:_SLOWEST]
        rows.append(
            [
                name,
                *(f"{sums[group]:.1f} ms" if sums[group] else "" for group in groups),
                ", ".join(f"`{module}` {beyond[module]:.1f}" for module in slow),
            ]
        )
    return table(("function", *groups, "slowest"), rows)


def report() -> str:
    """The figures as Markdown."""
    parameters = {"ReportBucket": "bucket"}
    template = load_template(BUILT / "template.yaml", parameters)
    with TemporaryDirectory() as name:
        folder = Path(name)
        bare = copied_without_bytecode(BUILT, folder / "build")
        compiled, without = runtimes(folder / "runtimes")
        deployed = starts(template, folder / "deployed", compiled)
        uncompiled = starts(
            load_template(bare / "template.yaml", parameters), folder / "layers", compiled
        )
        bare_boto3 = starts(template, folder / "boto3", without)
        times = measured(deployed, _ROUNDS)
        others = [measured(each, _ROUNDS_OF_OTHERS) for each in (bare_boto3, uncompiled)]
        where = whereabouts(deployed)
    base = times["boto3 alone"]
    rows = []
    for each, ms in times.items():
        function = template.functions.get(each)
        ratio = ms.least / base.least
        rows.append(
            [
                each,
                *(f"{rounded(ms.middle)} ms", f"{rounded(ms.middle / base.middle)}x"),
                *(f"{rounded(ms.least)} ms", f"{rounded(ratio)}x"),
                _RATIO.verdict(ratio) if function else "",
                *(f"{rounded(o[each].least / o['boto3 alone'].least)}x" for o in others),
            ]
        )
    head = (
        *("start", "middle", "ratio", "least", "ratio", f"{_RATIO}"),
        *("boto3 uncompiled", "layers uncompiled"),
    )
    return "\n\n".join((table(head, rows), _WHERE, where))


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    if not BUILT.exists():
        sys.exit(f"{BUILT.relative_to(ROOT)} is not there: run `make build`")
    about = " ".join((__doc__ or "").split())
    measurement.publish("coldstart", "Cold start", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
