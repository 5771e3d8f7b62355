"""From a CloudTrail event to a mutation: what an API call changed, or tried to change.

An event that is none of this monitor's business is None. One that cannot be understood raises:
it must reach a person, not vanish. Field names are those of "CloudTrail record contents" in the
CloudTrail User Guide and of EventBridge's "AWS API Call via CloudTrail".
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from policy_monitor.actors import actor
from policy_monitor.api_calls import API_CALLS, ApiCall
from policy_monitor.attempts import attempted_target, is_watched
from policy_monitor.errors import UnreadableEventError
from policy_monitor.mutations import (
    ActorKind,
    Change,
    Documents,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PartTouched,
    StackOperated,
    TrustChanged,
)
from policy_monitor.parts import Sort
from policy_monitor.recorded_call import (
    POLICY_ARN,
    Aim,
    Call,
    OmittedPartError,
    mapping,
    partition,
    storable,
)
from policy_monitor.settings import Settings
from policy_monitor.tampering import TAMPERING, Touched, by_cloudformation, thing, touched

SOURCE, EVENT_SOURCE = "aws.iam", "iam.amazonaws.com"
"""EventBridge's source of IAM's events, and CloudTrail's."""

SOURCES = frozenset({SOURCE, *(f"aws.{row.service}" for row in TAMPERING)})
"""EventBridge's sources of what is judged; AWS IoT and others have calls of the same names."""

UNNAMED = "(not in the record)"
"""Stands for the name of an inline policy that no record tells; IAM would not accept it."""

