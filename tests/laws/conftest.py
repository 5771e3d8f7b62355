"""What the laws of histories need not do again."""

from collections.abc import Iterator
from functools import cache

import pytest

from iamdiff import compare
from policy_monitor import comparisons


@pytest.fixture(autouse=True, scope="module")
def _each_pair_is_compared_once() -> Iterator[None]:
    """Histories are made of the same few documents; what is compared tells all of the answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparisons, "compare", cache(compare))
        yield
