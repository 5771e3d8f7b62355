"""The deployed shape of the monitor, read from template.yaml: what wakes which function.

Reads the template as written or as `sam build` leaves it; what refers to what is told by logical
ids. `replay --through` routes events by it, and the contract tests check it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from policy_monitor_cli.intrinsics import (
    PSEUDO_PARAMETERS,
    Resolver,
    TemplateError,
    parse_yaml,
)

__all__ = [
    "EventSourceMapping",
    "Function",
    "Resource",
    "Rule",
    "Subscription",
    "Template",
    "TemplateError",
    "load_template",
]

FUNCTION = "AWS::Serverless::Function"

_LIST = "CommaDelimitedList"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that is made, its properties resolved.

    Attributes
    ----------
    attributes : Mapping[str, Any]
        What stands beside Type and Properties: DeletionPolicy, DependsOn, Metadata.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function: where its code lies (relative to the template) and what it is given."""

    logical_id: str
    code_uri: str
    handler: str
    environment: Mapping[str, str]
    layers: tuple[str, ...]
    properties: Mapping[str, Any]

    @property
    def memory_size(self) -> int:
        """In MB; Lambda's default where the template says nothing."""
        return int(self.properties.get("MemorySize", 128))

    @property
    def timeout(self) -> int:
        """In seconds; Lambda's default where the template says nothing."""
        return int(self.properties.get("Timeout", 3))


@dataclass(frozen=True, slots=True)
class Rule:
    """An EventBridge rule: a pattern or a schedule, and the functions it invokes."""

    logical_id: str
    description: str
    pattern: Mapping[str, Any] | None
    schedule: str | None
    targets: tuple[str, ...]
    """Logical ids of the functions."""
    target_properties: tuple[Mapping[str, Any], ...] = ()
    """RetryPolicy and DeadLetterConfig of each target."""


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """A stream whose records wake a function; a record is passed on where any filter matches."""

    logical_id: str
    function: str
    source: str
    """What the stream belongs to: the table's logical id."""
    filters: tuple[Mapping[str, Any], ...]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription of a topic: a function by its logical id, or an address."""

    logical_id: str
    topic: str
    protocol: str
    endpoint: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """What a stack of these parameters consists of.

    Attributes
    ----------
    parameters : Mapping[str, str]
        The value of each parameter and pseudo parameter.
    declared : Mapping[str, Mapping[str, Any]]
        The parameters as the template declares them.
    resources : Mapping[str, Resource]
        Those whose condition holds, by logical id.
    refusals : tuple[str, ...]
        Why CloudFormation would refuse these parameters (the template's Rules); empty where not.
    """

    path: Path
    parameters: Mapping[str, str]
    declared: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Resource]
    functions: Mapping[str, Function]
    rules: tuple[Rule, ...]
    event_source_mappings: tuple[EventSourceMapping, ...]
    subscriptions: tuple[Subscription, ...]
    refusals: tuple[str, ...]
    outputs: Mapping[str, Any]

    def of_type(self, resource_type: str) -> tuple[Resource, ...]:
        """The resources of one type, in the template's order."""
        return tuple(item for item in self.resources.values() if item.type == resource_type)


def load_template(
    path: Path,
    parameters: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Template:
    """Read a template with these parameters; the others take their defaults.

    Parameters
    ----------
    parameters : Mapping[str, str], optional
        By name; pseudo parameters too (``AWS::Region``).
    attributes : Mapping[str, Any], optional
        Physical values of resources, for the functions' environments: by ``Ledger`` for
        ``!Ref Ledger``, by ``Ledger.Arn`` for its ARN. What is not given stands for itself.

    Raises
    ------
    TemplateError
        No such file, no template, or a parameter that the template does not take.

    Examples
    --------
    >>> template = load_template(Path("template.yaml"), {"RoleName": "vendor"})
    >>> [rule.logical_id for rule in template.rules if rule.pattern]
    ['RoleRule', 'AttachmentRule', 'PolicyRule']
    """
    try:
        source = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read: {error.strerror}") from error
    declared = source.get("Parameters", {})
    values = {**PSEUDO_PARAMETERS, **_parameter_values(declared, parameters or {})}
    resolver = Resolver(
        _as_referred_to(declared, values), source.get("Conditions", {}), source.get("Mappings", {})
    )
    resources = dict(_resources(source, resolver))
    physical = dict(_resources(source, _with(resolver, attributes or {})))
    return Template(
        path=path,
        parameters=values,
        declared=declared,
        resources=resources,
        functions={item.logical_id: item for item in map(_function, _functions(physical))},
        rules=(*_rules(resources), *_schedules(resources)),
        event_source_mappings=tuple(_event_source_mappings(resources)),
        subscriptions=tuple(_subscriptions(resources)),
        refusals=tuple(_refusals(source, resolver)),
        outputs={
            name: resolver.value(output)
            for name, output in source.get("Outputs", {}).items()
            if "Condition" not in output or resolver.holds(output["Condition"])
        },
    )


# Reading YAML takes far longer than all the rest, and tests load the same text again and again.
_parsed = lru_cache(maxsize=4)(parse_yaml)


def _with(resolver: Resolver, attributes: Mapping[str, Any]) -> Resolver:
    return Resolver(resolver.parameters, resolver.conditions, resolver.mappings, attributes)


def _parameter_values(
    declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]
) -> dict[str, str]:
    """The parameters' values, checked as CloudFormation checks them."""
    for name in given:
        if name not in declared and name not in PSEUDO_PARAMETERS:
            known = ", ".join(declared)
            raise TemplateError(f"{name}: the template has no such parameter; it has {known}")
    values = {name: given[name] for name in given if name in PSEUDO_PARAMETERS}
    for name, parameter in declared.items():
        if name not in given and "Default" not in parameter:
            raise TemplateError(f"{name}: the parameter has no default; give a value")
        value = str(given.get(name, parameter.get("Default")))
        allowed = [str(item) for item in parameter.get("AllowedValues", [value])]
        # CloudFormation wants the whole value to match, of a list each member.
        parts = value.split(",") if parameter["Type"] == _LIST else [value]
        pattern = parameter.get("AllowedPattern", ".*")
        if value not in allowed or not all(re.fullmatch(pattern, part) for part in parts):
            remedy = parameter.get("ConstraintDescription", f"must be one of {', '.join(allowed)}")
            raise TemplateError(f"{name}: {value!r} is refused: {remedy}")
        values[name] = value
    return values


def _as_referred_to(
    declared: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]
) -> dict[str, str | list[str]]:
    """What ``!Ref`` of each parameter comes to."""
    return {
        name: value.split(",") if declared.get(name, {}).get("Type") == _LIST else value
        for name, value in values.items()
    }


