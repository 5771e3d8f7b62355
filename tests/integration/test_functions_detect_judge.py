"""detect, judge and reconcile as they are deployed, against an emulated AWS."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from functions.detect import app as detect_app
from functions.judge import app as judge_app
from functions.reconcile import app as reconcile_app
from tests.contract.ledgers import ACCOUNT, NEWER, TABLE, dynamodb, written_by
from tests.histories import ROLE, ROLE_ARN, allow, trust
from tests.iam_events import OTHER_POLICY, WATCHED_ROLE_ITSELF, iam_event
from tests.lambda_context import Context
from tests.tamper_events import BY_CLOUDFORMATION, STACK, cases, refused_event, tamper_event

from iamdiff.evaluator import Decision, Evaluator
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.errors import PolicyMonitorError, RetryableError, UnreadableEventError
from policy_monitor.findings import Finding
from policy_monitor.mutations import MutationKind

READ, WRITE = allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject")
TRUST = trust()
TRUST["Statement"][0]["Condition"] = {
    "StringEquals": {"sts:ExternalId": "planted-external-id-3f9Q"}
}
LATER = "2126-11-22T06:00:00Z"  # after whatever the clock says when the baseline is read


@dataclass
class World:
    """The emulated account."""

    iam: Any
    policy: str
    ledger: DynamoDBLedger

    def detect(self, event: Any) -> None:
        detect_app.handler(event, Context())

    def reconcile(self) -> None:
        context: Any = Context()
        reconcile_app.handler({"source": "aws.events"}, context)

    def judge(self, *accounts: str) -> dict[str, Any]:
        records = [
            {"dynamodb": {"Keys": {"pk": {"S": f"ACCOUNT#{each}"}, "sk": {"S": "MUTATION#x"}}}}
            for each in accounts or (ACCOUNT, ACCOUNT)
        ]
        answer: dict[str, Any] = judge_app.handler({"Records": records}, Context())
        return answer

    def findings(self) -> list[Finding]:
        current = self.ledger.snapshot().current
        found = [self.ledger.finding(row.slot, row.finding_id) for row in current.values()]
        return [finding for finding in found if finding and finding.kind != "baseline"]

    def new_version(self, document: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Make a version in IAM; its event."""
        answer = self.iam.create_policy_version(
            PolicyArn=self.policy, PolicyDocument=json.dumps(document), SetAsDefault=True
        )["PolicyVersion"]
        return iam_event(
            "CreatePolicyVersion",
            {
                "policyArn": self.policy,
                "policyDocument": json.dumps(document),
                "setAsDefault": True,
            },
            responseElements={
                "policyVersion": {"versionId": answer["VersionId"], "isDefaultVersion": True}
            },
            **{"eventTime": LATER} | fields,
        )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": "",
        "TABLE_NAME": TABLE,
        "MASK_KEY_SECRET": "mask-key",
        "STACK_NAME": STACK,
        "CODE_VERSION": "1",
        "POWERTOOLS_SERVICE_NAME": "policy-monitor",
        "POWERTOOLS_METRICS_NAMESPACE": "PolicyMonitor",
    }.items():
        monkeypatch.setenv(name, value)
    with dynamodb() as client:
        boto3.client("secretsmanager").create_secret(Name="mask-key", SecretString="k" * 32)
        iam = boto3.client("iam")
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        policy = iam.create_policy(
            PolicyName="AstronomerCrossAccountRole", PolicyDocument=json.dumps(READ)
        )["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=policy)
        for app in (detect_app, judge_app, reconcile_app):
            # Powertools reads its variables when a function is loaded, which was long ago here.
            monkeypatch.setattr(app.metrics.provider, "namespace", "PolicyMonitor")
        forget()
        yield World(iam, policy, DynamoDBLedger(client, TABLE, ACCOUNT))
    forget()


def forget() -> None:
    """A function's process ends: what it has made once is made anew."""
    for app in (detect_app, judge_app):
        app.settings.cache_clear()
        app.dynamodb.cache_clear()
    detect_app.iam.cache_clear()
    judge_app.access_analyzer_client.cache_clear()
    reconcile_app.settings.cache_clear()
    reconcile_app.client.cache_clear()
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    DEFAULT_PROVIDERS.clear()


def metric(output: str, name: str) -> list[float]:
    rows = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return [value for row in rows if name in row for value in row[name]]


def test_a_change_is_recorded_judged_and_written_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.reconcile()
    event = world.new_version(WRITE, userIdentity=WATCHED_ROLE_ITSELF)
    for _ in range(3):
        world.detect(event)
        assert world.judge() == {"batchItemFailures": []}
    assert {(f.subject.type, f.verdict) for f in world.findings()} == {
        ("role", "expansion"),
        ("policy", "expansion"),
    }
    snapshot = world.ledger.snapshot()
    assert (snapshot.seq, snapshot.derived, len(snapshot.mutations)) == (2, 2, 1)
    output = capsys.readouterr().out
    assert metric(output, "UnjudgedFacts") == [0, 0, 0]
    assert metric(output, "UnreadableEvents") == [0, 0, 0]


def test_an_answer_that_contradicts_itself_is_undetermined_and_counted(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reconcile()
    monkeypatch.setattr(Evaluator, "answer", lambda *_: Decision(allowed=False))
    world.detect(world.new_version(WRITE))
    world.judge()
    assert {finding.verdict for finding in world.findings()} == {"undetermined"}
    assert metric(capsys.readouterr().out, "UnjudgedFacts") == [2]


def test_judge_asks_access_analyzer_where_a_second_opinion_is_wanted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reconcile()
    stubber = Stubber(judge_app.access_analyzer_client())
    for _ in range(2):
        stubber.add_response(
            "check_no_new_access",
            {"result": "PASS", "message": "The modified permissions do not grant new access."},
        )
    world.detect(world.new_version(WRITE))
    with stubber:
        world.judge()
        monkeypatch.setenv("SECOND_OPINION", "true")
        later = LATER.replace("06:00", "07:00")
        world.detect(world.new_version(allow("s3:*"), eventTime=later))
        world.judge()
        world.judge()
        stubber.assert_no_pending_responses()
    found = {
        (f.time == later, f.verdict, "second_opinion" in f.comparison) for f in world.findings()
    }
    assert found == {(False, "expansion", False), (True, "undetermined", True)}


def test_judge_loads_access_analyzer_only_where_it_is_asked(world: World) -> None:
    assert judge_app.analyzer() is None
    code = (
        "import sys; import functions.judge.app as app; "
        "assert app.analyzer() is None; "
        "assert 'policy_monitor.adapters.access_analyzer' not in sys.modules"
    )
    ran = subprocess.run(  # noqa: S603 (this interpreter, a fixed text)
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert world.findings() == []


def test_facts_wait_for_the_baseline(world: World) -> None:
    world.detect(world.new_version(WRITE))
    world.judge()
    assert world.findings() == []
    world.reconcile()
    world.judge()
    assert len(world.findings()) == 2


def test_the_first_run_of_reconcile_records_the_baseline(world: World) -> None:
    world.reconcile()
    genesis = world.ledger.snapshot().genesis
    assert genesis is not None
    assert genesis.state.roles[ROLE].attached == {world.policy}
    assert genesis.state.policies[world.policy].default == "v1"


def test_an_attached_policy_is_read_from_iam(world: World) -> None:
    world.reconcile()
    extra = world.iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(WRITE))
    arn = extra["Policy"]["Arn"]
    world.iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    event = iam_event("AttachRolePolicy", {"roleName": ROLE, "policyArn": arn}, eventTime=LATER)
    world.detect(event)
    world.judge()
    (finding,) = world.findings()
    assert (finding.subject.arn, finding.verdict) == (ROLE_ARN, "expansion")


def test_a_padded_trust_policy_is_read_from_iam(world: World) -> None:
    world.reconcile()
    world.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust("*")))
    world.detect(iam_event("UpdateAssumeRolePolicy", None, eventTime=LATER))
    world.judge()
    (finding,) = world.findings()
    assert (finding.subject.type, finding.verdict) == ("trust", "expansion")


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"account": ACCOUNT, "source": "aws.iam", "detail": "text"},
        iam_event("DeleteRole", {"roleName": 5}),
        [],
        "text",
        None,
    ],
)
def test_an_event_that_cannot_be_understood_fails_and_is_counted(
    world: World, event: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadableEventError):
        world.detect(event)
    assert metric(capsys.readouterr().out, "UnreadableEvents") == [1]
    assert world.ledger.snapshot().seq == 0


