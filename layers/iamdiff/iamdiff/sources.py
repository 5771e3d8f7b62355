"""JSON as policies need it: each number as it was written, and no element twice unnoticed."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from iamdiff.model import PolicyError

_STRINGS = {str}
_SHOWN = 60
_LISTED = 12
_NAMES = {
    Mapping: "an object",
    list: "a list",
    tuple: "a list",
    bool: "a Boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class NumberText(str):
    """A JSON number, as it was written."""

    __slots__ = ()


class RepeatedElements(dict[str, Any]):
    """A JSON object in which an element stands twice; `element` is the first such."""

    element = ""


def load_json(source: str | bytes) -> Any:
    """Read JSON: objects as dicts, numbers as `NumberText`.

    An object that holds an element twice is `RepeatedElements`, so that `parse_document` can say
    where that is; IAM refuses it ("Individual elements must not contain multiple instances of the
    same key", reference_policies_grammar).

    Raises
    ------
    PolicyError
        With line and column where it is not JSON.
    """
    text = _text_of(source)
    try:
        found = _decoder().decode(text)
        if "\\" in text:
            # Half a surrogate pair, written as an escape: no text that could be sent or shown.
            json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise PolicyError(f"{place}: not JSON: {fault_of(error)}") from None
    except RecursionError:
        raise PolicyError("nested too deeply for a policy") from None
    except UnicodeEncodeError:
        raise PolicyError("a text holds half a surrogate pair, which is no character") from None
    return found


def fault_of(error: json.JSONDecodeError) -> str:
    """What is wrong with what is not JSON, in words that stand without the place they go on to."""
    return error.msg.lower().removesuffix(" at").removesuffix(" starting")


def _text_of(source: str | bytes) -> str:
    """The text, without a byte order mark."""
    if isinstance(source, str):
        text = source.removeprefix("\ufeff")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise PolicyError(
                    f"character {error.start + 1} is half a surrogate pair, which is no character"
                ) from None
        return text
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"byte {error.start + 1} is not UTF-8") from None


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_float=NumberText,
        parse_int=NumberText,
        parse_constant=_refuse_constant,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = RepeatedElements(found)
    counts = Counter(name for name, _ in pairs)
    repeated.element = next(name for name, count in counts.items() if count > 1)
    return repeated


def _refuse_constant(name: str) -> Any:
    raise PolicyError(f"not JSON: {name} is no value of JSON")


def is_object(value: object) -> bool:
    """Whether a value is an object of JSON, or stands for one."""
    return type(value) is dict or isinstance(value, Mapping)


def is_list(value: object) -> bool:
    """Whether a value is a list of JSON, or stands for one."""
    return type(value) is list or isinstance(value, list | tuple)


def are_texts(value: object) -> bool:
    """Whether a value is surely a list of texts, and none of them a number."""
    return type(value) is list and {*map(type, value)} == _STRINGS


def shown(value: object) -> str:
    """A value in a message: on one line, and not long."""
    if isinstance(value, NumberText):
        return f"the number {value[:_SHOWN]}"
    if isinstance(value, str):
        text = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        return f'"{text}"' if text.isprintable() else json.dumps(text)
    for kind, name in _NAMES.items():
        if isinstance(value, kind):
            return name
    return f"a value of type {type(value).__name__}"


def read_elements(
    raw: Any, known: frozenset[str], where: str, warnings: list[str]
) -> Mapping[str, Any]:
    """The elements of an object by their right names."""
    if type(raw) is dict and known.issuperset(raw):
        return raw
    if not is_object(raw):
        raise PolicyError(f"{where} is {shown(raw)}, not an object")
    refuse_repeated(raw)
    by_folded_name = {name.lower(): name for name in known}
    found: dict[str, Any] = {}
    for name, value in raw.items():
        right = by_folded_name.get(name.lower()) if isinstance(name, str) else None
        if right is None:
            raise PolicyError(f"{label(name)}: unknown element{suggestion(name, known)}")
        if right in found:
            raise PolicyError(f"{right} stands twice")
        if right != name:
            warnings.append(f"{name}: IAM writes {right}")
        found[right] = value
    return found


def refuse_repeated(raw: Mapping[str, Any]) -> None:
    """Raise where an element stands twice."""
    if isinstance(raw, RepeatedElements):
        raise PolicyError(f"{label(raw.element)} stands twice")


def label(name: object) -> str:
    """A name in a message: bare where it is short and plain."""
    plain = isinstance(name, str) and name.isprintable() and 0 < len(name) <= 60  # noqa: PLR2004
    return str(name) if plain else shown(name)


def read_texts(raw: Any, name: str, warnings: list[str]) -> tuple[str, ...]:
    """A text, or a list of texts."""
    if type(raw) is str:
        return (raw,)
    if are_texts(raw):
        return tuple(raw)
    if not is_list(raw):
        raise PolicyError(f"{name}: {shown(raw)} where a text or a list of texts belongs")
    for each in raw:
        if type(each) is not str:
            raise PolicyError(f"{name}: {shown(each)} where a text belongs")
    if not raw:
        # "Empty array action" and its like are suggestions: IAM takes them.
        warnings.append(f"{name}: the list is empty")
    return tuple(raw)


def suggestion(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what was perhaps meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - slow to import, and only for errors

    names = sorted(known)
    close = get_close_matches(name[:_SHOWN], names, n=1) if isinstance(name, str) else []
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(names)}" if len(names) < _LISTED else ""
