"""Records as plain JSON: what the ledger stores, and the finding that users and tools read.

A record says by its `schema` how it is to be read (`versions`). What this module cannot read in
full it refuses: to leave out what a newer version wrote would be to judge by half of what happened.
"""

from collections import abc
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeAliasType, get_args, get_origin, get_type_hints

from policy_monitor import versions
from policy_monitor.errors import InputError
from policy_monitor.findings import Finding
from policy_monitor.ledger import Checkpoint, Current, Genesis, Notice
from policy_monitor.mutations import Change, Mutation
from policy_monitor.notebook import Note
from policy_monitor.opinions import Opinion

FINDING_SCHEMA = "policy-monitor/finding/1"

# What a row of the table holds beside a record that is kept member by member.
_KEYS = frozenset({"pk", "sk"})
# The member that names the class of a change.
_TAG = "change"
_CHANGES: Mapping[str, Any] = {cls.__name__: cls for cls in get_args(Change.__value__)}


def mutation_json(mutation: Mutation) -> dict[str, Any]:
    """A mutation as plain JSON, its changes tagged with their class names."""
    return {"schema": versions.SCHEMA, **_encoded(mutation)}


def read_mutation(value: Mapping[str, Any]) -> Mutation:
    """Read what `mutation_json` wrote.

    Raises
    ------
    InputError
        A schema, change, member or value that this version does not know.
    """
    return _read_record(Mutation, value)


def genesis_json(genesis: Genesis) -> dict[str, Any]:
    """A genesis baseline as plain JSON; sets are sorted, so that equal states have equal text."""
    return {"schema": versions.SCHEMA, **_encoded(genesis)}


def read_genesis(value: Mapping[str, Any]) -> Genesis:
    """Read what `genesis_json` wrote; raises as `read_mutation`."""
    return _read_record(Genesis, value)


def checkpoint_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint as plain JSON."""
    return {"schema": versions.SCHEMA, **_encoded(checkpoint)}


def read_checkpoint(value: Mapping[str, Any]) -> Checkpoint:
    """Read what `checkpoint_json` wrote; raises as `read_mutation`."""
    return _read_record(Checkpoint, value)


def current_json(current: Current) -> dict[str, Any]:
    """A CURRENT row as plain JSON."""
    return {"schema": versions.SCHEMA, **_encoded(current)}


def read_current(value: Mapping[str, Any]) -> Current:
    """Read what `current_json` wrote, or a row's image from the stream; raises as `read_mutation`.

    A row holds its keys beside the record, which are not looked at.
    """
    return _read_record(Current, {name: value[name] for name in value if name not in _KEYS})


def note_json(note: Note) -> dict[str, Any]:
    """A note of reconcile as plain JSON."""
    return {"schema": versions.SCHEMA, **_encoded(note)}


def read_note(value: Mapping[str, Any]) -> Note:
    """Read what `note_json` wrote; raises as `read_mutation`."""
    return _read_record(Note, value)


def notice_json(notice: Notice) -> dict[str, Any]:
    """A vendor's notice as plain JSON."""
    return {"schema": versions.SCHEMA, **_encoded(notice)}


def read_notice(value: Mapping[str, Any]) -> Notice:
    """Read what `notice_json` wrote; raises as `read_mutation`."""
    return _read_record(Notice, value)


def opinion_json(opinion: Opinion) -> dict[str, Any]:
    """A second opinion as plain JSON."""
    return {"schema": versions.SCHEMA, **_encoded(opinion)}


def read_opinion(value: Mapping[str, Any]) -> Opinion:
    """Read what `opinion_json` wrote; raises as `read_mutation`."""
    return _read_record(Opinion, value)


def finding_json(
    finding: Finding, *, correction_of: str | None = None, may_repeat: bool = False
) -> dict[str, Any]:
    """A finding as ``policy-monitor/finding/1`` (design, section 6), members in that order.

    That of a baseline has an ``inventory`` beside them, that of a policy that is used ``used_by``,
    and one behind which documents changed ``changed`` and ``changed_total``.

    Parameters
    ----------
    correction_of : str or None
        The id of the announced finding whose place this one takes.
    may_repeat : bool
        Whether this finding may have been sent before; the member is there only where it is true.
    """
    members = _encoded(finding)
    for name in ("inventory", "used_by", "changed", "changed_total"):
        if not members[name]:
            del members[name]
    return {
        "schema": FINDING_SCHEMA,
        **members,
        "correction_of": correction_of,
        **({"may_repeat": True} if may_repeat else {}),
    }


