import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from policy_monitor import parts, rules, senses
from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.trail import Trail
from policy_monitor.vigilance import Check, checks, looked
from policy_monitor.wiring import Archive, Rule, Stack, Subscription, Target

DETECT = "arn:aws:lambda:us-east-1:123456789012:function:detect"
OWN = parts.Parts("stack")
PATTERNS = rules.patterns("vendor", "VendorPolicy", "Boundary", OWN)
STACK = Stack(
    rules={rules.ROLE_RULE: "stack-role", rules.POLICY_RULE: "stack-policy"},
    patterns=PATTERNS,
    function_arn=DETECT,
    archive="stack-archive",
    queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/stack-dead",
    topic_arn="arn:aws:sns:us-east-1:123456789012:stack-topic",
)
ROLE_RULE, POLICY_RULE = f"{senses.RULE}:RoleRule", f"{senses.RULE}:PolicyRule"


def rule(name: str) -> Rule:
    return Rule("ENABLED", json.dumps(PATTERNS[name]), [Target(DETECT)])


CONFIRMED = Subscription("email", "a@b.example", confirmed=True)
PENDING = Subscription("email", "a@b.example", confirmed=False)


@dataclass
class Parts:
    """The parts of a stack and the trails, all in order unless a test says otherwise."""

    rules: dict[str, Rule | None] = field(
        default_factory=lambda: {
            "stack-role": rule(rules.ROLE_RULE),
            "stack-policy": rule(rules.POLICY_RULE),
        }
    )
    held: Archive | None = field(
        default_factory=lambda: Archive("ENABLED", json.dumps(PATTERNS[rules.ARCHIVE]))
    )
    letters: int = 0
    told: Sequence[Subscription] | None = (CONFIRMED,)
    stopped: bool = False

    def rule(self, name: str) -> Rule | None:
        return self.rules[name]

    def archive(self, name: str) -> Archive | None:
        return self.held if name == "stack-archive" else None

    def dead_letters(self, queue_url: str) -> int:
        assert queue_url == STACK.queue_url
        return self.letters

    def subscriptions(self, topic_arn: str) -> Sequence[Subscription] | None:
        assert topic_arn == STACK.topic_arn
        return self.told

    def trails(self) -> list[Trail]:
        return [
            Trail(
                "audit",
                "us-east-1",
                multi_region=True,
                global_events=True,
                logging=not self.stopped,
                event_selectors=[{}],
            )
        ]


def problems(parts: Parts) -> dict[str, str]:
    found = looked(checks(STACK, parts, parts, "123456789012", "us-east-1"))
    return {sense: look.problem for sense, look in found.items() if look.problem}


def altered(**fields: Any) -> dict[str, Rule | None]:
    return {**Parts().rules, "stack-role": rule(rules.ROLE_RULE)._replace(**fields)}


def test_a_stack_in_order_has_no_problem() -> None:
    found = looked(checks(STACK, Parts(), Parts(), "123456789012", "us-east-1"))
    assert {sense: look.problem for sense, look in found.items()} == dict.fromkeys(
        (
            senses.TRAIL,
            ROLE_RULE,
            POLICY_RULE,
            senses.ARCHIVE,
            senses.DEAD_LETTERS,
            senses.SUBSCRIPTIONS,
        ),
        "",
    )
    assert found[ROLE_RULE].thing == "arn:aws:events:us-east-1:123456789012:rule/stack-role"
    assert found[senses.DEAD_LETTERS].thing == "arn:aws:sqs:us-east-1:123456789012:stack-dead"


@pytest.mark.parametrize(
    ("parts", "sense", "problem"),
    [
        (Parts(stopped=True), senses.TRAIL, "trail audit is not logging"),
        (Parts(rules={**Parts().rules, "stack-role": None}), ROLE_RULE, "is gone"),
        (Parts(rules=altered(state="DISABLED")), ROLE_RULE, "is disabled"),
        (Parts(rules=altered(pattern='{"source": ["aws.s3"]}')), ROLE_RULE, "another pattern"),
        (Parts(rules=altered(pattern="")), ROLE_RULE, "another pattern"),
        (Parts(rules=altered(targets=[])), ROLE_RULE, "does not wake"),
        (Parts(rules=altered(targets=[Target("arn:other")])), ROLE_RULE, "does not wake"),
        (Parts(rules=altered(targets=[Target(DETECT, altered=True)])), ROLE_RULE, "as they are"),
        (Parts(held=None), senses.ARCHIVE, "is gone"),
        (Parts(held=Archive("DISABLED", "{}")), senses.ARCHIVE, "is disabled"),
        (Parts(held=Archive("ENABLED", "{}")), senses.ARCHIVE, "another pattern"),
        (Parts(letters=1), senses.DEAD_LETTERS, "1 message lies"),
        (Parts(letters=1200), senses.DEAD_LETTERS, "1,200 messages lie"),
        (Parts(told=None), senses.SUBSCRIPTIONS, "topic is gone"),
        (Parts(told=()), senses.SUBSCRIPTIONS, "no confirmed subscription"),
        (Parts(told=(PENDING, PENDING)), senses.SUBSCRIPTIONS, "2 not confirmed yet"),
    ],
)
def test_each_problem_is_said_of_its_own_sense_alone(
    parts: Parts, sense: str, problem: str
) -> None:
    found = problems(parts)
    assert list(found) == [sense]
    assert problem in found[sense]


def test_a_rule_that_wakes_others_too_is_in_order() -> None:
    targets = [Target("arn:other"), Target(DETECT, altered=True), Target(DETECT)]
    assert problems(Parts(rules=altered(targets=targets))) == {}
    every = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert problems(Parts(rules=altered(state=every))) == {}


def test_a_pattern_is_the_same_in_any_order() -> None:
    pattern = json.loads(json.dumps(PATTERNS[rules.ROLE_RULE]))
    pattern["detail"]["eventName"].reverse()
    pattern["detail"]["$or"].reverse()
    backwards = json.dumps(dict(reversed(pattern.items())), indent=1)
    assert problems(Parts(rules=altered(pattern=backwards))) == {}


def test_what_may_not_be_checked_is_a_problem_and_what_does_not_answer_is_not() -> None:
    def refused() -> str:
        raise PolicyMonitorError("rule x: events:DescribeRule was denied")

    def throttled() -> str:
        raise RetryableError("rule x: throttled")

    found = looked([Check("rule:a", "a", refused), Check("rule:b", "b", throttled)])
    assert "events:DescribeRule was denied" in found["rule:a"].problem
    assert "rule:b" not in found