def test_an_event_that_does_not_concern_us_leaves_no_trace(world: World) -> None:
    world.detect(iam_event("AttachRolePolicy", {"roleName": "x", "policyArn": OTHER_POLICY}))
    assert world.ledger.snapshot().seq == 0


def test_an_event_of_another_account_is_kept_apart(world: World) -> None:
    world.reconcile()
    event = iam_event(
        "PutRolePolicy",
        {"roleName": ROLE, "policyName": "i", "policyDocument": json.dumps(WRITE)},
        recipientAccountId="999999999999",
        eventTime=LATER,
    )
    world.detect({**event, "account": "999999999999"})
    world.judge("999999999999", ACCOUNT)
    assert world.ledger.snapshot().mutations == ()
    assert world.findings() == []


def test_no_log_line_holds_a_document_or_an_external_id(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.reconcile()
    document = json.dumps(TRUST)
    for text in (document, document[:-1]):
        event = iam_event(
            "UpdateAssumeRolePolicy", {"roleName": ROLE, "policyDocument": text}, eventTime=LATER
        )
        try:
            world.detect(event)
        except UnreadableEventError as error:
            assert "planted" not in str(error)  # noqa: PT017 (the first of the two is readable)
    world.judge()
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert "planted" not in text
        assert "Statement" not in text
    (mutation,) = world.ledger.snapshot().mutations
    assert mutation.kind is MutationKind.CHANGE


@pytest.mark.parametrize(
    ("code", "error"),
    [("Throttling", RetryableError), ("AccessDenied", PolicyMonitorError)],
)
def test_while_iam_refuses_to_answer_nothing_is_recorded_and_the_event_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str, error: type[Exception]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, "GetPolicy")

    client = detect_app.iam()._client  # noqa: SLF001 (where AWS answers)
    monkeypatch.setattr(client, "get_policy", refuse)
    event = iam_event("AttachRolePolicy", {"roleName": ROLE, "policyArn": world.policy})
    with pytest.raises(error):
        world.detect(event)
    assert world.ledger.snapshot().seq == 0


