"""The parts of a policy, as plain data: what the parser makes and everything else reads.

Records of iamdiff are named tuples: as quick to import as to hash, which both count here.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple


class _Name(StrEnum):
    """Texts that hash as texts do: conditions are looked up often, and Enum's hash is slow."""

    __hash__ = str.__hash__


class Effect(_Name):
    """What a statement does where it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class Quantifier(_Name):
    """The set operator before a condition operator, if any."""

    NONE = ""
    FOR_ANY_VALUE = "ForAnyValue"
    FOR_ALL_VALUES = "ForAllValues"


class ValueType(_Name):
    """What a condition operator reads its values as."""

    STRING = "String"
    NUMERIC = "Numeric"
    DATE = "Date"
    BOOL = "Bool"
    BINARY = "Binary"
    IP = "IpAddress"
    ARN = "Arn"
    NULL = "Null"


class Relation(_Name):
    """How a condition operator compares, its negation aside."""

    EQUALS = "Equals"
    EQUALS_IGNORE_CASE = "EqualsIgnoreCase"
    LIKE = "Like"
    LESS_THAN = "LessThan"
    LESS_THAN_EQUALS = "LessThanEquals"
    GREATER_THAN = "GreaterThan"
    GREATER_THAN_EQUALS = "GreaterThanEquals"
    IN_RANGE = "InRange"
    IS_NULL = "IsNull"


class Operator(NamedTuple):
    """A condition operator, taken apart: ``ForAllValues:StringNotEqualsIfExists``.

    Attributes
    ----------
    name : str
        As AWS spells it.
    negated : bool
        ``…Not…``: none of the policy's values may match; true where the key is absent.
    """

    name: str
    type: ValueType
    relation: Relation
    negated: bool = False
    if_exists: bool = False
    quantifier: Quantifier = Quantifier.NONE


class Condition(NamedTuple):
    """One operator on one key: any of `values` (none of them, where the operator is negated)."""

    operator: Operator
    key: str
    values: tuple[str, ...]


class PrincipalType(_Name):
    """The kinds of principal that a policy can name."""

    AWS = "AWS"
    SERVICE = "Service"
    FEDERATED = "Federated"
    CANONICAL_USER = "CanonicalUser"
    EVERYONE = "*"
    """``"Principal": "*"``: written without a kind."""


class Principals(NamedTuple):
    """Principal or NotPrincipal: pairs of kind and name. EVERYONE's name is ``*``."""

    names: tuple[tuple[PrincipalType, str], ...]
    inverted: bool = False


class Statement(NamedTuple):
    """One statement; patterns stand as they were written.

    Attributes
    ----------
    number : int
        Its place in the document, from 0.
    actions, resources : tuple[str, ...]
        Patterns of Action or NotAction, Resource or NotResource.
    inverted_actions, inverted_resources : bool
        True for NotAction, NotResource.
    resources : tuple[str, ...] | None
        None where the statement has neither element (a trust policy): the resource is the role.
    principals : Principals | None
        None in an identity policy.
    """

    number: int
    sid: str
    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...] | None
    conditions: tuple[Condition, ...] = ()
    principals: Principals | None = None
    inverted_actions: bool = False
    inverted_resources: bool = False

    @property
    def variable_texts(self) -> list[str]:
        """Where policy variables may stand: its resource patterns and its conditions' values."""
        texts = [*(self.resources or ())]
        for condition in self.conditions:
            texts += condition.values
        return texts


class Document(NamedTuple):
    """A policy document.

    Attributes
    ----------
    variables : bool
        Whether ``${…}`` is a policy variable: Version is 2012-10-17.
    warnings : tuple[str, ...]
        What is accepted but surely not meant: a pattern that no action matches, a size over IAM's
        limit, a repeated Sid.
    """

    statements: tuple[Statement, ...]
    version: str = ""
    variables: bool = False
    warnings: tuple[str, ...] = ()


class Access(NamedTuple):
    """What a role may do: its identity policies, within its boundary if it has one."""

    identity: tuple[Document, ...] = ()
    boundary: Document | None = None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them, the boundary's last."""
        ceiling = () if self.boundary is None else self.boundary.statements
        return (*chain.from_iterable(each.statements for each in self.identity), *ceiling)


type ContextValue = str | tuple[str, ...]
"""A context key's value: one (a str), or several (a tuple; empty is an empty set)."""


class Request(NamedTuple):
    """A single request: who asks to do what to what, with which context.

    Attributes
    ----------
    principal : str
        An ARN, a service name, a federated provider, ``anonymous``, or ``""`` where none is bound.
    resource : str
        An ARN, or ``*`` for an action that takes no resource.
    context : Mapping[str, ContextValue]
        By key, names compared without case; a key that is not there is absent.
    """

    action: str
    resource: str
    principal: str = ""
    context: Mapping[str, ContextValue] = MappingProxyType({})


class PolicyError(ValueError):
    """A document that is no policy: one line that says where and what.

    ``statement 3: Condition.StringEqual: unknown operator; did you mean StringEquals?``
    """
