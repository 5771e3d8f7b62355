"""What is deployed of others, as docs/supply-chain.md tells it: pinned, licensed, and used."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from policy_monitor_cli.intrinsics import parse_yaml
from policy_monitor_cli.template import load_template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "supply-chain.md").read_text()
LAYERS = {"RuntimeLayer": "runtime", "ReportLayer": "report"}
LOCKS = [
    "requirements-dev.txt",
    "requirements-checkov.txt",
    "requirements-sbom.txt",
    *(f"layers/{name}/requirements.txt" for name in LAYERS.values()),
]

# The ASF's third-party licence policy, "Category A": may be part of a work under Apache-2.0.
COMPATIBLE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"}
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: MIT No Attribution License (MIT-0)": "MIT-0",
}
# The classifier does not say how many clauses; these words are the third.
BSD = "License :: OSI Approved :: BSD License"
THIRD_CLAUSE = "Neither the name of the copyright holder"


def pins(lock: str) -> dict[str, str]:
    """The versions in a file of pinned requirements, by name."""
    found = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def deployed() -> dict[str, str]:
    """The layer of each package."""
    return {
        name: layer
        for layer, folder in LAYERS.items()
        for name in pins(f"layers/{folder}/requirements.txt")
    }


def licences(package: Distribution) -> set[str]:
    """What a package's metadata say, as SPDX has it."""
    if expression := package.metadata.get("License-Expression"):
        return set(re.split(r" AND | OR ", expression))
    classifiers = package.metadata.get_all("Classifier") or []
    told = {CLASSIFIERS[each] for each in classifiers if each in CLASSIFIERS}
    if BSD in classifiers:
        text = " ".join(" ".join(texts(package)).split())
        told.add("BSD-3-Clause" if THIRD_CLAUSE in text else "BSD-2-Clause")
    return told


def texts(package: Distribution) -> Iterator[str]:
    """The texts of a package's licences."""
    for file in package.files or ():
        if file.name.upper().startswith(("LICENSE", "LICENCE")):
            yield Path(str(file.locate())).read_text()


# ------------------------------------------------------------------------------- licences


def rows() -> dict[str, tuple[set[str], str]]:
    """The table: licences and layer of each package."""
    row = r"^\| ([a-z0-9-]+) \| (\S.*?) \| (\w+Layer) \| .{10,} \|$"
    found = re.findall(row, PAGE, re.MULTILINE)
    return {name: (set(told.split(", ")), layer) for name, told, layer in found}


def test_the_page_lists_what_is_deployed_with_its_layer() -> None:
    assert {name: layer for name, (_, layer) in rows().items()} == deployed()


@pytest.mark.parametrize("name", deployed())
def test_each_package_has_the_licence_that_the_page_tells(name: str) -> None:
    package = distribution(name)
    assert package.version == pins(f"layers/{LAYERS[deployed()[name]]}/requirements.txt")[name]
    assert licences(package) == rows()[name][0]
    assert len("".join(texts(package))) > 500


@pytest.mark.parametrize("name", deployed())
def test_each_licence_may_stand_beside_our_own(name: str) -> None:
    assert licences(distribution(name)) <= COMPATIBLE
    assert licences(distribution("policy-monitor")) == {"Apache-2.0"}


# ------------------------------------------------------------------------------- pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_hashes_and_no_index_is_named(lock: str) -> None:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    statements = text.replace("\\\n", " ").splitlines()
    assert len(statements) == len(pins(lock)) > 1
    pin = r"[a-z0-9._-]+==[^\s;]+( ; [^\\]*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*"
    assert [line for line in statements if not re.fullmatch(pin, line)] == []
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_that_is_asked_for_is_pinned(lock: str) -> None:
    asked = (ROOT / lock).with_suffix(".in").read_text().splitlines()
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in asked if line[:1].isalnum()]
    assert {canonicalize_name(name[0]) for name in names if name} <= pins(lock).keys()


def test_what_is_tested_is_what_is_deployed() -> None:
    tools = pins("requirements-dev.txt")
    for folder in LAYERS.values():
        held = pins(f"layers/{folder}/requirements.txt")
        assert held.items() <= tools.items()


