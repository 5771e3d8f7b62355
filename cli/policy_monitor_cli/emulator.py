"""Built functions, each in a process of its own under AWS's Lambda Runtime Interface Emulator.

The emulator ships inside aws-sam-cli, which copies it into its containers; here it runs without
one. A function finds what it would find on Lambda: its code, its layers, boto3 of the runtime.
"""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from policy_monitor import errors
from policy_monitor.errors import InputError, PolicyMonitorError
from policy_monitor_cli import local_runtime
from policy_monitor_cli.functions import FunctionError
from policy_monitor_cli.local_aws import LocalAws, function_arn
from policy_monitor_cli.template import Function, Template

# What the Python runtime of Lambda brings ("Runtime-included SDK versions", AWS Lambda Developer
# Guide, "Building Lambda functions with Python"): the SDK, the runtime's client, and their needs.
RUNTIME_PACKAGES = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)

_BINARIES = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}
_INVOCATIONS = "/2015-03-31/functions/function/invocations"
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0


class Emulators:
    """An `Invoker` of built functions; each process starts when its function is first called.

    Parameters
    ----------
    folder : Path
        Where the log, the clock and the runtime's packages are kept.
    variables : Mapping[str, str]
        Variables of the functions, in the place of those of the template and the emulated AWS.
    """

    def __init__(
        self,
        template: Template,
        aws: LocalAws,
        folder: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._template = template
        self._aws = aws
        self._variables = variables or {}
        self._binary = emulator_path()
        self._log = folder / "log"
        self._log.touch()
        self._clock = folder / "clock"
        self._clock.touch()
        self._runtime = folder / "runtime"
        lay_out_runtime(self._runtime)
        self._running: dict[str, _Emulated] = {}

    @property
    def log(self) -> str:
        """See `Invoker.log`."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def invoke(self, function: Function, event: Mapping[str, Any]) -> Any:
        """See `Invoker.invoke`.

        Raises
        ------
        FunctionError
            The function raised something, ended, or took longer than it may.
        """
        emulated = self._running.get(function.logical_id)
        if emulated is None:
            emulated = self._running[function.logical_id] = self._started(function)
        return emulated.invoke(event)

    def tell_time(self, time: str) -> None:
        """See `Invoker.tell_time`."""
        self._clock.write_text(time, encoding="utf-8")

    def peaks(self) -> dict[str, int]:
        """The most memory that each running function's process has held, in bytes."""
        return {name: emulated.peak_memory() for name, emulated in self._running.items()}

    def stop(self) -> None:
        """End all processes."""
        for emulated in self._running.values():
            emulated.stop()
        self._running.clear()

    def _started(self, function: Function) -> "_Emulated":
        code = code_paths(self._template, function)
        setting = {
            "code": [str(path) for path in code],
            "runtime": str(self._runtime),
            "arn": function_arn(function.logical_id, self._aws.account),
            "clock": str(self._clock),
        }
        # "Defined runtime environment variables" of the AWS Lambda Developer Guide; nothing of
        # this process's environment is passed on.
        variables = {
            "PATH": "/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(code[0]),
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_SESSION_TOKEN": "local",
            **function.environment,
            **self._aws.environment(),
            "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
            **self._variables,
            local_runtime.SETTING: json.dumps(setting),
        }
        # Where code and layers lie nothing can be written on Lambda: no bytecode either.
        program = (sys.executable, "-I", "-S", "-B", local_runtime.__file__, function.handler)
        return _Emulated((str(self._binary),), program, variables, code[0], self._log)


class _Emulated:
    """One function's process behind its emulator."""

    def __init__(
        self,
        emulator: tuple[str, ...],
        program: tuple[str, ...],
        variables: Mapping[str, str],
        folder: Path,
        log: Path,
    ) -> None:
        self._seconds = float(variables["AWS_LAMBDA_FUNCTION_TIMEOUT"])
        with _free_ports() as (self._port, api):
            addresses = [
                *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
                *("--runtime-api-address", f"127.0.0.1:{api}"),
            ]
        with log.open("ab") as kept:
            self._process = subprocess.Popen(  # noqa: S603 (AWS's program with our arguments)
                [*emulator, *addresses, "--log-level", "error", *program],
                cwd=folder,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=kept,
                stderr=kept,
                start_new_session=True,
            )
        self._await()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=self._seconds + _START_SECONDS)
        try:
            connection.request("POST", _INVOCATIONS, json.dumps(event))
            answer = connection.getresponse()
            text = answer.read().decode()
        except OSError as error:
            raise FunctionError(f"emulator: no answer: {error}") from error
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            raise FunctionError(f"emulator: {answer.status}: {text}")
        try:
            result = json.loads(text)
        except ValueError:
            raise FunctionError(text) from None
        if isinstance(result, dict) and "errorType" in result:
            raise FunctionError(_told(result))
        return result

    def peak_memory(self) -> int:
        (child,) = children(self._process.pid)
        for line in Path(f"/proc/{child}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise FunctionError(f"process {child}: no peak of its memory is told")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _await(self) -> None:
        """Wait until the emulator listens."""
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.stop()
        raise InputError(
            "--through built: the Lambda Runtime Interface Emulator does not start; "
            "run it again, and see that ports of 127.0.0.1 may be listened on"
        )


def emulator_path() -> Path:
    """The emulator that ships inside aws-sam-cli.

    Raises
    ------
    InputError
        There is none for this machine.
    """
    found = find_spec("samcli")
    name = _BINARIES.get(platform.machine())
    if platform.system() != "Linux" or name is None:
        raise InputError(
            "--through built: the Lambda Runtime Interface Emulator runs on Linux only "
            f"(x86_64, aarch64), and this is {platform.system()} on {platform.machine()}; "
            "use --through handlers"
        )
    if found is None or found.origin is None:
        raise InputError("--through built: aws-sam-cli is missing; run `make setup` in the project")
    return Path(found.origin).parent / "local" / "rapid" / name


def code_paths(template: Template, function: Function) -> tuple[Path, ...]:
    """Where Python looks for a built function's code: the function, then its layers.

    A later layer lies over an earlier one ("Adding layers to functions", AWS Lambda Developer
    Guide), so it is looked into first.
    """
    folder = template.path.parent
    layers = (
        folder / template.resources[layer].properties["ContentUri"] / "python"
        for layer in reversed(function.layers)
    )
    return (folder / function.code_uri, *layers)


def lay_out_runtime(folder: Path) -> None:
    """Lay out what Lambda's runtime brings: links to this environment's packages, and no others.

    Raises
    ------
    InputError
        A package is not installed.
    """
    folder.mkdir()
    for name in RUNTIME_PACKAGES:
        try:
            package = distribution(name)
        except PackageNotFoundError as error:
            raise InputError(
                f"--through built: {name} is missing; run `make setup` in the project"
            ) from error
        tops = {Path(file).parts[0] for file in package.files or ()}
        for top in tops - {"..", "__pycache__"}:
            (folder / top).symlink_to(Path(str(package.locate_file(top))).resolve())


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    told = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in told for child in path.read_text(encoding="ascii").split()]


@contextmanager
def emulators(template: Template, aws: LocalAws) -> Iterator[Emulators]:
    """The functions of a built template, for the length of a ``with`` block."""
    with TemporaryDirectory() as folder:
        running = Emulators(template, aws, Path(folder))
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def _free_ports() -> Iterator[tuple[int, int]]:
    """Two ports of this machine that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        yield one.getsockname()[1], other.getsockname()[1]


def _told(failure: Mapping[str, Any]) -> str:
    """What a function raised; what is not ours to raise says its class as well."""
    kind, message = str(failure["errorType"]), str(failure.get("errorMessage", ""))
    known = getattr(errors, kind, None)
    ours = isinstance(known, type) and issubclass(known, PolicyMonitorError)
    return message if ours else f"{kind}: {message}"
