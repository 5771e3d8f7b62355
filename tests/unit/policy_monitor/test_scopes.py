"""On what a grant holds, in words."""

import pytest

from policy_monitor.scopes import scope


def on(*resources: str, things: str = "delete things", **conditions: str) -> str:
    grant = {
        "resources": list(resources),
        "conditions": {"StringEquals": conditions} if conditions else {},
    }
    return scope([grant], things)


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("arn:aws:eks:us-east-1:1:cluster/*", "on any cluster in us-east-1"),
        ("arn:aws:eks:*:1:*", "on anything of EKS in any region"),
        ("arn:aws:eks:us-east-1:1:*", "on anything of EKS in us-east-1"),
        ("arn:aws:iam::1:*", "on anything of IAM"),
        ("arn:aws:iam::1:role/vendor-*", "on role/vendor-*"),
        ("arn:aws:sqs:us-east-1:1:q", "on q in us-east-1"),
        ("arn:aws:s3:::*", "in any bucket"),
        ("arn:aws:s3:::*/*", "in any bucket"),
        ("arn:aws:s3:::*/secret", "on secret in any bucket"),
        ("arn:aws:s3:::logs/*", "in bucket logs"),
        ("arn:aws:s3:::logs/2026/*", "on 2026/* in bucket logs"),
        ("arn:aws:sqs", "on arn:aws:sqs"),
    ],
)
def test_a_resource_is_said_in_words(resource: str, words: str) -> None:
    assert on(resource) == words


def test_what_the_things_say_already_is_not_said_again() -> None:
    assert on("arn:aws:eks:*:1:cluster/*", things="delete EKS clusters") == "in any region"
    assert on("arn:aws:eks::1:cluster/*", things="delete EKS clusters") == "on any cluster"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("a:k",), "on q under a condition on a:k"),
        (("a:k", "a:l"), "on q under conditions on a:k and a:l"),
        (("a:k", "a:l", "a:m"), "on q under conditions on a:k and 2 more keys"),
    ],
)
def test_conditions_are_named_by_their_keys(keys: tuple[str, ...], words: str) -> None:
    assert on("arn:aws:sqs:*:1:q", **dict.fromkeys(keys, "v")) == words
