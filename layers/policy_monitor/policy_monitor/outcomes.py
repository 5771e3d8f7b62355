"""What a comparison means, in one clause: what can be done now, and what cannot any more.

Nothing is said that the grants do not say. Whether an action is new or only reaches further is
asked of what was allowed before and is allowed after (`Standing`); where that is not known, the
words leave it open.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from policy_monitor.phrases import counted, deed, listed
from policy_monitor.portions import Grants, Limits, Portion, names

_FEW_CLAUSES = 2


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


def _gained(
    comparison: Mapping[str, Any], standing: Standing | None, frame: Frame
) -> Iterable[str]:
    grants, lifted = _apart(comparison["gained"], frame)
    cut = comparison.get("gained_total", 0) > len(comparison["gained"])
    if lifted:
        yield Portion(lifted, _any).said(frame.lifted, cut=cut)
    if not grants:
        return
    if standing is None or _is_everything(grants):
        yield Portion(grants, _any).said(frame.now, cut=cut)
        return
    before, after = standing.before, standing.after
    new = Portion(grants, lambda name: name.lower() in after - before)
    more = Portion(grants, lambda name: name.lower() in before)
    idle = Portion(grants, lambda name: not new.holds(name) and not more.holds(name))
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
        yield Portion(added, _any).said(frame.forbidden, cut=cut)
    if not grants:
        return
    if standing is None or _is_everything(grants):
        yield Portion(grants, _any).said(frame.unsure, cut=cut, scoped=False)
        return
    before, after = standing.before, standing.after
    gone = Portion(grants, lambda name: name.lower() in before - after)
    less = Portion(grants, lambda name: name.lower() in before & after)
    idle = Portion(grants, lambda name: not gone.holds(name) and not less.holds(name))
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


def _past(new: Portion, standing: Standing) -> str:
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
