"""docs/costs.md counts what the template holds, and a quiet account costs what was promised."""

import re

import pytest
from benchmarks.costs import PAGE, alarm_metrics, deployed, standing

TEXT = PAGE.read_text("utf-8")
PROMISED = 4.0


def test_what_is_there_all_the_time_is_counted_as_the_template_has_it() -> None:
    rows = [
        f"| {use.service} | {use.quantity:g} | {use.dollars:.2f} |" for use in standing(deployed())
    ]
    assert rows
    missing = [row for row in rows if row not in TEXT]
    assert not missing, "python benchmarks/costs.py --write counts anew"


@pytest.mark.parametrize(
    "parameter", [{"TrailLogGroupName": "trail"}, {"ReportBucket": "audit"}], ids=str
)
def test_what_is_not_in_it_is_one_metric_of_an_alarm_more(parameter: dict[str, str]) -> None:
    assert alarm_metrics(deployed(**parameter)) == alarm_metrics(deployed()) + 1


def test_an_account_with_a_few_changes_a_day_costs_less_than_was_promised() -> None:
    (header,) = re.findall(r"^\| dollars a month \| (.*) \|$", TEXT, re.MULTILINE)
    (totals,) = re.findall(r"^\| \*\*together\*\* \| (.*) \|$", TEXT, re.MULTILINE)
    dollars = dict(zip(header.split(" | "), totals.replace("*", "").split(" | "), strict=True))
    assert float(dollars["0 a day"]) < PROMISED
    assert float(dollars["10 a day"]) < PROMISED
