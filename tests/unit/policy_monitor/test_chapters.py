"""A history by what it tells."""

from tests.contract.ledgers import a_finding

from policy_monitor.chapters import chapters, moment
from policy_monitor.findings import Finding, Subject, SubjectType
from policy_monitor.history import Entry
from policy_monitor.ledger import Announcement, AnnouncementKey, AnnouncementState

ROLE = a_finding(1)
POLICY = ROLE._replace(
    finding_id="1-policy",
    subject=Subject(SubjectType.POLICY, "arn:aws:iam::123456789012:policy/p"),
)
TOLD = Announcement(AnnouncementKey("1-policy", 1, "sns"), AnnouncementState.SENT, ROLE.time)


def told(*entries: Entry) -> list[tuple[str, list[str]]]:
    """The finding of each chapter, and those that it tells too."""
    return [
        (each.entry.finding.finding_id, [also.finding_id for also in each.also])
        for each in chapters(entries)
    ]


def test_a_policys_finding_of_which_nobody_was_told_stands_under_the_roles() -> None:
    assert told(Entry(ROLE), Entry(POLICY)) == [("1-expansion", ["1-policy"])]


def test_policies_stand_under_the_role_in_the_historys_order() -> None:
    many = [
        Entry(
            POLICY._replace(
                finding_id=str(number),
                subject=POLICY.subject._replace(arn=f"{POLICY.subject.arn}{number}"),
            )
        )
        for number in range(12)
    ]
    assert told(Entry(ROLE), *many) == [("1-expansion", [str(number) for number in range(12)])]


def test_a_policys_finding_that_was_told_or_says_another_thing_stands_by_itself() -> None:
    apart: list[tuple[str, list[str]]] = [("1-expansion", []), ("1-policy", [])]
    assert told(Entry(ROLE), Entry(POLICY, announcements=(TOLD,))) == apart
    other: Finding = POLICY._replace(verdict="mixed")
    assert told(Entry(ROLE), Entry(other)) == apart


def test_what_held_before_stands_under_what_holds() -> None:
    earlier = Entry(ROLE._replace(finding_id="earlier"), superseded_by=ROLE.finding_id)
    (chapter,) = chapters([earlier, Entry(ROLE)])
    assert (chapter.entry, list(chapter.before)) == (Entry(ROLE), [earlier])


def test_a_time_before_all_events_is_said_to_be_one() -> None:
    assert moment("0001-01-01T00:00:00Z") == "before all"
    assert moment("2026-11-22T06:00:00Z") == "2026-11-22 06:00:00 UTC"
