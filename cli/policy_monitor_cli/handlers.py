"""A replay through the real functions, against an emulated account.

Events are put on an emulated bus; the template's own rules, stream filters and subscriptions
decide what reaches which function, and what people would have been sent is read at the far end:
the topic's e-mails, and an HTTP receiver that stands where Slack stands.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from operator import itemgetter
from pathlib import Path
from typing import Any

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.errors import InputError, PolicyMonitorError
from policy_monitor.settings import Settings
from policy_monitor_cli.arrivals import CONCERNS_NOTHING, Arrival, outcome
from policy_monitor_cli.emulated_iam import EmulatedIam
from policy_monitor_cli.functions import Functions, Invoker
from policy_monitor_cli.in_process import in_process
from policy_monitor_cli.local_aws import LocalAws, local_aws
from policy_monitor_cli.local_stack import LocalStack, passes, template_path
from policy_monitor_cli.material import (
    BEGINNING,
    MASK_KEY,
    Due,
    Material,
    detail,
    event_time,
)
from policy_monitor_cli.offline import genesis
from policy_monitor_cli.outcome import Channel, Delivery, Fate, Message, Outcome
from policy_monitor_cli.slack_receiver import SlackReceiver
from policy_monitor_cli.sources import Snapshot, SourceEvent
from policy_monitor_cli.template import Template

MATCHES_NO_RULE = "no rule of the template matches it"

RECONCILE = "ReconcileFunction"
"""The function whose schedule is part of a story; that of the digest is not."""

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
"""What a schedule wakes a function with, but for the time."""

type Untold = SourceEvent | Snapshot

type Runtime = Callable[[Template, LocalAws], AbstractContextManager[Invoker]]
"""What runs a template's functions against an emulated AWS."""


def replay_through_handlers(
    material: Material,
    settings: Settings,
    on_event: Callable[[], None] = lambda: None,
    *,
    template: Path | None = None,
    runtime: Runtime = in_process,
    slack: SlackReceiver | None = None,
) -> Outcome:
    """Judge all events, in the order in which they came.

    Parameters
    ----------
    template : Path, optional
        The template, as written or as built; the project's own, if none is given.
    runtime : Runtime
        What runs the functions: `in_process`, or `emulator.emulators` where they are built.
    slack : SlackReceiver, optional
        What stands where Slack stands; one that takes every message, if none is given.

    Raises
    ------
    InputError
        moto or the project's template is missing, the settings are not such as the template can
        be deployed with, or the baseline cannot be used.
    """
    parameters = template_parameters(settings)
    receiver = slack or SlackReceiver()
    with local_aws(material.account) as aws, receiver:
        path = template or template_path()
        stack = LocalStack(aws, path, parameters, receiver.url, MASK_KEY.decode())
        with runtime(stack.template, aws) as invoker:
            run = _Run(material, aws, stack, receiver, invoker)
            run.record_baseline(settings)
            due = list(material.due)
            for place in range(len(material.events)):
                while due and due[0].place <= place:
                    run.reconcile(due.pop(0))
                run.arrive(place)
                on_event()
            for left in due:
                run.reconcile(left)
            return run.outcome()


def template_parameters(settings: Settings) -> dict[str, str]:
    """The parameters of the template with which a stack watches what settings say.

    Raises
    ------
    InputError
        The template cannot: it takes one role, one policy's name and one part of names.
    """
    names = [pattern for pattern in settings.policies if not set("*?[") & set(pattern)]
    parts = [pattern.strip("*") for pattern in settings.policies if pattern not in names]
    if not len(settings.roles) == len(names) == len(parts) == 1:
        raise InputError(
            "--through handlers: a stack watches one role, one policy by its name and those with "
            "one part in their names; give one --role, --policy NAME and --policy '*PART*', "
            "or replay offline"
        )
    named = {
        "RoleName": settings.roles[0],
        "PolicyName": names[0],
        "BoundaryNamePart": parts[0],
        "VendorAccountIds": ",".join(settings.vendor_accounts),
        "Severities": json.dumps(dict(settings.severities)) if settings.severities else "",
    }
    own = {"AWS::StackName": settings.parts.stack} if settings.parts.stack else {}
    return named | own


def carry(
    stack: LocalStack,
    functions: Functions,
    notify: Callable[[str, Mapping[str, Any]], None],
) -> None:
    """Carry what the ledger's stream and the topics hold, until nothing moves any more.

    Parameters
    ----------
    notify : Callable[[str, Mapping[str, Any]], None]
        Hands a topic's message to a function, by its logical id.
    """
    moved = True
    while moved:
        records = stack.stream_records()
        for mapping in stack.template.event_source_mappings:
            passing = [record for record in records if passes(mapping, record)]
            size = mapping.properties["BatchSize"]
            functions.deliver_batch(mapping.function, passing, size)
        moved = bool(records)
        for function in stack.template.functions:
            for notification in stack.notifications_for(function):
                moved = True
                notify(function, notification)


