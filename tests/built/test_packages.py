"""What the layers hold of others is what the functions use, and what the SBOM lists."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

# All that is ours is imported, as each function finds it, and the catalogue is read; then it is
# told from where each module came.
PROGRAM = """
import importlib, importlib.util, json, pkgutil, sys

layers, functions = json.load(sys.stdin)
sys.path[:0] = layers
for path in functions:
    spec = importlib.util.spec_from_file_location(path.replace("/", "_"), path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
for name in ("iamdiff", "policy_monitor", "policy_monitor_report"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)
importlib.import_module("policy_monitor.catalogue").load().services()
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
json.dump(files, sys.stdout)
"""


@pytest.fixture(scope="module")
def layers(build: Path) -> dict[str, Path]:
    return {folder.name: folder / "python" for folder in sorted(build.parent.glob("*Layer"))}


@pytest.fixture(scope="module")
def imported(build: Path, layers: dict[str, Path]) -> dict[str, str]:
    """Where each module lies that is imported when all that is deployed is."""
    functions = sorted(str(path) for path in build.parent.glob("*Function/app.py"))
    assert len(functions) >= 6
    variables = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_METRICS_NAMESPACE": "Test"}
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([[*map(str, layers.values())], functions]),
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str | None] = json.loads(done.stdout)
    return {name: file for name, file in found.items() if file}


def packages(layers: dict[str, Path]) -> Iterator[Distribution]:
    for layer in layers.values():
        for path in layer.glob("*.dist-info"):
            yield Distribution.at(path)


def test_the_report_is_rendered_without_compiled_code(
    layers: dict[str, Path], imported: dict[str, str]
) -> None:
    assert "markupsafe._native" in imported
    assert "markupsafe._speedups" not in imported
    assert Path(imported["jinja2"]).is_relative_to(layers["ReportLayer"])


def test_every_package_is_used_by_something_that_is_deployed(
    layers: dict[str, Path], imported: dict[str, str]
) -> None:
    used = set(imported.values())
    found = list(packages(layers))
    assert len(found) > 5
    for package in found:
        files = {str(Path(str(file.locate())).resolve()) for file in package.files or ()}
        assert files & used, package.name


def test_the_sbom_lists_what_the_layers_hold_each_with_its_licence(
    layers: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "sbom.json"
    subprocess.run(  # noqa: S603 (our own target)
        ["make", "--silent", "sbom", f"SBOM={out}"],  # noqa: S607 (make is the user's)
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    sbom: dict[str, Any] = json.loads(out.read_text())
    assert sbom["bomFormat"] == "CycloneDX"
    assert sbom["metadata"]["component"]["name"] == "policy-monitor"
    listed = {(canonicalize_name(each["name"]), each["version"]) for each in sbom["components"]}
    held = {(canonicalize_name(each.name), each.version) for each in packages(layers)}
    assert listed == held
    assert all(each["licenses"] for each in sbom["components"])
