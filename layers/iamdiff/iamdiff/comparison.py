"""How two accesses differ: a verdict, and grants with witnesses as its proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from iamdiff.actions import ActionCell, ActionIndex, Sides
from iamdiff.bodies import LINK, NOT_LINK, BodyTable, is_linked, template_of
from iamdiff.budget import Budget, BudgetExceeded
from iamdiff.callers import CallerClass, caller_classes
from iamdiff.catalogue import ACCESS_LEVELS, Catalogue, EmptyCatalogue
from iamdiff.differences import Decision, Differ
from iamdiff.domains import value_test
from iamdiff.evaluator import evaluate
from iamdiff.grants import (
    Entry,
    Grant,
    Named,
    Naming,
    Row,
    Spelling,
    access_levels,
    is_latent,
    name_actions,
    rows_of,
    witness_of,
)
from iamdiff.kinds import Kind
from iamdiff.links import is_readable
from iamdiff.model import (
    Access,
    Condition,
    Document,
    Effect,
    Request,
    Statement,
)
from iamdiff.solver import Solver

MOST_GRANTS = 20
"""Rows in one direction; what is beyond is counted."""


_OLD, _NEW = _BOTH = (0, 1)


class Verdict(StrEnum):
    """How the new access differs from the old."""

    EQUIVALENT = "equivalent"
    EXPANSION = "expansion"
    REDUCTION = "reduction"
    MIXED = "mixed"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a comparison could not be decided: a name for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two accesses differ.

    Attributes
    ----------
    gained, lost : tuple[Grant, ...]
        Requests that only the new side allows, and only the old side; the gravest first.
    gained_folded, lost_folded : int
        Rows beyond `MOST_GRANTS`.
    undetermined : tuple[Reason, ...]
        Empty but where the verdict is undetermined.
    lifted_denies, added_denies : tuple[Grant, ...]
        Requests that a Deny stopped on one side and none stops on the other, allowed or not.
    """

    verdict: Verdict
    gained: tuple[Grant, ...] = ()
    lost: tuple[Grant, ...] = ()
    undetermined: tuple[Reason, ...] = ()
    gained_folded: int = 0
    lost_folded: int = 0
    lifted_denies: tuple[Grant, ...] = ()
    added_denies: tuple[Grant, ...] = ()
    catalogue_date: str = ""

    @property
    def latent(self) -> bool:
        """Whether all that was gained is latent."""
        return bool(self.gained) and all(grant.latent for grant in self.gained)


def compare(
    old: Access,
    new: Access,
    *,
    kind: str = "identity",
    part: bool = False,
    principal: str | None = None,
    catalogue: Catalogue | None = None,
    steps: int | None = None,
) -> Comparison:
    """Say whether there is a request that one access allows and the other does not.

    Parameters
    ----------
    kind : str
        ``identity``, ``trust`` or ``resource``.
    part : bool
        Judge the policies as a part of some access, so that a lifted Deny is a gain.
    principal : str | None
        The ARN of the one principal that makes the requests; None: any.
    steps : int | None
        How much work may be done before the answer is `undetermined`.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    question = Question(old, new, Kind(kind), part, principal, catalogue or EmptyCatalogue(), steps)
    return question.answer()


@dataclass(frozen=True, slots=True)
class Question:
    """One comparison to be made."""

    old: Access
    new: Access
    kind: Kind
    part: bool
    principal: str | None
    catalogue: Catalogue
    steps: int | None

    @property
    def bounded(self) -> bool:
        """Whether either side has a boundary."""
        return self.old.boundary is not None or self.new.boundary is not None

    def answer(self) -> Comparison:
        """Compare; where AWS's pages allow two readings of a pattern, by both."""
        budget = Budget() if self.steps is None else Budget(self.steps)
        first = self._answer(budget, crossing=False)
        comparison, ambiguous = first
        if not ambiguous:
            return comparison
        other, _ = self._answer(budget, crossing=True)
        if other.verdict == comparison.verdict:
            return comparison
        named = ", ".join(sorted(ambiguous))
        reason = Reason(
            "short-arn",
            f"AWS's pages allow two readings of {named}, and the verdict depends on which",
        )
        return _undetermined(comparison, [reason])

    def _answer(self, budget: Budget, *, crossing: bool) -> tuple[Comparison, set[str]]:
        table = BodyTable(crossing=crossing)
        table.add(self.old, 0, bounded=self.bounded)
        table.add(self.new, 1, bounded=self.bounded)
        finding = _Finding(self, table, budget)
        try:
            finding.search()
        except BudgetExceeded:
            sentence = f"the policies overlap in too many ways to compare in {budget.limit} steps"
            finding.doubt(Reason("budget", sentence), *_BOTH)
        return finding.comparison(), table.ambiguous


type Found = list[tuple[Sides, list[Entry]]]


class Drafted(NamedTuple):
    """A row with its actions' names, and what makes a grant of it."""

    row: Row
    named: Named
    naming: Naming
    caller: CallerClass
    side: int

    @property
    def access_levels(self) -> tuple[str, ...]:
        """Access levels, the gravest first."""
        return access_levels(self.named.catalogued)

    @property
    def latent(self) -> bool:
        """Whether nothing that the catalogue knows can use it."""
        return bool(self.naming.catalogue.date) and is_latent(self.row, self.named)


