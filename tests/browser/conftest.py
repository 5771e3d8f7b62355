"""A Chromium to open the report in, and the rules of accessibility that it is checked by."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.chromium import NAMES, chromium

from policy_monitor.settings import Settings
from policy_monitor_cli.replay import Through, replayed
from policy_monitor_cli.report import write_replay

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def missing(what: str) -> None:
    """Skip, and say so; where continuous integration runs, nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; .ci/run installs it")
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium that is installed."""
    path = chromium()
    if path is None:
        missing(f"none of {', '.join(NAMES)} is installed: the report is not opened")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which `make` installs where there is npm."""
    if not AXE.is_file():
        missing(f"{AXE.relative_to(ROOT)} is not there (npm installs it): axe-core is not run")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the story."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    _, outcome = replayed([ROOT / "events"], None, Settings(), Through.OFFLINE)
    write_replay(outcome, out)
    return out
