"""What a stack costs a month, from the calls that its functions make and public prices.

What is there all the time is counted in the template; what a change and a run of reconcile use is
what benchmarks/events.py counts; what neither tells is an assumption, each in a row of its own.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.calls import Work
from benchmarks.comparison import load_catalogue
from benchmarks.events import quiet_reconcile, through_handlers
from benchmarks.measurement import ROOT, table

from policy_monitor_cli.template import Template, load_template

PAGE = ROOT / "docs" / "costs.md"
PRICED = "June 2026"
"""How recent the copies of the price pages are: us-east-1, without any free tier."""

DAYS, HOURS = 30, 730
CHANGES_A_DAY = (0, 3, 10, 1_000)


class Price(NamedTuple):
    """Dollars for one of a thing, and the page that says so."""

    dollars: float
    unit: str
    page: str


PRICES: Mapping[str, Price] = {
    "key": Price(1.0, "key and month", "AWS KMS pricing"),
    "key request": Price(0.03 / 10_000, "request", "AWS KMS pricing"),
    "secret": Price(0.40, "secret and month", "AWS Secrets Manager pricing"),
    "alarm metric": Price(0.10, "metric of an alarm and month", "Amazon CloudWatch pricing"),
    "custom metric": Price(0.30, "metric and month, by the hour", "Amazon CloudWatch pricing"),
    "log": Price(0.50 + 0.03 * 13, "GB taken in, and kept 400 days", "Amazon CloudWatch pricing"),
    "function request": Price(0.20 / 1_000_000, "request", "AWS Lambda pricing"),
    "function time": Price(0.0000133334, "GB-second on arm64", "AWS Lambda pricing"),
    "read": Price(0.125 / 1_000_000, "read request unit", "Amazon DynamoDB pricing"),
    "write": Price(0.625 / 1_000_000, "write request unit", "Amazon DynamoDB pricing"),
    "table": Price(0.25 + 0.20, "GB and month, with its backups", "Amazon DynamoDB pricing"),
    "publication": Price(0.50 / 1_000_000, "request", "Amazon SNS pricing"),
    "e-mail": Price(2.00 / 100_000, "e-mail", "Amazon SNS pricing"),
    "archive": Price(
        0.10 + 0.023 * 13, "GB taken in, and kept 400 days", "Amazon EventBridge pricing"
    ),
}

ASSUMED: Mapping[str, float] = {
    "seconds that a call of AWS takes": 0.03,
    "seconds of processor, on a whole one, that a cold start takes": 1.2,
    "share of a day's changes that come to a cold function": 1.0,
    "read request units that a read takes": 10.0,
    "write request units that a write takes": 20.0,
    "key requests that an invocation makes": 3.0,
    "kilobytes that an invocation logs": 2.0,
    "kilobytes of an event": 6.0,
    "kilobytes that a change leaves in the ledger": 40.0,
    "alarm messages and digests a month": 10.0,
}

MEMORY = (256, 512, 1_024, 1_769)

WHOLE_PROCESSOR = 1_769
"""Megabytes at which a function has one processor (Lambda Developer Guide, "Configure Lambda
function memory")."""

_WRITES = ("Put", "Update", "Transact")
_ALWAYS = 1
"""Custom metrics of reconcile in a month in which all is well: BlindSenses."""
_WITH_CHANGES = 2
"""Those that come with a change: UnjudgedFacts, UnreadableEvents."""


class Use(NamedTuple):
    """How much of what is paid for."""

    service: str
    price: str
    quantity: float

    @property
    def dollars(self) -> float:
        """What it costs."""
        return self.quantity * PRICES[self.price].dollars


def standing(template: Template) -> Iterator[Use]:
    """What a stack costs by being there."""
    yield Use("KMS", "key", len(template.of_type("AWS::KMS::Key")))
    yield Use("Secrets Manager", "secret", len(template.of_type("AWS::SecretsManager::Secret")))
    yield Use("CloudWatch alarms", "alarm metric", alarm_metrics(template))
    yield Use("CloudWatch metrics", "custom metric", _ALWAYS)


def alarm_metrics(template: Template) -> int:
    """The metrics that alarms look at: each is paid for, also those of one expression."""
    return sum(
        sum("MetricStat" in metric for metric in alarm.properties.get("Metrics", [])) or 1
        for alarm in template.of_type("AWS::CloudWatch::Alarm")
    )


def invoked(
    template: Template, function: str, work: Work, times: float, cold: float
) -> Iterator[Use]:
    """What a function's invocations cost.

    Parameters
    ----------
    times : float
        Invocations a month.
    cold : float
        The share of them that begin with a start.
    """
    megabytes = template.functions[f"{function.title()}Function"].memory_size
    gigabytes = megabytes / 1_024
    yield Use("Lambda", "function request", times)
    yield Use("Lambda", "function time", times * seconds(work, megabytes, cold) * gigabytes)
    yield Use("KMS", "key request", times * ASSUMED["key requests that an invocation makes"])
    yield Use("CloudWatch logs", "log", times * ASSUMED["kilobytes that an invocation logs"] / 1e6)
    table_calls = Counter(
        {call: n for call, n in work.calls.items() if call.startswith("dynamodb:")}
    )
    writes = sum(n for call, n in table_calls.items() if call.split(":")[1].startswith(_WRITES))
    reads = table_calls.total() - writes
    yield Use("DynamoDB", "read", times * reads * ASSUMED["read request units that a read takes"])
    yield Use(
        "DynamoDB", "write", times * writes * ASSUMED["write request units that a write takes"]
    )
    yield Use("SNS", "publication", times * work.calls["sns:Publish"])
    yield Use("SNS", "e-mail", times * work.calls["sns:Publish"])


def seconds(work: Work, megabytes: int, cold: float) -> float:
    """How long an invocation takes: its own time in the share of a processor that it has."""
    starting = ASSUMED["seconds of processor, on a whole one, that a cold start takes"]
    slowness = max(1.0, WHOLE_PROCESSOR / megabytes)
    waiting = work.calls.total() * ASSUMED["seconds that a call of AWS takes"]
    return waiting + (work.ms / 1_000 + cold * starting) * slowness


def by_memory(change: Mapping[str, Work], quiet: Work) -> str:
    """What more memory brings and costs: a change told by cold functions, a run of reconcile."""
    price = PRICES["function time"].dollars
    rows = []
    for megabytes in MEMORY:
        chain = sum(seconds(work, megabytes, cold=1) for work in change.values())
        run = seconds(quiet, megabytes, cold=1)
        each = price * megabytes / 1_024
        rows.append(
            [
                f"{megabytes:,} MB",
                *(f"{chain:.1f} s", f"{1_000 * chain * each:.2f}"),
                *(f"{run:.1f} s", f"{1_000 * run * each:.2f}"),
            ]
        )
    header = ("memory", "a change, until told", "dollars for 1,000", "a run of reconcile")
    return table((*header, "dollars for 1,000"), rows)


def a_month(
    template: Template, change: Mapping[str, Work], quiet: Work, changes: float
) -> Iterator[Use]:
    """All that a month with so many changes a day costs."""
    yield from standing(template)
    yield Use("SNS", "e-mail", ASSUMED["alarm messages and digests a month"])
    runs = HOURS * 60 / int(template.parameters["ReconcileMinutes"])
    yield from invoked(template, "reconcile", quiet, runs, cold=1.0)
    if not changes:
        return
    times = changes * DAYS
    cold = ASSUMED["share of a day's changes that come to a cold function"]
    for function, work in change.items():
        yield from invoked(template, function, work, times, cold)
    busy_hours = 1 - (1 - 1 / 24) ** changes
    yield Use("CloudWatch metrics", "custom metric", _WITH_CHANGES * busy_hours)
    yield Use("EventBridge", "archive", times * ASSUMED["kilobytes of an event"] / 1e6)
    grown = times * ASSUMED["kilobytes that a change leaves in the ledger"] / 1e6
    yield Use("DynamoDB", "table", grown * 12)


def counted() -> tuple[Mapping[str, Work], Work]:
    """The calls of a change, each function's the greatest of those shown, and of a quiet run."""
    load_catalogue()
    most: dict[str, Work] = {}
    for name, works in through_handlers():
        if name.startswith("once"):
            continue
        for function, work in works.items():
            if work.invocations and work.calls.total() > most.get(function, Work()).calls.total():
                most[function] = work
    return most, quiet_reconcile()["reconcile"]


def deployed(**parameters: str) -> Template:
    """The template as it is deployed with e-mail and Slack, and other parameters."""
    given = {"EmailAddress": "security@example.com", "SlackWebhook": "/policy-monitor/webhook"}
    return load_template(ROOT / "template.yaml", given | parameters)


def bill(months: Mapping[int, Sequence[Use]]) -> str:
    """Dollars by service, a column a number of changes."""
    services = dict.fromkeys(use.service for uses in months.values() for use in uses)
    rows = [
        [
            service,
            *(
                f"{sum(u.dollars for u in uses if u.service == service):.2f}"
                for uses in months.values()
            ),
        ]
        for service in services
    ]
    total = [
        "**together**",
        *(f"**{sum(u.dollars for u in uses):.2f}**" for uses in months.values()),
    ]
    return table(["dollars a month", *(f"{each:,} a day" for each in months)], [*rows, total])


def page() -> str:
    """docs/costs.md."""
    template = deployed()
    change, quiet = counted()
    months = {n: list(a_month(template, change, quiet, n)) for n in CHANGES_A_DAY}
    always = [[u.service, f"{u.quantity:g}", f"{u.dollars:.2f}"] for u in standing(template)]
    memory = by_memory(change, quiet)
    prices = [
        [name, f"{price.dollars:.10f}".rstrip("0").rstrip("."), price.unit, price.page]
        for name, price in PRICES.items()
    ]
    assumptions = [[f"{value:g}", name] for name, value in ASSUMED.items()]
    return f"""# Costs

Dollars a month at list price in us-east-1, without any free tier, for an account with so many
changes of what is watched a day. Made by `python benchmarks/costs.py --write` from the calls that
[benchmarks](benchmarks.md#events) count, and from copies of AWS's price pages, the newest of
{PRICED}: check what has changed since.

{bill(months)}

A thousand changes a day is no account's life; it is there to show that nothing explodes. With a key
of your own (`KeyArn`) a dollar less. A key that the stack makes is rotated once a year, and each of
the first two rotations adds a dollar a month (AWS KMS pricing).

## What is there all the time

{table(["of", "how many", "dollars"], always)}

An alarm costs by the metrics that it looks at: one expression over five functions is five. A metric
of the stack's own is paid for by the hours in which it is sent, so reconcile sends a zero of one
alone.

## Memory

A function's share of a processor grows with its memory: it has a whole one at 1,769 MB. So where it
computes, more memory costs the same and takes less time; only while it waits for AWS does it cost
more. If each function had as much:

{memory}

So those on a change's way to people have a whole processor. Nobody waits for reconcile and report:
theirs is for what they hold in a large account ([benchmarks](benchmarks.md#memory)).

## Not in it

- CloudTrail: a first trail of management events costs nothing, nor does its event history. Events
  of AWS's services on the default bus cost nothing.
- `SecondOpinion`: two checks a change, charged by Access Analyzer
  ([second opinion](second-opinion.md)).
- `TrailLogGroupName`: one alarm's metric more, and its own in hours in which it rings.
- `ReportBucket`: one alarm's metric more, and 8,760 looks a month, each a cold start: $0.26. The
  page is some megabytes, written when it would tell something else.
- `CentralEventBusArn`: a dollar a million findings ([many accounts](organization.md)).
- Many accounts: each pays for its own stack.

## Prices

{table(["thing", "dollars", "for each", "page"], prices)}

## Assumptions

{table(["value", "what"], assumptions)}
"""


def main() -> None:
    """Count, and show the bill."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the result in docs/costs.md")
    text = page()
    print(text)
    if parser.parse_args().write:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
