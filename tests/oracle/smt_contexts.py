"""Context keys and conditions as formulas of an SMT solver. Shares no code with iamdiff."""

import base64
import binascii
import datetime as dt
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import z3  # type: ignore[import-untyped]
from tests.oracle.smt_texts import (
    NO_COLON,
    Unsupported,
    equals_ignoring_case,
    expression,
    like,
    with_variables,
)

TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
ALWAYS = {
    f"aws:{name}"
    for name in (
        "currenttime", "epochtime", "requestedregion", "securetransport", "useragent",
        "viaawsservice", "userid", "principalaccount", "principaltype",
    )
}  # fmt: skip
SIGNED = {"aws:principalarn", "aws:principalisawsservice"}
SETS = {
    f"aws:{name}"
    for name in (
        "calledvia", "principalorgpaths", "principalservicenameslist", "resourceorgpaths",
        "sourceorgpaths", "tagkeys", "vpceorgpaths",
    )
}  # fmt: skip
MOST_SLOTS = 8

_PREFIXES = ("ForAnyValue:", "ForAllValues:")
_TYPES = {
    "String": "text", "Arn": "arn", "Numeric": "number", "Date": "date", "Bool": "truth",
    "Binary": "bytes", "IpAddress": "address", "NotIpAddress": "address", "Null": "",
}  # fmt: skip


@dataclass(frozen=True)
class Operator:
    """A condition operator's name, taken apart."""

    name: str
    quantifier: str
    if_exists: bool
    type: str

    @property
    def negated(self) -> bool:
        return "Not" in self.name


def operator_of(name: str) -> Operator:
    quantifier = next((each for each in _PREFIXES if name.startswith(each)), "")
    base = name.removeprefix(quantifier)
    plain = base.removesuffix("IfExists")
    kind = next((found for prefix, found in _TYPES.items() if plain.startswith(prefix)), None)
    if kind is None:
        raise Unsupported(name)
    return Operator(plain, quantifier, plain != base, kind)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


@dataclass
class Key:
    """What a context key holds: slot 0 its first value, and so on.

    Attributes
    ----------
    used : list
        Whether each slot holds a value; the first does where the key is there.
    """

    name: str
    type: str
    used: list[Any]
    slots: list[Any]
    set_like: bool

    @property
    def absent(self) -> Any:
        return z3.Not(self.used[0])

    @property
    def several(self) -> Any:
        return self.used[1] if len(self.used) > 1 else FALSE

    @property
    def is_empty_set(self) -> Any:
        """Absent, or the empty text alone."""
        if self.type not in ("text", "arn"):
            return self.absent
        return z3.Or(self.absent, z3.And(z3.Not(self.several), self.slots[0] == z3.StringVal("")))


