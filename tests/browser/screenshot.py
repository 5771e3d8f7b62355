"""Take pictures of the demo's report and of one of its Slack messages: ``make screenshot``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright
from tests.browser.chromium import NAMES, chromium
from tests.browser.slack_page import slack_page

from policy_monitor.settings import Settings
from policy_monitor_cli.demo import in_full, story
from policy_monitor_cli.outcome import Channel, Outcome
from policy_monitor_cli.replay import Through, replayed
from policy_monitor_cli.report import write_replay


def main() -> None:
    """Write ``report.png`` and ``slack.png`` into the folder that is given."""
    folder = Path(sys.argv[1])
    _, outcome = replayed([story()], None, Settings(), Through.HANDLERS)
    with started() as browser:
        of_report(browser, outcome, folder / "report.png")
        of_message(browser, outcome, folder / "slack.png")


@contextmanager
def started() -> Iterator[Browser]:
    """A browser."""
    path = chromium()
    if path is None:
        sys.exit(f"screenshot: none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def of_report(browser: Browser, outcome: Outcome, picture: Path) -> None:
    """The report, from its picture of access on."""
    with TemporaryDirectory() as folder:
        page_file = Path(folder) / "report.html"
        write_replay(outcome, page_file)
        page = browser.new_page(viewport={"width": 960, "height": 1360})
        page.goto(page_file.as_uri())
        page.evaluate("document.getElementById('access').scrollIntoView()")
        page.screenshot(path=picture)


def of_message(browser: Browser, outcome: Outcome, picture: Path) -> None:
    """The first message that Slack was sent of an expansion by the vendor."""
    payload = next(sent.body for sent in in_full(outcome) if sent.channel is Channel.SLACK)
    page = browser.new_page(viewport={"width": 760, "height": 400}, device_scale_factor=1.5)
    page.set_content(slack_page(payload))  # type: ignore[arg-type]
    page.screenshot(path=picture, full_page=True)


if __name__ == "__main__":
    main()
