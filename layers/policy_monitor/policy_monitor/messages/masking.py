"""Secrets out of what people and programs read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy_monitor.masks import readable

# Condition keys whose values are secrets between the vendor and the customer, in lower case
# (condition keys are compared without case).
_SECRET_KEYS = frozenset({"sts:externalid"})

_MASK = "****"

# What `masks` makes of an external id, cut for people: stars, perhaps two characters, and the
# wildcards and policy variables that stood beside it.
_MASKED = re.compile(r"(?:\*{4}(?:[\w+=,.@:/-]{2})?|\*|\?|\$\{[^}]*\})+", re.ASCII)

# A secret shorter than this shows none of its characters: two of four would be half of it.
_TELLING_LENGTH = 8

# A secret shorter than this is masked where it stands as a value, not inside other texts: a value
# such as "on" stands in many words.
_SEARCHED_LENGTH = 6


def masked_secret(value: str) -> str:
    """``****`` and a secret's last two characters; what is masked already stays."""
    if not value or _MASKED.fullmatch(value):
        return value
    return _MASK + (value[-2:] if len(value) >= _TELLING_LENGTH else "")


def masked(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding's JSON without external ids, wherever in it they stand.

    The ledger keeps them as keyed digests, which are cut to what people may see. And, as a second
    lock on that door, a value of ``sts:ExternalId`` that stands in clear is masked in conditions
    and example requests, and in every text that repeats it.
    """
    cut = readable(finding)
    secrets = sorted(
        {secret for secret in _secrets(cut) if masked_secret(secret) != secret},
        key=len,
        reverse=True,  # a secret that holds another goes first
    )
    result = _masked(cut, tuple(s for s in secrets if len(s) >= _SEARCHED_LENGTH))
    return dict(result)


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key.lower() in _SECRET_KEYS:
                yield from _texts(item)
            else:
                yield from _secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _secrets(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def _masked(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {
            _masked(key, secrets): _hidden(item)
            if key.lower() in _SECRET_KEYS
            else _masked(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, masked_secret(secret))
    return value


def _hidden(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_hidden(item) for item in value]
    return value if value is None else masked_secret(str(value))
