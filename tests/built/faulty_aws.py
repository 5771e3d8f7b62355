"""An AWS in which one call goes wrong: what stands between the functions and the emulated one."""

import json
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs

from policy_monitor_cli.local_aws import WsgiApp

CALLER = "functions"
"""The access key of those whose calls may fail; others, such as the test's own, never do."""


class Fault(Enum):
    """How a call goes wrong: its HTTP status and error code, or no answer at all.

    The codes are those of "Common Errors" of each API's reference, and DynamoDB's "Error handling".
    """

    THROTTLED = (400, "ThrottlingException")
    BROKEN = (500, "InternalFailure")
    UNAVAILABLE = (503, "ServiceUnavailable")
    DENIED = (400, "AccessDeniedException")
    CONFLICT = (400, "TransactionConflictException")
    """Somebody else is writing the same item; a transaction is cancelled for it."""
    UNHEARD = (0, "the connection ends before the call")
    UNANSWERED = (0, "the connection ends after the call")
    """The call is done and its answer lost; done again, a condition of it fails."""


# The only calls that another one can be in the way of.
_WRITES = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")


def can_meet(call: str, fault: Fault) -> bool:
    """Whether a call can go wrong so."""
    return fault is not Fault.CONFLICT or call.endswith(_WRITES)


class Call(NamedTuple):
    """A call of a run: the places of others may differ, as some depend on the time."""

    name: str
    before: int
    """How many of the same name are made before it."""


def numbered(calls: Sequence[str]) -> list[Call]:
    """Calls by their names, in order."""
    return [Call(name, calls[:place].count(name)) for place, name in enumerate(calls)]


@dataclass
class FaultyAws:
    """Lists the calls that functions make, and lets the one that is `aimed` at go wrong, once."""

    calls: list[str] = field(default_factory=list)
    aimed: Call | None = None
    fault: Fault = Fault.BROKEN
    came_at: int | None = None
    """The place, among all calls, of the one that went wrong."""

    def begin(self, aimed: Call | None = None, fault: Fault = Fault.BROKEN) -> Self:
        """Forget what was called; from here on that call goes wrong."""
        self.calls.clear()
        self.aimed, self.fault, self.came_at = aimed, fault, None
        return self

    def around(self, app: WsgiApp) -> WsgiApp:
        """The emulated AWS behind this one."""

        def answered(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if f"Credential={CALLER}/" not in environ.get("HTTP_AUTHORIZATION", ""):
                return app(environ, start_response)
            name = _name(environ)
            call = Call(name, self.calls.count(name))
            self.calls.append(name)
            if self.came_at is not None or call != self.aimed:
                return app(environ, start_response)
            self.came_at = len(self.calls) - 1
            status, code = self.fault.value
            if status:
                is_json = "HTTP_X_AMZ_TARGET" in environ
                kind = "application/x-amz-json-1.0" if is_json else "text/xml"
                start_response(f"{status} {code}", [("Content-Type", kind)])
                return [_body(self.calls[-1], code, is_json=is_json)]
            if self.fault is Fault.UNANSWERED:
                list(app(environ, lambda *_: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start_response("500 Nobody reads this", [])
            return [b""]

        return answered


def _name(environ: dict[str, Any]) -> str:
    """A call's service and operation: ``dynamodb:PutItem``."""
    service = environ["HTTP_AUTHORIZATION"].split("Credential=")[1].split("/")[3]
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return f"{service}:{target.rpartition('.')[2]}"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return f"{service}:{parse_qs(body.decode())['Action'][0]}"


def _body(call: str, code: str, *, is_json: bool) -> bytes:
    """An error as an API words it."""
    if not is_json:
        word = "Throttling" if code == Fault.THROTTLED.value[1] else code.removesuffix("Exception")
        error = f"<Error><Type>Sender</Type><Code>{word}</Code><Message>planted</Message></Error>"
        return f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()
    told: dict[str, Any] = {"__type": f"com.amazonaws#{code}", "message": "planted"}
    if code == Fault.CONFLICT.value[1] and call.endswith("TransactWriteItems"):
        told["__type"] = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
        told["CancellationReasons"] = [{"Code": "TransactionConflict", "Message": "planted"}]
    return json.dumps(told).encode()
