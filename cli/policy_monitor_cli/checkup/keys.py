"""Whether the key encrypts for all who write on the monitor's behalf."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iamdiff import Access, Document, Kind, PolicyError, Request, evaluate, parse_document
from iamdiff.model import Effect
from policy_monitor.recorded_call import partition
from policy_monitor_cli.checkup.facts import KeyFacts
from policy_monitor_cli.checkup.lines import Line, failed, ok, warning


@dataclass(frozen=True, slots=True)
class Use:
    """Who uses the key by its policy, what for, and with which context."""

    service: str
    what: str
    actions: tuple[str, ...]
    context: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is, and what its things are called; a key's policy may bind to them."""

    account: str
    region: str
    rule: str
    topic: str
    alarm: str
    log_group: str


_BOTH = ("kms:Decrypt", "kms:GenerateDataKey")


def uses(place: Place) -> Iterator[Use]:
    """What the key's policy must allow; docs/security.md has the same table.

    The pages that ask for it: "Encrypting Amazon SNS topics" (Amazon SNS Developer Guide), "Using
    dead-letter queues" and "Encrypting archives" (EventBridge User Guide), "Encrypt log data"
    (CloudWatch Logs User Guide).
    """
    arn = f"arn:{partition(place.region)}"
    at = f"{place.region}:{place.account}"
    source = {"aws:SourceAccount": place.account}
    yield Use(
        "cloudwatch.amazonaws.com",
        "alarms to their topic",
        _BOTH,
        {**source, "aws:SourceArn": f"{arn}:cloudwatch:{at}:alarm:{place.alarm}"},
    )
    yield Use(
        "events.amazonaws.com",
        "dead letters of the rules",
        _BOTH,
        {**source, "aws:SourceArn": place.rule},
    )
    bus = f"{arn}:events:{at}:event-bus/default"
    yield Use(
        "events.amazonaws.com",
        "the archive",
        _BOTH,
        {**source, "aws:SourceArn": bus, "kms:EncryptionContext:aws:events:event-bus:arn": bus},
    )
    yield Use(
        "sns.amazonaws.com",
        "dead letters of the subscriptions",
        _BOTH,
        {**source, "aws:SourceArn": place.topic},
    )
    suffix = "amazonaws.com.cn" if partition(place.region) == "aws-cn" else "amazonaws.com"
    group = f"{arn}:logs:{at}:log-group:{place.log_group}"
    yield Use(
        f"logs.{place.region}.{suffix}",
        "the functions' logs",
        ("kms:Encrypt", *_BOTH),
        {**source, "aws:SourceArn": group, "kms:EncryptionContext:aws:logs:arn": group},
    )


def key_lines(arn: str, key: KeyFacts | None, place: Place) -> Iterator[Line]:
    """Whether the key is in use and lets in those who need it."""
    check = "key"
    if key is None:
        yield failed(
            check,
            f"key {arn} is not there",
            "Set KeyArn to a key of this account and region, or leave it empty to have one made.",
        )
        return
    if (key.usage, key.spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        yield failed(
            check,
            f"key {key.arn} is for {key.usage} ({key.spec})",
            "Use a symmetric key that encrypts and decrypts.",
        )
        return
    if key.state != "Enabled":
        yield failed(
            check,
            f"key {key.arn} is {key.state}: nothing that it encrypts can be read or written",
            "Enable it, or cancel its deletion (aws kms cancel-key-deletion, then enable-key), "
            "and find out who did it.",
        )
        return
    yield ok(check, f"key {key.arn} is {key.state}")
    try:
        policy = parse_document(key.policy)
    except PolicyError as error:
        yield failed(check, f"the key's policy cannot be read: {error}", "Mend it in KMS.")
        return
    yield from _account_line(policy, key.arn, place)
    for use in uses(place):
        yield from _use_line(policy, key.arn, use)


def _account_line(policy: Document, arn: str, place: Place) -> Iterator[Line]:
    """Whether the functions may use it: by their roles, so IAM must be let decide."""
    role = f"arn:{partition(place.region)}:iam::{place.account}:role/policy-monitor"
    via = {
        "kms:ViaService": f"dynamodb.{place.region}.amazonaws.com",
        "kms:CallerAccount": place.account,
    }
    if all(_allows(policy, arn, role, action, via) for action in _BOTH):
        yield ok("key", "the key's policy leaves its use by the functions to their roles")
    else:
        yield failed(
            "key",
            "the functions may not use the key: its policy does not leave that to IAM",
            "Allow the account's root what the first statement of Key in template.yaml allows.",
        )


def _use_line(policy: Document, arn: str, use: Use) -> Iterator[Line]:
    asked = [
        action
        for action in use.actions
        if not _allows(policy, arn, use.service, action, use.context)
    ]
    if not asked:
        yield ok("key", f"{use.service} may use the key for {use.what}")
        return
    remedy = "Compare the key's policy with the table of keys in docs/security.md."
    without = _without_conditions(policy)
    if all(_allows(without, arn, use.service, action, use.context) for action in asked):
        yield warning(
            "key",
            f"whether {use.service} may use the key for {use.what} hangs on conditions that "
            "are not the template's",
            remedy,
        )
    else:
        yield failed(
            "key",
            f"{use.service} may not use the key for {use.what} ({', '.join(asked)}): they would "
            "be lost without an error",
            remedy,
        )


def _allows(
    policy: Document, arn: str, principal: str, action: str, context: Mapping[str, str]
) -> bool:
    request = Request(action, arn, principal, context)
    return evaluate(Access((policy,)), request, kind=Kind.RESOURCE).allowed


def _without_conditions(policy: Document) -> Document:
    """The same with Allow statements that hold always."""
    return policy._replace(
        statements=tuple(
            each._replace(conditions=()) if each.effect is Effect.ALLOW else each
            for each in policy.statements
        )
    )
