"""Functions and event source mappings as AWS holds them."""

from typing import TYPE_CHECKING

from policy_monitor.adapters.faults import asked
from policy_monitor.workings import Function, Stream

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient


class AwsWorkings:
    """`policy_monitor.workings.Workings` on boto3's low-level client.

    Notes
    -----
    Actions to allow: ``lambda:GetFunctionConfiguration``, ``GetFunctionConcurrency`` (the
    functions), ``GetEventSourceMapping`` (the mappings).
    """

    def __init__(self, functions: "LambdaClient") -> None:
        self._functions = functions

    def function(self, name: str) -> Function | None:
        """See `Workings.function`."""
        thing = f"function {name}"
        told = asked(
            lambda: self._functions.get_function_configuration(FunctionName=name),
            service="lambda",
            thing=thing,
        )
        limit = asked(
            lambda: self._functions.get_function_concurrency(FunctionName=name),
            service="lambda",
            thing=thing,
        )
        if told is None or limit is None:
            return None
        return Function(
            # Missing for functions that were made before there were states.
            state=told.get("State", "Active"),
            reserved=limit.get("ReservedConcurrentExecutions"),
            arn=told["FunctionArn"],
            last_update=told.get("LastUpdateStatus", "Successful"),
            runtime=told.get("Runtime", ""),
            reason=told.get("StateReason") or told.get("LastUpdateStatusReason") or "",
            environment=told.get("Environment", {}).get("Variables", {}),
        )

    def stream(self, uuid: str) -> Stream | None:
        """See `Workings.stream`."""
        told = asked(
            lambda: self._functions.get_event_source_mapping(UUID=uuid),
            service="lambda",
            thing=f"event source mapping {uuid}",
        )
        if told is None:
            return None
        filters = told.get("FilterCriteria", {}).get("Filters", [])
        return Stream(
            told["State"],
            told.get("FunctionArn", ""),
            tuple(each.get("Pattern", "") for each in filters),
        )
