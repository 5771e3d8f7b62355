"""How long a report takes to write and to load, by the number of its findings.

A policy of some hundred patterns gets a new version each time; each takes some patterns away and
brings others. Loading is what Chromium's own navigation timing says, from the start to the end
of the load event, of the whole page from a file: wall-clock time, the middle one of several.
"""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from benchmarks import measurement
from benchmarks.measurement import FIGURES, Target, figure, rounded, slope, table, timed
from playwright.sync_api import sync_playwright
from tests.browser.chromium import chromium
from tests.histories import POLICY, SETTINGS, Shelf, allow, genesis, managed, mutation, role

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.catalogue import load
from policy_monitor.history import history
from policy_monitor.judgement import judge
from policy_monitor.ledger import Ledger
from policy_monitor.mutations import VersionCreated
from policy_monitor.timeline import TIME
from policy_monitor_report.evidence import evidence
from policy_monitor_report.page import page
from policy_monitor_report.report import Report

_FINDINGS = (125, 250, 500, 1_000)
_VERSIONS = 50
_LOADS = 5
_LOADING = Target(1_000, " ms")

_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def ledger(findings: int) -> MemoryLedger:
    """A ledger of so many findings of a role, each told with its policy's."""
    kept = MemoryLedger()
    record_changes(kept, findings)
    judge(kept, SETTINGS, load())
    return kept


def record_changes(kept: Ledger, changes: int) -> None:
    """Record a baseline, and so many new versions of a policy of the watched role."""
    actions = [
        action.name
        for service in ("ec2", "s3", "iam", "rds")
        for action in load().actions(service).values()
    ]
    shelf = Shelf()
    documents = [shelf(allow(*actions[n : n + 100])) for n in range(_VERSIONS)]
    start = genesis(role(attached=frozenset({POLICY})), managed(POLICY, documents[0]))
    kept.put_genesis(start, shelf.documents)
    for number in range(1, changes + 1):
        at = time.strftime(TIME, time.gmtime(1_780_000_000 + 3_600 * number))
        sha256 = documents[number % _VERSIONS]
        change = VersionCreated(POLICY, f"v{number + 1}", sha256, default=True)
        kept.append(mutation(f"event-{number}", change, time=at), {})


def loading(file: Path, path: str) -> float:
    """How long Chromium takes to load a page, in milliseconds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        times = []
        for _ in range(_LOADS):
            opened = browser.new_page()
            opened.goto(file.as_uri())
            times.append(float(opened.evaluate(_LOADED)))
            opened.close()
        browser.close()
    return median(times)


def written(findings: int) -> tuple[float, str]:
    """How long a page of so many findings takes to write, in milliseconds, and the page."""
    kept = ledger(findings)

    def write() -> str:
        changes = tuple(history(kept))
        told = Report("From a benchmark", "2026-11-22T06:00:00Z", changes, evidence(kept))
        return page(told, load())

    return timed(write)


def report() -> str:
    """The figures, as a table."""
    pages = [written(findings) for findings in _FINDINGS]
    sizes = [len(text.encode()) / 1e6 for _, text in pages]
    rows = [
        [f"{text.count('<li data-verdict'):,}", f"{rounded(size)} MB", f"{rounded(ms / 1_000)} s"]
        for size, (ms, text) in zip(sizes, pages, strict=True)
    ]
    times = [ms for ms, _ in pages]
    rows.append(["slope", slope(_FINDINGS, sizes), slope(_FINDINGS, times)])
    parts = [table(("changes on the page", "the page", "to write it"), rows)]
    if path := chromium():
        with TemporaryDirectory() as folder:
            file = Path(folder) / "report.html"
            file.write_text(pages[-1][1], encoding="utf-8")
            parts.append(
                table(
                    FIGURES, [figure("to load the longest", loading(file, path), " ms", _LOADING)]
                )
            )
    return "\n\n".join(parts)


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    about = " ".join((__doc__ or "").split())
    measurement.publish("report", "Report", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
