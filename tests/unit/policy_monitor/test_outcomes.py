"""What a comparison means in words; tests/golden/sentences.json has real ones."""

from typing import Any

import pytest
from tests.histories import Shelf, allow, policy, statement

from policy_monitor import catalogue
from policy_monitor.access import Held
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.exposure import Exposures
from policy_monitor.outcomes import POLICY, ROLE, outcome
from policy_monitor.phrases import deed, deeds, listed
from policy_monitor.scopes import scope


def said(old: Any, new: Any, *, part: bool = False, boundaries: Any = (None, None)) -> str:
    shelf = Shelf()
    sides = [
        Held(tuple(sorted(map(shelf, documents))), boundary and shelf(boundary))
        for documents, boundary in zip((old, new), boundaries, strict=True)
    ]
    comparisons = Comparisons(shelf.documents, catalogue.load())
    question = Question(sides[0], sides[1], part=part)
    comparison = comparisons.answer(question)
    standing = Exposures(comparisons).standing(question, comparison)
    return outcome(comparison, standing, POLICY if part else ROLE)


DESCRIBING = allow("elasticloadbalancing:DescribeLoadBalancers")
DELETING = allow("elasticloadbalancing:DeleteLoadBalancer")
DENYING = policy(statement("Deny", "eks:DeleteCluster"))


def test_what_could_only_be_read_before_is_said_to_have_been() -> None:
    assert said([DESCRIBING], [DESCRIBING, DELETING]) == (
        "can now delete load balancers in any region; before, it could only describe them"
    )
    changing = allow("elasticloadbalancing:CreateLoadBalancer")
    assert said([DESCRIBING, changing], [DESCRIBING, changing, DELETING]) == (
        "can now delete load balancers in any region"
    )


def test_what_reaches_further_is_not_said_to_be_new() -> None:
    one = allow("s3:GetObject", resource="arn:aws:s3:::logs/*")
    assert said([one], [allow("s3:GetObject")]) == (
        "can get S3 objects in more cases: on any resource"
    )
    assert said([allow("s3:GetObject")], [one]) == "can get S3 objects only in fewer cases"
    assert said([one], []) == "can no longer get S3 objects"


def test_what_is_allowed_in_other_cases_than_before_is_not_called_both_more_and_less() -> None:
    one, other = (allow("s3:GetObject", resource=f"arn:aws:s3:::{name}/*") for name in ("a", "b"))
    assert said([one], [other]) == (
        "can get S3 objects in more cases: in bucket b, and no longer in some others"
    )
    reading = allow("s3:GetObject", "s3:GetObjectAcl", resource="arn:aws:s3:::a/*")
    assert said([reading], [other]) == (
        "can get S3 objects in more cases: in bucket b; can no longer get S3 object ACLs; and can "
        "get S3 objects only in fewer cases"
    )


def test_three_clauses_are_parted_by_more_than_commas() -> None:
    old = [allow("sqs:DeleteQueue", "kms:Decrypt")]
    new = [allow("sns:Publish"), allow("kms:Decrypt", resource="arn:aws:kms:us-east-1:1:key/k")]
    assert said(old, new) == (
        "can now send messages to SNS topics in any region; can no longer delete SQS queues; and "
        "can decrypt with KMS keys only in fewer cases"
    )


def test_what_still_stands_in_the_way_is_said() -> None:
    protecting = policy(
        statement("Deny", "eks:DeleteCluster", resource="arn:aws:eks:*:*:cluster/prod")
    )
    assert said([protecting], [protecting, allow("eks:DeleteCluster")]) == (
        "can now delete EKS clusters in any region, except where a Deny stops it"
    )
    ceiling = allow("eks:*", resource="arn:aws:eks:eu-central-1:*:*")
    assert said([], [allow("eks:DeleteCluster")], boundaries=(ceiling, ceiling)) == (
        "can now delete EKS clusters on anything of EKS in eu-central-1, as far as its permissions "
        "boundary lets it"
    )


def test_what_stopped_it_before_is_said() -> None:
    held = allow("eks:DeleteCluster")
    assert said([held, DENYING], [held]) == (
        "can now delete EKS clusters in any region, which a Deny stopped before"
    )
    ceilings = (allow("s3:*"), allow("s3:*", "eks:*"))
    assert said([held], [held], boundaries=ceilings) == (
        "can now delete EKS clusters in any region, which its permissions boundary stopped before"
    )


def test_a_policys_own_denies_are_what_it_forbids() -> None:
    assert (
        said([DENYING], [], part=True) == "no longer forbids to delete EKS clusters in any region"
    )
    assert said([], [DENYING], part=True) == "now forbids to delete EKS clusters in any region"


def test_what_no_known_action_can_use_is_told_apart() -> None:
    latent = allow("eks:DeleteCluster", resource="arn:aws:s3:::x")
    assert said([], [latent]) == (
        "gains only what nothing known today can use (delete EKS clusters in bucket x)"
    )
    assert said([], [latent, allow("s3:GetObject")]) == (
        "can now get S3 objects on any resource, and gains 1 action that nothing known today can "
        "use"
    )


def test_a_scope_that_several_share_is_said_of_all_of_them() -> None:
    both = allow("eks:DeleteCluster", "ecs:DeleteCluster")
    assert (
        said([], [both]) == "can now delete ECS clusters and delete EKS clusters, all in any region"
    )


