import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from policy_monitor import senses
from policy_monitor.parts import Parts, Sort
from policy_monitor.rules import STREAM_FILTERS
from policy_monitor.vigilance import looked
from policy_monitor.wiring import Archive, Rule, Stack, Subscription
from policy_monitor.workings import (
    LOOKED_TO,
    Expected,
    Function,
    Stream,
    Subscriber,
    expected_of,
    subscribers,
    working_checks,
)

HERE = "us-east-1:123456789012"
TOPIC = f"arn:aws:sns:{HERE}:stack-Topic-1"
JUDGE, ANNOUNCE = "stack-JudgeFunction-1", "stack-AnnounceFunction-1"
EMAIL = Subscriber("email", "findings", TOPIC, "email", "Security@example.com")
EXPECTED = Expected(
    parts=Parts("stack"),
    functions={"JudgeFunction": JUDGE, "AnnounceFunction": ANNOUNCE},
    streams={"JudgeFunction": "id-1", "AnnounceFunction": "id-2"},
    subscribers=(EMAIL,),
    names=((Sort.FUNCTION, JUDGE), (Sort.TOPIC, TOPIC)),
)


def stream(logical: str, name: str) -> Stream:
    arn = f"arn:aws:lambda:{HERE}:function:{name}"
    return Stream("Enabled", arn, (json.dumps(STREAM_FILTERS[logical]),))


CONFIRMED = Subscription("email", "security@example.com", confirmed=True)


@dataclass
class Held:
    """A stack, all in order unless a test says otherwise."""

    functions: dict[str, Function | None] = field(
        default_factory=lambda: dict.fromkeys((JUDGE, ANNOUNCE), Function("Active", None))
    )
    streams: dict[str, Stream | None] = field(
        default_factory=lambda: {
            "id-1": stream("JudgeFunction", JUDGE),
            "id-2": stream("AnnounceFunction", ANNOUNCE),
        }
    )
    told: Sequence[Subscription] | None = (CONFIRMED,)

    def function(self, name: str) -> Function | None:
        return self.functions[name]

    def stream(self, uuid: str) -> Stream | None:
        return self.streams[uuid]

    def subscriptions(self, topic_arn: str) -> Sequence[Subscription] | None:
        assert topic_arn == TOPIC
        return self.told

    def rule(self, name: str) -> Rule | None:
        raise AssertionError(name)

    def archive(self, name: str) -> Archive | None:
        raise AssertionError(name)

    def dead_letters(self, queue_url: str) -> int:
        raise AssertionError(queue_url)


def problems(held: Held, expected: Expected = EXPECTED) -> dict[str, str]:
    found = looked(working_checks(expected, held, held, f"aws:{HERE}"))
    return {sense: look.problem for sense, look in found.items() if look.problem}


def function(state: str = "Active", reserved: int | None = None) -> Held:
    return Held(functions={**Held().functions, JUDGE: Function(state, reserved)})


def read_by(**fields: Any) -> Held:
    altered = stream("JudgeFunction", JUDGE)._replace(**fields)
    return Held(streams={**Held().streams, "id-1": altered})


def test_a_stack_in_order_has_no_problem() -> None:
    assert problems(Held()) == {}
    found = looked(working_checks(EXPECTED, Held(), Held(), f"aws:{HERE}"))
    thing = found[f"{senses.STREAM}:JudgeFunction"].thing
    assert thing == f"arn:aws:lambda:{HERE}:event-source-mapping:id-1"
    assert {name.partition(":")[0] for name in found} <= senses.SENSES.keys()


FUNCTION, STREAM = f"{senses.FUNCTION}:JudgeFunction", f"{senses.STREAM}:JudgeFunction"
PERSON = f"{senses.SUBSCRIBER}:email"


