"""Tags of a role, as policy documents read them: as the principal's, or as a resource's.

The sessions of a role carry its tags (IAM User Guide, "Pass session tags in AWS STS"), so a
condition on ``aws:PrincipalTag`` is a fact about the role, unless whoever assumes it may choose
others: session tags take the place of the role's, and the trust policy must allow
``sts:TagSession`` for them.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from iamdiff import Document, parse_document
from iamdiff.conditions import holds
from iamdiff.globs import ARN_FIELDS
from iamdiff.logic import Doubt, Undecided
from iamdiff.model import Condition, Effect, PrincipalType, Statement
from iamdiff.patterns import matches, pattern_of
from iamdiff.value_tests import TEXT
from iamdiff.variables import Variable, parse_variables
from policy_monitor.state import Tags

PRINCIPAL_KEYS = ("aws:principaltag/",)
"""Who asks ("AWS global condition context keys"). As a policy variable too."""

RESOURCE_KEYS = ("aws:resourcetag/", "iam:resourcetag/")
"""What is asked for: a role is a resource of IAM ("Condition keys for IAM")."""

TAG_SESSION = "sts:tagsession"


class UnboundTagError(Exception):
    """A document reads a tag in a way that its value alone does not decide."""


def reading_tags(
    documents: Iterable[Any], keys: Iterable[str], prefixes: Iterable[str]
) -> frozenset[str]:
    """Those of some tags that the documents read, under keys that begin with `prefixes`."""
    text = "\n".join(json.dumps(document).casefold() for document in documents)
    return frozenset(
        key
        for key in keys
        if any(f"{prefix}{json.dumps(key)[1:-1].casefold()}" in text for prefix in prefixes)
    )


def lets_choose_tags(trust: Mapping[str, Any], account: str) -> bool:
    """Whether a trust policy may let whoever assumes the role choose tags; its Denies aside.

    Of principals of the role's own account no page says that the trust policy must allow it, and
    that their own policies do not suffice.
    """
    return any(
        statement.effect is Effect.ALLOW
        and (_allows_tagging(statement) or _names_account(statement, account))
        for statement in parse_document(trust).statements
    )


def _allows_tagging(statement: Statement) -> bool:
    named = any(matches(pattern_of(text.lower()), TAG_SESSION) for text in statement.actions)
    return named is not statement.inverted_actions


def _names_account(statement: Statement, account: str) -> bool:
    """Whether principals of an account are among those of a statement."""
    principals = statement.principals
    return (
        principals is None
        or principals.inverted
        or any(
            name in ("*", account) or f":{account}:" in name
            for kind, name in principals.names
            if kind in (PrincipalType.AWS, PrincipalType.EVERYONE)
        )
    )


def bound(document: Document, tags: Tags) -> Document:
    """A document as it reads for sessions that carry just these tags.

    Raises
    ------
    UnboundTagError
        It compares a tag with what only a request tells, or has one where an ARN's fields part.
    """
    binding = _Binding(document, tags)
    return document._replace(statements=tuple(map(binding.statement, document.statements)))


class _Binding:
    """The statements of one document with a role's tags put in."""

    def __init__(self, document: Document, tags: Tags) -> None:
        self._variables = document.variables
        self._tags = {key.casefold(): value for key, value in tags}

    def statement(self, statement: Statement) -> Statement:
        """A statement; one that matches nothing any more keeps its place, since places are told."""
        conditions, matching = [], True
        for condition in statement.conditions:
            if _is_tag(condition.key):
                matching = matching and self._holds(condition)
            else:
                conditions.append(condition._replace(values=self._bound_values(condition)))
        made = statement._replace(conditions=tuple(conditions))
        if statement.resources is not None:
            # A pattern whose variable has no value matches nothing.
            patterns = tuple(p for p in map(self._resource, statement.resources) if p is not None)
            everything = not patterns and statement.inverted_resources
            matching = matching and (bool(patterns) or everything)
            made = made._replace(
                resources=patterns or ("*",),
                inverted_resources=statement.inverted_resources and not everything,
            )
        return made if matching else made._replace(actions=(), inverted_actions=False)

    def _bound_values(self, condition: Condition) -> tuple[str, ...]:
        values = tuple(value for value in map(self._text, condition.values) if value is not None)
        if len(values) < len(condition.values):
            raise UnboundTagError
        # What operators of numbers, dates and the like make of a variable, no page says.
        if values != condition.values and condition.operator.type not in TEXT:
            raise UnboundTagError
        return values

    def _holds(self, condition: Condition) -> bool:
        truth = holds(condition, self._values, variables=self._variables)
        if isinstance(truth, Undecided):
            raise UnboundTagError
        return truth

    def _values(self, key: str) -> tuple[str, ...] | Undecided:
        if not _is_tag(key):
            return Undecided(Doubt.REQUEST, f"only a request tells {key}")
        value = self._value(key)
        return () if value is None else (value,)

    def _resource(self, pattern: str) -> str | None:
        return self._text(pattern, fields=ARN_FIELDS)

    def _text(self, text: str, fields: int = 1) -> str | None:
        """A text with the tags' values in place of their variables; None where one has none.

        Only the last of its fields, which takes the rest, can hold a value whatever that is.
        """
        if not self._variables or not any(key in text.casefold() for key in PRINCIPAL_KEYS):
            return text
        parts = parse_variables(text)
        if isinstance(parts, Undecided):
            raise UnboundTagError
        made, colons = "", 0
        for part in parts:
            if isinstance(part, str):
                made += part
                colons += part.count(":")
            elif not _is_tag(part.key):
                made += _written(part)
            elif colons < fields - 1:
                raise UnboundTagError
            else:
                value = self._value(part.key)
                value = part.default if value is None else value
                if value is None:
                    return None
                made += _literal(value)
        return made

    def _value(self, key: str) -> str | None:
        return self._tags.get(key.partition("/")[2].casefold())


def _is_tag(key: str) -> bool:
    return key.casefold().startswith(PRINCIPAL_KEYS)


def _literal(value: str) -> str:
    """A text in which no character means anything but itself."""
    return "".join(f"${{{c}}}" if c in "*?$" else c for c in value)


def _written(variable: Variable) -> str:
    """A variable as a policy has it."""
    if not variable.key:
        return f"${{{variable.default}}}"
    default = "" if variable.default is None else f", '{variable.default}'"
    return f"${{{variable.key}{default}}}"
