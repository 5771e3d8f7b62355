"""Every shell block of the README and the documents runs, as far as it can without AWS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from tests.documents import stand_in

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "events").glob("*.md")])

FENCED = re.compile(
    r"^(?P<indent> *)```(?:sh|bash|console)\n(?P<commands>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)

OLD = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
}
NEW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}


def blocks() -> Iterator[tuple[str, str]]:
    """Each block, with where it stands; those in a list are indented."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in FENCED.finditer(text):
            line = text.count("\n", 0, found.start()) + 2
            yield f"{page.relative_to(ROOT)}:{line}", dedent(found["commands"])


BLOCKS = list(blocks())


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands keep what they ask for once."""
    return tmp_path_factory.mktemp("kept")


VARIABLES = {
    "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
    "SAM_CLI_TELEMETRY": "0",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
    "COLUMNS": "100",
}


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the process listens that is each command; a socket's path is short."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/stand-in"
        program = [sys.executable, stand_in.__file__, path]
        variables = {"PATH": os.environ["PATH"], **VARIABLES}
        with subprocess.Popen(  # noqa: S603 (our own program, which ends with its input)
            program, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"listening\n"
            yield path


@pytest.fixture
def checkout(tmp_path: Path, kept: Path, address: str) -> Path:
    """A folder that looks like a checkout to who types the commands."""
    for name in (".venv/bin", "path"):
        (tmp_path / name).mkdir(parents=True)
    for name in stand_in.COMMANDS:
        script = tmp_path / "path" / name
        asking = f"{sys.executable} -I -S {Path(stand_in.__file__).with_name('asking.py')}"
        script.write_text(f'#!/bin/sh\nexec {asking} {address} {name} "$@"\n')
        script.chmod(0o755)
    (tmp_path / ".venv/bin/activate").touch()
    (tmp_path / ".venv/bin/policy-monitor").symlink_to(tmp_path / "path/policy-monitor")
    (tmp_path / "events").symlink_to(ROOT / "events")
    (tmp_path / "kept").symlink_to(kept)
    for name in ("old.json", "role.json", "policy.json"):
        (tmp_path / name).write_text(json.dumps(OLD))
    (tmp_path / "new.json").write_text(json.dumps(NEW))
    return tmp_path


def run(block: str, folder: Path) -> tuple[str, str]:
    """What the commands of a block complained of, and what the shell did."""
    complaints = folder / "complaints"
    complaints.write_text("")
    paths = (folder / "path", Path(sys.executable).parent, os.environ["PATH"])
    shell = subprocess.run(  # noqa: S603 (the documents' own words)
        ["bash", "-uo", "pipefail", "-c", re.sub(r"\bREGION\b", "us-east-1", block)],  # noqa: S607
        cwd=folder,
        env={
            "PATH": os.pathsep.join(map(str, paths)),
            "OUTER_PATH": os.environ["PATH"],
            "HOME": str(folder),
            "COMPLAINTS": str(complaints),
            "KEPT": str(folder / "kept"),
            **VARIABLES,
        },
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return complaints.read_text(), shell.stderr


def test_there_are_blocks_to_run() -> None:
    assert {"README.md", "docs/operations.md"} <= {place.partition(":")[0] for place, _ in BLOCKS}


@pytest.mark.parametrize(("place", "block"), BLOCKS, ids=[place for place, _ in BLOCKS])
def test_the_commands_are_such_as_there_are(place: str, block: str, checkout: Path) -> None:  # noqa: ARG001
    complaints, errors = run(block, checkout)
    assert not complaints
    assert "command not found" not in errors
    assert "No such file" not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("aws events start-replay --replay-name x", "needs"),
        ("aws sqs receive-messages", "no operation"),
        ("policy-monitor history --stock x --stack y", "--stock"),
        ("policy-monitor show missing.json", "exit status 2"),
        ("sam deploy --guide", "no option"),
        ("make tea", "tea"),
    ],
)
def test_a_wrong_word_is_complained_of(command: str, wrong: str, checkout: Path) -> None:
    complaints, _ = run(command, checkout)
    assert wrong in complaints