class _Run:
    """One replay in the making."""

    def __init__(
        self,
        material: Material,
        aws: LocalAws,
        stack: LocalStack,
        slack: SlackReceiver,
        invoker: Invoker,
    ) -> None:
        self._material = material
        self._stack = stack
        self._slack = slack
        self._functions = Functions(stack.template, invoker)
        self._ledger = DynamoDBLedger(aws.client("dynamodb"), stack.table, aws.account)
        self._iam = EmulatedIam(aws.client("iam"), aws.account)
        self._outbox = DynamoDBOutbox(aws.client("dynamodb"), stack.table, aws.account)
        # What IAM has yet to be told of, in the order of time.
        calls: list[tuple[str, Untold]] = [(event_time(e.event), e) for e in material.events]
        calls += [(snapshot.read_at or BEGINNING, snapshot) for snapshot in material.snapshots]
        self._untold = sorted(calls, key=itemgetter(0))[::-1]
        self._told: set[object] = set()
        self._latest = ""
        self._late: dict[str, str] = {}
        self._arrivals: list[Arrival] = []
        self._posted: list[Message] = []
        self._lost: list[Delivery] = []

    def record_baseline(self, settings: Settings) -> None:
        """Let the scheduled function read IAM, as it does on its first run."""
        if self._material.baseline is None or self._material.late:
            self._ledger.put_genesis(*genesis(self._material, settings, MASK_KEY))
            return
        self._iam.install(self._material.baseline.details)
        read_at = self._material.baseline.read_at or BEGINNING
        self._wake({**SCHEDULED, "time": read_at})
        if self._ledger.snapshot().genesis is None:
            reason = self._functions.dead_letters[-1].reason
            raise PolicyMonitorError(f"the baseline was not recorded: {reason}")

    def reconcile(self, due: Due) -> None:
        """Let the scheduled function compare IAM, as it stood then, with the ledger."""
        time = event_time(due.event)
        self._follow(time)
        self._latest = max(self._latest, time)
        self._wake(due.event)

    def _wake(self, event: Mapping[str, Any]) -> None:
        """Invoke reconcile, and let everything that follows from it happen."""
        letters = len(self._functions.dead_letters)
        # The story's clock: by the real one, every recorded event lies before the baseline.
        self._functions.tell_time(event_time(event))
        self._functions.deliver(RECONCILE, event)
        self._carry()
        self._lose(letters, "schedule", event)

    def arrive(self, place: int) -> None:
        """Deliver one event, and let everything that follows from it happen."""
        item = self._material.events[place]
        problem = _undeliverable(item.event)
        note = CONCERNS_NOTHING
        if not problem:
            self._notice(item.event)
            self._follow(event_time(item.event))
            self._stack.put_event(item.event)
            routed, problem = self._detect()
            note = note if routed else MATCHES_NO_RULE
        self._arrivals.append(Arrival(item.origin, item.event, problem, note))
        letters = len(self._functions.dead_letters)
        self._carry()
        self._lose(letters, item.origin, item.event)

    def outcome(self) -> Outcome:
        """All of the replay."""
        told = [
            Message(Channel.EMAIL, str(sent.finding.get("finding_id")), sent.subject, sent.text)
            for sent in self._stack.emails()
        ]
        order = {sent.finding_id: place for place, sent in enumerate(told)}
        told += self._posted
        told.sort(key=lambda sent: order.get(sent.finding_id, len(order)))
        return outcome(
            self._arrivals,
            self._ledger,
            self._outbox,
            lost=self._lost,
            messages=told,
            log=self._functions.log,
            late=self._late,
        )

    def _notice(self, event: Mapping[str, Any]) -> None:
        """Note an event that came after one that happened later."""
        time, event_id = event_time(event), str(detail(event).get("eventID"))
        if time < self._latest:
            self._late.setdefault(event_id, self._latest)
        self._latest = max(self._latest, time)

    def _lose(self, letters: int, origin: str, event: Mapping[str, Any]) -> None:
        """Note what has become a dead letter since there were so many."""
        for letter in self._functions.dead_letters[letters:]:
            self._lost.append(
                Delivery(
                    origin, event_time(event), letter.function, Fate.DEAD_LETTER, letter.reason
                )
            )

    def _follow(self, time: str) -> None:
        """Bring IAM to where it stood at a time: each recorded call once, in the order of time."""
        while self._untold and self._untold[-1][0] <= time:
            _, untold = self._untold.pop()
            if isinstance(untold, Snapshot):
                self._iam.install(untold.details)
                continue
            record = detail(untold.event)
            if record.get("eventID") in self._told:
                continue
            self._told.add(record.get("eventID"))
            self._iam.repeat(record)
            if _leaves_out(record) and (shown := self._material.telling(untold.event)):
                self._iam.install(shown.details)

    def _detect(self) -> tuple[bool, str]:
        """Whether a rule sent the event to a function, and why that could not handle it."""
        routed, problem = False, ""
        for function in self._stack.template.functions:
            for event in self._stack.events_for(function):
                routed = True
                if not self._functions.deliver(function, event):
                    problem = self._functions.dead_letters[-1].reason
        return routed, problem

    def _carry(self) -> None:
        carry(self._stack, self._functions, self._notify)

    def _notify(self, function: str, notification: Mapping[str, Any]) -> None:
        before = len(self._slack.payloads)
        self._functions.deliver(function, notification)
        finding = json.loads(notification["Records"][0]["Sns"]["Message"])
        for payload in self._slack.payloads[before:]:
            self._posted.append(
                Message(Channel.SLACK, str(finding.get("finding_id")), payload["text"], payload)
            )


def _undeliverable(event: Mapping[str, Any]) -> str:
    """Why EventBridge could not have delivered this; empty where it could."""
    if not isinstance(event.get("detail"), Mapping):
        return "event has no detail; expected EventBridge's envelope"
    for name in ("source", "detail-type", "time"):
        if not isinstance(event.get(name), str):
            return f"event has no {name}; expected EventBridge's envelope"
    return ""


def _leaves_out(record: Mapping[str, Any]) -> bool:
    """Whether CloudTrail left out what a successful call was asked to do."""
    parameters = record.get("requestParameters")
    return not record.get("errorCode") and (
        not isinstance(parameters, Mapping) or "omitted" in parameters
    )
