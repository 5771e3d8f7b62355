"""A successful IAM call as CloudTrail recorded it: its parts, checked as they are read."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from policy_monitor.documents import UnreadableDocumentError, digest, read_document
from policy_monitor.errors import UnreadableEventError
from policy_monitor.masks import mask
from policy_monitor.mutations import Document
from policy_monitor.settings import Settings

# IAM API Reference: roleNameType, policyNameType, policyVersionIdType. A policy's path may hold
# any printable ASCII character.
NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
VERSION = re.compile(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?")
POLICY_ARN = re.compile(r"arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/[\x21-\x7e]{1,640}")

_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")

# A region's partition shows in its name (AWS General Reference).
PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


class OmittedPartError(Exception):
    """A part of a successful call is not in its record: CloudTrail left it out, or truncated it.

    Never leaves `events`: the mutation is then of kind OMITTED.
    """


class Aim(StrEnum):
    """What sort of thing a call is aimed at; the value names its request parameter."""

    ROLE = "roleName"
    USER = "userName"
    GROUP = "groupName"
    POLICY = "policyArn"
    NEW_POLICY = "policyName"


class Call(NamedTuple):
    """A successful call; its parts are checked as they are read.

    Attributes
    ----------
    documents : dict[str, Document]
        The call's documents by digest, masked: filled as changes are read.
    """

    name: str
    account: str
    partition: str
    parameters: Mapping[str, Any]
    response: Mapping[str, Any]
    settings: Settings
    mask_key: bytes
    documents: dict[str, Document]

    def text(self, name: str, pattern: re.Pattern[str] = NAME) -> str:
        """A request parameter that the call cannot do without.

        Raises
        ------
        OmittedPartError
            It is not in the record.
        UnreadableEventError
            It is no text, or not such as IAM accepts.
        """
        value = self.parameters.get(name)
        if is_omitted(value):
            raise OmittedPartError(name)
        return self._checked(f"requestParameters.{name}", value, pattern)

    def optional_text(self, name: str, pattern: re.Pattern[str]) -> str | None:
        """A request parameter that may be absent."""
        return None if is_omitted(self.parameters.get(name)) else self.text(name, pattern)

    def answer(self, group: str, name: str, pattern: re.Pattern[str]) -> str | None:
        """``responseElements.<group>.<name>``; None where the record does not have it."""
        value = mapping(f"{self.name}: responseElements.{group}", self.response.get(group)).get(
            name
        )
        if is_omitted(value):
            return None
        return self._checked(f"responseElements.{group}.{name}", value, pattern)

    def document(self, name: str) -> str:
        """The digest of a document in a request parameter, which is kept, masked.

        Raises
        ------
        OmittedPartError
            It is not in the record.
        UnreadableEventError
            It is no policy document.
        """
        value = self.parameters.get(name)
        if is_omitted(value):
            raise OmittedPartError(name)
        if not isinstance(value, str):
            raise UnreadableEventError(
                f"{self.name}: requestParameters.{name} is {type(value).__name__}; "
                "expected JSON text"
            )
        try:
            document = mask(read_document(value), self.mask_key)
            sha256 = digest(document)
        except UnreadableDocumentError as error:
            raise UnreadableEventError(f"{self.name}: requestParameters.{name}: {error}") from error
        self.documents[sha256] = document
        return sha256

    def document_if_there(self, name: str) -> str | None:
        """As `document`; None where it can be read from IAM later, since it was left out."""
        return None if is_omitted(self.parameters.get(name)) else self.document(name)

    def watches_role(self) -> bool:
        """Whether the call is aimed at a watched role."""
        return self.settings.watches_role(self.text(Aim.ROLE))

    def _checked(self, place: str, value: Any, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str):
            raise UnreadableEventError(
                f"{self.name}: {place} is {type(value).__name__}; expected text"
            )
        if not pattern.fullmatch(value):
            raise UnreadableEventError(
                f"{self.name}: {place} {value[:80]!r} is not such as IAM accepts; "
                "send the event as CloudTrail recorded it"
            )
        return value


def is_omitted(value: Any) -> bool:
    """Whether a field is absent, null, or replaced by CloudTrail's mark of truncation.

    "CloudTrail truncates a field if the field's contents exceeds the maximum field size. If a
    field is truncated, omitted is present with a value of true" (CloudTrail User Guide,
    "CloudTrail record contents").
    """
    return value is None or (isinstance(value, Mapping) and value.get("omitted") is True)


def mapping(place: str, value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one where the field is absent or omitted.

    Raises
    ------
    UnreadableEventError
        It is something else.
    """
    if is_omitted(value):
        return {}
    if not isinstance(value, Mapping):
        raise UnreadableEventError(f"{place} is {type(value).__name__}; expected an object")
    return value


def storable(value: Any, name: str = "") -> Any:
    """A record without halves of surrogate pairs, which JSON can write and no table can hold.

    Each becomes U+FFFD, so that an odd text beside a change hides no change. Policy documents stay
    as they are: what reads them refuses such a half.

    Raises
    ------
    UnreadableEventError
        The record nests too deeply to be read.
    """
    try:
        return _storable(value, name)
    except RecursionError:
        raise UnreadableEventError("CloudTrail record: nested too deeply") from None


def _storable(value: Any, name: str) -> Any:
    match value:
        case str() if not name.endswith("Document"):
            return _HALF_OF_A_PAIR.sub("\ufffd", value)
        case Mapping():
            return {key: _storable(member, key) for key, member in value.items()}
        case list():
            return [_storable(member, name) for member in value]
    return value


def policy_arn(account: str, partition: str, name: str, path: str = "/") -> str:
    """The ARN of a customer-managed policy."""
    return f"arn:{partition}:iam::{account}:policy{path}{name}"


def partition(region: str) -> str:
    """The AWS partition of a region: ``aws`` where its name tells no other.

    Examples
    --------
    >>> partition("us-gov-west-1")
    'aws-us-gov'
    """
    return next((name for prefix, name in PARTITIONS if region.startswith(prefix)), "aws")
