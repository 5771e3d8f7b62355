"""What a change opens beyond the actions that it grants: what a severity rests on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdiff import Access, PolicyError
from iamdiff.model import Effect, Statement
from policy_monitor.access import NOTHING, Held
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.outcomes import Standing
from policy_monitor.portions import MOST_NAMES, names
from policy_monitor.strangers import Admitted, admitted

if TYPE_CHECKING:
    from policy_monitor.reach import Reach

_FEW = 3
_NO_GAIN = ("reduction", "equivalent")
_MANY_NAMES = 50
"""How many names a comparison's JSON lists; what is beyond may be any."""


class Bearer(NamedTuple):
    """A role on which a change bears.

    Attributes
    ----------
    question : Question
        All that it may do before and after.
    arn : str
        Its ARN.
    before, after : tuple[str, ...]
        ARNs of the managed policies that bear on it, its boundary among them.
    """

    question: Question
    arn: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Exposure(NamedTuple):
    """What a change opens.

    Attributes
    ----------
    paths : tuple[str, ...]
        Names of the `escalations.PATHS` that it completes.
    own : tuple[str, ...]
        Actions by which a role can change its own permissions, and could not before.
    conditions : tuple[str, ...]
        Keys of conditions that stopped before what is allowed now.
    boundary_removed : bool
        Whether there was a permissions boundary, and there is none.
    admitted : Admitted
        Whom a trust policy lets in.
    ended : bool
        Whether what is judged is gone: what it was not allowed anyway it cannot be allowed then.
    """

    paths: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    boundary_removed: bool = False
    admitted: Admitted = Admitted()
    ended: bool = False


