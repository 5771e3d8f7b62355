import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_monitor.messages.links import event_link, home_region, subject_link

EVENT = "e22104c4-f2d5-4a41-9c19-7aa469d448f4"


@pytest.mark.parametrize(
    ("arn", "region", "page"),
    [
        (
            "arn:aws:iam::123456789012:role/x",
            "us-east-1",
            "https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1",
        ),
        (
            "arn:aws-us-gov:iam::123456789012:role/x",
            "",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudtrailv2/home?region=us-gov-west-1",
        ),
        (
            "arn:aws-cn:iam::123456789012:role/x",
            "cn-north-1",
            "https://cn-north-1.console.amazonaws.cn/cloudtrailv2/home?region=cn-north-1",
        ),
    ],
)
def test_an_event_is_found_in_its_regions_history(arn: str, region: str, page: str) -> None:
    link = event_link(EVENT, region, arn)
    assert link is not None
    assert link.url == f"{page}#/events/{EVENT}"


@pytest.mark.parametrize("event_id", ["", "genesis", "drift-6c1f0a", EVENT + "/../x"])
def test_what_no_event_told_has_no_link_to_one(event_id: str) -> None:
    assert event_link(event_id, "us-east-1", "arn:aws:iam::123456789012:role/x") is None


def test_a_region_that_is_none_leads_nowhere_else() -> None:
    link = event_link(EVENT, "evil.example/", "arn:aws:iam::123456789012:role/x")
    assert link is not None
    assert link.url.startswith("https://us-east-1.console.aws.amazon.com/")


@pytest.mark.parametrize(
    ("arn", "page"),
    [
        ("arn:aws:iam::123456789012:role/x", "roles/details/x"),
        ("arn:aws:iam::123456789012:role/path/to/x", "roles/details/x"),
        (
            "arn:aws:iam::123456789012:policy/path/x",
            "policies/details/arn%3Aaws%3Aiam%3A%3A123456789012%3Apolicy%2Fpath%2Fx",
        ),
        (
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "policies/details/arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FAdministratorAccess",
        ),
    ],
)
def test_a_role_or_policy_has_its_page(arn: str, page: str) -> None:
    link = subject_link(arn)
    assert link is not None
    assert link.url == f"https://us-east-1.console.aws.amazon.com/iam/home#/{page}"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "x",
        "arn:aws:cloudtrail:us-east-1:123456789012:trail/x",
        "arn:aws:iam::123456789012:user/x",
        "arn:aws:iam::123456789012:policy/" + "x" * 2_000,
    ],
)
def test_what_is_no_role_or_policy_has_no_page(arn: str) -> None:
    assert subject_link(arn) is None


@given(st.text())
def test_a_name_cannot_leave_its_place_in_the_address(text: str) -> None:
    link = subject_link(
        f"arn:aws:iam::123456789012:policy/{text.encode(errors='replace').decode()}"
    )
    if link:
        assert link.url.startswith("https://us-east-1.console.aws.amazon.com/iam/home#/")
        assert not set(link.url) & set("<>|\"' \n")


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        ("arn:aws:iam::1:role/x", "us-east-1"),
        ("arn:aws-us-gov:iam::1:role/x", "us-gov-west-1"),
        ("arn:aws-cn:iam::1:role/x", "cn-north-1"),
        ("", "us-east-1"),
    ],
)
def test_each_partition_has_its_home(arn: str, region: str) -> None:
    assert home_region(arn) == region
