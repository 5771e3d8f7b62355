"""What reconcile makes of differences: when it acts, what it asks first, what it records."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts import PERIOD, Account, account, details, later
from tests.histories import (
    ACCOUNT,
    CEILING,
    CUSTOMER,
    EXTRA,
    POLICY,
    ROLE,
    ROLE_ARN,
    Shelf,
    allow,
    genesis,
    managed,
    mutation,
    role,
    trust,
)
from tests.iam_events import iam_event

from policy_monitor.adapters.memory import MemoryIam
from policy_monitor.errors import InputError, PolicyMonitorError, RetryableError
from policy_monitor.findings import FindingKind
from policy_monitor.ledger import Snapshot
from policy_monitor.mutations import (
    ActorKind,
    InlinePolicyPut,
    MutationKind,
    PolicyAttached,
    Use,
    VersionCreated,
)
from policy_monitor.notebook import Note
from policy_monitor.reconciliation import IN_FLIGHT, PATIENCE
from policy_monitor.senses import EVENT_HISTORY, IAM, JUDGEMENT, LEDGER, TRAIL
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState
from policy_monitor.trail import Attribute

shelf = Shelf()
READ = shelf(allow("s3:GetObject"))
READ_WRITE = shelf(allow("s3:GetObject", "s3:PutObject"))
TRUST = shelf(trust())
AWS_POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
START = "2026-06-01T12:00:00Z"

BASE = genesis(
    role(attached=frozenset({POLICY}), trust=TRUST, max_session_seconds=3600),
    managed(POLICY, READ),
    managed(CEILING, READ),
    uses={CEILING: frozenset({("role/app", Use.BOUNDARY)})},
).state


class FailingIam(MemoryIam):
    """IAM that does not answer."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def authorization_details(self, roles: tuple[str, ...] | None = None) -> Mapping[str, Any]:
        raise self.error if roles is None else AssertionError(roles)


def begun(state: AccountState = BASE) -> Account:
    return account(state, shelf.documents, START)


def with_inline(state: AccountState = BASE, sha256: str = READ_WRITE) -> AccountState:
    return replace(state, roles={ROLE: replace(state.roles[ROLE], inline={"i": sha256})})


def put_inline(time: str, event_id: str = "e1", **fields: Any) -> Mapping[str, Any]:
    """PutRolePolicy as CloudTrail recorded it."""
    record: Mapping[str, Any] = iam_event(
        "PutRolePolicy",
        {
            "roleName": ROLE,
            "policyName": "i",
            "policyDocument": '{"Version":"2012-10-17",'
            '"Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],'
            '"Resource":"*"}]}',
        },
        eventTime=time,
        eventID=event_id,
        **fields,
    )["detail"]
    return record


# ------------------------------------------------------------------ the first run


def test_the_first_run_records_what_iam_holds_and_announces_it() -> None:
    fresh = Account(MemoryIam(details(BASE, shelf.documents)), START)
    result = fresh.run()
    stored = fresh.ledger.snapshot().genesis
    assert result.genesis == stored
    assert stored is not None
    assert (stored.read_at, stored.account, stored.region) == (START, ACCOUNT, "us-east-1")
    assert stored.state == BASE
    assert len(fresh.ledger.documents([TRUST, READ])) == 2
    (row,) = fresh.ledger.snapshot().current.values()
    finding = fresh.ledger.finding(row.slot, row.finding_id)
    assert finding is not None
    assert (finding.kind, finding.subject.arn) == (FindingKind.BASELINE, ROLE_ARN)


def test_the_baseline_is_never_replaced() -> None:
    held = begun()
    first = held.ledger.snapshot()
    held.hold(with_inline(), shelf.documents)
    assert held.run_again().genesis is None
    assert held.ledger.snapshot().genesis == first.genesis


def test_the_time_is_asked_after_iam_has_answered() -> None:
    asked = []

    class Iam(MemoryIam):
        def authorization_details(self, roles: tuple[str, ...] | None = None) -> Mapping[str, Any]:
            asked.append("iam")
            return super().authorization_details(roles)

    class Clocked(Account):
        now = property(lambda _: asked.append("time") or START, lambda *_: None)  # type: ignore[func-returns-value]

    Clocked(Iam(details(replace(BASE, roles={}), shelf.documents)), START).run()
    assert asked == ["iam", "time"]


def test_a_baseline_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="RoleDetailList"):
        Account(MemoryIam(), START).run()


