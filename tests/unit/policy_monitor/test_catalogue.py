"""The catalogue: what AWS documents of its actions and keys."""

import gc
from typing import Any

import pytest

from policy_monitor import catalogue


def test_what_is_read_at_once_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = catalogue.IamdataCatalogue()
    try:
        found.read_all()
    finally:
        gc.unfreeze()
    services = found.services()

    def read(*path: str) -> Any:
        raise AssertionError(path)

    monkeypatch.setattr(catalogue, "_read", read)
    assert all(len(found.actions(service)) for service in services)
    assert found.holds_several("s3:prefix") is False
    assert found.holds_several("dynamodb:attributes") is True


def test_of_an_unknown_service_nothing_is_known() -> None:
    found = catalogue.load()
    assert found.actions("nosuchservice") == {}
    assert found.holds_several("nosuchservice:key") is None


@pytest.mark.parametrize(
    ("key", "several"), [("aws:tagkeys", True), ("aws:username", False), ("aws:nosuchkey", False)]
)
def test_of_a_global_key_the_table_tells_whether_it_is_an_array(key: str, several: bool) -> None:
    assert catalogue.load().holds_several(key) is several
