"""A second opinion on two accesses: a direct, slow encoding for an SMT solver.

It reads the policies' JSON itself and shares no code with iamdiff. Where it has no opinion (a
construct that it does not encode, or a question that the solver does not answer in time) it says
None.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import z3  # type: ignore[import-untyped]
from tests.oracle.smt_callers import Caller
from tests.oracle.smt_contexts import ALWAYS, FALSE, SIGNED, TRUE, Context, listed
from tests.oracle.smt_texts import NO_COLON, Unsupported, like, with_variables

type Json = Mapping[str, Any]

_SERVICE = z3.Plus(z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), z3.Re("-")))
_NAME = z3.Plus(
    z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), z3.Re("_"), z3.Re("."), z3.Re("-"))
)
_KEYS_OF_VARIABLES = re.compile(r"\$\{([^\s${}*?',]+)")
_FIELDS = ("partition", "service", "region", "account")


def verdict(
    old: Json, new: Json, *, kind: str = "identity", part: bool = False, milliseconds: int = 10_000
) -> str | None:
    """The verdict on two accesses (``{"identity": [...], "boundary": ...}``), or None."""
    try:
        encoding = Encoding.of(old, new, kind)
        gained = encoding.is_possible(encoding.gain(old, new, part=part), milliseconds)
        if gained is None:
            return None
        lost = encoding.is_possible(encoding.gain(new, old, part=part), milliseconds)
    except Unsupported:
        return None
    if lost is None:
        return None
    names = {
        (True, True): "mixed",
        (True, False): "expansion",
        (False, True): "reduction",
        (False, False): "equivalent",
    }
    return names[gained, lost]


def documents(access: Json) -> Iterator[tuple[Json, bool]]:
    """The documents of an access, and whether each is the boundary."""
    for document in access["identity"]:
        yield document, False
    if access["boundary"] is not None:
        yield access["boundary"], True


def has_variables(document: Json) -> bool:
    return bool(document.get("Version") == "2012-10-17")


@dataclass
class Encoding:
    """A request as variables of the solver, and what statements say of it."""

    context: Context
    caller: Caller | None
    service: Any = field(default_factory=lambda: z3.String("action service"))
    name: Any = field(default_factory=lambda: z3.String("action name"))
    without_resource: Any = field(default_factory=lambda: z3.Bool("no resource"))
    fields: tuple[Any, ...] = field(
        default_factory=lambda: tuple(z3.String(f"resource {each}") for each in (*_FIELDS, "rest"))
    )

    @classmethod
    def of(cls, old: Json, new: Json, kind: str) -> "Encoding":
        statements = [
            (statement, has_variables(document))
            for access in (old, new)
            for document, _ in documents(access)
            for statement in listed(document["Statement"])
        ]
        linked = {
            key
            for statement, variables in statements
            if variables
            for element in ("Resource", "NotResource", "Condition")
            for key in _KEYS_OF_VARIABLES.findall(repr(statement.get(element, "")))
        }
        caller = None if kind == "identity" else Caller()
        present = ALWAYS | SIGNED if caller is None else ALWAYS
        blocks = [statement.get("Condition", {}) for statement, _ in statements]
        context = Context.of(blocks, linked, present)
        if caller is not None:
            context.universe += caller.universe(context)
        return cls(context, caller)

    def is_possible(self, formula: Any, milliseconds: int) -> bool | None:
        """Whether some request satisfies a formula; None where the solver does not say."""
        solver = z3.Solver()
        solver.set("timeout", milliseconds)
        solver.add(*self.context.universe)
        solver.add(z3.InRe(self.service, _SERVICE), z3.InRe(self.name, _NAME))
        solver.add(*(z3.InRe(each, z3.Star(NO_COLON)) for each in self.fields[:4]))
        solver.add(formula)
        answer = solver.check()
        return None if answer == z3.unknown else bool(answer == z3.sat)

    def gain(self, then: Json, now: Json, *, part: bool) -> Any:
        """What only the new access allows."""
        allowed = z3.And(self._allowed(now), z3.Not(self._allowed(then)))
        if not part:
            return allowed
        return z3.Or(allowed, z3.And(self._denied(then), z3.Not(self._denied(now))))

    def _allowed(self, access: Json) -> Any:
        return z3.And(
            z3.Not(self._denied(access)),
            self._some(access, "Allow", boundary=False),
            TRUE if access["boundary"] is None else self._some(access, "Allow", boundary=True),
        )

    def _denied(self, access: Json) -> Any:
        return z3.Or(
            self._some(access, "Deny", boundary=False), self._some(access, "Deny", boundary=True)
        )

    def _some(self, access: Json, effect: str, *, boundary: bool) -> Any:
        return z3.Or(
            FALSE,
            *(
                self._matches(statement, variables=has_variables(document))
                for document, is_boundary in documents(access)
                if is_boundary is boundary
                for statement in listed(document["Statement"])
                if statement["Effect"] == effect
            ),
        )

    def _matches(self, statement: Json, *, variables: bool) -> Any:
        return z3.And(
            self._action(statement),
            self._resource(statement, variables=variables),
            TRUE if self.caller is None else self.caller.matches(statement),
            self.context.holds(statement.get("Condition", {}), variables=variables),
        )

    def _action(self, statement: Json) -> Any:
        inverted = "NotAction" in statement
        patterns = listed(statement["NotAction" if inverted else "Action"])
        if not patterns:
            raise Unsupported("no actions")
        found = z3.Or(*map(self._matches_action, patterns))
        return z3.Not(found) if inverted else found

    def _matches_action(self, pattern: str) -> Any:
        if pattern in ("*", "*:*"):
            return TRUE
        service, _, name = pattern.lower().partition(":")
        return z3.And(self.service == z3.StringVal(service), like(self.name, name))

    def _resource(self, statement: Json, *, variables: bool) -> Any:
        inverted = "NotResource" in statement
        if not inverted and "Resource" not in statement:
            return TRUE
        patterns = listed(statement["NotResource" if inverted else "Resource"])
        if not patterns:
            raise Unsupported("no resources")
        found = z3.Or(*(self._matches_resource(each, variables=variables) for each in patterns))
        return z3.Not(found) if inverted else found

    def _matches_resource(self, pattern: str, *, variables: bool) -> Any:
        if not pattern.strip("*"):
            return TRUE
        linked = variables and "${" in pattern
        first, *rest = pattern.split(":", 5)
        if linked and (len(rest) < 5 or "${" in "".join((first, *rest[:4]))):
            raise Unsupported(f"a variable in a field of {pattern}")
        if len(rest) < 5 and any(each.endswith("*") for each in (first, *rest[:-1])):
            raise Unsupported(f"two readings of {pattern}")
        if not re.fullmatch(re.escape(first).replace(r"\*", ".*").replace(r"\?", "."), "arn"):
            return FALSE
        rest += ["*"] * (5 - len(rest))
        last = (
            with_variables(self.fields[4], rest[4], self.context.value, wildcards=True)
            if linked
            else like(self.fields[4], rest[4])
        )
        # The first fields hold no colon, so any run of characters is one without.
        matched = (like(text, each) for text, each in zip(self.fields, rest[:4], strict=False))
        return z3.And(z3.Not(self.without_resource), *matched, last)