class Exposures:
    """What changes open; the same change costs once."""

    def __init__(self, comparisons: Comparisons) -> None:
        self._comparisons = comparisons
        self._standings: dict[Question, Standing | None] = {}
        self._opened: dict[tuple[object, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._reaches: dict[tuple[Held, str | None], Reach] = {}

    def of(
        self,
        question: Question,
        bearers: Iterable[Bearer],
        comparison: Mapping[str, Any],
        account: str,
        vendors: Iterable[str],
    ) -> Exposure:
        """What a change opens; nothing where its documents cannot be read.

        Parameters
        ----------
        bearers : Iterable[Bearer]
            The roles on which it bears: what it opens to them counts as its own.
        """
        old, new = question.old, question.new
        removed = old.boundary is not None and new.boundary is None and not new.unknown
        exposure = Exposure(boundary_removed=removed and new.exists, ended=not new.exists)
        if question.kind == "trust":
            if comparison["verdict"] in _NO_GAIN:
                return exposure
            return exposure._replace(
                conditions=tuple(self._conditions_lost(old, comparison)),
                admitted=admitted(
                    self._documents(old), self._documents(new), comparison, account, vendors
                ),
            )
        paths: dict[str, None] = {}
        own: dict[str, None] = {}
        for bearer in (Bearer(question, ""), *bearers):
            if comparison["verdict"] in _NO_GAIN and bearer.before == bearer.after:
                continue
            opened = self._opened_to(bearer)
            paths |= dict.fromkeys(opened[0])
            own |= dict.fromkeys(opened[1])
        return exposure._replace(
            paths=tuple(paths),
            own=tuple(own),
            conditions=tuple(self._conditions_lost(old, comparison)),
        )

    def standing(self, question: Question, comparison: Mapping[str, Any]) -> Standing | None:
        """Which of the changed actions each side allows; None where that cannot be told."""
        grants = [*comparison["gained"], *comparison["lost"]]
        changed = [names(grant) for grant in grants]
        if not grants or question.kind == "trust" or self._comparisons.catalogue is None:
            return None
        key = question
        if key not in self._standings:
            self._standings[key] = self._stand(question, [each for each in changed if each])
        return self._standings[key]

    def _stand(self, question: Question, changed: Iterable[Iterable[str]]) -> Standing | None:
        try:
            before, after = (
                self._reach(held, question.principal) for held in (question.old, question.new)
            )
        except PolicyError:
            return None
        if before is None or after is None:
            return None
        actions = list(dict.fromkeys(name for each in changed for name in each))
        services = {name.partition(":")[0].lower() for name in actions}
        few = len(actions) <= _FEW and len(services) == 1
        beside = before.held(services.pop()) if few else frozenset()
        then, now = before.allowed(actions), after.allowed(actions)
        new = now - then
        limits = after.limits(new) if len(new) <= MOST_NAMES else {}
        return Standing(then, now, limits, beside)

    def _opened_to(self, bearer: Bearer) -> tuple[tuple[str, ...], tuple[str, ...]]:
        key = (bearer.question, bearer.arn, bearer.before, bearer.after)
        if key not in self._opened:
            try:
                self._opened[key] = self._look(bearer)
            except PolicyError:
                self._opened[key] = (), ()
        return self._opened[key]

    def _look(self, bearer: Bearer) -> tuple[tuple[str, ...], tuple[str, ...]]:
        # A table of some size, and only where something was gained.
        from policy_monitor.escalations import (  # noqa: PLC0415 - see above
            CEILING_ACTIONS,
            OWN_POLICY_ACTIONS,
            OWN_ROLE_ACTIONS,
            UNLIMITED,
        )

        question = bearer.question
        after = self._reach(question.new, question.principal)
        if after is None:
            return (), ()
        # What is not known before counts as nothing, so that nothing of what is now goes unseen.
        before = self._reach(question.old, question.principal) or self._reach(NOTHING, None)
        if before is None or (
            self._access(question.old) == self._access(question.new)
            and bearer.before == bearer.after
        ):
            return (), ()
        gains = _gains(self._comparisons.answer(question))
        paths = tuple(path.name for path in after.opened_since(before, gains))
        touched = bearer.before != bearer.after or any(
            map(gains, (*OWN_ROLE_ACTIONS, *OWN_POLICY_ACTIONS))
        )
        if not bearer.arn or not touched:
            return paths, ()
        changes = after.own_changes(bearer.arn, bearer.after)
        if not changes:
            return paths, ()
        could = before.own_changes(bearer.arn, bearer.before, surely=True)
        own = changes - could
        if not could.isdisjoint(UNLIMITED):
            own &= CEILING_ACTIONS  # it could give itself anything before, but past its boundary
        return paths, tuple(sorted(own))

    def _reach(self, held: Held, principal: str | None) -> "Reach | None":
        """How far a side reaches, which is asked of it in many changes; None where it is unknown.

        Raises
        ------
        PolicyError
            A document is no policy.
        """
        from policy_monitor.reach import Reach  # noqa: PLC0415 - as in `_look`

        key = (held, principal)
        if key not in self._reaches:
            access = self._access(held)
            if access is None:
                return None
            self._reaches[key] = Reach(access, self._comparisons.catalogue, principal)
        return self._reaches[key]

    def _access(self, held: Held) -> Access | None:
        if held == NOTHING:
            return Access()
        return None if self._comparisons.unknown(held) else self._comparisons.access(held)

    def _documents(self, held: Held) -> tuple[Any, ...]:
        try:
            access = self._access(held)
        except PolicyError:
            return ()
        return () if access is None else access.identity

    def _conditions_lost(self, old: Held, comparison: Mapping[str, Any]) -> Iterator[str]:
        """Keys on which a statement of the old side depended that speaks of what was gained."""
        grants = [g for g in comparison["gained"] if g["because"]["before"] == "condition"]
        if not grants:
            return
        seen = set()
        for document in self._documents(old):
            for statement in document.statements:
                if statement.effect is Effect.ALLOW and any(_speaks(statement, g) for g in grants):
                    for condition in statement.conditions:
                        if condition.key.lower() not in seen:
                            seen.add(condition.key.lower())
                            yield condition.key


def _gains(comparison: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether more of an action is allowed than before, by a comparison; true where it may be."""
    grants = comparison["gained"]
    cut = comparison["gained_total"] > len(grants) or any(
        grant[f"{names}_total"] > len(grant[names])
        for grant in grants
        for names in ("actions", "catalogued")
    )
    if cut or comparison["verdict"] == "undetermined":
        return lambda _action: True
    gained = {
        name.lower()
        for grant in grants
        for names in ("actions", "catalogued", "uncatalogued")
        for name in grant[names]
    }
    patterns = [name for name in gained if set("*?").intersection(name)]

    def gains(action: str) -> bool:
        name = action.lower()
        return name in gained or any(fnmatchcase(name, pattern) for pattern in patterns)

    return gains


def _speaks(statement: Statement, grant: Mapping[str, Any]) -> bool:
    if statement.inverted_actions or grant["catalogued_total"] > _MANY_NAMES:
        return True
    names = [name.lower() for name in (*grant["catalogued"], *grant["actions"])]
    return any(
        fnmatchcase(name, pattern.lower()) for pattern in statement.actions for name in names
    )
