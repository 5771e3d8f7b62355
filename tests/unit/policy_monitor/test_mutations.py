from itertools import permutations
from typing import Any, get_args

import pytest

from policy_monitor.mutations import Change

_CHANGES: tuple[Any, ...] = get_args(Change.__value__)


@pytest.mark.parametrize("size", sorted({len(change._fields) for change in _CHANGES}))
def test_a_change_equals_none_of_another_sort_with_the_same_members(size: int) -> None:
    members = ("member",) * size
    alike = [change for change in _CHANGES if len(change._fields) == size]
    assert {change(*members) for change in alike} == {change(*members) for change in alike}
    assert len({change(*members) for change in alike}) == len(alike)
    for one, other in permutations(alike, 2):
        assert one(*members) != other(*members)
        assert (one(*members),) != (other(*members),)
