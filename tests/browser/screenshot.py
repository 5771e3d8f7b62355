"""Take a picture of the report of events/: ``make screenshot``."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from tests.browser.chromium import NAMES, chromium

from policy_monitor.settings import Settings
from policy_monitor_cli.demo import story
from policy_monitor_cli.replay import Through, replayed
from policy_monitor_cli.report import write_replay


def main() -> None:
    """Write the picture to the path that is given."""
    path = chromium()
    if path is None:
        sys.exit(f"screenshot: none of {', '.join(NAMES)} is installed")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "report.html"
        _, outcome = replayed([story()], None, Settings(), Through.OFFLINE)
        write_replay(outcome, page_file)
        browser = playwright.chromium.launch(executable_path=path)
        page = browser.new_page(viewport={"width": 960, "height": 1360})
        page.goto(page_file.as_uri())
        page.evaluate("document.getElementById('access').scrollIntoView()")
        page.screenshot(path=sys.argv[1])
        browser.close()


if __name__ == "__main__":
    main()