@pytest.mark.parametrize(
    ("held", "sense", "problem"),
    [
        (Held(functions={**Held().functions, JUDGE: None}), FUNCTION, "is gone"),
        (function("Failed"), FUNCTION, "is failed"),
        (function(reserved=0), FUNCTION, "reserved concurrency is 0"),
        (Held(streams={**Held().streams, "id-1": None}), STREAM, "is gone"),
        (read_by(state="Disabled"), STREAM, "is disabled"),
        (read_by(function_arn=f"arn:aws:lambda:{HERE}:function:other"), STREAM, "another function"),
        (read_by(filters=()), STREAM, "another filter"),
        (read_by(filters=('{"dynamodb": {"Keys": {}}}',)), STREAM, "another filter"),
        (read_by(filters=(*stream("JudgeFunction", JUDGE).filters, "{}")), STREAM, "another"),
        (Held(told=None), PERSON, "the topic of findings is gone"),
        (
            Held(told=(CONFIRMED._replace(confirmed=False),)),
            PERSON,
            "Security@example.com has no confirmed",
        ),
        (
            Held(told=(CONFIRMED._replace(endpoint="other@example.com"),)),
            PERSON,
            "no confirmed subscription to findings",
        ),
    ],
)
def test_each_problem_is_said_of_its_own_sense_alone(held: Held, sense: str, problem: str) -> None:
    found = problems(held)
    assert list(found) == [sense]
    assert problem in found[sense]


@pytest.mark.parametrize("state", ["Pending", "Inactive"])
def test_a_function_that_wakes_with_its_next_call_works(state: str) -> None:
    assert problems(function(state, reserved=5)) == {}


@pytest.mark.parametrize("state", ["Creating", "Enabling", "Updating"])
def test_a_stream_that_is_being_altered_is_read(state: str) -> None:
    assert problems(read_by(state=state)) == {}


def test_names_that_cloudformation_shortened_are_not_known() -> None:
    long = Parts("a-very-long-name-of-a-stack")
    names = ((Sort.ARCHIVE, "a-very-long-name-of-a-st-Archive-1"), (Sort.FUNCTION, JUDGE))
    found = problems(Held(), EXPECTED._replace(parts=long, names=names))
    assert list(found) == [senses.NAMES]
    assert "a-very-long-name-of-a-st-Archive-1 and 1 more" in found[senses.NAMES]


def test_whom_the_template_names_are_the_subscribers() -> None:
    environment = {
        "TOPIC_ARN": "findings",
        "ALARM_TOPIC_ARN": "alarms",
        "EMAIL_ADDRESS": "a@example.com",
        "ALARM_EMAIL_ADDRESS": "",
        "SLACK_FUNCTION_ARN": "slack",
    }
    found = [(one.name, one.topic_arn, one.endpoint) for one in subscribers(environment)]
    assert found == [
        ("email", "findings", "a@example.com"),
        ("slack", "findings", "slack"),
        ("alarm-slack", "alarms", "slack"),
    ]


def test_what_the_template_made_is_read_from_its_environment() -> None:
    environment = {
        "FUNCTION_NAMES": "detect,judge,announce,slack",
        "TOPIC_ARN": "findings",
        "ALARM_TOPIC_ARN": "alarms",
        "EMAIL_ADDRESS": "",
        "ALARM_EMAIL_ADDRESS": "",
        "SLACK_FUNCTION_ARN": "",
    }
    stack = Stack(
        rules={"RoleRule": "rule"}, archive="archive", queue_url="queue", topic_arn="findings"
    )
    parts = Parts("stack", mappings=tuple(f"id-{number}" for number in range(len(STREAM_FILTERS))))
    found = expected_of(environment, stack, parts)
    assert found.functions == dict(
        zip(LOOKED_TO, ["detect", "judge", "announce", "slack"], strict=True)
    )
    assert list(found.streams) == list(STREAM_FILTERS)
    assert found.subscribers == ()
    assert set(found.names) == {
        (Sort.RULE, "rule"),
        *((Sort.FUNCTION, name) for name in found.functions.values()),
        (Sort.ARCHIVE, "archive"),
        (Sort.QUEUE, "queue"),
        (Sort.TOPIC, "findings"),
        (Sort.TOPIC, "alarms"),
    }
