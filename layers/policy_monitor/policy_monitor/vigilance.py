"""Whether the monitor's own senses work: what each one is checked by."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from policy_monitor import rules, senses
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.ledger import Snapshot
from policy_monitor.notebook import Note
from policy_monitor.recorded_call import partition
from policy_monitor.trail import Trails, silence
from policy_monitor.wiring import ENABLED, Stack, Wiring

# An archive that is just being made or altered works (EventBridge API reference, DescribeArchive).
_ARCHIVING = ("ENABLED", "CREATING", "UPDATING")


class Check(NamedTuple):
    """How one sense is checked.

    Attributes
    ----------
    sense, thing : str
        As in `SenseLost`.
    problem : callable
        Asks, and says what is wrong in a sentence; empty where nothing is.
    """

    sense: str
    thing: str
    problem: Callable[[], str]


class Looked(NamedTuple):
    """What a check found."""

    thing: str
    problem: str


def looked(checks: Iterable[Check]) -> Mapping[str, Looked]:
    """What each check finds, by sense; one that cannot be made just now is left out.

    One that may not be made is a problem: what nobody looks at may be anything.
    """
    found = {}
    for check in checks:
        try:
            problem = check.problem()
        except RetryableError:
            continue
        except PolicyMonitorError as error:
            problem = f"it cannot be checked: {error}"
        found[check.sense] = Looked(check.thing, problem)
    return found


def checks(
    stack: Stack, wiring: Wiring, trails: Trails, account: str, region: str
) -> Iterator[Check]:
    """The checks of what the monitor hears and speaks through."""
    prefix = f"arn:{partition(region)}"
    place = f"{region}:{account}"
    yield Check(senses.TRAIL, "trail", lambda: silence(trails.trails(), region))
    for logical, name in stack.rules.items():
        thing = f"{prefix}:events:{place}:rule/{name}"
        ask = partial(_rule, wiring, name, stack.patterns[logical], stack.function_arn)
        yield Check(f"{senses.RULE}:{logical}", thing, ask)
    yield Check(
        senses.ARCHIVE,
        f"{prefix}:events:{place}:archive/{stack.archive}",
        partial(_archive, wiring, stack.archive, stack.patterns[rules.ARCHIVE]),
    )
    queue = stack.queue_url.rsplit("/", 1)[-1]
    yield Check(
        senses.DEAD_LETTERS,
        f"{prefix}:sqs:{place}:{queue}",
        partial(_dead_letters, wiring, stack.queue_url),
    )
    ask = partial(_subscriptions, wiring, stack.topic_arn)
    yield Check(senses.SUBSCRIPTIONS, stack.topic_arn, ask)


def looked_within(snapshot: Snapshot, note: Note | None) -> Mapping[str, Looked]:
    """Whether the ledger holds all of its facts, and findings of those a run ago."""
    facts = len(snapshot.mutations) + (snapshot.genesis is not None)
    lacking = (
        f"{snapshot.seq:,} facts were recorded, and {facts:,} are there"
        if facts < snapshot.seq
        else ""
    )
    behind = (
        f"of {snapshot.seq:,} facts only the first {snapshot.derived:,} are judged"
        if unjudged(snapshot, note)
        else ""
    )
    return {
        senses.LEDGER: Looked("ledger", lacking),
        senses.JUDGEMENT: Looked("judgement", behind),
    }


def unjudged(snapshot: Snapshot, note: Note | None) -> int:
    """How many facts that were there a run ago are not judged yet; the run left a note of them."""
    return 0 if note is None else max(0, note.seq - snapshot.derived)


def _rule(wiring: Wiring, name: str, pattern: Mapping[str, Any], function_arn: str) -> str:
    rule = wiring.rule(name)
    if rule is None:
        return f"rule {name} is gone"
    if rule.state not in ENABLED:
        return f"rule {name} is disabled"
    if not is_same(rule.pattern, pattern):
        return f"rule {name} has another pattern than the template gave it"
    targets = [target for target in rule.targets if target.arn == function_arn]
    if not targets:
        return f"rule {name} does not wake the function detect"
    if all(target.altered for target in targets):
        return f"rule {name} does not hand over its events as they are"
    return ""


def _archive(wiring: Wiring, name: str, pattern: Mapping[str, Any]) -> str:
    archive = wiring.archive(name)
    if archive is None:
        return f"archive {name} is gone"
    if archive.state not in _ARCHIVING:
        return f"archive {name} is {archive.state.lower()}"
    if not is_same(archive.pattern, pattern):
        return f"archive {name} has another pattern than the template gave it"
    return ""


def _dead_letters(wiring: Wiring, queue_url: str) -> str:
    count = wiring.dead_letters(queue_url)
    if not count:
        return ""
    messages = "1 message lies" if count == 1 else f"{count:,} messages lie"
    return f"{messages} in the dead-letter queue"


def _subscriptions(wiring: Wiring, topic_arn: str) -> str:
    found = wiring.subscriptions(topic_arn)
    if found is None:
        return "the topic is gone"
    if any(one.confirmed for one in found):
        return ""
    waiting = f", and {len(found):,} not confirmed yet" if found else ""
    return f"the topic has no confirmed subscription{waiting}"


def is_same(text: str, pattern: Mapping[str, Any]) -> bool:
    """Whether a pattern's text says the same as a pattern, in any order."""
    try:
        return bool(_sorted(json.loads(text)) == _sorted(pattern))
    except ValueError:
        return False


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(member) for key, member in value.items()}
    if isinstance(value, list):
        return sorted(json.dumps(_sorted(member), sort_keys=True) for member in value)
    return value
