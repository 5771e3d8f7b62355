"""What one event costs on its way through the functions, and how many records a replay takes.

AWS calls by name, through the real handlers, on warm functions and an emulated AWS; the time is
that of the functions' own code, without their calls. One change is what the vendor did to its
policy (CreatePolicyVersion) and to its role (AttachRolePolicy), each told by the topic and in
Slack. A quiet run of reconcile finds that nothing has changed. What is asked once after a
start is kept; detect asks for the mask key as reconcile does.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measurement
from benchmarks.calls import Tap, Work
from benchmarks.comparison import load_catalogue
from benchmarks.measurement import FIGURES, ROOT, figure, least_ms, rounded, slope, table, timed
from functions.judge import app as judge_app
from functions.reconcile import app as reconcile_app
from tests.contract.ledgers import ACCOUNT, dynamodb
from tests.histories import POLICY, SETTINGS, Shelf, allow, genesis, managed, mutation, role
from tests.iam_events import ROLE, WATCHED_ROLE_ITSELF, iam_event
from tests.integration.test_functions_reconcile import forget, made_role, made_stack
from tests.lambda_context import Context

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.catalogue import load
from policy_monitor.judgement import BEHIND, judge
from policy_monitor.mutations import VersionCreated
from policy_monitor.settings import Settings
from policy_monitor.timeline import TIME
from policy_monitor_cli.handlers import replay_through_handlers
from policy_monitor_cli.local_aws import environment
from policy_monitor_cli.material import collected
from policy_monitor_cli.replay import Through, replayed

_STORY = ("01", "02", "03", "05", "12")
_CHANGES = {"a policy's new version": 3, "a policy attached": 4}
"""Where in the story each change is that is shown."""

_FUNCTIONS = ("detect", "judge", "announce", "slack", "reconcile")

_SECRETS = ("secretsmanager:", "ssm:")

_RECORDS = 20_000
_EVERY = 200
"""One in so many of them concerns what is watched."""

_SEGMENT = (BEHIND // 4, BEHIND // 2, BEHIND, 2 * BEHIND)
_REPEATS = 3
_START = 1_780_000_000


def through_handlers() -> Iterator[tuple[str, Mapping[str, Work]]]:
    """What each change had the functions do."""
    files = sorted((ROOT / "events").glob("[0-9]*.json"))
    story = [path for path in files if path.name.startswith(_STORY)]
    material = collected(story, ROOT / "events" / "baseline.json", Settings())
    tap = Tap()
    marks: list[dict[str, Work]] = []
    with tap.open():
        replay_through_handlers(material, Settings(), lambda: marks.append(tap.mark()))
    yield "once, after a start", {each: kept(work) for each, work in marks[-1].items()}
    for name, place in _CHANGES.items():
        before = marks[place - 1]
        yield name, {each: work.since(before[each]) for each, work in marks[place].items()}


def kept(work: Work) -> Work:
    """What a function asks once and keeps: of its secrets."""
    return Work(calls=Counter({c: n for c, n in work.calls.items() if c.startswith(_SECRETS)}))


def quiet_reconcile() -> Mapping[str, Work]:
    """What a run of reconcile does where nothing has changed."""
    context: Any = Context()
    keys = {"Records": [{"dynamodb": {"Keys": {"pk": {"S": f"ACCOUNT#{ACCOUNT}"}}}}]}
    local = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": "",
    }
    tap = Tap()
    with environment(local), dynamodb(), environment(made_stack()), tap.open():
        made_role()
        forget()
        for app in (reconcile_app, judge_app):
            app.metrics.provider.namespace = "PolicyMonitor"
            app.logger.setLevel("ERROR")
        with redirect_stdout(StringIO()):  # where metrics go
            for _ in range(2):
                reconcile_app.handler({"source": "aws.events"}, context)
                judge_app.handler(keys, context)
            with tap.running("reconcile"):
                reconcile_app.handler({"source": "aws.events"}, context)
        forget()
    return tap.work


def calls_table() -> str:
    """The calls by occasion and function."""
    occasions = [*through_handlers(), ("a quiet run of reconcile", quiet_reconcile())]
    rows = [
        [
            name,
            function,
            str(work.calls.total()),
            ", ".join(f"{count} {call}" for call, count in sorted(work.calls.items())),
            f"{rounded(work.ms)} ms" if work.invocations else "",
        ]
        for name, works in occasions
        for function in _FUNCTIONS
        if (work := works.get(function)) and work.calls
    ]
    header = ("occasion", "function", "AWS calls", "by name", "own time")
    return table(header, rows)


def records(path: Path) -> None:
    """Write a stream of records: one in some hundred is a new version of the watched policy."""
    with path.open("w", encoding="utf-8") as lines:
        for number in range(_RECORDS):
            at = time.strftime(TIME, time.gmtime(_START + 60 * number))
            same: dict[str, Any] = {"eventTime": at, "eventID": f"event-{number}"}
            if number % _EVERY:
                event = iam_event(
                    "AttachRolePolicy",
                    {"roleName": f"other-{number}", "policyArn": f"{POLICY}-{number}"},
                    **same,
                )
            else:
                version = number // _EVERY + 2
                event = iam_event(
                    "CreatePolicyVersion",
                    {
                        "policyArn": POLICY,
                        "policyDocument": json.dumps(document(version)),
                        "setAsDefault": True,
                    },
                    userIdentity=WATCHED_ROLE_ITSELF,
                    responseElements={"policyVersion": {"versionId": f"v{version}"}},
                    **same,
                )
            lines.write(json.dumps(event["detail"]) + "\n")


def document(number: int) -> dict[str, Any]:
    """A policy of which each number allows something else."""
    return allow(f"s3:Get{number}*", f"ec2:Describe{number % 7}*", resource=f"arn:aws:s3:::{ROLE}")


def throughput() -> str:
    """How fast a replay reads and judges a stream."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        records(path)
        ms, (_, outcome) = timed(replayed, [path], None, Settings(), Through.OFFLINE)
    return table(
        FIGURES,
        [
            figure("records", _RECORDS, ""),
            figure("findings", len(outcome.findings), ""),
            figure("records a second", _RECORDS / (ms / 1_000), ""),
        ],
    )


