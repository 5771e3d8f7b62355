"""Where a person can look: pages of the AWS console."""

import re
from typing import NamedTuple
from urllib.parse import quote


class Link(NamedTuple):
    """A page and what to call it."""

    label: str
    url: str


class _Partition(NamedTuple):
    console: str
    home: str


# Console domains: "AWS Management Console" pages of the three partitions; home regions: where IAM's
# events reach EventBridge (design, section 2).
_PARTITIONS = {
    "aws": _Partition("console.aws.amazon.com", "us-east-1"),
    "aws-us-gov": _Partition("console.amazonaws-us-gov.com", "us-gov-west-1"),
    "aws-cn": _Partition("console.amazonaws.cn", "cn-north-1"),
}

HOME_REGIONS = {name: known.home for name, known in _PARTITIONS.items()}
"""By partition; AWS's pages say it of the first two alone. The template asserts the same."""

# Names and paths that IAM accepts stay below it; what is longer is no page of the console.
_URL_LIMIT = 1_000

# CloudTrail's eventID is a UUID; the ids that reconcile gives to what no event told are none.
_EVENT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_ARN = re.compile(
    r"arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):(?P<type>role|policy)/(?P<path>.+)", re.DOTALL
)


def home_region(arn: str) -> str:
    """The region where IAM's events of an ARN's partition are seen; ``us-east-1`` if unknown."""
    return _partition(arn).home


def event_link(event_id: str, region: str, arn: str) -> Link | None:
    """CloudTrail's event history at one event; None where the id is no CloudTrail event's."""
    if not _EVENT_ID.fullmatch(event_id):
        return None
    place = region if REGION.fullmatch(region) else home_region(arn)
    return Link(
        "CloudTrail event",
        f"https://{place}.{_partition(arn).console}/cloudtrailv2/home"
        f"?region={place}#/events/{event_id}",
    )


def subject_link(arn: str) -> Link | None:
    """The IAM page of a role or policy; None for anything else."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return None
    partition = _partition(arn)
    if match["type"] == "role":
        # IAM's console finds a role by its name alone, a policy by its whole ARN.
        label, place = (
            "Role in IAM",
            f"roles/details/{quote(match['path'].rsplit('/')[-1], safe='', errors='replace')}",
        )
    else:
        label, place = "Policy in IAM", f"policies/details/{quote(arn, safe='', errors='replace')}"
    url = f"https://{partition.home}.{partition.console}/iam/home#/{place}"
    return Link(label, url) if len(url) <= _URL_LIMIT else None


def _partition(arn: str) -> _Partition:
    parts = arn.split(":", 2)
    return _PARTITIONS.get(parts[1] if len(parts) > 1 else "", _PARTITIONS["aws"])
