import pytest

from policy_monitor.findings import FindingKind
from policy_monitor.messages.wording import (
    ack_command,
    heading,
    meaning,
    notice,
)
from policy_monitor.mutations import ActorKind
from policy_monitor.settings import VERDICTS


@pytest.mark.parametrize("verdict", ["expansion", "mixed", "undetermined"])
@pytest.mark.parametrize("kind", [FindingKind.CHANGE, FindingKind.STAGED, FindingKind.DRIFT])
def test_an_expansion_by_the_vendor_asks_for_its_notice(kind: FindingKind, verdict: str) -> None:
    text = notice(kind, verdict, ActorKind.VENDOR, named=True)
    assert text.startswith("The vendor is to announce expansions")
    assert "ask for its notice" in text.lower()


@pytest.mark.parametrize("verdict", ["reduction", "equivalent"])
def test_no_notice_is_due_where_the_vendor_gained_nothing(verdict: str) -> None:
    assert "no notice" in notice(FindingKind.CHANGE, verdict, ActorKind.VENDOR, named=True)


@pytest.mark.parametrize("actor", [ActorKind.CUSTOMER, ActorKind.AWS])
@pytest.mark.parametrize("verdict", VERDICTS)
def test_no_notice_of_the_vendor_is_due_for_what_others_did(actor: ActorKind, verdict: str) -> None:
    assert "no notice" in notice(FindingKind.CHANGE, verdict, actor, named=True)


def test_a_gain_that_nobody_is_known_to_have_made_may_be_the_vendors() -> None:
    text = notice(FindingKind.DRIFT, "expansion", ActorKind.UNKNOWN, named=False)
    assert text.startswith("No event says who did this. If it was the vendor")
    assert notice(FindingKind.DRIFT, "reduction", ActorKind.UNKNOWN, named=False) == ""


def test_a_stranger_is_to_be_found_out() -> None:
    text = notice(FindingKind.CHANGE, "reduction", ActorKind.UNKNOWN, named=True)
    assert text == "Done by neither your account nor the vendor's: find out who this is."


@pytest.mark.parametrize("kind", list(FindingKind))
@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_kind_and_verdict_has_words(kind: FindingKind, verdict: str) -> None:
    assert heading(kind, verdict)[0].isupper()
    assert meaning(kind, verdict).endswith(".")


@pytest.mark.parametrize(
    ("finding", "stack", "region", "command"),
    [
        ("a1", "pm", "us-east-1", "ack a1 --notice ADDRESS --stack pm --region us-east-1"),
        ("a1", "pm", "us-gov-west-1", "ack a1 --notice ADDRESS --stack pm --region us-gov-west-1"),
        ("a1", "pm", "; reboot", "ack a1 --notice ADDRESS --stack pm"),
        ("a1", "$(reboot)", "us-east-1", "ack a1 --notice ADDRESS"),
        ("a1", "", "", "ack a1 --notice ADDRESS"),
    ],
)
def test_a_command_to_be_copied_holds_nothing_that_a_shell_reads_otherwise(
    finding: str, stack: str, region: str, command: str
) -> None:
    assert ack_command(finding, stack, region) == f"policy-monitor {command}"


@pytest.mark.parametrize("finding", ["", "a b", "-rf", "`reboot`", "a\nb", "x" * 129])
def test_an_id_that_is_no_findings_makes_no_command(finding: str) -> None:
    assert ack_command(finding, "pm", "us-east-1") == ""
