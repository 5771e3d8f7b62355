"""The report as one page of HTML: what it shows of each finding, and the page itself.

The template escapes whatever it is given; texts of strangers come as `messages.content` makes them,
with nothing hidden in them. The page's own style and script are the only ones that it lets run.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from iamdiff.catalogue import Catalogue
from policy_monitor.chapters import Chapter, announced, chapters, moment, said_by
from policy_monitor.digest import days_open
from policy_monitor.findings import CHANGED, Finding, FindingKind, Severity, SubjectType
from policy_monitor.history import Entry, entry_json
from policy_monitor.messages.content import Content, Fact, content
from policy_monitor.messages.grants import Side, sides
from policy_monitor.messages.masking import masked
from policy_monitor.messages.text import Phrase, name, plain, sentence
from policy_monitor.mutations import Documents, SenseLost
from policy_monitor.notices import TEXT_LIMIT, open_entries
from policy_monitor.phrases import counted
from policy_monitor.senses import sense_sentence
from policy_monitor.settings import VERDICTS
from policy_monitor_report.charts import LEVEL_CLASSES, NOT_KNOWN, chart
from policy_monitor_report.diffs import Diff, diff
from policy_monitor_report.reach import reaches
from policy_monitor_report.report import Report
from policy_monitor_report.sheets import Sheet, sheets

GRANTS_SHOWN = 30
FEW = 12

SIGNS = {
    "expansion": "▲",
    "mixed": "◆",
    "undetermined": "?",
    "reduction": "▼",
    "equivalent": "=",
    "other": "•",
}
"""Beside the words, so that colour is never the only sign."""

_OTHER = (FindingKind.ATTEMPT, FindingKind.TAMPER, FindingKind.BASELINE)


class _Sheet(NamedTuple):
    what: str
    old_version: str
    new_version: str
    absent: str
    diff: Diff


class _Open(NamedTuple):
    """What waits for a notice of the vendor; `anchor` is where the page tells of it."""

    anchor: str
    day: str
    waiting: str
    style: str
    sign: str
    said: Content


class _Item(NamedTuple):
    """One change, as the page shows it."""

    anchor: str
    day: str
    verdict: str
    style: str
    sign: str
    subjects: str
    said: Content
    why: tuple[str, ...]
    before: tuple[str, ...]
    also: tuple[Phrase, ...]
    sides: tuple[Side, ...]
    facts: tuple[Fact, ...]
    sheets: tuple[_Sheet, ...]
    sheets_more: int


def page(report: Report, catalogue: Catalogue, on_step: Callable[[], None] = lambda: None) -> str:
    """The whole page.

    Parameters
    ----------
    on_step : callable
        Called with each change that was laid out, and each access that was counted.
    """
    subjects: dict[str, int] = {}
    found = list(chapters(report.entries))
    items = []
    for chapter in reversed(found):
        items.append(_item(chapter, report.evidence.documents, subjects))
        on_step()
    roles = sorted(
        {
            each.finding.subject.arn
            for each in report.entries
            if each.finding.subject.type is SubjectType.ROLE
        }
    )
    names = ", ".join(name(arn.rsplit("/", 1)[-1]).text for arn in roles)
    style, script = _resource("page.css"), _resource("page.js")
    made = _template().render(
        title=f"Access of {names}" if names else "Access of the watched roles",
        source=name(report.source).text,
        account=name(found[-1].entry.finding.account).text if found else "",
        written=moment(report.written),
        tally=tuple(_tally(items)),
        open=tuple(_open(report, found)),
        charts=[chart(reach) for reach in reaches(report.evidence, roles, catalogue, on_step)],
        problems=tuple(_problems(report)),
        state=tuple(_state(report)),
        filters=_filters(items, subjects),
        items=items,
        counted=counted,
        few=_few,
        level_classes=LEVEL_CLASSES,
        not_known=NOT_KNOWN,
        style=Markup(style),  # noqa: S704  our own file
        style_hash=_source_hash(style),
        script=Markup(script),  # noqa: S704  our own file
        script_hash=_source_hash(script),
    )
    # Half of a character in a stranger's name would be no UTF-8.
    return made.encode(errors="replace").decode()


def _item(chapter: Chapter, documents: Documents, subjects: dict[str, int]) -> _Item:
    finding = chapter.entry.finding
    told = masked(entry_json(chapter.entry))
    said = content(told)
    style = "other" if finding.kind in _OTHER else finding.verdict
    also = tuple(_subject(other) for other in chapter.also)
    finding_id = name(said.finding_id)
    told_when = tuple(Fact("Told", (line,)) for line in announced(chapter.entry))
    # Inventories, of which there are no grants, stay as they are told.
    inventory = said.sides if finding.inventory else ()
    return _Item(
        anchor=_anchor(finding),
        day=name(moment(finding.time)[:16]).text,
        verdict=finding.verdict,
        style=style,
        sign=SIGNS[style],
        subjects=" ".join(
            str(subjects.setdefault(plain(each), len(subjects))) for each in (said.subject, *also)
        ),
        said=said,
        why=tuple(sentence(str(reason)) for reason in told.get("severity_reasons") or ()),
        before=tuple("; ".join((said_by(entry), *announced(entry))) for entry in chapter.before),
        also=also,
        sides=inventory
        or sides(told["comparison"], finding.kind, finding.subject.type, most=GRANTS_SHOWN),
        facts=(*said.who, *said.facts, *told_when, *_noted(told), Fact("Finding", (finding_id,))),
        sheets=tuple(_sheet(each) for each in sheets(finding, documents)),
        sheets_more=max(0, finding.changed_total - CHANGED),
    )


def _anchor(finding: Finding) -> str:
    return f"finding-{finding.finding_id}"


def _noted(told: Mapping[str, Any]) -> Iterator[Fact]:
    """The vendor's notice, where one was noted."""
    if notice := told["notice"]:
        when = moment(notice["time"])
        text = sentence(notice["text"], TEXT_LIMIT)
        yield Fact("Notice", (f"{text} (noted by ", name(notice["author"]), f", {when})"))


