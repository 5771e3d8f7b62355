"""What is said of real changes, kept as texts to be read: ``tests/golden/sentences.json``.

The file holds ids of the conformance data and sentences, nothing of the policies. After a change of
wording write it anew, and read the diff::

    REGENERATE_GOLDEN=1 .venv/bin/python -m pytest tests/conformance/test_sentences.py
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.records import rows

from policy_monitor import catalogue
from policy_monitor.access import Held
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.exposure import Exposures
from policy_monitor.outcomes import POLICY, ROLE, outcome

GOLDEN = Path(__file__).parents[1] / "golden" / "sentences.json"
FILES = ("managed_policy_versions", "check_no_new_access", "quacky_mutations")
AS_PART = " (by itself)"
"""The end of a golden id whose pair is judged as a policy by itself, not as all of a role's."""


def sentence(row: dict[str, Any], *, part: bool) -> str:
    comparisons = Comparisons({"old": row["old"], "new": row["new"]}, catalogue.load())
    question = Question(Held(("old",)), Held(("new",)), part=part)
    comparison = comparisons.answer(question)
    standing = Exposures(comparisons).standing(question, comparison)
    words = outcome(comparison, standing, POLICY if part else ROLE)
    return f"The {'policy' if part else 'role'} {words}."


def test_what_is_said_of_real_changes_reads_as_it_was_approved() -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    pairs = {row["id"]: row for name in FILES for row in rows(name)}
    said = {
        name: sentence(pairs[name.removesuffix(AS_PART)], part=name.endswith(AS_PART))
        for name in golden
    }
    if os.environ.get("REGENERATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")
        pytest.skip(f"{GOLDEN.name} was written anew: read the diff")
    assert said == golden, "REGENERATE_GOLDEN=1 writes it anew"


def test_a_sentence_is_short_enough_to_read_in_one_breath() -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert len(golden) >= 60
    assert max(map(len, golden.values())) <= 500
