"""The AWS actions that a function's code needs, derived from the code by mypy's types.

From every function of ``functions/NAME/app.py`` whatever is named is followed through the packages
of this project, methods by the type of their receiver: those of a protocol in all classes of that
shape that are made on the way. A method of one of boto3's clients, or one of those by which
Powertools calls AWS, is an action.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name
from mypy import build
from mypy.main import process_options
from mypy.modulefinder import BuildSource
from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef, SymbolNode, TypeInfo
from mypy.refinfo import get_undocumented_ref_info_json

ROOT = Path(__file__).parents[1]
OURS = ("policy_monitor.", "policy_monitor_report.", "functions.")  # iamdiff is pure

# Where Powertools calls AWS for us. Sources: Powertools for AWS Lambda (Python), "Parameters",
# section "IAM Permissions"; "Circuit breaker", section "Required resources".
_POWERTOOLS = {
    "parameters.get_parameter": {"ssm:GetParameter"},
    "parameters.get_secret": {"secretsmanager:GetSecretValue"},
    "circuit_breaker.persistence.CircuitBreakerDynamoDBPersistence": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    },
}

# A transaction needs the permissions of its actions, and there is none of its own. Source: DynamoDB
# Developer Guide, "Using IAM with DynamoDB transactions".
_TRANSACTION = "dynamodb:TransactWriteItems"
_OF_A_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}

# Where the SDK's name of a service is not the prefix of its actions. Source: Service Authorization
# Reference, "Actions, resources, and condition keys for AWS IAM Access Analyzer".
_PREFIXES = {"accessanalyzer": "access-analyzer"}

# Operations that are allowed by an action of another name. Source: S3 API reference, HeadObject,
# "Permissions".
_OTHER_ACTIONS = {"s3:HeadObject": "s3:GetObject"}

# What calls a client's method by its name, and on which clients.
_BY_NAME = {"_call": ("dynamodb",), "get_paginator": ("iam", "cloudtrail", "events", "sns", "sqs")}


@cache
def actions(function: str) -> frozenset[str]:
    """The actions that the code of a function needs, such as ``dynamodb:PutItem``."""
    walk = _Walk(_sources())
    walk.all(f"functions.{function}.app")
    found = walk.actions
    if _TRANSACTION in found:
        kinds = walk.texts & _OF_A_TRANSACTION.keys()
        found = found - {_TRANSACTION} | {_OF_A_TRANSACTION[kind] for kind in kinds}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Module:
    """What a module defines, and what each of its lines names.

    Attributes
    ----------
    defined : dict[str, SymbolNode]
        Functions, classes and methods by full name.
    names : dict[int, list[str]]
        By line the full names that stand there: a method's with its receiver's type.
    texts, operations : dict[int, list[str]]
        By line its texts, and the actions that are called by a text.
    """

    defined: dict[str, SymbolNode] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=dict)
    texts: dict[int, list[str]] = field(default_factory=dict)
    operations: dict[int, list[str]] = field(default_factory=dict)


@cache
def _sources() -> dict[str, _Module]:
    """Our own sources as mypy understands them; what others wrote comes from mypy's cache."""
    # As `make lint` calls it, or neither could use the other's cache.
    _, options = process_options([f"--config-file={ROOT / 'pyproject.toml'}"])
    options.export_types = options.preserve_asts = True
    sources = [*_paths()]
    result = build.build(sources, options)
    assert not result.errors, result.errors
    read = {}
    for source in sources:
        module = read[source.module] = _Module()
        tree = result.files[source.module]
        for symbol in tree.names.values():
            if symbol.node and symbol.node.fullname.startswith(f"{source.module}."):
                module.defined.update(_defined(symbol.node))
        for reference in get_undocumented_ref_info_json(tree, result.types):
            line, target = int(str(reference["line"])), str(reference["target"])
            module.names.setdefault(line, []).append(target)
        for node in ast.walk(ast.parse(source.text or "")):
            _read_texts(node, module)
    return read


def _paths() -> Iterator[BuildSource]:
    for package in ("policy_monitor/policy_monitor", "report/policy_monitor_report"):
        folder = ROOT / "layers" / package
        for path in sorted(folder.rglob("*.py")):
            name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
            yield BuildSource(str(path), name.removesuffix(".__init__"), path.read_text())
    for path in sorted(ROOT.glob("functions/*/app.py")):
        yield BuildSource(str(path), f"functions.{path.parent.name}.app", path.read_text())


