"""Whether two patterns have a text in common, against every short text there is."""

from itertools import product

from iamdiff.globs import globs_meet, matcher

_TEXTS = ["".join(each) for length in range(7) for each in product("abc", repeat=length)]
_PATTERNS = ["".join(each) for length in range(4) for each in product("ab*?", repeat=length)]


def test_patterns_meet_exactly_where_some_text_matches_both() -> None:
    matched = {
        pattern: {text for text in _TEXTS if matcher(pattern)(text)} for pattern in _PATTERNS
    }
    wrong = [
        (one, other)
        for one, other in product(_PATTERNS, repeat=2)
        if globs_meet(one, other) is not bool(matched[one] & matched[other])
    ]
    assert wrong == []


def test_parts_between_stars_stand_in_order_in_what_has_no_star() -> None:
    assert globs_meet("a*b*c", "a?b?c")
    assert globs_meet("a*bb*c", "a??b?c")
    assert not globs_meet("a*bc*bc*c", "a?bc?c")
    assert not globs_meet("ab*ba", "a?a")
