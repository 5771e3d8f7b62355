"""What reconcile compares: the role, the policies, and who else uses them."""

import pytest
from tests.accounts import details
from tests.histories import (
    ACCOUNT,
    CEILING,
    EXTRA,
    NOON,
    POLICY,
    ROLE,
    ROLE_ARN,
    managed,
    mutation,
)
from tests.watched_role import BASE, READ, READ_WRITE, begun, shelf

from policy_monitor.adapters.memory import MemoryIam
from policy_monitor.drift import differences, things_touched
from policy_monitor.mutations import MutationKind, PolicyUseChanged, RoleDeleted, Use
from policy_monitor.observation import Observation
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState, PolicyState
from policy_monitor.trail import Attribute

# ------------------------------------------------------------------ the role and the policies


def test_changes_that_bear_on_one_role_are_judged_together() -> None:
    held = begun()
    # Detached, and emptied of what it denied: neither by itself is what happened to the role.
    swapped = BASE._replace(
        roles={ROLE: BASE.roles[ROLE]._replace(attached=frozenset({EXTRA}))},
        policies={
            **BASE.policies,
            POLICY: managed(POLICY, READ, READ_WRITE, default=2),
            EXTRA: managed(EXTRA, READ),
        },
    )
    held.hold(swapped, shelf.documents)
    (drift,) = held.run_again(2).recorded
    found = {(f.subject.type.value, f.subject.arn, f.verdict) for f in held.findings()}
    assert found == {("policy", POLICY, "expansion")}
    assert drift.target == ""


def drifted(**policies: PolicyState) -> dict[str, tuple[str, str | None]]:
    """By subject: verdict, and whether another tells it, of policies that changed without event."""
    held = begun()
    held.hold(BASE._replace(policies={**BASE.policies, **policies}), shelf.documents)
    held.run_again(2)
    rows = held.ledger.snapshot().current
    return {f.subject.arn: (f.verdict, rows[f.slot].told_with) for f in held.findings()}


def test_drift_of_a_policy_and_so_of_the_role_is_told_once() -> None:
    told = drifted(**{POLICY: managed(POLICY, READ, READ_WRITE, default=2)})
    assert {verdict for verdict, _ in told.values()} == {"expansion"}
    assert told[ROLE_ARN][1] is None
    assert told[POLICY][1] is not None


def test_drift_of_a_policy_that_only_others_use_is_told_beside_the_roles() -> None:
    told = drifted(
        **{
            POLICY: managed(POLICY, READ, READ_WRITE, default=2),
            CEILING: managed(CEILING, READ, READ_WRITE, default=2),
        }
    )
    assert told[CEILING] == ("expansion", None)
    assert told[ROLE_ARN] == ("expansion", None)


def test_a_role_that_is_gone_or_made_without_an_event_is_told() -> None:
    held = begun()
    without = BASE._replace(roles={})
    held.hold(without, shelf.documents)
    held.run_again(2)
    assert {(f.subject.type.value, f.verdict) for f in held.findings()} == {
        ("role", "reduction"),
        ("trust", "reduction"),
    }
    held.hold(BASE, shelf.documents)
    held.run_again(2)
    assert {f.verdict for f in held.findings()[-2:]} == {"expansion"}


def test_another_session_length_is_no_finding_and_is_known_from_then_on() -> None:
    held = begun()
    longer = BASE._replace(roles={ROLE: BASE.roles[ROLE]._replace(max_session_seconds=43200)})
    held.hold(longer, shelf.documents)
    assert len(held.run_again(2).recorded) == 1
    assert held.findings() == []
    assert held.run_again().waiting == 0


def test_a_tag_whose_key_iam_spells_in_another_case_is_no_difference() -> None:
    held = begun(BASE._replace(roles={ROLE: BASE.roles[ROLE]._replace(tags={"Team": "a"})}))
    for tags, waiting in (({"team": "a"}, 0), ({"team": "A"}, 1)):
        spelled = BASE._replace(roles={ROLE: BASE.roles[ROLE]._replace(tags=tags)})
        held.hold(spelled, shelf.documents)
        assert held.run_again().waiting == waiting


def test_a_watched_policy_that_is_new_or_gone_is_told() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/team/AstronomerOperationalBoundary-2"
    held = begun()
    more = BASE._replace(policies={**BASE.policies, arn: managed(arn, READ_WRITE)})
    held.hold(more, shelf.documents)
    held.run_again(2)
    (created,) = held.findings()
    assert (created.subject.arn, created.verdict) == (arn, "expansion")
    held.hold(BASE, shelf.documents)
    held.run_again(2)
    assert held.findings()[-1].verdict == "reduction"


def test_other_policies_of_the_account_are_none_of_its_business() -> None:
    held = begun()
    more = BASE._replace(policies={**BASE.policies, EXTRA: managed(EXTRA, READ_WRITE)})
    held.hold(more, shelf.documents)
    assert held.run_again().waiting == 0