def test_a_baseline_that_is_gone_is_not_replaced_by_another() -> None:
    held = begun()
    snapshot = held.ledger.snapshot()
    held.ledger.snapshot = lambda: replace(snapshot, genesis=None)  # type: ignore[method-assign]
    with pytest.raises(PolicyMonitorError, match="baseline is gone"):
        held.run_again()


def test_facts_that_came_before_the_baseline_do_not_stand_in_its_way() -> None:
    fresh = Account(MemoryIam(details(BASE, shelf.documents)), START)
    fresh.ledger.append(mutation("1", InlinePolicyPut(ROLE, "i", READ), time=START), {})
    assert fresh.run().genesis is not None


def test_a_quiet_run_reads_the_ledger_once_and_none_of_its_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = begun()
    monkeypatch.setattr(Account, "judge", lambda _: None)
    reads: list[str] = []
    snapshot = held.ledger.snapshot

    def counted() -> Snapshot:
        reads.append("snapshot")
        return snapshot()

    monkeypatch.setattr(held.ledger, "snapshot", counted)
    monkeypatch.setattr(held.ledger, "documents", lambda _: reads.append("documents"))
    held.run_again()
    assert reads == ["snapshot"]


# ------------------------------------------------------------------ when it acts


def test_where_iam_and_ledger_agree_nothing_is_recorded() -> None:
    held = begun()
    result = held.run_again(3)
    assert (result.recorded, result.found, result.waiting) == ((), (), 0)
    assert held.history.questions == []
    assert held.findings() == []


def test_a_difference_is_noted_first_and_recorded_a_period_later() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    first = held.run_again()
    assert (first.recorded, first.waiting) == ((), 1)
    assert held.findings() == []
    seen_at = held.now
    (drift,) = held.run_again().recorded
    assert (drift.kind, drift.time) == (MutationKind.DRIFT, seen_at)
    assert drift.actor.kind is ActorKind.UNKNOWN
    assert drift.target == ROLE
    (finding,) = held.findings()
    assert (finding.kind, finding.verdict) == (FindingKind.DRIFT, "expansion")
    assert held.run_again().waiting == 0
    assert len(held.findings()) == 1


def test_two_runs_in_quick_succession_are_not_two_readings_a_period_apart() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.now = later(held.now, IN_FLIGHT - timedelta(seconds=1))
    assert held.run().recorded == ()
    held.now = later(held.now, timedelta(seconds=1))
    assert len(held.run().recorded) == 1


def test_a_difference_that_is_gone_again_was_none() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.hold(BASE, shelf.documents)
    assert held.run_again().waiting == 0
    assert held.run_again().recorded == ()


def test_a_difference_that_looks_otherwise_is_given_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.hold(with_inline(sha256=READ), shelf.documents)
    assert held.run_again().recorded == ()
    assert len(held.run_again().recorded) == 1


def test_an_event_in_flight_explains_the_difference_when_it_arrives() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    change = InlinePolicyPut(ROLE, "i", READ_WRITE)
    held.ledger.append(mutation("e", change, time=later(START, PERIOD / 3), actor=CUSTOMER), {})
    result = held.run_again()
    assert (result.recorded, result.waiting) == ((), 0)
    (finding,) = held.findings()
    assert finding.event_id == "e"


def test_a_fact_of_the_same_thing_meanwhile_begins_the_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    meanwhile = later(held.now, timedelta(minutes=1))
    # Something happened to the role that leads back to where it was.
    held.ledger.append(mutation("1", PolicyAttached(ROLE, POLICY), time=meanwhile), {})
    assert held.run_again().recorded == ()
    (drift,) = held.run_again().recorded
    assert drift.time > meanwhile


def test_a_fact_of_another_thing_meanwhile_does_not() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    time = later(held.now, timedelta(minutes=1))
    change = VersionCreated(EXTRA, "v2", READ, default=True)
    held.ledger.append(mutation("1", change, time=time), {})
    assert len(held.run_again().recorded) == 1


def test_a_clock_that_goes_back_begins_the_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.now = later(held.now, -PERIOD)
    assert held.run().recorded == ()
    assert len(held.run_again().recorded) == 1


def test_a_note_that_is_lost_only_delays() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    held.notebook.write(Note("2020-01-01T00:00:00Z", 0))
    assert held.run_again().recorded == ()
    assert len(held.run_again().recorded) == 1


