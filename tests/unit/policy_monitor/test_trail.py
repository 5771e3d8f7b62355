from typing import Any

import pytest

from policy_monitor.trail import Trail, silence

HOME = "us-east-1"
KMS, IAM = "kms.amazonaws.com", "iam.amazonaws.com"
ALL = {"ReadWriteType": "All", "IncludeManagementEvents": True}
AUDIT = Trail(
    "audit", HOME, multi_region=True, global_events=True, logging=True, event_selectors=[ALL]
)


def advanced(*fields: dict[str, Any]) -> Trail:
    category = {"Field": "eventCategory", "Equals": ["Management"]}
    return AUDIT._replace(
        event_selectors=[], advanced_selectors=[{"FieldSelectors": [category, *fields]}]
    )


READ_ONLY = {"Field": "readOnly", "Equals": ["true"]}
WRITE_ONLY = {"Field": "readOnly", "Equals": ["false"]}


@pytest.mark.parametrize(
    "trail",
    [
        AUDIT,
        AUDIT._replace(home_region="eu-west-1"),
        AUDIT._replace(multi_region=False),
        AUDIT._replace(event_selectors=[{"ReadWriteType": "WriteOnly"}]),
        AUDIT._replace(event_selectors=[{"ReadWriteType": "ReadOnly"}, ALL]),
        AUDIT._replace(event_selectors=[{}]),
        AUDIT._replace(event_selectors=[ALL | {"ExcludeManagementEventSources": [KMS]}]),
        # Another account's trail, an organization's, does not answer everything.
        AUDIT._replace(event_selectors=None, advanced_selectors=None),
        AUDIT._replace(logging=None),
        advanced(),
        advanced(WRITE_ONLY),
        advanced({"Field": "eventSource", "NotEquals": [KMS, "rdsdata.amazonaws.com"]}),
        advanced({"Field": "eventSource", "Equals": [IAM, "sts.amazonaws.com"]}),
        advanced({"Field": "eventType", "Equals": ["AwsApiCall"]}),
        advanced({"Field": "eventName", "NotStartsWith": ["Get", "List"]}),
    ],
)
def test_a_trail_that_logs_what_iam_is_told_to_change_is_heard(trail: Trail) -> None:
    assert silence([trail], HOME) == ""


@pytest.mark.parametrize(
    ("trail", "reason"),
    [
        (AUDIT._replace(logging=False), "is not logging"),
        (AUDIT._replace(multi_region=False, home_region="eu-west-1"), "eu-west-1 alone"),
        (AUDIT._replace(global_events=False), "global services"),
        (AUDIT._replace(event_selectors=[{"ReadWriteType": "ReadOnly"}]), "events that write"),
        (AUDIT._replace(event_selectors=[ALL | {"IncludeManagementEvents": False}]), "that write"),
        (
            AUDIT._replace(event_selectors=[ALL | {"ExcludeManagementEventSources": [IAM]}]),
            "that write",
        ),
        (AUDIT._replace(event_selectors=[]), "that write"),
        (advanced(READ_ONLY), "leaves out"),
        (advanced({"Field": "eventSource", "NotEquals": [IAM]}), "leaves out"),
        (
            advanced({"Field": "eventName", "NotEquals": ["AttachRolePolicy"]}),
            "leaves out AttachRolePolicy",
        ),
        (advanced({"Field": "eventName", "NotStartsWith": ["Put"]}), "PutRolePolicy"),
        (advanced({"Field": "eventName", "NotEndsWith": ["Version"]}), "CreatePolicyVersion"),
        (advanced({"Field": "eventName", "StartsWith": ["Attach", "Detach"]}), "more"),
        (advanced({"Field": "eventName", "EndsWith": ["Version"]}), "more"),
        # Who is left out may be the vendor.
        (advanced({"Field": "userIdentity.arn", "NotEndsWith": ["x"]}), "leaves out"),
        (
            AUDIT._replace(
                event_selectors=[],
                advanced_selectors=[
                    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
                ],
            ),
            "leaves out",
        ),
    ],
)
def test_a_trail_that_leaves_something_out_is_no_help(trail: Trail, reason: str) -> None:
    said = silence([trail], HOME)
    assert said.startswith("trail audit ")
    assert reason in said


def test_one_trail_that_tells_is_enough() -> None:
    stopped = AUDIT._replace(name="old", logging=False)
    assert silence([stopped, AUDIT], HOME) == ""
    assert silence([stopped, stopped._replace(name="older")], HOME).count("is not logging") == 2


def test_selectors_may_share_the_work() -> None:
    puts = {"Field": "eventName", "StartsWith": ["Put", "Delete", "Update", "Tag", "Untag"]}
    rest = {"Field": "eventName", "NotStartsWith": ["Put", "Delete", "Update", "Tag", "Untag"]}
    one, other = (advanced(fields).advanced_selectors or [] for fields in (puts, rest))
    shared = AUDIT._replace(event_selectors=[], advanced_selectors=[*one, *other])
    assert silence([shared], HOME) == ""
    assert silence([shared._replace(advanced_selectors=one)], HOME) != ""


def test_without_a_trail_there_is_nothing_to_hear() -> None:
    assert "no trail" in silence([], HOME)
