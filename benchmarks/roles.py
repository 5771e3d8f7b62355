"""Roles and policies of any size, made the same way each time: what growth is measured on."""

import json
from collections.abc import Sequence
from typing import Any

type Json = dict[str, Any]

FULL_SIZE = 6_144
"""Characters of a full managed policy, blanks not counted. IAM User Guide, "IAM and AWS STS
quotas" (reference_iam-quotas)."""

_SERVICES = ("s3", "ec2", "iam", "dynamodb", "sqs", "sns", "lambda", "kms", "logs", "ecr")
_VERBS = ("Get", "List", "Describe", "Create", "Delete", "Put", "Update", "Tag", "Attach", "Start")
_NOUNS = ("Object", "Item", "Queue", "Function", "Stream", "Policy", "Cluster", "Image", "Role")
_TEAMS = ("a", "b", "c", "d", "e")


def document(*statements: Json) -> Json:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def text(raw: Json) -> str:
    """A document as JSON without blanks."""
    return json.dumps(raw, separators=(",", ":"))


def ordinary_statement(number: int) -> Json:
    """A statement as real policies have them; every fifth one is a Deny."""
    service = _SERVICES[number % len(_SERVICES)]
    actions = [
        f"{service}:{_VERBS[(number + step) % len(_VERBS)]}{_NOUNS[number * step % len(_NOUNS)]}"
        for step in range(1, 7)
    ]
    actions.append(f"{service}:{_VERBS[number % len(_VERBS)]}*")
    return {
        "Sid": f"S{number}",
        "Effect": "Deny" if number % 5 == 4 else "Allow",  # noqa: PLR2004 - the fifth
        "Action": actions,
        "Resource": [
            f"arn:aws:{service}:*:123456789012:team-{number % 17}/{number}/*",
            f"arn:aws:{service}:us-east-1:*:shared-{number % 7}*",
        ],
        "Condition": {
            "StringEquals": {"aws:ResourceTag/team": _TEAMS[number % len(_TEAMS)]},
            "StringNotLike": {"aws:PrincipalTag/stage": f"prod-{number % 11}*"},
        },
    }


def ordinary_statements(count: int) -> list[Json]:
    """Statements that differ from each other."""
    return [ordinary_statement(number) for number in range(count)]


def full_role(policies: int = 20) -> list[Json]:
    """A role's attached policies, each as large as IAM takes."""
    documents: list[Json] = []
    number = 0
    for _ in range(policies):
        statements: list[Json] = []
        while len(text(document(*statements, ordinary_statement(number)))) <= FULL_SIZE:
            statements.append(ordinary_statement(number))
            number += 1
        documents.append(document(*statements))
    return documents


def widened(statement: Json) -> Json:
    """The statement with one resource more."""
    return {**statement, "Resource": [*statement["Resource"], "arn:aws:s3:::widened/*"]}


def with_every_tenth_changed(statements: Sequence[Json]) -> list[Json]:
    """Statements of which some have one resource more."""
    return [widened(each) if place % 10 == 0 else each for place, each in enumerate(statements)]
