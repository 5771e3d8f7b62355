"""How far an access reaches: which published paths to more permissions are open to it.

Asked of what the whole access allows (`iamdiff.take_inventory`), so a Deny or a boundary that stops
one action of a path closes it. What cannot be decided counts as allowed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from iamdiff import Access, Verdict, compare, parse_document
from iamdiff.catalogue import Catalogue, CataloguedAction
from iamdiff.inventory import Holding, Inventory, take_inventory
from iamdiff.limits import Limit
from policy_monitor.escalations import (
    OWN_POLICY_ACTIONS,
    OWN_ROLE_ACTIONS,
    PASSING,
    PATHS,
    Path,
)

# What decides whose permissions a path leads to; the rest of a path is only the means. A path
# without any of these acts on what has a role.
_DECISIVE = ("iam:", "sts:")
_PASSED_TO = "iam:passedtoservice"
_EVERY_ARN = "arn:*:*:*:*:*"


class Reach:
    """What an access allows of the actions that paths are made of; each is asked about once.

    Parameters
    ----------
    principal : str or None
        The role that makes the requests, where it is one.
    """

    def __init__(
        self, access: Access, catalogue: Catalogue | None, principal: str | None = None
    ) -> None:
        self._access = access
        self._catalogue = catalogue
        self._principal = principal
        self._known: dict[str, bool] = {}
        self._passes: dict[str, bool] = {}
        self._own: dict[tuple[str, tuple[str, ...]], tuple[frozenset[str], bool]] = {}

    def opened_since(
        self, before: "Reach", gains: Callable[[str], bool] = lambda _action: True
    ) -> tuple[Path, ...]:
        """The paths that are open now, and were not, or led to fewer users and roles.

        Parameters
        ----------
        gains : Callable[[str], bool]
            Whether more of an action is allowed than before; no path opens without one.
        """
        touched = [path for path in PATHS if any(map(gains, path.actions))]
        opened = self._open(touched)
        reached = before._open(opened)  # noqa: SLF001 - of the same class
        decisive = {path: _decisive(path) for path in reached}
        actions = frozenset().union(*decisive.values())
        widened = self._gained_since(before, actions) if actions else frozenset()
        return tuple(
            path
            for path in opened
            if path not in decisive or not widened.isdisjoint(map(str.lower, decisive[path]))
        )

    def _open(self, paths: Sequence[Path]) -> list[Path]:
        """Those of some paths that are open."""
        held = self.allowed(action for path in paths for action in path.actions)
        return [
            path
            for path in paths
            if held.issuperset(map(str.lower, path.actions))
            and (not path.passed_to or self._passes_roles_to(path.passed_to))
        ]

    def own_changes(
        self, role: str, policies: tuple[str, ...], *, surely: bool = False
    ) -> frozenset[str]:
        """The actions by which a role can change what it may do itself.

        Parameters
        ----------
        role : str
            Its ARN.
        policies : tuple[str, ...]
            ARNs of the managed policies that bear on it; those of AWS nobody can change.
        surely : bool
            Whether to say none where something could not be decided.
        """
        if (role, policies) not in self._own:
            self._own[role, policies] = self._own_changes(role, policies)
        found, sure = self._own[role, policies]
        return found if sure or not surely else frozenset()

    def _own_changes(self, role: str, policies: Iterable[str]) -> tuple[frozenset[str], bool]:
        own = [arn for arn in policies if ":aws:policy/" not in arn]
        on_policies = {"NotResource": own} if own else {"Resource": "*"}
        limited = _limited(
            self._access,
            {"Effect": "Deny", "Action": list(OWN_ROLE_ACTIONS), "NotResource": [role]},
            {"Effect": "Deny", "Action": list(OWN_POLICY_ACTIONS), **on_policies},
        )
        actions = (*OWN_ROLE_ACTIONS, *OWN_POLICY_ACTIONS)
        found = self._inventory(limited, actions, limited=False)
        held = {each.action.name.lower() for each in found.holdings if not each.latent}
        changes = frozenset(action for action in actions if action.lower() in held)
        return changes, not found.undetermined

    def limits(self, actions: Iterable[str]) -> Mapping[str, frozenset[Limit]]:
        """What limits those of some actions that are allowed; by name in lower case."""
        found = self._holdings(self._access, actions, limited=True)
        return {each.action.name.lower(): each.limits for each in found}

    def allowed(self, actions: Iterable[str]) -> frozenset[str]:
        """Those of some actions that are allowed, in lower case."""
        names = {action.lower(): action for action in actions}
        if unasked := [action for name, action in names.items() if name not in self._known]:
            held = self._held(self._access, unasked)
            self._known |= {name: name in held for name in map(str.lower, unasked)}
        return frozenset(name for name in names if self._known[name])

    def held(self, service: str) -> frozenset[str]:
        """The actions of a service that are allowed, as AWS writes them."""
        known = self._catalogue.actions(service).values() if self._catalogue else ()
        allowed = self.allowed(action.name for action in known)
        return frozenset(action.name for action in known if action.name.lower() in allowed)

    def _held(self, access: Access, actions: Iterable[str]) -> frozenset[str]:
        """Those of some actions that an access allows."""
        found = self._holdings(access, actions, limited=False)
        return frozenset(each.action.name.lower() for each in found)

    def _holdings(
        self, access: Access, actions: Iterable[str], *, limited: bool
    ) -> Iterator[Holding]:
        """What an access allows of some actions, on something that they take."""
        found = self._inventory(access, actions, limited=limited)
        return (each for each in found.holdings if not each.latent)

    def _inventory(self, access: Access, actions: Iterable[str], *, limited: bool) -> Inventory:
        return take_inventory(
            access,
            catalogue=_Excerpt(actions, self._catalogue),
            principal=self._principal,
            limited=limited,
        )

    def _passes_roles_to(self, service: str) -> bool:
        """Whether some role can be passed to a service."""
        if _PASSED_TO not in self._keys:
            return True
        if service not in self._passes:
            self._passes[service] = self._passes_to(service)
        return self._passes[service]

    def _passes_to(self, service: str) -> bool:
        # Services have another suffix in China, as in ec2.amazonaws.com.cn.
        elsewhere = {"StringNotLike": {"iam:PassedToService": f"{service}*"}}
        limited = _limited(
            self._access,
            {"Effect": "Deny", "Action": PASSING, "Resource": "*", "Condition": elsewhere},
        )
        return bool(self._held(limited, [PASSING]))

    @cached_property
    def _keys(self) -> frozenset[str]:
        documents = (*self._access.identity, self._access.boundary)
        return frozenset(
            condition.key.lower()
            for document in documents
            if document is not None
            for statement in document.statements
            for condition in statement.conditions
        )

    def _gained_since(self, before: "Reach", actions: Iterable[str]) -> frozenset[str]:
        """Those of some actions that are allowed in more cases than before, or may be."""
        names = sorted(actions)
        others = {"Effect": "Deny", "NotAction": names, "Resource": "*"}
        found = compare(
            _limited(before._access, others),  # noqa: SLF001 - of the same class
            _limited(self._access, others),
            principal=self._principal,
            catalogue=_Excerpt(names, self._catalogue),
        )
        if found.gained_folded or found.verdict is Verdict.UNDETERMINED:
            return frozenset(map(str.lower, names))
        return frozenset(
            name.lower() for grant in found.gained for name in (*grant.actions, *grant.catalogued)
        )


class _Excerpt:
    """A catalogue of some actions; one that the whole catalogue lacks may take any resource."""

    date = ""

    def __init__(self, actions: Iterable[str], catalogue: Catalogue | None) -> None:
        self._catalogue = catalogue
        self._names: dict[str, dict[str, str]] = {}
        for action in actions:
            service, _, name = action.lower().partition(":")
            self._names.setdefault(service, {})[name] = action

    def services(self) -> Iterable[str]:
        return tuple(self._names)

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:
        known = self._catalogue.actions(service) if self._catalogue else {}
        return {
            name: known.get(name) or CataloguedAction(action, (), (_EVERY_ARN,))
            for name, action in self._names.get(service, {}).items()
        }

    def holds_several(self, key: str) -> bool | None:
        return self._catalogue.holds_several(key) if self._catalogue else None


def _decisive(path: Path) -> Sequence[str]:
    """The actions of a path that decide whose permissions it leads to."""
    return [each for each in path.actions if each.startswith(_DECISIVE)] or path.actions


def _limited(access: Access, *denies: Mapping[str, object]) -> Access:
    """An access with further Denies."""
    document = parse_document({"Version": "2012-10-17", "Statement": list(denies)})
    return access._replace(identity=(*access.identity, document))
