"""The alarm that the vendor documents, and the same alarm as it would have to be.

The template makes the second one where a trail's log group is named: a metric filter of CloudWatch
Logs, which needs neither EventBridge nor any code of this monitor. A test holds the template's text
against `corrected`, and both against CloudTrail's records.
"""

from typing import NamedTuple

DOCUMENTED = (
    "{ ($.eventName = AttachRolePolicy || $.eventName = DetachRolePolicy || "
    "$.eventName = SetPolicyVersion) && "
    '($.requestParameters.policyArn = "*OperationalBoundary*" || '
    '$.requestParameters.policyArn = "*AstronomerCrossAccountRole" || '
    "$.requestParameters.roleName = astronomer-remote-management) }"
)
"""The metric filter's pattern, as Astronomer's page gives it to its customers."""

LONGEST_PATTERN = 1_024
"""Characters of a filter's pattern (CloudWatch Logs API reference, PutMetricFilter)."""


class Blindness(NamedTuple):
    """What the documented alarm does not see.

    Attributes
    ----------
    name : str
        The changes, as a person would call them.
    calls : tuple[str, ...]
        The calls that make them, by their events' names.
    why : str
        A sentence.
    """

    name: str
    calls: tuple[str, ...]
    why: str


BLINDNESSES = (
    Blindness(
        "another default version of a policy",
        ("CreatePolicyVersion", "SetDefaultPolicyVersion"),
        "The alarm waits for SetPolicyVersion, and IAM has no call of that name: what a policy "
        "allows changes by these calls.",
    ),
    Blindness(
        "inline policies of the role",
        ("DeleteRolePolicy", "PutRolePolicy"),
        "They have no ARN, and the alarm does not know their calls.",
    ),
    Blindness(
        "the role's permissions boundary",
        ("DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary"),
        "Without its boundary the role may do all that its policies allow.",
    ),
    Blindness(
        "who may assume the role",
        ("UpdateAssumeRolePolicy",),
        "The trust policy is changed by a call of its own.",
    ),
    Blindness(
        "a role that is made anew, and the tags that conditions read",
        ("CreateRole", "DeleteRole", "TagRole", "UntagRole"),
        "A role that was deleted and made again may carry other policies and another trust policy.",
    ),
    Blindness(
        "a policy above 100 KB",
        ("PutRolePolicy", "UpdateAssumeRolePolicy", "CreatePolicyVersion"),
        "CloudTrail leaves out the parameters of so long a call, and with them the name that the "
        "alarm looks for; blanks are enough to make a policy that long.",
    ),
)
"""What `corrected` sees beside; calls that IAM refused change nothing, and are left out of both."""

_ROLE_AND_POLICY_CALLS = (
    "AttachRolePolicy",
    "DetachRolePolicy",
    *dict.fromkeys(call for blindness in BLINDNESSES for call in blindness.calls),
)

SEEN_BY_NONE = (
    "calls that spell the role or the policy in another case: to IAM it is the same name",
    "changes of a policy that is attached to the role and whose name matches nothing",
    "changes that AWS makes to its own policies, which are no call in this account",
    "all that happens while no trail writes to the log group",
)
"""What no filter on a trail's log can tell; the monitor itself does."""


def corrected(role: str, policy: str, boundary_part: str) -> str:
    """The pattern of the alarm with the events that there are; names as the template takes them.

    Syntax: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters".
    """
    calls = " || ".join(f"$.eventName = {call}" for call in _ROLE_AND_POLICY_CALLS)
    arn, name = "$.requestParameters.policyArn", "$.requestParameters.roleName"
    subjects = " || ".join(
        (
            f'{arn} = "*{boundary_part}*"',
            f'{arn} = "*{policy}"',
            f'{name} = "{role}"',
            f"({arn} NOT EXISTS && {name} NOT EXISTS)",
        )
    )
    return (
        '{ $.eventSource = "iam.amazonaws.com" && $.errorCode NOT EXISTS && '
        f"({calls}) && ({subjects}) }}"
    )