def _resources(source: Mapping[str, Any], resolver: Resolver) -> Iterator[tuple[str, Resource]]:
    defaults = source.get("Globals", {}).get("Function", {})
    for logical_id, body in source.get("Resources", {}).items():
        if "Condition" in body and not resolver.holds(body["Condition"]):
            continue
        properties = resolver.value(body.get("Properties", {}))
        if body["Type"] == FUNCTION:
            properties = _merged(resolver.value(defaults), properties)
        beside = {key: body[key] for key in body if key not in {"Type", "Properties", "Condition"}}
        yield logical_id, Resource(logical_id, body["Type"], properties, beside)


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Properties over SAM's Globals: mappings are merged, lists appended, the rest replaced."""
    merged = dict(defaults)
    for key, value in own.items():
        default = merged.get(key)
        if isinstance(default, dict) and isinstance(value, dict):
            merged[key] = _merged(default, value)
        elif isinstance(default, list) and isinstance(value, list):
            merged[key] = [*default, *value]
        else:
            merged[key] = value
    return merged


def _owner(reference: str) -> str:
    """The logical id in what stands for a resource or one of its attributes."""
    return reference.split(".", 1)[0]


def _functions(resources: Mapping[str, Resource]) -> Iterator[Resource]:
    return (item for item in resources.values() if item.type == FUNCTION)


def _function(resource: Resource) -> Function:
    properties = resource.properties
    variables = properties.get("Environment", {}).get("Variables", {})
    return Function(
        logical_id=resource.logical_id,
        code_uri=properties["CodeUri"],
        handler=properties["Handler"],
        environment={name: str(value) for name, value in variables.items()},
        layers=tuple(properties.get("Layers", ())),
        properties=properties,
    )


def _rules(resources: Mapping[str, Resource]) -> Iterator[Rule]:
    for resource in resources.values():
        if resource.type != "AWS::Events::Rule":
            continue
        targets = resource.properties.get("Targets", [])
        yield Rule(
            logical_id=resource.logical_id,
            description=resource.properties.get("Description", ""),
            pattern=resource.properties.get("EventPattern"),
            schedule=resource.properties.get("ScheduleExpression"),
            targets=tuple(_owner(target["Arn"]) for target in targets),
            target_properties=tuple(targets),
        )


def _events(resources: Mapping[str, Resource]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """SAM's events of the functions: logical id, function, type and properties."""
    for resource in _functions(resources):
        for name, event in resource.properties.get("Events", {}).items():
            if event["Type"] not in {"DynamoDB", "Schedule"}:
                where = f"{resource.logical_id}.Events.{name}"
                raise TemplateError(f"{where}: the event type {event['Type']!r} is not known here")
            logical_id = f"{resource.logical_id}{name}"
            yield logical_id, resource.logical_id, event["Type"], event["Properties"]


def _schedules(resources: Mapping[str, Resource]) -> Iterator[Rule]:
    for logical_id, function, kind, properties in _events(resources):
        if kind == "Schedule":
            schedule, description = properties["Schedule"], properties.get("Description", "")
            yield Rule(logical_id, description, None, schedule, (function,), (properties,))


def _event_source_mappings(resources: Mapping[str, Resource]) -> Iterator[EventSourceMapping]:
    for logical_id, function, kind, properties in _events(resources):
        if kind == "DynamoDB":
            filters = properties.get("FilterCriteria", {}).get("Filters", [])
            yield EventSourceMapping(
                logical_id=logical_id,
                function=function,
                source=_owner(properties["Stream"]),
                filters=tuple(json.loads(item["Pattern"]) for item in filters),
                properties=properties,
            )


def _subscriptions(resources: Mapping[str, Resource]) -> Iterator[Subscription]:
    for resource in resources.values():
        if resource.type != "AWS::SNS::Subscription":
            continue
        properties = resource.properties
        endpoint = properties["Endpoint"]
        yield Subscription(
            logical_id=resource.logical_id,
            topic=_owner(properties["TopicArn"]),
            protocol=properties["Protocol"],
            endpoint=_owner(endpoint) if properties["Protocol"] == "lambda" else endpoint,
            properties=properties,
        )


def _refusals(source: Mapping[str, Any], resolver: Resolver) -> Iterator[str]:
    for rule in source.get("Rules", {}).values():
        if "RuleCondition" in rule and not resolver.value(rule["RuleCondition"]):
            continue
        for assertion in rule["Assertions"]:
            if not resolver.value(assertion["Assert"]):
                yield assertion.get("AssertDescription", "an assertion of the template fails")