@dataclass
class Context:
    """The keys that some policies read."""

    keys: dict[str, Key] = field(default_factory=dict)
    universe: list[Any] = field(default_factory=list)

    @classmethod
    def of(
        cls, blocks: Iterable[Mapping[str, Any]], linked: Iterable[str], present: set[str]
    ) -> "Context":
        """The keys of condition blocks, and those that variables name."""
        types: dict[str, set[str]] = {}
        sets: dict[str, set[str]] = {}
        for block in blocks:
            for name, keys in block.items():
                operator = operator_of(name)
                for key, values in keys.items():
                    found = types.setdefault(key.lower(), set())
                    if operator.type:
                        found.add(operator.type)
                    if operator.quantifier:
                        sets.setdefault(key.lower(), set()).add(f"{name} {values}")
        for key in linked:
            types.setdefault(key.lower(), set()).add("text")
            if key.lower() in sets:
                raise Unsupported(f"a variable of {key}, which may hold several values")
        context = cls()
        for key, found in types.items():
            context._add(key, found, sets.get(key, set()), present)
        return context

    def _add(self, key: str, types: set[str], sets: set[str], present: set[str]) -> None:
        if types <= {"text", "arn"}:
            types = {"arn" if key == "aws:principalarn" else "text"}
        if len(types) > 1:
            raise Unsupported(f"{key} is read as {types}")
        kind = next(iter(types), "text")
        set_like = key in SETS if key.startswith("aws:") else bool(sets)
        # A condition is true of several values because of one at most, or false because of one; two
        # more, so that there are several.
        count = len(sets) + 2 if set_like else 1
        if count > MOST_SLOTS:
            raise Unsupported(f"too many conditions on the values of {key}")
        used = [z3.Bool(f"{key} used {n}") for n in range(count)]
        slots = [_variable(kind, f"{key} {n}", self.universe) for n in range(count)]
        self.universe += [z3.Implies(used[n + 1], used[n]) for n in range(count - 1)]
        if key in present:
            self.universe.append(used[0])
        self.keys[key] = Key(key, kind, used, slots, set_like)

    def value(self, name: str) -> tuple[Any, Any]:
        """Whether a key holds one value, and that value, as a text."""
        key = self.keys[name.lower()]
        if key.type not in ("text", "arn") or key.set_like:
            raise Unsupported(f"a variable of {name}")
        return key.used[0], key.slots[0]

    def holds(self, block: Mapping[str, Any], *, variables: bool) -> Any:
        """Whether a Condition element holds."""
        return z3.And(
            TRUE,
            *(
                self._holds(
                    operator_of(name),
                    self.keys[key.lower()],
                    [text_of(v) for v in listed(values)],
                    variables,
                )
                for name, keys in block.items()
                for key, values in keys.items()
            ),
        )

    def _holds(self, operator: Operator, key: Key, values: list[str], variables: bool) -> Any:
        if operator.name == "Null":
            if operator.quantifier:
                return TRUE if operator.quantifier == "ForAllValues:" else FALSE
            return z3.Or(*(key.absent if _truth(each) else key.used[0] for each in values))
        if not values:
            raise Unsupported("no values")

        def test(slot: Any) -> Any:
            found = z3.Or(*(self._match(operator, slot, each, variables) for each in values))
            return z3.Not(found) if operator.negated else found

        match operator.quantifier:
            case "ForAllValues:":
                every = (z3.Implies(u, test(s)) for u, s in zip(key.used, key.slots, strict=True))
                return z3.Or(key.is_empty_set, z3.And(*every))
            case "ForAnyValue:":
                some = (z3.And(u, test(s)) for u, s in zip(key.used, key.slots, strict=True))
                return z3.And(z3.Not(key.is_empty_set), z3.Or(*some))
            case _:
                alone = z3.And(key.used[0], z3.Not(key.several), test(key.slots[0]))
                return z3.Or(alone, key.absent) if operator.negated or operator.if_exists else alone

    def _match(self, operator: Operator, slot: Any, value: str, variables: bool) -> Any:
        is_linked = variables and "${" in value
        if operator.type == "text":
            plain = operator.name.replace("Not", "")
            if is_linked:
                if plain == "StringEqualsIgnoreCase":
                    raise Unsupported("a variable, ignoring case")
                return with_variables(slot, value, self.value, wildcards=plain == "StringLike")
            if plain == "StringLike":
                return like(slot, value)
            if plain == "StringEqualsIgnoreCase":
                return equals_ignoring_case(slot, value)
            return slot == z3.StringVal(value)
        if is_linked:
            raise Unsupported(f"a variable under {operator.name}")
        if operator.type == "arn":
            return z3.InRe(slot, _arn_expression(value))
        return _typed_match(operator, slot, value)


def _arn_expression(pattern: str) -> Any:
    fields = pattern.split(":", 5)
    if len(fields) < 6:
        raise Unsupported(f"a short ARN: {pattern}")
    parts = [expression(each, run=NO_COLON, one=NO_COLON) for each in fields[:5]]
    colon = z3.Re(z3.StringVal(":"))
    joined = [part for each in parts for part in (each, colon)]
    return z3.Concat(*joined, expression(fields[5]))


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}


def _typed_match(operator: Operator, slot: Any, value: str) -> Any:
    name = operator.name.replace("Not", "")
    match operator.type:
        case "number":
            return _COMPARE[name.removeprefix("Numeric")](slot, z3.RealVal(str(_number(value))))
        case "date":
            return _COMPARE[name.removeprefix("Date")](slot, z3.RealVal(str(_date(value))))
        case "truth":
            return slot if _truth(value) else z3.Not(slot)
        case "bytes":
            try:
                return slot == z3.StringVal(base64.b64decode(value, validate=True).hex())
            except (binascii.Error, ValueError):
                raise Unsupported(f"base64 {value}") from None
        case _:
            version, number = slot
            network = _network(value)
            return z3.And(
                version == (network.version == 6),
                number >= int(network.network_address),
                number <= int(network.broadcast_address),
            )


def _variable(kind: str, name: str, universe: list[Any]) -> Any:
    """A value of a type; what there is of it goes into `universe`."""
    match kind:
        case "number" | "date":
            return z3.Real(name)
        case "truth":
            return z3.Bool(name)
        case "address":
            version, number = z3.Bool(f"{name} v6"), z3.Int(name)
            universe.append(z3.And(number >= 0, number < z3.If(version, 2**128, 2**32)))
            return version, number
        case "arn":
            text = z3.String(name)
            universe.append(z3.InRe(text, _arn_expression("arn:*:*:*:*:*")))
            return text
        case _:
            return z3.String(name)


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise Unsupported(f"the truth {value}")
    return value.lower() == "true"


def _number(value: str) -> Fraction:
    try:
        return Fraction(value)
    except ValueError:
        raise Unsupported(f"the number {value}") from None


def _date(value: str) -> Fraction:
    try:
        if "-" not in value.strip("-"):
            if len(value) == 4:
                raise Unsupported(f"the date {value}")
            return Fraction(value)
        text = value if len(value) > 7 else f"{value}-01"
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Unsupported(f"the date {value}") from None
    if moment.tzinfo is None:
        if "T" in value:
            raise Unsupported(f"a date without zone: {value}")
        moment = moment.replace(tzinfo=dt.UTC)
    return Fraction(str(moment.timestamp()))


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Unsupported(f"the address {value}") from None
