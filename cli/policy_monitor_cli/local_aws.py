"""AWS on this machine: moto's server, with the dummy credentials that reach it and nothing else.

moto is a development requirement, so it is imported only where it is asked for.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from typing import Any

import boto3
from botocore.config import Config

from policy_monitor.errors import InputError

REGION = "us-east-1"
LOOPBACK = "127.0.0.1"


def function_arn(name: str, account: str) -> str:
    """The ARN of a function of the emulated account."""
    return f"arn:aws:lambda:{REGION}:{account}:function:{name}"


type WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class LocalAws:
    """An emulated account, reached at `endpoint`."""

    def __init__(self, endpoint: str, account: str) -> None:
        self.endpoint = endpoint
        self.account = account
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client of this account, made once."""
        if service not in self._clients:
            self._clients[service] = self._made(service)
        return self._clients[service]

    def _made(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # the stubs want a literal name
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 (no secret: moto takes any)
            config=Config(retries={"total_max_attempts": 1}),
        )

    def environment(self) -> dict[str, str]:
        """What a function's runtime would set, so that its clients come here and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def local_aws(
    account: str,
    address: str = LOOPBACK,
    port: int = 0,
    *,
    around: Callable[[WsgiApp], WsgiApp] = lambda app: app,
) -> Iterator[LocalAws]:
    """An empty emulated account for the length of a ``with`` block; one at a time in a process.

    Parameters
    ----------
    address, port
        Where it listens; 0 is any port that is free.
    around : Callable[[WsgiApp], WsgiApp]
        What requests meet before the emulated AWS: the tests put faults there.

    Raises
    ------
    InputError
        moto is not installed, or the port is taken.
    """
    try:
        from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 (a development requirement)
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            f"--through handlers: moto's server cannot be loaded ({error}); install it with "
            "pip install 'moto[all,server]' 'flask>=3', or run `make setup` in the project"
        ) from error

    class QuietHandler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # a client keeps its connection

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing of each request: the terminal is the replay's."""

    _copy_less()
    emulated = _with_event_history(DomainDispatcherApplication(create_backend_app))
    app = around(_one_at_a_time(emulated))
    try:
        server = make_server(address, port, app, threaded=True, request_handler=QuietHandler)
    except (OSError, SystemExit) as error:  # werkzeug ends the program where a port is taken
        raise InputError(f"{address}:{port} cannot be listened on; is it taken?") from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    with environment({"MOTO_ACCOUNT_ID": account}), _quiet("werkzeug", "moto"):
        _forget_everything()
        thread.start()
        try:
            yield LocalAws(f"http://{address}:{server.server_port}", account)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            _forget_everything()


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the length of a ``with`` block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _with_event_history(app: WsgiApp) -> WsgiApp:
    """The app, and what moto does not have: an event history of CloudTrail's, always empty."""

    def answered(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".LookupEvents"):
            return app(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
        return [b'{"Events": []}']

    return answered


def _one_at_a_time(app: WsgiApp) -> WsgiApp:
    """The app behind a lock: moto's transactions would race, DynamoDB's do not."""
    lock = threading.Lock()

    def locked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with lock:
            try:
                return list(app(environ, start_response))
            finally:
                _forget_copies()

    return locked


def _copy_less() -> None:
    """Let copies of a table share the records of its stream, which nobody changes.

    moto copies a table for each write of a transaction: each would take as long as the stream is.
    """
    from moto.dynamodb.models.table import StreamShard  # noqa: PLC0415 (a development requirement)

    def copied(shard: Any, memo: dict[int, Any]) -> Any:
        made = copy(shard)
        made.table, made.items = deepcopy(shard.table, memo), list(shard.items)
        return made

    setattr(StreamShard, "__deepcopy__", copied)  # noqa: B010 (no type knows the name)


def _forget_copies() -> None:
    """Let go of tables that moto copied: it lists all that it ever made, until it is reset."""
    from moto.core.model_instances import model_data  # noqa: PLC0415 (a development requirement)

    models: Iterable[Any] = model_data["dynamodb"].values()
    for model in models:
        model.instances_tracked.clear()


def _forget_everything() -> None:
    from moto.moto_api._internal.models import (  # noqa: PLC0415 (a development requirement)
        moto_api_backend,
    )

    moto_api_backend.reset()


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let loggers say nothing: what moto cannot do is told by its answer."""
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
