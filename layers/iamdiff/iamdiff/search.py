"""One comparison in the making: every class of requests in which the two sides differ."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from iamdiff.actions import EVERY_BODY, ActionIndex
from iamdiff.bodies import BodyTable
from iamdiff.budget import Budget
from iamdiff.callers import CallerClass, caller_classes
from iamdiff.catalogue import Catalogue, gravity
from iamdiff.differences import Decision, Differ
from iamdiff.evaluator import Evaluator
from iamdiff.grants import Entry, Grant, Row, rows_of
from iamdiff.kinds import Kind
from iamdiff.model import Access
from iamdiff.naming import Named, Naming, Spelling, name_actions, speakers
from iamdiff.reasons import Reason, fault_of, reason_of, with_everything
from iamdiff.service_index import ActionCell, Sides
from iamdiff.solver import Solver
from iamdiff.verdicts import MOST_GRANTS, Comparison, Verdict
from iamdiff.witnesses import is_latent, witness_of

OLD, NEW = BOTH = (0, 1)


class Question(NamedTuple):
    """What is to be compared, and how."""

    old: Access
    new: Access
    kind: Kind
    part: bool
    principal: str | None
    catalogue: Catalogue

    @property
    def bounded(self) -> bool:
        """Whether either side has a boundary."""
        return self.old.boundary is not None or self.new.boundary is not None


type Found = list[tuple[Sides, list[Entry]]]


class Drafted(NamedTuple):
    """A row with its actions' names, and what makes a grant of it."""

    row: Row
    named: Named
    naming: Naming
    caller: CallerClass
    side: int
    latent: bool


