"""What an AWS policy allows, and how two of them differ: exactly, with a witness for each claim.

Pure Python: no AWS SDK, environment, clock, logging or I/O. `compare` is the comparison,
`evaluate` the reference semantics of single requests that every witness is confirmed by.
"""

from iamdiff.comparison import compare
from iamdiff.evaluator import evaluate
from iamdiff.grants import Grant
from iamdiff.kinds import Kind, check_kind, likely_kind
from iamdiff.model import Access, Document, PolicyError, Request
from iamdiff.parser import parse_document
from iamdiff.reasons import Reason
from iamdiff.serialization import comparison_json
from iamdiff.verdicts import Comparison, Verdict

__all__ = [
    "Access",
    "Comparison",
    "Document",
    "Grant",
    "Kind",
    "PolicyError",
    "Reason",
    "Request",
    "Verdict",
    "check_kind",
    "compare",
    "comparison_json",
    "evaluate",
    "likely_kind",
    "parse_document",
]