def test_many_actions_are_counted() -> None:
    assert said([], [allow("sqs:*")]).startswith("can now use ")
    assert "more actions of SQS, among them to add SQS permissions" in said([], [allow("sqs:*")])
    assert said([], [allow("*")]) == "can now use nearly every action of AWS"
    assert said([allow("*")], []) == (
        "loses, wholly or in part, what let it use nearly every action of AWS"
    )


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("eks:DeleteCluster", "delete EKS clusters"),
        ("ec2:DescribeDBInstances", "describe EC2 DB instances"),
        ("iam:PassRole", "pass roles to services"),
        ("ec2:AssignIpv6Addresses", "assign EC2 IPv6 addresses"),
        ("cloudwatch:PutMetricData", "put CloudWatch metric data"),
        ("acme:DeletePolicy", "delete acme policies"),
        ("s3:ListBucket", "list the objects in S3 buckets"),
        ("ecr:BatchGetImage", "get ECR images"),
        ("apigateway:GET", "use apigateway:GET"),
        ("rds:CrossRegionCommunication", "use rds:CrossRegionCommunication"),
        ("s3:Get*", "use s3:Get*"),
        ("glue:GetGlueIdentityCenter", "get Glue identity centers"),
        ("nonsense", "use nonsense"),
        (":", "use :"),
    ],
)
def test_an_action_is_said_in_words_where_its_name_has_them(action: str, words: str) -> None:
    assert deeds([action]) == [words]


def test_actions_share_their_verbs_and_things_and_what_changes_comes_first() -> None:
    assert deeds(["s3:GetObject", "s3:PutObject", "eks:ListClusters", "s3:GetBucketAcl"]) == [
        "put and get S3 objects",
        "list EKS clusters",
        "get S3 bucket ACLs",
    ]
    assert listed(["a and b", "c"]) == "a and b, and c"
    assert deed("eks:ListClusters").reads
    assert not deed("eks:DeleteCluster").reads


@pytest.mark.parametrize(
    ("resources", "conditions", "words"),
    [
        (["arn:aws:lambda:*:*:function:*"], {}, "in any region"),
        (["arn:aws:lambda:eu-west-1:*:layer:*"], {}, "on any layer in eu-west-1"),
        (["arn:aws:iam::*:role/vendor-*"], {}, "on role/vendor-*"),
        (["arn:aws:s3:::logs/*", "arn:aws:s3:::logs"], {}, "in bucket logs"),
        (["arn:aws:s3:::logs/x/*"], {}, "on x/* in bucket logs"),
        (
            ["arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:::c"],
            {},
            "in bucket a, in bucket b and 1 more resource",
        ),
        (["arn:aws:sqs:*"], {}, "on arn:aws:sqs:*"),
        (["*"], {"Bool": {"aws:Multi": ["true"]}}, "in any region under a condition on aws:Multi"),
        (
            ["*"],
            {"Bool": {"a:1": ["x"], "a:2": ["y"]}, "Null": {"a:3": ["true"]}},
            "in any region under conditions on a:1 and 2 more keys",
        ),
    ],
)
def test_a_scope_says_on_what_and_where(resources: Any, conditions: Any, words: str) -> None:
    grant = {
        "actions": ["lambda:DeleteFunction"],
        "resources": resources,
        "resources_total": len(resources),
        "conditions": conditions,
        "witness": {"resource": "arn:aws:lambda:us-east-1:1:function:x"},
    }
    assert scope([grant], "delete Lambda functions") == words


def test_what_no_known_action_could_use_is_told_apart_where_it_is_lost() -> None:
    latent = allow("eks:DeleteCluster", resource="arn:aws:s3:::x")
    assert said([latent], []) == ("loses only what nothing known could use (delete EKS clusters)")
    assert said([latent, allow("s3:GetObject")], []) == (
        "can no longer get S3 objects, and loses 1 action that nothing known could use"
    )


def test_many_actions_that_only_read_are_said_to() -> None:
    assert said([], [allow("s3:Get*", "s3:List*")]).endswith(", only to read and list")


def test_of_many_actions_the_scope_is_what_all_of_them_have() -> None:
    def some(service: str, resource: str = "*", **condition: str) -> Any:
        fields = {"Condition": {"StringEquals": condition}} if condition else {}
        return policy(statement("Allow", f"{service}:*", resource=resource, **fields))

    queues, topics = "arn:aws:sqs:us-east-1:1:q", "arn:aws:sns:us-east-1:1:t"
    both = {"aws:PrincipalTag/a": "b"}
    for new, words in (
        ([some("sqs", queues), some("sns", topics)], " on certain resources, among them"),
        ([some("sqs", queues, **both), some("sns", "*", **both)], " under conditions, among them"),
        ([some("sqs", queues), some("sns", "*", **both)], " of SNS and SQS, among them"),
    ):
        assert words in said([], new)


def test_actions_that_reach_further_in_several_scopes_are_told_without_them() -> None:
    old = [
        allow("s3:GetObject", "sqs:SendMessage", resource="arn:aws:s3:::a/*"),
        allow("sqs:SendMessage", resource="arn:aws:sqs:us-east-1:1:a"),
    ]
    new = [
        allow("s3:GetObject", resource=["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]),
        allow("sqs:SendMessage", resource="arn:aws:sqs:us-east-1:1:*"),
    ]
    assert said(old, [*old, *new]) == ("can send SQS messages and get S3 objects in more cases")


def test_a_deny_that_moves_is_not_called_what_is_allowed_in_other_cases() -> None:
    def denying(bucket: str) -> Any:
        return policy(statement("Deny", "s3:GetObject", resource=f"arn:aws:s3:::{bucket}/*"))

    assert said([denying("a")], [denying("b")], part=True) == (
        "no longer forbids to get S3 objects in bucket a, and now forbids to get S3 objects in "
        "bucket b"
    )
