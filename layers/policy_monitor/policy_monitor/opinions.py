"""A second opinion on a comparison: what AWS's own CheckNoNewAccess says of the documents. Pure.

The check takes two policies and says whether the new one grants what the existing one does not
(API reference of IAM Access Analyzer, CheckNoNewAccess): asked both ways, it says all that a
verdict says. It is set against what `iamdiff` says of the very same policies, all of them and for
any principal; where the two disagree, one is wrong, and the verdict is undetermined.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from policy_monitor.masks import faithful
from policy_monitor.mutations import Document

CODE = "second-opinion"
"""The reason for which a verdict is undetermined where the two disagree."""

NO_POLICY = "one side has no policy, and the check takes two"
BOUNDARY = "there is a permissions boundary, and the check takes one policy a side"
PATTERNS = "the external ids are compared as patterns, which their masks do not show"
VERSIONS = "the policies of a side are of several Versions, which are not one policy together"


class PolicyType(StrEnum):
    """The check's types of policy; a trust policy is a resource policy."""

    IDENTITY = "IDENTITY_POLICY"
    RESOURCE = "RESOURCE_POLICY"


class Result(StrEnum):
    """What came of a check."""

    PASS = "PASS"  # noqa: S105  the API's word, no secret
    FAIL = "FAIL"
    NONE = "NONE"
    """It was not answered; this is recorded, too, so that it is asked once."""


class Check(NamedTuple):
    """One question: whether `new` grants what `existing` does not. Both are policies as JSON."""

    existing: str
    new: str
    policy_type: PolicyType

    @property
    def key(self) -> str:
        """What tells a question from others: the type and the digests, in their order."""
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in (self.existing, self.new)]
        return hashlib.sha256(json.dumps([self.policy_type, *digests]).encode()).hexdigest()


class Opinion(NamedTuple):
    """The answer to a check: `check` is its key, `text` AWS's words, or why there are none."""

    check: str
    result: Result
    text: str = ""


class Pair(NamedTuple):
    """The checks of one comparison: what the new side gained, and what it lost."""

    gained: Check
    lost: Check


class Analyzer(Protocol):
    """Who is asked."""

    def ask(self, check: Check) -> Opinion | None:
        """The answer, or that there was none; None where it was not asked and may be later."""
        ...


def pair_of(
    old: Sequence[Document], new: Sequence[Document], kind: str, *, bounded: bool = False
) -> Pair | str:
    """The checks to make of two sides, or why none can be made.

    Parameters
    ----------
    old, new : Sequence[Document]
        All policies of a side, external ids masked; several are sent as one.
    kind : str
        As of `iamdiff.compare`.
    bounded : bool
        Whether either side has a permissions boundary.
    """
    if bounded:
        return BOUNDARY
    if not old or not new:
        return NO_POLICY
    if not faithful(*old, *new):
        return PATTERNS
    texts = [_one_policy(side) for side in (old, new)]
    if texts[0] is None or texts[1] is None:
        return VERSIONS
    policy_type = PolicyType.IDENTITY if kind == "identity" else PolicyType.RESOURCE
    before, after = texts[0], texts[1]
    return Pair(Check(before, after, policy_type), Check(after, before, policy_type))


def weighed(
    comparison: Mapping[str, Any],
    verdict: str,
    gained: Opinion | None,
    lost: Opinion | None,
) -> Mapping[str, Any]:
    """A comparison with the second opinion beside it, undetermined where that disagrees.

    Parameters
    ----------
    verdict : str
        What `iamdiff` says of the policies that the opinion is about: not undetermined.
    gained, lost : Opinion or None
        The answers to the two checks, as far as they are known.
    """
    answers = [opinion for opinion in (gained, lost) if opinion is not None]
    if not answers:
        return comparison
    note = next((each.text for each in answers if each.result is Result.NONE), "")
    beside = {**comparison, "second_opinion": _said(gained, lost, note)}
    expected = zip((gained, lost), _EXPECTED[verdict], strict=True)
    if all(opinion is None or opinion.result in (want, Result.NONE) for opinion, want in expected):
        return beside
    reason = {"code": CODE, "sentence": _disagreement(verdict, gained, lost)}
    return {
        **beside,
        "verdict": "undetermined",
        "undetermined": [*comparison["undetermined"], reason],
    }


def unasked(comparison: Mapping[str, Any], why: str) -> Mapping[str, Any]:
    """A comparison of which no second opinion can be had."""
    return {**comparison, "second_opinion": _said(None, None, f"not asked: {why}")}


def words(comparison: Mapping[str, Any]) -> str:
    """What a comparison says of its second opinion, as a sentence; empty where it says nothing."""
    said = comparison.get("second_opinion")
    if said is None:
        return ""
    answers = " and ".join(
        f"{said[side]} for {_DIRECTIONS[side]}" for side in _DIRECTIONS if said[side]
    )
    if not answers:
        return f"No second opinion: {said['note']}."
    disagrees = any(reason["code"] == CODE for reason in comparison["undetermined"])
    stance = "disagrees" if disagrees else "agrees"
    note = f" ({said['note']})" if said["note"] else ""
    return f"AWS's CheckNoNewAccess {stance}: {answers}{note}."


# PASS: the one policy grants nothing that the other does not.
_EXPECTED = {
    "equivalent": (Result.PASS, Result.PASS),
    "expansion": (Result.FAIL, Result.PASS),
    "reduction": (Result.PASS, Result.FAIL),
    "mixed": (Result.FAIL, Result.FAIL),
}
_DIRECTIONS = {"gained": "the new policy against the old", "lost": "the old against the new"}
_SENTENCES = {
    "gained": {
        Result.PASS: "nothing is gained",
        Result.FAIL: "something may be gained",
    },
    "lost": {
        Result.PASS: "nothing is lost",
        Result.FAIL: "something may be lost",
    },
}


def _said(gained: Opinion | None, lost: Opinion | None, note: str) -> dict[str, Any]:
    return {
        "gained": _answer(gained),
        "lost": _answer(lost),
        "note": note,
    }


def _answer(opinion: Opinion | None) -> str | None:
    return None if opinion is None or opinion.result is Result.NONE else opinion.result.value


def _disagreement(verdict: str, gained: Opinion | None, lost: Opinion | None) -> str:
    said = [
        _SENTENCES[side][opinion.result]
        for side, opinion in (("gained", gained), ("lost", lost))
        if opinion is not None and opinion.result is not Result.NONE
    ]
    return (
        f"Of these policies by themselves, this monitor says {verdict}, and AWS's CheckNoNewAccess "
        f"says that {' and that '.join(said)}: one of them is wrong."
    )


def _one_policy(documents: Sequence[Document]) -> str | None:
    """The policies of a side as one; None where that would read differently."""
    if len(documents) == 1:
        return json.dumps(documents[0], sort_keys=True)
    if len({str(document.get("Version")) for document in documents}) > 1:
        return None
    statements = [
        # A Sid is unique within a policy only, and says nothing of what is allowed.
        {name: value for name, value in statement.items() if name != "Sid"}
        for document in documents
        for statement in _statements(document)
    ]
    version = {"Version": documents[0]["Version"]} if "Version" in documents[0] else {}
    return json.dumps({**version, "Statement": statements}, sort_keys=True)


def _statements(document: Document) -> Sequence[Mapping[str, Any]]:
    found: Any = document["Statement"]
    return found if isinstance(found, list) else [found]
