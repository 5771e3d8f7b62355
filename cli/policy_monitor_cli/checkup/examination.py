"""A check-up, in order: of a deployed stack, or of an account before it has one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from policy_monitor.recorded_call import partition
from policy_monitor.settings import Settings
from policy_monitor_cli.checkup.audience import Expected, subscription_lines, webhook_lines
from policy_monitor_cli.checkup.documented import corrected_of, filter_lines
from policy_monitor_cli.checkup.facts import Account, FunctionFacts, StackFacts
from policy_monitor_cli.checkup.keys import Place, key_lines
from policy_monitor_cli.checkup.lines import Line, examined, ok
from policy_monitor_cli.checkup.parts import (
    alarm_lines,
    function_lines,
    stack_lines,
    table_lines,
    waking_lines,
)
from policy_monitor_cli.checkup.recorded import record_lines
from policy_monitor_cli.checkup.regions import region_lines
from policy_monitor_cli.checkup.sensing import sense_lines, trail_lines
from policy_monitor_cli.checkup.watched import policy_lines, role_lines, trust_lines

_RECONCILE = "ReconcileFunction"
_SLACK = "SlackFunction"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is the same for all checks.

    Attributes
    ----------
    partition : str
        The partition of the region as the SDK knows it.
    now : str
        The time, UTC to the second.
    post : Callable or None
        Posts a test message to a webhook's address, where one is wanted.
    """

    partition: str
    now: str
    post: Callable[[str], None] | None = None


def of_stack(account: Account, stack: StackFacts, around: Circumstances) -> Iterator[Line]:
    """The lines of a deployed stack."""
    parameters = stack.parameters
    yield from region_lines(account.region, around.partition)
    yield from stack_lines(stack)
    functions: dict[str, FunctionFacts] = {}
    yield from _functions(account, stack, functions)
    yield from sense_lines(account, functions.get(_RECONCILE))
    for logical, name in stack.physical("AWS::Events::Rule").items():
        off = logical == "AnnounceFunctionDigest" and not parameters.get("DigestSchedule")
        look = partial(_waking, account, name, tuple(functions.values()), off=off)
        yield from examined("rules", look)
    yield from _told(account, stack, functions)
    yield from _webhook(account, parameters, around)
    yield from _bucket(account, parameters)
    yield from _kept(account, stack, around)
    yield from _watched(account, parameters)
    yield from examined("alarms", partial(_alarms, account, stack))
    yield from _documented(account, parameters, made=True)


def before(
    account: Account, parameters: Mapping[str, str], around: Circumstances
) -> Iterator[Line]:
    """The lines of an account in which a stack is to be made with these parameters."""
    yield from region_lines(account.region, around.partition)
    yield from examined("trail", partial(trail_lines, account))
    yield from _webhook(account, parameters, around)
    yield from _bucket(account, parameters)
    if arn := parameters.get("KeyArn"):
        place = _place(account, "policy-monitor", {}, {})
        yield from examined("key", partial(_key, account, arn, place))
    yield from _watched(account, parameters)
    yield from _documented(account, parameters, made=False)


def settings_of(parameters: Mapping[str, str]) -> Settings:
    """What is watched by the template's parameters."""
    names = {
        "RoleName": "ROLE_NAME",
        "PolicyName": "POLICY_NAME",
        "BoundaryNamePart": "BOUNDARY_NAME_PART",
        "VendorAccountIds": "VENDOR_ACCOUNT_IDS",
    }
    given = {names[name]: value for name, value in parameters.items() if name in names}
    return Settings.from_environment(given)


def _functions(
    account: Account, stack: StackFacts, found: dict[str, FunctionFacts]
) -> Iterator[Line]:
    for logical, name in stack.physical("AWS::Lambda::Function").items():
        yield from examined("functions", partial(_function, account, logical, name, found))


def _function(
    account: Account, logical: str, name: str, found: dict[str, FunctionFacts]
) -> Iterator[Line]:
    facts = account.function(name)
    if facts is None:
        return function_lines(logical, None)
    found[logical] = facts
    return function_lines(logical, facts.function)


def _waking(
    account: Account, name: str, functions: tuple[FunctionFacts, ...], *, off: bool
) -> Iterator[Line]:
    arn = f"arn:{partition(account.region)}:events:{account.region}:{account.account_id}"
    rule = account.wiring.rule(name)
    return waking_lines(name, f"{arn}:rule/{name}", rule, functions, may_be_off=off)