class Search:
    """A comparison in the making.

    Attributes
    ----------
    evaluators : tuple[Evaluator, Evaluator]
        What every witness is run through, by side.
    """

    def __init__(self, question: Question, table: BodyTable, budget: Budget) -> None:
        self.question = question
        self.table = table
        self.budget = budget
        self.statements = question.old.statements + question.new.statements
        old, new, kind, *_ = question
        self.evaluators = (Evaluator(old, kind), Evaluator(new, kind))
        self.reasons: tuple[dict[str, Reason], dict[str, Reason]] = ({}, {})
        self.gained: list[Drafted] = []
        self.lost: list[Drafted] = []
        self.lifted: list[Drafted] = []
        self.added: list[Drafted] = []

    def search(self) -> None:
        """Look at every class of requests in which the two sides' statements differ."""
        question = self.question
        index = self.table.index()
        groups = index.groups(self.budget)
        if not groups:
            return
        for caller in caller_classes(self.table, question.kind, question.principal, self.budget):
            for doubt in caller.doubts:
                self.doubt(Reason(doubt.code, doubt.sentence), *BOTH)
            differ = Differ(
                self.table,
                Solver(caller.facts(self.statements, question.catalogue), self.budget),
                self.budget,
                caller,
                bounded=question.bounded,
                part=question.part,
            )
            self._search(differ, caller, index, groups)

    def _search(
        self,
        differ: Differ,
        caller: CallerClass,
        index: ActionIndex,
        groups: Mapping[Sides, Sequence[ActionCell]],
    ) -> None:
        founds: tuple[Found, ...] = ([], [], [], [])
        named: dict[Sides, list[ActionCell]] = {}
        for all_sides, cells in groups.items():
            sides = all_sides
            if caller.mask != EVERY_BODY:
                sides = Sides(sides.old & caller.mask, sides.new & caller.mask)
            if sides.old == sides.new:
                continue
            named.setdefault(sides, []).extend(cells)
        for sides in named:
            for region in differ.regions(sides):
                self._doubt(region.decision)
                for found, differences in zip(founds, region.decision[:4], strict=True):
                    if differences:
                        found.append((sides, [Entry(region, *each) for each in differences]))
        spelling = Spelling(self.statements)
        naming = Naming(index, named, caller.mask, self.question.catalogue, spelling)
        gained, lost, lifted, added = founds
        self.gained += self._grants(gained, naming, caller, side=1)
        self.lost += self._grants(lost, naming, caller, side=0)
        self.lifted += self._grants(lifted, naming, caller, side=1)
        self.added += self._grants(added, naming, caller, side=0)

    def doubt(self, reason: Reason, *sides: int) -> None:
        """Note why nothing may be claimed where nothing is found on these sides."""
        for side in sides:
            self.reasons[side][reason.sentence] = reason

    def _doubt(self, decision: Decision) -> None:
        for side, doubts in ((NEW, decision.gained_doubts), (OLD, decision.lost_doubts)):
            for condition in doubts:
                self.doubt(reason_of(condition), side)

    def _grants(
        self, found: Found, naming: Naming, caller: CallerClass, *, side: int
    ) -> list[Drafted]:
        drafts = []
        for row in rows_of(found):
            named = name_actions(row, naming)
            # Without a catalogue nothing is known of what can use it.
            latent = bool(naming.catalogue.date) and is_latent(row, named)
            drafts.append(Drafted(row, named, naming, caller, side, latent))
        return drafts

    def _confirmed(self, drafts: Sequence[Drafted]) -> tuple[Grant, ...]:
        """The gravest of some grants, their witnesses run through the reference evaluator."""
        grants = []
        for draft in sorted(drafts, key=_gravity)[:MOST_GRANTS]:
            grant = self._grant(draft)
            fault = self._fault(grant, side=draft.side)
            if fault is None:
                grants.append(grant)
            else:
                self.doubt(fault, draft.side)
        return tuple(grants)

    def _grant(self, draft: Drafted) -> Grant:
        row, named, naming = draft.row, draft.named, draft.naming
        cells = [cell for sides in row.groups for cell in naming.groups[sides]]
        here, there = self.table.places[draft.side], self.table.places[1 - draft.side]
        allowed_by = [
            place
            for number in (row.cause.allow, row.cause.within)
            if number is not None
            for place in speakers(here[number], cells)
        ]
        stopped_by = [p for number in row.stopped_by for p in speakers(there[number], cells)]
        shown = allowed_by[0] if row.cause.allow is not None else stopped_by[0]
        return Grant(
            actions=named.patterns,
            catalogued=named.names,
            uncatalogued=named.uncatalogued,
            access_levels=named.access_levels,
            resources=row.resources,
            conditions=shown.statement.conditions,
            allowed_by=tuple(allowed_by),
            before=row.cause.before,
            before_statements=tuple(stopped_by),
            witness=draft.caller.request(witness_of(row, named, naming)),
            latent=draft.latent,
        )

    def _fault(self, grant: Grant, *, side: int) -> Reason | None:
        """Why the witness of a grant proves nothing; None where it does."""
        sides = self.evaluators if grant.allowed_by else self.with_everything
        return fault_of(grant.witness, sides[1 - side], sides[side])

    @cached_property
    def with_everything(self) -> tuple[Evaluator, Evaluator]:
        """The same where everything is allowed besides, so that Denies alone count."""
        old, new, kind, *_ = self.question
        return Evaluator(with_everything(old), kind), Evaluator(with_everything(new), kind)

    def comparison(self) -> Comparison:
        """The verdict on what was found."""
        gained, lost = self._confirmed(self.gained), self._confirmed(self.lost)
        lifted, added = self._confirmed(self.lifted), self._confirmed(self.added)
        reasons = {
            sentence: reason
            for side, grants in ((NEW, gained), (OLD, lost))
            if not grants
            for sentence, reason in self.reasons[side].items()
        }
        match bool(gained), bool(lost):
            case _ if reasons:
                verdict = Verdict.UNDETERMINED
            case True, True:
                verdict = Verdict.MIXED
            case True, False:
                verdict = Verdict.EXPANSION
            case False, True:
                verdict = Verdict.REDUCTION
            case _:
                verdict = Verdict.EQUIVALENT
        return Comparison(
            verdict,
            gained,
            lost,
            tuple(reasons.values()),
            max(0, len(self.gained) - MOST_GRANTS),
            max(0, len(self.lost) - MOST_GRANTS),
            lifted,
            added,
            self.question.catalogue.date,
        )


def _gravity(draft: Drafted) -> tuple[bool, int, int]:
    levels = draft.named.access_levels
    gravest = levels[0] if levels else ""
    return draft.latent, gravity(gravest), -len(draft.named.catalogued)
