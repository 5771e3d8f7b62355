"""What inputs cost that are made to be slow: time, memory, and what the answer is.

Each runs in a process of its own, parsing included; memory is measured in another run, since
measuring it takes time. An answer `undetermined` is a right one here: the work is bounded.
"""

import json
import subprocess
import sys
import tracemalloc
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
_MEMORY_LIMIT_S = 120.0
"""Measuring memory makes a run some four times slower."""
_WITH_MEMORY = "memory:"


def _measure(name: str) -> dict[str, Any]:
    load_catalogue()
    if name.startswith(_WITH_MEMORY):
        old, new = pair_texts(name.removeprefix(_WITH_MEMORY))
        tracemalloc.start()
        answer(old, new)
        return {"mb": tracemalloc.get_traced_memory()[1] / 1e6}
    old, new = pair_texts(name)
    ms, found = timed(answer, old, new)
    reasons = [reason.code for reason in found.undetermined]
    return {
        "ms": ms,
        "kb": max(len(old), len(new)) / 1024,
        "verdict": found.verdict,
        "reasons": reasons,
    }


def _ask(name: str, seconds: float) -> dict[str, Any] | None:
    """One measurement in a process of its own; None where it took too long."""
    try:
        (found,) = measurement.in_a_new_process("hostile.py", "--worker", name, seconds=seconds)
    except subprocess.TimeoutExpired:
        return None
    return dict(found)


def _row(name: str, about: str) -> list[str]:
    run = _ask(name, _LIMIT_S)
    memory = _ask(f"{_WITH_MEMORY}{name}", _MEMORY_LIMIT_S) if run is not None else None
    too_long = f"> {_LIMIT_S * 1000:,.0f} ms"
    ms = rounded(run["ms"]) if run else too_long
    mb = rounded(memory["mb"]) if memory else "not measured"
    verdict = run["verdict"] if run else "none"
    if run and run["reasons"]:
        verdict += f" ({', '.join(sorted(set(run['reasons'])))})"
    is_met = bool(
        run and memory and _TIME.verdict(run["ms"]) == _MEMORY.verdict(memory["mb"]) == "yes"
    )
    size = rounded(run["kb"]) if run else ""
    return [about.rstrip("."), size, ms, mb, verdict, "yes" if is_met else "NO"]


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
