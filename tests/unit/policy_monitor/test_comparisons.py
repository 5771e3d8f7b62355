"""Questions about documents, and why some are not answered."""

from typing import Any

from tests.histories import Shelf, allow, policy, statement, trust

from policy_monitor import catalogue
from policy_monitor.access import Held
from policy_monitor.comparisons import Comparisons, Question
from policy_monitor.masks import mask

BY_SOURCE = policy(
    statement(
        "Allow", "s3:*", Condition={"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/t}"}}
    )
)


def asked(old: Any, new: Any, *, kind: str = "identity", tags: Any = (None, None)) -> Any:
    shelf = Shelf()
    sides = [Held((shelf(each),), tags=held) for each, held in zip((old, new), tags, strict=True)]
    return Comparisons(shelf.documents).answer(Question(sides[0], sides[1], kind=kind))


def codes(answer: Any) -> list[str]:
    return [reason["code"] for reason in answer["undetermined"]]


def test_what_tags_alone_do_not_decide_is_compared_for_any_that_are_the_same() -> None:
    same = (("other", "x"),)
    more = policy(*BY_SOURCE["Statement"], statement("Allow", "sqs:*"))
    assert asked(BY_SOURCE, more, tags=(same, same))["verdict"] == "expansion"


def test_what_tags_alone_do_not_decide_is_undetermined_where_they_changed() -> None:
    answer = asked(BY_SOURCE, BY_SOURCE, tags=((("t", "a"),), ()))
    assert (answer["verdict"], codes(answer)) == ("undetermined", ["tags-read"])


def test_patterns_of_masked_external_ids_are_not_said_to_be_fewer() -> None:
    def assuming(*ids: str) -> Any:
        document = trust()
        document["Statement"][0]["Condition"] = {"StringLike": {"sts:ExternalId": list(ids)}}
        return mask(document, b"key")

    fewer = asked(assuming("one-*", "two-*"), assuming("one-*"), kind="trust")
    assert (fewer["verdict"], codes(fewer)) == ("undetermined", ["masked-external-id"])
    more = asked(assuming("one-*"), assuming("one-*", "two-*"), kind="trust")
    assert more["verdict"] == "expansion"


def test_of_a_document_that_is_no_policy_nothing_is_told() -> None:
    shelf = Shelf()
    held = Held((shelf({"Statement": "none"}),))
    comparisons = Comparisons(shelf.documents, catalogue.load())
    assert comparisons.holdings(held, "") is None
    assert codes(comparisons.answer(Question(held, Held()))) == ["unreadable-document"]


def test_what_a_side_allows_is_told_by_a_tag_that_alone_does_not_decide() -> None:
    shelf = Shelf()
    held = Held((shelf(BY_SOURCE), shelf(allow("sqs:SendMessage"))), tags=())
    found = Comparisons(shelf.documents, catalogue.load()).holdings(held, "")
    assert found is not None
    assert [row["service"] for row in found["services"]] == ["s3", "sqs"]


def test_what_no_known_action_can_use_is_not_counted_as_held() -> None:
    shelf = Shelf()
    latent = allow("eks:DeleteCluster", resource="arn:aws:s3:::x")
    held = Held((shelf(latent), shelf(allow("sqs:SendMessage"))))
    found = Comparisons(shelf.documents, catalogue.load()).holdings(held, "")
    assert found is not None
    assert [row["service"] for row in found["services"]] == ["sqs"]