def _open(report: Report, found: Iterable[Chapter]) -> Iterator[_Open]:
    """What waits for a notice of the vendor, the latest first."""
    places = {
        finding.finding_id: _anchor(chapter.entry.finding)
        for chapter in found
        for finding in (chapter.entry.finding, *chapter.also)
    }
    for entry in reversed(open_entries(report.entries)):
        finding = entry.finding
        days = days_open(finding.time, report.written)
        yield _Open(
            places[finding.finding_id],
            moment(finding.time)[:16],
            f"open for {counted(days, 'day')}",
            finding.verdict,
            SIGNS[finding.verdict],
            content(entry_json(entry)),
        )


def _sheet(sheet: Sheet) -> _Sheet:
    absent = ""
    if any(sheet.unknown):
        sides = zip(("before", "after"), sheet.unknown, strict=True)
        absent = f"Its text {' and '.join(side for side, is_it in sides if is_it)} is not known."
    elif sheet.old is None or sheet.new is None:
        absent = f"{'Before' if sheet.old is None else 'After'}: none."
    return _Sheet(
        name(sheet.what, 400).text,
        _version(sheet.versions[0]),
        _version(sheet.versions[1]),
        absent,
        diff(sheet.old, sheet.new),
    )


def _version(version: str) -> str:
    return name(version).text if version else ""


def _subject(finding: Finding) -> Phrase:
    return content(entry_json(Entry(finding))).subject


def _tally(items: Iterable[_Item]) -> Iterator[Mapping[str, str]]:
    counts = Counter(item.style for item in items)
    for style, sign in SIGNS.items():
        if counts[style]:
            yield {"style": style, "sign": sign, "words": f"{counts[style]:,} {style}"}


def _filters(items: Sequence[_Item], subjects: Mapping[str, int]) -> Sequence[tuple[Any, ...]]:
    verdicts = {item.verdict for item in items}
    severities = {item.said.severity for item in items}
    return (
        ("Subject", "subject", [(str(place), words) for words, place in sorted(subjects.items())]),
        ("Verdict", "verdict", [(each, each) for each in VERDICTS if each in verdicts]),
        ("Severity", "severity", [(each, each) for each in Severity if each in severities]),
    )


def _problems(report: Report) -> Iterator[str]:
    for sense, reason in report.evidence.last().blind.items():
        yield sentence(sense_sentence(SenseLost(sense, "", reason)))
    if not report.evidence.judged:
        yield "Facts were recorded that are not judged yet: findings of them are not shown here."


def _state(report: Report) -> Iterator[Fact]:
    genesis = report.evidence.genesis
    if genesis is None or not genesis.state.complete:
        yield Fact("Baseline", ("none: what was there before the first event is not known",))
    else:
        watched = ", ".join(name(role).text for role in genesis.state.roles) or "no watched role"
        yield Fact("Baseline", (f"IAM as it was read {moment(genesis.read_at)}: {watched}",))
    yield Fact("Facts", (f"{counted(len(report.evidence.mutations), 'change')} recorded",))
    if report.compared is None:
        yield Fact("Senses", ("a replay watches nothing: it judges what it was given",))
        return
    lost = report.evidence.last().blind
    yield Fact(
        "Senses",
        (f"{counted(len(lost), 'sense')} lost, as told above" if lost else "none is lost",),
    )
    compared = moment(report.compared) if report.compared else "not yet"
    yield Fact("Compared", (f"IAM with the ledger: {compared}",))


def _few(names: Sequence[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more:,} more" if more > 0 else "")


def _source_hash(text: str) -> str:
    """A source of a Content-Security-Policy (W3C, "CSP Level 3", hash-source)."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _resource(file: str) -> str:
    return files(__package__).joinpath(file).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(_resource("page.html.j2"))
