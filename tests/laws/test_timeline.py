"""Findings depend on what happened, not on how it was told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.histories import (
    CEILING,
    EXTRA,
    POLICY,
    READ_AT,
    ROLE,
    ROLE_ARN,
    SETTINGS,
    Shelf,
    allow,
    deny,
    mutation,
    trust,
)

from policy_monitor.adapters.memory import MemoryLedger
from policy_monitor.derivation import derive, withdrawn
from policy_monitor.findings import Finding
from policy_monitor.judgement import judge
from policy_monitor.ledger import Genesis
from policy_monitor.mutations import (
    BoundaryDeleted,
    BoundaryPut,
    Change,
    DefaultVersionSet,
    InlinePolicyDeleted,
    InlinePolicyPut,
    Mutation,
    PolicyAttached,
    PolicyCreated,
    PolicyDeleted,
    PolicyDetached,
    RoleCreated,
    RoleDeleted,
    TrustChanged,
    VersionCreated,
    VersionDeleted,
)
from policy_monitor.state import AccountState, PolicyState, RoleState
from policy_monitor.timeline import fold, steps

MANY = max(240, settings().max_examples)
shelf = Shelf()
DOCUMENTS = [
    shelf(document)
    for document in (
        allow("s3:GetObject"),
        allow("s3:*"),
        allow("s3:GetObject", "ec2:RunInstances"),
        deny("s3:PutObject"),
    )
]
TRUSTS = [shelf(trust()), shelf(trust("*"))]
POLICIES = (POLICY, CEILING, EXTRA)


@dataclass
class Iam:
    """IAM as it answers calls: what it refuses never becomes an event."""

    role: RoleState | None = None
    policies: dict[str, PolicyState] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    """Versions made of each policy: IAM never gives a number twice."""

    @property
    def state(self) -> AccountState:
        roles = {ROLE: self.role} if self.role else {}
        return AccountState(roles=roles, policies=dict(self.policies), complete=True)

    def possible(self) -> Iterator[tuple[str, Any]]:
        """The calls that would succeed now."""
        for arn in POLICIES:
            policy = self.policies.get(arn)
            if policy is None:
                yield "create-policy", arn
                continue
            yield "create-version", arn
            for version in policy.versions:
                yield "set-default", (arn, version)
                if version != policy.default:
                    yield "delete-version", (arn, version)
            if not self.role or arn not in {*self.role.attached, self.role.boundary}:
                yield "delete-policy", arn
        if self.role is None:
            yield "create-role", None
            return
        yield from (("attach", arn) for arn in self.policies)
        yield from (("detach", arn) for arn in self.role.attached)
        yield from (("set-boundary", arn) for arn in self.policies)
        yield "delete-boundary", None
        yield from (("put-inline", name) for name in ("one", "two"))
        yield from (("delete-inline", name) for name in self.role.inline)
        yield "change-trust", None
        if not self.role.attached and not self.role.inline:
            yield "delete-role", None

    def call(self, name: str, target: Any, sha256: str, trust_sha256: str) -> Change:  # noqa: C901, PLR0911, PLR0912 (one branch a call)
        """Make a call; the change is what its event would tell."""
        role = self.role or RoleState(ROLE, ROLE_ARN)
        match name:
            case "create-policy":
                self.made[target] = 1
                self.policies[target] = PolicyState(target, {"v1": sha256}, "v1")
                return PolicyCreated(target, "v1", sha256)
            case "create-version":
                self.made[target] += 1
                version, policy = f"v{self.made[target]}", self.policies[target]
                default = self.made[target] % 2 == 0
                self.policies[target] = PolicyState(
                    target,
                    {**policy.versions, version: sha256},
                    version if default else policy.default,
                )
                return VersionCreated(target, version, sha256, default)
            case "set-default":
                arn, version = target
                self.policies[arn] = self.policies[arn]._replace(default=version)
                return DefaultVersionSet(arn, version)
            case "delete-version":
                arn, version = target
                kept = {k: v for k, v in self.policies[arn].versions.items() if k != version}
                self.policies[arn] = self.policies[arn]._replace(versions=kept)
                return VersionDeleted(arn, version)
            case "delete-policy":
                del self.policies[target]
                return PolicyDeleted(target)
            case "create-role":
                self.role = RoleState(ROLE, ROLE_ARN, trust=trust_sha256)
                return RoleCreated(ROLE, ROLE_ARN, trust_sha256)
            case "delete-role":
                self.role = None
                return RoleDeleted(ROLE)
            case "attach":
                self.role = role._replace(attached=role.attached | {target})
                return PolicyAttached(ROLE, target)
            case "detach":
                self.role = role._replace(attached=role.attached - {target})
                return PolicyDetached(ROLE, target)
            case "set-boundary":
                self.role = role._replace(boundary=target)
                return BoundaryPut(ROLE, target)
            case "delete-boundary":
                self.role = role._replace(boundary=None)
                return BoundaryDeleted(ROLE)
            case "put-inline":
                self.role = role._replace(inline={**role.inline, target: sha256})
                return InlinePolicyPut(ROLE, target, sha256)
            case "delete-inline":
                kept_inline = {k: v for k, v in role.inline.items() if k != target}
                self.role = role._replace(inline=kept_inline)
                return InlinePolicyDeleted(ROLE, target)
        self.role = role._replace(trust=trust_sha256)
        return TrustChanged(ROLE, trust_sha256)


@dataclass(frozen=True)
class History:
    """A baseline, what happened after it, and what IAM held after each call."""

    genesis: Genesis
    mutations: tuple[Mutation, ...]
    states: tuple[AccountState, ...]

    @property
    def end(self) -> AccountState:
        """What IAM holds in the end."""
        return self.states[-1]


@st.composite
def histories(draw: st.DrawFn, *, most: int = 10) -> History:
    """What happened to the role: seconds may hold several calls, and readings come late."""
    iam = Iam()
    changes: list[tuple[int, Change]] = []
    states: list[AccountState] = []
    second = 0
    length = draw(st.integers(1, most))
    before = draw(st.integers(0, 6))
    start = iam.state
    for number in range(before + length):
        if number == before:
            start = iam.state
        name, target = draw(st.sampled_from(list(iam.possible())))
        change = iam.call(
            name, target, draw(st.sampled_from(DOCUMENTS)), draw(st.sampled_from(TRUSTS))
        )
        if number >= before:
            second += draw(st.sampled_from((0, 1, 1)))
            changes.append((second, change))
            states.append(iam.state)
    end = iam.state
    ids = draw(st.permutations(range(len(changes))))
    mutations = tuple(
        mutation(
            f"{event_id:02}",
            _read_late(change, end) if draw(st.booleans()) else change,
            time=f"2026-06-01T12:00:{second:02}Z",
        )
        for (second, change), event_id in zip(changes, ids, strict=True)
    )
    return History(Genesis(READ_AT, start), mutations, tuple(states))


def _read_late(change: Change, end: AccountState) -> Change:
    """A change whose documents were read of IAM only after all was over."""
    if isinstance(change, PolicyAttached | BoundaryPut):
        policy = end.policies.get(change.policy_arn)
        if policy is not None and policy.default is not None:
            return change._replace(version=policy.default, sha256=policy.sha256)
    if isinstance(change, DefaultVersionSet):
        policy = end.policies.get(change.policy_arn, PolicyState(change.policy_arn))
        return change._replace(sha256=policy.versions.get(change.version))
    return change


def found(history: History, mutations: Any = None) -> tuple[Finding, ...]:
    told = history.mutations if mutations is None else mutations
    return derive(history.genesis, told, shelf.documents, SETTINGS, None)


@settings(max_examples=MANY)
@given(histories(), st.data())
def test_findings_do_not_depend_on_the_order_or_number_of_deliveries(
    history: History, data: st.DataObject
) -> None:
    deliveries = data.draw(
        st.permutations([*history.mutations, *data.draw(st.lists(_some(history)))])
    )
    assert found(history, deliveries) == found(history)


def _some(history: History) -> st.SearchStrategy[Mutation]:
    return st.sampled_from(history.mutations)


@settings(max_examples=MANY)
@given(histories())
def test_the_fold_ends_where_iam_does_unless_a_step_says_that_the_order_is_not_told(
    history: History,
) -> None:
    if any(step.order_untold for step in steps(history.genesis, history.mutations)):
        event("order untold")
        return
    assert fold(history.genesis, history.mutations) == history.end


@settings(max_examples=MANY)
@given(histories())
def test_a_history_whose_seconds_hold_one_call_each_is_always_told(history: History) -> None:
    apart = tuple(
        each._replace(time=f"2026-06-01T13:{number:02}:00Z")
        for number, each in enumerate(history.mutations)
    )
    walked = list(steps(history.genesis, apart))
    assert [step.mutation.event_id for step in walked] == [m.event_id for m in apart]
    assert not any(step.order_untold for step in walked)
    assert [step.after for step in walked] == list(history.states)


@settings(max_examples=MANY)
@given(histories(), st.data())
def test_a_ledger_filled_in_any_batches_shows_the_findings_of_the_whole(
    history: History, data: st.DataObject
) -> None:
    ledger = MemoryLedger()
    genesis_after = data.draw(st.integers(0, len(history.mutations)))
    for number, each in enumerate(data.draw(st.permutations(history.mutations))):
        if number == genesis_after:
            ledger.put_genesis(history.genesis, shelf.documents)
        ledger.append(each, shelf.documents)
        if data.draw(st.booleans()):
            judge(ledger, SETTINGS, None)
    ledger.put_genesis(history.genesis, shelf.documents)
    judge(ledger, SETTINGS, None)

    by_slot = {finding.slot: finding for finding in found(history)}
    mutations = {each.key: each for each in history.mutations}
    for slot, row in ledger.snapshot().current.items():
        finding = ledger.finding(slot, row.finding_id)
        assert finding is not None
        if slot in by_slot:
            assert row.finding_id == by_slot[slot].finding_id
            assert finding.verdict == by_slot[slot].verdict
        else:
            told = mutations[f"{finding.time}#{finding.event_id}"]
            refuted = withdrawn(told, finding.subject, finding.kind)
            assert row.finding_id == refuted.finding_id
    assert by_slot.keys() <= ledger.snapshot().current.keys()
    assert judge(ledger, SETTINGS, None).recorded == ()


@given(histories())
def test_one_slot_has_one_finding(history: History) -> None:
    slots = [finding.slot for finding in found(history)]
    assert len(slots) == len(set(slots))
