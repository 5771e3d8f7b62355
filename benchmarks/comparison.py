"""How fast iamdiff compares real policies: 1,875 pairs of versions of AWS-managed policies.

Each pair is measured when its process sees it for the first time, as `diff --pairs` does, in five
processes; the least of the five counts. The floor is reading both documents' JSON and
writing them back sorted, as the simplest comparison of texts would.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.measurement import FIGURES, Target, figure, percentile, rounded, table, timed

from iamdiff import Access, Comparison, Verdict, compare, parse_document
from policy_monitor import catalogue

_PROCESSES = 5
_SLOWEST = 10
_TARGETS_MS = {
    "median": Target(1, " ms"),
    "p95": Target(10, " ms"),
    "p99": Target(40, " ms"),
    "max": Target(250, " ms"),
}
_SHARES = {"median": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
_RATIOS = {"median": Target(12, "x"), "p99": Target(40, "x")}
_UNDETERMINED = Target(0)


class Measured(NamedTuple):
    """One pair: its id, the comparison and the floor in milliseconds, and the verdict."""

    name: str
    ms: float
    floor_ms: float
    verdict: str


def load_catalogue() -> None:
    """Read the catalogue of every service, as `diff --pairs` does: no comparison pays for it."""
    known = catalogue.load()
    known.read_all()
    assert known.date


def answer(old: str, new: str) -> Comparison:
    """Parse and compare two documents."""
    sides = [Access((parse_document(text),)) for text in (old, new)]
    return compare(*sides, catalogue=catalogue.load())


def floor(old: str, new: str) -> list[str]:
    """Read two documents and write them back sorted."""
    return [json.dumps(json.loads(text), sort_keys=True) for text in (old, new)]


def texts(pair: dict[str, Any]) -> tuple[str, str]:
    """Both documents of a pair as JSON."""
    return json.dumps(pair["old"]), json.dumps(pair["new"])


def _measure() -> Iterator[Measured]:
    load_catalogue()
    for pair in measurement.real_pairs():
        old, new = texts(pair)
        floor_ms, _ = timed(floor, old, new)
        ms, found = timed(answer, old, new)
        yield Measured(pair["id"], ms, floor_ms, found.verdict)


def _least(runs: list[list[Measured]]) -> list[Measured]:
    """Each pair's least time of several runs."""
    return [
        Measured(
            each[0].name,
            min(one.ms for one in each),
            min(one.floor_ms for one in each),
            each[0].verdict,
        )
        for each in zip(*runs, strict=True)
    ]


def report(measured: list[Measured], catalogue_ms: float) -> str:
    """The figures as Markdown."""
    times = [each.ms for each in measured]
    floors = [each.floor_ms for each in measured]
    undetermined = [each.name for each in measured if each.verdict == Verdict.UNDETERMINED]
    rows = []
    for name, share in _SHARES.items():
        value, low = percentile(times, share), percentile(floors, share)
        rows.append(figure(f"parse and compare, {name}", value, " ms", _TARGETS_MS[name]))
        rows.append(figure(f"floor, {name}", low, " ms"))
        rows.append(figure(f"{name} ÷ floor's {name}", value / low, "x", _RATIOS.get(name)))
    rows.append(figure("undetermined", len(undetermined), f" of {len(measured):,}", _UNDETERMINED))
    rows.append(figure("loading the whole catalogue", catalogue_ms, " ms"))
    slowest = sorted(measured, key=lambda each: -each.ms)[:_SLOWEST]
    parts = [
        table(FIGURES, rows),
        "The slowest:",
        table(
            ("pair", "ms", "floor, ms", "verdict"),
            [
                (each.name, rounded(each.ms), rounded(each.floor_ms), each.verdict)
                for each in slowest
            ],
        ),
    ]
    if undetermined:
        parts.append("Undetermined: " + ", ".join(undetermined[:_SLOWEST]) + ".")
    return "\n\n".join(parts)


def main() -> None:
    """Measure, or be one of the processes that do."""
    options = measurement.arguments(__doc__ or "", worker=True)
    if options.worker:
        for each in _measure():
            print(json.dumps(each))
        return
    measurement.real_pairs()
    runs = [
        [Measured(*line) for line in measurement.in_a_new_process("comparison.py", "--worker", "1")]
        for _ in range(_PROCESSES)
    ]
    text = report(_least(runs), timed(load_catalogue)[0])
    about = " ".join((__doc__ or "").split())
    measurement.publish("comparison", "Real policies", f"{about}\n\n{text}", write=options.write)


if __name__ == "__main__":
    main()
