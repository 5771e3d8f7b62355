"""Comparisons of two lists of statements, and what tests ask of them."""

from typing import Any

from tests.unit.iamdiff.policies import document

from iamdiff import Access, Comparison, compare


def between(old: list[Any], new: list[Any], **options: Any) -> Comparison:
    """Compare two documents of these statements."""
    return compare(Access((document(*old),)), Access((document(*new),)), **options)


def gained(comparison: Comparison) -> list[str]:
    """The action patterns that are gained."""
    return sorted(action for grant in comparison.gained for action in grant.actions)


def lost(comparison: Comparison) -> list[str]:
    """The action patterns that are lost."""
    return sorted(action for grant in comparison.lost for action in grant.actions)


def codes(comparison: Comparison) -> set[str]:
    """Why it is undetermined."""
    return {reason.code for reason in comparison.undetermined}