def _told(
    account: Account, stack: StackFacts, functions: Mapping[str, FunctionFacts]
) -> Iterator[Line]:
    """Who is subscribed to findings and to alarms."""
    parameters, topics = stack.parameters, stack.physical("AWS::SNS::Topic")
    email = parameters.get("EmailAddress", "")
    addresses = {"Topic": email, "AlarmTopic": parameters.get("AlarmEmailAddress") or email}
    for logical, what in (("Topic", "findings"), ("AlarmTopic", "alarms")):
        expected = []
        if address := addresses[logical]:
            expected.append(Expected(f"the address {address}", "email", address))
        if parameters.get("SlackWebhook") and (slack := functions.get(_SLACK)):
            expected.append(Expected("the function slack", "lambda", slack.function.arn))
        if topic := topics.get(logical):
            look = partial(_subscriptions, account, tuple(expected), topic, what)
            yield from examined("subscriptions", look)


def _subscriptions(
    account: Account, expected: tuple[Expected, ...], topic: str, what: str
) -> Iterator[Line]:
    return subscription_lines(expected, account.wiring.subscriptions(topic), what)


def _webhook(
    account: Account, parameters: Mapping[str, str], around: Circumstances
) -> Iterator[Line]:
    if source := parameters.get("SlackWebhook"):
        yield from examined("webhook", partial(_address, account, source, around))


def _address(account: Account, source: str, around: Circumstances) -> Iterator[Line]:
    return webhook_lines(source, account.webhook(source), around.post)


def _bucket(account: Account, parameters: Mapping[str, str]) -> Iterator[Line]:
    if name := parameters.get("ReportBucket"):
        yield from examined("report", partial(_report, account, name))


def _report(account: Account, bucket: str) -> Iterator[Line]:
    account.check_bucket(bucket)
    yield ok("report", f"bucket {bucket} is there, and its policy keeps the public out")


def _kept(account: Account, stack: StackFacts, around: Circumstances) -> Iterator[Line]:
    parameters = stack.parameters
    for name in stack.physical("AWS::DynamoDB::Table").values():
        yield from examined("ledger", partial(_table, account, name, parameters))
        yield from examined("ledger", partial(_records, account, name, stack, around))
    keys = stack.physical("AWS::KMS::Key")
    if arn := parameters.get("KeyArn") or keys.get("Key"):
        rules, topics = stack.physical("AWS::Events::Rule"), stack.physical("AWS::SNS::Topic")
        place = _place(account, stack.name, rules, topics)
        yield from examined("key", partial(_key, account, arn, place))


def _table(account: Account, name: str, parameters: Mapping[str, str]) -> Iterator[Line]:
    protection = parameters.get("DeletionProtection", "true") == "true"
    return table_lines(name, account.table(name), protection=protection)


def _records(
    account: Account, name: str, stack: StackFacts, around: Circumstances
) -> Iterator[Line]:
    minutes = int(stack.parameters.get("ReconcileMinutes", "15"))
    return record_lines(account.records(name), minutes, stack.created, around.now)


def _key(account: Account, arn: str, place: Place) -> Iterator[Line]:
    return key_lines(arn, account.key(arn), place)


def _place(
    account: Account, stack: str, rules: Mapping[str, str], topics: Mapping[str, str]
) -> Place:
    """Names of the stack's things; where it is still to be made, names as it would give them."""
    at = f"arn:{partition(account.region)}:{{}}:{account.region}:{account.account_id}"
    rule = next(iter(rules.values()), f"{stack}-RoleRule-1")
    return Place(
        account=account.account_id,
        region=account.region,
        rule=f"{at.format('events')}:rule/{rule}",
        topic=topics.get("Topic", f"{at.format('sns')}:{stack}-Topic-1"),
        alarm=f"{stack}-FailuresAlarm-1",
        log_group=f"{stack}-DetectLogGroup-1",
    )


def _watched(account: Account, parameters: Mapping[str, str]) -> Iterator[Line]:
    settings = settings_of(parameters)
    (name,) = settings.roles
    found = []

    def role() -> Iterator[Line]:
        found.append(account.role(name))
        yield from role_lines(name, found[0])

    yield from examined("role", role)
    if not found:
        return
    (watched,) = found
    yield from examined("policies", lambda: policy_lines(settings, watched, account.own_policies()))
    if watched is not None:
        yield from trust_lines(watched.trust, settings.vendor_accounts, account.account_id)


def _documented(account: Account, parameters: Mapping[str, str], *, made: bool) -> Iterator[Line]:
    """Metric filters: the vendor's, and the stack's own where it was asked for."""
    group = parameters.get("TrailLogGroupName", "") if made else ""
    pattern = corrected_of(parameters)
    look = partial(_filters, account, group, pattern)
    yield from examined("documented alarm", look)


def _filters(account: Account, group: str, pattern: str) -> Iterator[Line]:
    return filter_lines(account.metric_filters(), group, pattern)


def _alarms(account: Account, stack: StackFacts) -> Iterator[Line]:
    names = stack.physical("AWS::CloudWatch::Alarm")
    return alarm_lines(names, account.alarms(tuple(names.values())))