def read_finding(value: Mapping[str, Any]) -> Finding:
    """Read what `finding_json` wrote; what belongs to its announcement is left out.

    Raises
    ------
    InputError
        Another schema, or a member that is missing or of the wrong shape.
    """
    if value.get("schema") != FINDING_SCHEMA:
        raise InputError(
            f"finding: schema {value.get('schema')!r} is not {FINDING_SCHEMA!r}; "
            "use the version of policy-monitor that wrote it"
        )
    known = {name: value[name] for name in Finding._fields if name in value}
    # What older versions recorded says no reasons.
    known.setdefault("severity_reasons", ())
    finding: Finding = _record(Finding, known, "finding")
    return finding


def _encoded(value: Any) -> Any:
    """Plain JSON of a record: its fields by name, a change tagged, a set sorted."""
    if _is_record(type(value)):
        tag = {_TAG: type(value).__name__} if type(value) in _CHANGES.values() else {}
        return tag | {name: _encoded(getattr(value, name)) for name in value._fields}
    match value:
        case StrEnum():
            return value.value
        case Mapping():
            return {name: _encoded(member) for name, member in value.items()}
        case abc.Set():
            return sorted(_encoded(member) for member in value)
        case list() | tuple():
            return [_encoded(member) for member in value]
    return value


def _is_record(cls: type) -> bool:
    """Whether a class is a named tuple."""
    return hasattr(cls, "_fields")


def _read_record[T](cls: type[T], value: Mapping[str, Any]) -> T:
    name = cls.__name__
    known = versions.migrated(name, value, value.get("schema"))
    record: T = _record(cls, {key: known[key] for key in known if key != "schema"}, name)
    return record


def _record(cls: Any, value: object, where: str) -> Any:
    """A record from its fields; a field with a default may be missing, none may be unknown."""
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: expected an object, found {type(value).__name__}")
    hints = _hints(cls)
    if unknown := sorted(set(value) - set(hints)):
        raise InputError(f"{where}.{unknown[0]}: unknown to this version of policy-monitor")
    if missing := sorted(_required(cls) - set(value)):
        raise InputError(f"{where}.{missing[0]}: missing")
    return cls(
        **{name: _decoded(hints[name], member, f"{where}.{name}") for name, member in value.items()}
    )


def _decoded(hint: Any, value: Any, where: str) -> Any:
    """A value of the type that `hint` says."""
    if hint is Any:
        return value
    if hint is Change:
        return _change(value, where)
    if isinstance(hint, TypeAliasType):
        return _decoded(hint.__value__, value, where)
    if get_origin(hint) is None:
        return _plain(hint, value, where)
    return _container(hint, value, where)


def _change(value: Any, where: str) -> Any:
    name = value.get(_TAG) if isinstance(value, Mapping) else None
    if not isinstance(name, str) or name not in _CHANGES:
        raise InputError(
            f"{where}: {name!r} is no change that this version of policy-monitor knows"
        )
    return _record(_CHANGES[name], {key: value[key] for key in value if key != _TAG}, where)


def _plain(hint: Any, value: Any, where: str) -> Any:
    if _is_record(hint):
        return _record(hint, value, where)
    if hint is int and isinstance(value, Decimal) and value == int(value):
        return int(value)  # DynamoDB's numbers
    if issubclass(hint, StrEnum):
        if isinstance(value, str) and value in set(hint):
            return hint(value)
        raise InputError(f"{where}: {value!r} is none of {', '.join(hint)}")
    if type(value) is not hint:
        raise InputError(f"{where}: expected {hint.__name__}, found {type(value).__name__}")
    return value


def _container(hint: Any, value: Any, where: str) -> Any:
    """A value of an optional or a container type, as far as the records use them."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is UnionType:
        (some,) = (part for part in parts if part is not NoneType)
        return None if value is None else _decoded(some, value, where)
    if origin is abc.Mapping:
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected an object, found {type(value).__name__}")
        return {key: _decoded(parts[1], value[key], f"{where}.{key}") for key in value}
    if not isinstance(value, list | tuple):
        raise InputError(f"{where}: expected a list, found {type(value).__name__}")
    hints = (parts[0],) * len(value) if origin is frozenset or Ellipsis in parts else parts
    if len(hints) != len(value):
        raise InputError(f"{where}: expected {len(hints)} members, found {len(value)}")
    return origin(
        _decoded(part, member, f"{where}[{place}]")
        for place, (part, member) in enumerate(zip(hints, value, strict=True))
    )


@cache
def _hints(cls: Any) -> Mapping[str, Any]:
    return get_type_hints(cls)


@cache
def _required(cls: Any) -> frozenset[str]:
    return frozenset(cls._fields) - set(cls._field_defaults)
