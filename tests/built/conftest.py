"""What is deployed, built once for all of these tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.commands import run

from policy_monitor_cli.built import built_template
from policy_monitor_cli.emulator import Emulators
from policy_monitor_cli.local_aws import LocalAws
from policy_monitor_cli.template import Template, load_template

__all__ = ["run"]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built template; what it was built of lies beside it."""
    return built_template(tmp_path_factory.mktemp("built") / "build")


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[Callable[[Template], Emulators]]:
    """Functions under the emulator that reach no AWS, ended with the test."""
    made: list[Emulators] = []

    def emulate(template: Template) -> Emulators:
        folder = tmp_path / f"emulators-{len(made)}"
        folder.mkdir()
        made.append(Emulators(template, LocalAws("http://127.0.0.1:1", "123456789012"), folder))
        return made[-1]

    yield emulate
    for emulators in made:
        emulators.stop()


@pytest.fixture
def template(build: Path) -> Template:
    return load_template(build, {"AWS::Region": "us-east-1", "ReportBucket": "audit"})
