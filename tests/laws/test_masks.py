"""What a comparison of masked documents says holds for the documents themselves."""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from policy_monitor.masks import faithful, mask, readable

KEY = b"the stack's own secret"
OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]

IDS = st.text("ab", min_size=1, max_size=2)
PATTERNS = st.text("ab*?", min_size=1, max_size=3)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    operator = draw(st.sampled_from(OPERATORS))
    values = draw(st.lists(PATTERNS if "Like" in operator else IDS, min_size=1, max_size=2))
    return {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        "Condition": {operator: {"sts:ExternalId": values}},
    }


DOCUMENTS = st.builds(
    lambda parts: {"Version": "2012-10-17", "Statement": parts},
    st.lists(statements(), min_size=1, max_size=3),
)


def matches(value: str, text: str, *, like: bool) -> bool:
    if not like:
        return value == text
    pieces = re.split(r"(\$\{\*\}|\*|\?)", value)
    meaning = {"${*}": r"\*", "*": ".*", "?": "."}
    return re.fullmatch("".join(meaning.get(p, re.escape(p)) for p in pieces), text) is not None


def allows(document: dict[str, Any], text: str) -> bool:
    """A direct reading of the documents made here, for one external id."""

    def holds(statement: dict[str, Any]) -> bool:
        ((operator, keys),) = statement["Condition"].items()
        like = operator.endswith("Like")
        some = any(matches(value, text, like=like) for value in keys["sts:ExternalId"])
        return some != ("Not" in operator)

    held = {statement["Effect"] for statement in document["Statement"] if holds(statement)}
    return held == {"Allow"}


def verdict(old: dict[str, Any], new: dict[str, Any], ids: Iterable[str]) -> tuple[bool, bool]:
    """Whether some id is gained, and some lost."""
    pairs = {(allows(old, text), allows(new, text)) for text in ids}
    return (False, True) in pairs, (True, False) in pairs


def values(*documents: dict[str, Any]) -> Sequence[str]:
    return [
        value
        for document in documents
        for statement in document["Statement"]
        for keys in statement["Condition"].values()
        for value in keys["sts:ExternalId"]
    ]


def every_short_id() -> list[str]:
    return ["".join(letters) for size in range(6) for letters in product("abz", repeat=size)]


def telling_masked_ids(*documents: dict[str, Any]) -> list[str]:
    """Masked ids, and texts that match a pattern, or none."""
    unescaped = [value.replace("${*}", "\0") for value in values(*documents)]
    texts = [v.replace("*", filler).replace("?", "z") for v in unescaped for filler in ("", "z")]
    return ["z", "", *(text.replace("\0", "*") for text in texts), *values(*documents)]


@settings(max_examples=600)
@given(DOCUMENTS, DOCUMENTS)
def test_a_faithful_comparison_of_masks_decides_as_one_of_the_originals(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    masked_old, masked_new = mask(old, KEY), mask(new, KEY)
    masked_ids = telling_masked_ids(masked_old, masked_new)

    event("faithful" if faithful(masked_old, masked_new) else "not faithful")
    if faithful(masked_old, masked_new):
        assert verdict(masked_old, masked_new, masked_ids) == verdict(old, new, every_short_id())


def test_the_law_is_needed_a_mask_can_hide_a_gain_and_then_says_so() -> None:
    allow = {"Effect": "Allow", "Condition": {"StringLike": {"sts:ExternalId": ["ab*"]}}}
    deny = {"Effect": "Deny", "Condition": {"StringEquals": {"sts:ExternalId": ["abb"]}}}
    old = {"Version": "2012-10-17", "Statement": [allow, deny]}
    new = {"Version": "2012-10-17", "Statement": [allow]}
    masked_old, masked_new = mask(old, KEY), mask(new, KEY)

    assert verdict(old, new, every_short_id()) == (True, False)
    assert verdict(masked_old, masked_new, telling_masked_ids(masked_old, masked_new)) == (
        False,
        False,
    )
    assert not faithful(masked_old, masked_new)


ANY_TEXT = st.text(min_size=1, max_size=6)


@given(ANY_TEXT, ANY_TEXT, st.sampled_from([*OPERATORS, "Null", "ArnLike", "Nonsense", ""]))
def test_a_planted_secret_is_never_to_be_read(before: str, after: str, operator: str) -> None:
    secret = "Pl4nted-s3cret"
    value = f"{before}{secret}{after}"
    document = {"Version": "2012-10-17", "Statement": {operator: {"sts:ExternalId": [value]}}}

    masked = mask(document, KEY)

    assert secret not in json.dumps(masked, ensure_ascii=False)
    assert not re.search("#[0-9a-f]{32}", json.dumps(readable(masked)))


@given(st.lists(st.text(max_size=8), min_size=2, max_size=2, unique=True))
def test_different_ids_have_different_masks(ids: list[str]) -> None:
    one, other = (
        mask({"Statement": {"StringEquals": {"sts:ExternalId": text}}}, KEY) for text in ids
    )

    assert one != other
