import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_monitor.messages.text import Name, cut, listed, name, plain, sentence, visible


@given(st.text())
def test_visible_text_is_printable_and_on_one_line(text: str) -> None:
    assert visible(text).isprintable()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_ascii_text_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a<U+202E>b"),
        ("a\u200bb", "a<U+200B>b"),
        ("a\nb", "a<U+000A>b"),
        ("a\x00b", "a<U+0000>b"),
        ("\ud800", "<U+D800>"),
        ("grüße", "grüße"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_hidden_characters_show_as_their_codes(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(max_size=400), st.integers(2, 300))
def test_a_cut_text_is_never_too_long(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit


def test_a_cut_says_how_much_is_missing() -> None:
    assert cut("a" * 100, 40) == "a" * 17 + "… (83 more characters)"


@given(st.text(min_size=1), st.integers(10, 200))
def test_a_name_is_never_too_long_and_never_hidden(text: str, limit: int) -> None:
    shown = name(text, limit).text
    assert 0 < len(shown) <= limit
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3:GetObject ", "s3:GetObject<U+0020>"),
        (" x", "<U+0020>x"),
        ("  ", "<U+0020><U+0020>"),
        ("a b", "a b"),
        ("", "(empty)"),
    ],
)
def test_blanks_at_the_ends_of_a_name_show(text: str, shown: str) -> None:
    assert name(text) == Name(shown)


@pytest.mark.parametrize(
    ("names", "total", "text"),
    [
        ([], 0, ""),
        (["a"], 1, "a"),
        (["a", "b"], 2, "a and b"),
        (["a", "b", "c"], 3, "a, b and c"),
        (["a", "b", "c", "d"], 4, "a, b, c and 1 more"),
        (["a", "b"], 5_000, "a, b and 4,998 more"),
    ],
)
def test_a_list_names_some_and_counts_the_rest(names: list[str], total: int, text: str) -> None:
    assert plain(listed(names, total, 3)) == text


def test_a_name_as_long_as_a_document_is_cut_with_its_count() -> None:
    assert name("a" * 150_000, 40).text == "a" * 13 + "… (149,987 more characters)"


def test_a_code_is_never_torn_by_a_cut() -> None:
    for limit in range(30, 80):
        assert re.fullmatch(
            "(<U[+]202E>)*… [(][0-9]+ more characters[)]", name("\u202e" * 90, limit).text
        )


def test_a_sentence_is_visible_and_cut() -> None:
    assert sentence("  a\tb  ") == "a<U+0009>b"
    assert len(sentence("a" * 9_000)) == 800
