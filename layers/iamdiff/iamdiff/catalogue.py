"""What AWS documents of its services' actions, as the comparison asks for it.

A catalogue explains (names, access levels, a witness that looks like a real request) and tells
which context keys hold several values; a verdict never rests on which actions it lists.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

ACCESS_LEVELS = ("Permissions management", "Write", "Tagging", "Read", "List")
"""AWS's access levels, the gravest first (Service Authorization Reference)."""
_GRAVITY = {level: place for place, level in enumerate(ACCESS_LEVELS)}


def gravity(level: str) -> int:
    """The place of an access level among all, the gravest first; an unknown one is last."""
    return _GRAVITY.get(level, len(_GRAVITY))


class CataloguedAction(NamedTuple):
    """One action of one service.

    Attributes
    ----------
    name : str
        As AWS writes it: ``s3:GetObject``.
    resources : tuple[str, ...]
        ARN patterns of the resource types that it takes; empty where it takes none.
    """

    name: str
    access_levels: tuple[str, ...]
    resources: tuple[str, ...]


class Catalogue(Protocol):
    """Where actions and keys are looked up."""

    @property
    def date(self) -> str:
        """The day the catalogue was made, ``2026-10-27``."""
        ...

    def services(self) -> Iterable[str]:
        """The prefixes of all services, in lower case."""
        ...

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:
        """A service's actions by their names in lower case; empty for an unknown service."""
        ...

    def holds_several(self, key: str) -> bool | None:
        """Whether a context key (in lower case) is an array; None where it is not known."""
        ...


class EmptyCatalogue:
    """Knows nothing: comparisons without a catalogue decide the same, and explain less."""

    date = ""

    def services(self) -> Iterable[str]:
        """No service."""
        return ()

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:  # noqa: ARG002 - the Protocol's
        """No action."""
        return {}

    def holds_several(self, key: str) -> bool | None:  # noqa: ARG002 - the Protocol's
        """Not known."""
        return None
