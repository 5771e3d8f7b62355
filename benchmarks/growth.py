"""How iamdiff's time grows with the size of what it compares.

A role with twenty attached policies of full size; and policies of one shape, doubled again and
again, as to their statements and as to how many are attached. Times hold the parsing of both
sides. The slope is the power of the curve that fits best: n^1 grows as its input does.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement, roles
from benchmarks.comparison import load_catalogue
from benchmarks.measurement import FIGURES, Target, figure, least_ms, rounded, slope, table
from benchmarks.roles import Json, document, full_role, ordinary_statements, text, widened

from iamdiff import Access, Comparison, compare, parse_document
from policy_monitor import catalogue

_ROLE = Target(250, " ms")
_DOUBLING = Target(2.5, "x")
_REPEATS = 5
_SIZES = (10, 20, 40, 80, 160, 320)
_POLICIES = (5, 10, 20, 40)
_NOISE_MS = 2.0
"""Below this, a ratio says more about the machine than about the growth."""

type Side = Sequence[str]
type Shape = Callable[[int], tuple[list[Json], list[Json]]]
"""Both sides' statements, by how many there are."""


def _answer(old: Side, new: Side) -> Comparison:
    sides = [Access(tuple(parse_document(each) for each in side)) for side in (old, new)]
    return compare(*sides, catalogue=catalogue.load())


def _ordinary(size: int) -> tuple[list[Json], list[Json]]:
    statements = ordinary_statements(size)
    return statements, roles.with_every_tenth_changed(statements)


def _one_changed(size: int) -> tuple[list[Json], list[Json]]:
    statements = ordinary_statements(size)
    return statements, [widened(statements[0]), *statements[1:]]


def _everything_new(size: int) -> tuple[list[Json], list[Json]]:
    return [], ordinary_statements(size)


def _one_action(size: int) -> tuple[list[Json], list[Json]]:
    """One action, a bucket a statement; half of them change."""

    def side(suffix: str) -> list[Json]:
        return [
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::bucket-{number}/{suffix if number % 2 else 'all'}/*",
            }
            for number in range(size)
        ]

    return side("old"), side("new")


def _one_action_in_conditions(size: int) -> tuple[list[Json], list[Json]]:
    """One action on everything, a tag's value a statement; one more is added."""
    statements = [
        {
            "Effect": "Deny" if number % 2 else "Allow",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {"StringEquals": {f"aws:PrincipalTag/k{number % 5}": f"v{number}"}},
        }
        for number in range(size + 1)
    ]
    return statements[:-1], statements


_SHAPES: dict[str, Shape] = {
    "ordinary statements, every tenth changed": _ordinary,
    "ordinary statements, one changed": _one_changed,
    "ordinary statements, all new": _everything_new,
    "one action, half of the resources changed": _one_action,
    "one action, one condition more": _one_action_in_conditions,
}


def _role_rows() -> Iterator[list[str]]:
    before = full_role()
    size = sum(len(text(each)) for each in before)
    edited = [document(widened(each["Statement"][0]), *each["Statement"][1:]) for each in before]
    changes: dict[str, tuple[list[Json], list[Json]]] = {
        "one statement of one policy changed": (before, [edited[0], *before[1:]]),
        "one policy detached": (before, before[1:]),
        "a statement of every policy changed": (before, edited),
        "all policies attached": ([], before),
    }
    yield figure("size of the role", size, " characters")
    for name, sides in changes.items():
        old, new = ([text(each) for each in side] for side in sides)
        verdict = _answer(old, new).verdict
        ms = least_ms(_REPEATS, _answer, old, new)
        yield figure(f"{name} ({verdict})", ms, " ms", _ROLE)


def _attached(count: int) -> tuple[Side, Side]:
    """A role with so many policies, of which one in five changes in one statement."""
    before = full_role(count)
    after = [
        document(widened(each["Statement"][0]), *each["Statement"][1:]) if not number % 5 else each
        for number, each in enumerate(before)
    ]
    return list(map(text, before)), list(map(text, after))


def _row(name: str, sizes: Sequence[int], sides: Callable[[int], tuple[Side, Side]]) -> list[str]:
    """The times of one shape, the worst doubling, and the slope."""
    times = []
    verdict = ""
    for size in sizes:
        old, new = sides(size)
        times.append(least_ms(_REPEATS, _answer, old, new))
        verdict = _answer(old, new).verdict
    worst = max(after / before for before, after in pairwise(times) if after > _NOISE_MS)
    return [
        f"{name} ({verdict})",
        *(rounded(each) for each in times),
        slope(sizes, times),
        f"{rounded(worst)}x",
        str(_DOUBLING),
        _DOUBLING.verdict(worst),
    ]


def _statements(make: Shape) -> Callable[[int], tuple[Side, Side]]:
    """Both sides of a shape as texts: a policy each."""

    def sides(size: int) -> tuple[Side, Side]:
        old, new = make(size)
        return [text(document(*old))], [text(document(*new))]

    return sides


def _doubling(what: str, sizes: Sequence[int], rows: Iterable[list[str]]) -> str:
    columns = (*(f"{size}, ms" for size in sizes), "slope", "worst doubling", "target", "met")
    return table((what, *columns), rows)


def report() -> str:
    """The figures as Markdown."""
    shapes = (_row(name, _SIZES, _statements(make)) for name, make in _SHAPES.items())
    attached = _row("policies of 6 KB, one in five changed", _POLICIES, _attached)
    return "\n\n".join(
        [
            table(FIGURES, _role_rows()),
            f"Doubling (ratios of times over {_NOISE_MS:g} ms):",
            _doubling("statements", _SIZES, shapes),
            _doubling("attached policies", _POLICIES, [attached]),
        ]
    )


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    load_catalogue()
    about = " ".join((__doc__ or "").split())
    measurement.publish("growth", "Growth", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
