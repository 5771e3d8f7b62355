"""report as it is deployed, with the environment of the template, against an emulated AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import ANY, Stubber
from functions.report import app
from moto import mock_aws
from tests.commands import LEDGER_TEMPLATE, Runner, record
from tests.contract.ledgers import ACCOUNT
from tests.lambda_context import Context

from policy_monitor.adapters.bucket import Bucket
from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.errors import DeniedError, InputError, PolicyMonitorError, RetryableError
from policy_monitor.ledger import Notice
from policy_monitor_cli.template import load_template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
BUCKET = "audit"
KEY = f"policy-monitor/{ACCOUNT}/report.html"
NOW = "2026-11-22T10:00:00Z"
PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
    ],
}


@dataclass
class World:
    """The emulated account, with the ledger of a stack and a bucket in it."""

    s3: Any
    dynamodb: Any

    def look(self) -> None:
        context: Any = Context()
        app.handler({"source": "aws.events"}, context)

    def keys(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def page(self) -> Any:
        return self.s3.get_object(Bucket=BUCKET, Key=KEY)

    def versions(self) -> int:
        return len(self.s3.list_object_versions(Bucket=BUCKET).get("Versions", []))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    given = {"ReportBucket": BUCKET}
    names = {"Ledger": "ledger"}
    function = load_template(TEMPLATE, given, names).functions["ReportFunction"]
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    for name, value in {**function.environment, **credentials}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(app, "now", lambda: NOW)
    app.client.cache_clear()
    with mock_aws():
        boto3.client("cloudformation").create_stack(
            StackName="policy-monitor", TemplateBody=json.dumps(LEDGER_TEMPLATE)
        )
        made = World(boto3.client("s3"), boto3.client("dynamodb"))
        record(made.dynamodb, "ledger")
        made.s3.create_bucket(Bucket=BUCKET)
        made.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield made
    app.client.cache_clear()


def test_the_bucket_gets_the_page_that_the_command_writes(
    run: Runner, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy_monitor_cli.report.now", lambda: NOW)
    world.look()
    out = tmp_path / "page.html"
    stack = ("--stack", "policy-monitor", "--region", "us-east-1")
    assert run("report", *stack, "--out", out).status == 0
    page = world.page()
    assert page["Body"].read() == out.read_bytes()
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert page["CacheControl"] == "private, no-cache"
    assert world.keys() == [KEY]


def test_nobody_but_the_owner_is_given_the_page(world: World) -> None:
    world.look()
    acl = world.s3.get_object_acl(Bucket=BUCKET, Key=KEY)
    assert [grant["Grantee"]["ID"] for grant in acl["Grants"]] == [acl["Owner"]["ID"]]


def test_it_is_written_again_only_when_something_changed(world: World) -> None:
    for _ in range(3):
        world.look()
    assert world.versions() == 1
    ledger = DynamoDBLedger(world.dynamodb, "ledger", ACCOUNT)
    ledger.put_notice(Notice("1-reduction", "Told us by mail.", "arn:aws:iam::1:user/a", NOW))
    for _ in range(3):
        world.look()
    assert world.versions() == 2
    assert b"Told us by mail." in world.page()["Body"].read()


def test_a_page_that_somebody_removed_comes_again(world: World) -> None:
    world.look()
    world.s3.delete_object(Bucket=BUCKET, Key=KEY)
    world.look()
    assert world.keys() == [KEY]


def test_a_bucket_whose_policy_is_public_gets_no_page(world: World) -> None:
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(PUBLIC))
    with pytest.raises(InputError, match=r"^bucket audit: its policy lets the public in"):
        world.look()
    assert world.keys() == []
    private = {**PUBLIC["Statement"][0], "Principal": {"AWS": ACCOUNT}}  # type: ignore[dict-item]
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({**PUBLIC, "Statement": [private]}))
    world.look()
    assert world.keys() == [KEY]


def test_a_bucket_that_becomes_public_is_an_error_though_nothing_is_to_be_written(
    world: World,
) -> None:
    world.look()
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(PUBLIC))
    with pytest.raises(InputError, match="lets the public in"):
        world.look()


def test_a_bucket_that_is_not_there_is_named_with_the_remedy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET_NAME", "nowhere")
    with pytest.raises(InputError, match=r"^bucket nowhere: there is none; set ReportBucket"):
        world.look()
    assert world.keys() == []


# ------------------------------------------------------------------------------- S3's answers


@pytest.fixture
def stubbed() -> Iterator[tuple[Bucket, Stubber]]:
    client = boto3.client(
        "s3", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    with Stubber(client) as stubber:
        yield Bucket(client, BUCKET, KEY, ACCOUNT), stubber
        stubber.assert_no_pending_responses()


OWNED = {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}


def test_every_call_insists_on_the_account_that_owns_the_bucket(
    stubbed: tuple[Bucket, Stubber],
) -> None:
    bucket, stubber = stubbed
    status = {"PolicyStatus": {"IsPublic": False}}
    stubber.add_response("get_bucket_policy_status", status, OWNED)
    stubber.add_response("head_object", {"Metadata": {"edition": "e"}}, {**OWNED, "Key": KEY})
    sent = {"Body": b"page", "ContentType": ANY, "CacheControl": ANY, "Metadata": {"edition": "f"}}
    stubber.add_response("put_object", {}, {**OWNED, "Key": KEY, **sent})
    bucket.check()
    assert bucket.edition() == "e"
    bucket.put(b"page", "f")


@pytest.mark.parametrize("code", ["403", "404"])
def test_without_leave_to_list_a_page_that_is_not_there_is_a_403(
    stubbed: tuple[Bucket, Stubber], code: str
) -> None:
    bucket, stubber = stubbed
    stubber.add_client_error("head_object", code, http_status_code=int(code))
    assert bucket.edition() == ""


def test_another_accounts_bucket_is_refused(stubbed: tuple[Bucket, Stubber]) -> None:
    bucket, stubber = stubbed
    stubber.add_client_error("get_bucket_policy_status", "AccessDenied", http_status_code=403)
    with pytest.raises(DeniedError, match=f"the bucket must be account {ACCOUNT}'s") as refusal:
        bucket.check()
    assert refusal.value.action == "s3:GetBucketPolicyStatus"


CALLS = {
    "get_bucket_policy_status": lambda bucket: bucket.check(),
    "head_object": lambda bucket: bucket.edition(),
    "put_object": lambda bucket: bucket.put(b"page", "e"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("status", "retryable"), [(503, True), (400, False)])
def test_what_may_pass_is_told_from_what_will_not(
    stubbed: tuple[Bucket, Stubber], call: str, status: int, *, retryable: bool
) -> None:
    bucket, stubber = stubbed
    stubber.add_client_error(call, "Fault", http_status_code=status)
    with pytest.raises(PolicyMonitorError, match=r"audit.*: s3:") as refusal:
        CALLS[call](bucket)
    assert isinstance(refusal.value, RetryableError) is retryable
    assert isinstance(refusal.value.__cause__, ClientError)


@pytest.mark.parametrize("call", CALLS)
def test_an_endpoint_out_of_reach_is_worth_another_try(
    stubbed: tuple[Bucket, Stubber], call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, _ = stubbed

    def unreachable(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3")

    monkeypatch.setattr(bucket._client, call, unreachable)  # noqa: SLF001 (the stub's client)
    with pytest.raises(RetryableError, match=r"audit.*: s3: "):
        CALLS[call](bucket)
