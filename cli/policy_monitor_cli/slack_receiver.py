"""A local stand-in for Slack's incoming webhooks, for replays, the demo and the tests.

It answers as Slack does ("Sending messages using incoming webhooks" and "Block Kit", Slack's
documentation): an address it does not know, a body that is no JSON and blocks beyond the limits are
refused; and on request it is slow, overloaded or out of order.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

PATH = "/services/T00000000/B00000000/local-stand-in"

# How soon the receiver notices that it is to stop.
_POLL_SECONDS = 0.02

_MOST_BLOCKS = 50
_MOST_FIELDS = 10
_MOST_ELEMENTS = 10
_LONGEST_TEXT = 3_000
_LONGEST_HEADER = 150
_LONGEST_FIELD = 2_000
_LONGEST_FALLBACK = 40_000


@dataclass(frozen=True, slots=True)
class Answer:
    """How the receiver answers one request.

    Attributes
    ----------
    hang_up : bool
        The message is taken, then the connection ends without an answer.
    """

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False


class SlackReceiver:
    """An HTTP server on this machine where a Slack webhook is expected.

    Examples
    --------
    >>> with SlackReceiver() as slack:
    ...     slack.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._payloads: list[dict[str, Any]] = []
        self._planned: deque[Answer] = deque()
        self._requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The webhook's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"

    @property
    def payloads(self) -> tuple[dict[str, Any], ...]:
        """What was accepted, in order."""
        with self._lock:
            return tuple(self._payloads)

    @property
    def requests(self) -> int:
        """How many requests came, refused ones among them."""
        with self._lock:
            return self._requests

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next requests so, whatever they hold; then as Slack does again."""
        with self._lock:
            self._planned.extend(answers)

    def receive(self, path: str, body: bytes) -> Answer:
        """Take one request: the answer to give. What is accepted stands in `payloads`."""
        with self._lock:
            self._requests += 1
            planned = self._planned.popleft() if self._planned else None
            if planned and not planned.hang_up:
                return planned
            if path != PATH:
                return Answer(HTTPStatus.NOT_FOUND, "no_service")
            try:
                payload = json.loads(body)
            except ValueError:
                return Answer(HTTPStatus.BAD_REQUEST, "invalid_payload")
            if not isinstance(payload, dict) or not (payload.get("text") or payload.get("blocks")):
                return Answer(HTTPStatus.BAD_REQUEST, "no_text")
            if violations(payload):
                return Answer(HTTPStatus.BAD_REQUEST, "invalid_blocks")
            self._payloads.append(payload)
            return planned or Answer()


def violations(payload: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a payload, a sentence each; as far as its pages state limits."""
    blocks = payload.get("blocks", [])
    found = list(_excess("blocks", len(blocks), _MOST_BLOCKS))
    found += _excess("text", len(payload.get("text", "")), _LONGEST_FALLBACK)
    for place, block in enumerate(blocks):
        where = f"blocks[{place}] ({block.get('type')})"
        found += _block_violations(block, where)
    return found


def _block_violations(block: Mapping[str, Any], where: str) -> Iterator[str]:
    match block.get("type"):
        case "header":
            yield from _text_violations(block.get("text"), where, _LONGEST_HEADER, ("plain_text",))
        case "section":
            fields = block.get("fields", [])
            if "text" not in block and not fields:
                yield f"{where}: neither text nor fields"
            if "text" in block:
                yield from _text_violations(block["text"], where, _LONGEST_TEXT)
            yield from _excess(f"{where}.fields", len(fields), _MOST_FIELDS)
            for item in fields:
                yield from _text_violations(item, f"{where}.fields", _LONGEST_FIELD)
        case "context":
            elements = block.get("elements", [])
            if not elements:
                yield f"{where}: no elements"
            yield from _excess(f"{where}.elements", len(elements), _MOST_ELEMENTS)
            for item in elements:
                yield from _text_violations(item, f"{where}.elements", _LONGEST_TEXT)
        case "divider":
            pass
        case other:
            yield f"{where}: no block type that this receiver knows: {other!r}"


def _text_violations(
    item: Any, where: str, longest: int, types: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Iterator[str]:
    if not isinstance(item, Mapping) or item.get("type") not in types:
        yield f"{where}: no text of type {' or '.join(types)}"
        return
    text = item.get("text")
    if not isinstance(text, str) or not text:
        yield f"{where}: empty text"
    else:
        yield from _excess(where, len(text), longest)


def _excess(what: str, count: int, most: int) -> Iterator[str]:
    if count > most:
        yield f"{what}: {count:,} where Slack takes {most:,}"


def _handler(receiver: SlackReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            answer = receiver.receive(self.path, self.rfile.read(length))
            if answer.hang_up:
                self.close_connection = True
                return
            body = answer.body.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
            """Write nothing: the terminal belongs to the command."""

    return Handler
