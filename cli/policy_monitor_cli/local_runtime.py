"""The first program of a built function's process: Lambda's own runtime client, on set paths.

`emulator` runs it by an interpreter that knows no packages (``python -I -S``), so that a function
finds its code, its layers and what Lambda's runtime brings, and nothing else. Some things are not
Lambda's: the emulator's own ARN names an account that is nobody's; and a replay has its own clock,
and parts that are not emulated, at which reconcile must not look.
"""

import importlib
import json
import os
import sys
from pathlib import Path

SETTING = "LOCAL_RUNTIME"
"""The variable that says where all is, as JSON; gone before the function's code runs."""


def main() -> None:
    """Serve invocations until the emulator ends the process."""
    setting = json.loads(os.environ.pop(SETTING))
    # The order of Lambda: the function's code and its layers before all that the runtime brings
    # ("Search path for Python", AWS Lambda Developer Guide, "Working with layers for Python").
    sys.path[:] = [*setting["code"], *sys.path[1:], setting["runtime"]]

    from awslambdaric import bootstrap  # noqa: PLC0415 (found by the path that was just set)
    from awslambdaric.lambda_config import LambdaConfigProvider  # noqa: PLC0415
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: PLC0415

    class Client(LambdaRuntimeClient):  # type: ignore[misc]  # it has no types
        def wait_next_invocation(self) -> object:
            request = super().wait_next_invocation()
            request.invoked_function_arn = setting["arn"]
            return request

    config = LambdaConfigProvider(sys.argv)
    if clock := setting.get("clock"):
        _fit(config.handler.rpartition(".")[0], Path(clock))
    bootstrap.run(config.handler, Client(config.api_address, config.use_thread_polling))


def _fit(name: str, clock: Path) -> None:
    """Let a function fit a replay: its time (``app.now``) is a file's, unless that is empty."""
    try:
        module = importlib.import_module(name)
    except Exception:  # noqa: BLE001 (the runtime client meets it again, and reports it)
        return
    # An emulated stack is one in part: nobody looks whether all of it is there.
    if hasattr(module, "sense_checks"):
        setattr(module, "sense_checks", lambda *_: ())  # noqa: B010 (no type knows the name)
    if hasattr(module, "sleep"):  # the story's clock does not wait
        setattr(module, "sleep", lambda _: None)  # noqa: B010 (no type knows the name)
    if hasattr(module, "now"):
        real = module.now
        setattr(module, "now", lambda: clock.read_text(encoding="utf-8") or real())  # noqa: B010 (no type knows the name)


if __name__ == "__main__":
    main()
