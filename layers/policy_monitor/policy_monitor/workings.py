"""Whether what the monitor works and speaks by is as the template made it.

What an event tells of these, `tampering` reads. Here is looked at what stays: an event may be lost,
and nobody has to sign in to end an e-mail's subscription by the link in each message.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from policy_monitor import senses
from policy_monitor.parts import Parts, Sort
from policy_monitor.rules import STREAM_FILTERS
from policy_monitor.vigilance import Check, is_same
from policy_monitor.wiring import Stack, Wiring

# Lambda API reference, GetFunctionConfiguration: an inactive one wakes with its next call.
_UNUSABLE = ("Failed", "Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting")

# Lambda API reference, GetEventSourceMapping: one that is just being made or altered works.
_READING = ("Enabled", "Enabling", "Creating", "Updating")


class Function(NamedTuple):
    """A function as Lambda holds it.

    Attributes
    ----------
    reserved : int or None
        Reserved concurrency; 0 switches a function off.
    reason : str
        Why its state, or its last update, is what it is.
    """

    state: str
    reserved: int | None = None
    arn: str = ""
    last_update: str = "Successful"
    runtime: str = ""
    reason: str = ""
    environment: Mapping[str, str] = MappingProxyType({})


class Stream(NamedTuple):
    """An event source mapping as Lambda holds it; `filters` are JSON texts."""

    state: str
    function_arn: str
    filters: tuple[str, ...]


class Subscriber(NamedTuple):
    """Who is to get a topic's messages.

    Attributes
    ----------
    name : str
        What the sense is called: ``email``.
    what : str
        What it is to get: ``findings``, ``alarms``.
    """

    name: str
    what: str
    topic_arn: str
    protocol: str
    endpoint: str


class Workings(Protocol):
    """What the parts are like; every method may raise RetryableError, PolicyMonitorError."""

    def function(self, name: str) -> Function | None:
        """A function; None where it is gone."""
        ...

    def stream(self, uuid: str) -> Stream | None:
        """An event source mapping; None where it is gone."""
        ...


class Expected(NamedTuple):
    """What the template made.

    Attributes
    ----------
    functions : Mapping[str, str]
        Physical by logical names.
    streams : Mapping[str, str]
        Ids of the event source mappings, by the logical id of the function that each feeds.
    names : tuple[tuple[Sort, str], ...]
        Names that are to be as `parts` takes them to be.
    """

    parts: Parts
    functions: Mapping[str, str]
    streams: Mapping[str, str]
    subscribers: tuple[Subscriber, ...]
    names: tuple[tuple[Sort, str], ...]


def working_checks(
    expected: Expected, workings: Workings, wiring: Wiring, place: str
) -> Iterator[Check]:
    """The checks of what the monitor works and speaks by.

    Parameters
    ----------
    place : str
        ``partition:region:account``, for the ARNs of what does not work.
    """
    head, region, account = place.split(":")
    arn = f"arn:{head}:lambda:{region}:{account}"
    for logical, name in expected.functions.items():
        ask = partial(_function, workings, name)
        yield Check(f"{senses.FUNCTION}:{logical}", f"{arn}:function:{name}", ask)
    for logical, uuid in expected.streams.items():
        ask = partial(_stream, workings, uuid, logical, expected.functions[logical])
        thing = f"{arn}:event-source-mapping:{uuid}"
        yield Check(f"{senses.STREAM}:{logical}", thing, ask)
    for subscriber in expected.subscribers:
        ask = partial(_subscriber, wiring, subscriber)
        yield Check(f"{senses.SUBSCRIBER}:{subscriber.name}", subscriber.topic_arn, ask)
    yield Check(senses.NAMES, "names of the parts", partial(_names, expected.parts, expected.names))


def _function(workings: Workings, name: str) -> str:
    function = workings.function(name)
    if function is None:
        return f"function {name} is gone"
    if function.state in _UNUSABLE:
        return f"function {name} is {function.state.lower()}"
    if function.reserved == 0:
        return f"function {name} is switched off: its reserved concurrency is 0"
    return ""


def _stream(workings: Workings, uuid: str, logical: str, function: str) -> str:
    stream = workings.stream(uuid)
    if stream is None:
        return f"the event source mapping of {function} is gone"
    if stream.state not in _READING:
        return f"the event source mapping of {function} is {stream.state.lower()}"
    if function not in stream.function_arn.split(":"):
        return f"the event source mapping of {function} feeds another function"
    if not _lets_through(stream.filters, STREAM_FILTERS[logical]):
        return f"the event source mapping of {function} has another filter than the template gave"
    return ""


def _lets_through(filters: Iterable[str], pattern: Mapping[str, Any]) -> bool:
    """Whether filters, any of which may match, are the one that the template gave."""
    held = list(filters)
    return len(held) == 1 and is_same(held[0], pattern)


def _subscriber(wiring: Wiring, subscriber: Subscriber) -> str:
    found = wiring.subscriptions(subscriber.topic_arn)
    if found is None:
        return f"the topic of {subscriber.what} is gone"
    whose = (one for one in found if one.is_of(subscriber.protocol, subscriber.endpoint))
    if any(one.confirmed for one in whose):
        return ""
    whom = subscriber.endpoint.rsplit(":", 1)[-1]
    return f"{whom} has no confirmed subscription to {subscriber.what}"


def _names(parts: Parts, names: Iterable[tuple[Sort, str]]) -> str:
    """Whether a change of a part would be known by its name (`tampering`)."""
    unknown = [name for sort, name in names if not parts.named(sort, name)]
    if not unknown:
        return ""
    more = f" and {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
    return (
        f"{unknown[0]}{more} does not begin with the stack's name and the part's: CloudFormation "
        "shortens what is long"
    )


def subscribers(environment: Mapping[str, str]) -> Iterator[Subscriber]:
    """Who is to be told, as the template names them in reconcile's environment."""
    topics = (("TOPIC_ARN", "findings", ""), ("ALARM_TOPIC_ARN", "alarms", "alarm-"))
    for variable, what, prefix in topics:
        address = environment[f"{prefix.upper().replace('-', '_')}EMAIL_ADDRESS"]
        slack = environment["SLACK_FUNCTION_ARN"]
        for name, protocol, endpoint in (("email", "email", address), ("slack", "lambda", slack)):
            if endpoint:
                yield Subscriber(f"{prefix}{name}", what, environment[variable], protocol, endpoint)


def expected_of(environment: Mapping[str, str], stack: Stack, parts: Parts) -> Expected:
    """What the template made, as it names it in reconcile's environment."""
    functions = dict(
        zip(LOOKED_TO, environment["FUNCTION_NAMES"].split(","), strict=True),
    )
    names = (
        *((Sort.RULE, name) for name in stack.rules.values()),
        *((Sort.FUNCTION, name) for name in functions.values()),
        (Sort.ARCHIVE, stack.archive),
        (Sort.QUEUE, stack.queue_url),
        (Sort.TOPIC, stack.topic_arn),
        (Sort.TOPIC, environment["ALARM_TOPIC_ARN"]),
    )
    return Expected(
        parts,
        functions,
        dict(zip(STREAM_FILTERS, parts.mappings, strict=True)),
        tuple(subscribers(environment)),
        names,
    )


LOOKED_TO = ("DetectFunction", "JudgeFunction", "AnnounceFunction", "SlackFunction")
"""The functions that reconcile looks to, in the order in which the template names them to it."""
