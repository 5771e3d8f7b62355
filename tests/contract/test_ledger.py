"""The contract of Ledger and Outbox, kept by every implementation."""

import random
from collections.abc import Iterator
from itertools import count

import pytest
from tests.contract.ledgers import (
    ACCOUNT,
    TABLE,
    a_checkpoint,
    a_finding,
    a_genesis,
    a_mutation,
    after,
    dynamodb,
    first,
    large_document,
)

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.memory import MemoryLedger, MemoryOutbox
from policy_monitor.adapters.outbox import DynamoDBOutbox
from policy_monitor.documents import digest
from policy_monitor.errors import InputError, LedgerMovedError
from policy_monitor.findings import Subject, SubjectType
from policy_monitor.ledger import (
    Announcement,
    AnnouncementKey,
    AnnouncementState,
    Ledger,
    Notice,
    Outbox,
    Recorded,
)
from policy_monitor.mutations import Document
from policy_monitor.opinions import Opinion, Result
from policy_monitor.state import RoleState


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[Ledger, Outbox]]:
    """Both stores; their outbox's clock ticks a second each time it is read."""
    ticks = count()

    def clock() -> str:
        return f"2026-11-22T07:00:{next(ticks):02}Z"

    if request.param == "memory":
        yield MemoryLedger(), MemoryOutbox(now=clock)
    else:
        with dynamodb() as client:
            yield (
                DynamoDBLedger(client, TABLE, ACCOUNT),
                DynamoDBOutbox(client, TABLE, ACCOUNT, now=clock),
            )


@pytest.fixture
def ledger(stores: tuple[Ledger, Outbox]) -> Ledger:
    return stores[0]


@pytest.fixture
def outbox(stores: tuple[Ledger, Outbox]) -> Outbox:
    return stores[1]


def test_an_empty_ledger_holds_nothing(ledger: Ledger) -> None:
    snapshot = ledger.snapshot()

    assert (snapshot.seq, snapshot.derived, snapshot.genesis) == (0, 0, None)
    assert (snapshot.mutations, snapshot.current) == ((), {})
    assert ledger.finding("slot", "id") is None


def test_a_mutation_is_appended_once(ledger: Ledger) -> None:
    assert ledger.append(a_mutation(1), {}) is True
    assert ledger.append(a_mutation(1), {}) is False

    assert ledger.snapshot().mutations == (a_mutation(1),)
    assert ledger.snapshot().seq == 1


def test_a_second_delivery_with_other_content_does_not_replace_the_first(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})

    assert ledger.append(a_mutation(1, target="another"), {}) is False
    assert ledger.snapshot().mutations == (a_mutation(1),)


def test_mutations_come_in_time_order_whatever_the_order_of_arrival(ledger: Ledger) -> None:
    for number in (61, 2, 3600, 1):
        ledger.append(a_mutation(number), {})

    assert [m.event_id for m in ledger.snapshot().mutations] == [
        "event-1",
        "event-2",
        "event-61",
        "event-3600",
    ]
    assert ledger.snapshot().seq == 4


def test_the_documents_of_a_mutation_are_found_by_digest(ledger: Ledger) -> None:
    one, other = {"Version": "2012-10-17", "Statement": []}, {"Statement": ["ü"]}
    ledger.append(a_mutation(1), {digest(one): one, digest(other): other})

    found = ledger.documents([digest(one), digest(other), digest(one), "0" * 64])

    assert found == {digest(one): one, digest(other): other}


def test_many_and_large_documents_come_back_whole(ledger: Ledger) -> None:
    documents = [large_document(size) for size in (1, 40, 150, 160, 1200)]
    documents += [{"Statement": [{"Sid": f"S{number}"}]} for number in range(120)]
    by_digest = {digest(document): document for document in documents}
    ledger.append(a_mutation(1), by_digest)

    assert ledger.documents(by_digest) == by_digest


def test_there_is_one_genesis(ledger: Ledger) -> None:
    document: Document = {"Statement": []}

    assert ledger.put_genesis(a_genesis(), {digest(document): document}) is True
    assert ledger.put_genesis(a_genesis(other=RoleState("other", "arn")), {}) is False

    assert ledger.snapshot().genesis == a_genesis()
    assert ledger.documents([digest(document)]) == {digest(document): document}


def test_a_genesis_of_thousands_of_users_of_a_policy_is_kept(ledger: Ledger) -> None:
    noise = random.Random(1)  # noqa: S311  reproducible names, no secret
    names = [f"role/{noise.getrandbits(200):050x}" for _ in range(20_000)]
    genesis = a_genesis(**{name: RoleState(name, f"arn:{name}") for name in names})
    ledger.put_genesis(genesis, {})

    assert ledger.snapshot().genesis == genesis


