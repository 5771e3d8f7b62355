"""Real pairs of policies, and pairs that other people labelled."""

from collections import Counter
from typing import Any

import pytest
from tests.conformance.records import rows, sides

from iamdiff import Comparison, Grant, Request, Verdict, compare, evaluate, likely_kind
from policy_monitor import catalogue

MOST_UNDETERMINED = 0.005
GAINS = (Verdict.EXPANSION, Verdict.MIXED)
NO_GAIN = (Verdict.EQUIVALENT, Verdict.REDUCTION)

# Labels that a request refutes: by row, the request that decides it. The label says that only
# something is gained; but the old side allows this request, and the new one does not.
REFUTED = {
    "quacky-iam-240": ("iam:PutRolePolicy", "arn:aws:iam::$account:role/other"),
    "quacky-iam-242": ("iam:PutRolePolicy", "arn:aws:iam::$account:role/other"),
}


def compared(row: dict[str, Any]) -> Comparison:
    """Compare a row's sides, and confirm every witness."""
    old, new = sides(row)
    kind = likely_kind((*old.identity, *new.identity))
    comparison = compare(old, new, kind=kind, catalogue=catalogue.load())
    for grants, here, there in ((comparison.gained, new, old), (comparison.lost, old, new)):
        for grant in grants:
            assert evaluate(here, grant.witness, kind=kind).allowed, (row["id"], grant.witness)
            assert evaluate(there, grant.witness, kind=kind).refused, (row["id"], grant.witness)
    return comparison


def shown(grants: tuple[Grant, ...]) -> list[tuple[str, str]]:
    return [(grant.witness.action, grant.witness.resource) for grant in grants]


def test_every_pair_of_real_versions_is_decided_with_confirmed_witnesses() -> None:
    undetermined = {}
    verdicts: Counter[str] = Counter()
    pairs = rows("managed_policy_versions")
    for row in pairs:
        comparison = compared(row)
        verdicts[comparison.verdict] += 1
        match comparison.verdict:
            case Verdict.UNDETERMINED:
                undetermined[row["id"]] = comparison.undetermined
            case verdict:
                assert bool(comparison.gained) is (verdict in GAINS), row["id"]
                assert bool(comparison.lost) is (verdict in (Verdict.REDUCTION, Verdict.MIXED)), (
                    row["id"]
                )
    assert len(undetermined) <= MOST_UNDETERMINED * len(pairs), undetermined
    assert all(verdicts[verdict] for verdict in (*GAINS, *NO_GAIN))


def test_a_real_pair_the_other_way_round_has_the_mirrored_verdict() -> None:
    mirror = {
        Verdict.EXPANSION: Verdict.REDUCTION,
        Verdict.REDUCTION: Verdict.EXPANSION,
    }
    for row in rows("managed_policy_versions")[::25]:
        forth = compared(row).verdict
        back = compared({**row, "old": row["new"], "new": row["old"]}).verdict
        assert back == mirror.get(forth, forth), row["id"]


def test_every_reordering_is_equivalent() -> None:
    for row in rows("managed_policy_reorderings"):
        comparison = compared(row)
        assert comparison.verdict is Verdict.EQUIVALENT, (row["id"], comparison)


def test_aws_s_labels_of_new_access_are_met() -> None:
    for row in rows("check_no_new_access"):
        comparison = compared(row)
        expected = {"PASS": NO_GAIN, "FAIL": GAINS}[row["expected"]]
        assert comparison.verdict in expected, (row["id"], shown(comparison.gained), comparison)


def test_labels_of_mutated_policies_are_met_or_refuted_by_a_request() -> None:
    for row in rows("quacky_mutations"):
        comparison = compared(row)
        if row["id"] in REFUTED:
            continue
        assert comparison.verdict == row["expected"], (row["id"], comparison)


@pytest.mark.parametrize("name", REFUTED)
def test_a_refuted_label_is_refuted_by_its_request(name: str) -> None:
    row = next(row for row in rows("quacky_mutations") if row["id"] == name)
    old, new = sides(row)
    action, resource = REFUTED[name]
    asked = Request(action, resource)
    assert row["expected"] == "expansion"
    assert evaluate(old, asked).allowed
    assert evaluate(new, asked).refused
