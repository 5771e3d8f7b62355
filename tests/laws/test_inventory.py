"""Laws of the inventory: it says what the reference evaluator says of single requests."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import policies
from tests.laws.policies import access_of
from tests.laws.requests import requests

from iamdiff import evaluate
from iamdiff.arns import matches, parse_pattern
from iamdiff.catalogue import CataloguedAction
from iamdiff.inventory import take_inventory

TYPES = {
    "s3:GetObject": ("arn:*:s3:::*/*",),
    "s3:PutObject": ("arn:*:s3:::*/*",),
    "s3:ListBucket": ("arn:*:s3:::*",),
    "ec2:RunInstances": ("arn:*:ec2:*:*:instance/*", "arn:*:ec2:*:*:volume/*"),
    "iam:PassRole": ("arn:*:iam::*:role/*",),
}
NAMES = frozenset(name.lower() for name in policies.ACTIONS)


class AlphabetCatalogue:
    """The actions that policies are drawn from."""

    date = "2026-11-22"

    def services(self) -> Iterable[str]:
        return ("ec2", "iam", "s3")

    def actions(self, service: str) -> Mapping[str, CataloguedAction]:
        return {
            name.partition(":")[2].lower(): CataloguedAction(name, ("Read",), TYPES.get(name, ()))
            for name in policies.ACTIONS
            if name.startswith(f"{service}:")
        }

    def holds_several(self, key: str) -> bool | None:
        return key in policies.SET_KEYS


def takes(action: CataloguedAction, resource: str) -> bool:
    """Whether an action takes a resource, in the one partition that the policies know."""
    if not action.resources:
        return resource == "*"
    return resource.startswith("arn:aws:") and any(
        matches(parse_pattern(each), resource) for each in action.resources
    )


@pytest.mark.parametrize("kind", ["identity", "resource"])
@given(data=st.data())
def test_what_a_request_is_allowed_counts_and_what_counts_always_is_never_refused(
    kind: str, data: st.DataObject
) -> None:
    raw = data.draw(policies.accesses(kind=kind))
    access = access_of(raw)
    found = take_inventory(access, catalogue=AlphabetCatalogue(), kind=kind)
    bare = take_inventory(access, catalogue=AlphabetCatalogue(), kind=kind, limited=False)
    unlimited = [each._replace(limits=frozenset()) for each in found.holdings]
    assert (list(bare.holdings), bare.allows) == (unlimited, found.allows)
    held = {each.action.name.lower(): each for each in found.holdings}
    for _ in range(5):
        request = data.draw(requests([raw], kind=kind))
        decision = evaluate(access, request, kind=kind)
        holding = held.get(request.action.lower())
        known = request.action.lower() in NAMES
        if decision.allowed and known:
            assert holding, request
            assert not (holding.latent and takes(holding.action, request.resource)), request
        if decision.refused and holding and kind == "identity" and not holding.limits:
            assert not takes(holding.action, request.resource), request