def test_a_run_that_dies_after_recording_records_once() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    note = held.notebook.last()
    assert note is not None
    (drift,) = held.run_again().recorded
    held.notebook.write(note)  # as if the process had died before it wrote its own
    assert held.run_again().recorded == ()
    assert held.ledger.snapshot().mutations == (drift,)


# ------------------------------------------------------------------ who made it


def test_an_event_that_never_arrived_is_looked_up_and_ingested_with_its_actor() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    time = later(START, timedelta(minutes=2))
    held.history.records = [put_inline(time)]
    result = held.run_again(2)
    assert [m.event_id for m in result.found] == ["e1"]
    assert (result.recorded, result.waiting) == ((), 0)
    assert held.history.questions == [(Attribute.RESOURCE_NAME, ROLE)]
    (finding,) = held.findings()
    assert (finding.kind, finding.actor.kind) == (FindingKind.CHANGE, ActorKind.CUSTOMER)
    assert finding.time == time


def test_a_padded_call_which_no_resource_name_leads_to_is_found_by_its_name() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    record = {**put_inline(later(START, timedelta(minutes=2))), "requestParameters": None}
    held.history.records = [record]
    result = held.run_again(2)
    assert [m.kind for m in result.found] == [MutationKind.OMITTED]
    assert result.recorded == ()
    assert (Attribute.EVENT_NAME, "PutRolePolicy") in held.history.questions
    (finding,) = held.findings()
    assert (finding.verdict, finding.actor.kind) == ("expansion", ActorKind.CUSTOMER)


def test_only_what_the_event_history_does_not_explain_is_drift() -> None:
    held = begun()
    both = replace(
        with_inline(),
        policies={**BASE.policies, POLICY: managed(POLICY, READ, READ_WRITE, default=2)},
    )
    held.hold(both, shelf.documents)
    held.history.records = [put_inline(later(START, timedelta(minutes=2)))]
    result = held.run_again(2)
    assert [m.event_id for m in result.found] == ["e1"]
    (drift,) = result.recorded
    assert drift.target == POLICY


def test_an_event_of_after_the_first_reading_begins_the_time_anew() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.run_again()
    time = later(held.now, timedelta(minutes=2))
    elsewhere = {**put_inline(time)["requestParameters"], "policyName": "j"}
    held.history.records = [{**put_inline(time), "requestParameters": elsewhere}]
    result = held.run_again()
    assert [m.time for m in result.found] == [time]
    assert (result.recorded, result.waiting) == ((), 1)
    assert len(held.run_again().recorded) == 1


def test_what_was_known_before_the_last_agreement_is_not_searched() -> None:
    held = begun()
    held.run_again(4)
    held.hold(with_inline(), shelf.documents)
    held.history.records = [put_inline(later(START, PERIOD))]
    assert len(held.run_again(2).recorded) == 1


def test_aws_is_named_for_its_own_policies_and_nothing_is_looked_up() -> None:
    state = genesis(role(attached=frozenset({AWS_POLICY}), trust=TRUST), managed(AWS_POLICY, READ))
    held = begun(state.state)
    changed = {AWS_POLICY: managed(AWS_POLICY, READ, READ_WRITE, default=2)}
    held.hold(replace(state.state, policies=changed), shelf.documents)
    (drift,) = held.run_again(2).recorded
    assert drift.actor.kind is ActorKind.AWS
    assert held.history.questions == []
    verdicts = {(f.subject.type.value, f.verdict) for f in held.findings()}
    assert ("role", "expansion") in verdicts


def test_an_event_history_that_does_not_answer_is_asked_again_but_not_for_ever() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.history.error = RetryableError("event history: throttled")
    held.run_again()
    first_seen = held.now
    result = held.run_again()
    while held.now < later(first_seen, PATIENCE):
        assert (result.recorded, result.waiting) == ((), 1)
        result = held.run_again()
    (drift,) = result.recorded
    assert drift.time == first_seen


def test_an_event_history_that_answers_in_time_is_believed() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.history.records = [put_inline(later(START, timedelta(minutes=2)))]
    held.history.error = RetryableError("event history: throttled")
    held.run_again(2)
    held.history.error = None
    assert [m.event_id for m in held.run_again().found] == ["e1"]


def test_an_event_history_that_may_not_be_asked_stops_nothing_and_is_a_sense_lost() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    held.history.error = PolicyMonitorError("event history: cloudtrail:LookupEvents was denied")
    result = held.run_again(2)
    assert [m.kind for m in result.recorded] == [MutationKind.DRIFT]
    assert "cloudtrail:LookupEvents" in result.blind[EVENT_HISTORY]


