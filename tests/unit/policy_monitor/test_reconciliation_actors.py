"""Who made a change of which no event told: what reconcile asks, and what it records."""

from datetime import timedelta

from tests.accounts import PERIOD, later
from tests.histories import (
    POLICY,
    ROLE,
    genesis,
    managed,
    role,
)
from tests.watched_role import (
    AWS_POLICY,
    BASE,
    READ,
    READ_WRITE,
    START,
    TRUST,
    begun,
    put_inline,
    shelf,
    with_inline,
)

from policy_monitor.errors import PolicyMonitorError, RetryableError
from policy_monitor.findings import FindingKind
from policy_monitor.mutations import (
    ActorKind,
    MutationKind,
)
from policy_monitor.reconciliation import PATIENCE
from policy_monitor.senses import EVENT_HISTORY
from policy_monitor.trail import Attribute


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


def test_what_the_event_history_holds_besides_is_passed_over() -> None:
    held = begun()
    held.hold(with_inline(), shelf.documents)
    event = put_inline(later(START, timedelta(minutes=2)))
    other = {**event["requestParameters"], "roleName": "somebody-elses", "policyName": ROLE}
    held.history.records = [
        {**event, "eventID": "e2", "eventName": "GetRole"},
        {**event, "eventID": "e3", "requestParameters": other},
        event,
    ]
    result = held.run_again(2)
    assert [m.event_id for m in result.found] == ["e1"]
    assert (result.unreadable, result.recorded) == (0, ())


def test_only_what_the_event_history_does_not_explain_is_drift() -> None:
    held = begun()
    both = with_inline()._replace(
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
    held.hold(state.state._replace(policies=changed), shelf.documents)
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
