"""Stands on the path for the commands that the documents show, under each one's name.

A start of Python with the SDK takes the better part of a second, and the documents show over a
hundred commands: so one process imports it all, and a fork of it is each command (`serve`). What
stands on the path (`asking.py`) hands over its words, its folder, its variables and its files.

What can run offline runs. Of the rest the words are checked: that AWS's API has the operation and
its parameters, that sam and make have the command and its options. What is wrong goes, a line each,
to the file that COMPLAINTS names: the shell goes on, as a reader's would.
"""

import contextlib
import io
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Ways of a replay that have tests of their own; here the other words of such a command are run.
TESTED = {"handlers", "built"}

# They ask AWS.
ONLINE = {"--stack", "--table", "--second-opinion", "doctor"}

# AWS CLI Command Reference, "Global options".
GLOBAL_OPTIONS = {"region", "query", "output", "profile", "no-cli-pager"}

# Commands of the AWS CLI alone, with the options that the documents may use ("deploy" and
# "presign" of its Command Reference): no operation of an API stands behind their names.
OWN_COMMANDS = {
    ("cloudformation", "deploy"): {
        "template-file",
        "stack-name",
        "parameter-overrides",
        "capabilities",
        "s3-bucket",
    },
    ("s3", "cp"): set(),
    ("s3", "presign"): {"expires-in"},
}


class WrongWordsError(Exception):
    """The command has no such word."""


def policy_monitor(arguments: Sequence[str]) -> None:
    from policy_monitor_cli.main import main  # noqa: PLC0415 (no other command waits for it)

    sys.argv = ["policy-monitor", *("offline" if each in TESTED else each for each in arguments)]
    if ONLINE.isdisjoint(arguments):
        main()
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        main()
    # There are no credentials here: who asks for them has understood its words.
    if "credentials" not in said.getvalue():
        raise WrongWordsError(said.getvalue().strip() or "asked for no credentials")


def aws(arguments: Sequence[str]) -> None:
    import botocore.session  # noqa: PLC0415 (no other command waits for it)
    from botocore import xform_name  # noqa: PLC0415
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415

    service, operation, *rest = arguments
    given = {each.removeprefix("--").partition("=")[0] for each in rest if each.startswith("--")}
    own = OWN_COMMANDS.get((service, operation))
    if own is not None:
        if unknown := given - GLOBAL_OPTIONS - own:
            raise WrongWordsError(f"{service} {operation} has no option {', '.join(unknown)}")
        return
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        raise WrongWordsError(f"there is no service {service}") from None
    names = {xform_name(each).replace("_", "-"): each for each in model.operation_names}
    if operation not in names:
        raise WrongWordsError(f"{service} has no operation {operation}")
    shape = model.operation_model(names[operation]).input_shape
    members = {
        xform_name(name).replace("_", "-"): name for name in (shape.members if shape else {})
    }
    if unknown := given - GLOBAL_OPTIONS - members.keys():
        raise WrongWordsError(f"{service} {operation} has no option {', '.join(sorted(unknown))}")
    needed = set(shape.required_members) if shape else set()
    if missing := needed - {members[name] for name in given & members.keys()}:
        raise WrongWordsError(f"{service} {operation} needs {', '.join(sorted(missing))}")
    sys.stdout.write(ANSWERS.get(operation, lambda: "answer\n")())


def _baseline() -> str:
    return (ROOT / "events" / "baseline.json").read_text("utf-8")


def _looked_up() -> str:
    """The demo's events as LookupEvents tells them."""
    found = []
    for path in sorted((ROOT / "events").glob("[0-9]*.json")):
        record = json.loads(path.read_text("utf-8")).get("detail")
        if isinstance(record, dict) and record.get("eventID"):
            found.append({"EventId": record["eventID"], "CloudTrailEvent": json.dumps(record)})
    return json.dumps({"Events": found})


ANSWERS = {"get-account-authorization-details": _baseline, "lookup-events": _looked_up}


def sam(arguments: Sequence[str]) -> None:
    command = [each for each in arguments[:2] if re.fullmatch(r"[a-z-]+", each)]
    name = command if command[:1] == ["local"] else command[:1]
    shown = _sam_help(name)
    for option in (each.partition("=")[0] for each in arguments if each.startswith("-")):
        if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown):
            raise WrongWordsError(f"sam {' '.join(name)} has no option {option}")


def _sam_help(name: Sequence[str]) -> str:
    """What sam says of a command: asked once, as it takes seconds, and kept where KEPT says."""
    kept = Path(os.environ["KEPT"]) / f"sam {' '.join(name)}"
    if kept.exists():
        return kept.read_text("utf-8")
    shown = subprocess.run(  # noqa: S603 (the documents' own words)
        [Path(sys.executable).parent / "sam", *name, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        raise WrongWordsError(f"sam has no command {' '.join(name)}")
    kept.write_text(shown.stdout, "utf-8")
    return shown.stdout


def make(arguments: Sequence[str]) -> None:
    done = subprocess.run(  # noqa: S603 (nothing is made)
        ["make", "--dry-run", "--directory", ROOT, *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": os.environ["OUTER_PATH"]},
    )
    if done.returncode:
        raise WrongWordsError(done.stderr.strip())


COMMANDS = {"policy-monitor": policy_monitor, "aws": aws, "sam": sam, "make": make}


def complaint(name: str, arguments: Sequence[str]) -> str | None:
    """Run a command; what is wrong with it."""
    try:
        COMMANDS[name](arguments)
    except SystemExit as ended:
        expected = (0, 1, None) if arguments[:1] == ["diff"] else (0, None)
        return None if ended.code in expected else f"exit status {ended.code}"
    except WrongWordsError as error:
        return str(error)
    return None


def serve(address: str) -> None:
    """Be each command that is asked for, in a fork, until standard input ends."""
    import botocore.session  # noqa: F401, PLC0415 (what takes long is known to all forks)

    import policy_monitor_cli.main  # noqa: F401, PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks here
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            asked, _ = listening.accept()
            if os.fork() == 0:
                os._exit(be(asked))
            asked.close()


def be(asked: socket.socket) -> int:
    """Be the command that is asked for, and answer when it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, files, _, _ = socket.recv_fds(asked, 1 << 20, 3)
    words, folder, variables = json.loads(text)
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    status = 1
    try:
        called, *given = words
        sys.argv = [called, *given]
        if wrong := complaint(called, given):
            with Path(os.environ["COMPLAINTS"]).open("a", encoding="utf-8") as complaints:
                complaints.write(f"{called} {' '.join(given)}: {wrong}\n")
        status = 0
    except BaseException:  # noqa: BLE001 (a process's last word)
        traceback.print_exc()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    asked.sendall(str(status).encode())
    return status


if __name__ == "__main__":
    serve(*sys.argv[1:])
