from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.histories import (
    CEILING,
    EXTRA,
    NOON,
    POLICY,
    READ_AT,
    ROLE,
    ROLE_ARN,
    genesis,
    managed,
    mutation,
    role,
)

from policy_monitor.ledger import Genesis
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
    MutationKind,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    PolicyObserved,
    PolicyUseChanged,
    RoleCreated,
    RoleDeleted,
    RoleObserved,
    RoleTagged,
    RoleUntagged,
    RoleUpdated,
    TrustChanged,
    Use,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.preconditions import can_follow
from policy_monitor.readings import Writings
from policy_monitor.state import AccountState, PolicyState, RoleState
from policy_monitor.timeline import earlier, fold, fold_through, steps
from policy_monitor.transitions import applied, find_role

EMPTY = genesis()
FULL = genesis(
    role(attached=frozenset({POLICY}), inline={"i": "d"}, boundary=CEILING, trust="t"),
    managed(POLICY, "a", "b"),
    managed(CEILING, "c"),
)
LATER = "2026-06-01T12:00:01Z"


def ids(baseline: Genesis, *mutations: Mutation) -> list[str]:
    return [step.mutation.event_id for step in steps(baseline, mutations)]


def untold(baseline: Genesis, *mutations: Mutation) -> set[str]:
    return {s.mutation.event_id for s in steps(baseline, mutations) if s.order_untold}


def held(baseline: Genesis, *mutations: Mutation) -> RoleState:
    found = find_role(fold(baseline, mutations), ROLE)
    assert found is not None
    return found


# ------------------------------------------------------------------ single changes


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (PolicyAttached(ROLE, EXTRA), lambda r: EXTRA in r.attached),
        (PolicyDetached(ROLE, POLICY), lambda r: r.attached == frozenset()),
        (InlinePolicyPut(ROLE, "j", "e"), lambda r: r.inline == {"i": "d", "j": "e"}),
        (InlinePolicyDeleted(ROLE, "i"), lambda r: r.inline == {}),
        (BoundaryPut(ROLE, EXTRA), lambda r: r.boundary == EXTRA),
        (BoundaryDeleted(ROLE), lambda r: r.boundary is None),
        (TrustChanged(ROLE, "u"), lambda r: r.trust == "u"),
        (RoleUpdated(ROLE, 7200), lambda r: r.max_session_seconds == 7200),
        (RoleTagged(ROLE, (("k", "v"),)), lambda r: r.tags == {"k": "v"}),
        (
            RoleObserved(ROLE.upper(), ROLE_ARN, trust_sha256="u"),
            lambda r: r == RoleState(ROLE.upper(), ROLE_ARN, trust="u"),
        ),
    ],
)
def test_a_change_sets_its_part_of_the_role(
    change: Change, told: Callable[[RoleState], bool]
) -> None:
    assert told(held(FULL, mutation("1", change)))


def test_a_role_is_found_whatever_the_case_of_its_name() -> None:
    assert held(FULL, mutation("1", PolicyDetached(ROLE.upper(), POLICY))).attached == frozenset()


def test_a_role_that_no_baseline_shows_is_not_known() -> None:
    assert not held(Genesis(READ_AT, AccountState()), mutation("1", RoleTagged(ROLE, ()))).known


def test_a_role_whose_creation_was_seen_is_known() -> None:
    created = mutation("1", RoleCreated(ROLE, ROLE_ARN, "t"))
    assert held(Genesis(READ_AT, AccountState()), created).known


def test_a_deleted_role_holds_nothing_when_it_comes_again() -> None:
    mutations = (
        mutation("1", RoleDeleted(ROLE)),
        mutation("2", RoleCreated(ROLE, ROLE_ARN, "t"), time=LATER),
    )
    assert held(FULL, *mutations) == RoleState(ROLE, ROLE_ARN, trust="t")


def test_a_role_that_is_gone_is_gone() -> None:
    gone = mutation("1", RoleObserved(ROLE, "", exists=False))
    assert find_role(fold(FULL, [gone]), ROLE) is None


