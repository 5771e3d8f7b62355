"""The report, opened in a browser: it works, asks nobody for anything, and everybody can read it.

All tests share one browser, so they run in one process.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.contract.ledgers import a_finding

from iamdiff.catalogue import EmptyCatalogue
from policy_monitor.history import Entry
from policy_monitor.mutations import Actor, ActorKind
from policy_monitor_report.evidence import Evidence
from policy_monitor_report.page import page as written
from policy_monitor_report.report import Report

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}

AXE = "axe.run().then(found => found.violations.map(v => [v.impact, v.id, v.nodes[0].html]))"
SHOWN = "[...document.querySelectorAll('.changes > li')].filter(li => li.checkVisibility()).length"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
RENDER_ALL = (
    "document.querySelectorAll('.changes > li, .open li')"
    ".forEach(li => { li.style.contentVisibility = 'visible' })"
)
"""What is off the screen is not drawn else, and axe looks at what is drawn."""
DRAWN = "element => element.checkVisibility({ contentVisibilityAuto: true })"
UNFOLDED = "document.querySelectorAll('main details[open]').length"


class Noise:
    """What a page said on its console, and what it asked for."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The report on a desk's screen; a test that is done has heard nothing from it."""
    context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
    opened = context.new_page()
    noise = Noise(opened)
    opened.goto(report.as_uri())
    yield opened
    assert (noise.said, noise.asked) == ([], [report.as_uri()])
    context.close()


@pytest.fixture
def long_page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A report of so many changes, all open with the vendor, that most are far from the screen."""
    vendor = Actor(ActorKind.VENDOR)
    entries = tuple(Entry(a_finding(number, "expansion", actor=vendor)) for number in range(100))
    told = Report("From a test", "2026-11-22T06:00:00Z", entries, Evidence(None, (), {}))
    file = tmp_path / "report.html"
    file.write_text(written(told, EmptyCatalogue()), encoding="utf-8")
    with browser.new_context(viewport=DESK) as context:  # type: ignore[arg-type]
        opened = context.new_page()
        opened.goto(file.as_uri())
        yield opened


def shown(page: Page) -> int:
    count: int = page.evaluate(SHOWN)
    return count


def choose(page: Page, label: str, words: str) -> None:
    page.get_by_label(label).select_option(label=words)


def test_the_page_stands_by_itself(page: Page) -> None:
    page.get_by_role("button", name="Unfold all").click()
    assert page.title() == "Access of astronomer-remote-management"
    links: list[str] = page.evaluate("[...document.links].map(a => a.href)")
    assert links
    assert page.evaluate("document.querySelectorAll('link, img, iframe, [src]').length") == 0


@pytest.mark.parametrize("label", ["Subject", "Verdict", "Severity"])
def test_each_choice_of_a_filter_shows_some_changes_and_all_together_show_all(
    page: Page, label: str
) -> None:
    every = shown(page)
    seen = 0
    choices = page.get_by_label(label).locator("option").all_inner_texts()[1:]
    assert len(choices) > 2
    for words in choices:
        choose(page, label, words)
        count = shown(page)
        assert 0 < count < every
        assert page.locator("#shown").inner_text() == f"{count} of {every} changes shown"
        seen += count
    # A change of the role that is told with its policy's counts for both.
    assert seen >= every if label == "Subject" else seen == every


def test_filters_hold_together_and_are_put_back_at_once(page: Page) -> None:
    every = shown(page)
    choose(page, "Verdict", "expansion")
    expansions = shown(page)
    choose(page, "Severity", "high")
    assert 0 < shown(page) < expansions
    first = page.locator(".changes > li:not([hidden])").first
    assert "severity high" in (first.text_content() or "")
    page.get_by_role("button", name="Show all").click()
    assert shown(page) == every


def test_an_open_change_leads_to_its_proof_even_where_it_was_filtered_away(page: Page) -> None:
    choose(page, "Verdict", "reduction")
    page.locator(".open a").last.click()
    proof = page.locator(".changes details[open]")
    gained = "elasticloadbalancing:DeleteLoadBalancer"
    assert gained in (proof.locator(".grants").text_content() or "")
    assert gained in "".join(proof.locator("ins").all_text_contents())
    expect(proof.locator("summary")).to_be_in_viewport()
    assert proof.locator("summary").evaluate("summary => summary === document.activeElement")


def test_a_keyboard_reaches_and_unfolds_the_changes(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the changes"
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.changes summary')"):
            break
    page.keyboard.press("Enter")
    assert page.locator(".changes details[open]").count() == 1


@pytest.mark.parametrize(
    ("scheme", "screen"), [("light", DESK), ("dark", PHONE)], ids=["light-desk", "dark-phone"]
)
def test_nothing_hinders_a_reader(page: Page, axe: str, scheme: Any, screen: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(screen)
    page.get_by_role("button", name="Unfold all").click()
    page.evaluate(RENDER_ALL)
    page.evaluate(axe)
    grave = [found for found in page.evaluate(AXE) if found[0] in ("serious", "critical")]
    assert grave == []


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("button", name="Unfold all").click()
    assert page.evaluate(OVERFLOW) == 0


def test_on_paper_everything_is_unfolded_and_the_filters_are_gone(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    grants = page.locator(".grants")
    assert grants.count() > 10
    assert all(
        grant.evaluate("grant => grant.getBoundingClientRect().height > 0")
        for grant in grants.all()
    )


def test_printing_unfolds_and_folds_again(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(UNFOLDED) > 10
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(UNFOLDED) == 0


@pytest.mark.parametrize("items", [".open li", ".changes > li"])
def test_what_is_far_from_the_screen_is_drawn_when_it_is_near_or_printed(
    long_page: Page, items: str
) -> None:
    told = long_page.locator(f"{items} .verdict")
    first, last = told.first.element_handle(), told.last.element_handle()
    assert last.evaluate(DRAWN) is False
    last.evaluate("element => element.scrollIntoView()")
    long_page.wait_for_function(DRAWN, arg=last)
    long_page.wait_for_function(f"element => !({DRAWN})(element)", arg=first)
    long_page.emulate_media(media="print")
    long_page.wait_for_function(DRAWN, arg=first)


def test_no_change_is_numbered(long_page: Page) -> None:
    """To number a thousand of them, latest first, takes Chromium half a second."""
    displays = "items => [...new Set(items.map(item => getComputedStyle(item).display))]"
    assert long_page.locator(".changes > li").evaluate_all(displays) == ["block"]


def test_the_bullets_of_open_changes_are_not_cut_off(long_page: Page) -> None:
    box = long_page.locator(".open li").first.bounding_box()
    assert box is not None
    beside = {"x": box["x"] - 18, "y": box["y"], "width": 17, "height": box["height"]}
    bullet = long_page.screenshot(clip=beside)  # type: ignore[arg-type]
    long_page.locator(".open").evaluate("list => { list.style.listStyle = 'none' }")
    assert long_page.screenshot(clip=beside) != bullet  # type: ignore[arg-type]


def test_without_its_script_all_can_be_read(browser: Browser, report: Path) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(report.as_uri())
        assert not page.locator("#filters").is_visible()
        judged = page.locator(".changes > li").filter(has=page.locator(".grants")).first
        judged.locator("summary").click()
        assert judged.locator(".grants").is_visible()


def test_no_other_script_than_its_own_may_run(page: Page) -> None:
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
