"""What both sides say alike, left out before they are compared where it can make no difference.

Most versions of a policy differ in one statement or two. What else they say matters only for the
services of which those speak.
"""

from iamdiff.actions import EVERY_SERVICE, names_of
from iamdiff.model import Access, Document, Statement

type _Said = tuple[object, ...]
"""What a statement says, its number and Sid aside, and how its document is read."""


def without_unchanged(old: Access, new: Access) -> tuple[Access, Access]:
    """Two accesses without those statements of both that cannot bear on how they differ.

    Where no statement of one side alone speaks of an action's service, the same statements speak of
    it on both sides, so both decide it alike. Where such a statement speaks of every service, or
    one side alone has a boundary, nothing is left out.
    """
    if (old.boundary is None) is not (new.boundary is None):
        return old, new
    before, after = _sayings(old), _sayings(new)
    touched = {EVERY_SERVICE}
    for said in before.keys() ^ after.keys():
        statement = before.get(said) or after[said]
        services = names_of(statement.actions)
        if statement.inverted_actions or EVERY_SERVICE in services:
            return old, new
        touched.update(services)
    return _speaking_of(touched, old), _speaking_of(touched, new)


def _sayings(access: Access) -> dict[_Said, Statement]:
    ceiling = () if access.boundary is None else (access.boundary,)
    return {
        (is_boundary, document.variables, statement[2:]): statement
        for is_boundary, documents in ((False, access.identity), (True, ceiling))
        for document in documents
        for statement in document.statements
    }


def _speaking_of(services: set[str], access: Access) -> Access:
    """An access without the statements that speak of none of some services."""

    def kept(document: Document) -> Document:
        return document._replace(
            statements=tuple(
                statement
                for statement in document.statements
                if statement.inverted_actions
                or not services.isdisjoint(names_of(statement.actions))
            )
        )

    boundary = access.boundary
    return Access(tuple(map(kept, access.identity)), boundary and kept(boundary))
