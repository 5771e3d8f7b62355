"""How large the layers are, unzipped, as `sam build` leaves them.

Each function gets the first three; the report's is for the function report alone, where one is
wanted at all. boto3 is in none: the runtime brings it.
"""

import sys
from importlib.metadata import Distribution
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.measurement import ROOT, Target, table

from policy_monitor_cli.template import load_template

BUILT = ROOT / ".aws-sam" / "build"
MOST = Target(20, " MB")
_MEGABYTE = 1_000_000


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def contents(layer: Path) -> str:
    """What a layer holds: packages with their versions, and ours without."""
    python = layer / "python"
    packages = [Distribution.at(path) for path in sorted(python.glob("*.dist-info"))]
    named = [f"{each.name} {each.version}" for each in packages]
    ours = [path.parent.name for path in sorted(python.glob("*/py.typed"))]
    third = {file.parts[0] for each in packages for file in each.files or ()}
    return ", ".join([name for name in ours if name not in third] + named)


def report() -> str:
    """The layers' sizes, as a table."""
    template = load_template(ROOT / "template.yaml", {"ReportBucket": "bucket"})
    layers = [item.logical_id for item in template.of_type("AWS::Serverless::LayerVersion")]
    sizes = {name: size(BUILT / name) / _MEGABYTE for name in layers}
    total = sum(sizes.values())
    rows = [[name, f"{sizes[name]:.2f} MB", contents(BUILT / name), "", ""] for name in layers]
    rows.append(["all", f"{total:.2f} MB", "", str(MOST), MOST.verdict(total)])
    return table(("layer", "unzipped", "holds", "target", "met"), rows)


if __name__ == "__main__":
    given = measurement.arguments(__doc__ or "")
    if not BUILT.exists():
        sys.exit(f"{BUILT.relative_to(ROOT)} is not there: run `make build`")
    introduction = " ".join((__doc__ or "").split())
    measurement.publish("layers", "Layers", f"{introduction}\n\n{report()}", write=given.write)