@dataclass(slots=True)
class _Finding:
    """A comparison in the making."""

    question: Question
    table: BodyTable
    budget: Budget
    reasons: tuple[dict[str, Reason], dict[str, Reason]] = field(default_factory=lambda: ({}, {}))
    gained: list[Drafted] = field(default_factory=list)
    lost: list[Drafted] = field(default_factory=list)
    lifted: list[Drafted] = field(default_factory=list)
    added: list[Drafted] = field(default_factory=list)

    def search(self) -> None:
        """Look at every class of requests in which the two sides' statements differ."""
        question = self.question
        index = self.table.index()
        groups = index.groups(self.budget)
        if not groups:
            return
        for caller in caller_classes(self.table, question.kind, question.principal):
            for doubt in caller.doubts:
                self.doubt(Reason(doubt.code, doubt.sentence), *_BOTH)
            differ = Differ(
                self.table,
                Solver(caller.facts(question.catalogue), self.budget),
                self.budget,
                question.bounded,
                caller,
                len(self.table.bodies),
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
            sides = Sides(all_sides.old & caller.mask, all_sides.new & caller.mask)
            if sides.old == sides.new:
                continue
            named.setdefault(sides, []).extend(cells)
        for sides in named:
            for region in differ.regions(sides):
                self._doubt(region.decision)
                for found, differences in zip(founds, region.decision[:4], strict=True):
                    entries = [Entry(region, *each) for each in differences]
                    found.append((sides, entries))
        spelling = Spelling(tuple(_statements(self.question)))
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
        for side, doubts in ((_NEW, decision.gained_doubts), (_OLD, decision.lost_doubts)):
            for condition in doubts:
                self.doubt(_reason(condition), side)

    def _grants(
        self, found: Found, naming: Naming, caller: CallerClass, *, side: int
    ) -> list[Drafted]:
        drafts = []
        for row in rows_of(found):
            named = name_actions(row, naming)
            drafts.append(Drafted(row, named, naming, caller, side))
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
        here, there = self.table.places[draft.side], self.table.places[1 - draft.side]
        allowed_by = [
            place
            for number in (row.cause.allow, row.cause.within)
            if number is not None
            for place in here[number]
        ]
        stopped_by = [place for number in row.stopped_by for place in there[number]]
        shown = allowed_by[0] if row.cause.allow is not None else stopped_by[0]
        return Grant(
            actions=named.patterns,
            catalogued=tuple(sorted({action.name for action in named.catalogued})),
            uncatalogued=named.uncatalogued,
            access_levels=access_levels(named.catalogued),
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
        question = self.question
        sides = (question.old, question.new)
        here, there = sides[side], sides[1 - side]
        if not grant.allowed_by:
            here, there = _with_everything(here), _with_everything(there)
        return fault_of(grant.witness, there, here, question.kind)

    def comparison(self) -> Comparison:
        """The verdict on what was found."""
        gained, lost = self._confirmed(self.gained), self._confirmed(self.lost)
        lifted, added = self._confirmed(self.lifted), self._confirmed(self.added)
        reasons = {
            sentence: reason
            for side, grants in ((_NEW, gained), (_OLD, lost))
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


def fault_of(witness: Request, refusing: Access, allowing: Access, kind: Kind) -> Reason | None:
    """Why the reference evaluator does not agree that a witness tells two accesses apart."""
    allowed = evaluate(allowing, witness, kind=kind)
    refused = evaluate(refusing, witness, kind=kind)
    if allowed.allowed and refused.refused:
        return None
    for _, doubt in (*allowed.undecided, *refused.undecided):
        return Reason(doubt.code, doubt.sentence)
    return Reason(
        "unconfirmed",
        f"the reference evaluator contradicts the witness {witness.action} on {witness.resource}",
    )


def _with_everything(access: Access) -> Access:
    """An access with "Allow everything" beside its policies, and in its boundary."""
    everything = Statement(0, "", Effect.ALLOW, ("*",), ("*",))
    ceiling = access.boundary
    if ceiling is not None:
        ceiling = replace(ceiling, statements=(*ceiling.statements, everything))
    return Access((*access.identity, Document((everything,))), ceiling)


def _gravity(draft: Drafted) -> tuple[bool, int, int]:
    levels = [ACCESS_LEVELS.index(x) for x in draft.access_levels if x in ACCESS_LEVELS]
    return draft.latent, min(levels, default=len(ACCESS_LEVELS)), -len(draft.named.catalogued)


def _statements(question: Question) -> Iterator[Statement]:
    for access in (question.old, question.new):
        for document in (*access.identity, *([access.boundary] if access.boundary else [])):
            yield from document.statements


def _reason(condition: Condition) -> Reason:
    """Why a condition could not be decided."""
    name = f"{condition.operator.name} on {condition.key}"
    template = next(filter(None, map(template_of, condition.values)), None)
    if is_linked(condition) and not is_readable(condition):
        return Reason("variable-syntax", f"{template} holds no well-formed policy variable")
    if condition.operator in (LINK, NOT_LINK):
        sentence = f"no resource was found for the policy variables of {template}"
        return Reason("policy-variable", sentence)
    if is_linked(condition):
        return Reason("policy-variable", f"{name} compares it with policy variables: {template}")
    if not condition.values:
        return Reason("empty-list", f"{name} has no values")
    if value_test(condition) is None:
        return Reason("unreadable-value", f"{name} has a value that it cannot read")
    return Reason("mixed-types", f"{name} reads a key that conditions of other types read too")


def _undetermined(comparison: Comparison, reasons: Sequence[Reason]) -> Comparison:
    return Comparison(
        Verdict.UNDETERMINED,
        comparison.gained,
        comparison.lost,
        (*comparison.undetermined, *reasons),
        comparison.gained_folded,
        comparison.lost_folded,
        comparison.lifted_denies,
        comparison.added_denies,
        comparison.catalogue_date,
    )
