"""The command doctor: whether a deployed monitor works, or an account is ready for one."""

import json
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policy_monitor.adapters.clock import now
from policy_monitor.errors import InputError
from policy_monitor_cli import rendering
from policy_monitor_cli.checkup.documented import explanation
from policy_monitor_cli.checkup.lines import Line, Status, grouped, report_json, worst
from policy_monitor_cli.options import Region

EXAMPLES = """\b
Examples:
  policy-monitor doctor --stack policy-monitor --region us-east-1
  policy-monitor doctor --stack policy-monitor --send-test --format json
  policy-monitor doctor --region us-east-1 --parameter RoleName=vendor
"""

SOMETHING_FAILED = 1
"""Exit status where something that was looked at does not work."""

_STYLES = {Status.OK: "green", Status.WARNING: "bold yellow", Status.FAILED: "bold red"}
_WIDTH = max(len(status) for status in Status)
_TEST = "policy-monitor doctor: this is a test. Findings will come here."


class DoctorFormat(StrEnum):
    """How a check-up is shown."""

    TEXT = "text"
    JSON = "json"


def doctor(
    *,
    stack: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The deployed stack. Without one, whether the account is ready for it.",
        ),
    ] = None,
    region: Region = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Before a deployment: a parameter that the stack is to have; may be repeated.",
        ),
    ] = None,
    output: Annotated[
        DoctorFormat,
        typer.Option("--format", help="text: for people. json: policy-monitor/doctor/1."),
    ] = DoctorFormat.TEXT,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="Post a test message to the Slack channel.")
    ] = False,
) -> None:
    """Check that a deployed monitor works, or that an account is ready for one.

    It only reads. What may not be read is a warning that names what to allow.
    Exit status: 0 if nothing failed, 1 if something did, 2 on bad input.
    """
    if stack and parameter:
        raise InputError("doctor: a stack has its parameters; leave out --parameter or --stack")
    parameters = _read_parameters(parameter or ())
    from policy_monitor_cli.checkup.aws import AwsAccount  # noqa: PLC0415 (boto3 is slow to load)
    from policy_monitor_cli.checkup.examination import (  # noqa: PLC0415 (so is Slack's SDK)
        Circumstances,
        before,
        of_stack,
    )

    account = AwsAccount(region)
    around = Circumstances(account.partition, now(), _post if send_test else None)
    if stack:
        facts = account.stack(stack)
        parameters = dict(facts.parameters)
        lines = of_stack(account, facts, around)
    else:
        lines = before(account, parameters, around)
    about = {
        "account": account.account_id,
        "region": account.region,
        "stack": stack,
        "time": around.now,
    }
    told = tuple(grouped(lines))
    documented = explanation(parameters)
    if output is DoctorFormat.JSON:
        typer.echo(json.dumps(report_json(told, **about, documented_alarm=documented), indent=2))
    else:
        _show(told, about, documented)
    if worst(told) is Status.FAILED:
        raise typer.Exit(SOMETHING_FAILED)


def _read_parameters(given: Sequence[str]) -> dict[str, str]:
    """The template's parameters as they will be; checked as CloudFormation will, in a checkout.

    Raises
    ------
    InputError
        One is not as NAME=VALUE, or the template does not take it.
    """
    parameters = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"--parameter {text!r}: write it as NAME=VALUE")
        parameters[name] = value
    if parameters:
        from policy_monitor_cli.local_stack import template_path  # noqa: PLC0415 (only here)
        from policy_monitor_cli.template import load_template  # noqa: PLC0415 (as above)

        try:
            path = template_path()
        except InputError as error:
            raise InputError(
                "--parameter: template.yaml, which says what a parameter may be, is not installed "
                "with this command; run it from a checkout of the project"
            ) from error
        load_template(path, parameters)
    return parameters


def _post(address: str) -> None:
    from policy_monitor.adapters.slack import SlackWebhook  # noqa: PLC0415 (Slack's SDK is slow)

    SlackWebhook(address, lambda _: {"text": _TEST}).send({})


def _show(lines: Sequence[Line], about: dict[str, Any], documented: dict[str, Any]) -> None:
    screen = rendering.console()
    where = f"account {about['account']}, {about['region']}"
    title = f"Stack {about['stack']} in {where}" if about["stack"] else f"Before a stack in {where}"
    screen.print(Text(title, "bold"))
    for check, together in groupby(lines, key=lambda line: line.check):
        screen.print()
        screen.print(Text(check.capitalize(), "bold"))
        for line in together:
            screen.print(_row(line))
    screen.print()
    screen.print(_summary(lines))
    _explain(screen, documented)


def _row(line: Line) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=_WIDTH, no_wrap=True)
    table.add_column(overflow="fold")
    said = Text(f"{_begun(line.says)}.")
    if line.remedy:
        said.append(f"\n{line.remedy}", "italic")
    table.add_row(Text(line.status.value, _STYLES[line.status]), said)
    return table


def _begun(sentence: str) -> str:
    """A sentence with its first letter, unless that is a name's."""
    first = sentence.partition(" ")[0]
    return sentence[:1].upper() + sentence[1:] if first.isalpha() else sentence


def _summary(lines: Sequence[Line]) -> Text:
    counts = {status: sum(line.status is status for line in lines) for status in Status}
    names = {Status.OK: "ok", Status.WARNING: "to be looked at", Status.FAILED: "failed"}
    parts = [
        Text(f"{count} {names[status]}", _STYLES[status])
        for status, count in counts.items()
        if count or status is Status.OK
    ]
    return Text(", ").join(parts).append(".")


def _explain(screen: Console, documented: dict[str, Any]) -> None:
    """What the vendor's own alarm leaves out, so that nobody relies on it alone."""
    screen.print()
    screen.print(Text("What the vendor's documented alarm does not see", "bold"))
    screen.print(Padding(Text(documented["pattern"], "dim"), (0, 0, 1, 2)))
    for each in documented["not_seen"]:
        said = Text(f"• {each['what']} ({', '.join(each['calls'])}). {each['why']}")
        screen.print(Padding(said, (0, 0, 0, 2)))
    screen.print()
    screen.print(Text("What no filter on a trail's log can see, and the monitor does", "bold"))
    for each in documented["seen_by_no_filter"]:
        screen.print(Padding(Text(f"• {each}"), (0, 0, 0, 2)))
    screen.print()
    screen.print("With TrailLogGroupName the stack has that alarm too, corrected.")
