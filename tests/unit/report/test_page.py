import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.contract.ledgers import ACCOUNT, a_finding
from tests.histories import ROLE, ROLE_ARN, allow, genesis, mutation, role
from tests.message_strategies import HOSTILE_TEXTS, findings, huge_finding

from iamdiff.catalogue import EmptyCatalogue
from policy_monitor.documents import digest
from policy_monitor.findings import (
    ChangedDocument,
    DocumentKind,
    DocumentVersion,
    Finding,
    FindingKind,
    Severity,
    Subject,
    SubjectType,
)
from policy_monitor.history import Entry
from policy_monitor.ledger import Notice
from policy_monitor.mutations import Actor, ActorKind, SenseLost
from policy_monitor.records import read_finding
from policy_monitor_report.evidence import Evidence
from policy_monitor_report.page import GRANTS_SHOWN, page
from policy_monitor_report.report import Report

NOTHING = Evidence(None, (), {})
CATALOGUE = EmptyCatalogue()

# What HTML leaves without an end tag ("void elements", HTML Living Standard).
VOID = {"meta", "br"}

TEMPLATE = files("policy_monitor_report").joinpath("page.html.j2").read_text()
TAGS = {*re.findall(r"<([a-z0-9]+)", TEMPLATE), "ins", "del"}


def a_page(*found: Finding, **fields: Any) -> str:
    entries = tuple(Entry(each) for each in found)
    values: dict[str, Any] = {"evidence": NOTHING, **fields}
    return page(Report("From a test", "2026-11-22T06:00:00Z", entries, **values), CATALOGUE)