def segment() -> str:
    """How long a judgement takes with so many facts behind the checkpoint."""
    times = []
    for facts in _SEGMENT:
        shelf = Shelf()
        documents = [shelf(document(number)) for number in range(facts + 1)]
        ledger = MemoryLedger()
        start = genesis(role(attached=frozenset({POLICY})), managed(POLICY, documents[0]))
        ledger.put_genesis(start, shelf.documents)
        for number in range(1, facts + 1):
            at = time.strftime(TIME, time.gmtime(_START + 60 * number))
            change = VersionCreated(POLICY, f"v{number + 1}", documents[number], default=True)
            ledger.append(mutation(f"event-{number}", change, time=at), {})
        judge(ledger, SETTINGS, load(), behind=facts)
        times.append(least_ms(_REPEATS, judge, ledger, SETTINGS, load(), behind=facts))
    rows = [
        [str(facts), f"{rounded(ms)} ms", f"{rounded(ms / facts)} ms"]
        for facts, ms in zip(_SEGMENT, times, strict=True)
    ]
    rows.append(["slope", slope(_SEGMENT, times), ""])
    return table(("facts in the segment", "a judgement", "a fact"), rows)


def report() -> str:
    """The figures as Markdown."""
    load_catalogue()
    return "\n\n".join(
        [
            calls_table(),
            f"A replay of {_RECORDS:,} records, of which one in {_EVERY} concerns what is watched:",
            throughput(),
            f"A judgement derives the {BEHIND} to {2 * BEHIND} facts that a checkpoint leaves:",
            segment(),
        ]
    )


def main() -> None:
    """Measure."""
    options = measurement.arguments(__doc__ or "")
    about = " ".join((__doc__ or "").split())
    measurement.publish("events", "Events", f"{about}\n\n{report()}", write=options.write)


if __name__ == "__main__":
    main()
