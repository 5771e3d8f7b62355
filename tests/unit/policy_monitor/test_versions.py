"""Records of earlier versions."""

from collections.abc import Mapping
from typing import Any

import pytest

from policy_monitor import versions
from policy_monitor.errors import InputError


def test_a_record_of_an_earlier_version_takes_each_step_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(name: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**record, "steps": f"{record.get('steps', '')}{name}"}

    monkeypatch.setattr(versions, "SCHEMA", 3)
    monkeypatch.setattr(versions, "MIGRATIONS", {1: step, 2: step})
    for written_by, steps in ((1, "NoteNote"), (2, "Note"), (3, "")):
        assert versions.migrated("Note", {}, written_by).get("steps", "") == steps
    with pytest.raises(InputError, match="schema 4 is no version up to 3"):
        versions.migrated("Note", {}, 4)