def test_a_judgement_that_fails_fails_its_whole_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reconcile()
    world.detect(world.new_version(WRITE))

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "TransactWriteItems")

    with monkeypatch.context() as patched:
        patched.setattr(judge_app.dynamodb(), "transact_write_items", refuse)
        with pytest.raises(RetryableError):
            world.judge()
    assert world.findings() == []
    world.judge()
    assert len(world.findings()) == 2


@pytest.mark.parametrize("name", ["detect", "judge", "reconcile"])
def test_a_function_fails_at_a_table_of_a_newer_version_and_its_event_is_kept(
    world: World, name: str
) -> None:
    world.reconcile()
    event = world.new_version(WRITE)
    written_by(boto3.client("dynamodb"), 2)
    with pytest.raises(PolicyMonitorError, match=re.escape(NEWER)):
        world.detect(event) if name == "detect" else getattr(world, name)()
    written_by(boto3.client("dynamodb"), 1)
    assert world.ledger.snapshot().seq == 1
    world.detect(event)
    world.judge()
    assert len(world.findings()) == 2


@pytest.mark.parametrize("name", ["detect", "judge", "reconcile"])
def test_importing_a_function_asks_nothing_of_its_surroundings(name: str) -> None:
    code = (
        "import os; os.environ.clear()\n"
        "import boto3\n"
        "boto3.client = None\n"
        f"import functions.{name}.app\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 (our own code)


def test_what_is_done_to_the_monitor_itself_is_recorded_and_judged_once(world: World) -> None:
    world.reconcile()
    by_call = {case.call: case for case in cases()}
    later: dict[str, Any] = {"eventTime": LATER}
    deleted = tamper_event(by_call["DeleteTable"], eventID="1", **later)
    denied = refused_event(by_call["StopLogging"], eventID="2", **later)
    updated = tamper_event(by_call["UpdateStack"], eventID="3", **later)
    by_stack = tamper_event(by_call["PutTargets"], eventID="4", **BY_CLOUDFORMATION | later)
    for event in (deleted, denied, updated, by_stack, deleted):
        world.detect(event)
    world.judge()
    assert sorted((f.event_name, f.kind, f.severity) for f in world.findings()) == [
        ("DeleteTable", "tamper", "critical"),
        ("StopLogging", "attempt", "high"),
        ("UpdateStack", "tamper", "info"),
    ]
    assert len(world.ledger.snapshot().mutations) == 4
