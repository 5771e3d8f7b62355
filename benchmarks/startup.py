"""What iamdiff costs before it compares anything: its import, and the catalogue.

Processor time of whole processes, the least of several, less that of an empty interpreter.
The catalogue is read service by service when a comparison asks for one.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.measurement import FIGURES, Target, figure, table

_REPEATS = 15
_IMPORT = Target(30, " ms")
_EMPTY = "pass"
_CATALOGUE = "from policy_monitor import catalogue; known = catalogue.load()"
_PROGRAMS = {
    "import iamdiff": ("import iamdiff", _IMPORT),
    "import the catalogue's module": ("from policy_monitor import catalogue", None),
    "... and load one service (s3)": (f"{_CATALOGUE}; known.actions('s3')", None),
    "... and load the largest (ec2)": (f"{_CATALOGUE}; known.actions('ec2')", None),
    "... and load all services": (f"{_CATALOGUE}; [*map(known.actions, known.services())]", None),
    "import json (for comparison)": ("import json", None),
}


def _process_ms(program: str, bytecode: str) -> float:
    """Processor time of an interpreter that runs a program; `bytecode` is its cache's folder."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONPYCACHEPREFIX": bytecode}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)  # noqa: S603 - ours
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def report() -> str:
    """The figures as Markdown."""
    programs = {"an empty interpreter": (_EMPTY, None), **_PROGRAMS}
    times: dict[str, list[float]] = {name: [] for name in programs}
    with TemporaryDirectory() as bytecode:
        # The first run of each also writes the bytecode that the others read.
        without = [_process_ms(program, bytecode) for program, _ in programs.values()]
        for _ in range(_REPEATS):
            for name, (program, _) in programs.items():
                times[name].append(_process_ms(program, bytecode))
    empty, *others = ((name, min(each)) for name, each in times.items())
    rows = [figure(empty[0], empty[1], " ms")]
    for name, ms in others:
        rows.append(figure(f"{name}, beyond it", ms - empty[1], " ms", programs[name][1]))
    first = list(programs).index("import iamdiff")
    rows.append(
        figure("import iamdiff where no bytecode is kept", without[first] - empty[1], " ms")
    )
    return table(FIGURES, rows)


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    about = " ".join((__doc__ or "").split())
    measurement.publish("startup", "Start", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
