"""Short ways to write a policy and a request in a test."""

from collections.abc import Mapping
from typing import Any

from iamdiff.evaluator import evaluate, matches_statement
from iamdiff.logic import Doubt, Undecided
from iamdiff.model import Access, ContextValue, Document, Request
from iamdiff.parser import parse_document

type Outcome = bool | Doubt
"""True, false, or why it is open."""

OBJECT = "arn:aws:s3:::bucket/key"
ROLE = "arn:aws:iam::123456789012:role/astronomer-remote-management"


def statement(effect: str, action: Any = "s3:GetObject", **elements: Any) -> dict[str, Any]:
    """A statement; on every resource, unless it says otherwise."""
    if not {"Resource", "NotResource", "Principal", "NotPrincipal"} & elements.keys():
        elements["Resource"] = "*"
    if "NotAction" not in elements:
        elements.setdefault("Action", action)
    return {"Effect": effect, **elements}


def allow(action: Any = "s3:GetObject", **elements: Any) -> dict[str, Any]:
    return statement("Allow", action, **elements)


def deny(action: Any = "s3:GetObject", **elements: Any) -> dict[str, Any]:
    return statement("Deny", action, **elements)


def document(*statements: Mapping[str, Any], version: str | None = "2012-10-17") -> Document:
    head = {} if version is None else {"Version": version}
    return parse_document({**head, "Statement": list(statements)})


def request(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: str = "",
    context: Mapping[str, ContextValue] | None = None,
) -> Request:
    return Request(action, resource, principal, context or {})


def outcome_of(
    statement: Mapping[str, Any],
    asked: Request,
    *,
    version: str | None = "2012-10-17",
    kind: str = "identity",
) -> Outcome:
    """Whether a statement matches, or why that is open."""
    read = document(statement, version=version)
    truth = matches_statement(read.statements[0], asked, variables=read.variables, kind=kind)
    return truth.code if isinstance(truth, Undecided) else truth


def condition_outcome(
    operator: str,
    values: Any,
    given: ContextValue | None,
    *,
    key: str = "ex:key",
    version: str | None = "2012-10-17",
    also: Mapping[str, ContextValue] | None = None,
) -> Outcome:
    """Whether one condition holds; `given` is None where the key is absent."""
    context: dict[str, ContextValue] = dict(also or {})
    if given is not None:
        context[key] = given
    return outcome_of(
        allow(Condition={operator: {key: values}}), request(context=context), version=version
    )


def allowed(access: Access, asked: Request, *, kind: str = "identity") -> Outcome:
    """Whether an access allows a request, or why that is open."""
    decision = evaluate(access, asked, kind=kind)
    return decision.undecided[0][1].code if decision.undecided else decision.allowed