@pytest.mark.parametrize(
    ("change", "policy"),
    [
        (VersionCreated(POLICY, "v3", "c", default=True), (("a", "b", "c"), "v3")),
        (VersionCreated(POLICY, "v3", "c", default=False), (("a", "b", "c"), "v1")),
        (DefaultVersionSet(POLICY, "v2"), (("a", "b"), "v2")),
        (DefaultVersionSet(POLICY, "v2", "another"), (("a", "b"), "v2")),
        (VersionDeleted(POLICY, "v2"), (("a",), "v1")),
        (PolicyCreated(POLICY, "v1", "z"), (("z",), "v1")),
        (PolicyObserved(POLICY, True, "v2", "b"), (("a", "b"), "v2")),
    ],
)
def test_a_policy_keeps_its_versions_and_its_default(
    change: Change, policy: tuple[tuple[str, ...], str]
) -> None:
    state = fold(FULL, [mutation("1", change)]).policies[POLICY]
    assert (tuple(state.versions.values()), state.default) == policy


@pytest.mark.parametrize("change", [PolicyDeleted(POLICY), PolicyObserved(POLICY, exists=False)])
def test_a_deleted_policy_is_no_more(change: Change) -> None:
    assert POLICY not in fold(FULL, [mutation("1", change)]).policies


def test_a_tag_that_is_removed_is_gone() -> None:
    tagged = genesis(role(tags={"a": "1", "b": "2"}))
    assert held(tagged, mutation("1", RoleUntagged(ROLE, ("a", "c")))).tags == {"b": "2"}


def test_a_tag_is_set_and_removed_whatever_the_case_of_its_key() -> None:
    tagged = genesis(role(tags={"Team": "1", "b": "2"}))
    again = mutation("1", RoleTagged(ROLE, (("tEAM", "3"),)))
    assert held(tagged, again).tags == {"tEAM": "3", "b": "2"}
    assert held(tagged, mutation("1", RoleUntagged(ROLE, ("TEAM",)))).tags == {"b": "2"}


def test_a_principal_has_one_boundary_at_most() -> None:
    state = AccountState()
    for change in (
        PolicyUseChanged("user/ada", Use.BOUNDARY, CEILING, begun=True),
        PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=True),
        PolicyUseChanged("user/ada", Use.BOUNDARY, EXTRA, begun=True),
    ):
        state = applied(state, change)
    assert state.uses == {
        EXTRA: frozenset({("user/ada", Use.BOUNDARY)}),
        POLICY: frozenset({("user/ada", Use.ATTACHED)}),
    }
    for change in (
        PolicyUseChanged("user/ada", Use.BOUNDARY, None, begun=False),
        PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=False),
    ):
        state = applied(state, change)
    assert state.uses == {}


# ------------------------------------------------------------------ order within one second


@pytest.mark.parametrize(
    ("baseline", "first", "second"),
    [
        (EMPTY, RoleCreated(ROLE, ROLE_ARN, "t"), InlinePolicyPut(ROLE, "i", "d")),
        (EMPTY, RoleCreated(ROLE, ROLE_ARN, "t"), PolicyAttached(ROLE, POLICY)),
        (EMPTY, PolicyCreated(POLICY, "v1", "a"), PolicyAttached(ROLE, POLICY)),
        (EMPTY, PolicyCreated(POLICY, "v1", "a"), VersionCreated(POLICY, "v2", "b", default=True)),
        (FULL, VersionCreated(POLICY, "v3", "c", default=False), DefaultVersionSet(POLICY, "v3")),
        (
            FULL,
            VersionCreated(POLICY, "v3", "c", default=True),
            VersionCreated(POLICY, "v4", "d", default=True),
        ),
        (FULL, DefaultVersionSet(POLICY, "v2"), VersionDeleted(POLICY, "v1")),
        (FULL, PolicyDetached(ROLE, POLICY), PolicyDeleted(POLICY)),
        (
            genesis(role(), managed(POLICY, "a")),
            PolicyAttached(ROLE, POLICY),
            PolicyDetached(ROLE, POLICY),
        ),
        (genesis(role()), InlinePolicyPut(ROLE, "i", "d"), InlinePolicyDeleted(ROLE, "i")),
        (genesis(role()), RoleDeleted(ROLE), RoleCreated(ROLE, ROLE_ARN, "u")),
    ],
)
def test_calls_of_one_second_are_put_in_the_order_in_which_each_succeeds(
    baseline: Genesis, first: Change, second: Change
) -> None:
    for names in (("1", "2"), ("2", "1")):
        mutations = (mutation(names[0], first), mutation(names[1], second))
        assert ids(baseline, *mutations) == list(names)
        assert untold(baseline, *mutations) == set()


