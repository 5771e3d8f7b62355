"""Findings whose messages are kept as text, to be read and compared: ``tests/golden/messages``.

``NAME.json`` is a finding as it is announced; beside it stand its e-mail (``NAME.txt``) and its
Slack payload (``NAME.slack.json``). After a change of wording write them anew, and read the diff::

    REGENERATE_GOLDEN=1 .venv/bin/python -m pytest tests/unit/policy_monitor/messages
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "golden" / "messages"

NAMES = tuple(
    sorted(path.stem for path in FOLDER.glob("*.json") if not path.stem.endswith(".slack"))
)


def golden_finding(name: str) -> dict[str, Any]:
    """A finding's JSON, as it is announced."""
    finding: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return finding


def assert_golden(file: str, text: str) -> None:
    """Compare with what is kept under this name, or write it where the environment asks so."""
    path = FOLDER / file
    if os.environ.get("REGENERATE_GOLDEN"):
        path.write_text(text, "utf-8")
        pytest.skip(f"{path.name} was written anew: read the diff")
    assert text == path.read_text("utf-8"), "REGENERATE_GOLDEN=1 writes it anew (golden_messages)"
