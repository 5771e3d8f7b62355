"""``policy-monitor show``: what a file's policies allow, for people and programs."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from policy_monitor_cli import main as command
from policy_monitor_cli.main import BAD_INPUT, app

TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::406882777402:root"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": "very-secret-7Q"}},
}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "s3:GetObject", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {**allow(action, resource, **elements), "Effect": "Deny"}


def show(folder: Path, content: Any, *options: str) -> str:
    path = folder / "policies.json"
    path.write_text(json.dumps(content))
    result = CliRunner().invoke(app, ["show", str(path), *options])
    assert result.exit_code == 0, result.output
    return result.output


def show_json(folder: Path, content: Any, *options: str) -> dict[str, Any]:
    return dict(json.loads(show(folder, content, "--format", "json", *options)))


def levels(line: dict[str, Any], service: str) -> dict[str, Any]:
    (found,) = [each for each in line["services"] if each["service"] == service]
    return dict(found["levels"])


def fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    """What a command that cannot go on says."""
    monkeypatch.setattr("sys.argv", ["policy-monitor", "show", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == BAD_INPUT
    written = capsys.readouterr()
    assert written.out == ""
    return written.err


def test_one_document_is_counted_by_service_and_access_level(tmp_path: Path) -> None:
    line = show_json(tmp_path, document(allow(["s3:GetObject", "s3:PutObjectTagging"])))
    assert line["schema"] == "policy-monitor/inventory/1"
    assert [each["service"] for each in line["services"]] == ["s3"]
    found = levels(line, "s3")
    assert found["Read"]["allowed"] == found["Read"]["always"] == 1
    assert found["Read"]["actions"] == ["s3:GetObject"]
    assert found["Read"]["catalogued"] > 1
    assert found["Tagging"]["allowed"] == 1
    assert found["Write"]["allowed"] == 0


def test_a_list_of_documents_is_one_access(tmp_path: Path) -> None:
    line = show_json(tmp_path, [document(allow("s3:*")), document(deny("s3:GetObject"))])
    assert "s3:GetObject" not in levels(line, "s3")["Read"]["actions"]
    (denied,) = line["denies"]
    assert denied["statements"] == [{"document": 1, "statement": 0, "sid": ""}]
    assert denied["actions"] == ["s3:GetObject"]
    assert denied["entirely"] == 1


def test_a_boundary_is_taken_into_account(tmp_path: Path) -> None:
    role = {"identity": [document(allow("*"))], "boundary": document(allow("s3:GetObject"))}
    line = show_json(tmp_path, role)
    assert line["allowed_total"] == 1
    assert line["beyond_boundary_total"] > 1000
    assert len(line["beyond_boundary"]) == 50


def test_limits_are_counted_and_shown_with_their_statement(tmp_path: Path) -> None:
    policy = document(
        allow(
            "s3:GetObject",
            "arn:aws:s3:::logs/*",
            Sid="Logs",
            Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}},
        )
    )
    read = levels(show_json(tmp_path, policy), "s3")["Read"]
    assert (read["always"], read["conditions"], read["resources"]) == (0, 1, 1)
    output = show(tmp_path, policy)
    assert "+ s3:GetObject" in output
    assert "on arn:aws:s3:::logs/*" in output
    assert "if aws:PrincipalTag/team is a" in output
    assert 'statement 1 "Logs"' in output


def test_what_is_wholly_allowed_in_many_services_is_one_line(tmp_path: Path) -> None:
    output = show(tmp_path, document(allow("*")))
    assert len(output.splitlines()) < 12
    assert "Everything, always, in " in output


def test_a_document_of_denies_says_that_it_allows_nothing(tmp_path: Path) -> None:
    assert show(tmp_path, document(deny("*"))).startswith("Allows nothing")


def test_actions_that_are_allowed_on_nothing_that_they_take_are_named_apart(
    tmp_path: Path,
) -> None:
    line = show_json(
        tmp_path, document(allow("ec2:DescribeInstances", "arn:aws:ec2:*:*:instance/*"))
    )
    assert line["allowed_total"] == 0
    assert line["services"] == []
    assert line["latent"] == ["ec2:DescribeInstances"]


def test_what_the_catalogue_lacks_and_what_is_surely_not_meant_is_pointed_out(
    tmp_path: Path,
) -> None:
    line = show_json(tmp_path, document(allow(["s3:GetObject ", "nosuch:Thing"])))
    assert line["uncatalogued"] == ["s3:GetObject ", "nosuch:Thing"]
    assert any("s3:GetObject " in warning for warning in line["warnings"])


def test_what_could_not_be_decided_is_said(tmp_path: Path) -> None:
    policy = document(allow(Condition={"DateLessThan": {"aws:CurrentTime": "soon"}}))
    assert "? DateLessThan on aws:CurrentTime could not be decided" in show(tmp_path, policy)


def test_a_trust_policy_shows_who_and_hides_the_external_id(tmp_path: Path) -> None:
    for options in ((), ("--format", "json")):
        output = show(tmp_path, document(TRUST), *options)
        assert "arn:aws:iam::406882777402:root" in output
        assert "very-secret" not in output
        assert "****7Q" in output
    assert "very-secret-7Q" in show(tmp_path, document(TRUST), "--reveal")


def test_a_bound_principal_decides_what_reads_it(tmp_path: Path) -> None:
    arn = "arn:aws:iam::123456789012:role/vendor"
    policy = document(allow(Condition={"ArnEquals": {"aws:PrincipalArn": arn}}))
    assert show_json(tmp_path, policy, "--principal", arn)["allowed_total"] == 1
    assert show_json(tmp_path, policy, "--principal", f"{arn}2")["allowed_total"] == 0


def test_piped_output_is_plain_and_fits_80_columns(tmp_path: Path) -> None:
    policy = document(
        allow(["ec2:*", "iam:*"], Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        allow("application-autoscaling:*", "arn:aws:application-autoscaling:*:*:*"),
        allow("s3:*", [f"arn:aws:s3:::{'long' * 12}-{number}/*" for number in range(9)]),
        deny("ec2:Run*", "arn:aws:ec2:*:*:instance/*"),
    )
    output = show(tmp_path, policy)
    assert "\x1b" not in output
    assert max(map(len, output.splitlines())) <= 80


def test_a_document_on_standard_input_is_read() -> None:
    result = CliRunner().invoke(app, ["show", "-"], input=json.dumps(document(allow())))
    assert result.exit_code == 0
    assert "1 catalogued action of 1 service" in result.output


def test_help_shows_an_example() -> None:
    result = CliRunner().invoke(app, ["show", "--help"])
    assert "Example: policy-monitor show" in result.output


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('{"Statement": [', "line 1, column 16"),
        ('{"Statement": [{"Effect": "Allow"}]}', "statement 1: Action is missing"),
        ('{"identity": {}}', "identity: a list of policy documents belongs here"),
    ],
)
def test_bad_input_is_one_line_that_names_the_file(
    content: str,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    said = fail(monkeypatch, capsys, str(path))
    assert said.startswith(f"policy-monitor: {path}: ")
    assert wanted in said
    assert said.count("\n") == 1


def test_a_policy_of_another_kind_than_asked_for_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(document(TRUST)))
    assert "Principal in an identity policy" in fail(
        monkeypatch, capsys, str(path), "--kind", "identity"
    )


def test_a_missing_file_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "No such file" in fail(monkeypatch, capsys, "nowhere.json")


def test_broken_standard_input_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert "standard input: byte 1 is not UTF-8" in fail(monkeypatch, capsys, "-")