def test_a_policy_that_iam_did_not_list_is_no_difference() -> None:
    held = begun()
    fewer = {arn: policy for arn, policy in BASE.policies.items() if arn != POLICY}
    told = details(BASE, shelf.documents)
    told["Policies"] = [p for p in told["Policies"] if p["Arn"] in fewer]
    held.iam = MemoryIam(told)
    assert held.run_again().waiting == 0


# ------------------------------------------------------------------ other principals


def test_a_boundary_that_left_a_principal_is_told() -> None:
    held = begun()
    told = details(BASE, shelf.documents)
    app = next(role for role in told["RoleDetailList"] if role["RoleName"] == "app")
    del app["PermissionsBoundary"]
    held.iam = MemoryIam(told)
    held.run_again(2)
    (finding,) = held.findings()
    assert (finding.subject.arn, finding.verdict) == (CEILING, "undetermined")
    assert "role/app" in finding.summary
    assert (Attribute.RESOURCE_NAME, "app") in held.history.questions


def test_a_principal_that_is_deleted_is_no_alarm() -> None:
    held = begun()
    held.hold(BASE._replace(uses={}), shelf.documents)
    assert len(held.run_again(2).recorded) == 1
    assert held.findings() == []
    assert held.run_again().waiting == 0


def test_each_principal_that_uses_a_watched_policy_is_told_by_itself() -> None:
    held = begun()
    uses = {
        **BASE.uses,
        POLICY: frozenset({("user/ops", Use.ATTACHED), ("group/ops", Use.ATTACHED)}),
    }
    held.hold(BASE._replace(uses=uses), shelf.documents)
    held.run_again(2)
    summaries = " ".join(f.summary for f in held.findings())
    assert "user/ops" in summaries
    assert "group/ops" in summaries
    assert {f.verdict for f in held.findings()} == {"expansion"}


def test_a_boundary_replaced_by_one_that_is_not_watched_is_told() -> None:
    held = begun()
    told = details(BASE, shelf.documents)
    app = next(role for role in told["RoleDetailList"] if role["RoleName"] == "app")
    app["PermissionsBoundary"] = {"PermissionsBoundaryArn": EXTRA}
    held.iam = MemoryIam(told)
    held.run_again(2)
    (finding,) = held.findings()
    assert (finding.subject.arn, finding.verdict) == (CEILING, "undetermined")
    assert "support-extra" in finding.summary
    assert held.run_again().waiting == 0


# ------------------------------------------------------------------ other settings


def test_a_role_that_is_watched_only_from_now_on_is_told_with_all_that_it_can_do() -> None:
    held = begun()
    other = BASE.roles[ROLE]._replace(name="other", arn=f"arn:aws:iam::{ACCOUNT}:role/other")
    held.hold(BASE._replace(roles={**BASE.roles, "other": other}), shelf.documents)
    held.settings = Settings(roles=("other",))
    held.run_again(2)
    found = {(f.subject.arn, f.verdict) for f in held.findings()}
    # The role that was watched until now is another principal that uses a watched policy.
    assert found == {(other.arn, "expansion"), (POLICY, "expansion")}


# ------------------------------------------------------------------ single differences


def seen(state: AccountState, **principals: frozenset[tuple[str, Use]]) -> Observation:
    return Observation(NOON, state, {f"user/{name}": own for name, own in principals.items()}, {})


def test_a_role_that_neither_side_has_is_no_difference() -> None:
    assert differences(AccountState(complete=True), seen(AccountState()), Settings()) == {}


def test_a_refused_call_touched_nothing() -> None:
    for kind, things in ((MutationKind.CHANGE, {("role", ROLE)}), (MutationKind.ATTEMPT, set())):
        assert things_touched(mutation("1", RoleDeleted(ROLE), kind=kind)) == things


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (
            {(POLICY, Use.ATTACHED)},
            {(CEILING, Use.BOUNDARY)},
            [
                PolicyUseChanged("user/ada", Use.BOUNDARY, CEILING, begun=True),
                PolicyUseChanged("user/ada", Use.ATTACHED, POLICY, begun=False),
            ],
        ),
        (
            {(POLICY, Use.BOUNDARY)},
            {(CEILING, Use.BOUNDARY)},
            [PolicyUseChanged("user/ada", Use.BOUNDARY, CEILING, begun=True)],
        ),
        (
            {(CEILING, Use.BOUNDARY)},
            {(EXTRA, Use.BOUNDARY)},
            [PolicyUseChanged("user/ada", Use.BOUNDARY, EXTRA, begun=True)],
        ),
    ],
)
def test_what_another_principal_uses_is_told_by_the_changes_that_lead_there(
    before: set[tuple[str, Use]], after: set[tuple[str, Use]], changes: list[PolicyUseChanged]
) -> None:
    def state(uses: set[tuple[str, Use]]) -> AccountState:
        return AccountState(uses={arn: frozenset({("user/ada", use)}) for arn, use in uses})

    (found,) = differences(
        state(before), seen(state(after), ada=frozenset(after)), Settings()
    ).values()
    assert list(found.changes) == changes
