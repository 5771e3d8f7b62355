"""Whatever events are lost, late, or only in CloudTrail's event history, reconcile makes up for it.

A history of calls on a simulated IAM; of each call's event it is drawn whether it arrives, is lost
but for the event history, or is lost and arrives only after all is over. Between the calls, and
at the end, reconcile runs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.accounts import PERIOD, Account, account, later
from tests.histories import EXTRA, ROLE, SETTINGS
from tests.iam_events import WATCHED_ROLE_ITSELF, iam_event
from tests.laws.test_timeline import DOCUMENTS, MANY, TRUSTS, Iam, shelf

from policy_monitor.access import policy_access, role_access, trust_access
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.derivation import derive, wider
from policy_monitor.detection import detect
from policy_monitor.findings import Finding, FindingKind, SubjectType
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    MutationKind,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    RoleCreated,
    RoleDeleted,
    TrustChanged,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState
from policy_monitor.timeline import fold

ACCOUNT_ID = "123456789012"
START = "2026-06-01T12:00:00Z"
# With every policy watched, the baseline knows all there is: nothing is unknown but what is lost.
ALL_WATCHED = Settings(policies=(*SETTINGS.policies, EXTRA.rpartition("/")[2]))
GAINS = {"expansion", "mixed", "undetermined"}


class Fate(Enum):
    """What becomes of an event."""

    ARRIVES = "arrives"
    IN_HISTORY = "only in the event history"
    LATE = "late"


@dataclass(frozen=True)
class Call:
    """A call that IAM took: its record, what becomes of it, and IAM after it."""

    record: dict[str, Any]
    fate: Fate
    after: AccountState
    runs: int
    """How often reconcile runs before the next call, a period apart each."""


@dataclass
class Story:
    """Where IAM begins, and the calls."""

    start: AccountState
    calls: list[Call] = field(default_factory=list)

    @property
    def end(self) -> AccountState:
        return self.calls[-1].after


@st.composite
def stories(draw: st.DrawFn, *, least_seconds: int = 1) -> Story:
    iam = Iam()
    before = draw(st.integers(0, 6))
    story, time = Story(iam.state), START
    for number in range(before + draw(st.integers(1, 7))):
        if number == before:
            story = Story(iam.state)
        name, target = draw(st.sampled_from(list(iam.possible())))
        change = iam.call(
            name, target, draw(st.sampled_from(DOCUMENTS)), draw(st.sampled_from(TRUSTS))
        )
        if number < before:
            continue
        time = later(
            time, timedelta(seconds=draw(st.integers(least_seconds, 1) | st.integers(1, 400)))
        )
        fate = draw(st.sampled_from(Fate))
        runs = draw(st.sampled_from((0, 0, 1, 2, 3)))
        story.calls.append(Call(record(change, number, time), fate, iam.state, runs))
        time = later(time, runs * PERIOD)
    return story


def record(change: Change, number: int, time: str) -> dict[str, Any]:
    """A call as CloudTrail records it."""
    name, parameters, answer = _call(change)
    told = iam_event(
        name,
        parameters,
        responseElements=answer,
        eventTime=time,
        eventID=f"e{number:02}",
        userIdentity=WATCHED_ROLE_ITSELF,
    )["detail"]
    return dict(told)


def _call(change: Change) -> tuple[str, dict[str, Any], dict[str, Any] | None]:  # noqa: PLR0911 (one branch a call)
    role = {"roleName": ROLE}
    match change:
        case PolicyAttached():
            return "AttachRolePolicy", role | {"policyArn": change.policy_arn}, None
        case PolicyDetached():
            return "DetachRolePolicy", role | {"policyArn": change.policy_arn}, None
        case InlinePolicyPut():
            written = {"policyName": change.name, "policyDocument": text(change.sha256)}
            return "PutRolePolicy", role | written, None
        case InlinePolicyDeleted():
            return "DeleteRolePolicy", role | {"policyName": change.name}, None
        case BoundaryPut():
            boundary = {"permissionsBoundary": change.policy_arn}
            return "PutRolePermissionsBoundary", role | boundary, None
        case BoundaryDeleted():
            return "DeleteRolePermissionsBoundary", role, None
        case TrustChanged():
            trust = {"policyDocument": text(change.sha256)}
            return "UpdateAssumeRolePolicy", role | trust, None
        case RoleCreated():
            trust = {"assumeRolePolicyDocument": text(change.trust_sha256)}
            return "CreateRole", role | trust, {"role": {"arn": change.arn}}
        case RoleDeleted():
            return "DeleteRole", role, None
    return _policy_call(change)


def _policy_call(change: Any) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    policy = {"policyArn": change.policy_arn}
    match change:
        case VersionCreated():
            made = {"policyDocument": text(change.sha256), "setAsDefault": change.default}
            version = {"versionId": change.version, "isDefaultVersion": change.default}
            return "CreatePolicyVersion", policy | made, {"policyVersion": version}
        case DefaultVersionSet():
            return "SetDefaultPolicyVersion", policy | {"versionId": change.version}, None
        case VersionDeleted():
            return "DeletePolicyVersion", policy | {"versionId": change.version}, None
        case PolicyCreated():
            made = {
                "policyName": change.policy_arn.rpartition("/")[2],
                "policyDocument": text(change.sha256),
            }
            arn = {"arn": change.policy_arn, "defaultVersionId": "v1"}
            return "CreatePolicy", made, {"policy": arn}
        case PolicyDeleted():
            return "DeletePolicy", policy, None
    raise AssertionError(change)


def text(sha256: str | None) -> str:
    return json.dumps(shelf.documents[sha256 or ""])


def lived(story: Story, watched: Settings, *, undisturbed: bool = False) -> Account:
    """A monitor that lived through a story, and was then left in peace for an hour."""
    held = account(story.start, shelf.documents, START, watched)
    for call in story.calls:
        held.now = call.record["eventTime"]
        held.hold(call.after, shelf.documents)
        if undisturbed or call.fate is Fate.ARRIVES:
            deliver(held, call)
        elif call.fate is Fate.IN_HISTORY:
            held.history.records.append(call.record)
        held.run_again(0 if undisturbed else call.runs)
    held.run_again(4)
    return held


def deliver(held: Account, call: Call) -> None:
    told = {"source": "aws.iam", "detail": call.record}
    detect(told, held.ledger, held.iam, held.settings, b"key", account=ACCOUNT_ID)


def told(held: Account) -> dict[str, str]:
    """The findings that hold, but for those that a late event refuted."""
    return {
        finding.slot: finding.finding_id for finding in held.findings() if not _is_refuted(finding)
    }


def _is_refuted(finding: Finding) -> bool:
    return "had no effect on" in finding.summary


def ends(held: Account) -> AccountState:
    snapshot = held.ledger.snapshot()
    assert snapshot.genesis is not None
    mutations = snapshot.mutations
    return fold(snapshot.genesis, mutations, wider(shelf.documents, held.settings, None))


def deviations(known: AccountState, true: AccountState, watched: Settings) -> Iterator[str]:
    """Where what the ledger knows is not what IAM holds."""
    if known.roles != true.roles:
        yield f"{known.roles} is not {true.roles}"
    role = true.roles.get(ROLE)
    bearing = {*role.attached, role.boundary} if role else set()
    for arn in {*known.policies, *true.policies}:
        if watched.watches_policy(arn) or arn in bearing:
            one, other = known.policies.get(arn), true.policies.get(arn)
            if (one and (one.default, one.sha256)) != (other and (other.default, other.sha256)):
                yield f"{one} is not {other}"


def gains(start: AccountState, end: AccountState, watched: Settings) -> set[tuple[str, str]]:
    """The subjects that allow something in the end that they did not at first."""
    comparisons = Comparisons(shelf.documents)
    questions = {
        (SubjectType.ROLE.value, ROLE): Question(role_access(start, ROLE), role_access(end, ROLE)),
        (SubjectType.TRUST.value, ROLE): Question(
            trust_access(start, ROLE), trust_access(end, ROLE), kind="trust"
        ),
    }
    for arn in start.policies.keys() & end.policies.keys():
        if watched.watches_policy(arn):
            old, new = policy_access(start, arn), policy_access(end, arn)
            questions[SubjectType.POLICY.value, arn] = Question(old, new, part=True)
    return {
        subject
        for subject, question in questions.items()
        if comparisons.answer(question)["verdict"] in GAINS
    }


def reported(held: Account) -> set[tuple[str, str]]:
    return {
        (finding.subject.type.value, finding.subject.arn.removesuffix(f"/{ROLE}"))
        for finding in held.findings()
        if finding.verdict in GAINS
    }


def subject_keys(subjects: set[tuple[str, str]]) -> set[tuple[str, str]]:
    role = f"arn:aws:iam::{ACCOUNT_ID}:role"
    return {(kind, role if name == ROLE else name) for kind, name in subjects}


@settings(max_examples=MANY // 3)
@given(stories(least_seconds=0), st.sampled_from([SETTINGS, ALL_WATCHED]))
def test_the_ledger_ends_where_iam_does_and_every_lasting_expansion_is_reported(
    story: Story, watched: Settings
) -> None:
    held = lived(story, watched)
    for fate in Fate:
        event(f"{fate.value}: {any(call.fate is fate for call in story.calls)}")
    assert list(deviations(ends(held), story.end, watched)) == []
    last = held.run_again()
    assert (last.found, last.recorded, last.waiting) == ((), (), 0)
    assert subject_keys(gains(story.start, story.end, watched)) <= reported(held)


@settings(max_examples=MANY // 3)
@given(stories(), st.data())
def test_once_the_lost_events_have_come_the_findings_are_those_without_loss(
    story: Story, data: st.DataObject
) -> None:
    held = lived(story, ALL_WATCHED)
    drifted = any(m.kind is MutationKind.DRIFT for m in held.ledger.snapshot().mutations)
    event(f"drift: {drifted}")
    for call in data.draw(st.permutations(story.calls)):
        deliver(held, call)
        if data.draw(st.booleans()):
            held.judge()
    held.judge()
    assert told(held) == told(lived(story, ALL_WATCHED, undisturbed=True))


@settings(max_examples=MANY // 3)
@given(stories())
def test_what_came_late_leaves_nothing_of_the_drift_but_its_correction(story: Story) -> None:
    held = lived(story, ALL_WATCHED)
    shown = {f.slot for f in held.findings() if f.kind is FindingKind.DRIFT}
    event(f"drift was told: {bool(shown)}")
    for call in story.calls:
        deliver(held, call)
    held.judge()
    rows = held.ledger.snapshot().current
    for finding in held.findings():
        if finding.slot in shown:
            assert finding.verdict == "equivalent"
            assert rows[finding.slot].previous is not None
    snapshot = held.ledger.snapshot()
    assert snapshot.genesis is not None
    events = [m for m in snapshot.mutations if m.kind is MutationKind.CHANGE]
    documents = held.ledger.documents(shelf.documents)
    assert derive(snapshot.genesis, snapshot.mutations, documents, ALL_WATCHED, None) == derive(
        snapshot.genesis, events, documents, ALL_WATCHED, None
    )
