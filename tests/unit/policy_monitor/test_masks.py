import json
import re
from typing import Any

import pytest

from policy_monitor.errors import InputError
from policy_monitor.masks import faithful, mask, readable, readable_text

KEY = b"the stack's own secret"
LITERAL = r"\*{4}#[0-9a-f]{32}"
ESCAPED = r"(?:\$\{\*\}){4}#[0-9a-f]{32}"


def trust(
    value: Any,
    operator: str = "StringEquals",
    *,
    version: str = "2012-10-17",
    effect: str = "Allow",
) -> dict[str, Any]:
    """A trust policy with one condition on the external id."""
    return {
        "Version": version,
        "Statement": [
            {
                "Effect": effect,
                "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
                "Action": "sts:AssumeRole",
                "Condition": {operator: {"sts:ExternalId": value}},
            }
        ],
    }


def masked(value: Any, operator: str = "StringEquals", **details: Any) -> Any:
    """What stands in the place of an external id."""
    document = mask(trust(value, operator, **details), KEY)
    return document["Statement"][0]["Condition"][operator]["sts:ExternalId"]


def test_an_external_id_shows_its_last_two_characters_and_a_keyed_digest() -> None:
    assert re.fullmatch(r"\*{4}7f#[0-9a-f]{32}", masked("not-a-real-id-7f"))


def test_all_else_of_a_document_stays() -> None:
    document = trust("not-a-real-id-7f")
    document["Statement"][0]["Condition"]["StringEquals"] |= {"aws:PrincipalTag/team": ["a"]}

    result = mask(document, KEY)

    result["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = "not-a-real-id-7f"
    assert result == document


def test_masking_leaves_the_document_it_was_given_alone() -> None:
    document = trust(["one-id", "another"])
    mask(document, KEY)

    assert document == trust(["one-id", "another"])


@pytest.mark.parametrize(
    "key", ["sts:ExternalId", "sts:externalid", "STS:EXTERNALID", " sts:ExternalID "]
)
@pytest.mark.parametrize(
    "operator",
    [
        "StringEquals",
        "StringNotEqualsIfExists",
        "ForAnyValue:StringLike",
        "stringequalsignorecase",
        "ArnLike",
        "NumericEquals",
        "Null",
        "NoSuchOperator",
    ],
)
@pytest.mark.parametrize("statements_in_a_list", [True, False])
def test_no_spelling_of_the_condition_keeps_the_id(
    key: str, operator: str, *, statements_in_a_list: bool
) -> None:
    statement = {"Effect": "Allow", "Condition": {operator: {key: ["planted-secret", "tail-7f"]}}}
    document = {"Statement": [statement] if statements_in_a_list else statement}

    text = json.dumps(mask(document, KEY))

    assert "planted" not in text
    assert "secret" not in text
    assert "tail" not in text


@pytest.mark.parametrize(
    "value",
    [
        {"planted-secret": ["planted-secret"]},
        [["planted-secret"]],
        [{"a": "planted-secret"}],
        "${aws:PrincipalTag/x, 'planted-secret'}",
        "planted-secret${aws:username}planted-secret",
        "planted-secret*planted-secret?planted-secret",
        "${planted-secret",
        "${sts:x,'planted-secret'",
    ],
)
@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "Null"])
@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17"])
def test_no_shape_of_the_value_keeps_the_id(value: object, operator: str, version: str) -> None:
    text = json.dumps(masked(value, operator, version=version))

    assert "planted" not in text


def test_a_condition_that_stands_elsewhere_is_masked_too() -> None:
    document = {"Statement": [], "Extra": [{"deep": {"sts:ExternalId": "planted-secret"}}]}

    assert "planted" not in json.dumps(mask(document, KEY))


def test_equal_ids_have_equal_masks_and_others_others() -> None:
    assert masked("one-id-7f") == masked(["one-id-7f"])[0]
    assert masked("one-id-7f") != masked("two-id-7f")
    assert masked("one-id-7f") != masked("ONE-ID-7f")


def test_another_key_gives_another_mask() -> None:
    assert mask(trust("one-id-7f"), KEY) != mask(trust("one-id-7f"), b"another key")


def test_a_mask_masked_again_is_another_value() -> None:
    """Or a policy that names a mask would compare equal to one that names the id."""
    once = masked("one-id-7f")

    assert masked(once) != once


def test_without_a_key_nothing_is_masked_in_pretence() -> None:
    with pytest.raises(InputError, match="mask key: empty"):
        mask(trust("one-id-7f"), b"")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("ab", ""), ("abc", ""), ("abcd", "cd"), ("abcdef", "ef"), ("abcd§§", ""), ("abc\n\n", "")],
)
def test_a_short_id_shows_none_of_itself(value: str, shown: str) -> None:
    assert masked(value).startswith(f"****{shown}#")


@pytest.mark.parametrize(("number", "text"), [(123456, "123456"), (True, "true"), (1.5, "1.5")])
def test_a_json_number_is_the_text_that_iam_reads(number: object, text: str) -> None:
    assert masked(number) == masked(text)


