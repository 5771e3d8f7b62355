"""How much memory each built function takes, beside what the template gives it.

The most that its process held, under the emulator: in the year of events/; and of those whose work
grows, with a lot of it. Judge derives 100 changes at once, report tells them on one page, and
reconcile reads an account of 300 policies, each with five versions as long as they may be.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from benchmarks import measurement
from benchmarks.coldstart import BUILT
from benchmarks.measurement import ROOT, Target, rounded, table
from benchmarks.report import record_changes
from tests.histories import ACCOUNT

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.settings import Settings
from policy_monitor_cli.demo import story
from policy_monitor_cli.emulated_iam import EmulatedIam
from policy_monitor_cli.emulator import Emulators, emulators
from policy_monitor_cli.handlers import SCHEDULED, replay_through_handlers
from policy_monitor_cli.local_aws import LocalAws, local_aws
from policy_monitor_cli.local_stack import LocalStack
from policy_monitor_cli.material import MASK_KEY, collected
from policy_monitor_cli.slack_receiver import SlackReceiver
from policy_monitor_cli.sources import source_files
from policy_monitor_cli.template import Template, load_template

_HALF = Target(0.5)
_BUCKET = "reports"
_CHANGES = 100
_POLICIES = 300
_VERSIONS = 5
_CHARACTERS = 6_144
"""Of a managed policy ("IAM and AWS STS quotas", IAM User Guide), as are its versions."""


def in_a_year() -> dict[str, int]:
    """The peaks of the year of events/, in bytes."""
    held: dict[str, int] = {}

    @contextmanager
    def watched(built: Template, aws: LocalAws) -> Iterator[Emulators]:
        with emulators(built, aws) as running:
            yield running
            held.update(running.peaks())

    material = collected(source_files([story()]), None, Settings(), every=True)
    replay_through_handlers(material, Settings(), template=BUILT / "template.yaml", runtime=watched)
    return held


def with_a_lot() -> dict[str, int]:
    """The peaks of those whose work grows, in bytes."""
    with local_aws(ACCOUNT) as aws, SlackReceiver() as slack:
        stack = LocalStack(
            aws, BUILT / "template.yaml", {"ReportBucket": _BUCKET}, slack.url, MASK_KEY.decode()
        )
        aws.client("s3").create_bucket(Bucket=_BUCKET)
        EmulatedIam(aws.client("iam"), ACCOUNT).install({"Policies": list(policies())})
        record_changes(DynamoDBLedger(aws.client("dynamodb"), stack.table, ACCOUNT), _CHANGES)
        batch = {"Records": [{"dynamodb": {"Keys": {"pk": {"S": f"ACCOUNT#{ACCOUNT}"}}}}]}
        woken: Mapping[str, Mapping[str, Any]] = {
            "JudgeFunction": batch,
            "ReportFunction": SCHEDULED,
            "ReconcileFunction": SCHEDULED,
        }
        with emulators(stack.template, aws) as running:
            for name, event in woken.items():
                running.invoke(stack.template.functions[name], event)
            return running.peaks()


def policies() -> Iterator[Mapping[str, Any]]:
    """Policies that are as large as they may be, as IAM tells of them."""
    for number in range(_POLICIES):
        name = f"policy-{number}"
        yield {
            "PolicyName": name,
            "Arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}",
            "Path": "/",
            "DefaultVersionId": "v1",
            "PolicyVersionList": [
                {
                    "VersionId": f"v{version}",
                    "IsDefaultVersion": version == 1,
                    "Document": document(f"{name}-{version}"),
                }
                for version in range(1, _VERSIONS + 1)
            ],
        }


def document(name: str) -> dict[str, Any]:
    """A policy document as long as it may be."""
    made: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    length = len(json.dumps(made))
    while length < _CHARACTERS:
        statement = {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "dynamodb:PutItem", "logs:CreateLogGroup"],
            "Resource": [f"arn:aws:s3:::{name}-{length}/*"],
        }
        made["Statement"].append(statement)
        length += len(json.dumps(statement))
    return made


def report() -> str:
    """The figures as a table."""
    year, lot = in_a_year(), with_a_lot()
    template = load_template(BUILT / "template.yaml", {"ReportBucket": _BUCKET})
    rows = []
    for name, function in template.functions.items():
        most = max(year.get(name, 0), lot.get(name, 0))
        share = most / 1e6 / function.memory_size
        rows.append(
            [
                name,
                *(f"{each[name] / 1e6:.0f} MB" if name in each else "" for each in (year, lot)),
                f"{function.memory_size} MB",
                rounded(share),
                str(_HALF),
                _HALF.verdict(share),
            ]
        )
    return table(
        ("function", "in a year", "with a lot", "has", "peak ÷ has", "target", "met"), rows
    )


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    about = " ".join((__doc__ or "").split())
    if not BUILT.exists():
        sys.exit(f"{BUILT.relative_to(ROOT)} is not there: run `make build`")
    measurement.publish("memory", "Memory", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