def test_a_record_that_cannot_be_understood_is_counted_and_stops_nothing() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    time = later(START, timedelta(minutes=2))
    broken = {**put_inline(time, "bad"), "requestParameters": {"roleName": ROLE, "policyName": 5}}
    held.history.records = [broken, put_inline(time)]
    result = held.run_again(2)
    assert result.unreadable == 1
    assert [m.event_id for m in result.found] == ["e1"]


# ------------------------------------------------------------------ the role and the policies


def test_changes_that_bear_on_one_role_are_judged_together() -> None:
    held = begun()
    # Detached, and emptied of what it denied: neither by itself is what happened to the role.
    swapped = replace(
        BASE,
        roles={ROLE: replace(BASE.roles[ROLE], attached=frozenset({EXTRA}))},
        policies={
            **BASE.policies,
            POLICY: managed(POLICY, READ, READ_WRITE, default=2),
            EXTRA: managed(EXTRA, READ),
        },
    )
    held.hold(swapped, shelf.documents)
    (drift,) = held.run_again(2).recorded
    found = {(f.subject.type.value, f.subject.arn, f.verdict) for f in held.findings()}
    assert found == {("policy", POLICY, "expansion")}
    assert drift.target == ""


def test_a_role_that_is_gone_or_made_without_an_event_is_told() -> None:
    held = begun()
    without = replace(BASE, roles={})
    held.hold(without, shelf.documents)
    held.run_again(2)
    assert {(f.subject.type.value, f.verdict) for f in held.findings()} == {
        ("role", "reduction"),
        ("trust", "reduction"),
    }
    held.hold(BASE, shelf.documents)
    held.run_again(2)
    assert {f.verdict for f in held.findings()[-2:]} == {"expansion"}


def test_another_session_length_is_no_finding_and_is_known_from_then_on() -> None:
    held = begun()
    longer = replace(BASE, roles={ROLE: replace(BASE.roles[ROLE], max_session_seconds=43200)})
    held.hold(longer, shelf.documents)
    assert len(held.run_again(2).recorded) == 1
    assert held.findings() == []
    assert held.run_again().waiting == 0


def test_a_watched_policy_that_is_new_or_gone_is_told() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/team/AstronomerOperationalBoundary-2"
    held = begun()
    more = replace(BASE, policies={**BASE.policies, arn: managed(arn, READ_WRITE)})
    held.hold(more, shelf.documents)
    held.run_again(2)
    (created,) = held.findings()
    assert (created.subject.arn, created.verdict) == (arn, "expansion")
    held.hold(BASE, shelf.documents)
    held.run_again(2)
    assert held.findings()[-1].verdict == "reduction"


def test_other_policies_of_the_account_are_none_of_its_business() -> None:
    held = begun()
    more = replace(BASE, policies={**BASE.policies, EXTRA: managed(EXTRA, READ_WRITE)})
    held.hold(more, shelf.documents)
    assert held.run_again().waiting == 0


def test_a_policy_that_iam_did_not_list_is_no_difference() -> None:
    held = begun()
    fewer = {arn: policy for arn, policy in BASE.policies.items() if arn != POLICY}
    told = details(BASE, shelf.documents)
    told["Policies"] = [p for p in told["Policies"] if p["Arn"] in fewer]
    held.iam = MemoryIam(told)
    assert held.run_again().waiting == 0


# ------------------------------------------------------------------ other principals


def test_a_boundary_that_left_a_principal_is_told() -> None:
    held = begun()
    told = details(BASE, shelf.documents)
    app = next(role for role in told["RoleDetailList"] if role["RoleName"] == "app")
    del app["PermissionsBoundary"]
    held.iam = MemoryIam(told)
    held.run_again(2)
    (finding,) = held.findings()
    assert (finding.subject.arn, finding.verdict) == (CEILING, "undetermined")
    assert "role/app" in finding.summary
    assert (Attribute.RESOURCE_NAME, "app") in held.history.questions


def test_a_principal_that_is_deleted_is_no_alarm() -> None:
    held = begun()
    held.hold(replace(BASE, uses={}), shelf.documents)
    assert len(held.run_again(2).recorded) == 1
    assert held.findings() == []
    assert held.run_again().waiting == 0