def test_a_genesis_counts_as_a_change_of_the_ledger(ledger: Ledger) -> None:
    seq = ledger.snapshot().seq
    ledger.put_genesis(a_genesis(), {})

    assert ledger.snapshot().seq == seq + 1
    with pytest.raises(LedgerMovedError):
        ledger.record(seq, [first(a_finding(1))])


def test_a_finding_is_recorded_and_becomes_current(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    finding, current = first(a_finding(1), told_with="another")

    ledger.record(1, [(finding, current)])

    assert ledger.finding(finding.slot, finding.finding_id) == finding
    assert ledger.snapshot().current == {finding.slot: current}


def test_nothing_is_recorded_where_a_mutation_came_in_between(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    seq = ledger.snapshot().seq
    ledger.append(a_mutation(2), {})

    with pytest.raises(LedgerMovedError):
        ledger.record(seq, [first(a_finding(1))])

    assert ledger.snapshot().current == {}
    assert ledger.finding(a_finding(1).slot, a_finding(1).finding_id) is None


def test_findings_of_an_empty_ledger_are_guarded_too(ledger: Ledger) -> None:
    ledger.record(0, [first(a_finding(1))])
    ledger.append(a_mutation(1), {})

    with pytest.raises(LedgerMovedError):
        ledger.record(0, [first(a_finding(2))])


def test_a_finding_takes_the_place_of_another_and_gives_it_back(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    a, b = a_finding(1, "expansion"), a_finding(1, "reduction")
    _, row = first(a)

    ledger.record(1, [(a, row)])
    for finding in (b, a):
        pair = after(row, finding)
        ledger.record(1, [pair])
        row = pair[1]

    assert ledger.snapshot().current == {a.slot: row}
    assert (row.finding_id, row.revision, row.previous) == (a.finding_id, 3, b.finding_id)
    assert ledger.finding(b.slot, b.finding_id) == b


def test_a_finding_that_was_told_is_never_rewritten(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    a, b = a_finding(1, "expansion"), a_finding(1, "reduction")
    _, row = first(a)
    ledger.record(1, [(a, row)])
    _, row = after(row, b)
    ledger.record(1, [(b, row)])

    reworded = a_finding(1, "expansion", summary="In other words.")
    ledger.record(1, [after(row, reworded)])

    assert ledger.finding(a.slot, a.finding_id) == a


def test_all_findings_ever_recorded_are_listed_with_what_holds_now(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    a, b = a_finding(1, "expansion"), a_finding(1, "reduction")
    other, alone = first(a_finding(2), told_with="another")
    _, first_a = first(a)
    _, first_b = after(first_a, b)
    _, again_a = after(first_b, a)
    ledger.record(1, [(other, alone)])
    for pair in ((a, first_a), (b, first_b), (a, again_a)):
        ledger.record(1, [pair])

    listed = list(ledger.findings())

    assert sorted(listed[:2], key=lambda one: one.first.revision) == [
        Recorded(a, first_a, again_a),
        Recorded(b, first_b, again_a),
    ]
    assert listed[2:] == [Recorded(other, alone, alone)]


def test_findings_are_listed_by_time_whatever_the_order_of_recording(ledger: Ledger) -> None:
    for number in (3600, 2, 61, 1):
        ledger.record(0, [first(a_finding(number))])

    listed = [recorded.finding.event_id for recorded in ledger.findings()]

    assert listed == ["event-1", "event-2", "event-61", "event-3600"]


def test_more_findings_than_an_answer_holds_are_all_listed(ledger: Ledger) -> None:
    noise = random.Random(2)  # noqa: S311  reproducible text, no secret
    findings = [
        a_finding(number, summary=f"{noise.getrandbits(200_000):050000x}") for number in range(70)
    ]
    ledger.record(0, [first(finding) for finding in findings])

    assert [recorded.finding for recorded in ledger.findings()] == findings


def test_an_empty_ledger_lists_nothing(ledger: Ledger, outbox: Outbox) -> None:
    assert list(ledger.findings()) == []
    assert list(outbox.announcements()) == []


@pytest.mark.parametrize("revision", [1, 2, 4])
def test_a_writer_that_missed_another_must_derive_again(ledger: Ledger, revision: int) -> None:
    ledger.append(a_mutation(1), {})
    a, b = a_finding(1, "expansion"), a_finding(1, "reduction")
    _, row = first(a)
    ledger.record(1, [(a, row)])
    pair = after(row, b)
    ledger.record(1, [pair])

    stale = {1: first(a), 2: after(row, a), 4: after(after(pair[1], a)[1], b)}[revision]
    with pytest.raises(LedgerMovedError):
        ledger.record(1, [stale])

    assert ledger.snapshot().current == {a.slot: pair[1]}


def test_a_finding_cannot_follow_one_that_does_not_stand(ledger: Ledger) -> None:
    _, row = first(a_finding(1, "expansion"))

    with pytest.raises(LedgerMovedError):
        ledger.record(0, [after(row, a_finding(1, "reduction"))])


def test_more_findings_than_a_transaction_holds_are_all_recorded(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    pairs = [first(a_finding(number)) for number in range(130)]

    ledger.record(1, pairs)

    assert ledger.snapshot().current == {current.slot: current for _, current in pairs}
    assert all(ledger.finding(f.slot, f.finding_id) == f for f, _ in pairs)


@pytest.mark.parametrize("length", [640, 900, 20_000])
def test_a_finding_about_a_name_of_any_length_is_recorded(ledger: Ledger, length: int) -> None:
    pairs = [
        first(a_finding(1, subject=Subject(SubjectType.POLICY, "ä" * length + end))) for end in "ab"
    ]

    ledger.record(0, pairs)

    assert ledger.snapshot().current == {current.slot: current for _, current in pairs}
    assert all(ledger.finding(f.slot, f.finding_id) == f for f, _ in pairs)


def test_two_findings_for_one_slot_are_refused(ledger: Ledger) -> None:
    pair = first(a_finding(1))

    with pytest.raises(InputError, match="one slot"):
        ledger.record(0, [pair, pair])


def test_recording_nothing_does_nothing(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})

    ledger.record(7, [])

    assert ledger.snapshot().current == {}


def test_derived_never_goes_back(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})
    for seq in (3, 1, 2):
        ledger.mark_derived(seq)

    assert ledger.snapshot().derived == 3
    assert ledger.snapshot().seq == 1


def test_a_mark_on_an_empty_ledger_does_not_count_as_a_fact(ledger: Ledger) -> None:
    ledger.mark_derived(0)

    assert (ledger.snapshot().seq, ledger.snapshot().derived) == (0, 0)


def test_what_follows_a_time_is_read_without_what_lies_before(ledger: Ledger) -> None:
    ledger.put_genesis(a_genesis(), {})
    for number in (1, 2, 3, 4):
        ledger.append(a_mutation(number), {})
    ledger.append(a_mutation(2, event_id="~"), {})
    pairs = [first(a_finding(number)) for number in (1, 2, 3)]
    ledger.record(6, pairs)
    ledger.mark_derived(5)

    following = ledger.following(a_mutation(2).time)

    assert following.mutations == (a_mutation(3), a_mutation(4))
    assert following.current == {pairs[2][1].slot: pairs[2][1]}
    assert (following.seq, following.derived, following.genesis) == (6, 5, None)


def test_nothing_follows_the_last_fact(ledger: Ledger) -> None:
    ledger.append(a_mutation(1), {})

    assert ledger.following(a_mutation(1).time).mutations == ()
    assert ledger.following(a_mutation(1).time).seq == 1


def test_the_last_checkpoint_is_kept(ledger: Ledger) -> None:
    assert ledger.checkpoint() is None

    for through in (7, 3):
        ledger.keep(a_checkpoint(through))

        assert ledger.checkpoint() == a_checkpoint(through)

    assert ledger.snapshot().seq == 0


def test_a_checkpoint_of_thousands_of_roles_is_kept(ledger: Ledger) -> None:
    noise = random.Random(2)  # noqa: S311  reproducible names, no secret
    names = [f"role/{noise.getrandbits(200):050x}" for _ in range(20_000)]
    checkpoint = a_checkpoint(1, **{name: RoleState(name, f"arn:{name}") for name in names})
    ledger.keep(checkpoint)

    assert ledger.checkpoint() == checkpoint


def test_the_first_notice_of_a_finding_stands(ledger: Ledger) -> None:
    notice = Notice("finding", "https://vendor.example/42 ü", "arn:a", "2026-11-22T06:00:00Z")
    another = Notice("finding", "by phone", "arn:b", "2026-11-23T06:00:00Z")
    other = Notice("find", "by phone", "arn:b", "2026-11-23T06:00:00Z")

    assert ledger.notices() == {}
    assert ledger.put_notice(notice) == notice
    assert ledger.put_notice(another) == notice
    assert ledger.put_notice(other) == other
    assert ledger.notices() == {"finding": notice, "find": other}
    assert ledger.snapshot().seq == 0


def test_a_notice_of_many_characters_stands_as_well(ledger: Ledger) -> None:
    noise = random.Random(3)  # noqa: S311  reproducible text, no secret
    notice = Notice("finding", f"{noise.getrandbits(40_000):010000x}", "arn:a", "now")

    assert ledger.put_notice(notice) == notice
    assert ledger.put_notice(Notice("finding", "x", "arn:b", "later")) == notice
    assert ledger.notices() == {"finding": notice}


def test_the_first_answer_to_a_check_stands(ledger: Ledger) -> None:
    answers = [Opinion("a", Result.NONE, "denied"), Opinion("b", Result.PASS, "ü" * 5_000)]

    assert ledger.opinions(["a", "b"]) == {}
    assert [ledger.put_opinion(answer) for answer in answers] == answers
    assert ledger.put_opinion(Opinion("a", Result.FAIL)) == answers[0]
    assert ledger.put_opinion(Opinion("b", Result.FAIL)) == answers[1]
    assert ledger.opinions(["a", "c", "b", "a"]) == {"a": answers[0], "b": answers[1]}
    assert ledger.snapshot().seq == 0


def test_an_announcement_is_begun_once_and_sent_once(outbox: Outbox) -> None:
    key = AnnouncementKey("finding", 1, "sns")

    assert outbox.begin(key) is AnnouncementState.NEW
    assert outbox.begin(key) is AnnouncementState.STARTED
    outbox.finish(key)
    assert outbox.begin(key) is AnnouncementState.SENT
    assert outbox.begin(key) is AnnouncementState.SENT


def test_a_refused_announcement_is_new_again(outbox: Outbox) -> None:
    key = AnnouncementKey("finding", 1, "slack")
    outbox.begin(key)
    outbox.abandon(key)

    assert outbox.announced("finding", "slack") is False
    assert outbox.begin(key) is AnnouncementState.NEW
    assert outbox.begin(key) is AnnouncementState.STARTED


def test_what_was_sent_cannot_be_abandoned(outbox: Outbox) -> None:
    key = AnnouncementKey("finding", 1, "slack")
    outbox.begin(key)
    outbox.finish(key)
    outbox.abandon(key)

    assert outbox.begin(key) is AnnouncementState.SENT


def test_what_was_never_begun_can_be_abandoned(outbox: Outbox) -> None:
    key = AnnouncementKey("finding", 1, "slack")
    outbox.abandon(key)

    assert outbox.announced("finding", "slack") is False
    assert outbox.begin(key) is AnnouncementState.NEW


def test_what_is_skipped_is_known_and_never_begun(outbox: Outbox) -> None:
    key = AnnouncementKey("finding", 2, "sns")
    outbox.skip(key)

    assert outbox.begin(key) is AnnouncementState.SAME
    assert outbox.announced("finding", "sns", surely=True) is True
    assert [each.state for each in outbox.announcements()] == [AnnouncementState.SAME]


def test_channels_and_revisions_are_announced_for_themselves(outbox: Outbox) -> None:
    outbox.begin(AnnouncementKey("finding", 1, "sns"))

    assert outbox.begin(AnnouncementKey("finding", 1, "slack")) is AnnouncementState.NEW
    assert outbox.begin(AnnouncementKey("finding", 2, "sns")) is AnnouncementState.NEW
    assert outbox.begin(AnnouncementKey("another", 1, "sns")) is AnnouncementState.NEW


def test_a_finding_was_announced_once_any_revision_of_it_began(outbox: Outbox) -> None:
    outbox.begin(AnnouncementKey("finding", 11, "sns"))

    assert outbox.announced("finding", "sns") is True
    assert outbox.announced("finding", "slack") is False
    assert outbox.announced("find", "sns") is False


def test_what_was_only_begun_is_not_surely_announced(outbox: Outbox) -> None:
    key = AnnouncementKey("finding", 1, "sns")
    outbox.begin(key)
    assert outbox.announced("finding", "sns", surely=True) is False
    outbox.finish(key)
    assert outbox.announced("finding", "sns", surely=True) is True


def test_announcements_are_listed_with_how_far_they_got_and_when(outbox: Outbox) -> None:
    sent, begun, refused = (AnnouncementKey("finding", number, "sns") for number in (1, 12, 3))
    for key in (sent, begun, refused):
        outbox.begin(key)
    outbox.abandon(refused)
    outbox.finish(sent)
    outbox.begin(sent)

    listed = {announcement.key: announcement for announcement in outbox.announcements()}

    assert listed.keys() == {sent, begun}
    assert listed[begun] == Announcement(begun, AnnouncementState.STARTED, "2026-11-22T07:00:01Z")
    assert listed[sent].state is AnnouncementState.SENT
    assert listed[sent].time > listed[begun].time


def test_accounts_do_not_see_each_other() -> None:
    with dynamodb() as client:
        DynamoDBLedger(client, TABLE, ACCOUNT).append(a_mutation(1), {})

        assert DynamoDBLedger(client, TABLE, "999999999999").snapshot().mutations == ()
