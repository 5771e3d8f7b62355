"""Whether policy documents read a role's tags: as the principal's, or as the resource's."""

import json
from collections.abc import Iterable
from typing import Any

# The keys that read a role's tags: who asks, and (a role is a resource of IAM) what is asked for.
# Service Authorization Reference, "Condition keys for IAM", and IAM User Guide, "AWS global
# condition context keys". As a policy variable too.
KEYS = ("aws:principaltag/", "aws:resourcetag/", "iam:resourcetag/")


def reading_tags(documents: Iterable[Any], keys: Iterable[str]) -> frozenset[str]:
    """Those of some tags that the documents read; tag keys are compared without case."""
    text = "\n".join(json.dumps(document).casefold() for document in documents)
    return frozenset(
        key
        for key in keys
        if any(f"{prefix}{json.dumps(key)[1:-1].casefold()}" in text for prefix in KEYS)
    )