def test_a_whole_life_in_one_second_is_told_in_order() -> None:
    life: list[Change] = [
        RoleCreated(ROLE, ROLE_ARN, "t"),
        PolicyAttached(ROLE, POLICY),
        PolicyDetached(ROLE, POLICY),
        RoleDeleted(ROLE),
    ]
    mutations = [mutation(str(9 - place), change) for place, change in enumerate(life)]
    assert ids(EMPTY, *mutations) == ["9", "8", "7", "6"]
    assert untold(EMPTY, *mutations) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PolicyAttached(ROLE, POLICY), PolicyDetached(ROLE, POLICY)),
        (InlinePolicyPut(ROLE, "i", "e"), InlinePolicyDeleted(ROLE, "i")),
        (InlinePolicyPut(ROLE, "i", "e"), InlinePolicyPut(ROLE, "i", "f")),
        (TrustChanged(ROLE, "u"), TrustChanged(ROLE, "v")),
        (BoundaryPut(ROLE, EXTRA), BoundaryDeleted(ROLE)),
        (DefaultVersionSet(POLICY, "v1"), DefaultVersionSet(POLICY, "v2")),
        (RoleTagged(ROLE, (("k", "1"),)), RoleTagged(ROLE, (("K", "2"),))),
        (RoleTagged(ROLE, (("k", "1"),)), RoleUntagged(ROLE, ("K",))),
    ],
)
def test_calls_whose_order_decides_and_is_not_told_are_marked(one: Change, other: Change) -> None:
    assert untold(FULL, mutation("1", one), mutation("2", other)) == {"1", "2"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PolicyAttached(ROLE, EXTRA), PolicyDetached(ROLE, POLICY)),
        (InlinePolicyPut(ROLE, "i", "e"), InlinePolicyPut(ROLE, "j", "f")),
        (TrustChanged(ROLE, "u"), TrustChanged(ROLE, "u")),
        (RoleTagged(ROLE, (("k", "1"),)), RoleTagged(ROLE, (("l", "2"),))),
        (VersionCreated(POLICY, "v3", "c", default=True), VersionDeleted(POLICY, "v2")),
    ],
)
def test_calls_that_do_not_touch_are_not_marked(one: Change, other: Change) -> None:
    assert untold(FULL, mutation("1", one), mutation("2", other)) == set()


def test_of_more_calls_than_can_be_tried_those_that_touch_are_marked() -> None:
    many = [mutation(f"{number}", TrustChanged(ROLE, f"u{number}")) for number in range(8)]
    assert len(untold(FULL, *many)) == len(many)


def test_of_many_calls_that_make_a_role_none_is_marked_unless_it_also_goes() -> None:
    made = [
        mutation("0", RoleCreated(ROLE, ROLE_ARN, "t")),
        *(mutation(f"1{n}", InlinePolicyPut(ROLE, f"i{n}", "d")) for n in range(8)),
    ]
    assert untold(EMPTY, *made) == set()
    assert len(untold(FULL, *made, mutation("2", RoleDeleted(ROLE)))) == len(made) + 1


def test_a_call_that_touches_two_others_joins_them() -> None:
    mutations = (
        mutation("1", RoleTagged(ROLE, (("a", "1"),))),
        mutation("2", RoleTagged(ROLE, (("b", "1"),))),
        mutation("3", RoleTagged(ROLE, (("a", "2"), ("b", "2")))),
    )
    assert untold(FULL, *mutations) == {"1", "2", "3"}


def test_where_the_order_is_not_told_what_gives_comes_last() -> None:
    mutations = (
        mutation("1", PolicyAttached(ROLE, POLICY)),
        mutation("2", PolicyDetached(ROLE, POLICY)),
    )
    assert POLICY in held(FULL, *mutations).attached


@pytest.mark.parametrize("wide", ["u", "v"])
def test_where_the_order_is_not_told_the_wider_outcome_is_taken(wide: str) -> None:
    mutations = (mutation("1", TrustChanged(ROLE, "u")), mutation("2", TrustChanged(ROLE, "v")))

    def is_wider(_: AccountState, other: AccountState) -> bool:
        return other.roles[ROLE].trust == wide

    assert fold(FULL, mutations, is_wider).roles[ROLE].trust == wide


