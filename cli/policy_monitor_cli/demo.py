"""The demo: a year of one role, replayed through the handlers, and what people would be told."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from policy_monitor.errors import InputError
from policy_monitor.findings import Finding, FindingKind
from policy_monitor.mutations import ActorKind
from policy_monitor.settings import Settings
from policy_monitor_cli import rendering, timelines
from policy_monitor_cli.material import BEGINNING
from policy_monitor_cli.outcome import Channel, Fate, Message, Outcome
from policy_monitor_cli.replay import Through, replayed
from policy_monitor_cli.report import OUT, write_replay

INTRODUCTION = (
    "A company gave its vendor, Astronomer, an IAM role in its AWS account. This is a year of "
    "that role: {events} CloudTrail events, put on an emulated event bus and carried by the rules "
    "of template.yaml through the real functions, down to the e-mail and the Slack message. "
    "No AWS account is needed, and nothing leaves this machine."
)
LEGEND = (
    "Each change, with a request that is allowed since and was not (+), or was and is not (-). "
    "The messages further down say all that changed."
)

LATE = (
    "CloudTrail delivers events in no certain order, some long after others. Findings are derived "
    "from what happened, in the order in which it happened: an event that comes out of order "
    "takes its place, and what follows it is judged anew."
)
DRIFT = (
    "No event told of a change: its event was lost or has not come yet, or AWS changed a policy of "
    "its own, which makes no event in the account. Every quarter of an hour reconcile compares "
    "IAM with the ledger; what two readings show, and CloudTrail's event history cannot explain, "
    "is told as it was found."
)
CORRECTION = (
    "What people were told turned out to be otherwise, and they are told so: here the late event "
    "says who had made the change that was found as drift. A finding that still says the same is "
    "not sent again."
)

TRY_IT = """\
Judge events of your own, on this machine:

  aws iam get-account-authorization-details > iam.json
  aws cloudtrail lookup-events --region us-east-1 --lookup-attributes \\
    AttributeKey=EventSource,AttributeValue=iam.amazonaws.com > events.json
  .venv/bin/policy-monitor replay events.json --baseline iam.json

