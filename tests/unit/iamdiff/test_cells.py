"""The classes into which patterns split all strings."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from iamdiff.budget import Budget
from iamdiff.cells import cells
from iamdiff.globs import Reading, matcher, reader


def split(patterns: Sequence[str], **options: Any) -> dict[int, str]:
    found = cells(patterns, budget=Budget(), **options)
    assert len({mask for mask, _ in found}) == len(found)
    return dict(found)


def test_an_example_of_a_pattern_is_none_of_the_names_beside_it() -> None:
    found = split(("?", "x", "y"))
    assert found[0b11] == "x"
    assert found[0b101] == "y"
    assert found[0b1] not in {"x", "y"}
    assert len(found[0b1]) == 1


def test_a_pattern_that_names_use_up_has_no_class_of_its_own() -> None:
    assert split(("?", "x", "y"), characters="xy").keys() == {0b11, 0b101, 0}


@pytest.mark.parametrize("patterns", [("x?",), ("x*",)])
def test_what_is_to_be_avoided_is_no_example(patterns: Sequence[str]) -> None:
    first = split(patterns)[1]
    assert split(patterns, avoid=[first])[1] != first


def test_where_all_is_to_be_avoided_there_is_no_class() -> None:
    assert split(("x?",), characters="xy", avoid=["xx", "xy"]).keys() == {0}


def test_only_classes_of_interest_are_wanted() -> None:
    assert split(("a*", "b*", "?b"), interest=0b10).keys() == {0b10, 0b110}
    assert split(("a?", "b?", "a*"), classes=(0, 0, 1), interest=0b1).keys() == {0b01, 0b11}


def test_the_empty_string_may_be_no_string() -> None:
    assert split(("",)).keys() == {0, 1}
    assert split(("",), empty=False).keys() == {0}
    assert split(("?*",)).keys() == {0, 1}
    assert split(("?*",), empty=False).keys() == {1}


def test_patterns_of_one_class_that_match_at_once_are_that_class() -> None:
    assert split(("*a*", "*?a*", "?a"), classes=(0, 0, 1)).keys() == {0b00, 0b01, 0b11}


SAMPLES = ("", *("".join(each) for n in (1, 2, 3, 4) for each in product("xyb", repeat=n)))


@pytest.mark.parametrize(
    "patterns",
    [
        *[("x*", "y*", "yx*"), ("y*", "yx*", "yy*"), ("y*", "yx*", "yxx*", "b*", "*")],
        *[("*x", "x*", "y"), ("?x*", "x?", "xx", "*y*"), ("x*y", "*x*", "y*x", "yx?")],
        *[("*", "x"), ("?", "??", "x*"), ("**y", "*y*y", "y**")],
        *[("X*", "x*"), ("x", "x", "x*"), ("?x", "?x", "y")],
    ],
)
def test_each_class_and_no_other_is_found_and_its_example_is_one_of_it(
    patterns: Sequence[str],
) -> None:
    def mask_of(text: str) -> int:
        return sum(1 << place for place, each in enumerate(patterns) if matcher(each)(text))

    found = split(patterns)
    assert found.keys() >= {*map(mask_of, SAMPLES)}
    assert found == {mask_of(text): text for text in found.values()}


@pytest.mark.parametrize(
    ("arns", "others"),
    [
        (("arn:aws:s?:::x", "arn:*:*:*:*:a*"), ("arn:aws:s?:::x", "*a")),
        (("arn:aws:s?:::x",), ("arn:aws:s?:::x",)),
        (("arn:*:*:*:*:a*",), ("*a:z",)),
        (("*",), ("*a:z",)),
        (("arn:a:b*",), ("a*",)),
        (("arn:*:s:*:*:a",), ("?rn:a:b:s:c:d:e:a",)),
        (("arn:*:*:*:*:x",), (":*", "?a?")),
    ],
)
def test_patterns_of_arns_are_read_by_fields_beside_others(
    arns: Sequence[str], others: Sequence[str]
) -> None:
    readings = [Reading.ARN] * len(arns) + [Reading.PLAIN] * len(others)
    read = [*zip((*arns, *others), readings, strict=True)]

    def mask_of(text: str) -> int:
        return sum(1 << place for place, each in enumerate(read) if reader(*each)(text))

    found = split((*arns, *others), readings=readings)
    samples = (
        *("arn:aws:s3:::x", "arn:aws:s::::x", "arn:a:b:c:d:a", "arn:a:b:c:d:ab", "arn:a:a"),
        *("arn:a:b:c:d:a:z", "a:z", "", "arn:a:b:c:d:x", "arn:a:s:b:c:a", "arn:a:b:s:c:d:e:a"),
        *(":", ":ax", "bab", "arn:a:b:c:d"),
    )
    assert found.keys() == {*map(mask_of, samples)}
    assert found == {mask_of(text): text for text in found.values()}


def test_where_names_take_all_short_strings_there_are_longer_ones() -> None:
    named = ["x", "y", "xxxx", "yyyy"]
    found = split(named, characters="xy", empty=False)
    assert found[0] not in named


NEAR = ["ax", "ay"]
LONG = ["axxxx", "ayyyy"]


@pytest.mark.parametrize("taken", [NEAR, [*NEAR, *LONG], [*NEAR, *LONG, "a"]])
def test_an_example_is_found_however_many_near_ones_are_taken(taken: Sequence[str]) -> None:
    for options in ({"avoid": taken}, {}):
        patterns = ("a*",) if options else ("a*", *taken)
        found = split(patterns, characters="xy", **options)
        assert found[1].startswith("a")
        assert found[1] not in taken
        assert not found[0].startswith("a")


def test_the_empty_string_is_an_example_where_it_alone_is_left() -> None:
    taken = ["x", "xxxx"]
    assert split(("y*",), characters="x", avoid=taken)[0] == ""
    assert split(("y*",), characters="x", avoid=taken, empty=False)[0] == "xx"
