"""The second opinion of ``policy-monitor diff``: Access Analyzer, asked as the caller."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, NoRegionError

from iamdiff import Access, Verdict, compare, parse_document
from iamdiff.sources import load_json
from policy_monitor import catalogue
from policy_monitor.adapters.access_analyzer import PATIENCE, SERVICE, AccessAnalyzer
from policy_monitor.errors import InputError
from policy_monitor.masks import mask
from policy_monitor.opinions import Analyzer, Result, pair_of, unasked, weighed
from policy_monitor_cli.material import MASK_KEY

UNDECIDED = "the verdict is undetermined as it is"


def analyzer() -> AccessAnalyzer:
    """Access Analyzer in the caller's region.

    Raises
    ------
    InputError
        There are no credentials, or no region.
    """
    try:
        session = boto3.Session()
        if session.get_credentials() is None:
            raise InputError(
                "diff: no AWS credentials, and --second-opinion asks AWS; set AWS_PROFILE or sign "
                "in (aws sso login)"
            )
        return AccessAnalyzer(session.client(SERVICE, config=PATIENCE))
    except NoRegionError as error:
        raise InputError(
            "diff: no AWS region is configured, and --second-opinion asks AWS; "
            "set AWS_DEFAULT_REGION"
        ) from error
    except BotoCoreError as error:
        raise InputError(f"diff: AWS configuration: {error}") from error


def with_second_opinion(
    comparison: Mapping[str, Any], old: Any, new: Any, kind: str, asked: Analyzer
) -> Mapping[str, Any]:
    """A comparison with the second opinion on its policies beside it (`opinions.weighed`).

    Parameters
    ----------
    old, new : Any
        Either side as JSON, as `policies.read_access` reads it.
    """
    if comparison["verdict"] == Verdict.UNDETERMINED:
        return unasked(comparison, UNDECIDED)
    sides = [_policies(side) for side in (old, new)]
    bounded = any(isinstance(side, Mapping) and side.get("boundary") for side in (old, new))
    pair = pair_of(sides[0], sides[1], kind, bounded=bounded)
    if isinstance(pair, str):
        return unasked(comparison, pair)
    # The check knows of no principal and of no part: iamdiff is asked the same.
    accesses = [Access(tuple(map(parse_document, side))) for side in sides]
    own = compare(accesses[0], accesses[1], kind=kind, catalogue=catalogue.load()).verdict
    if own is Verdict.UNDETERMINED:
        return unasked(comparison, UNDECIDED)
    gained = asked.ask(pair.gained)
    answered = gained is not None and gained.result is not Result.NONE
    return weighed(comparison, own, gained, asked.ask(pair.lost) if answered else None)


def _policies(side: Any) -> Sequence[dict[str, Any]]:
    """The policies of a side, external ids masked, as plain JSON."""
    if isinstance(side, Mapping) and "identity" in side:
        side = side["identity"]
    documents = side if isinstance(side, list) else [side]
    read = (load_json(each) if isinstance(each, str) else each for each in documents)
    return [mask(json.loads(json.dumps(each)), MASK_KEY) for each in read]
