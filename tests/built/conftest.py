"""What is deployed, built once for all of these tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built template; what it was built of lies beside it."""
    folder = tmp_path_factory.mktemp("built") / "build"
    here = Path(sys.executable).parent
    subprocess.run(  # noqa: S603 (sam with our arguments)
        [str(here / "sam"), "build", "--cached", "--build-dir", str(folder)],
        cwd=ROOT,
        # sam looks for this Python, and for pip beside it, on the path.
        env={**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        check=True,
    )
    return folder / "template.yaml"