def _defined(node: SymbolNode) -> Iterator[tuple[str, SymbolNode]]:
    yield node.fullname, node
    if isinstance(node, TypeInfo):
        for symbol in node.names.values():
            if isinstance(symbol.node, FuncDef | Decorator | OverloadedFuncDef):
                yield symbol.node.fullname, symbol.node


def _read_texts(node: ast.AST, module: _Module) -> None:
    match node:
        case ast.Constant(value=str(text)):
            module.texts.setdefault(node.lineno, []).append(text)
        case ast.Call(
            func=ast.Attribute(attr=method), args=[ast.Constant(value=str(operation)), *_]
        ) if method in _BY_NAME:
            found = [a for service in _BY_NAME[method] for a in _action(service, operation)]
            module.operations.setdefault(node.lineno, []).extend(found)


class _Walk:
    """What is reached from some functions."""

    def __init__(self, sources: dict[str, _Module]) -> None:
        self._modules = sources
        self._defined = {
            name: node for module in sources.values() for name, node in module.defined.items()
        }
        self.actions: set[str] = set()
        self.texts: set[str] = set()
        self._reached: set[str] = set()
        self._made: list[TypeInfo] = []
        self._asked: set[tuple[TypeInfo, str]] = set()

    def all(self, module: str) -> None:
        """Follow everything that is reached from a module's functions."""
        for name in self._modules[module].defined:
            self._name(name)
        size = -1
        while size != (size := len(self._reached) + len(self._asked)):
            for owner, name in list(self._asked):
                for info in self._answering(owner):
                    if (symbol := info.get(name)) and symbol.node:
                        self._enter(symbol.node)

    def _name(self, target: str) -> None:
        """Something is named: it counts as called, or made."""
        package, _, rest = target.partition(".")
        owner, _, member = target.rpartition(".")
        if package.startswith("mypy_boto3_"):
            self.actions |= {*_action(package.removeprefix("mypy_boto3_"), member)}
        for suffix, needed in _POWERTOOLS.items():
            if package == "aws_lambda_powertools" and _is_called(rest, suffix):
                self.actions |= needed
        if target in self._defined:
            self._enter(self._defined[target])
        if isinstance(info := self._defined.get(owner), TypeInfo):
            self._asked.add((info, member))

    def _enter(self, node: SymbolNode) -> None:
        if node.fullname in self._reached or not node.fullname.startswith(OURS):
            return
        match node:
            case OverloadedFuncDef():
                for item in node.items:
                    self._enter(item)
            case Decorator():
                self._enter(node.func)
            case FuncDef():
                self._reached.add(node.fullname)
                self._read(node)
            case TypeInfo():
                self._reached.add(node.fullname)
                self._made.append(node)
                for name, symbol in node.names.items():
                    if name.startswith("__") and symbol.node:
                        self._enter(symbol.node)

    def _read(self, function: FuncDef) -> None:
        owner = function.info.module_name if function.info else ""
        module = self._modules[owner or function.fullname.rpartition(".")[0]]
        for line in range(function.line, (function.end_line or function.line) + 1):
            self.actions.update(module.operations.get(line, ()))
            self.texts.update(module.texts.get(line, ()))
            for target in module.names.get(line, ()):
                self._name(target)

    def _answering(self, owner: TypeInfo) -> Iterable[TypeInfo]:
        """The classes whose instances may stand where this type is asked for."""
        if owner.is_protocol:
            wanted = set(owner.protocol_members)
            return [
                made
                for made in self._made
                if wanted <= {name for base in made.mro for name in base.names}
            ]
        return [owner, *(made for made in self._made if owner in made.mro)]


def _is_called(name: str, suffix: str) -> bool:
    """Whether a full name is that of a thing, wherever in its package it is defined."""
    package, _, thing = suffix.rpartition(".")
    return name.endswith(f".{thing}") and f".{package}." in f".{name}"


@cache
def _operations(service: str) -> dict[str, str]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def _action(service: str, method: str) -> Iterator[str]:
    if operation := _operations(service).get(method):
        action = f"{_PREFIXES.get(service, service)}:{operation}"
        yield _OTHER_ACTIONS.get(action, action)
