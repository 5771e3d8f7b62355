"""Asking for second opinions on new findings, and what was answered before.

An answer is a fact: it is recorded once, whoever asks first, and findings follow from it. Only
findings that are new are asked about: what was found before the second opinion was switched on, or
while nobody answered, stays as it is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from iamdiff.catalogue import Catalogue
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.ledger import Ledger
from policy_monitor.mutations import Documents
from policy_monitor.opinions import (
    Analyzer,
    Check,
    Opinion,
    Pair,
    Result,
    pair_of,
    unasked,
    weighed,
)

MOST_CHECKS = 100
"""How many checks one judgement asks: each is charged, and takes a second or so."""


class Consultation:
    """The second opinions on one derivation's findings.

    Parameters
    ----------
    documents : Documents
        Masked documents by digest: what is sent.
    """

    def __init__(
        self,
        ledger: Ledger,
        analyzer: Analyzer,
        documents: Documents,
        catalogue: Catalogue | None,
    ) -> None:
        self.comparisons = Comparisons(documents, catalogue)
        self._ledger = ledger
        self._analyzer = analyzer
        self._documents = documents
        self._pairs: dict[str, Pair] = {}
        self._known: dict[str, Opinion] = {}

    def weighed(
        self, slot: str, question: Question, comparison: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """A comparison with the second opinion on it, as far as it is known."""
        old, new = question.old, question.new
        bounded = (old.boundary, new.boundary) != (None, None)
        digests = [tuple(dict.fromkeys(held.identity)) for held in (old, new)]
        same = digests[0] == digests[1] and not bounded
        if comparison["verdict"] == "undetermined" or same:
            return comparison
        sides = [[self._documents[sha256] for sha256 in side] for side in digests]
        pair = pair_of(sides[0], sides[1], question.kind, bounded=bounded)
        if isinstance(pair, str):
            return unasked(comparison, pair)
        # The check knows of no principal, of no tags and of no part: iamdiff is asked the same.
        free = [held._replace(tags=None) for held in (old, new)]
        own = self.comparisons.answer(Question(free[0], free[1], kind=question.kind))
        if own["verdict"] == "undetermined":
            return comparison
        self._pairs[slot] = pair
        answers = [self._known.get(check.key) for check in (pair.gained, pair.lost)]
        return weighed(comparison, own["verdict"], answers[0], answers[1])

    def read(self) -> bool:
        """Read what is recorded of all that was weighed; whether there is anything."""
        keys = [check.key for pair in self._pairs.values() for check in (pair.gained, pair.lost)]
        self._known = dict(self._ledger.opinions(keys))
        return bool(self._known)

    def ask(self, slots: Iterable[str]) -> bool:
        """Ask about the findings of some slots what is not recorded; whether anything came of it.

        What is answered is recorded, unless another judge was first: then its answer stands.
        """
        asked = 0
        for slot in slots:
            pair = self._pairs.get(slot)
            if pair is None or asked >= MOST_CHECKS:
                continue
            for check in (pair.gained, pair.lost):
                if check.key not in self._known:
                    asked += 1
                    self._put(check)
                known = self._known.get(check.key)
                if known is None or known.result is Result.NONE:
                    break  # the other way round would fare no better
        return bool(asked)

    def _put(self, check: Check) -> None:
        if (opinion := self._analyzer.ask(check)) is not None:
            self._known[check.key] = self._ledger.put_opinion(opinion)
