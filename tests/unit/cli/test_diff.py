"""``policy-monitor diff``, as it is run: verdicts and exit statuses, and what is no policy."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Ran, Runner, run
from tests.histories import allow, trust

__all__ = ["run"]

READ, MORE = allow("s3:GetObject"), allow("s3:GetObject", "s3:PutObject")
DENIED = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
GUARDED = {**READ, "Statement": [*READ["Statement"], DENIED]}
ROLE = "arn:aws:iam::123456789012:role/vendor"

type Differ = Callable[..., Ran]


@pytest.fixture
def diff(run: Runner, tmp_path: Path) -> Differ:
    """Run diff on two values, written as JSON; texts as they are."""

    def differ(old: Any, new: Any, *options: str) -> Ran:
        for name, side in (("old.json", old), ("new.json", new)):
            text = side if isinstance(side, str) else json.dumps(side)
            (tmp_path / name).write_text(text, "utf-8")
        return run("diff", tmp_path / "old.json", tmp_path / "new.json", *options)

    return differ


def pairs(run: Runner, folder: Path, *lines: Any, zipped: bool = False) -> Ran:
    written = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    path = folder / "pairs"
    path.write_bytes(gzip.compress(written.encode()) if zipped else written.encode())
    return run("diff", "--pairs", path)


@pytest.mark.parametrize(
    ("old", "new", "verdict", "status"),
    [
        (READ, READ, "equivalent", 0),
        (MORE, READ, "reduction", 0),
        (READ, MORE, "expansion", 1),
        (READ, allow("s3:PutObject"), "mixed", 1),
        ([], [READ], "expansion", 1),
        (GUARDED, READ, "equivalent", 1),
    ],
)
def test_the_verdict_and_what_it_means_for_a_pull_request(
    diff: Differ, old: Any, new: Any, verdict: str, status: int
) -> None:
    ran = diff(old, new)
    assert ran.out.startswith(f"{verdict}  ")
    assert ran.status == status
    assert ran.err == ""
    assert json.loads(diff(old, new, "--format", "json").out)["verdict"] == verdict
    assert diff(old, new, "--format", "markdown").out.startswith(f"**{verdict}** ")


def test_a_deny_that_came_is_said_to_stop_now_and_one_that_went_to_have_stopped_before(
    diff: Differ,
) -> None:
    came, went = diff(READ, GUARDED).out, diff(GUARDED, READ).out
    assert "Newly denied\n  - s3:DeleteObject\n" in came
    assert "Now: a Deny stops it." in came
    assert "No longer denied (whether it is allowed depends on other policies)" in went
    assert "Before: a Deny stopped it." in went


def test_a_lifted_deny_is_a_gain_in_a_part(diff: Differ) -> None:
    assert diff(GUARDED, READ, "--as", "part").out.startswith("expansion  ")


def test_an_action_that_nobody_knows_is_not_said_to_take_no_resource(diff: Differ) -> None:
    out = diff(READ, allow("s3:GetObject", "s3:GetObjct")).out
    assert "Example: s3:GetObjct on any resource" in out


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_what_is_surely_not_meant_is_a_line_on_standard_error(
    diff: Differ, tmp_path: Path, form: str
) -> None:
    ran = diff(READ, allow("s3:GetObject", resource="bucket"), "--format", form)
    assert ran.status == 0
    assert ran.err == (
        f'{tmp_path / "new.json"}: warning: statement 1: Resource: "bucket" is neither an ARN nor '
        "*: it matches nothing\n"
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"PolicyVersion": {"Document": READ, "VersionId": "v1", "IsDefaultVersion": True}},
        {"RoleName": "vendor", "PolicyName": "inline", "PolicyDocument": READ},
        {"Policy": json.dumps(READ)},
    ],
    ids=["get-policy-version", "get-role-policy", "get-bucket-policy"],
)
def test_what_aws_answers_is_read_as_it_is(diff: Differ, answer: Any) -> None:
    assert diff(READ, answer).status == 0
    assert diff(allow("iam:*"), answer).out.startswith("mixed")


@pytest.mark.parametrize(
    ("new", "options", "said"),
    [
        ("", (), "empty; a policy document belongs here, as JSON"),
        ('{"Version": "2012', (), "line 1, column 13: not JSON: unterminated string\n"),
        ('{"Version": "2012-10-17",}', (), "line 1, column 25: not JSON: "),
        ({"Statment": []}, (), "Statment: unknown element; did you mean Statement?"),
        (
            trust(ROLE),
            (),
            "in a resource policy (some statement names a principal, and some a resource; name",
        ),
        (trust(ROLE), ("--kind", "identity"), "statement 1: Principal in an identity policy"),
        (READ, ("--kind", "trust"), "statement 1: Principal is missing in a trust policy\n"),
        (READ, ("--principal", "role/vendor"), "principal: 'role/vendor' is none; write an ARN"),
    ],
)
def test_what_is_no_policy_or_no_principal_is_one_line(
    diff: Differ, new: Any, options: tuple[str, ...], said: str
) -> None:
    ran = diff(READ, new, *options)
    assert ran.status == 2
    assert ran.out == ""
    assert said in ran.err
    assert ran.err.startswith("policy-monitor: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "principal", [ROLE, "123456789012", "ec2.amazonaws.com", "accounts.google.com"]
)
def test_each_form_of_a_principal_is_taken(diff: Differ, principal: str) -> None:
    assert diff(READ, READ, "--principal", principal).status == 0


def test_a_missing_side_is_asked_for(run: Runner) -> None:
    assert "OLD and NEW are needed" in run("diff", "old.json").err


def test_pairs_are_answered_line_by_line_and_a_bad_one_by_its_error(
    run: Runner, tmp_path: Path
) -> None:
    ran = pairs(
        run,
        tmp_path,
        {"id": "more", "old": READ, "new": MORE},
        {"id": "part", "old": GUARDED, "new": READ, "as": "part"},
        "no JSON",
        {"id": "lacking", "old": READ},
        {"id": "other", "old": READ, "new": READ, "kind": "trust"},
        {"id": "nobody", "old": READ, "new": READ, "principal": "vendor"},
        {"id": "less", "old": MORE, "new": READ},
    )
    assert ran.status == 2
    answers = {line["id"]: line.get("verdict") or line["error"] for line in ran.lines()}
    assert answers == {
        "more": "expansion",
        "part": "expansion",
        3: "line 1, column 1: not JSON: expecting value",
        "lacking": "new is missing",
        "other": "old: statement 1: Principal is missing in a trust policy",
        "nobody": "principal: 'vendor' is none; write an ARN, an account id or a service such as "
        "ec2.amazonaws.com",
        "less": "reduction",
    }


@pytest.mark.parametrize("zipped", [False, True])
def test_pairs_have_the_status_of_their_worst(run: Runner, tmp_path: Path, zipped: bool) -> None:
    less = {"id": 1, "old": MORE, "new": READ}
    assert pairs(run, tmp_path, less, zipped=zipped).status == 0
    assert pairs(run, tmp_path, less, {"old": READ, "new": MORE}, zipped=zipped).status == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("old.json", "new.json"), "OLD and NEW"),
        (("--kind", "trust"), "--kind"),
        (("--as", "part"), "--as"),
        (("--principal", ROLE), "--principal"),
        (("--format", "markdown"), "--format markdown"),
    ],
)
def test_pairs_take_nothing_beside_them_that_would_not_count(
    run: Runner, options: tuple[str, ...], named: str
) -> None:
    ran = run("diff", "--pairs", "pairs.jsonl", *options)
    assert ran.status == 2
    assert f"--pairs takes no {named} beside it" in ran.err
