"""``policy-monitor diff --second-opinion``, as it is run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from tests.commands import Runner, run
from tests.histories import allow, trust

from policy_monitor.adapters.access_analyzer import SERVICE, AccessAnalyzer
from policy_monitor_cli import opinions

__all__ = ["run"]

READ, MORE = allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject")
FAIL = {
    "result": "FAIL",
    "message": "The modified permissions grant new access compared to your existing policy.",
    "reasons": [{"description": "New access.", "statementIndex": 0}],
}
PASS = {"result": "PASS", "message": "The modified permissions do not grant new access."}
# Of the first, AWS's pages give two readings.
SHORT, LONG = "arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:123456789012:q"
AGREES = (
    "AWS's CheckNoNewAccess agrees: FAIL for the new policy against the old and PASS for the old "
    "against the new."
)


@pytest.fixture
def stubber(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client(
        SERVICE,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    monkeypatch.setattr(opinions, "analyzer", lambda: AccessAnalyzer(client))
    with Stubber(client) as stubbed:
        yield stubbed
        stubbed.assert_no_pending_responses()


def answers(stubber: Stubber, *given: dict[str, Any]) -> None:
    for answer in given:
        stubber.add_response("check_no_new_access", answer)


def written(folder: Path, *sides: Any) -> list[Path]:
    paths = [folder / f"{number}.json" for number in range(len(sides))]
    for path, side in zip(paths, sides, strict=True):
        path.write_text(json.dumps(side))
    return paths


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_both_answers_are_shown_beside_the_verdict(
    run: Runner, stubber: Stubber, tmp_path: Path, form: str
) -> None:
    answers(stubber, FAIL, PASS)
    ran = run("diff", *written(tmp_path, READ, MORE), "--second-opinion", "--format", form)
    assert ran.status == 1
    if form == "json":
        line = json.loads(ran.out)
        assert line["verdict"] == "expansion"
        assert line["second_opinion"] == {"gained": "FAIL", "lost": "PASS", "note": ""}
    else:
        assert AGREES in " ".join(ran.out.split())


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_disagreement_is_undetermined_and_gates(
    run: Runner, stubber: Stubber, tmp_path: Path, form: str
) -> None:
    answers(stubber, FAIL, FAIL)
    ran = run("diff", *written(tmp_path, MORE, READ), "--second-opinion", "--format", form)
    assert ran.status == 1
    told = " ".join(ran.out.split())
    assert "undetermined" in told
    assert "this monitor says reduction, and AWS's CheckNoNewAccess says that something may" in told
    if form == "json":
        assert json.loads(ran.out)["lost"]
    else:
        assert "disagrees: FAIL for the new policy against the old" in told


def test_agreement_on_less_passes_the_gate(run: Runner, stubber: Stubber, tmp_path: Path) -> None:
    answers(stubber, PASS, FAIL)
    assert run("diff", *written(tmp_path, MORE, READ), "--second-opinion").status == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ThrottlingException", "ThrottlingException; try again later"),
        ("AccessDeniedException", "was denied; allow it in this identity's policy"),
        ("InvalidParameterException", "InvalidParameterException"),
    ],
)
def test_where_aws_does_not_answer_the_own_verdict_holds_and_it_is_said(
    run: Runner, stubber: Stubber, tmp_path: Path, code: str, said: str
) -> None:
    stubber.add_client_error("check_no_new_access", code, "no", 400)
    ran = run("diff", *written(tmp_path, MORE, READ), "--second-opinion")
    assert ran.status == 0
    told = " ".join(ran.out.split())
    assert "No second opinion: not available: access-analyzer:CheckNoNewAccess" in told
    assert said in told


@pytest.mark.usefixtures("stubber")
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ({"identity": [READ], "boundary": MORE}, {"identity": [MORE]}, "permissions boundary"),
        ([], [READ], "one side has no policy"),
        ([READ, {**MORE, "Version": "2008-10-17"}], [READ], "several Versions"),
        (allow("sqs:*", resource=SHORT), allow("sqs:*", resource=LONG), "undetermined as it is"),
    ],
)
def test_what_cannot_be_asked_is_said(
    run: Runner, tmp_path: Path, old: Any, new: Any, why: str
) -> None:
    ran = run("diff", *written(tmp_path, old, new), "--second-opinion", "--format", "json")
    said = json.loads(ran.out)["second_opinion"]
    assert (said["gained"], said["lost"]) == (None, None)
    assert said["note"].startswith("not asked: ")
    assert why in said["note"]


def test_an_external_id_is_not_sent(run: Runner, stubber: Stubber, tmp_path: Path) -> None:
    sent: list[Any] = []

    def remember(params: Any, **_: Any) -> None:
        sent.append(params)

    stubber.client.meta.events.register(
        "provide-client-params.accessanalyzer.CheckNoNewAccess", remember
    )
    answers(stubber, FAIL, FAIL)
    sides = []
    for value in ("planted-id-1", "planted-id-2"):
        document = trust()
        document["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": value}}
        sides.append(document)
    ran = run("diff", *written(tmp_path, *sides), "--second-opinion", "--format", "json")
    assert json.loads(ran.out)["verdict"] == "mixed"
    assert {params["policyType"] for params in sent} == {"RESOURCE_POLICY"}
    assert len(sent) == 2
    assert "planted" not in str(sent) + ran.out


def test_without_credentials_or_a_region_it_is_one_line(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = written(tmp_path, READ, MORE)
    ran = run("diff", *paths, "--second-opinion")
    assert (ran.status, ran.out) == (2, "")
    assert "no AWS region is configured, and --second-opinion asks AWS" in ran.err
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    ran = run("diff", *paths, "--second-opinion")
    assert (ran.status, ran.out) == (2, "")
    assert "no AWS credentials, and --second-opinion asks AWS; set AWS_PROFILE" in ran.err


def test_many_pairs_are_not_asked_about(run: Runner, tmp_path: Path) -> None:
    ran = run("diff", "--pairs", tmp_path / "pairs.jsonl", "--second-opinion")
    assert (ran.status, ran.out) == (2, "")
    assert "--second-opinion is charged by the comparison; give OLD and NEW" in ran.err
