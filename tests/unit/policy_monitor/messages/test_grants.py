from policy_monitor.findings import FindingKind, SubjectType
from policy_monitor.messages.grants import sides
from policy_monitor.messages.text import plain


def test_a_grant_without_an_example_is_told_without_one() -> None:
    grant = {"actions": ["s3:GetObject"], "resources": ["*"]}
    shown = {"witness": {"action": "s3:GetObject", "resource": "*"}}
    (side,) = sides({"gained": [grant, grant | shown]}, FindingKind.CHANGE, SubjectType.ROLE)
    told = [[plain(detail) for detail in entry.details] for entry in side.entries]
    assert told == [
        ["on any resource"],
        ["on any resource", "Example: s3:GetObject (it takes no resource)"],
    ]
