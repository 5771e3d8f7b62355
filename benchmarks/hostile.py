"""What inputs cost that are made to be slow: time, memory, and what the answer is.

Each runs in a process of its own, parsing included. Memory is how much more that process held at
most than before, by Linux's own count. An answer `undetermined` is a right one here: the work is
bounded.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.comparison import answer, load_catalogue
from benchmarks.hostile_inputs import HOSTILE, pair_texts
from benchmarks.measurement import Target, rounded, table, timed

_TIME = Target(2_000, " ms")
_MEMORY = Target(100, " MB")
_LIMIT_S = 10.0
_PROCESS = Path("/proc/self")
"""What Linux tells a process about itself: proc_pid_status(5), proc_pid_clear_refs(5)."""


def _held(name: str) -> float:
    """What this process holds (VmRSS), or has held at most (VmHWM), in MB."""
    lines = _PROCESS.joinpath("status").read_text(encoding="ascii").splitlines()
    (kb,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kb) * 1024 / 1e6


def _measure(name: str) -> dict[str, Any]:
    load_catalogue()
    old, new = pair_texts(name)
    _PROCESS.joinpath("clear_refs").write_text("5", encoding="ascii")  # so that VmHWM begins anew
    before = _held("VmRSS")
    ms, found = timed(answer, old, new)
    return {
        "ms": ms,
        "mb": _held("VmHWM") - before,
        "kb": max(len(old), len(new)) / 1024,
        "verdict": found.verdict,
        "reasons": [reason.code for reason in found.undetermined],
    }


def _ask(name: str) -> dict[str, Any] | None:
    """One measurement in a process of its own; None where it took too long."""
    try:
        (found,) = measurement.in_a_new_process("hostile.py", "--worker", name, seconds=_LIMIT_S)
    except subprocess.TimeoutExpired:
        return None
    return dict(found)


def _row(name: str, about: str) -> list[str]:
    about = about.rstrip(".")
    run = _ask(name)
    if run is None:
        return [about, "", f"> {_LIMIT_S * 1000:,.0f} ms", "", "none", "NO"]
    verdict = run["verdict"]
    if run["reasons"]:
        verdict += f" ({', '.join(sorted(set(run['reasons'])))})"
    is_met = _TIME.verdict(run["ms"]) == _MEMORY.verdict(run["mb"]) == "yes"
    figures = map(rounded, (run["kb"], run["ms"], run["mb"]))
    return [about, *figures, verdict, "yes" if is_met else "NO"]


def main() -> None:
    """Measure, or be one of the processes that do."""
    options = measurement.arguments(__doc__ or "", worker=True)
    if options.worker:
        print(json.dumps(_measure(options.worker)))
        return
    rows = []
    for make in HOSTILE:
        rows.append(_row(make.__name__, make.__doc__ or ""))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    header = ("input", "KB", f"ms ({_TIME})", f"peak MB ({_MEMORY})", "verdict", "met")
    about = " ".join((__doc__ or "").split())
    measurement.publish(
        "hostile", "Hostile inputs", f"{about}\n\n{table(header, rows)}", write=options.write
    )


if __name__ == "__main__":
    main()
