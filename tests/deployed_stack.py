"""The stack of template.yaml, deployed in an emulated account by its CloudFormation.

The template is put through SAM's own translator, as CloudFormation does. What moto's CloudFormation
does not make is made by the calls that CloudFormation would make.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.translator.transform import transform

from policy_monitor_cli.intrinsics import PSEUDO_PARAMETERS, Resolver, parse_yaml

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
REGION = "us-east-1"
STACK = "monitor"
ARCHIVE = "monitor-Archive-1"
BUCKET, KEY = "artefacts", "code.zip"


class _NoManagedPolicies:
    @staticmethod
    def load() -> dict[str, str]:
        return {}


@cache
def processed_template() -> str:
    """The template after the SAM transform, as JSON."""
    source = parse_yaml(TEMPLATE.read_text())
    for resource in source["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = f"s3://{BUCKET}/{KEY}"
    made = transform(source, {}, _NoManagedPolicies())
    return json.dumps(made)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value if each is not None]
    return value


@dataclass
class DeployedStack:
    """A stack in the emulated account; `physical` holds the physical ids by logical id."""

    parameters: Mapping[str, str]
    physical: dict[str, str] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    """Names by logical id: moto's CloudFormation does not list alarms."""

    @staticmethod
    def client(service: Any) -> Any:
        return boto3.client(service, region_name=REGION)

    def arn(self, logical: str, service: str, sort: str) -> str:
        return f"arn:aws:{service}:{REGION}:123456789012:{sort}{self.physical[logical]}"

    def deploy(self) -> None:
        self._upload()
        made = json.loads(processed_template().replace('{"Ref": "Archive"}', f'"{ARCHIVE}"'))
        archive = made["Resources"]["Archive"]["Properties"]
        # moto wants the pattern as text, and has no name for a Ref of it.
        archive |= {"ArchiveName": ARCHIVE, "EventPattern": json.dumps(archive["EventPattern"])}
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()]
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(made),
            Parameters=given,
            Capabilities=["CAPABILITY_IAM"],
        )
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK):
            for row in page["StackResourceSummaries"]:
                if row["LogicalResourceId"]:
                    self.physical[row["LogicalResourceId"]] = row["PhysicalResourceId"]
        self._complete(made)

    def _upload(self) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("app.py", "def handler(event, context): pass")
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=archive.getvalue())

    def _complete(self, made: Mapping[str, Any]) -> None:
        """Make what moto leaves out."""
        attributes = dict(self.physical)
        for logical, body in made["Resources"].items():
            if logical not in self.physical:
                continue
            match body["Type"]:
                case "AWS::Events::Rule":
                    attributes[f"{logical}.Arn"] = self.arn(logical, "events", "rule/")
                case "AWS::Lambda::Function":
                    attributes[f"{logical}.Arn"] = self.arn(logical, "lambda", "function:")
        defaults = {name: str(one.get("Default", "")) for name, one in made["Parameters"].items()}
        values = {**PSEUDO_PARAMETERS, "AWS::StackName": STACK, **defaults, **self.parameters}
        resolver = Resolver(values, made.get("Conditions", {}), {}, attributes)
        self._forget_permissions()
        makers: dict[str, Callable[[str, dict[str, Any]], None]] = {
            "AWS::Lambda::Permission": self._permit,
            "AWS::SNS::Subscription": self._subscribe,
            "AWS::CloudWatch::Alarm": self._alarm,
            "AWS::KMS::Key": self._key,
            "AWS::DynamoDB::Table": self._table,
            "AWS::Events::Rule": self._rule,
        }
        for logical, body in made["Resources"].items():
            if "Condition" in body and not resolver.holds(body["Condition"]):
                continue
            if maker := makers.get(body["Type"]):
                maker(logical, resolver.value(body["Properties"]))

    def _forget_permissions(self) -> None:
        """moto's CloudFormation leaves statements that are none of AWS's."""
        functions = self.client("lambda")
        for logical, name in self.physical.items():
            if logical.endswith("Function"):
                try:
                    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
                except functions.exceptions.ResourceNotFoundException:
                    continue
                for statement in policy["Statement"]:
                    functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])

    def _permit(self, logical: str, properties: dict[str, Any]) -> None:
        self.client("lambda").add_permission(StatementId=logical, **properties)

    def _rule(self, logical: str, _: dict[str, Any]) -> None:
        """moto leaves a null where a list of the pattern holds AWS::NoValue."""
        events, name = self.client("events"), self.physical[logical]
        if "null" in (pattern := events.describe_rule(Name=name).get("EventPattern", "")):
            events.put_rule(Name=name, EventPattern=json.dumps(_without_nulls(json.loads(pattern))))

    def _subscribe(self, _: str, properties: dict[str, Any]) -> None:
        wanted = {name: properties[name] for name in ("TopicArn", "Protocol", "Endpoint")}
        self.client("sns").subscribe(**wanted)

    def _alarm(self, logical: str, properties: dict[str, Any]) -> None:
        name = f"{STACK}-{logical}"
        self.alarms[logical] = name
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            AlarmDescription=properties["AlarmDescription"],
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Period=300,
            Statistic="Sum",
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[self.physical["AlarmTopic"]],
        )

    def _key(self, logical: str, properties: dict[str, Any]) -> None:
        self.client("kms").put_key_policy(
            KeyId=self.physical[logical],
            PolicyName="default",
            Policy=json.dumps(properties["KeyPolicy"]),
        )

    def _table(self, logical: str, properties: dict[str, Any]) -> None:
        recovery = properties["PointInTimeRecoverySpecification"]
        self.client("dynamodb").update_continuous_backups(
            TableName=self.physical[logical], PointInTimeRecoverySpecification=recovery
        )
