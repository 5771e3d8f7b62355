"""Built functions under the Lambda runtime, alone: what they find, and what their errors say."""

import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.commands import Runner

from policy_monitor_cli import built
from policy_monitor_cli.emulator import Emulators
from policy_monitor_cli.functions import FunctionError
from policy_monitor_cli.template import Function, Template

EVENTS = Path(__file__).parents[2] / "events"
SEARCH_PATH = """\
import os, sys
def now():
    return "the real time"
def handler(event, context):
    import boto3
    return {"path": sys.path, "boto3": boto3.__file__, "variables": sorted(os.environ),
            "arn": context.invoked_function_arn, "time": now()}
"""


def written(template: Template, folder: Path, code: str) -> tuple[Template, Function]:
    """The template with detect's code in the place of other code, its layers as they are."""
    (folder / "app.py").write_text(code)
    detect = replace(template.functions["DetectFunction"], code_uri=str(folder))
    return replace(template, functions={"DetectFunction": detect}), detect


def test_a_function_finds_its_code_its_layers_and_the_runtime_and_nothing_else(
    template: Template, tmp_path: Path, emulated: Callable[[Template], Emulators]
) -> None:
    changed, detect = written(template, tmp_path, SEARCH_PATH)
    functions = emulated(changed)
    functions.tell_time("2026-11-22T06:00:00Z")
    found = functions.invoke(detect, {})
    built_at = str(template.path.parent)
    assert found["path"][0] == str(tmp_path)
    assert len([path for path in found["path"] if path.startswith(built_at)]) == len(detect.layers)
    assert not [path for path in found["path"] if "site-packages" in path]
    assert found["boto3"].startswith(str(tmp_path))
    assert not {"HOME", "VIRTUAL_ENV", "LOCAL_RUNTIME", "PYTEST_CURRENT_TEST"} & set(
        found["variables"]
    )
    assert {"TABLE_NAME", "AWS_ENDPOINT_URL", "LAMBDA_TASK_ROOT"} <= set(found["variables"])
    assert found["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:DetectFunction"
    assert found["time"] == "2026-11-22T06:00:00Z"


def test_a_package_that_no_layer_holds_is_not_found(
    template: Template, tmp_path: Path, emulated: Callable[[Template], Emulators]
) -> None:
    assert "rich" in sys.modules
    changed, detect = written(template, tmp_path, "import rich")
    with pytest.raises(FunctionError, match=r"No module named 'rich'"):
        emulated(changed).invoke(detect, {})


def test_a_function_without_its_layer_of_packages_does_not_start(
    template: Template, emulated: Callable[[Template], Emulators]
) -> None:
    detect = template.functions["DetectFunction"]
    layers = tuple(layer for layer in detect.layers if layer != "RuntimeLayer")
    with pytest.raises(FunctionError, match=r"No module named 'aws_lambda_powertools'"):
        emulated(template).invoke(replace(detect, layers=layers), {})


def test_the_report_starts_with_the_layer_that_is_its_own(
    template: Template, emulated: Callable[[Template], Emulators]
) -> None:
    report = template.functions["ReportFunction"]
    # It has found all that it imports, and asks S3, which is out of reach.
    with pytest.raises(FunctionError, match=r"bucket audit: s3: "):
        emulated(template).invoke(report, {})


def test_an_error_of_ours_is_told_as_it_is_and_another_with_its_class(
    template: Template, tmp_path: Path, emulated: Callable[[Template], Emulators]
) -> None:
    functions = emulated(template)
    with pytest.raises(FunctionError, match=r"^event has no account id"):
        functions.invoke(template.functions["DetectFunction"], {})
    with pytest.raises(FunctionError, match=r"^KeyError: "):
        functions.invoke(template.functions["JudgeFunction"], {})
    changed, slow = written(template, tmp_path, "def handler(*_):\n    while True: pass")
    slow = replace(slow, properties={**slow.properties, "Timeout": 1})
    with pytest.raises(FunctionError, match=r"[Tt]imed out"):
        emulated(changed).invoke(slow, {})


def test_elsewhere_than_on_linux_one_line_says_so(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    ran = run("replay", EVENTS, "--through", "built")
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert "runs on Linux only" in ran.err
    assert "--through handlers" in ran.err


def test_a_build_that_fails_is_one_line_that_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Runner
) -> None:
    (tmp_path / "template.yaml").write_text("Resources: [")
    monkeypatch.setattr(built, "template_path", lambda: tmp_path / "template.yaml")
    ran = run("replay", EVENTS, "--through", "built")
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert "sam build fails" in ran.err
