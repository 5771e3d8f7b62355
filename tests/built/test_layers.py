"""What the build leaves: layers of pure Python, with all that the functions need beside boto3."""

from collections import Counter
from pathlib import Path

import pytest

from policy_monitor_cli.template import Template

pytestmark = pytest.mark.xdist_group("built")

MOST_BYTES = 20_000_000
COMPILED = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"MZ")


def layers(template: Template) -> dict[str, Path]:
    return {
        layer.logical_id: template.path.parent / layer.properties["ContentUri"]
        for layer in template.of_type("AWS::Serverless::LayerVersion")
    }


def files(template: Template) -> list[Path]:
    """All that is built; the bytecode that other tests' functions have written is not."""
    found = [path for layer in layers(template).values() for path in layer.rglob("*")]
    return [path for path in found if "__pycache__" not in path.parts]


def test_no_layer_holds_compiled_code(template: Template) -> None:
    found = [path for path in files(template) if path.is_file()]
    assert len(found) > 100
    assert [path for path in found if ".so" in path.suffixes] == []
    assert [path for path in found if path.read_bytes()[:4].startswith(COMPILED)] == []


def test_what_the_runtime_brings_is_in_no_layer(template: Template) -> None:
    names = {path.name for layer in layers(template).values() for path in layer.glob("python/*")}
    assert "aws_lambda_powertools" in names
    assert not {"boto3", "botocore", "s3transfer", "urllib3", "awslambdaric"} & names


def test_no_two_layers_hold_a_package_of_the_same_name(template: Template) -> None:
    names = Counter(
        path.name for layer in layers(template).values() for path in layer.glob("python/*")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_all_layers_together_stay_small(template: Template) -> None:
    assert sum(path.stat().st_size for path in files(template) if path.is_file()) < MOST_BYTES
