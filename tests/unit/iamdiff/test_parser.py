"""Policy documents: what is taken, what is taken with a warning, what is refused and how."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.iamdiff.policies import allow, deny, document

from iamdiff.kinds import Kind, check_kind, likely_kind
from iamdiff.model import Effect, PolicyError, PrincipalType
from iamdiff.parser import parse_document
from iamdiff.sources import NumberText, load_json


def refusal(source: Any) -> str:
    """The message with which a document is refused."""
    with pytest.raises(PolicyError) as caught:
        parse_document(source)
    message = str(caught.value)
    assert message
    assert message.isprintable()
    return message


def refusal_of(**elements: Any) -> str:
    """The same, of a document whose second statement has these elements."""
    return refusal({"Version": "2012-10-17", "Statement": [allow(), elements]})


def test_a_document_becomes_plain_data() -> None:
    read = parse_document(
        """{"Version": "2012-10-17", "Id": "x", "Statement": [{"Sid": "A", "Effect": "Deny",
            "NotAction": ["s3:Get*", "ec2:*"], "NotResource": "arn:aws:s3:::b/*",
            "Condition": {"ForAnyValue:StringLike": {"aws:TagKeys": ["a*", "b"]}}}]}"""
    )
    (only,) = read.statements
    assert (only.number, only.sid, only.effect) == (0, "A", Effect.DENY)
    assert (only.actions, only.inverted_actions) == (("s3:Get*", "ec2:*"), True)
    assert (only.resources, only.inverted_resources) == (("arn:aws:s3:::b/*",), True)
    assert [(c.operator.name, c.key, c.values) for c in only.conditions] == [
        ("ForAnyValue:StringLike", "aws:TagKeys", ("a*", "b"))
    ]
    assert only.principals is None
    assert (read.version, read.variables, read.warnings) == ("2012-10-17", True, ())


def test_single_values_stand_for_lists() -> None:
    single = parse_document({"Statement": allow("s3:*", Condition={"Bool": {"a:b": "true"}})})
    listed = parse_document(
        {"Statement": [allow(["s3:*"], Resource=["*"], Condition={"Bool": {"a:b": ["true"]}})]}
    )
    assert single == listed


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_a_byte_order_mark_is_passed_over(mark: str) -> None:
    text = mark + json.dumps({"Statement": [allow()]})
    assert parse_document(text) == parse_document(text.encode()) == document(allow(), version=None)


def test_numbers_and_booleans_are_condition_values_as_they_were_written() -> None:
    text = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": %s}}'
    block = '{"NumericEquals": {"a:b": [10, 1.50, -2e3, "7"]}, "Bool": {"a:c": true, "a:d": false}}'
    conditions = parse_document(text % block).statements[0].conditions
    assert [c.values for c in conditions] == [("10", "1.50", "-2e3", "7"), ("true",), ("false",)]
    assert type(conditions[0].values[0]) is str


def test_numbers_of_a_document_that_was_read_elsewhere_are_taken_too() -> None:
    read = document(allow(Condition={"NumericEquals": {"a:b": [10, 1.5]}}))
    assert read.statements[0].conditions[0].values == ("10", "1.5")


@pytest.mark.parametrize(
    ("version", "variables"), [("2012-10-17", True), ("2008-10-17", False), (None, False)]
)
def test_variables_belong_to_the_version_of_2012(version: str | None, variables: bool) -> None:
    read = document(allow(), version=version)
    assert (read.version, read.variables) == (version or "", variables)


def test_every_kind_of_principal_is_read() -> None:
    principal = {
        "AWS": ["123456789012", "*", "AROAEXAMPLEEXAMPLE"],
        "Service": "ec2.amazonaws.com",
        "Federated": "accounts.google.com",
        "CanonicalUser": "0f" * 32,
    }
    principals = document(allow(Principal=principal)).statements[0].principals
    assert principals is not None
    assert principals.names == (
        (PrincipalType.AWS, "123456789012"),
        (PrincipalType.AWS, "*"),
        (PrincipalType.AWS, "AROAEXAMPLEEXAMPLE"),
        (PrincipalType.SERVICE, "ec2.amazonaws.com"),
        (PrincipalType.FEDERATED, "accounts.google.com"),
        (PrincipalType.CANONICAL_USER, "0f" * 32),
    )
    assert not principals.inverted


def test_a_star_is_everyone() -> None:
    principals = document(deny(NotPrincipal="*")).statements[0].principals
    assert principals is not None
    assert principals.names == ((PrincipalType.EVERYONE, "*"),)
    assert principals.inverted


def test_a_statement_of_a_trust_policy_has_no_resources() -> None:
    assert document(allow(Principal="*")).statements[0].resources is None


@pytest.mark.parametrize(
    "action", ["*", "*:*", "s3:*", "S3:Get?bject", "a-b:C_d.e-f", "config:x-y"]
)
def test_these_action_patterns_pass_without_a_word(action: str) -> None:
    assert document(allow(action)).warnings == ()


@pytest.mark.parametrize(
    "action", ["s3:GetObject ", "s3:", " s3:Get", "s3:Get Object", "s3:é", "a_b:c"]
)
def test_an_action_pattern_that_matches_nothing_is_pointed_out(action: str) -> None:
    (warning,) = document(allow(action)).warnings
    assert warning.startswith("statement 1: Action: ")
    assert warning.endswith("it matches nothing")


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ("*:Get", "has a wildcard before the colon"),
        ("s*:Get", "has a wildcard before the colon"),
        ("s?:*", "has a wildcard before the colon"),
        ("**", "has a wildcard before the colon"),
        ("s3*", "has a wildcard before the colon"),
        ("s3", "names no service"),
        ("", "names no service"),
    ],
)
def test_a_wildcard_in_the_service_or_no_service_is_refused(action: str, fault: str) -> None:
    message = refusal_of(Effect="Allow", NotAction=["ec2:*", action], Resource="*")
    assert message.startswith(f'statement 2: NotAction: "{action}" ')
    assert fault in message


@pytest.mark.parametrize(
    "resource",
    ["*", "**", "arn:aws:s3:::b", "a*:aws:s3:::b", "a?n:aws:s3:::b", "${aws:x}"],
)
def test_these_resource_patterns_pass_without_a_word(resource: str) -> None:
    assert document(allow(Resource=resource)).warnings == ()


@pytest.mark.parametrize("resource", ["", "bucket", "*bucket*", "ARN:aws:s3:::b", "?"])
def test_a_resource_pattern_that_matches_nothing_is_pointed_out(resource: str) -> None:
    (warning,) = document(allow(Resource=resource)).warnings
    assert (
        warning
        == f'statement 1: Resource: "{resource}" is neither an ARN nor *: it matches nothing'
    )


def test_a_sid_that_stands_twice_is_pointed_out() -> None:
    read = document(allow(Sid="B"), allow(Sid="A"), allow(Sid="A"), allow(), allow())
    assert read.warnings == ('Sid "A" names more than one statement',)


def test_each_warning_names_its_own_statement_once() -> None:
    read = document(allow(["s3:a b", "s3:Get"]), allow(), allow("s3:", Sid="x"))
    assert read.warnings == (
        'statement 1: Action: "s3:a b" is no action\'s name: it matches nothing',
        'statement 3: Action: "s3:" is no action\'s name: it matches nothing',
    )


def test_odd_capitals_of_element_names_are_taken_and_pointed_out() -> None:
    odd = {
        "version": "2012-10-17",
        "Statement": {
            "effect": "Allow",
            "ACTION": "s3:*",
            "Resource": "*",
            "Condition": {"stringequals": {"a:b": "c"}, "forallvalues:STRINGLIKEIFEXISTS": {}},
        },
    }
    read = parse_document(odd)
    assert read.variables
    assert read.statements[0].conditions[0].operator.name == "StringEquals"
    assert read.warnings == (
        "version: IAM writes Version",
        "statement 1: effect: IAM writes Effect",
        "statement 1: ACTION: IAM writes Action",
        "statement 1: Condition.stringequals: IAM writes StringEquals",
        (
            "statement 1: Condition.forallvalues:STRINGLIKEIFEXISTS: IAM writes "
            "ForAllValues:StringLikeIfExists"
        ),
    )


def test_empty_lists_are_taken_and_pointed_out() -> None:
    read = document(allow([], Resource=[], Condition={"StringEquals": {"a:b": []}}))
    assert read.statements[0].actions == ()
    assert read.statements[0].conditions[0].values == ()
    assert read.warnings == (
        "statement 1: Action: the list is empty",
        "statement 1: Resource: the list is empty",
        "statement 1: Condition.StringEquals.a:b: the list is empty",
    )


def test_a_tuple_is_a_list() -> None:
    tuples = document(allow(("s3:a", "s3:b"), Condition={"StringLike": {"ex:key": ("a", "b")}}))
    assert tuples == document(
        allow(["s3:a", "s3:b"], Condition={"StringLike": {"ex:key": ["a", "b"]}})
    )
    assert refusal_of(**allow(("s3:a", 1))) == "statement 2: Action: a number where a text belongs"


def test_a_document_may_be_emptied() -> None:
    assert document().statements == ()


def test_a_key_in_two_spellings_is_pointed_out_and_both_hold() -> None:
    read = document(allow(Condition={"StringEquals": {"aws:Foo": "a", "AWS:foo": "b"}}))
    assert [c.values for c in read.statements[0].conditions] == [("a",), ("b",)]
    assert read.warnings == (
        "statement 1: Condition.StringEquals: a key stands twice, in different case; both hold",
    )


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_what_looks_like_a_variable_is_pointed_out_where_the_version_has_none(
    version: dict[str, str],
) -> None:
    home, tag = "arn:aws:s3:::home/${aws:username}/*", "${aws:PrincipalTag/team}"
    statements = [
        allow(Resource=["*", home, "arn:aws:s3:::${aws:userid}"]),
        allow(),
        allow(Condition={"StringLike": {"s3:prefix": ["a", tag]}}),
    ]
    assert parse_document({**version, "Statement": statements}).warnings == (
        f'statement 1: "{home}" holds no variable: that takes "Version": "2012-10-17"',
        f'statement 3: "{tag}" holds no variable: that takes "Version": "2012-10-17"',
    )
    assert parse_document({"Version": "2012-10-17", "Statement": statements}).warnings == ()


def test_two_keys_are_no_key_that_stands_twice() -> None:
    assert document(allow(Condition={"StringEquals": {"a:b": "x", "a:c": "y"}})).warnings == ()


@pytest.mark.parametrize(("count", "warnings"), [(10_240, 0), (10_241, 1)])
@pytest.mark.parametrize("encode", [str, str.encode])
def test_as_much_as_iam_takes_is_taken_without_a_word(
    encode: Callable[[str], str | bytes], count: int, warnings: int
) -> None:
    frame = json.dumps({"Statement": [allow(Sid="")]}, separators=(",", ":"))
    full = frame.replace('"Sid":""', '"Sid":"%s"' % ("a" * (count - len(frame))))
    assert len(full) == count
    blanks = " \n\r\t" * 20
    assert len(parse_document(encode(blanks + full + blanks)).warnings) == warnings


def test_more_than_iam_takes_is_a_warning_and_blanks_do_not_count() -> None:
    many = {"Statement": [allow([f"s3:Get{n:08}" for n in range(600)])]}
    assert parse_document(json.dumps(many)).warnings == (
        "10,260 characters, more than the 10,240 that IAM takes",
    )
    few = {"Statement": [allow([f"s3:Get{n:08}" for n in range(500)])]}
    assert parse_document(json.dumps(few, indent=40).encode()).warnings == ()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "line 1, column 1: not JSON: expecting value"),
        ("{", "line 1, column 2: not JSON: expecting property name enclosed in double quotes"),
        ('{"Statement": [\n{"Effect"; 1}', "line 2, column 10: not JSON: expecting ':' delimiter"),
        ('{"Statement": [NaN]}', "not JSON: NaN is no value of JSON"),
        (b"\xff", "byte 1 is not UTF-8"),
        ("[]", "the document is a list, not an object"),
        ("null", "the document is null, not an object"),
        ("7", "the document is the number 7, not an object"),
        ("{}", "Statement is missing"),
        ('{"Statement": null}', "Statement: null where a list of objects belongs"),
        ('{"Statement": "x"}', 'Statement: "x" where a list of objects belongs'),
        ('{"Statement": [[]]}', "statement 1: the statement is a list, not an object"),
        ('{"Version": "2012-10-18", "Statement": []}',
         'Version: "2012-10-18" is none; write 2008-10-17 or 2012-10-17'),
        ('{"Version": 2012, "Statement": []}',
         "Version: the number 2012 is none; write 2008-10-17 or 2012-10-17"),
        ('{"Version": [], "Statement": []}',
         "Version: a list is none; write 2008-10-17 or 2012-10-17"),
        ('{"Id": [], "Statement": []}', "Id: a list is no text"),
        ('{"Statements": []}', "Statements: unknown element; did you mean Statement?"),
        ('{"Foo": 1, "Statement": []}', "Foo: unknown element; there are Id, Statement, Version"),
        ('{"Statement": [], "Statement": []}', "Statement stands twice"),
        ('{"Statement": [], "statement": []}', "Statement stands twice"),
        ("[" * 100_000, "nested too deeply for a policy"),
        ('{"Statement": "\\ud800"}', "a text holds half a surrogate pair, which is no character"),
        ('{"Statement": "\ud800"}', "character 16 is half a surrogate pair, which is no character"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_one_line(source: str | bytes, message: str) -> None:
    assert refusal(source) == message


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Action": "s3:*", "Resource": "*"}, "Effect is missing; write Allow or Deny"),
        ({"Effect": "allow"}, 'Effect: "allow" is none; write Allow or Deny'),
        ({"Effect": []}, "Effect: a list is none; write Allow or Deny"),
        ({"Effect": "Allow", "Resource": "*"}, "Action is missing; write Action or NotAction"),
        (allow(Sid=3), "Sid: a number is no text"),
        (allow(NotAction="s3:*") | {"Action": "s3:*"},
         "Action and NotAction stand together; keep one of them"),
        (allow(Resource="*", NotResource="*"),
         "Resource and NotResource stand together; keep one of them"),
        (allow(Principal="*", NotPrincipal="*"),
         "Principal and NotPrincipal stand together; keep one of them"),
        (allow(Actions="s3:*"), "Actions: unknown element; did you mean Action?"),
        (allow({}), "Action: an object where a text or a list of texts belongs"),
        (allow(["s3:*", None]), "Action: null where a text belongs"),
        (allow(Resource=["*", 5]), "Resource: a number where a text belongs"),
        (allow(Condition=[]), "Condition: a list, not an object"),
        (allow(Condition={"StringEqual": {"a:b": "c"}}),
         "Condition.StringEqual: unknown operator; did you mean StringEquals?"),
        (allow(Condition={"Stringlikes": {"a:b": "c"}}),
         "Condition.Stringlikes: unknown operator; did you mean StringLike?"),
        (allow(Condition={"Foo": {}}), "Condition.Foo: unknown operator"),
        (allow(Condition={"ForSome:StringEquals": {}}),
         "Condition.ForSome:StringEquals: unknown set operator; write ForAnyValue or ForAllValues"),
        (allow(Condition={"NullIfExists": {"a:b": "true"}}),
         "Condition.NullIfExists: Null takes no IfExists; it already asks whether the key exists"),
        (allow(Condition={"BoolIfExistsIfExists": {}}),
         "Condition.BoolIfExistsIfExists: unknown operator; did you mean BoolIfExists?"),
        (allow(Condition={"Bool": "true"}),
         'Condition.Bool: "true", not an object of keys and values'),
        (allow(Condition={"Bool": {"": "true"}}), 'Condition.Bool."": no condition key'),
        (allow(Condition={"Bool": {1: "true"}}), "Condition.Bool.a number: no condition key"),
        (allow(Condition={"Bool": {"a:b": None}}),
         "Condition.Bool.a:b: null where a text, a number, a Boolean or a list of them belongs"),
        (allow(Condition={"Bool": {"a:b": [["true"]]}}),
         "Condition.Bool.a:b: a list where a text, a number, a Boolean or a list of them belongs"),
        (allow(Condition={"NumericEquals": {"a:b": float("nan")}}),
         ("Condition.NumericEquals.a:b: a number where a text, a number, a Boolean or a list of "
         "them belongs")),
        (allow(Condition={"NumericEquals": {"a:b": 10**5000}}),
         "Condition.NumericEquals.a:b: a number of too many digits"),
        (allow(Principal="arn:aws:iam::123456789012:root"),
         ('Principal: "arn:aws:iam::123456789012:root" is none; write "*" or an object of AWS, '
         "Service, …")),
        (allow(Principal={"Aws": [], "Iam": []}),
         "Principal.Iam: unknown element; there are AWS, CanonicalUser, Federated, Service"),
        (allow(Principal={"AWS": "arn:aws:iam::123456789012:role/*"}),
         ('Principal.AWS: "arn:aws:iam::123456789012:role/*" holds a wildcard; name one principal, '
         "or use the condition key aws:PrincipalArn")),
        (allow(Principal={"AWS": "AROAEXAMPLE?"}),
         ('Principal.AWS: "AROAEXAMPLE?" holds a wildcard; name one principal, or use the '
         "condition key aws:PrincipalArn")),
        (allow(Principal={"Service": ""}), "Principal.Service: an empty text names nobody"),
    ],
)  # fmt: skip
def test_a_bad_statement_is_refused_with_its_number(elements: dict[str, Any], message: str) -> None:
    assert refusal_of(**elements) == f"statement 2: {message}"


@pytest.mark.parametrize(
    "elements",
    [
        allow(Sid="\ud800"),
        allow(Sid="\ud800", Principal="*"),
        allow("s3:\ud800"),
        allow(Resource="arn:aws:s3:::\ud800"),
        allow(Principal={"Federated": "\ud800"}),
        allow(Condition={"StringEquals": {"\ud800": "x"}}),
        allow(Condition={"StringEquals": {"a:b": ["x", "\udfff"]}}),
    ],
)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(elements: dict[str, Any]) -> None:
    sentence = "a text holds half a surrogate pair, which is no character"
    assert refusal_of(**elements) == f"statement 2: {sentence}"
    assert refusal(json.dumps({"Statement": [elements]})) == sentence


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Effect": "Allow", "Effect": "Deny"}', "Effect stands twice"),
        ('{"Condition": {"Bool": {"a:b": "true"}, "Bool": {}}, "Effect": "Deny", "Action": "s3:*"}',
         "Condition.Bool stands twice"),
        (('{"Condition": {"Bool": {"a:b": "true", "a:b": "false"}}, "Effect": "Deny", '
         '"Action": "s3:*"}'), "Condition.Bool.a:b stands twice"),
        ('{"Principal": {"AWS": "*", "AWS": "*"}, "Effect": "Deny", "Action": "s3:*"}',
         "Principal.AWS stands twice"),
    ],
)  # fmt: skip
def test_an_element_that_stands_twice_is_refused_where_it_stands(text: str, message: str) -> None:
    assert refusal(f'{{"Statement": [{text}]}}') == f"statement 1: {message}"
    # The same through a tree that was read before, as a file of many documents is.
    assert refusal(load_json(f'{{"Statement": [{text}]}}')) == f"statement 1: {message}"


def test_json_keeps_numbers_as_they_were_written() -> None:
    read = load_json('{"a": [1.50, 10, "x"]}')
    assert read == {"a": ["1.50", "10", "x"]}
    assert [type(each) for each in read["a"]] == [NumberText, NumberText, str]
    assert len(load_json("9" * 10_000)) == 10_000


@pytest.mark.parametrize(
    ("kind", "statement", "fault"),
    [
        ("identity", allow(Principal="*"),
         "Principal in an identity policy; its principal is whoever it is attached to"),
        ("identity", allow(NotPrincipal="*"),
         "NotPrincipal in an identity policy; its principal is whoever it is attached to"),
        ("identity", {"Effect": "Allow", "Action": "s3:*"},
         "Resource is missing; write Resource or NotResource"),
        ("trust", allow(), "Principal is missing in a trust policy"),
        ("trust", deny(NotPrincipal="*"),
         "NotPrincipal in a trust policy; AWS takes it in resource policies only"),
        ("trust", allow(Principal="*", Resource="*"),
         "Resource in a trust policy; its resource is the role"),
        ("resource", allow(), "Principal is missing in a resource policy"),
        ("identity", allow(), ""),
        ("identity", allow(NotResource="*"), ""),
        ("trust", allow(Principal="*"), ""),
        ("resource", allow(Principal="*"), ""),
        ("resource", allow(Principal="*", Resource="*"), ""),
        ("resource", deny(NotPrincipal="*", Resource="*"), ""),
    ],
)  # fmt: skip
def test_each_kind_of_policy_has_its_elements(
    kind: str, statement: dict[str, Any], fault: str
) -> None:
    fine = allow() if kind == "identity" else allow(Principal="*")
    read = document(fine, statement)
    if not fault:
        check_kind(read, kind)
        return
    with pytest.raises(PolicyError) as caught:
        check_kind(read, kind)
    assert str(caught.value) == f"statement 2: {fault}"


def test_there_are_no_other_kinds() -> None:
    with pytest.raises(ValueError, match="session"):
        check_kind(document(), "session")


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        ([], Kind.IDENTITY),
        ([allow(), deny()], Kind.IDENTITY),
        ([allow(Principal="*")], Kind.TRUST),
        ([allow(Principal="*"), deny(NotPrincipal="*", Resource="*")], Kind.RESOURCE),
        ([allow(Principal="*", Resource="*"), deny()], Kind.RESOURCE),
    ],
)
def test_the_kind_of_documents_shows_in_their_elements(
    statements: list[dict[str, Any]], kind: Kind
) -> None:
    assert likely_kind(document(each) for each in statements) is kind


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.text(max_size=6) | st.sampled_from(["Allow", "Deny", "s3:*", "*", "2012-10-17", "\ud800"])
)  # fmt: skip
_NAMES = st.text(max_size=5) | st.sampled_from(
    [
        "Version", "Id", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource",
        "NotResource", "Principal", "NotPrincipal", "Condition", "AWS", "Service", "effect",
        "StringEquals", "ForAllValues:StringLike", "Null", "Bool", "NullIfExists",
    ]
)  # fmt: skip
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_NAMES, inner, max_size=4)
        | st.fixed_dictionaries(
            {"Effect": st.just("Allow"), "Action": inner},
            optional={"Condition": inner, "Principal": inner},
        )
        | st.fixed_dictionaries({"Statement": inner})
    ),
    max_leaves=12,
)


@given(_TREES)
@example({"Statement": {1: 2}})
@example({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Condition": {None: {}}}]})
def test_a_fuzzed_tree_raises_nothing_but_our_own_error(tree: Any) -> None:
    for source in (tree, json.dumps(tree)):
        try:
            parse_document(source)
        except PolicyError as error:
            assert str(error).isprintable()  # noqa: PT017 - whether it raises is not the question


@given(st.text() | st.binary())
@example('{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Condition": {"Bool\\n": {}}}]}')
@example('{"Statement": ' + "9" * 5000 + "}")
@example('{"a":' * 50_000)
def test_fuzzed_text_raises_nothing_but_our_own_error(source: str | bytes) -> None:
    try:
        parse_document(source)
    except PolicyError as error:
        assert str(error).isprintable()  # noqa: PT017 - whether it raises is not the question


def test_a_value_that_is_none_of_json_is_named_by_its_type() -> None:
    with pytest.raises(PolicyError, match="Version: a value of type set is none"):
        parse_document({"Version": {"2012-10-17"}, "Statement": []})
