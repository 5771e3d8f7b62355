"""What a comparison means, in one clause: what can be done now, and what cannot any more.

Nothing is said that the grants do not say. Whether an action is new or only reaches further is
asked of what was allowed before and is allowed after (`Standing`); where that is not known, the
words leave it open.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from iamdiff.limits import Limit
from policy_monitor.phrases import counted, deed, deeds, listed, service_name
from policy_monitor.scopes import scope

type Grants = Sequence[Mapping[str, Any]]
type Limits = Mapping[str, frozenset[Limit]]

MOST_NAMES = 6
_MOST_SCOPES = 2
_FEW_CLAUSES = 2
_SERVICES = 2
_EXAMPLES = 2

_LEVELS = {
    "Permissions management": "manage permissions",
    "Write": "write",
    "Tagging": "set tags",
    "Read": "read",
    "List": "list",
}


class Standing(NamedTuple):
    """Which of the changed actions are allowed on each side, and what limits them.

    Attributes
    ----------
    before, after : frozenset[str]
        By name in lower case; an action that can be used on nothing is not there.
    limits : Mapping[str, frozenset[Limit]]
        What limits those that are allowed only now, where they are few.
    beside : frozenset[str]
        What else the services of few changed actions allowed before, as AWS writes it.
    """

    before: frozenset[str]
    after: frozenset[str]
    limits: Limits
    beside: frozenset[str] = frozenset()


class Frame(NamedTuple):
    """How the things that are said of a subject are put."""

    now: str
    more: str
    less: str
    less_of_many: str
    gone: str
    unsure: str
    idle: str
    beside: str
    beside_lost: str
    idle_lost: str
    lifted: str = ""
    forbidden: str = ""


ROLE = Frame(
    now="can now {}",
    more="can {} in more cases",
    less="can {} only in fewer cases",
    less_of_many="can only in fewer cases {}",
    gone="can no longer {}",
    unsure="loses, wholly or in part, what let it {}",
    idle="gains only what nothing known today can use ({})",
    beside="gains {} that nothing known today can use",
    beside_lost="loses {} that nothing known could use",
    idle_lost="loses only what nothing known could use ({})",
)
POLICY = Frame(
    now="now lets its holder {}",
    more="lets its holder {} in more cases",
    less="lets its holder {} only in fewer cases",
    less_of_many="lets its holder only in fewer cases {}",
    gone="no longer lets its holder {}",
    unsure="takes from its holder, wholly or in part, what let it {}",
    idle="grants only what nothing known today can use ({})",
    beside="grants {} that nothing known today can use",
    beside_lost="takes away {} that nothing known could use",
    idle_lost="takes away only what nothing known could use ({})",
    lifted="no longer forbids to {}",
    forbidden="now forbids to {}",
)
STAGED = Frame(
    now="would let its holder {}",
    more="would let its holder {} in more cases",
    less="would let its holder {} only in fewer cases",
    less_of_many="would let its holder only in fewer cases {}",
    gone="would no longer let its holder {}",
    unsure="would take from its holder, wholly or in part, what lets it {}",
    idle="would grant only what nothing known today can use ({})",
    beside="would grant {} that nothing known today can use",
    beside_lost="would take away {} that nothing known could use",
    idle_lost="would take away only what nothing known could use ({})",
    lifted="would no longer forbid to {}",
    forbidden="would forbid to {}",
)


def outcome(comparison: Mapping[str, Any], standing: Standing | None, frame: Frame) -> str:
    """What changed, as the predicate of a sentence.

    Parameters
    ----------
    comparison : Mapping
        ``policy-monitor/comparison/1`` of which something was gained or lost.
    standing : Standing or None
        None where it is not known.
    """
    gained = [*_gained(comparison, standing, frame)]
    lost = [*_lost(comparison, standing, frame)]
    if gained and lost and _is_shifted(comparison, standing):
        lost[0] = "no longer in some others"
    clauses = [*gained, *lost]
    if len(clauses) <= _FEW_CLAUSES:
        return ", and ".join(clauses)
    # Lists within the clauses have commas and "and" of their own.
    return f"{'; '.join(clauses[:-1])}; and {clauses[-1]}"


def _is_shifted(comparison: Mapping[str, Any], standing: Standing | None) -> bool:
    """Whether the very same actions, allowed on both sides, are allowed in other cases now."""
    sides = [comparison["gained"], comparison["lost"]]
    cut = any(comparison.get(f"{side}_total", 0) > len(comparison[side]) for side in _SIDES)
    if standing is None or cut or any(map(_is_everything, sides)):
        return False
    if any(not grant["because"]["allowed_by"] for side in sides for grant in side):
        return False
    changed = [{name.lower() for grant in side for name in names(grant) or ()} for side in sides]
    return changed[0] == changed[1] <= standing.before & standing.after


_SIDES = ("gained", "lost")


def names(grant: Mapping[str, Any]) -> list[str] | None:
    """All actions of a grant by name; None where the list was cut, or a pattern stands for more."""
    known, listed_names = grant["catalogued"], [*grant["catalogued"], *grant["uncatalogued"]]
    if grant["catalogued_total"] > len(known) or "*" in grant["actions"] or not listed_names:
        return None
    return listed_names


def _gained(
    comparison: Mapping[str, Any], standing: Standing | None, frame: Frame
) -> Iterable[str]:
    grants, lifted = _apart(comparison["gained"], frame)
    cut = comparison.get("gained_total", 0) > len(comparison["gained"])
    if lifted:
        yield _Part(lifted, _any).said(frame.lifted, cut=cut)
    if not grants:
        return
    if standing is None or _is_everything(grants):
        yield _Part(grants, _any).said(frame.now, cut=cut)
        return
    before, after = standing.before, standing.after
    new = _Part(grants, lambda name: name.lower() in after - before)
    more = _Part(grants, lambda name: name.lower() in before)
    idle = _Part(grants, lambda name: not new.holds(name) and not more.holds(name))
    if new:
        text = new.said(frame.now, cut=cut, limits=standing.limits, more=True)
        yield f"{text}{new.stopped()}{_past(new, standing)}"
    if more:
        where = more.where()
        text = more.said(frame.more, cut=cut and not new, scoped=False)
        yield f"{text}{f': {where}' if where else ''}{more.stopped()}"
    if idle and not (new or more):
        yield idle.said(frame.idle, cut=cut)
    elif idle:
        yield frame.beside.format(counted(len(idle.names), "action"))


def _lost(comparison: Mapping[str, Any], standing: Standing | None, frame: Frame) -> Iterable[str]:
    grants, added = _apart(comparison["lost"], frame)
    cut = comparison.get("lost_total", 0) > len(comparison["lost"])
    if added:
        yield _Part(added, _any).said(frame.forbidden, cut=cut)
    if not grants:
        return
    if standing is None or _is_everything(grants):
        yield _Part(grants, _any).said(frame.unsure, cut=cut, scoped=False)
        return
    before, after = standing.before, standing.after
    gone = _Part(grants, lambda name: name.lower() in before - after)
    less = _Part(grants, lambda name: name.lower() in before & after)
    idle = _Part(grants, lambda name: not gone.holds(name) and not less.holds(name))
    if gone:
        yield gone.said(frame.gone, cut=cut, scoped=False)
    if less:
        done = less.said("{}", cut=cut and not gone, scoped=False)
        # At the end it would read as that of the last thing of a list alone.
        many = " and " in done or "," in done
        yield (frame.less_of_many if many else frame.less).format(done)
    if idle and not (gone or less or comparison["gained"]):
        yield idle.said(frame.idle_lost, cut=cut, scoped=False)
    elif idle:
        yield frame.beside_lost.format(counted(len(idle.names), "action"))


def _any(_name: str) -> bool:
    return True


def _apart(grants: Grants, frame: Frame) -> tuple[Grants, Grants]:
    """What is allowed, and what a Deny alone tells of: that of a policy judged as a part."""
    denials = [g for g in grants if frame.lifted and not g["because"]["allowed_by"]]
    return [grant for grant in grants if grant not in denials], denials


def _is_everything(grants: Grants) -> bool:
    return any(names(grant) is None for grant in grants)


class _Part:
    """Those actions of some grants that something holds of."""

    def __init__(self, grants: Grants, holds: Callable[[str], bool]) -> None:
        self._every = any("*" in grant["actions"] for grant in grants)
        self._complete = all(names(grant) is not None for grant in grants)
        self._rows = [
            (grant, kept)
            for grant in grants
            if (kept := [name for name in names(grant) or grant["actions"] if holds(name)])
        ]
        self.names = list(dict.fromkeys(name for _, kept in self._rows for name in kept))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def holds(self, name: str) -> bool:
        """Whether it is one of them."""
        return name in self.names

    @property
    def grants(self) -> list[Mapping[str, Any]]:
        """The grants that they are of."""
        return [grant for grant, _ in self._rows]

    def said(
        self,
        frame: str,
        *,
        cut: bool,
        scoped: bool = True,
        limits: Limits | None = None,
        more: bool = False,
    ) -> str:
        """What is done, as infinitives without ``to``, in a frame."""
        if self._every:
            return frame.format(self._everything(scoped=scoped))
        groups = self._groups()
        few = self._complete and not cut and len(self.names) <= MOST_NAMES
        if not few or len(groups) > _MOST_SCOPES:
            count = self._count(cut=cut, scoped=scoped, more=more)
            return f"{frame.format(count)}{self._doing()}"
        if not scoped:
            return frame.format(listed(deeds(self.names)))
        parts = []
        for grants, kept in groups:
            done = deeds(kept)
            said, where = listed(done), scope(grants, listed(done))
            # Else the scope would read as that of the last alone.
            joint = ", all " if len(done) > 1 else " "
            parts.append(f"{said}{joint}{where}" if where else said)
        return f"{frame.format(listed(parts))}{self._limits(limits or {})}"

    def where(self) -> str:
        """On what, where all of them are of one scope."""
        groups = self._groups()
        if len(groups) > 1 or not self._complete:
            return ""
        return scope(groups[0][0], listed(deeds(self.names)))

    def stopped(self) -> str:
        """What stopped all of them before, where that was more than that nothing allowed it."""
        causes = {grant["because"]["before"] for grant in self.grants}
        words = _STOPPED.get(causes.pop(), "") if len(causes) == 1 else ""
        return f", {words}" if words else ""

    def _groups(self) -> list[tuple[list[Mapping[str, Any]], list[str]]]:
        """Grants that share their scope, with their actions."""
        found: dict[str, tuple[list[Mapping[str, Any]], list[str]]] = {}
        for grant, kept in self._rows:
            key = repr((grant["resources"], grant["conditions"]))
            grants, actions = found.setdefault(key, ([], []))
            grants.append(grant)
            actions.extend(kept)
        return list(found.values())

    def _limits(self, known: Limits) -> str:
        limits = {limit for name in self.names for limit in known.get(name.lower(), ())}
        stopped = {grant["because"]["before"] for grant in self.grants}
        if Limit.DENIED in limits and "denied" not in stopped:
            return ", except where a Deny stops it"
        if Limit.BOUNDARY in limits and "boundary" not in stopped:
            return ", as far as its permissions boundary lets it"
        return ""

    def _everything(self, *, scoped: bool) -> str:
        everything = "use nearly every action of AWS"
        grants = [grant for grant in self.grants if "*" in grant["actions"]]
        if not scoped:
            return everything
        where = _scope_of_many(grants[0]) if len(grants) == 1 else "within limits"
        return f"{everything} {where}".rstrip()

    def _count(self, *, cut: bool, scoped: bool, more: bool) -> str:
        exact = self._complete or len(self._rows) == 1
        totals = (int(g["catalogued_total"]) + len(g["uncatalogued"]) for g in self.grants)
        total = len(self.names) if self._complete else max(totals)
        services = dict.fromkeys(
            action.partition(":")[0].lower()
            for grant in self.grants
            for action in (*grant["actions"], *grant["catalogued"])
        )
        whose = (
            listed(map(service_name, services))
            if len(services) <= _SERVICES
            else f"{'at least ' if cut or not exact else ''}{len(services)} services"
        )
        least = "at least " if cut or not exact else ""
        noun = "more action" if more else "action"
        what = f"{least}{counted(total, noun)} of {whose}" if total else self._patterns()
        around = self._around() if scoped else ""
        return f"use {what} {around}".rstrip()

    def _patterns(self) -> str:
        """What no known action is of."""
        patterns = [action for grant in self.grants for action in grant["actions"]]
        return listed(dict.fromkeys(patterns[:_EXAMPLES]))

    def _around(self) -> str:
        """The scope of many actions; what is not the same for all is said to be something."""
        groups = self._groups()
        if len(groups) == 1:
            return _scope_of_many(self.grants[0])
        particular = all("*" not in grant["resources"] for grant in self.grants)
        conditional = all(grant["conditions"] for grant in self.grants)
        words = ("on certain resources" * particular, "under conditions" * conditional)
        return " ".join(filter(None, words))

    def _doing(self) -> str:
        levels = {level for grant in self.grants for level in grant["access_levels"]}
        if levels and levels <= {"Read", "List"}:
            return (
                f", only to {listed(words for level, words in _LEVELS.items() if level in levels)}"
            )
        changing = [name for name in self.names if ":" in name and not deed(name).reads]
        shown = [name for name in changing if deed(name).verb != "use" and "*" not in name]
        if not shown:
            return ""
        some = ", among them" if len(self.names) > len(shown[:_EXAMPLES]) else ","
        return f"{some} to {listed(deeds(shown[:_EXAMPLES]))}"


def _scope_of_many(grant: Mapping[str, Any]) -> str:
    """The scope of actions of all kinds; empty where that is anything at all."""
    if grant["resources"] == ["*"] and not grant["conditions"]:
        return ""
    return scope([grant], "")


_STOPPED = {
    "denied": "which a Deny stopped before",
    "boundary": "which its permissions boundary stopped before",
    "condition": "which a condition stopped before",
}


def _past(new: _Part, standing: Standing) -> str:
    """``; before, it could only describe them``, of what one thing is done to."""
    done = [deed(name) for name in new.names]
    things = {(each.service, each.thing) for each in done}
    if len(things) != 1 or done[0].verb == "use" or not standing.beside:
        return ""
    (service, thing), stem = things.pop(), done[0].thing.rstrip("s")
    past = [deed(name) for name in standing.beside if name.lower().startswith(f"{service}:")]
    near = [each for each in past if stem in each.thing]
    verbs = sorted({each.verb for each in near})
    if not near or any(each.thing != thing or not each.reads for each in near):
        return ""
    return f"; before, it could only {listed(verbs)} them"