def test_the_fold_through_a_time_leaves_out_what_came_later() -> None:
    put, gone = InlinePolicyPut(ROLE, "j", "e"), InlinePolicyDeleted(ROLE, "j")
    both = [mutation("1", put), mutation("2", gone, time=LATER)]
    first, doubts = fold_through(NOON, FULL, both)
    assert (first.roles[ROLE].inline, doubts) == ({"i": "d", "j": "e"}, frozenset())
    assert fold_through(LATER, FULL, both) == (fold(FULL, both), frozenset())


def test_seconds_are_told_apart() -> None:
    mutations = (
        mutation("1", TrustChanged(ROLE, "v"), time=LATER),
        mutation("2", TrustChanged(ROLE, "u"), time=NOON),
    )
    assert ids(FULL, *mutations) == ["2", "1"]
    assert untold(FULL, *mutations) == set()


def test_a_busy_second_is_ordered_in_reasonable_time() -> None:
    many = [
        mutation(f"{number:04}", InlinePolicyPut(ROLE, f"i{number % 400}", str(number)))
        for number in range(800)
    ]
    assert len(untold(FULL, *many)) == 800


# ------------------------------------------------------------------ the baseline


def times(baseline: Genesis, *moments: str) -> list[str]:
    mutations = [mutation(moment, TrustChanged(ROLE, "u"), time=moment) for moment in moments]
    return [step.mutation.time for step in steps(baseline, mutations)]


def test_what_is_older_than_a_quarter_of_an_hour_before_the_baseline_is_not_judged() -> None:
    moments = ("2025-12-31T23:44:59Z", "2025-12-31T23:45:00Z", READ_AT, "2026-01-01T00:00:01Z")
    assert times(FULL, *moments) == list(moments[1:])


def test_before_the_baseline_nothing_is_known_but_what_mutations_say() -> None:
    early = [
        mutation("1", TrustChanged(ROLE, "u"), time="2025-12-31T23:50:00Z"),
        mutation("2", TrustChanged(ROLE, "v"), time="2025-12-31T23:51:00Z"),
        mutation("3", DefaultVersionSet(POLICY, "v2"), time="2025-12-31T23:52:00Z"),
    ]
    first, second, third = steps(FULL, early)
    assert first.before.roles[ROLE].trust is None
    assert not first.before.roles[ROLE].known
    assert (second.before.roles[ROLE].trust, second.after.roles[ROLE].trust) == ("u", "v")
    assert (third.before.policies[POLICY].default, third.before.policies[POLICY].versions) == (
        None,
        {"v1": "a", "v2": "b"},
    )


def test_the_baselines_word_stands_over_what_came_well_before_it() -> None:
    early = mutation("1", TrustChanged(ROLE, "u"), time="2025-12-31T23:50:00Z")
    assert held(FULL, early).trust == "t"


def test_what_came_just_before_the_baseline_may_be_missing_from_it() -> None:
    just_before = mutation("1", TrustChanged(ROLE, "u"), time="2025-12-31T23:59:59Z")
    assert held(FULL, just_before).trust == "u"


def test_a_baseline_from_the_beginning_of_time_lies_before_everything() -> None:
    ancient = genesis(role(), read_at="0001-01-01T00:00:00Z")
    assert times(ancient, NOON) == [NOON]


# ------------------------------------------------------------------ readings of IAM


def default_at_attachment(*mutations: Mutation, baseline: Genesis = FULL) -> str | None:
    step = next(s for s in steps(baseline, mutations) if s.mutation.event_id == "attach")
    return step.after.policies[EXTRA].default


def test_the_version_that_iam_showed_is_the_default_where_nothing_else_tells() -> None:
    attach = mutation("attach", PolicyAttached(ROLE, EXTRA, "v4", "d"))
    assert default_at_attachment(attach) == "v4"


def test_a_version_made_after_the_attachment_was_not_its_default() -> None:
    attach = mutation("attach", PolicyAttached(ROLE, EXTRA, "v4", "d"))
    made = mutation("make", VersionCreated(EXTRA, "v4", "d", default=True), time=LATER)
    assert default_at_attachment(attach, made) is None
    known = genesis(role(), managed(EXTRA, "a", "b", "c", default=3))
    assert default_at_attachment(attach, made, baseline=known) == "v3"


