"""How long a report of a thousand findings takes to write and to load.

A policy of some hundred patterns gets a new version a thousand times; each takes some patterns away
and brings others. Loading is what Chromium's own navigation timing says, from the start to the end
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
from benchmarks.measurement import FIGURES, Target, figure, table
from playwright.sync_api import sync_playwright
from tests.browser.chromium import chromium
from tests.histories import POLICY, SETTINGS, Shelf, allow, genesis, managed, mutation, role

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.catalogue import load
from policy_monitor.history import history
from policy_monitor.judgement import judge
from policy_monitor.mutations import VersionCreated
from policy_monitor.timeline import TIME
from policy_monitor_report.evidence import evidence
from policy_monitor_report.page import page
from policy_monitor_report.report import Report

_FINDINGS = 1_000
_VERSIONS = 50
_LOADS = 5
_LOADING = Target(1_000, " ms")

_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def ledger() -> MemoryLedger:
    """A ledger of that many findings of a role, each told with its policy's."""
    actions = [
        action.name
        for service in ("ec2", "s3", "iam", "rds")
        for action in load().actions(service).values()
    ]
    shelf = Shelf()
    documents = [shelf(allow(*actions[n : n + 100])) for n in range(_VERSIONS)]
    kept = MemoryLedger()
    start = genesis(role(attached=frozenset({POLICY})), managed(POLICY, documents[0]))
    kept.put_genesis(start, shelf.documents)
    for number in range(1, _FINDINGS + 1):
        at = time.strftime(TIME, time.gmtime(1_780_000_000 + 3_600 * number))
        sha256 = documents[number % _VERSIONS]
        change = VersionCreated(POLICY, f"v{number + 1}", sha256, default=True)
        kept.append(mutation(f"event-{number}", change, time=at), {})
    judge(kept, SETTINGS, load())
    return kept


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


def report() -> str:
    """The figures, as a table."""
    kept = ledger()
    began = time.process_time()
    told = Report("From a benchmark", "2026-11-22T06:00:00Z", tuple(history(kept)), evidence(kept))
    text = page(told, load())
    written = time.process_time() - began
    rows = [
        figure("changes on the page", text.count("<li data-verdict"), ""),
        figure("the page", len(text.encode()) / 1e6, " MB"),
        figure("to write it", written, " s"),
    ]
    if path := chromium():
        with TemporaryDirectory() as folder:
            file = Path(folder) / "report.html"
            file.write_text(text, encoding="utf-8")
            rows.append(figure("to load it", loading(file, path), " ms", _LOADING))
    return table(FIGURES, rows)


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    about = " ".join((__doc__ or "").split())
    measurement.publish("report", "Report", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
