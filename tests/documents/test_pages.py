"""What holds of every page: its links lead somewhere, what it names is there, nothing twice."""

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "events").glob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# Up to the first bracket: no address here holds one.
LINK = re.compile(r"\]\(([^)]+)\)")
SHORT = 60
"""Characters of a paragraph that may well stand on two pages."""


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = (re.sub(r"[`*]|\]\(.*?\)|\[", "", found) for found in HEADING.findall(prose(page)))
    return [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]


def paragraphs() -> Iterator[str]:
    """The paragraphs, list items and rows of all pages, white space aside."""
    for page in PAGES:
        for each in re.split(r"\n\n|\n(?=[*|-])", prose(page)):
            text = " ".join(each.split())
            if len(text) > SHORT and text.strip("|- "):
                yield text


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_each_link_leads_to_a_file_or_heading_that_is_there(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_heading_stands_twice(page: Path) -> None:
    assert not [name for name, count in Counter(anchors(page)).items() if count > 1]


def named() -> Iterator[str]:
    """What CONTRIBUTING.md names in code: files, and members of modules."""
    for found in re.findall(r"`([^`\n]+)`", prose(ROOT / "CONTRIBUTING.md")):
        if re.fullmatch(r"[\w./-]+\.(?:py|md|yaml)|\w+\.\w+", found):
            yield found


@pytest.mark.parametrize("name", sorted(set(named())))
def test_what_contributing_names_is_there(name: str) -> None:
    if name.endswith((".py", ".md", ".yaml")):
        # By its whole path, or by its end within a package.
        packages = (ROOT, *ROOT.glob("layers/*"), *ROOT.glob("layers/*/policy_monitor"))
        inside = [*packages, *ROOT.glob("layers/*/iamdiff")]
        assert any((folder / name).is_file() for folder in inside)
        return
    module, _, member = name.partition(".")
    if module == "iamdiff":
        assert hasattr(importlib.import_module(module), member)
    else:
        assert hasattr(importlib.import_module(f"policy_monitor.{module}"), member)


def test_no_paragraph_stands_twice() -> None:
    assert not [text for text, count in Counter(paragraphs()).items() if count > 1]
