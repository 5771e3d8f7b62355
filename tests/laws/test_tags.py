"""A document with a role's tags put in decides every request as the document does with them."""

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from iamdiff import Access, Request, evaluate, parse_document
from policy_monitor.tags import UnboundTagError, bound

TAGS = st.dictionaries(st.sampled_from(["team", "env"]), st.sampled_from(["a", "b", "", "a*", "$"]))
VALUES = st.sampled_from(
    [
        "a",
        "b",
        "*",
        "a*",
        "",
        "true",
        "false",
        "${*}",
        "${aws:PrincipalTag/team}",
        "${aws:PrincipalTag/ENV, 'b'}x",
        "${aws:username}",
        "${",
    ]
)
KEYS = st.sampled_from(
    ["aws:PrincipalTag/team", "aws:principaltag/Env", "aws:username", "aws:SourceVpc"]
)
OPERATORS = st.sampled_from(
    [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLikeIfExists",
        "StringEqualsIgnoreCase",
        "ForAnyValue:StringLike",
        "ForAllValues:StringEquals",
        "Null",
        "BoolIfExists",
        "ArnLike",
        "NumericLessThan",
    ]
)
PATTERNS = st.sampled_from(
    [
        "*",
        "arn:aws:s3:::a/*",
        "arn:aws:s3:::${aws:PrincipalTag/team}/*",
        "arn:aws:s3:::x${aws:PrincipalTag/env, 'a'}",
        "arn:aws:s3:::${aws:username}/${aws:PrincipalTag/team}",
        "arn:aws:sqs:${aws:PrincipalTag/team}:1:q",
    ]
)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    operands = st.dictionaries(KEYS, st.lists(VALUES, min_size=1, max_size=2), max_size=1)
    conditions = draw(st.dictionaries(OPERATORS, operands, max_size=2))
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        "Action": "s3:*",
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            st.lists(PATTERNS, min_size=1, max_size=2)
        ),
        "Condition": conditions,
    }


@st.composite
def requests(draw: st.DrawFn) -> Request:
    context = draw(
        st.dictionaries(
            st.sampled_from(["aws:username", "aws:SourceVpc"]), st.sampled_from(["a", "b", ""])
        )
    )
    resource = draw(
        st.sampled_from(
            ["*", "arn:aws:s3:::a/x", "arn:aws:s3:::b/a", "arn:aws:s3:::xa", "arn:aws:s3:::a*/x"]
        )
    )
    return Request("s3:GetObject", resource, context=context)


@given(
    st.lists(statements(), min_size=1, max_size=3),
    st.sampled_from(["2012-10-17", "2008-10-17"]),
    TAGS,
    requests(),
)
def test_a_bound_document_decides_as_the_document_with_the_tags_does(
    parts: list[dict[str, Any]], version: str, tags: dict[str, str], request: Request
) -> None:
    document = parse_document({"Version": version, "Statement": parts})
    try:
        read = bound(document, tuple(tags.items()))
    except UnboundTagError:
        event("not bound")
        return
    keys = {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    with_tags = request._replace(context={**request.context, **keys})
    then, now = evaluate(Access((document,)), with_tags), evaluate(Access((read,)), request)
    event(f"allowed: {then.allowed}")
    assert (now.allowed, bool(now.undecided)) == (then.allowed, bool(then.undecided))
