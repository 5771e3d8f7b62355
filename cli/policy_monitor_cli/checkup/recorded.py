"""Whether the ledger is begun, whole and judged, and whether reconcile still runs."""

from collections.abc import Iterator
from datetime import datetime

from policy_monitor.vigilance import looked_within
from policy_monitor_cli.checkup.facts import Records
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning

_REMEDIES = {
    "ledger": "Restore the table to a point in time before, and find out who deleted rows.",
    "judgement": "Read the log of judge; the alarms on errors and iterator age say more.",
}
_GOOD = {
    "ledger": "the ledger holds all {seq:,} facts that it counted",
    "judgement": "{derived:,} of {seq:,} facts are judged",
}
_MISSED_RUNS = 2
_FIRST_RUNS_MINUTES = 60


def record_lines(records: Records, minutes: int, created: str, now: str) -> Iterator[Line]:
    """Baseline, facts, judgement, and the last run of reconcile.

    Parameters
    ----------
    minutes : int
        How many lie between two runs.
    created, now : str
        When the stack was made, and the time; UTC, to the second.
    """
    snapshot = records.snapshot
    if snapshot.genesis is None:
        says = "there is no baseline yet: reconcile has not ended its first run"
        if _minutes(created, now) < _FIRST_RUNS_MINUTES:
            yield warning("baseline", says, f"Wait {minutes} minutes, and run doctor again.")
        else:
            yield failed("baseline", says, "Read the log of reconcile.")
    else:
        days = _minutes(snapshot.genesis.read_at, now) // (24 * 60)
        age = "today" if days == 0 else f"{days:,} {'day' if days == 1 else 'days'} ago"
        yield ok("baseline", f"the baseline was read {snapshot.genesis.read_at}, {age}")
    counts = {"seq": snapshot.seq, "derived": snapshot.derived}
    for sense, found in looked_within(snapshot, records.note).items():
        if found.problem:
            yield failed("ledger", found.problem, _REMEDIES[sense])
        else:
            yield ok("ledger", _GOOD[sense].format(**counts))
    if records.note is None:
        return
    silent = _minutes(records.note.read_at, now)
    says = f"reconcile last read IAM {records.note.read_at}, {silent:,} minutes ago"
    if silent > _MISSED_RUNS * minutes:
        yield failed(
            "reconcile",
            f"{says}; it is to do so every {minutes}",
            "Read its log; see that its schedule is on.",
        )
    else:
        yield ok("reconcile", says)


def _minutes(since: str, now: str) -> int:
    """Whole minutes; 0 where clocks disagree."""
    passed = datetime.fromisoformat(now) - datetime.fromisoformat(since)
    return max(0, int(passed.total_seconds()) // 60)
