"""CloudFormation's intrinsic functions, computed without CloudFormation.

What only AWS knows (a resource's physical name) is taken from `attributes`, or else stands for
itself: ``!Ref Ledger`` is ``Ledger`` and ``!GetAtt Ledger.Arn`` is ``Ledger.Arn``, so that what
refers to what can be read off the result.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from policy_monitor.errors import InputError

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/policy-monitor/0",
    "AWS::StackName": "policy-monitor",
    "AWS::URLSuffix": "amazonaws.com",
}
"""What the pseudo parameters are where nobody says otherwise."""


class TemplateError(InputError):
    """A template, or a value for one of its parameters, that cannot be used."""


class _Absent:
    """What ``AWS::NoValue`` is: the property goes away."""


_ABSENT = _Absent()
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of the intrinsic functions (``!Ref``)."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def parse_yaml(text: str) -> dict[str, Any]:
    """Read a template's text, the short forms of functions written out.

    Raises
    ------
    TemplateError
        It is no YAML, or no mapping.
    """
    try:
        # SafeLoader's subclass builds plain data only.
        parsed = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise TemplateError(f"template: no YAML: {reason}") from error
    if not isinstance(parsed, dict):
        raise TemplateError("template: no mapping of sections; give a CloudFormation template")
    return parsed


@dataclass(frozen=True, slots=True)
class Resolver:
    """Computes values of a template.

    Attributes
    ----------
    parameters : Mapping[str, str | list[str]]
        Values of the parameters and pseudo parameters; of a list its members.
    conditions, mappings : Mapping[str, Any]
        The template's sections of these names.
    attributes : Mapping[str, Any]
        Physical values: by ``Ledger`` for ``!Ref Ledger``, by ``Ledger.Arn`` for its ARN.
    """

    parameters: Mapping[str, str | list[str]]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def value(self, node: Any) -> Any:
        """What `node` comes to; a part that is ``AWS::NoValue`` is left out.

        Raises
        ------
        TemplateError
            A function or condition that is not known here.
        """
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, operand = next(iter(node.items()))
            if name == "Ref":
                return self._reference(operand)
            if name == "Condition" and isinstance(operand, str) and operand in self.conditions:
                return self.holds(operand)
            if isinstance(name, str) and name.startswith("Fn::"):
                return self._function(name)(operand)
        resolved = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in resolved.items() if item is not _ABSENT}

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        if condition not in self.conditions:
            raise TemplateError(f"template: there is no condition {condition!r}")
        return bool(self.value(self.conditions[condition]))

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _ABSENT
        if name in self.parameters:
            return self.parameters[name]
        if name.startswith("AWS::"):
            raise TemplateError(f"template: there is no pseudo parameter {name!r}")
        return self.attributes.get(name, name)

    def _attribute(self, operand: Any) -> Any:
        name = ".".join(str(part) for part in self.value(operand))
        return self.attributes.get(name, name)

    def _function(self, name: str) -> Callable[[Any], Any]:
        functions: dict[str, Callable[[Any], Any]] = {
            "Fn::And": lambda parts: all(self.value(part) for part in parts),
            "Fn::Contains": lambda pair: self.value(pair[1]) in self.value(pair[0]),
            "Fn::Equals": lambda pair: str(self.value(pair[0])) == str(self.value(pair[1])),
            "Fn::FindInMap": self._found,
            "Fn::GetAtt": self._attribute,
            "Fn::If": lambda parts: self.value(parts[1 if self.holds(parts[0]) else 2]),
            "Fn::Join": lambda pair: pair[0].join(str(part) for part in self.value(pair[1])),
            "Fn::Not": lambda parts: not self.value(parts[0]),
            "Fn::Or": lambda parts: any(self.value(part) for part in parts),
            "Fn::Select": lambda pair: self.value(pair[1])[int(pair[0])],
            "Fn::Split": lambda pair: self.value(pair[1]).split(pair[0]),
            "Fn::Sub": self._substituted,
        }
        if name not in functions:
            raise TemplateError(f"template: the function {name!r} is not known here")
        return functions[name]

    def _found(self, path: Any) -> Any:
        found: Any = self.mappings
        for key in self.value(path):
            found = found[key]
        return self.value(found)

    def _substituted(self, operand: Any) -> str:
        text, extra = (operand, {}) if isinstance(operand, str) else operand
        variables = self.value(extra)

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                return str(variables[name])
            if "." in name and name not in self.parameters:
                return str(self._attribute(name.split(".", 1)))
            return str(self._reference(name))

        return _VARIABLE.sub(replacement, text)
