"""Comparisons of documents by digest: each pair once, and honest about what is not known."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from iamdiff import (
    Access,
    Comparison,
    PolicyError,
    Verdict,
    compare,
    comparison_json,
    parse_document,
)
from iamdiff import Document as ParsedDocument
from iamdiff.catalogue import Catalogue
from policy_monitor.access import Held, Reason
from policy_monitor.holdings import holdings
from policy_monitor.masks import faithful
from policy_monitor.mutations import Documents
from policy_monitor.tags import UnboundTagError, bound

TAGS_READ = Reason(
    "tags-read",
    "Policies read a tag of the role, and what its sessions carry changed: what the policies "
    "decide now is not told by its value alone.",
)

# Verdicts that claim that nothing was gained.
_NO_GAIN = (Verdict.EQUIVALENT, Verdict.REDUCTION)


class Question(NamedTuple):
    """Two sides, and how they are to be compared (`iamdiff.compare`)."""

    old: Held
    new: Held
    kind: str = "identity"
    part: bool = False
    principal: str | None = None


class Comparisons:
    """Answers questions about documents; the same question costs once.

    Parameters
    ----------
    documents : Documents
        Masked documents by digest.
    catalogue : Catalogue or None
        What AWS documents of its actions (`policy_monitor.catalogue.load`).
    """

    def __init__(self, documents: Documents, catalogue: Catalogue | None = None) -> None:
        self._documents = documents
        self.catalogue = catalogue
        self._parsed: dict[str, ParsedDocument] = {}
        self._answers: dict[tuple[object, ...], Mapping[str, Any]] = {}

    def answer(self, question: Question) -> Mapping[str, Any]:
        """Compare, as ``policy-monitor/comparison/1`` without id and elapsed_ms.

        A side of which something is not known makes the answer undetermined, with the reasons.
        """
        old, new = question.old, question.new
        unknown = [*self.unknown(old), *self.unknown(new)]
        digests = dict.fromkeys((*_digests(old), *_digests(new)))
        if unknown:
            return undetermined(unknown)
        if _content(old) == _content(new):
            return unchanged()
        key = (*_content(old), *_content(new), question.kind, question.part, question.principal)
        if key not in self._answers:
            self._answers[key] = self._compared(question, list(digests))
        return self._answers[key]

    def unknown(self, held: Held) -> tuple[Reason, ...]:
        """What of a side cannot be told, documents that the ledger lacks among it."""
        missing = (sha256 for sha256 in _digests(held) if sha256 not in self._documents)
        return (*held.unknown, *(_missing(sha256) for sha256 in missing))

    def holdings(self, held: Held, principal: str) -> Mapping[str, Any] | None:
        """What a side allows (`holdings.holdings`); None where that is not known."""
        if self.catalogue is None or self.unknown(held):
            return None
        try:
            return holdings(self.access(held), self.catalogue, principal)
        except PolicyError:
            return None

    def _compared(self, question: Question, digests: Sequence[str]) -> Mapping[str, Any]:
        try:
            comparison = compare(
                self._bound(question.old),
                self._bound(question.new),
                kind=question.kind,
                part=question.part,
                principal=question.principal,
                catalogue=self.catalogue,
            )
        except PolicyError as error:
            return undetermined(
                [Reason("unreadable-document", f"A document is no policy: {error}")]
            )
        except UnboundTagError:
            # Any tags on both sides stand for the same tags on both; not for others.
            free = question.old._replace(tags=None), question.new._replace(tags=None)
            if question.old.tags != question.new.tags:
                return undetermined([TAGS_READ])
            return self.answer(question._replace(old=free[0], new=free[1]))
        answer = comparison_json(comparison)
        if answer["verdict"] in _NO_GAIN and not faithful(
            *(self._documents[sha256] for sha256 in digests)
        ):
            # Masked, two patterns of an external id look apart where one may hold the other.
            masked = Reason(
                "masked-external-id",
                "The external ids are compared as patterns, which their masks do not show: look "
                "at the trust policy itself.",
            )
            return {**answer, **_doubt([masked])}
        return answer

    def access(self, held: Held) -> Access:
        """The documents of a side that is known.

        Raises
        ------
        PolicyError
            A document is no policy.
        """
        try:
            return self._bound(held)
        except UnboundTagError:
            return self._bound(held._replace(tags=None))

    def _bound(self, held: Held) -> Access:
        def read(sha256: str) -> ParsedDocument:
            document = self._document(sha256)
            return document if held.tags is None else bound(document, held.tags)

        boundary = None if held.boundary is None else read(held.boundary)
        return Access(tuple(read(sha256) for sha256 in held.identity), boundary)

    def _document(self, sha256: str) -> ParsedDocument:
        if sha256 not in self._parsed:
            self._parsed[sha256] = parse_document(self._documents[sha256])
        return self._parsed[sha256]


def undetermined(reasons: Sequence[Reason]) -> Mapping[str, Any]:
    """A comparison that could not be made, and why."""
    return {**unchanged(), **_doubt(reasons)}


def unchanged() -> Mapping[str, Any]:
    """The comparison of an access with itself."""
    return comparison_json(Comparison(Verdict.EQUIVALENT))


def _doubt(reasons: Sequence[Reason]) -> Mapping[str, Any]:
    distinct = dict.fromkeys(reasons)
    return {
        "verdict": Verdict.UNDETERMINED.value,
        "undetermined": [{"code": r.code, "sentence": r.sentence} for r in distinct],
    }


def _digests(held: Held) -> tuple[str, ...]:
    return (*held.identity, *((held.boundary,) if held.boundary else ()))


def _content(held: Held) -> tuple[object, ...]:
    return (tuple(dict.fromkeys(held.identity)), held.boundary, held.tags)


def _missing(sha256: str) -> Reason:
    return Reason(
        "document-missing", f"The document {sha256} is named by the ledger, which does not have it."
    )
