import re

import pytest

from policy_monitor.errors import InputError
from policy_monitor.settings import Settings


def read(text: str) -> Settings:
    return Settings.from_environment({"SEVERITIES": text})


@pytest.mark.parametrize("name", ["vendor", "Vendor", "VENDOR"])
def test_a_role_is_watched_however_its_name_is_spelled(name: str) -> None:
    assert Settings(roles=("Vendor",)).watches_role(name)
    assert not Settings(roles=("Vendor2",)).watches_role(name)


@pytest.mark.parametrize("pattern", ["vendoraccess", "VendorAccess", "*ORA*", "vendor?CCESS"])
def test_a_policy_is_watched_however_its_name_or_the_pattern_is_spelled(pattern: str) -> None:
    settings = Settings(policies=(pattern,))
    for path in ("", "team/"):
        assert settings.watches_policy(f"arn:aws:iam::123456789012:policy/{path}VendorAccess")
        assert settings.watches_policy(f"arn:aws:iam::123456789012:policy/{path}vendoraccess")
    assert not settings.watches_policy("arn:aws:iam::123456789012:policy/vendoraccess/other")


def test_a_verdict_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="NOTIFY_VERDICTS: 'growth' is no verdict; use some of"):
        Settings.from_environment({"NOTIFY_VERDICTS": "expansion, growth"})


def test_severities_of_a_customer_are_read_from_json() -> None:
    assert read(' {"ssm-001": "low", "gained-list": "info"} ').severities == (
        ("gained-list", "info"),
        ("ssm-001", "low"),
    )
    assert read("").severities == read(" ").severities == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gained-list=info", "SEVERITIES: 'gained-list=info' is no JSON (Expecting value"),
        ('["gained-list"]', "SEVERITIES: '[\"gained-list\"]' is no JSON object; write"),
        ('{"gained-lst": "info"}', "SEVERITIES: 'gained-lst' is no rule; use one of"),
        ('{"gained-list": "urgent"}', "SEVERITIES: gained-list: 'urgent' is no severity; use"),
        ('{"gained-list": null}', "SEVERITIES: gained-list: 'None' is no severity; use"),
        ('{"gained-list": ["low"]}', "is no severity; use one of critical, high"),
        ("x" * 5_000, f"'{'x' * 60}…' is no JSON"),
    ],
)
def test_severities_that_cannot_be_read_are_refused_in_one_line(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)) as raised:
        read(text)
    assert "\n" not in str(raised.value)
