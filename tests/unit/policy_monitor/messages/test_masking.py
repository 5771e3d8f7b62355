import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.golden_messages import golden_finding

from policy_monitor.masks import mask
from policy_monitor.messages.blocks import slack_message
from policy_monitor.messages.envelope import envelope
from policy_monitor.messages.masking import masked, masked_secret

SECRET = "planted-External-Id/7Q"

external_ids = st.text("ABCDEFGHJKMNPQRSTUVWXYZ23456789+=,.@:/-", min_size=12, max_size=60)


def with_external_id(value: Any, summary: str) -> dict[str, Any]:
    finding = golden_finding("trust")
    finding["summary"] = summary
    grant = finding["comparison"]["gained"][1]
    grant["conditions"] = {"StringEquals": {"STS:externalId": value}}
    grant["witness"]["context"] = {"sts:ExternalId": value}
    grant["witness"]["resource"] = f"arn:aws:iam::123456789012:role/{summary}"
    finding["comparison"]["undetermined"] = [{"code": "x", "sentence": f"because of {summary}"}]
    finding["actor"]["user_agent"] = summary
    return finding


@settings(suppress_health_check=list(HealthCheck), max_examples=50)
@given(external_ids, st.booleans())
def test_no_external_id_reaches_a_message(secret: str, several: bool) -> None:
    finding = with_external_id([secret, SECRET] if several else secret, f"it was {secret} before")
    said = envelope(finding)
    shown = said.subject + said.message + json.dumps(slack_message(finding))
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown
    assert "****" in shown
    if several:
        assert SECRET not in shown


def test_a_keyed_digest_is_cut_to_what_people_may_see() -> None:
    document = mask({"Condition": {"StringEquals": {"sts:ExternalId": SECRET}}}, b"key")
    conditions = masked(document)["Condition"]
    assert conditions == {"StringEquals": {"sts:ExternalId": "****7Q"}}


def test_a_masked_pattern_keeps_its_wildcards() -> None:
    document = mask({"Condition": {"StringLike": {"sts:ExternalId": "acme-*"}}}, b"key")
    assert masked(document)["Condition"] == {"StringLike": {"sts:ExternalId": "*****"}}


def test_a_secret_shows_its_last_two_characters_where_it_is_long_enough() -> None:
    assert masked_secret(SECRET) == "****7Q"
    assert masked_secret("abc") == "****"


def test_stars_do_not_hide_a_secret_behind_them() -> None:
    assert masked_secret("****and-then-the-secret") == "****et"


def test_a_short_value_does_not_eat_other_words() -> None:
    finding = with_external_id("on", "one condition")
    assert masked(finding)["summary"] == "one condition"
    assert masked(finding)["comparison"]["gained"][1]["witness"]["context"] == {
        "sts:ExternalId": "****"
    }


def test_a_finding_without_secrets_stays() -> None:
    finding = golden_finding("expansion")
    assert masked(finding) == finding


def test_an_external_id_that_is_null_hides_no_words() -> None:
    finding = with_external_id(None, "None of the statements reads it")
    assert masked(finding) == finding
