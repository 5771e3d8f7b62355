"""Actions and things in a person's words."""

import pytest

from policy_monitor.phrases import Deed, deed, deeds


@pytest.mark.parametrize(
    ("action", "verb", "thing"),
    [
        ("eks:DeleteCluster", "delete", "EKS clusters"),
        ("ec2:CreateVpc", "create", "EC2 VPCs"),
        ("ec2:AssignIpv6Addresses", "assign", "EC2 IPv6 addresses"),
        ("ec2:DescribeVpcs", "describe", "EC2 VPCs"),
        ("ec2:GetInstanceStatus", "get", "EC2 instance statuses"),
        ("kms:DeleteAlias", "delete", "KMS aliases"),
        ("ses:DeleteInbox", "delete", "ses inboxes"),
        ("iam:PassRole", "pass", "roles to services"),
    ],
)
def test_an_action_is_a_verb_and_a_thing(action: str, verb: str, thing: str) -> None:
    assert deed(action)[:2] == (verb, thing)


@pytest.mark.parametrize("action", ["s3:x", "s3:Frobnicate", "eks:ZapCluster", "eks:*Cluster"])
def test_an_action_whose_name_is_of_another_kind_is_named(action: str) -> None:
    assert deed(action) == Deed("use", action, "")


def test_verbs_of_one_thing_are_told_together_and_each_once() -> None:
    assert deeds(["eks:DescribeCluster", "eks:CreateCluster", "eks:DeleteCluster"]) == [
        "create, delete and describe EKS clusters"
    ]
    assert deeds(["ec2:DescribeVpc", "ec2:DescribeVpcs"]) == ["describe EC2 VPCs"]
