import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from policy_monitor.documents import (
    UnreadableDocumentError,
    canonical_json,
    digest,
    read_document,
)
from policy_monitor.errors import InputError

DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Sid": "é+ 1%", "Effect": "Allow"}]}


@pytest.mark.parametrize(
    "source",
    [
        json.dumps(DOCUMENT),
        "\n  " + json.dumps(DOCUMENT, indent=2) + "\n",
        quote(json.dumps(DOCUMENT, ensure_ascii=False), safe=""),
        quote("\n" + json.dumps(DOCUMENT, indent=2)),
        DOCUMENT,
    ],
    ids=["json", "indented", "percent-encoded", "encoded-and-indented", "object"],
)
def test_a_document_is_read_however_aws_gives_it(source: str | dict[str, Any]) -> None:
    assert read_document(source) == DOCUMENT


def test_percent_signs_of_plain_json_are_not_decoded() -> None:
    assert read_document('{"Sid": "%41+%zz"}') == {"Sid": "%41+%zz"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "not JSON"),
        ("secret-id", "not JSON"),
        ('{"Statement": [', "not JSON"),
        ("[]", "found list"),
        ("%5B%22secret-id%22%5D", "found list"),
        ('"secret-id"', "found str"),
        ("%7B%ff%7D", "not UTF-8"),
        ('{"secret-id": 1, "secret-id": 2}', "stands twice"),
        ('{"a": {"secret-id": NaN}}', "NaN is no JSON"),
        ('{"secret-id": ' + "9" * 5000 + "}", "ValueError"),
        ('{"secret-id": "\\ud800"}', "surrogate"),
        ('{"\\ud800": 1}', "surrogate"),
        ('{"a":' * 40 + "1" + "}" * 40, "nested"),
        ("[" * 200_000, "RecursionError"),
    ],
)
def test_what_is_no_document_is_refused_in_a_line_that_repeats_none_of_it(
    source: str, reason: str
) -> None:
    with pytest.raises(UnreadableDocumentError, match=reason) as refusal:
        read_document(source)

    assert isinstance(refusal.value, InputError)
    assert "\n" not in str(refusal.value)
    assert "secret-id" not in str(refusal.value)
    assert len(str(refusal.value)) < 120


def test_canonical_json_sorts_members_and_keeps_lists_and_characters() -> None:
    document = {"b": [2, 1, 'ü/\\"'], "a": {"d": None, "c": True}}

    assert canonical_json(document) == '{"a":{"c":true,"d":null},"b":[2,1,"ü/\\\\\\""]}'


def test_a_digest_is_that_of_the_canonical_json_in_utf_8() -> None:
    assert digest({"a": "ü"}) == hashlib.sha256('{"a":"ü"}'.encode()).hexdigest()


def test_the_order_of_members_does_not_change_a_digest_and_the_order_of_a_list_does() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"bytes", "\ud800"])
def test_what_json_cannot_express_has_no_digest(value: object) -> None:
    with pytest.raises(UnreadableDocumentError):
        digest({"a": value})


def test_a_value_that_is_neither_text_nor_list_stays_as_it_is() -> None:
    document = {"Statement": [{"Condition": {"Bool": {"aws:SecureTransport": True}}}]}
    assert read_document(document) == document
