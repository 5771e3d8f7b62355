"""`facts.Account` on boto3: read only, with the caller's own credentials."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import batched
from typing import Any

import boto3
from botocore.exceptions import UnknownRegionError

from policy_monitor.adapters.bucket import Bucket
from policy_monitor.adapters.cloudtrail import CloudTrailTrails
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.adapters.faults import asked
from policy_monitor.adapters.notebook import DynamoDBNotebook
from policy_monitor.adapters.wiring import AwsWiring
from policy_monitor.adapters.workings import AwsWorkings
from policy_monitor.errors import InputError
from policy_monitor.messages.links import HOME_REGIONS
from policy_monitor_cli.checkup.facts import (
    AlarmFacts,
    FunctionFacts,
    KeyFacts,
    MetricFilter,
    Records,
    Resource,
    RoleFacts,
    StackFacts,
    Stored,
    TableFacts,
)
from policy_monitor_cli.deployed import (
    caller,
    client_of,
    own_session,
    stack_description,
)

_ALARMS_A_CALL = 100
"""CloudWatch API reference, DescribeAlarms, AlarmNames."""


def partition_of(region: str, session: boto3.Session) -> str:
    """The partition of a region as the SDK knows it.

    Raises
    ------
    InputError
        It knows no such region.
    """
    try:
        return session.get_partition_for_region(region)
    except UnknownRegionError as error:
        homes = ", ".join(HOME_REGIONS.values())
        raise InputError(
            f"{region}: no region of AWS that is known here; name the stack's, one of {homes}"
        ) from error


class AwsAccount:
    """An account in one region.

    Parameters
    ----------
    region : str or None
        None: that of the environment or the AWS configuration.

    Raises
    ------
    InputError
        There are no credentials or no region to ask with, or AWS has no such region.

    Notes
    -----
    The actions to allow are the policy in docs/operations.md; a test compares it with the calls.
    """

    def __init__(self, region: str | None) -> None:
        self._session = own_session()
        self._client = cache(lambda service: client_of(service, region, self._session))
        # Not of sts, which can be asked without a region.
        self.region: str = self._client("cloudformation").meta.region_name
        self.partition = partition_of(self.region, self._session)
        self.account_id = caller(region, self._session).split(":")[4]

    @cached_property
    def wiring(self) -> AwsWiring:
        """See `Account.wiring`."""
        return AwsWiring(*(self._client(service) for service in ("events", "sqs", "sns")))

    @cached_property
    def trails(self) -> CloudTrailTrails:
        """See `Account.trails`."""
        return CloudTrailTrails(self._client("cloudtrail"), self.account_id)

    @cached_property
    def workings(self) -> AwsWorkings:
        """See `Account.workings`."""
        return AwsWorkings(self._client("lambda"))

    def stack(self, name: str) -> StackFacts:
        """A stack of policy-monitor.

        Raises
        ------
        InputError
            There is none of that name, or it is another's.
        """
        told = stack_description(name, self.region, self._session)
        rows = self._pages(
            "cloudformation", "list_stack_resources", f"stack {name}", StackName=name
        )
        return StackFacts(
            name=told["StackName"],
            status=told["StackStatus"],
            created=told["CreationTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            parameters={
                one["ParameterKey"]: one["ParameterValue"] for one in told.get("Parameters", [])
            },
            resources=tuple(
                Resource(row["LogicalResourceId"], row["PhysicalResourceId"], row["ResourceType"])
                for page in rows
                for row in page["StackResourceSummaries"]
                # One that could not be made, or is gone, has no physical id.
                if row.get("PhysicalResourceId")
            ),
        )

    def function(self, name: str) -> FunctionFacts | None:
        """See `Account.function`."""
        function = self.workings.function(name)
        if function is None:
            return None
        policy = self._asked("lambda", "get_policy", f"function {name}", FunctionName=name)
        return FunctionFacts(function, None if policy is None else json.loads(policy["Policy"]))

    def alarms(self, names: Sequence[str]) -> Mapping[str, AlarmFacts]:
        """See `Account.alarms`."""
        found: dict[str, AlarmFacts] = {}
        for batch in batched(names, _ALARMS_A_CALL, strict=False):
            told = self._asked(
                "cloudwatch",
                "describe_alarms",
                "alarms",
                AlarmNames=list(batch),
                AlarmTypes=["MetricAlarm"],
                MaxRecords=_ALARMS_A_CALL,
            )
            for alarm in (told or {}).get("MetricAlarms", []):
                found[alarm["AlarmName"]] = AlarmFacts(
                    state=alarm["StateValue"],
                    reason=alarm.get("StateReason") or "",
                    description=alarm.get("AlarmDescription") or "",
                    actions_enabled=alarm.get("ActionsEnabled", True),
                )
        return found

    def role(self, name: str) -> RoleFacts | None:
        """See `Account.role`."""
        thing = f"role {name}"
        told = self._asked("iam", "get_role", thing, RoleName=name)
        if told is None:
            return None
        pages = self._pages("iam", "list_attached_role_policies", thing, RoleName=name)
        return RoleFacts(
            arn=told["Role"]["Arn"],
            trust=told["Role"]["AssumeRolePolicyDocument"],
            attached=tuple(one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]),
        )

    def own_policies(self) -> Sequence[str]:
        """See `Account.own_policies`."""
        pages = self._pages("iam", "list_policies", "policies", Scope="Local")
        return [one["Arn"] for page in pages for one in page["Policies"]]

    def key(self, arn: str) -> KeyFacts | None:
        """See `Account.key`."""
        thing = f"key {arn}"
        told = self._asked("kms", "describe_key", thing, KeyId=arn)
        if told is None:
            return None
        known = told["KeyMetadata"]
        policy = self._asked("kms", "get_key_policy", thing, KeyId=arn, PolicyName="default") or {}
        return KeyFacts(
            arn=known["Arn"],
            state=known["KeyState"],
            usage=known["KeyUsage"],
            spec=known.get("KeySpec", ""),
            policy=json.loads(policy.get("Policy", "{}")),
        )

    def table(self, name: str) -> TableFacts | None:
        """See `Account.table`."""
        thing = f"table {name}"
        told = self._asked("dynamodb", "describe_table", thing, TableName=name)
        if told is None:
            return None
        known = told["Table"]
        backups = self._asked("dynamodb", "describe_continuous_backups", thing, TableName=name)
        recovery = (
            (backups or {})
            .get("ContinuousBackupsDescription", {})
            .get("PointInTimeRecoveryDescription", {})
        )
        return TableFacts(
            status=known["TableStatus"],
            streams=known.get("StreamSpecification", {}).get("StreamEnabled", False),
            protected=known.get("DeletionProtectionEnabled", False),
            recovery=recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        )

    def records(self, table: str) -> Records:
        """See `Account.records`."""
        at = (self._client("dynamodb"), table, self.account_id)
        return Records(DynamoDBLedger(*at).snapshot(), DynamoDBNotebook(*at).last())

    def webhook(self, source: str) -> Stored | None:
        """See `Account.webhook`."""
        if source.startswith("/"):
            told = self._asked(
                "ssm", "get_parameter", f"parameter {source}", Name=source, WithDecryption=True
            )
            if told is None:
                return None
            return Stored(told["Parameter"]["Value"], told["Parameter"]["Type"] == "SecureString")
        told = self._asked(
            "secretsmanager", "get_secret_value", f"secret {source}", SecretId=source
        )
        if told is None:
            return None
        value = told.get("SecretString") or told.get("SecretBinary", b"").decode("utf-8", "replace")
        return Stored(value, encrypted=True)

    def check_bucket(self, name: str) -> None:
        """See `Account.check_bucket`."""
        Bucket(self._client("s3"), name, "", self.account_id).check()

    def metric_filters(self) -> Sequence[MetricFilter]:
        """See `Account.metric_filters`."""
        pages = self._pages("logs", "describe_metric_filters", "metric filters")
        return [
            MetricFilter(one["filterName"], one.get("logGroupName", ""), one["filterPattern"])
            for page in pages
            for one in page["metricFilters"]
        ]

    def _asked(
        self, service: str, operation: str, thing: str, **request: Any
    ) -> Mapping[str, Any] | None:
        call = getattr(self._client(service), operation)
        return asked(lambda: call(**request), service=service, thing=thing)

    def _pages(
        self, service: str, operation: str, thing: str, **request: Any
    ) -> Iterator[Mapping[str, Any]]:
        pages = iter(self._client(service).get_paginator(operation).paginate(**request))
        done: Mapping[str, Any] = {}
        while True:
            page = asked(lambda: next(pages, done), service=service, thing=thing)
            if page is None or page is done:
                return
            yield page
