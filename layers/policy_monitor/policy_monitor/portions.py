"""Some actions of the grants of a comparison, and how it is said what is done by them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from iamdiff.limits import Limit
from policy_monitor.phrases import counted, deed, deeds, listed, service_name
from policy_monitor.scopes import scope

type Grants = Sequence[Mapping[str, Any]]
type Limits = Mapping[str, frozenset[Limit]]

MOST_NAMES = 6
_MOST_SCOPES = 2
_SERVICES = 2
_EXAMPLES = 2

_LEVELS = {
    "Permissions management": "manage permissions",
    "Write": "write",
    "Tagging": "set tags",
    "Read": "read",
    "List": "list",
}


def names(grant: Mapping[str, Any]) -> list[str] | None:
    """All actions of a grant by name; None where the list was cut, or a pattern stands for more."""
    known, listed_names = grant["catalogued"], [*grant["catalogued"], *grant["uncatalogued"]]
    if grant["catalogued_total"] > len(known) or "*" in grant["actions"] or not listed_names:
        return None
    return listed_names


class Portion:
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
