"""Events that nobody should send: real ones, damaged and twisted by a seeded hand."""

import gzip
import json
from collections.abc import Callable, Iterator, MutableMapping, MutableSequence
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from tests.iam_events import BOUNDARY, OTHER_POLICY, POLICY, ROLE, RULE_OF

from policy_monitor_cli.sources import enveloped

ROOT = Path(__file__).parents[2]
RECORDS = ROOT.parent / "shared" / "conformance" / "cloudtrail_iam_records.jsonl.gz"

type Spot = tuple[MutableMapping[str, Any] | MutableSequence[Any], Any]
"""A container, and the key or index of something in it."""

OMITTED = {"omitted": True, "originalSize": 131_072, "reasonCodes": ["oversize"]}

WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, 10**40, [], {}, [[]], ["a"], {"a": {"b": []}}),
    *(OMITTED, {"omitted": "true"}),
    *("", " ", "\x00", "\ud800", "é" * 300, "a" * 5_000, "null", "*", "../..", "#", "a#b"),
    *("v0", "v" + "9" * 400, "${aws:username}", "ACCOUNT#1"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
    *("2026-11-22t06:00:00z", "123456789012", "000000000000", "\u0661" * 12),
    *(ROLE, ROLE.upper(), f"{ROLE}\n", f" {ROLE}", POLICY, POLICY.lower(), f"{POLICY} "),
    *(BOUNDARY, OTHER_POLICY, "arn:aws:iam::aws:policy/AdministratorAccess"),
    *("aws.iam", "aws.iot", "iam.amazonaws.com"),
    f"User: arn:aws:sts::1:x is not authorized to perform: iam:X on resource: role {ROLE} because",
)
"""What a field may hold that should hold something else."""

_ALLOW = '"Effect": "Allow", "Action": "s3:*", "Resource": "*"'

DOCUMENTS = (
    *("", "{", "[]", "null", "1", '"', "{}", '{"Statement": NaN}', '{"a": 1e999}', "\ufeff{}"),
    *('{"Statement": []}', '{"Statement": {}, "Statement": []}', '{"n": ' + "9" * 5_000 + "}"),
    *("%7B%22Statement%22%3A%5B%5D%7D", "%ff%7B"),
    '{"Version": "2012-10-17", "Statement": ' + "[" * 500 + "]" * 500 + "}",
    '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    '{"Statement": [{"Effect": "allow", "Action": 7, "Resource": [null]}]}',
    '{"Statement": [{' + _ALLOW + ', "NotAction": "s3:*"}]}',
    '{"Statement": [{' + _ALLOW + ', "Condition": {"X": 1}}]}',
    '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}',
    '{"Statement": [{"Effect": "Allow", "Action": "' + "*a" * 200 + '", "Resource": "*"}]}',
    '{"Statement": [{"Effect": "Allow", "Action": "\\ud800", "Resource": "*"}]}',
    '{"Statement": [{'
    + _ALLOW
    + ', "Condition": {"StringEquals": {"sts:ExternalId": [null, 7]}}}]}',
)
"""Policy documents that are none, or hardly any."""


def real_events() -> list[dict[str, Any]]:
    """The events of the story, and real records where they lie beside this checkout."""
    events = [json.loads(path.read_text()) for path in sorted(ROOT.glob("events/[0-9]*.json"))]
    if RECORDS.exists():
        with gzip.open(RECORDS, "rt", encoding="utf-8") as lines:
            events += [enveloped(json.loads(line)["record"]) for line in lines]
    return events


def hostile_events(seed: int, count: int) -> Iterator[Any]:
    """As many events as asked for; the same for the same seed. A tenth is as it was."""
    random = Random(seed)  # noqa: S311 (reproducible, no secret)
    events = real_events()
    for number in range(count):
        event = deepcopy(random.choice(events))
        if isinstance(event.get("detail"), dict) and event["detail"]:
            event["detail"]["eventID"] = f"fuzzed-{seed}-{number}"
        if random.random() < 0.5:
            _retarget(event, random)
        for _ in range(random.choice((0, 1, 1, 1, 2, 3, 5))):
            event = _damaged(event, random)
        yield event


def _retarget(event: dict[str, Any], random: Random) -> None:
    """Aim a call at what is watched, or turn it into another call."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        return
    if random.random() < 0.3:
        detail["eventName"] = random.choice(tuple(RULE_OF))
    parameters = detail.get("requestParameters")
    if isinstance(parameters, dict):
        if "roleName" in parameters:
            parameters["roleName"] = random.choice((ROLE, ROLE.title()))
        for name in ("policyArn", "permissionsBoundary"):
            if name in parameters:
                parameters[name] = random.choice((POLICY, BOUNDARY))


def _damaged(event: Any, random: Random) -> Any:
    spots = list(_spots(event))
    if not spots or random.random() < 0.005:
        return random.choice(WRONG)
    container, key = random.choice(spots)
    random.choice(_DAMAGES)(container, key, random)
    return event


def _spots(value: Any) -> Iterator[Spot]:
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from _spots(value[key])
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield value, place
            yield from _spots(member)


def _remove(container: Any, key: Any, _: Random) -> None:
    del container[key]


def _replace(container: Any, key: Any, random: Random) -> None:
    container[key] = deepcopy(random.choice(WRONG))


def _cut(container: Any, key: Any, random: Random) -> None:
    if isinstance(container[key], str) and container[key]:
        container[key] = container[key][: random.randrange(len(container[key]))]


def _respell(container: Any, key: Any, random: Random) -> None:
    if isinstance(container[key], str):
        container[key] = random.choice((str.upper, str.lower, str.swapcase))(container[key])


def _rename(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, dict):
        name = random.choice((key.upper(), key + " ", "_" + key, key.capitalize()))
        container[name] = container.pop(key)


def _wrap(container: Any, key: Any, random: Random) -> None:
    container[key] = random.choice(([container[key]], {key: container[key]}))


def _sink(container: Any, key: Any, _: Random) -> None:
    for _level in range(60):
        container[key] = {"a": container[key]}


def _document(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, dict):
        names = [name for name in container if str(name).endswith("Document")]
        for name in names or [key]:
            container[name] = random.choice(DOCUMENTS)


_DAMAGES: tuple[Callable[[Any, Any, Random], None], ...] = (
    *(_remove, _replace, _replace, _cut, _respell, _rename, _wrap, _sink, _document),
)
