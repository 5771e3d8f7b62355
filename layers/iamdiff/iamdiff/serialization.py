"""A comparison as JSON: ``policy-monitor/comparison/1``."""

from collections.abc import Sequence
from typing import Any

from iamdiff.bodies import BOUNDARY, Place
from iamdiff.grants import Grant
from iamdiff.model import Condition, Request
from iamdiff.verdicts import Comparison

SCHEMA = "policy-monitor/comparison/1"
MOST_NAMES = 50
"""Names in one list; `catalogued_total` says how many there are."""


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Write a comparison as the JSON of design section 6, without ``id`` and ``elapsed_ms``."""
    return {
        "schema": SCHEMA,
        "verdict": comparison.verdict.value,
        "latent": comparison.latent,
        "undetermined": [
            {"code": reason.code, "sentence": reason.sentence} for reason in comparison.undetermined
        ],
        "gained": [_grant(grant) for grant in comparison.gained],
        "gained_total": len(comparison.gained) + comparison.gained_folded,
        "lost": [_grant(grant) for grant in comparison.lost],
        "lost_total": len(comparison.lost) + comparison.lost_folded,
        "lifted_denies": [_grant(grant) for grant in comparison.lifted_denies],
        "added_denies": [_grant(grant) for grant in comparison.added_denies],
        "catalogue_date": comparison.catalogue_date,
    }


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "actions": list(grant.actions[:MOST_NAMES]),
        "actions_total": len(grant.actions),
        "catalogued": list(grant.catalogued[:MOST_NAMES]),
        "catalogued_total": len(grant.catalogued),
        "uncatalogued": list(grant.uncatalogued[:MOST_NAMES]),
        "access_levels": list(grant.access_levels),
        "resources": list(grant.resources[:MOST_NAMES]),
        "resources_total": len(grant.resources),
        "conditions": _conditions(grant.conditions),
        "latent": grant.latent,
        "because": {
            "allowed_by": _places(grant.allowed_by),
            "before": grant.before.value,
            "before_statements": _places(grant.before_statements),
        },
        "witness": _witness(grant.witness),
    }


def _conditions(conditions: Sequence[Condition]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for condition in conditions:
        keys = found.setdefault(condition.operator.name, {})
        keys.setdefault(condition.key, []).extend(condition.values)
    return found


def _places(places: Sequence[Place]) -> list[dict[str, Any]]:
    return [
        {
            "document": "boundary" if place.document == BOUNDARY else place.document,
            "statement": place.statement.number,
            "sid": place.statement.sid,
        }
        for place in places
    ]


def _witness(witness: Request) -> dict[str, Any]:
    return {
        "principal": witness.principal,
        "action": witness.action,
        "resource": witness.resource,
        "context": {
            key: [value] if isinstance(value, str) else list(value)
            for key, value in witness.context.items()
        },
    }
