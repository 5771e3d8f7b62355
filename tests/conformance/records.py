"""Records to conform to, from the folder beside this checkout; tests skip where it is missing."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from iamdiff import Access, parse_document

FOLDER = Path(__file__).parents[3] / "shared" / "conformance"


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines.

    Skips the test, saying so, where the file is missing.
    """
    path = FOLDER / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no conformance data beside this checkout: {path} is missing")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def sides(row: dict[str, Any]) -> tuple[Access, Access]:
    """The old and the new access of a row that holds one document a side."""
    old, new = (Access((parse_document(json.dumps(row[side])),)) for side in ("old", "new"))
    return old, new
