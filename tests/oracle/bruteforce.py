"""The comparison by brute force: on a tiny universe, ask the evaluator about every request.

The universe is small enough to be asked in full and rich enough for policies over its alphabet:
every short name and resource, and for each key absence, every short value and every pair of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

from iamdiff.evaluator import evaluate
from iamdiff.model import Access, ContextValue, Request

LETTERS = "abc"
"""Of which patterns use the first two, so that the third stands for all other characters."""


def texts(longest: int, *, shortest: int = 0, letters: str = LETTERS) -> Iterator[str]:
    """Every text of so many letters."""
    for length in range(shortest, longest + 1):
        for each in product(letters, repeat=length):
            yield "".join(each)


def sets(values: Sequence[str]) -> Iterator[ContextValue]:
    """Each value alone, and each pair of values, the same one twice among them."""
    yield from values
    yield from combinations_with_replacement(values, 2)


@dataclass(frozen=True, slots=True)
class Universe:
    """All requests that there are.

    Attributes
    ----------
    keys : Mapping[str, tuple[ContextValue | None, ...]]
        What each key may hold; None: it is absent.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    keys: Mapping[str, tuple[ContextValue | None, ...]]

    def requests(self) -> Iterator[Request]:
        """Every request of the universe."""
        for values in product(*self.keys.values()):
            context = {
                key: value
                for key, value in zip(self.keys, values, strict=True)
                if value is not None
            }
            for action, resource in product(self.actions, self.resources):
                yield Request(action, resource, context=context)


@dataclass(frozen=True, slots=True)
class Difference:
    """Some request that only the new side allows, and some that only the old one does."""

    gained: Request | None
    lost: Request | None


def difference(old: Access, new: Access, requests: Iterable[Request]) -> Difference:
    """Ask both sides about every request."""
    gained = lost = None
    for request in requests:
        then, now = evaluate(old, request), evaluate(new, request)
        if now.allowed and then.refused:
            gained = gained or request
        elif then.allowed and now.refused:
            lost = lost or request
        if gained and lost:
            break
    return Difference(gained, lost)