def test_no_package_lacks_what_it_asks_for() -> None:
    check = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)  # noqa: S603 (pip)
    assert (done.returncode, done.stdout) == (0, "No broken requirements found.\n")


def test_nothing_is_installed_without_its_hash() -> None:
    for path in ("Makefile", "layers/Makefile"):
        text = (ROOT / path).read_text().replace("\\\n", " ")
        installing = [
            command
            for command in re.split(r"\n|\|\|", text)
            if re.search(r"pip install|\$\(PIP\)|pip sync", command)
        ]
        own = [command for command in installing if command.strip().endswith("-e .")]
        assert installing
        assert all("--require-hashes" in command or command in own for command in installing)


# ------------------------------------------------------------------------------- used, all of it


def test_each_layer_is_some_functions_and_the_reports_is_its_own() -> None:
    template = load_template(ROOT / "template.yaml", {"ReportBucket": "audit"})
    users: dict[str, set[str]] = {}
    for function in template.functions.values():
        for layer in function.layers:
            users.setdefault(layer, set()).add(function.logical_id)
    made = {layer.logical_id for layer in template.of_type("AWS::Serverless::LayerVersion")}
    assert users.keys() == made
    assert users["ReportLayer"] == {"ReportFunction"}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_holds_what_is_asked_for_and_what_that_asks_for(layer: str) -> None:
    folder = ROOT / "layers" / LAYERS[layer]
    lines = (folder / "requirements.in").read_text().splitlines()
    waiting = [line for line in lines if line and not line.startswith("#")]
    needed = set()
    while waiting:
        asked = Requirement(waiting.pop())
        needed.add(canonicalize_name(asked.name))
        for line in distribution(asked.name).requires or ():
            found = Requirement(line)
            if found.marker is None or found.marker.evaluate({"extra": ""}):
                waiting.append(line)
    assert needed == pins(f"layers/{LAYERS[layer]}/requirements.txt").keys()


def test_the_rules_of_bandit_hold_for_all_that_is_deployed() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert rules["select"] == ["ALL"]
    assert not [rule for rule in rules["ignore"] if re.match(r"S\d*$", rule)]
    deployed_files = re.compile(r"layers|functions|cli|\*\*/")
    for files, ignored in rules["per-file-ignores"].items():
        if deployed_files.match(files):
            assert not [rule for rule in ignored if re.match(r"S\d*$", rule)], files
    excused = [
        line
        for folder in ("layers", "functions")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"# noqa: (?:\w+, ?)*S\d", line)
    ]
    assert [line for line in excused if not re.search(r"# noqa: [\w, ]*\d\b.{10,}", line)] == []


# ------------------------------------------------------- the Serverless Application Repository


def test_the_template_describes_itself_for_the_repository() -> None:
    # AWS SAM Developer Guide, "AWS SAM template Metadata section properties".
    metadata = parse_yaml((ROOT / "template.yaml").read_text())["Metadata"]
    told = metadata["AWS::ServerlessRepo::Application"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,140}", told["Name"])
    assert re.fullmatch(r"[a-z0-9](([a-z0-9]|-(?!-)){0,125}[a-z0-9])?", told["Author"])
    assert told["Name"] == project["name"]
    assert told["Description"] == project["description"]
    assert len(told["Description"]) <= 256
    assert told["SemanticVersion"] == project["version"] == distribution("policy-monitor").version
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["SemanticVersion"])
    assert told["SpdxLicenseId"] == project["license"]
    assert told["LicenseUrl"] in project["license-files"]
    assert told["ReadmeUrl"] == project["readme"]
    for file in ("LicenseUrl", "ReadmeUrl"):
        assert 0 < (ROOT / told[file]).stat().st_size < 5_000_000
    assert 1 <= len(told["Labels"]) <= 10
    assert all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", label) for label in told["Labels"])


def test_the_environments_differ_in_their_stack_alone() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    default, prod = config["default"], config["prod"]
    assert default["global"]["parameters"].pop("stack_name") == "policy-monitor"
    assert prod["global"]["parameters"].pop("stack_name") == "policy-monitor-prod"
    assert default == prod
