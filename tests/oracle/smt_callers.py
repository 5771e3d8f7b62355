"""The principal of a request as variables of an SMT solver. Shares no code with iamdiff."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import z3  # type: ignore[import-untyped]
from tests.oracle.smt_contexts import FALSE, TRUE, Context, listed
from tests.oracle.smt_texts import DIGIT, NO_COLON, Unsupported

ROOT, USER, ROLE, SESSION, FEDERATED_USER, UNIQUE_ID, ANONYMOUS, SERVICE, FEDERATED, CANONICAL = (
    range(10)
)
_IN_ACCOUNT = (ROOT, USER, ROLE, SESSION, FEDERATED_USER)
_TYPES = {
    ROOT: "Account",
    USER: "User",
    ROLE: "AssumedRole",
    SESSION: "AssumedRole",
    FEDERATED_USER: "FederatedUser",
    ANONYMOUS: "Anonymous",
}
_SLASHES = z3.Union(NO_COLON)


@dataclass
class Caller:
    """Who asks.

    Attributes
    ----------
    name : z3 text
        Of a user or role its path and name; of a session its role's name; else its name.
    session : z3 text
        The session's name.
    """

    kind: Any = field(default_factory=lambda: z3.Int("caller kind"))
    account: Any = field(default_factory=lambda: z3.String("caller account"))
    name: Any = field(default_factory=lambda: z3.String("caller name"))
    session: Any = field(default_factory=lambda: z3.String("caller session"))

    def _is(self, *kinds: int) -> Any:
        return z3.Or(*(self.kind == each for each in kinds))

    def universe(self, context: Context) -> list[Any]:
        """Which principals there are, and the keys that follow from one."""
        word = z3.Plus(z3.Union(z3.Range("a", "z"), z3.Range("0", "9")))
        path = z3.Concat(word, z3.Star(z3.Concat(z3.Re("/"), word)))
        return [
            self.kind >= ROOT,
            self.kind <= CANONICAL,
            z3.InRe(self.account, z3.Loop(DIGIT, 12, 12)),
            z3.InRe(self.session, word),
            z3.Implies(self._is(USER, ROLE), z3.InRe(self.name, path)),
            z3.Implies(self._is(SESSION, FEDERATED_USER), z3.InRe(self.name, word)),
            *self._keys(context),
        ]

    def _keys(self, context: Context) -> list[Any]:
        found = []
        if key := context.keys.get("aws:principalaccount"):
            of_account = z3.Implies(self._is(*_IN_ACCOUNT), key.slots[0] == self.account)
            nobody = z3.Implies(self._is(ANONYMOUS), key.slots[0] == z3.StringVal("anonymous"))
            found += [of_account, nobody]
        if key := context.keys.get("aws:principaltype"):
            found += [
                z3.Implies(self.kind == kind, key.slots[0] == z3.StringVal(name))
                for kind, name in _TYPES.items()
            ]
        if key := context.keys.get("aws:principalarn"):
            found += [
                z3.Implies(self.kind == kind, z3.And(key.used[0], key.slots[0] == arn))
                for kind, arn in self._arns().items()
            ]
            found.append(z3.Implies(self._is(ANONYMOUS), key.absent))
            found.append(z3.Implies(self._is(UNIQUE_ID, CANONICAL), key.used[0]))
        if key := context.keys.get("aws:username"):
            named = self._is(ROOT, ROLE, SESSION, FEDERATED_USER, ANONYMOUS)
            found.append(z3.Implies(named, key.absent))
        if key := context.keys.get("aws:tokenissuetime"):
            found.append(z3.Implies(self._is(ROLE, SESSION), key.used[0]))
        if key := context.keys.get("aws:principalisawsservice"):
            signed = self._is(*_IN_ACCOUNT, UNIQUE_ID, CANONICAL)
            found.append(z3.Implies(signed, key.used[0]))
        return found

    def _arns(self) -> dict[int, Any]:
        def arn(service: str, *rest: Any) -> Any:
            return z3.Concat(z3.StringVal(f"arn:aws:{service}::"), self.account, *rest)

        return {
            ROOT: arn("iam", z3.StringVal(":root")),
            USER: arn("iam", z3.StringVal(":user/"), self.name),
            ROLE: arn("iam", z3.StringVal(":role/"), self.name),
            SESSION: arn("iam", z3.StringVal(":role/"), self.name),
            FEDERATED_USER: arn("sts", z3.StringVal(":federated-user/"), self.name),
        }

    def matches(self, statement: Mapping[str, Any]) -> Any:
        """Whether a statement's Principal or NotPrincipal takes the caller in."""
        if "NotPrincipal" in statement:
            element = statement["NotPrincipal"]
            if element != "*" and set(element) - {"Service", "Federated"}:
                raise Unsupported("NotPrincipal of accounts, users or roles")
            return z3.Not(self._is_named(element))
        return self._is_named(statement["Principal"])

    def _is_named(self, element: Any) -> Any:
        if element == "*":
            return TRUE
        names = [(kind, name) for kind, value in element.items() for name in listed(value)]
        return z3.Or(FALSE, *(self._matches(kind, name) for kind, name in names))

    def _matches(self, kind: str, name: str) -> Any:
        if kind == "AWS":
            return self._matches_aws(name)
        of_kind = {"Service": SERVICE, "Federated": FEDERATED, "CanonicalUser": CANONICAL}[kind]
        if name == "*":
            return self._is(of_kind)
        return z3.And(self._is(of_kind), self.name == z3.StringVal(name))

    def _matches_aws(self, name: str) -> Any:
        if name == "*":
            return self._is(*_IN_ACCOUNT, UNIQUE_ID, CANONICAL, ANONYMOUS)
        if re.fullmatch(r"[0-9]{12}", name):
            name = f"arn:aws:iam::{name}:root"
        if re.fullmatch(r"A[A-Z]{3}[A-Z0-9]+", name):
            return z3.And(self._is(UNIQUE_ID), self.name == z3.StringVal(name))
        found = re.fullmatch(r"arn:aws:(?:iam|sts)::([0-9]{12}):(.+)", name)
        if found is None:
            raise Unsupported(f"the principal {name}")
        account, resource = found.groups()
        of_account = self.account == z3.StringVal(account)
        if resource == "root":
            return z3.And(self._is(*_IN_ACCOUNT), of_account)
        sort, _, rest = resource.partition("/")
        is_named = self.name == z3.StringVal(rest)
        match sort:
            case "user":
                who = z3.And(self._is(USER), is_named)
            case "federated-user":
                who = z3.And(self._is(FEDERATED_USER), is_named)
            case "role":
                role = z3.StringVal(rest.rpartition("/")[2])
                who = z3.Or(
                    z3.And(self._is(ROLE), is_named), z3.And(self._is(SESSION), self.name == role)
                )
            case "assumed-role":
                role, _, session = rest.partition("/")
                who = z3.And(
                    self._is(SESSION),
                    self.name == z3.StringVal(role),
                    self.session == z3.StringVal(session),
                )
            case _:
                raise Unsupported(f"the principal {name}")
        return z3.And(of_account, who)