class Structure(HTMLParser):
    """The elements of a page, checked to be closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.stack):
            self.text.append(data)


def words(text: str) -> str:
    return " ".join("".join(Structure(text).text).split())


# Without shrinking: a page takes long to make, and the first failing one tells enough.
@settings(
    suppress_health_check=list(HealthCheck),
    max_examples=15,
    phases=(Phase.explicit, Phase.generate),
)
@given(st.lists(findings, min_size=1, max_size=3))
def test_texts_of_strangers_are_texts_and_never_markup(told: list[dict[str, Any]]) -> None:
    # Times are checked before anything is recorded.
    hostile = [read_finding({**each, "time": a_finding(1).time}) for each in told]
    structure = Structure(a_page(*hostile))
    assert {tag for tag, _ in structure.elements} <= TAGS
    for tag, attributes in structure.elements:
        assert not any(key.startswith("on") for key in attributes), tag
        target = attributes.get("href") or "#"
        assert target.startswith(("#", "https://"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x1b]", "".join(structure.text))


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "</script><script>alert(1)</script>", "P" * 128])
def test_a_name_of_any_kind_makes_a_page(text: str) -> None:
    subject = Subject(SubjectType.POLICY, f"arn:aws:iam::{ACCOUNT}:policy/{text}")
    made = a_page(a_finding(1, subject=subject, summary=text, event_name=text))
    assert made.count("<script>") == 1
    Structure(made)
    made.encode("utf-8", "replace")


def test_a_document_whose_text_is_not_known_is_said_to_be_so() -> None:
    known, other = {"Version": "2012-10-17"}, DocumentVersion("v2", "0" * 64)
    held = DocumentVersion("v1", digest(known))
    evidence = Evidence(None, (), {digest(known): known})
    for before, after, said in (
        (held, other, "Its text after is not known."),
        (other, other, "Its text before and after is not known."),
        (None, held, "Before: none."),
        (held, None, "After: none."),
    ):
        paper = ChangedDocument(DocumentKind.POLICY, "arn:p", before, after)
        shown = words(a_page(a_finding(1, changed=(paper,)), evidence=evidence))
        assert said in shown


def test_a_document_that_changed_shows_which_lines_and_versions() -> None:
    old, new = allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject")
    versions = [DocumentVersion(f"v{n}", digest(each)) for n, each in enumerate((old, new), 1)]
    paper = ChangedDocument(DocumentKind.POLICY, "arn:p", *versions)
    evidence = Evidence(None, (), {digest(each): each for each in (old, new)})
    shown = a_page(a_finding(1, changed=(paper,)), evidence=evidence)
    assert re.search(r"<ins[^>]*>[^<]*s3:PutObject", shown)
    for said in ("is not known.", "Before: none.", "After: none."):
        assert said not in words(shown)


def test_policies_that_say_the_same_stand_with_the_role() -> None:
    role_found = a_finding(1)
    arn = f"arn:aws:iam::{ACCOUNT}:policy/Support"
    policy_found = a_finding(1, finding_id="2", subject=Subject(SubjectType.POLICY, arn))
    shown = words(a_page(role_found, policy_found))
    assert "The same holds of policy Support" in shown


secrets = st.text("ABCDEFGHJKMNPQRSTUVWXYZ23456789+=,.@:/-", min_size=12, max_size=60)


@settings(max_examples=40)
@given(secrets)
def test_no_external_id_reaches_the_page(secret: str) -> None:
    grant = {
        "actions": ["sts:AssumeRole"],
        "resources": ["*"],
        "conditions": {"StringEquals": {"sts:ExternalId": secret}},
        "witness": {
            "principal": "*",
            "action": "sts:AssumeRole",
            "resource": ROLE_ARN,
            "context": {"STS:externalid": [secret]},
        },
    }
    finding = a_finding(
        1,
        summary=f"it was {secret} before",
        subject=Subject(SubjectType.TRUST, ROLE_ARN),
        actor=Actor(ActorKind.VENDOR, user_agent=secret, session=secret),
        comparison={
            "verdict": "expansion",
            "gained": [grant],
            "lost": [],
            "undetermined": [{"code": "x", "sentence": secret}],
        },
    )
    made = words(a_page(finding))
    assert secret not in made
    assert "****" in made


def test_a_finding_of_five_thousand_actions_is_cut_with_counts() -> None:
    huge = read_finding(huge_finding(values=30, grants=GRANTS_SHOWN + 3))
    made = a_page(huge)
    assert "and 4,994 more" in words(made)
    assert "and 3 more" in words(made)
    assert len(made) < 300_000


def vendor(number: int, verdict: str, **fields: Any) -> Finding:
    actor = Actor(ActorKind.VENDOR, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/x")
    return a_finding(number, verdict, actor=actor, **fields)


@pytest.mark.parametrize(
    ("finding", "is_open"),
    [
        (vendor(1, "expansion"), True),
        (vendor(1, "mixed"), True),
        (vendor(1, "undetermined"), True),
        (vendor(1, "expansion", kind=FindingKind.STAGED), True),
        (vendor(1, "reduction"), False),
        (vendor(1, "equivalent"), False),
        (vendor(1, "undetermined", kind=FindingKind.TAMPER), False),
        (a_finding(1, "expansion", actor=Actor(ActorKind.CUSTOMER)), False),
    ],
)
def test_what_the_vendor_is_to_announce_is_open(finding: Finding, is_open: bool) -> None:
    opened = words(a_page(finding)).partition("Open with the vendor")[2].partition("Access over")[0]
    assert ("No notice is noted of 1 change" in opened) is is_open
    assert ("Nothing" in opened) is not is_open


def test_what_was_corrected_stands_under_what_holds_and_is_not_counted() -> None:
    was, now = vendor(1, "expansion", summary="It was more."), a_finding(1, "reduction")
    made = page(
        Report(
            "From a test",
            "2026-11-22T06:00:00Z",
            (
                Entry(was, superseded_by=now.finding_id),
                Entry(now, correction_of=was.finding_id),
            ),
            NOTHING,
        ),
        CATALOGUE,
    )
    said = words(made)
    assert "Said before: EXPANSION high: It was more." in said
    assert "Correction: reduction" in said
    assert "1 expansion" not in said
    assert "No notice is noted" not in said
    assert made.count("data-verdict") == 1


def test_a_notice_that_was_noted_closes_a_change_and_stands_with_it() -> None:
    finding = vendor(1, "expansion")
    notice = Notice(finding.finding_id, "<b>told</b> on Monday", "ada", "2026-11-22T05:00:00Z")
    entry = Entry(finding, notice=notice)
    made = page(Report("From a test", "2026-11-22T06:00:00Z", (entry,), NOTHING), CATALOGUE)
    assert "Nothing is open" in words(made)
    assert "<b>told</b> on Monday (noted by ada, 2026-11-22 05:00:00 UTC)" in words(made)


def test_an_open_change_says_for_how_long() -> None:
    finding = vendor(1, "expansion", time="2026-11-12T05:00:00Z")
    assert "open for 10 days" in words(a_page(finding))


def test_the_latest_change_comes_first() -> None:
    said = words(a_page(a_finding(1, summary="First."), a_finding(3600, summary="Second.")))
    assert said.index("Second.") < said.index("First.")


def test_every_filter_offers_what_there_is_and_no_more() -> None:
    made = a_page(a_finding(1, "mixed"), a_finding(2, "reduction", severity=Severity.LOW))
    options = [
        attributes["value"]
        for tag, attributes in Structure(made).elements
        if tag == "option" and attributes["value"]
    ]
    assert options == ["0", "reduction", "mixed", "high", "low"]


def test_a_lost_sense_is_told_with_its_reason() -> None:
    lost = mutation("s", SenseLost("rule:RoleRule", "rule", "rule r is disabled"))
    evidence = Evidence(genesis(role()), (lost,), {}, judged=False)
    said = words(a_page(a_finding(1), evidence=evidence, compared=""))
    assert (
        "A rule no longer tells the monitor of changes as they happen: rule r is disabled" in said
    )
    assert "1 sense lost" in said
    assert "not judged yet" in said
    assert "IAM with the ledger: not yet" in said


def test_a_monitor_that_works_says_so() -> None:
    evidence = Evidence(genesis(role()), (), {})
    said = words(a_page(evidence=evidence, compared="2026-11-22T05:45:00Z"))
    assert "Impaired" not in said
    assert "none is lost" in said
    assert "IAM with the ledger: 2026-11-22 05:45:00 UTC" in said
    assert "Nothing was found." in said