def test_a_version_made_after_a_role_was_not_the_default_of_its_boundary() -> None:
    created = RoleCreated(
        ROLE, ROLE_ARN, "t", boundary=CEILING, boundary_version="v4", boundary_sha256="d"
    )
    version = VersionCreated(CEILING, "v4", "d", default=True)
    role_made, version_made = steps(
        EMPTY, [mutation("1", created), mutation("2", version, time=LATER)]
    )
    assert role_made.after.policies[CEILING] == PolicyState(CEILING)
    assert version_made.after.policies[CEILING].default == "v4"


def test_a_version_set_back_after_the_attachment_may_have_been_the_default_before() -> None:
    attach = mutation("attach", PolicyAttached(ROLE, EXTRA, "v2", "b"))
    back = mutation("back", DefaultVersionSet(EXTRA, "v2"), time=LATER)
    assert default_at_attachment(attach, back) == "v2"
    known = genesis(role(), managed(EXTRA, "a", "b"))
    assert default_at_attachment(attach, back, baseline=known) == "v1"


def test_iams_word_stands_where_an_event_was_lost() -> None:
    attach = mutation("attach", PolicyAttached(ROLE, EXTRA, "v2", "b"))
    known = genesis(role(), managed(EXTRA, "a", "b"))
    assert default_at_attachment(attach, baseline=known) == "v2"


def test_a_trust_policy_read_after_another_change_is_not_the_omitted_one() -> None:
    omitted = mutation("1", TrustChanged(ROLE, "u"), kind=MutationKind.OMITTED)
    later = mutation("2", TrustChanged(ROLE, "u"), time=LATER)
    first, second = steps(FULL, [omitted, later])
    assert first.after.roles[ROLE].trust is None
    assert second.after.roles[ROLE].trust == "u"
    (alone,) = steps(FULL, [omitted])
    assert alone.after.roles[ROLE].trust == "u"


def test_a_reading_of_nothing_stays_so() -> None:
    attach = mutation("1", PolicyAttached(ROLE, EXTRA))
    assert Writings([attach]).settled(attach, AccountState()) == attach


def test_a_policy_whose_default_nobody_knows_has_none() -> None:
    state = fold(FULL, [mutation("1", PolicyAttached(ROLE, EXTRA))])
    assert state.policies[EXTRA] == PolicyState(EXTRA)


def test_nothing_lies_before_the_first_time_there_is() -> None:
    assert earlier("0001-01-01T00:03:00Z", timedelta(minutes=5)) == "0001-01-01T00:00:00Z"
    assert earlier("2026-01-01T00:03:00Z", timedelta(minutes=5)) == "2025-12-31T23:58:00Z"


# ------------------------------------------------------------------ what can have succeeded


@pytest.mark.parametrize(
    ("change", "possible"),
    [
        (InlinePolicyDeleted(ROLE, "i"), True),
        (InlinePolicyDeleted(ROLE, "j"), False),
        (InlinePolicyDeleted("another", "i"), False),
        (PolicyDetached("another", POLICY), False),
        (RoleDeleted("another"), False),
        (RoleTagged("another", ()), False),
        (PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=True), True),
        (PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=False), False),
        (PolicyUseChanged("user/ada", Use.BOUNDARY, None, begun=False), True),
    ],
)
def test_a_call_that_cannot_have_succeeded_comes_later(change: Change, possible: bool) -> None:
    assert can_follow(FULL.state, mutation("1", change)) is possible
    assert can_follow(AccountState(), mutation("1", change))


def test_a_version_of_a_policy_that_is_not_known_is_gone_without_a_trace() -> None:
    assert applied(EMPTY.state, VersionDeleted(POLICY, "v2")) == EMPTY.state


def test_a_session_length_that_a_call_does_not_say_stays() -> None:
    known = genesis(role(max_session_seconds=7200))
    assert held(known, mutation("1", RoleUpdated(ROLE, None))).max_session_seconds == 7200


def test_the_boundary_of_a_role_that_is_made_under_it_is_read_with_it() -> None:
    made = RoleCreated(
        ROLE, ROLE_ARN, "t", boundary=CEILING, boundary_version="v3", boundary_sha256="c"
    )
    state = fold(EMPTY, [mutation("1", made)])
    assert state.roles[ROLE].boundary == CEILING
    assert state.policies[CEILING] == PolicyState(CEILING, {"v3": "c"}, "v3")