ACCOUNT = re.compile(r"[0-9]{12}")
EVENT_ID = re.compile(r"[\x21-\x22\x24-\x7e]{1,128}")  # printable, no "#": it parts ledger keys
REGION = re.compile(r"[a-z0-9-]{1,32}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class ParsedEvent(NamedTuple):
    """A mutation, and the documents that its event carried, masked, by digest.

    Its changes hold None for each document or version that must still be read from IAM.
    """

    mutation: Mutation
    documents: Documents


def parse_event(
    event: Mapping[str, Any], settings: Settings, mask_key: bytes, account: str | None = None
) -> ParsedEvent | None:
    """Read an event as EventBridge delivers it.

    Parameters
    ----------
    event : Mapping
        EventBridge's envelope, the CloudTrail record in ``detail``.
    mask_key : bytes
        The key of the digests that replace external ids in documents.
    account : str, optional
        The account that is watched: an event of another one does not concern it. IAM is global,
        so its events are judged whatever region they name.

    Returns
    -------
    ParsedEvent or None
        None where the event does not concern what is watched: another service, another account,
        a call that changes no access, a role that is not watched and no watched policy, a part of
        another stack.

    Raises
    ------
    UnreadableEventError
        The event is not of a shape that CloudTrail records.
    """
    if not isinstance(event, Mapping):
        raise UnreadableEventError(f"event is {type(event).__name__}; expected an object")
    if not isinstance(event.get("detail"), Mapping):
        raise UnreadableEventError("event has no detail; expected EventBridge's envelope")
    if not isinstance(event.get("source"), str):
        raise UnreadableEventError("event has no source; expected EventBridge's envelope")
    if event["source"] not in SOURCES:
        return None
    return parse_record(event["detail"], settings, mask_key, account)


def account_of(event: Mapping[str, Any]) -> str:
    """The account that an event is of, from EventBridge's envelope.

    Raises
    ------
    UnreadableEventError
        It is no event, or names no account.
    """
    if not isinstance(event, Mapping):
        raise UnreadableEventError(f"event is {type(event).__name__}; expected an object")
    account = event.get("account")
    if not isinstance(account, str) or not ACCOUNT.fullmatch(account):
        raise UnreadableEventError("event has no account id; expected EventBridge's envelope")
    return account


def parse_record(
    record: Mapping[str, Any], settings: Settings, mask_key: bytes, account: str | None = None
) -> ParsedEvent | None:
    """Read a bare CloudTrail record: the ``detail`` of an event, a log file's, LookupEvents'.

    Parameters, result and errors are those of `parse_event`.
    """
    record = storable(record)
    name, event_source = _required(record, "eventName"), _required(record, "eventSource")
    row = API_CALLS.get(name) if event_source == EVENT_SOURCE else None
    touch = touched(record, settings.parts)
    if row is None and touch is None:
        return None
    head = _head(record, name, settings)
    if account is not None and head.account != account:
        return None
    error = record.get("errorCode")
    if error is not None and not isinstance(error, str):
        raise UnreadableEventError(f"{name}: errorCode is {type(error).__name__}; expected text")
    if touch is not None:
        head = _tampering(touch, record, head)
    if row is None or (touch is not None and error):
        return ParsedEvent(head, {})
    if error:
        return _attempt(row, record, head, settings)
    parsed = _change(row, record, head, settings, mask_key)
    if touch is None:
        return parsed
    # A role of the monitor's, and a policy that is watched: both.
    beside, documents = (parsed.mutation.changes, parsed.documents) if parsed else ((), {})
    return ParsedEvent(head._replace(changes=(*head.changes, *beside)), documents)


def _head(record: Mapping[str, Any], name: str, settings: Settings) -> Mutation:
    """What every mutation has, whatever it changes."""
    time, event_id = _required(record, "eventTime"), _required(record, "eventID")
    if not TIME.fullmatch(time) or not _is_date(time):
        raise UnreadableEventError(
            f"{name}: eventTime {time[:80]!r} is no time such as 2026-11-22T06:00:00Z"
        )
    if not EVENT_ID.fullmatch(event_id):
        raise UnreadableEventError(f"{name}: eventID {event_id[:80]!r} is no id CloudTrail gives")
    identity = record.get("userIdentity")
    account = record.get("recipientAccountId") or (
        identity.get("accountId") if isinstance(identity, Mapping) else None
    )
    if not isinstance(account, str) or not ACCOUNT.fullmatch(account):
        raise UnreadableEventError(
            f"{name} {event_id}: recipientAccountId is no account id of twelve digits"
        )
    region = record.get("awsRegion")
    return Mutation(
        time=time,
        event_id=event_id,
        event_name=name,
        account=account,
        # It becomes part of ARNs: what is no region's name is none.
        region=region if isinstance(region, str) and REGION.fullmatch(region) else "",
        actor=actor(record, account, settings),
        kind=MutationKind.CHANGE,
    )


def _tampering(touch: Touched, record: Mapping[str, Any], head: Mutation) -> Mutation:
    """A call on the monitor itself."""
    mapping(f"{head.event_name}: requestParameters", record.get("requestParameters"))
    name = touch.names[0] if touch.names else ""
    place = f"{partition(head.region)}:{head.region}"
    target = thing(touch.sort, name, place, head.account) if name else touch.sort.value
    error = str(record.get("errorCode") or "")[:128]
    change: PartTouched | StackOperated
    if touch.sort is Sort.STACK and not error:
        change = StackOperated(name, touch.deed, head.time)
    else:
        by_stack = by_cloudformation(record)
        change = PartTouched(touch.sort, touch.deed, target, touch.names, by_stack)
    return head._replace(kind=MutationKind.TAMPER, changes=(change,), target=target, error=error)


def _attempt(
    row: ApiCall, record: Mapping[str, Any], head: Mutation, settings: Settings
) -> ParsedEvent | None:
    """A refused call: matters when the vendor made it, or what is watched was its target."""
    target = attempted_target(row.aim, record, head.account, partition(head.region), settings)
    # A target that nothing tells may have been a watched one.
    if target and not is_watched(target, settings) and head.actor.kind is not ActorKind.VENDOR:
        return None
    return ParsedEvent(
        head._replace(
            kind=MutationKind.ATTEMPT, target=target, error=str(record["errorCode"])[:128]
        ),
        {},
    )


def _change(
    row: ApiCall, record: Mapping[str, Any], head: Mutation, settings: Settings, mask_key: bytes
) -> ParsedEvent | None:
    """A successful call: what it changed, or that its record does not say."""
    call = Call(
        name=row.name,
        account=head.account,
        partition=partition(head.region),
        parameters=mapping(f"{row.name}: requestParameters", record.get("requestParameters")),
        response=mapping(f"{row.name}: responseElements", record.get("responseElements")),
        settings=settings,
        mask_key=mask_key,
        documents={},
    )
    try:
        changes = row.changes(call)
    except OmittedPartError:
        target = _known_target(row, call)
        omitted = head._replace(kind=MutationKind.OMITTED, target=target)
        return ParsedEvent(omitted._replace(changes=_unknown_changes(omitted, settings)), {})
    if not changes:
        return None
    return ParsedEvent(
        head._replace(changes=changes, target=_known_target(row, call)), call.documents
    )


def _unknown_changes(omitted: Mutation, settings: Settings) -> tuple[Change, ...]:
    """What became unknown by a call that wrote a document which its record does not hold.

    Until IAM is asked (`detection`) this is all that is certain. Only these two calls take a
    document long enough that CloudTrail omits it, and name no version to read it by.
    """
    roles = (omitted.target,) if omitted.target else settings.roles
    match omitted.event_name:
        case "UpdateAssumeRolePolicy":
            return tuple(TrustChanged(role, None) for role in roles)
        case "PutRolePolicy":
            return tuple(InlinePolicyPut(role, UNNAMED, None) for role in roles)
    return ()


def _known_target(row: ApiCall, call: Call) -> str:
    """What a call was aimed at: a role's name or a policy's ARN, as far as its record says."""
    if row.aim is Aim.NEW_POLICY:
        return call.answer("policy", "arn", POLICY_ARN) or ""
    names = (Aim.ROLE,) if row.aim is Aim.ROLE else (Aim.POLICY, "permissionsBoundary")
    texts = (call.parameters.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str)), "")


def _required(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableEventError(
            f"CloudTrail record: {name} is {'empty' if value == '' else type(value).__name__}; "
            "expected text"
        )
    return value


def _is_date(time: str) -> bool:
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return False
    return True