def test_each_principal_that_uses_a_watched_policy_is_told_by_itself() -> None:
    held = begun()
    uses = {
        **BASE.uses,
        POLICY: frozenset({("user/bob", Use.ATTACHED), ("group/ops", Use.ATTACHED)}),
    }
    held.hold(replace(BASE, uses=uses), shelf.documents)
    held.run_again(2)
    summaries = " ".join(f.summary for f in held.findings())
    assert "user/bob" in summaries
    assert "group/ops" in summaries
    assert {f.verdict for f in held.findings()} == {"expansion"}


def test_a_boundary_replaced_by_one_that_is_not_watched_is_told() -> None:
    held = begun()
    told = details(BASE, shelf.documents)
    app = next(role for role in told["RoleDetailList"] if role["RoleName"] == "app")
    app["PermissionsBoundary"] = {"PermissionsBoundaryArn": EXTRA}
    held.iam = MemoryIam(told)
    held.run_again(2)
    (finding,) = held.findings()
    assert (finding.subject.arn, finding.verdict) == (CEILING, "undetermined")
    assert "support-extra" in finding.summary
    assert held.run_again().waiting == 0


# ------------------------------------------------------------------ other settings


def test_a_role_that_is_watched_only_from_now_on_is_told_with_all_that_it_can_do() -> None:
    held = begun()
    other = replace(BASE.roles[ROLE], name="other", arn=f"arn:aws:iam::{ACCOUNT}:role/other")
    held.hold(replace(BASE, roles={**BASE.roles, "other": other}), shelf.documents)
    held.settings = Settings(roles=("other",))
    held.run_again(2)
    found = {(f.subject.arn, f.verdict) for f in held.findings()}
    # The role that was watched until now is another principal that uses a watched policy.
    assert found == {(other.arn, "expansion"), (POLICY, "expansion")}


# ------------------------------------------------------------------ the senses


def test_a_sense_is_told_lost_once_and_regained_once() -> None:
    held = begun()
    held.problems = {TRAIL: "trail audit is not logging"}
    result = held.run_again()
    assert [m.event_name for m in result.recorded] == ["SenseLost"]
    assert result.blind == {TRAIL: "trail audit is not logging"}
    assert held.run_again(2).recorded == ()
    held.problems = {TRAIL: ""}
    result = held.run_again()
    assert [m.event_name for m in result.recorded] == ["SenseRegained"]
    assert result.blind == {}
    assert held.run_again().recorded == ()
    assert [f.event_name for f in held.findings()] == ["SenseLost", "SenseRegained"]


def test_a_sense_that_cannot_be_checked_just_now_stays_as_it_was() -> None:
    held = begun()
    held.problems = {TRAIL: "trail audit is not logging"}
    held.run_again()
    held.problems = {}
    result = held.run_again()
    assert result.recorded == ()
    assert result.blind == {TRAIL: "trail audit is not logging"}


def test_iam_that_may_not_be_read_is_a_sense_lost() -> None:
    held = begun()
    good = held.iam
    held.iam = FailingIam(PolicyMonitorError("iam:GetAccountAuthorizationDetails was denied"))
    result = held.run_again()
    assert "iam:GetAccountAuthorizationDetails" in result.blind[IAM]
    held.iam = good
    assert held.run_again().blind == {}


def test_iam_that_does_not_answer_fails_the_run_after_the_senses_were_looked_to() -> None:
    held = begun()
    held.iam = FailingIam(RetryableError("this account: throttled"))
    held.problems = {TRAIL: "there is no trail"}
    with pytest.raises(RetryableError):
        held.run_again()
    held.judge()
    (finding,) = held.findings()
    assert finding.event_name == "SenseLost"


def test_findings_that_lag_behind_the_facts_are_noticed_a_run_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = begun()
    monkeypatch.setattr(Account, "judge", lambda _: None)
    held.ledger.append(mutation("1", InlinePolicyPut(ROLE, "i", READ), time=START), {})
    held.hold(with_inline(sha256=READ), shelf.documents)
    assert JUDGEMENT not in held.run_again().blind
    assert "facts" in held.run_again().blind[JUDGEMENT]
    monkeypatch.undo()
    held.judge()
    assert JUDGEMENT not in held.run_again().blind


def test_facts_that_are_gone_from_the_ledger_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    held = begun()
    monkeypatch.setattr(Account, "judge", lambda _: None)
    snapshot = held.ledger.snapshot
    held.ledger.snapshot = lambda: replace(snapshot(), seq=5)  # type: ignore[method-assign]
    assert held.run_again().blind[LEDGER] == "5 facts were recorded, and 1 are there"
