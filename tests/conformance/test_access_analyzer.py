"""AWS's own labelled cases of CheckNoNewAccess, answered by a stand-in as AWS labelled them."""

from typing import Any

from tests.conformance.records import rows, sides
from tests.histories import POLICY, SETTINGS, Shelf, genesis, managed, mutation, role

from iamdiff import compare, comparison_json
from policy_monitor import catalogue
from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.judgement import judge
from policy_monitor.mutations import VersionCreated
from policy_monitor.opinions import Check, Opinion, PolicyType, Result, pair_of, words
from policy_monitor_cli.opinions import with_second_opinion

CASES = "check_no_new_access"


class Labels:
    """Access Analyzer that knows AWS's labels, and answers nothing else."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.answers = 0

    def learn(self, row: dict[str, Any]) -> None:
        pair = pair_of([row["old"]], [row["new"]], KINDS[row["type"]])
        assert not isinstance(pair, str), row["id"]
        assert pair.gained.policy_type == row["type"]
        assert self.labels.setdefault(pair.gained.key, row["expected"]) == row["expected"]

    def ask(self, check: Check) -> Opinion | None:
        if check.key not in self.labels:
            return None
        self.answers += 1
        return Opinion(check.key, Result(self.labels[check.key]))


KINDS = {PolicyType.IDENTITY.value: "identity", PolicyType.RESOURCE.value: "resource"}


def test_aws_s_labels_are_no_disagreement() -> None:
    labels = Labels()
    for row in rows(CASES):
        labels.learn(row)
    for row in rows(CASES):
        before = labels.answers
        kind = KINDS[row["type"]]
        old, new = sides(row)
        comparison = comparison_json(compare(old, new, kind=kind))
        found = with_second_opinion(comparison, row["old"], row["new"], kind, labels)
        assert labels.answers == before + 1, row["id"]
        assert found["verdict"] != "undetermined", (row["id"], words(found))
        assert found["second_opinion"]["gained"] == row["expected"]
    assert labels.answers == 93


def test_aws_s_labels_are_no_disagreement_where_policies_are_judged() -> None:
    shelf, labels = Shelf(), Labels()
    cases = [row for row in rows(CASES) if row["type"] == PolicyType.IDENTITY][::4]
    verdicts = []
    for row in cases:
        labels.learn(row)
        ledger = MemoryLedger()
        base = genesis(role(attached=frozenset({POLICY})), managed(POLICY, shelf(row["old"])))
        ledger.put_genesis(base, shelf.documents)
        change = VersionCreated(POLICY, "v2", shelf(row["new"]), default=True)
        ledger.append(mutation("e1", change), shelf.documents)
        judged = judge(ledger, SETTINGS, catalogue.load(), analyzer=labels)
        verdicts += [f.verdict for f in judged.recorded if f.kind == "change"]
    assert len(verdicts) == 2 * len(cases) > 40
    assert "undetermined" not in verdicts
