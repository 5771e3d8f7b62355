"""Policies as files hold them: one, a list of all that a role has, or those and a boundary."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from iamdiff import Access, Document, Kind, PolicyError, check_kind, likely_kind, parse_document
from iamdiff.model import PrincipalType
from iamdiff.principals import parse_caller
from iamdiff.sources import load_json
from iamdiff.values import read_arn
from policy_monitor.errors import InputError

STANDARD_INPUT = "-"

_LOOKS = {
    Kind.IDENTITY: "no statement names a principal",
    Kind.TRUST: "some statement names a principal, and none a resource",
    Kind.RESOURCE: "some statement names a principal, and some a resource",
}
"""By what `likely_kind` tells a kind."""


def named_access(source: str) -> Access:
    """An access from a file or standard input.

    Raises
    ------
    InputError
        It cannot be read or is no policy; the line names the file.
    """
    return access_of(named_json(source), source)


def named_json(source: str) -> Any:
    """JSON from a file or standard input, taken out of AWS's answer; raises as `named_access`."""
    try:
        raw = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
    except OSError as error:
        raise InputError(f"{shown(source)}: {error.strerror or error}") from error
    if not raw.strip():
        raise InputError(f"{shown(source)}: empty; a policy document belongs here, as JSON")
    try:
        return _answered(load_json(raw))
    except PolicyError as error:
        raise InputError(f"{shown(source)}: {error}") from error


def _answered(raw: Any) -> Any:
    """The policy in an answer of AWS, as its command line prints it; anything else as it is.

    API references: GetPolicyVersion (``PolicyVersion.Document``); GetRolePolicy, GetUserPolicy and
    GetGroupPolicy (``PolicyDocument``) of IAM; GetBucketPolicy of S3 and the like (``Policy``, a
    text).
    """
    if not isinstance(raw, Mapping):
        return raw
    version = raw.get("PolicyVersion")
    if isinstance(version, Mapping) and "Document" in version:
        return version["Document"]
    if "PolicyDocument" in raw:
        return raw["PolicyDocument"]
    text = raw.get("Policy")
    return text if isinstance(text, str) else raw


def access_of(raw: Any, source: str) -> Access:
    """An access from the JSON of a source; raises as `named_access`."""
    try:
        return read_access(raw)
    except PolicyError as error:
        raise InputError(f"{shown(source)}: {error}") from error


def kind_of(sides: Mapping[str, Access], asked: Kind | None) -> Kind:
    """What the policies of some sources are: what was asked for, or what they look like.

    Raises
    ------
    InputError
        A policy holds what none of this kind may, or lacks what each must; the line names it.
    """
    chosen = asked or likely_kind([each for side in sides.values() for each in documents_of(side)])
    for source, access in sides.items():
        try:
            check_kinds(access, chosen)
        except PolicyError as error:
            why = "" if asked else f" ({_LOOKS[chosen]}; name the --kind if it is another)"
            raise InputError(f"{shown(source)}: {error}{why}") from error
    return chosen


def check_kinds(access: Access, kind: Kind) -> None:
    """Refuse an access with a policy that is none of a kind; raises as `iamdiff.check_kind`."""
    for document in documents_of(access):
        check_kind(document, kind)


def checked_principal(text: str | None) -> str | None:
    """The principal of the requests, as it was given.

    Raises
    ------
    InputError
        It is of no form that a principal has: nothing would be asked about it.
    """
    known = text is None or parse_caller(text).kind is not PrincipalType.FEDERATED
    if known or read_arn(str(text)) or "." in str(text):
        return text
    raise InputError(
        f"principal: {text!r} is none; write an ARN, an account id or a service such as "
        "ec2.amazonaws.com"
    )


def shown(source: str) -> str:
    """A source as messages name it."""
    return "standard input" if source == STANDARD_INPUT else source


def read_access(raw: Any) -> Access:
    """An access from JSON: a document, a list of documents, or identity and boundary.

    Raises
    ------
    PolicyError
        It is none of these, or a document in it is no policy.
    """
    if isinstance(raw, list):
        return Access(tuple(_document(each, f"document {i + 1}") for i, each in enumerate(raw)))
    if isinstance(raw, Mapping) and "identity" in raw:
        extra = sorted(set(raw) - {"identity", "boundary"})
        if extra:
            raise PolicyError(f"{extra[0]}: only identity and boundary belong here")
        identity = raw["identity"]
        if not isinstance(identity, list):
            raise PolicyError("identity: a list of policy documents belongs here")
        boundary = raw.get("boundary")
        return Access(
            tuple(_document(each, f"identity {i + 1}") for i, each in enumerate(identity)),
            None if boundary is None else _document(boundary, "boundary"),
        )
    return Access((parse_document(raw),))


def _document(raw: Any, name: str) -> Document:
    try:
        return parse_document(raw)
    except PolicyError as error:
        raise PolicyError(f"{name}: {error}") from None


def documents_of(access: Access) -> Iterator[Document]:
    """All documents of an access, its boundary last."""
    yield from access.identity
    if access.boundary is not None:
        yield access.boundary


def warnings_of(access: Access) -> Iterator[str]:
    """What in the documents is surely not meant, with the document where there are several."""
    several = len(access.identity) > 1
    for number, document in enumerate(access.identity, 1):
        for warning in document.warnings:
            yield f"document {number}: {warning}" if several else warning
    if access.boundary is not None:
        for warning in access.boundary.warnings:
            yield f"boundary: {warning}"
