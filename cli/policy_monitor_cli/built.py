"""What is deployed: the functions and layers as `sam build` leaves them."""

import os
import subprocess
import sys
from pathlib import Path

from policy_monitor.errors import InputError
from policy_monitor_cli.local_stack import template_path

BUILD_FOLDER = Path(".aws-sam") / "build"
"""Where sam builds, and where `sam deploy` and `sam local` look."""


def built_template(build_folder: Path | None = None) -> Path:
    """Build the project, and tell where the built template lies.

    All of it, each time: of a build that was stopped sam keeps halves, and takes them for whole.

    Parameters
    ----------
    build_folder : Path, optional
        Where to build; sam's own place in the project, if none is given.

    Raises
    ------
    InputError
        sam is missing, or the build fails.
    """
    template = template_path()
    folder = build_folder or template.parent / BUILD_FOLDER
    here = Path(sys.executable).parent
    sam = here / "sam"
    if not sam.exists():
        raise InputError("--through built: aws-sam-cli is missing; run `make setup` in the project")
    done = subprocess.run(  # noqa: S603 (sam with our arguments)
        [
            *(str(sam), "build", "--parallel"),
            *("--template-file", str(template), "--build-dir", str(folder)),
        ],
        cwd=template.parent,
        # sam looks for this Python, and for pip beside it, on the path.
        env={**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        *_, last = done.stderr.strip().splitlines() or ["no reason given"]
        raise InputError(f"--through built: sam build fails: {last}; run `sam build` to see all")
    return folder / template.name
