from collections.abc import Mapping
from typing import Any

import pytest
from tests.contract.ledgers import a_finding, after, first

from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.announcement import Outcome, announce, announced_json, deliver, is_told
from policy_monitor.errors import DeliveryError, RetryableError, UncertainDeliveryError
from policy_monitor.findings import DocumentVersion, Finding, FindingKind, Severity
from policy_monitor.ledger import AnnouncementKey, AnnouncementState, Current
from policy_monitor.mutations import Actor, ActorKind
from policy_monitor.settings import VERDICTS, Settings


class Dead(BaseException):
    """The process ends here."""


class FakeChannel:
    """Keeps what it accepted; raises what it is told to, before or after accepting."""

    def __init__(self, name: str = "sns") -> None:
        self.name = name
        self.accepted: list[dict[str, Any]] = []
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []

    def send(self, message: Mapping[str, Any]) -> None:
        if self.before:
            raise self.before.pop(0)
        self.accepted.append(dict(message))
        if self.after:
            raise self.after.pop(0)


class Desk:
    """A ledger, an outbox and a channel, and the rows that a stream would show."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.ledger = MemoryLedger()
        self.outbox = MemoryOutbox()
        self.channel = FakeChannel()
        self.settings = settings or Settings()

    def record(self, *pairs: tuple[Finding, Current]) -> Current:
        self.ledger.record(0, pairs)
        return pairs[-1][1]

    def announce(self, row: Current, channel: FakeChannel | None = None) -> Outcome:
        return announce(
            row,
            ledger=self.ledger,
            outbox=self.outbox,
            channel=channel or self.channel,
            settings=self.settings,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_finding_is_announced_once_however_often_its_row_comes(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    assert [desk.announce(row) for _ in range(3)] == [Outcome.SENT, Outcome.KNOWN, Outcome.KNOWN]
    (message,) = desk.channel.accepted
    assert message["finding_id"] == row.finding_id
    assert message["correction_of"] is None
    assert message["revision"] == 1
    assert "may_repeat" not in message


def test_each_channel_is_told_once(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    slack = FakeChannel("slack")
    assert desk.announce(row) is Outcome.SENT
    assert desk.announce(row, slack) is Outcome.SENT
    assert desk.announce(row, slack) is Outcome.KNOWN
    assert len(desk.channel.accepted) == len(slack.accepted) == 1


def test_death_before_the_channel_repeats_with_a_warning_rather_than_loses(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    desk.channel.before = [Dead()]
    with pytest.raises(Dead):
        desk.announce(row)
    assert desk.announce(row) is Outcome.REPEATED
    assert [message.get("may_repeat") for message in desk.channel.accepted] == [True]


def test_death_between_acceptance_and_record_repeats_once_with_a_warning(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    desk.channel.after = [Dead()]
    with pytest.raises(Dead):
        desk.announce(row)
    assert desk.announce(row) is Outcome.REPEATED
    assert desk.announce(row) is Outcome.KNOWN
    told = [(sent["finding_id"], sent.get("may_repeat")) for sent in desk.channel.accepted]
    assert told == [(row.finding_id, None), (row.finding_id, True)]


def test_an_answer_that_never_came_counts_as_maybe_sent(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    desk.channel.after = [UncertainDeliveryError("timeout")]
    with pytest.raises(UncertainDeliveryError):
        desk.announce(row)
    assert desk.announce(row) is Outcome.REPEATED


def test_a_refusal_is_tried_again_without_claiming_to_repeat(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    desk.channel.before = [DeliveryError("throttled"), DeliveryError("throttled")]
    for _ in range(2):
        with pytest.raises(DeliveryError):
            desk.announce(row)
    assert desk.announce(row) is Outcome.SENT
    (message,) = desk.channel.accepted
    assert "may_repeat" not in message


def test_a_refusal_after_an_unknown_end_still_warns(desk: Desk) -> None:
    row = desk.record(first(a_finding(1)))
    desk.channel.after = [UncertainDeliveryError("timeout")]
    with pytest.raises(UncertainDeliveryError):
        desk.announce(row)
    desk.channel.before = [DeliveryError("throttled")]
    with pytest.raises(DeliveryError):
        desk.announce(row)
    assert desk.announce(row) is Outcome.REPEATED


def test_a_finding_that_is_not_there_yet_is_asked_for_again(desk: Desk) -> None:
    row = Current("slot", "missing", 1)
    with pytest.raises(RetryableError, match="finding missing of slot is not in the ledger"):
        desk.announce(row)
    assert desk.outbox.begin(AnnouncementKey("missing", 1, "sns")) is AnnouncementState.NEW


def test_what_another_finding_tells_is_not_told_twice(desk: Desk) -> None:
    row = desk.record(first(a_finding(1), told_with="the-roles-finding"))
    assert desk.announce(row) is Outcome.SILENT
    assert desk.channel.accepted == []


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_correction_of_what_was_announced_is_announced_whatever_its_verdict(
    verdict: str,
) -> None:
    desk = Desk(Settings(notify=("mixed",)))
    was = a_finding(1, "mixed")
    row = desk.record(first(was))
    assert desk.announce(row) is Outcome.SENT
    now = a_finding(1, verdict, finding_id="now", summary="Now it is this.")
    row = desk.record(after(row, now))
    assert desk.announce(row) is Outcome.SENT
    message = desk.channel.accepted[-1]
    assert message["finding_id"] == "now"
    assert message["correction_of"] == was.finding_id
    assert message["revision"] == 2
    assert message["corrects"] == {
        "finding_id": was.finding_id,
        "kind": "change",
        "verdict": "mixed",
        "severity": "high",
        "summary": was.summary,
    }


def test_a_change_of_mind_that_nobody_heard_of_is_no_correction(desk: Desk) -> None:
    row = desk.record(first(a_finding(1, "equivalent")))
    assert desk.announce(row) is Outcome.SILENT
    row = desk.record(after(row, a_finding(1, "expansion")))
    assert desk.announce(row) is Outcome.SENT
    assert desk.channel.accepted[-1]["correction_of"] is None


def test_a_finding_in_its_own_place_is_no_correction_of_itself_when_it_is_repeated(
    desk: Desk,
) -> None:
    finding = a_finding(1)
    row = desk.record(first(finding, told_with="the-roles-finding"))
    row = desk.record(after(row, finding))
    desk.channel.after = [Dead()]
    with pytest.raises(Dead):
        desk.announce(row)

    assert desk.announce(row) is Outcome.REPEATED
    assert [message["correction_of"] for message in desk.channel.accepted] == [None, None]


def test_what_says_the_same_of_other_documents_is_not_told_again_but_can_be_corrected(
    desk: Desk,
) -> None:
    grant = {"actions": ["s3:PutObject"], "resources": ["*"], "conditions": {}}
    told = {"verdict": "expansion", "gained": [{**grant, "because": {"allowed_by": [1]}}]}
    moved = {"verdict": "expansion", "gained": [{**grant, "because": {"allowed_by": [2]}}]}
    row = desk.record(first(a_finding(1, comparison=told)))
    desk.announce(row)

    row = desk.record(after(row, a_finding(1, comparison=moved, finding_id="moved")))
    assert [desk.announce(row) for _ in range(2)] == [Outcome.SAME, Outcome.SAME]

    row = desk.record(after(row, a_finding(1, "equivalent")))
    assert desk.announce(row) is Outcome.SENT
    assert [m["correction_of"] for m in desk.channel.accepted] == [None, "moved"]


def test_what_says_the_same_is_told_where_nobody_knows_whether_the_first_arrived(
    desk: Desk,
) -> None:
    row = desk.record(first(a_finding(1)))
    desk.channel.before = [Dead()]
    with pytest.raises(Dead):
        desk.announce(row)
    row = desk.record(after(row, a_finding(1, finding_id="moved")))
    assert desk.announce(row) is Outcome.SENT


@pytest.mark.parametrize(
    "changed",
    [
        {"summary": "It can do something else."},
        {"severity": Severity.CRITICAL},
        {"before": DocumentVersion("v3", "a" * 64)},
        {"comparison": {"verdict": "expansion", "gained": [{"actions": ["s3:*"]}]}},
    ],
)
def test_what_says_something_else_is_a_correction_though_its_verdict_is_the_same(
    desk: Desk, changed: dict[str, Any]
) -> None:
    row = desk.record(first(a_finding(1)))
    desk.announce(row)
    row = desk.record(after(row, a_finding(1, finding_id="other", **changed)))
    assert desk.announce(row) is Outcome.SENT
    assert desk.channel.accepted[-1]["correction_of"] == "1-expansion"


def test_a_refused_message_is_not_corrected(desk: Desk) -> None:
    row = desk.record(first(a_finding(1, "expansion")))
    desk.channel.before = [DeliveryError("denied")]
    with pytest.raises(DeliveryError):
        desk.announce(row)
    row = desk.record(after(row, a_finding(1, "equivalent")))
    assert desk.announce(row) is Outcome.SILENT


def test_a_message_that_may_have_been_read_is_corrected(desk: Desk) -> None:
    row = desk.record(first(a_finding(1, "expansion")))
    desk.channel.after = [Dead()]
    with pytest.raises(Dead):
        desk.announce(row)
    row = desk.record(after(row, a_finding(1, "equivalent")))
    assert desk.announce(row) is Outcome.SENT


def test_a_finding_that_holds_again_is_announced_again(desk: Desk) -> None:
    one, other = a_finding(1, "expansion"), a_finding(1, "reduction")
    row = desk.record(first(one))
    outcomes = [desk.announce(row)]
    for finding in (other, one):
        row = desk.record(after(row, finding))
        outcomes.append(desk.announce(row))
    assert outcomes == [Outcome.SENT] * 3
    assert [message["correction_of"] for message in desk.channel.accepted] == [
        None,
        one.finding_id,
        other.finding_id,
    ]


@pytest.mark.parametrize(
    ("kind", "verdict", "actor", "notify", "told"),
    [
        (FindingKind.CHANGE, "expansion", ActorKind.VENDOR, ("expansion",), True),
        (FindingKind.CHANGE, "reduction", ActorKind.VENDOR, ("expansion",), False),
        (FindingKind.CHANGE, "equivalent", ActorKind.CUSTOMER, ("equivalent",), True),
        (FindingKind.CHANGE, "undetermined", ActorKind.CUSTOMER, ("undetermined",), True),
        (FindingKind.CHANGE, "undetermined", ActorKind.CUSTOMER, ("expansion",), True),
        (FindingKind.CHANGE, "undetermined", ActorKind.CUSTOMER, ("reduction",), False),
        (FindingKind.STAGED, "expansion", ActorKind.VENDOR, ("expansion",), True),
        (FindingKind.STAGED, "equivalent", ActorKind.VENDOR, ("expansion",), False),
        (FindingKind.DRIFT, "mixed", ActorKind.UNKNOWN, ("mixed",), True),
        (FindingKind.ATTEMPT, "equivalent", ActorKind.VENDOR, ("expansion",), True),
        (FindingKind.ATTEMPT, "equivalent", ActorKind.CUSTOMER, VERDICTS, False),
        (FindingKind.ATTEMPT, "equivalent", ActorKind.UNKNOWN, VERDICTS, False),
        (FindingKind.TAMPER, "equivalent", ActorKind.CUSTOMER, ("expansion",), True),
        (FindingKind.BASELINE, "equivalent", ActorKind.UNKNOWN, ("expansion",), True),
    ],
)
def test_who_is_told_follows_from_kind_verdict_and_actor(
    kind: FindingKind, verdict: str, actor: ActorKind, notify: tuple[str, ...], told: bool
) -> None:
    finding = a_finding(1, verdict, kind=kind, actor=Actor(actor))._replace(severity=Severity.LOW)
    assert is_told(finding, Settings(notify=notify)) is told


@pytest.mark.parametrize(
    ("severity", "told"), [(Severity.MEDIUM, True), (Severity.LOW, False), (Severity.INFO, False)]
)
def test_a_change_of_no_effect_is_told_where_it_took_a_guardrail_away(
    severity: Severity, told: bool
) -> None:
    finding = a_finding(1, "equivalent")._replace(severity=severity)
    assert is_told(finding, Settings()) is told


def test_an_announcement_is_a_findings_json_and_what_only_a_message_knows() -> None:
    finding = a_finding(1)
    plain = announced_json(finding, 3, None)
    corrected = finding._replace(finding_id="old", severity=Severity.LOW)
    correcting = announced_json(finding, 3, corrected)
    assert plain["schema"] == correcting["schema"] == "policy-monitor/finding/1"
    assert set(correcting) - set(plain) == {"corrects"}
    assert correcting["correction_of"] == "old"
    assert correcting["corrects"]["severity"] == "low"


def test_a_channel_says_itself_whether_it_may_repeat() -> None:
    """What the topic may have sent twice came to Slack once: its own records tell."""
    outbox, slack = MemoryOutbox(), FakeChannel("slack")
    message = {"finding_id": "a", "revision": 1, "may_repeat": True}
    assert deliver(message, outbox, slack) is Outcome.SENT
    assert "may_repeat" not in slack.accepted[0]
    assert deliver(message, outbox, slack) is Outcome.KNOWN
