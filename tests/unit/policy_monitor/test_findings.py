"""What a finding says of itself."""

import pytest
from tests.contract.ledgers import a_finding


@pytest.mark.parametrize(
    ("codes", "contradicted"),
    [((), False), (("no-baseline",), False), (("no-baseline", "unconfirmed"), True)],
)
def test_a_finding_tells_where_iamdiff_contradicts_itself(
    codes: tuple[str, ...], contradicted: bool
) -> None:
    comparison = {"undetermined": [{"code": code, "sentence": "."} for code in codes]}
    assert a_finding(1, comparison=comparison).contradicted is contradicted
    assert not a_finding(1, comparison={}).contradicted
