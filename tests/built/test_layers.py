"""What the build leaves: layers of pure Python, with all that the functions need beside boto3."""

import importlib.util
import marshal
from collections import Counter
from pathlib import Path

from policy_monitor_cli.template import Template

MOST_BYTES = 20_000_000
COMPILED = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"MZ")


def layers(template: Template) -> dict[str, Path]:
    return {
        layer.logical_id: template.path.parent / layer.properties["ContentUri"]
        for layer in template.of_type("AWS::Serverless::LayerVersion")
    }


def files(template: Template) -> list[Path]:
    """All that is built."""
    return [path for layer in layers(template).values() for path in layer.rglob("*")]


def test_no_layer_holds_compiled_code(template: Template) -> None:
    found = [path for path in files(template) if path.is_file()]
    assert len(found) > 100
    assert [path for path in found if ".so" in path.suffixes] == []
    assert [path for path in found if path.read_bytes()[:4].startswith(COMPILED)] == []


def test_no_cold_start_compiles_what_is_in_a_layer(template: Template) -> None:
    found = [path for path in files(template) if path.suffix == ".py"]
    assert len(found) > 100
    for path in found:
        bytecode = Path(importlib.util.cache_from_source(path)).read_bytes()
        assert bytecode[:4] == importlib.util.MAGIC_NUMBER, path
        # Its source is not looked at: no time of it is kept, and Lambda cannot change it (PEP 552).
        assert bytecode[4:8] == b"\x01\0\0\0", path
        assert bytecode[8:16] == importlib.util.source_hash(path.read_bytes()), path


def test_bytecode_names_no_place_of_the_machine_that_built_it(template: Template) -> None:
    found = [path for path in files(template) if path.suffix == ".pyc"]
    assert len(found) > 100
    for path in found:
        code = marshal.loads(path.read_bytes()[16:])  # noqa: S302 (what we have just built)
        assert code.co_filename.startswith("/opt/python/"), path


def test_what_the_runtime_brings_is_in_no_layer(template: Template) -> None:
    names = {path.name for layer in layers(template).values() for path in layer.glob("python/*")}
    assert "aws_lambda_powertools" in names
    assert not {"boto3", "botocore", "s3transfer", "urllib3", "awslambdaric"} & names


def test_no_two_layers_hold_a_package_of_the_same_name(template: Template) -> None:
    names = Counter(
        path.name
        for layer in layers(template).values()
        for path in layer.glob("python/*")
        if path.name != "__pycache__"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_all_layers_together_stay_small(template: Template) -> None:
    assert sum(path.stat().st_size for path in files(template) if path.is_file()) < MOST_BYTES