@pytest.mark.parametrize("value", ["true", "false", True, ["true"], "TRUE"])
def test_null_asks_for_presence_and_names_no_id(value: object) -> None:
    assert masked(value, "Null") == value
    assert masked(value, "ForAllValues:Null") == value


def test_an_empty_value_stays_empty() -> None:
    assert masked("") == ""
    assert masked(["", None], "StringLike") == ["", None]


def test_wildcards_keep_their_place_under_like_and_the_stars_of_a_mask_are_none() -> None:
    value = masked("abc*def?", "StringLike")

    assert re.fullmatch(rf"{ESCAPED}\*{ESCAPED}\?", value)


def test_in_documents_without_variables_a_star_cannot_be_escaped() -> None:
    assert re.fullmatch(rf"{LITERAL}\*", masked("abc*", "StringLike", version="2008-10-17"))


def test_a_star_under_equals_is_a_character_of_the_id() -> None:
    assert re.fullmatch(LITERAL, masked("abc*"))
    assert masked("abc*") != masked("abc")


def test_like_without_a_wildcard_is_the_same_value_as_equals() -> None:
    assert masked("one-id-7f", "StringLike").replace("${*}", "*") == masked("one-id-7f")


@pytest.mark.parametrize("value", ["*", "?*", "${aws:username}", "${*}"])
def test_what_holds_no_literal_stays(value: str) -> None:
    assert masked(value, "StringLike") == value


def test_a_variable_stays_and_what_stands_beside_it_is_masked() -> None:
    assert re.fullmatch(
        rf"{LITERAL}\$\{{aws:username\}}{LITERAL}", masked("ab${aws:username}cdefgh")
    )
    assert re.fullmatch(
        rf"\$\{{aws:PrincipalTag/x, '{LITERAL}'\}}", masked("${aws:PrincipalTag/x, 'secret'}")
    )


def test_spellings_that_ignore_case_share_a_mask() -> None:
    one, other = masked(["ABCD-7F", "abcd-7f"], "StringEqualsIgnoreCase")

    assert one.casefold() == other.casefold()
    assert one.endswith(other.partition("#")[2])


def test_people_see_stars_and_two_characters() -> None:
    document = mask(trust(["one-id-7f", "ab"]), KEY)

    assert readable(document) == trust(["****7f", "****"])
    assert readable(mask(trust("abc*", "StringLike"), KEY)) == trust("*****", "StringLike")


def test_people_see_no_digest_in_a_sentence_either() -> None:
    sentence = f"was {masked('one-id-7f')}, is {masked('another-id-3c', 'StringLike')}."

    assert readable_text(sentence) == "was ****7f, is ****3c."


def test_text_that_only_looks_like_a_mask_stays() -> None:
    assert readable_text("**** #1234 ****ab#12") == "**** #1234 ****ab#12"


def documents(*parts: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return tuple(mask(part, KEY) for part in parts)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ({"Version": "2012-10-17", "Statement": []},),
        (trust("one-id-7f"), trust(["two-id-7f", "three"], "StringNotEqualsIfExists")),
        (trust("one-id-7f"), trust("one-id-7f", "StringLike")),
        (trust("one-id-7f"), trust("*", "StringLike")),
        (trust("one-id-7f"), trust("true", "Null"), trust("")),
        (trust("abc*", "StringLike"), trust("abc*", "StringNotLike", effect="Deny")),
        (trust("ABC", "StringEqualsIgnoreCase"), trust("ABC", "StringEqualsIgnoreCase")),
    ],
)
def test_whole_ids_and_a_single_pattern_compare_as_the_originals(
    parts: tuple[dict[str, Any], ...],
) -> None:
    assert faithful(*documents(*parts))


@pytest.mark.parametrize(
    "parts",
    [
        (trust("abc*", "StringLike"), trust("abcd", effect="Deny")),
        (trust("abc*", "StringLike"), trust("ab*", "StringNotLike")),
        (trust(["abc*", "abcd"], "StringLike"),),
        (trust("??????", "StringLike"), trust("abcdef")),
        (trust("ABC", "StringEqualsIgnoreCase"), trust("abc")),
        (trust("${aws:username}"), trust("abcdef")),
        (trust("one-id-7f", "StringLike", version="2008-10-17"), trust("two-id-7f")),
        (trust("arn:aws:iam::1:role/x", "ArnLike"),),
        (trust(5, "NumericLessThan"),),
        (
            trust("one-id-7f"),
            {"Statement": {"Condition": {"StringEquals": {"aws:x": "${STS:ExternalId}"}}}},
        ),
    ],
)
def test_where_masks_lose_how_values_lie_a_reduction_must_not_be_claimed(
    parts: tuple[dict[str, Any], ...],
) -> None:
    assert not faithful(*documents(*parts))


def test_a_value_that_is_no_text_names_no_external_id() -> None:
    assert faithful({"Statement": [{"Condition": {"Bool": {"aws:SecureTransport": True}}}]})
