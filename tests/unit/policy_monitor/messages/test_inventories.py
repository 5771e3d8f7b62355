from typing import Any

import pytest
from tests.golden_messages import golden_finding

from policy_monitor.errors import UnreadableEventError
from policy_monitor.messages.blocks import slack_message
from policy_monitor.messages.content import content
from policy_monitor.messages.email import email_text
from policy_monitor.messages.inventories import SERVICES_SHOWN, inventory_sides
from policy_monitor.messages.text import plain


def finding(services: Any) -> dict[str, Any]:
    return {**golden_finding("baseline"), "inventory": {"allowed": 3, "services": services}}


def service(name: str = "s3", **levels: int) -> dict[str, Any]:
    return {"service": name, "allowed": 3, "catalogued": 1_234, "levels": levels}


def test_each_service_is_listed_with_its_access_levels() -> None:
    (side,) = inventory_sides(finding([service(Write=1, Read=2)]))
    (entry,) = side.entries
    assert side.title == "Can do"
    assert plain(entry.what) == "s3: 3 of 1,234 known actions"
    assert [plain(detail) for detail in entry.details] == ["1 Write, 2 Read"]


def test_services_beyond_the_first_are_counted() -> None:
    many = [service(f"service-{number}", Read=3) for number in range(SERVICES_SHOWN + 450)]
    (side,) = inventory_sides(finding(many))
    assert (len(side.entries), side.more) == (SERVICES_SHOWN, 450)
    assert "and 450 more" in email_text(content(finding(many)))
    assert "and 450 more" in str(slack_message(finding(many)))


def test_without_an_inventory_nothing_is_listed() -> None:
    assert inventory_sides(golden_finding("expansion")) == ()
    assert inventory_sides(finding([])) == ()


@pytest.mark.parametrize(
    "inventory",
    [[], "text", 5, {}, {"services": 5}, {"services": [5]}, {"services": [{"service": "s3"}]}],
)
def test_an_inventory_of_another_shape_is_refused(inventory: Any) -> None:
    with pytest.raises(UnreadableEventError, match="inventory"):
        content({**golden_finding("baseline"), "inventory": inventory})


def test_hostile_names_show_as_they_are() -> None:
    (side,) = inventory_sides(finding([service("<!channel>\u202e", **{"Wr\nite": 3})]))
    text = plain(side.entries[0].what) + "".join(plain(d) for d in side.entries[0].details)
    assert "\u202e" not in text
    assert "\n" not in text
    assert "&lt;!channel&gt;" in str(slack_message(finding([service("<!channel>")])))
