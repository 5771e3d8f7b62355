"""How two accesses differ: a verdict, and grants with witnesses as its proof."""

from iamdiff.bodies import BodyTable
from iamdiff.budget import DEFAULT_STEPS, Budget, BudgetExceeded
from iamdiff.catalogue import Catalogue, EmptyCatalogue
from iamdiff.kinds import Kind
from iamdiff.logic import Doubt
from iamdiff.model import Access
from iamdiff.reasons import Reason, two_readings
from iamdiff.search import BOTH, Question, Search
from iamdiff.unchanged import without_unchanged
from iamdiff.verdicts import Comparison, Verdict


def compare(
    old: Access,
    new: Access,
    *,
    kind: str = "identity",
    part: bool = False,
    principal: str | None = None,
    catalogue: Catalogue | None = None,
    steps: int = DEFAULT_STEPS,
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
    steps : int
        How much work may be done before the answer is `undetermined`.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    question = Question(old, new, Kind(kind), part, principal, catalogue or EmptyCatalogue())
    budget = Budget(steps)
    comparison, ambiguous = _read(question, budget, crossing=False)
    if not ambiguous:
        return comparison
    other, _ = _read(question, budget, crossing=True)
    if other.verdict == comparison.verdict:
        return comparison
    reasons = two_readings(ambiguous, ", and the verdict depends on which")
    return comparison._replace(
        verdict=Verdict.UNDETERMINED, undetermined=(*comparison.undetermined, *reasons)
    )


def _read(
    question: Question, budget: Budget, *, crossing: bool
) -> tuple[Comparison, dict[str, Doubt]]:
    """Compare by one reading of what has two; and what has another."""
    table = BodyTable(crossing=crossing)
    for side, access in enumerate(without_unchanged(question.old, question.new)):
        table.add(access, side, bounded=question.bounded)
    search = Search(question, table, budget)
    try:
        search.search()
    except BudgetExceeded:
        sentence = f"the policies overlap in too many ways to compare in {budget.limit} steps"
        search.doubt(Reason("budget", sentence), *BOTH)
    return search.comparison(), table.ambiguous
