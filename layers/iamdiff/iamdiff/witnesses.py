"""A request for each row of differences, on a resource that a catalogued action takes."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from iamdiff.actions import EVERY_SERVICE
from iamdiff.arns import EVERYTHING, parse_pattern
from iamdiff.catalogue import CataloguedAction
from iamdiff.differences import Region
from iamdiff.globs import globs_meet, matcher, readable
from iamdiff.grants import Entry, Row
from iamdiff.model import Request
from iamdiff.naming import Named, Naming

_MOST_MET = 1_000
_FILLINGS = ("arn", "aws", "", "us-east-1", "123456789012", "")
"""What stands for a ``*`` in the fields of a resource type's ARN."""


def witness_of(row: Row, named: Named, naming: Naming) -> Request:
    """A request of a row: a catalogued action on a resource that it takes, where there is one."""
    for action in islice(named.gravest_first(), _MOST_MET):
        service, _, name = action.name.lower().partition(":")
        entry = row.groups[naming.group_of(service, name)]
        for resource in _shown_on(entry, action):
            return naming.request(action.name, resource, entry)
    sides, entry = next(iter(row.groups.items()))
    cell = naming.groups[sides][0]
    name = cell.examples[0] if cell.service != EVERY_SERVICE else "Anything"
    service = _unnamed_service(naming) if cell.service == EVERY_SERVICE else cell.service
    listed = naming.catalogue.actions(service).get(name)
    spelled = listed.name if listed else naming.spelling.of(service, name)
    return naming.request(spelled, entry.any_resource, entry)


def _shown_on(entry: Entry, action: CataloguedAction) -> Iterable[str]:
    """Resources that an action takes and that show a difference."""
    if entry.resource is not None:
        takes = any(matcher(template)(entry.resource) for template in action.resources)
        return [entry.resource] if takes else []
    region = entry.region
    return (each for each in _shapes(action, region) if region.resources.holds(each, region.cell))


def _shapes(action: CataloguedAction, region: Region) -> Iterable[str]:
    """Resources that an action takes and that may lie in a region."""
    if not action.resources:
        yield EVERYTHING
        return
    example = readable(region.cell.example)
    named = region.labels != (EVERYTHING,)
    for template in action.resources:
        if named and matcher(template)(example):
            yield example
        yield _instance(template)


@lru_cache(maxsize=4096)
def _instance(template: str) -> str:
    """An ARN of a resource type."""
    fields = template.split(":", len(_FILLINGS) - 1)
    filled = [
        field.replace("*", filling or "example")
        for field, filling in zip(fields, _FILLINGS, strict=False)
    ]
    return ":".join(filled)


def _unnamed_service(naming: Naming) -> str:
    named = naming.actions.named_services()
    return next((s for s in naming.catalogue.services() if s not in named), "anyservice")


def is_latent(row: Row, named: Named) -> bool:
    """Whether no catalogued action can use a row on a resource type that it takes."""
    if named.uncatalogued or EVERYTHING in row.resources:
        return False
    templates = dict.fromkeys(t for action in named.catalogued for t in action.resources)
    if len(templates) * len(row.resources) > _MOST_MET:
        return False  # too many to look at, so nothing is claimed
    return not any(_meet(template, each) for template in templates for each in row.resources)


def _meet(one: str, other: str) -> bool:
    """Whether some ARN matches both patterns."""
    fields = zip(parse_pattern(one).fields, parse_pattern(other).fields, strict=True)
    for glob, twin in fields:
        if glob != twin and EVERYTHING not in (glob, twin) and not globs_meet(glob, twin):
            return False
    return True