Every verdict takes what was there before: best is a baseline from before the
first event. Log folders of CloudTrail (.json.gz) will do as well;
--role, --policy and --vendor-account watch another vendor. The events of this
demo lie in events/, a file each; change one and run

  .venv/bin/policy-monitor replay events --through handlers"""

REPORT = """\
What changed, with its proof; what access there was at any time; and of which
changes the vendor owes a notice. Open it in a browser:

  {place}"""


def demo() -> None:
    """Replay a year of one vendor's role, and show what you would have been told.

    Takes half a minute and needs neither an AWS account nor a container
    runtime. It ends by writing report.html into the current folder.

    Example: policy-monitor demo
    """
    screen = rendering.console()
    _, outcome = replayed([story()], None, Settings(), Through.HANDLERS)
    for part in scenes(outcome, screen):
        screen.print(part)
    write_replay(outcome, OUT)
    screen.print("", _heading("The year as one page"), sep="\n")
    screen.print(Text(REPORT.format(place=OUT.resolve())), soft_wrap=True)


def story() -> Path:
    """The folder of the story, in the project's checkout.

    Raises
    ------
    InputError
        This package was installed without the project.
    """
    folder = Path(__file__).parents[2] / "events"
    if not folder.is_dir():
        raise InputError(
            "demo: events/ is not installed with this command; "
            "run it from a checkout of the project, after `make setup`"
        )
    return folder


def scenes(outcome: Outcome, screen: Console) -> Iterator[RenderableType]:
    """What the demo shows, part by part."""
    yield ""
    yield Text(INTRODUCTION.format(events=outcome.events))
    yield ""
    yield _heading("What happened")
    yield Text(LEGEND, "dim")
    yield ""
    yield timelines.timeline(outcome)
    yield timelines.tally(outcome)
    yield ""
    yield _heading("What did not go as it should")
    yield _oddities(outcome)
    yield _heading("What you would have been sent")
    told = in_full(outcome)
    for sent in told:
        yield rendering.message(sent)
        yield ""
    others = [
        sent for sent in outcome.messages if sent not in told and sent.channel is Channel.EMAIL
    ]
    yield Text(f"And {len(others)} more, each by e-mail and in Slack:", "bold")
    times = {entry.finding.finding_id: entry.finding.time for entry in outcome.entries}
    for sent in others:
        yield _line(times.get(sent.finding_id, ""), sent, screen.width)
    yield ""
    yield _heading("What you would not have been sent")
    yield from _silence(outcome)
    yield _heading("Try it with events of your own")
    yield Text(TRY_IT)


def in_full(outcome: Outcome) -> Sequence[Message]:
    """The messages of the first expansion that the vendor made, and the mail of a correction."""
    first = next((finding for finding in outcome.findings if _is_vendor_expansion(finding)), None)
    corrections = [entry.finding for entry in outcome.entries if entry.correction_of]
    return [
        *(sent for sent in outcome.messages if first and sent.finding_id == first.finding_id),
        *(
            sent
            for finding in corrections[:1]
            for sent in outcome.messages
            if (sent.finding_id, sent.channel) == (finding.finding_id, Channel.EMAIL)
        ),
    ]


def _oddities(outcome: Outcome) -> RenderableType:
    """What each thing is that an alarm on events alone would get wrong, and where it happened."""
    drift, late, corrections = [], [], []
    for entry in outcome.entries:
        finding = entry.finding
        if finding.kind is FindingKind.DRIFT and entry.announcements and not entry.correction_of:
            drift.append(_moment(finding))
        if finding.event_id in outcome.late and finding.finding_id not in outcome.told_with:
            late.append(_moment(finding))
        if entry.correction_of:
            corrections.append(_moment(finding))
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=10)
    table.add_column(ratio=1, overflow="fold")
    for word, times, meaning in (
        ("Late", late, LATE),
        ("Drift", drift, DRIFT),
        ("Correction", corrections, CORRECTION),
    ):
        if times:
            where = Text(f" Here: {', '.join(dict.fromkeys(times))} UTC.", "dim")
            table.add_row(Text(word, timelines.NOTE_STYLE), Text(meaning).append_text(where))
            table.add_row("", "")
    return table


def _moment(finding: Finding) -> str:
    return finding.time[:16].replace("T", " ")


def _line(time: str, sent: Message, width: int) -> Text:
    """A message in one line: when, and its subject without the account, always the same."""
    day = "before all" if time == BEGINNING else time[:10]
    line = Text(f"{day}  {sent.subject.partition(', account ')[0]}")
    line.truncate(width, overflow="ellipsis")
    return line


def _is_vendor_expansion(finding: Finding) -> bool:
    return (
        finding.kind is FindingKind.CHANGE
        and finding.verdict == "expansion"
        and finding.actor.kind is ActorKind.VENDOR
    )


def _silence(outcome: Outcome) -> Iterator[RenderableType]:
    """Events and findings of which nobody is told, and why."""
    reasons = {
        Fate.IGNORED: "concern nothing that is watched, or change no access",
        Fate.DUPLICATE: "came a second time and were known",
        Fate.DEAD_LETTER: "could not be read: kept in the dead-letter queue, with an alarm",
    }
    equivalent = sum(finding.verdict == "equivalent" for finding in outcome.findings)
    lines = [(outcome.counts.get(fate, 0), reason) for fate, reason in reasons.items()]
    lines.append((equivalent, "findings of changes that change nothing: recorded, not announced"))
    for count, reason in lines:
        yield Text(f"{count:>3}  {reason}")
    yield ""


def _heading(title: str) -> RenderableType:
    return Rule(Text(title, "bold"), align="left", style="dim")
