"""Baseline, facts and the last run of reconcile; regions; lines of checks that cannot be made."""

from collections.abc import Iterator

import pytest

from policy_monitor.errors import DeniedError, PolicyMonitorError, RetryableError
from policy_monitor.ledger import Genesis, Snapshot
from policy_monitor.notebook import Note
from policy_monitor.state import AccountState
from policy_monitor.vendor_alarm import DOCUMENTED
from policy_monitor_cli.checkup.documented import corrected_of, explanation, filter_lines
from policy_monitor_cli.checkup.facts import MetricFilter, Records
from policy_monitor_cli.checkup.lines import (
    Line,
    Status,
    examined,
    failed,
    grouped,
    ok,
    report_json,
    warning,
    worst,
)
from policy_monitor_cli.checkup.recorded import record_lines
from policy_monitor_cli.checkup.regions import region_lines

OK, WARNING, FAILED = Status.OK, Status.WARNING, Status.FAILED
NOW = "2026-11-22T12:00:00Z"
GENESIS = Genesis("2026-11-20T12:00:00Z", AccountState(complete=True))
NOTE = Note("2026-11-22T11:50:00Z", 1)


def recorded(
    *,
    genesis: Genesis | None = GENESIS,
    seq: int = 1,
    derived: int = 1,
    note: Note | None = NOTE,
    created: str = "2026-11-20T11:00:00Z",
) -> dict[str, tuple[Status, str]]:
    snapshot = Snapshot(seq, derived, genesis, (), {})
    lines = record_lines(Records(snapshot, note), 15, created, NOW)
    return {line.check + line.says[:8]: (line.status, line.says) for line in lines}


def test_a_ledger_in_order_is_ok_with_the_baselines_age() -> None:
    found = recorded()
    assert {status for status, _ in found.values()} == {OK}
    assert any("2 days ago" in says for _, says in found.values())
    assert any("10 minutes ago" in says for _, says in found.values())


@pytest.mark.parametrize(
    ("created", "status"),
    [("2026-11-22T11:30:00Z", WARNING), ("2026-11-22T10:00:00Z", FAILED)],
)
def test_a_baseline_that_is_not_there_may_still_come(created: str, status: Status) -> None:
    found = recorded(genesis=None, seq=0, derived=0, note=None, created=created)
    assert (status, "there is no baseline yet: reconcile has not ended its first run") in (
        found.values()
    )


def test_what_is_recorded_and_not_judged_is_named() -> None:
    assert (FAILED, "of 1 facts only the first 0 are judged") in recorded(derived=0).values()


def test_rows_that_were_deleted_are_named() -> None:
    assert (FAILED, "5 facts were recorded, and 1 are there") in recorded(seq=5).values()


@pytest.mark.parametrize(
    ("read_at", "status"),
    [("2026-11-22T11:31:00Z", OK), ("2026-11-22T11:29:00Z", FAILED)],
)
def test_a_reconcile_that_stopped_is_named(read_at: str, status: Status) -> None:
    found = recorded(note=Note(read_at, 1))
    (line,) = [pair for key, pair in found.items() if key.startswith("reconcile")]
    assert line[0] is status
    assert read_at in line[1]


# ------------------------------------------------------------------------------ regions


@pytest.mark.parametrize(
    ("region", "partition", "status", "said"),
    [
        ("us-east-1", "aws", OK, "is where IAM's events reach EventBridge"),
        ("us-gov-west-1", "aws-us-gov", OK, "is where IAM's events reach EventBridge"),
        ("cn-north-1", "aws-cn", WARNING, "AWS's pages do not say"),
        ("eu-west-1", "aws", FAILED, "they reach EventBridge in us-east-1 alone"),
        ("us-gov-east-1", "aws-us-gov", FAILED, "in us-gov-west-1 alone"),
        ("us-iso-east-1", "aws-iso", FAILED, "is in the partition aws-iso"),
    ],
)
def test_a_region_that_sees_nothing_is_named_with_the_one_that_does(
    region: str, partition: str, status: Status, said: str
) -> None:
    (line,) = region_lines(region, partition)
    assert line.status is status
    assert said in line.says
    assert bool(line.remedy) == (status is not OK)


# ------------------------------------------------------------------------------ documented alarm


def test_a_filter_that_waits_for_what_iam_never_records_is_named() -> None:
    (line,) = filter_lines([MetricFilter("vendors", "trail", DOCUMENTED)])
    assert line.status is WARNING
    assert line.says.startswith("metric filter vendors of trail waits for SetPolicyVersion")
    assert "SetDefaultPolicyVersion and CreatePolicyVersion" in line.remedy


def test_a_filter_that_takes_the_real_events_too_is_ok() -> None:
    mended = DOCUMENTED.replace(
        "SetPolicyVersion)",
        "SetPolicyVersion || $.eventName = SetDefaultPolicyVersion || "
        "$.eventName = CreatePolicyVersion)",
    )
    assert mended != DOCUMENTED
    for filters in ([], [MetricFilter("m", "l", mended)], [MetricFilter("m", "l", "ERROR")]):
        assert [line.status for line in filter_lines(filters)] == [OK]


def test_the_stacks_own_filter_is_held_against_the_corrected_pattern() -> None:
    pattern = corrected_of({"RoleName": "vendor"})
    assert '"vendor"' in pattern
    good = MetricFilter("own", "trail", pattern)
    assert [line.status for line in filter_lines([good], "trail", pattern)] == [OK, OK]
    for other in ([], [MetricFilter("own", "other", pattern)], [MetricFilter("o", "trail", "x")]):
        _, line = filter_lines(other, "trail", pattern)
        assert line.status is FAILED
        assert "has the template's pattern" in line.says


def test_the_difference_from_the_vendors_alarm_is_explained() -> None:
    told = explanation({"RoleName": "vendor"})
    assert told["pattern"] == DOCUMENTED
    assert told["corrected"] == corrected_of({"RoleName": "vendor"})
    assert any("SetDefaultPolicyVersion" in each["calls"] for each in told["not_seen"])
    assert told["seen_by_no_filter"]


# ------------------------------------------------------------------------------ lines


@pytest.mark.parametrize(
    ("error", "status", "said", "remedy"),
    [
        (
            DeniedError("role r: iam:GetRole was denied; allow it", "iam:GetRole"),
            WARNING,
            "it cannot be checked: role r: iam:GetRole was denied",
            "Allow iam:GetRole to whoever runs doctor",
        ),
        (RetryableError("throttled"), WARNING, "cannot be checked just now: throttled", "again"),
        (PolicyMonitorError("broken."), FAILED, "broken", "Mend"),
    ],
)
def test_a_check_that_cannot_be_made_is_a_line_after_those_that_could(
    error: Exception, status: Status, said: str, remedy: str
) -> None:
    def look() -> Iterator[Line]:
        yield ok("c", "first")
        raise error

    first, line = examined("c", look)
    assert first.status is OK
    assert line.status is status
    assert said in line.says
    assert remedy in line.remedy


def test_the_worst_line_is_the_whole_check_ups_status() -> None:
    lines = [ok("a", "x"), warning("b", "y", "Do."), ok("a", "z")]
    assert worst(lines) is WARNING
    assert worst([*lines, failed("c", "w", "Do.")]) is FAILED
    assert worst([]) is OK
    assert [line.says for line in grouped(lines)] == ["x", "z", "y"]
    report = report_json(lines, account="123456789012")
    assert report["counts"] == {"ok": 2, "warning": 1, "failed": 0}
    assert [line["remedy"] for line in report["lines"]] == [None, "Do.", None]
