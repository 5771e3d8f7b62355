"""What a comparison answers."""

from enum import StrEnum
from typing import NamedTuple

from iamdiff.grants import Grant
from iamdiff.reasons import Reason

MOST_GRANTS = 20
"""Rows in one direction; what is beyond is counted."""


class Verdict(StrEnum):
    """How the new access differs from the old."""

    EQUIVALENT = "equivalent"
    EXPANSION = "expansion"
    REDUCTION = "reduction"
    MIXED = "mixed"
    UNDETERMINED = "undetermined"


class Comparison(NamedTuple):
    """How two accesses differ.

    Attributes
    ----------
    gained, lost : tuple[Grant, ...]
        Requests that only the new side allows, and only the old side; the gravest first.
    gained_folded, lost_folded : int
        Rows beyond `MOST_GRANTS`.
    undetermined : tuple[Reason, ...]
        Empty but where the verdict is undetermined.
    lifted_denies, added_denies : tuple[Grant, ...]
        Requests that a Deny stopped on one side and none stops on the other, allowed or not.
    """

    verdict: Verdict
    gained: tuple[Grant, ...] = ()
    lost: tuple[Grant, ...] = ()
    undetermined: tuple[Reason, ...] = ()
    gained_folded: int = 0
    lost_folded: int = 0
    lifted_denies: tuple[Grant, ...] = ()
    added_denies: tuple[Grant, ...] = ()
    catalogue_date: str = ""

    @property
    def latent(self) -> bool:
        """Whether all that was gained is latent."""
        return bool(self.gained) and all(grant.latent for grant in self.gained)
