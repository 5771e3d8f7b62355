from collections.abc import Mapping
from typing import Any

from tests.histories import ROLE, ROLE_ARN, SETTINGS, allow, trust

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.reconciliation import record_baseline

DETAILS = {
    "RoleDetailList": [
        {
            "RoleName": ROLE,
            "Arn": ROLE_ARN,
            "AssumeRolePolicyDocument": trust(),
            "RolePolicyList": [{"PolicyName": "i", "PolicyDocument": allow("s3:*")}],
        }
    ],
    "Policies": [],
}


def test_the_first_run_records_what_iam_holds() -> None:
    ledger = MemoryLedger()
    genesis = record_baseline(
        ledger, MemoryIam(DETAILS), SETTINGS, b"key", lambda: "2026-11-22T06:00:00Z"
    )
    assert genesis is not None
    assert genesis == ledger.snapshot().genesis
    assert genesis.read_at == "2026-11-22T06:00:00Z"
    role = genesis.state.roles[ROLE]
    assert len(ledger.documents([role.trust or "", role.inline["i"] or ""])) == 2


def test_the_baseline_is_never_replaced_nor_read_again() -> None:
    ledger = MemoryLedger()
    record_baseline(ledger, MemoryIam(DETAILS), SETTINGS, b"key", lambda: "2026-11-22T06:00:00Z")
    first = ledger.snapshot()
    nobody = MemoryIam()  # would raise: it has no lists
    assert record_baseline(ledger, nobody, SETTINGS, b"key", lambda: "later") is None
    assert ledger.snapshot() == first


def test_the_time_is_asked_after_iam_has_answered() -> None:
    asked = []

    class Iam(MemoryIam):
        def authorization_details(self, roles: tuple[str, ...] | None = None) -> Mapping[str, Any]:
            asked.append("iam")
            return super().authorization_details(roles)

    def now() -> str:
        asked.append("time")
        return "2026-11-22T06:00:00Z"

    record_baseline(MemoryLedger(), Iam(DETAILS), SETTINGS, b"key", now)
    assert asked == ["iam", "time"]
