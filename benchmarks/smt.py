"""How much faster iamdiff is than an SMT solver on the same questions.

The peer is the second opinion of the tests (tests/oracle/smt.py, z3), asked about a sample of the
real pairs, from the smallest to the largest, with 10 s a direction. For each pair a process asks
first the one, then the other, four times each, and the least time counts; the peer once where it
takes longer than a second. iamdiff has compared the other pairs before, as in `diff --pairs`; the
peer's code runs thousands of times for one pair. Ratios are over the pairs that it solves; those on
which its time runs out, and those that it does not encode, are counted apart. The peer takes from
milliseconds to its ten seconds, so the medians of a small sample sway, and their ratio with them;
the ratios by pair sway less. `--long` asks ten times as many pairs, which takes an hour.
"""

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.comparison import answer, texts
from benchmarks.measurement import (
    FIGURES,
    Target,
    figure,
    least_ms,
    percentile,
    rounded,
    table,
    timed,
)

_SAMPLE = 48
_LONG = 10 * _SAMPLE
_REPEATS = 3
_QUICK_S = 1.0
_PATIENCE_MS = 10_000
_MOST_S = 45.0
"""For one pair: both directions, and the encoding, which the solver's own limit does not bind."""
_ALL_S = 200.0
"""For the short sample."""
_TARGETS = {"median": Target(100, "x", at_least=True), "p95": Target(400, "x", at_least=True)}
_SHARES = {"median": 0.5, "p95": 0.95}
_LISTED = 10


class Measured(NamedTuple):
    """One pair: both times, and both verdicts; the peer's is None where it gave none."""

    name: str
    ms: float
    verdict: str
    peer_ms: float
    peer: str | None
    waited_s: float

    @property
    def is_timeout(self) -> bool:
        """Whether the peer's time ran out: of the clock on the wall, as z3 counts it."""
        return self.peer is None and self.waited_s * 1000 >= _PATIENCE_MS


def _sample(pairs: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """Some pairs, of every size, evenly."""
    pairs = sorted(pairs, key=lambda pair: (len(str(pair)), pair["id"]))
    step = len(pairs) / size
    return [pairs[int((place + 0.5) * step)] for place in range(size)]


def _ask_both(pair: dict[str, Any], others: list[dict[str, Any]]) -> Measured:
    """Both times and verdicts, one after the other: the machine is as fast for either."""
    for each in others:
        answer(*texts(each))
    found = answer(*texts(pair))
    own_ms = least_ms(_REPEATS, answer, *texts(pair))
    from tests.oracle.smt import verdict  # noqa: PLC0415 - only the worker needs the solver

    def parse_and_compare(*sides: str) -> str | None:
        old, new = ({"identity": [json.loads(side)], "boundary": None} for side in sides)
        return verdict(old, new, milliseconds=_PATIENCE_MS)

    started = time.monotonic()
    peer_ms, peer = timed(parse_and_compare, *texts(pair))
    waited_s = time.monotonic() - started
    if waited_s < _QUICK_S:
        peer_ms = min(peer_ms, least_ms(_REPEATS, parse_and_compare, *texts(pair)))
    return Measured(pair["id"], own_ms, found.verdict, peer_ms, peer, waited_s)


def _measure(pair: dict[str, Any]) -> Measured:
    worker = ("smt.py", "--worker", pair["id"])
    try:
        (measured,) = measurement.in_a_new_process(*worker, seconds=_MOST_S)
    except subprocess.TimeoutExpired:
        ms, found = timed(answer, *texts(pair))
        return Measured(pair["id"], ms, found.verdict, _MOST_S * 1000, None, _MOST_S)
    return Measured(*measured)


def report(measured: list[Measured]) -> str:
    """The figures as Markdown."""
    solved = [each for each in measured if each.peer is not None]
    timeouts = [each for each in measured if each.is_timeout]
    rows = [
        figure("pairs asked", len(measured), ""),
        figure("solved by the peer", len(solved), ""),
        figure("its time ran out", len(timeouts), ""),
        figure("not encoded by it", len(measured) - len(solved) - len(timeouts), ""),
    ]
    for name, share in _SHARES.items():
        own = percentile([each.ms for each in solved], share)
        peer = percentile([each.peer_ms for each in solved], share)
        rows.append(figure(f"iamdiff, {name}", own, " ms"))
        rows.append(figure(f"peer, {name}", peer, " ms"))
        rows.append(figure(f"peer's {name} ÷ iamdiff's", peer / own, "x", _TARGETS[name]))
    ratios = [each.peer_ms / each.ms for each in solved]
    for name, share in _SHARES.items():
        ratio = percentile(ratios, share)
        rows.append(figure(f"peer ÷ iamdiff by pair, {name}", ratio, "x", _TARGETS[name]))
    rows.append(figure("peer ÷ iamdiff by pair, least", min(ratios), "x"))
    apart = [each for each in solved if each.peer != each.verdict]
    rows.append(figure("verdicts that differ", len(apart), "", Target(0)))
    parts = [table(FIGURES, rows)]
    if timeouts:
        parts.append("Its time ran out on (iamdiff's ms): " + _named(timeouts) + ".")
    if apart:
        told = (f"{each.name} ({each.verdict}, peer: {each.peer})" for each in apart[:_LISTED])
        parts.append("Verdicts differ on: " + ", ".join(told) + ".")
    return "\n\n".join(parts)


def _named(measured: list[Measured]) -> str:
    names = [f"{each.name} ({rounded(each.ms)})" for each in measured]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _measured(pairs: list[dict[str, Any]], seconds: float) -> Iterator[Measured]:
    """The pairs, sizes mixed, so that a run that is cut short has seen all of them."""
    started = time.monotonic()
    mixed = sorted(pairs, key=lambda pair: crc32(pair["id"].encode()))
    for number, pair in enumerate(mixed, 1):
        if time.monotonic() - started > seconds:
            return
        yield _measure(pair)
        print(f"{number}/{len(mixed)} {pair['id']}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, or be the process that asks the peer."""
    options = measurement.arguments(__doc__ or "", worker=True, long=True)
    pairs = measurement.real_pairs()
    if options.worker:
        (pair,) = (each for each in pairs if each["id"] == options.worker)
        print(json.dumps(_ask_both(pair, _sample(pairs, _SAMPLE))))
        return
    about = " ".join((__doc__ or "").split())
    title = "Beside an SMT solver"
    if options.long:
        measured = list(_measured(_sample(pairs, _LONG), math.inf))
        about, title = "The same, of ten times as many pairs.", f"{title}, of many pairs"
    else:
        measured = list(_measured(_sample(pairs, _SAMPLE), _ALL_S))
    measurement.publish(
        "smt", title, f"{about}\n\n{report(measured)}", write=options.write, long=options.long
    )


if __name__ == "__main__":
    main()
