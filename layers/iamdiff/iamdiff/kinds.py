"""What kind of policy a document is, and what each kind may hold.

IAM User Guide, "Grammar of the IAM JSON policy language" (reference_policies_grammar), "AWS JSON
policy elements: NotPrincipal" (reference_policies_elements_notprincipal).
"""

from collections.abc import Iterable
from enum import StrEnum

from iamdiff.model import Document, PolicyError, Statement


class Kind(StrEnum):
    """The kinds of policy that differ in what they may hold."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"


def check_kind(document: Document, kind: str) -> None:
    """Refuse what a policy of this kind cannot hold.

    Raises
    ------
    PolicyError
        One line that names the statement and the element.
    ValueError
        There is no such kind.
    """
    wanted = Kind(kind)
    for statement in document.statements:
        fault = _fault(statement, wanted)
        if fault:
            raise PolicyError(f"statement {statement.number + 1}: {fault}")


def _fault(statement: Statement, kind: Kind) -> str:
    principals = statement.principals
    element = "NotPrincipal" if principals and principals.inverted else "Principal"
    fault = ""
    if kind is Kind.IDENTITY and principals is not None:
        fault = f"{element} in an identity policy; its principal is whoever it is attached to"
    elif kind is Kind.IDENTITY and statement.resources is None:
        fault = "Resource is missing; write Resource or NotResource"
    elif kind is not Kind.IDENTITY and principals is None:
        fault = f"Principal is missing in a {kind} policy"
    elif kind is Kind.TRUST and element == "NotPrincipal":
        fault = "NotPrincipal in a trust policy; AWS takes it in resource policies only"
    elif kind is Kind.TRUST and statement.resources is not None:
        fault = "Resource in a trust policy; its resource is the role"
    return fault


def likely_kind(documents: Iterable[Document]) -> Kind:
    """The kind that documents are by what they hold: no principal, no resource, or both."""
    statements = [statement for document in documents for statement in document.statements]
    if all(statement.principals is None for statement in statements):
        return Kind.IDENTITY
    if all(statement.resources is None for statement in statements):
        return Kind.TRUST
    return Kind.RESOURCE
