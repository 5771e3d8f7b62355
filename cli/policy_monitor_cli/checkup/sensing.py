"""Whether the monitor hears, speaks and works: by the checks of reconcile, each a line."""

from collections.abc import Iterator
from functools import partial

from policy_monitor import senses
from policy_monitor.deployment import stack_of
from policy_monitor.recorded_call import partition
from policy_monitor.settings import Settings
from policy_monitor.trail import silence
from policy_monitor.vigilance import Check, checks
from policy_monitor.workings import expected_of, working_checks
from policy_monitor_cli.checkup.facts import Account, FunctionFacts
from policy_monitor_cli.checkup.lines import Line, examined, failed, ok, warning

# What is well, and what to do where it is not, by the senses of vigilance.
_WELL = {
    senses.TRAIL: "a trail tells EventBridge of IAM's changes here",
    senses.RULE: "rule {name} has the template's pattern and wakes detect",
    senses.ARCHIVE: "the archive keeps events by the template's pattern",
    senses.DEAD_LETTERS: "the dead-letter queue is empty",
    senses.SUBSCRIPTIONS: "somebody gets findings",
    senses.STREAM: "the ledger's stream wakes {name} by the template's filter",
    senses.NAMES: "the parts have names by which a change of them is noticed",
}
_SORTS = {senses.RULE: "rules", senses.DEAD_LETTERS: "dead letters"}
"""What a sense's lines stand under, where that is not its name."""
_REMEDY = {
    senses.TRAIL: "Let a trail log all management events that write, in this region or in all, "
    "with global service events.",
    senses.RULE: "Deploy this version's template again; where that changes nothing, mend the rule "
    "by hand, and find out who changed it.",
    senses.ARCHIVE: "Deploy this version's template again.",
    senses.DEAD_LETTERS: 'Read its messages, mend the cause, and replay ("Dead letters" in '
    "docs/operations.md).",
    senses.SUBSCRIPTIONS: "Confirm the message that AWS sent there, or subscribe to the topic.",
    senses.STREAM: "Enable it (aws lambda update-event-source-mapping --enabled), or deploy the "
    "stack again: the stream forgets after a day.",
}


def sense_lines(account: Account, reconcile: FunctionFacts | None) -> Iterator[Line]:
    """What reconcile looks at, looked at by the same code; all of it if reconcile can be read."""
    if reconcile is None:
        yield from examined("trail", partial(trail_lines, account))
        yield warning(
            "rules",
            "rules, archive and stream are not compared with the template: what reconcile is "
            "told of them was not read",
            "See the line of ReconcileFunction first.",
        )
        return
    try:
        environment = reconcile.function.environment
        parts = stack_of(environment)
        own = Settings.from_environment(environment).parts
        expected = expected_of(environment, parts, own)
    except (KeyError, ValueError):
        yield failed(
            "rules",
            "the stack is of another version than this command: reconcile is not told of the "
            "parts that this version knows",
            "Install the version of policy-monitor that is deployed, or deploy this one.",
        )
        return
    place = f"{partition(account.region)}:{account.region}:{account.account_id}"
    for check in (
        *checks(parts, account.wiring, account.trails, account.account_id, account.region),
        *working_checks(expected, account.workings, account.wiring, place),
    ):
        # Functions and subscriptions have lines of their own, which say more.
        if _sense(check) not in (senses.FUNCTION, senses.SUBSCRIBER):
            yield from examined(_sort(check), partial(_sensed, check))


def _sense(check: Check) -> str:
    return check.sense.partition(":")[0]


def _sort(check: Check) -> str:
    return _SORTS.get(_sense(check), _sense(check))


def _sensed(check: Check) -> Iterator[Line]:
    sense, _, name = check.sense.partition(":")
    problem = check.problem()
    if problem:
        yield failed(_sort(check), problem, _REMEDY.get(sense, senses.sense(sense).remedy))
    else:
        well = _WELL.get(sense, f"{check.thing} works")
        yield ok(_sort(check), well.format(name=name))


def trail_lines(account: Account) -> Iterator[Line]:
    """Whether a trail tells of what is done in the account."""
    problem = silence(account.trails.trails(), account.region)
    if problem:
        yield failed("trail", problem, _REMEDY[senses.TRAIL])
    else:
        yield ok("trail", _WELL[senses.TRAIL])
