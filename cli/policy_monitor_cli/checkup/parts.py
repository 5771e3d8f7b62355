"""Whether the parts of a deployed stack work: stack, functions, rules, alarms, table."""

from collections.abc import Iterable, Iterator, Mapping

from iamdiff import Access, Kind, PolicyError, Request, evaluate, parse_document
from policy_monitor.errors import InputError
from policy_monitor.wiring import ENABLED, Rule
from policy_monitor.workings import Function
from policy_monitor_cli.checkup.facts import (
    AlarmFacts,
    FunctionFacts,
    StackFacts,
    TableFacts,
)
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning

RUNTIME = "python3.13"
"""The runtime of the functions; a test holds it against the template."""

_UPDATE = "Deploy the stack again."
_SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
_ROLLED_BACK = "UPDATE_ROLLBACK_COMPLETE"
# Lambda Developer Guide, "Lambda function states": an idle function becomes inactive, and active
# again by its next invocation.
_IDLE = "Inactive"


def stack_lines(stack: StackFacts) -> Iterator[Line]:
    """Whether the stack's last deployment came to its end."""
    check, says = "stack", f"stack {stack.name} is {stack.status}"
    if stack.status in _SETTLED:
        yield ok(check, says)
    elif stack.status == _ROLLED_BACK:
        yield warning(
            check,
            f"{says}: its last update failed, and it is as it was before",
            "Read why in the stack's events, and deploy again.",
        )
    elif stack.status.endswith("_IN_PROGRESS"):
        yield warning(check, says, "Wait until the deployment ends, and run doctor again.")
    else:
        yield failed(check, says, "Read why in the stack's events, and deploy again.")


def function_lines(name: str, function: Function | None) -> Iterator[Line]:
    """Whether a function can run."""
    check = "functions"
    if function is None:
        yield failed(check, f"function {name} is gone", _UPDATE)
        return
    why = f" ({function.reason.rstrip('.')})" if function.reason else ""
    if function.state not in ("Active", _IDLE):
        yield failed(check, f"function {name} is {function.state}{why}", _UPDATE)
    elif function.last_update != "Successful":
        yield failed(
            check, f"the last update of function {name} is {function.last_update}{why}", _UPDATE
        )
    elif function.reserved == 0:
        yield failed(
            check,
            f"function {name} is switched off: its reserved concurrency is 0",
            "Remove the reservation (aws lambda delete-function-concurrency), and find out who "
            "set it.",
        )
    elif function.runtime != RUNTIME:
        yield failed(
            check,
            f"function {name} runs on {function.runtime}, and its code is for {RUNTIME}",
            _UPDATE,
        )
    elif function.reserved is not None:
        yield warning(
            check,
            f"function {name} has a reserved concurrency of {function.reserved}, which the "
            "template does not set",
            "Remove it, unless somebody means it: events may wait, or be thrown away after six "
            "hours.",
        )
    else:
        yield ok(check, f"function {name} is {function.state}, on {function.runtime}")


def waking_lines(
    name: str,
    arn: str,
    rule: Rule | None,
    functions: Iterable[FunctionFacts],
    *,
    may_be_off: bool,
) -> Iterator[Line]:
    """Whether a rule is on and may wake the functions that it names.

    Parameters
    ----------
    may_be_off : bool
        Of the digest's schedule, which a parameter switches off.
    """
    check = "rules"
    if rule is None:
        yield failed(check, f"rule {name} is gone", _UPDATE)
        return
    if rule.state not in ENABLED:
        if may_be_off:
            yield ok(check, f"rule {name} is off, as the parameters say")
        else:
            yield failed(
                check,
                f"rule {name} is disabled",
                "Enable it (aws events enable-rule), and find out who disabled it.",
            )
        return
    if not rule.targets:
        yield failed(check, f"rule {name} has no target", _UPDATE)
        return
    called = {target.arn for target in rule.targets}
    barred = [
        each.function
        for each in functions
        if each.function.arn in called and not may_be_woken(each, arn)
    ]
    for function in barred:
        yield failed(
            check,
            f"rule {name} may not invoke {function.arn}: its events end as dead letters",
            "Deploy the stack again, and find out who took the permission away.",
        )
    if not barred:
        yield ok(check, f"rule {name} is enabled and may wake what it names")


def may_be_woken(facts: FunctionFacts, rule_arn: str) -> bool:
    """Whether a function's policy lets EventBridge invoke it for a rule.

    Raises
    ------
    InputError
        The policy cannot be read.
    """
    if facts.policy is None:
        return False
    arn = facts.function.arn
    try:
        document = parse_document(facts.policy)
    except PolicyError as error:
        raise InputError(f"the policy of {arn} cannot be read: {error}") from error
    context = {"aws:SourceArn": rule_arn, "aws:SourceAccount": arn.split(":")[4]}
    request = Request("lambda:InvokeFunction", arn, "events.amazonaws.com", context)
    return evaluate(Access((document,)), request, kind=Kind.RESOURCE).allowed


def alarm_lines(names: Mapping[str, str], alarms: Mapping[str, AlarmFacts]) -> Iterator[Line]:
    """How the stack's alarms are.

    Parameters
    ----------
    names : Mapping[str, str]
        Physical by logical name.
    """
    check = "alarms"
    quiet = 0
    for logical, name in names.items():
        alarm = alarms.get(name)
        if alarm is None:
            yield failed(check, f"alarm {logical} is gone", _UPDATE)
        elif not alarm.actions_enabled:
            yield failed(
                check,
                f"alarm {logical} tells nobody: its actions are off",
                "Switch them on (aws cloudwatch enable-alarm-actions), and find out who did it.",
            )
        elif alarm.state == "ALARM":
            what = alarm.description.removeprefix("policy-monitor - ") or alarm.reason
            yield failed(
                check,
                f"alarm {logical} rings: {what.rstrip('.')}",
                "See docs/operations.md for what to do.",
            )
        else:
            quiet += 1
    if quiet:
        yield ok(check, f"{quiet} of {len(names)} alarms are quiet")


def table_lines(name: str, table: TableFacts | None, *, protection: bool) -> Iterator[Line]:
    """Whether the ledger can be written to, read from, and got back.

    Parameters
    ----------
    protection : bool
        Whether the parameters ask for protection from deletion.
    """
    check = "ledger"
    if table is None:
        yield failed(
            check,
            f"table {name} is gone",
            "Restore it from a backup, and find out who deleted it.",
        )
        return
    if table.status not in ("ACTIVE", "UPDATING"):
        yield failed(
            check,
            f"table {name} is {table.status}",
            "Where it names encryption credentials, see to the key; else wait and look again.",
        )
        return
    if not table.streams:
        yield failed(check, f"table {name} has no stream: nothing is judged or told", _UPDATE)
    missing = [
        what
        for what, there in (
            ("point-in-time recovery", table.recovery),
            ("protection from deletion", table.protected or not protection),
        )
        if not there
    ]
    for what in missing:
        yield warning(check, f"table {name} has no {what}", _UPDATE)
    if table.streams and not missing:
        yield ok(check, f"table {name} is {table.status}, and can be restored")
