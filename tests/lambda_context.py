"""What a handler is called with in the tests, beside its event."""

from dataclasses import dataclass

from tests.contract.ledgers import ACCOUNT


@dataclass
class Context:
    """What the handlers and Powertools' logger read of Lambda's context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:function"
    aws_request_id: str = "request"
