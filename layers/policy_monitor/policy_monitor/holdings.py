"""What an access allows, counted by service and access level: plain JSON, for a baseline."""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from iamdiff import Access
from iamdiff.catalogue import ACCESS_LEVELS, Catalogue
from iamdiff.inventory import take_inventory


def holdings(access: Access, catalogue: Catalogue, principal: str | None) -> Mapping[str, Any]:
    """Count the catalogued actions that an access allows on something that they take.

    Returns
    -------
    Mapping
        ``catalogue_date``; ``allowed``, in all services; and ``services``, first those that
        manage permissions: ``service``, ``catalogued``, ``allowed`` and ``levels``, the allowed
        ones by access level. An action with two levels ("Tagging, Write") counts in the first.
    """
    known: Any = catalogue  # mypy does not take a Protocol for hashable
    return _holdings(access, known, principal)


# Findings are derived anew with every batch of facts, and the baseline is the same each time.
@lru_cache(maxsize=4)
def _holdings(access: Access, catalogue: Catalogue, principal: str | None) -> Mapping[str, Any]:
    found = take_inventory(access, catalogue=catalogue, principal=principal)
    counts: dict[str, Counter[str]] = {}
    for holding in found.holdings:
        if not holding.latent:
            service = holding.action.name.partition(":")[0]
            counts.setdefault(service, Counter())[holding.action.access_levels[0]] += 1

    def rank(service: str) -> tuple[Any, ...]:
        # IAM first: who manages its permissions may get all others.
        return service != "iam", *(-counts[service][level] for level in ACCESS_LEVELS), service

    return {
        "catalogue_date": found.catalogue_date,
        "allowed": sum(counter.total() for counter in counts.values()),
        "services": [
            {
                "service": service,
                "catalogued": len(found.actions[service]),
                "allowed": counts[service].total(),
                "levels": {
                    level: counts[service][level]
                    for level in ACCESS_LEVELS
                    if counts[service][level]
                },
            }
            for service in sorted(counts, key=rank)
        ],
    }
