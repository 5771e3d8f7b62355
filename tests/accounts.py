"""An account whose IAM, event history and senses a test decides, as reconcile reaches them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.histories import ACCOUNT, SETTINGS

from policy_monitor.adapters.memory import MemoryIam, MemoryLedger
from policy_monitor.adapters.notebook import MemoryNotebook
from policy_monitor.derivation import wider
from policy_monitor.findings import Finding
from policy_monitor.judgement import judge
from policy_monitor.mutations import Documents, Use
from policy_monitor.observation import Instruments, Watch
from policy_monitor.ordering import Wider
from policy_monitor.reconciliation import Reconciled, reconcile
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState
from policy_monitor.trail import Attribute
from policy_monitor.vigilance import Check

REGION = "us-east-1"
PERIOD = timedelta(minutes=15)


def later(time: str, span: timedelta) -> str:
    """A time, some time later."""
    moment = datetime.fromisoformat(time) + span
    return moment.isoformat().replace("+00:00", "Z")


def details(state: AccountState, documents: Documents) -> dict[str, Any]:
    """A state as ``aws iam get-account-authorization-details`` prints it.

    Others that use a watched policy are there with nothing else.
    """
    entities: dict[str, dict[str, dict[str, Any]]] = {"user": {}, "group": {}, "role": {}}
    for arn, users in state.uses.items():
        for principal, use in users:
            kind, _, name = principal.partition("/")
            entity = entities[kind].setdefault(name, {f"{kind.title()}Name": name})
            if use is Use.ATTACHED:
                entity.setdefault("AttachedManagedPolicies", []).append({"PolicyArn": arn})
            else:
                entity["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
    return {
        "UserDetailList": list(entities["user"].values()),
        "GroupDetailList": list(entities["group"].values()),
        "RoleDetailList": [
            *(_role(role, documents) for role in state.roles.values()),
            *entities["role"].values(),
        ],
        "Policies": [
            {
                "Arn": policy.arn,
                "DefaultVersionId": policy.default,
                "PolicyVersionList": [
                    {"VersionId": version, "Document": documents[sha256 or ""]}
                    for version, sha256 in policy.versions.items()
                ],
            }
            for policy in state.policies.values()
        ],
    }


def _role(role: Any, documents: Documents) -> dict[str, Any]:
    boundary = role.boundary and {"PermissionsBoundaryArn": role.boundary}
    return {
        "RoleName": role.name,
        "Arn": role.arn,
        "AssumeRolePolicyDocument": documents[role.trust],
        "AttachedManagedPolicies": [{"PolicyArn": arn} for arn in sorted(role.attached)],
        "RolePolicyList": [
            {"PolicyName": name, "PolicyDocument": documents[sha256]}
            for name, sha256 in role.inline.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in role.tags.items()],
        "MaxSessionDuration": role.max_session_seconds,
        **({"PermissionsBoundary": boundary} if boundary else {}),
    }


class RecordedHistory:
    """An event history that holds these records; `questions` are those that it was asked."""

    def __init__(self, records: Iterable[Mapping[str, Any]] = ()) -> None:
        self.records = list(records)
        self.questions: list[tuple[Attribute, str]] = []
        self.error: Exception | None = None

    def events(
        self, attribute: Attribute, value: str, since: str, until: str
    ) -> Iterator[Mapping[str, Any]]:
        """See `EventHistory.events`; lists a call under the names in its parameters."""
        if since != until:  # not the check of whether it answers at all
            self.questions.append((attribute, value))
        if self.error is not None:
            raise self.error
        for record in self.records:
            names = (record.get("requestParameters") or {}).values()
            listed = [record["eventName"]] if attribute is Attribute.EVENT_NAME else names
            if value in listed and since <= record["eventTime"] <= until:
                yield record


@dataclass
class Account:
    """An account and its monitor; `now` is the time, `problems` the senses that do not work.

    `weighed` counts how often reconcile asked the engine which of two orders to take.
    """

    iam: MemoryIam
    now: str
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    notebook: MemoryNotebook = field(default_factory=MemoryNotebook)
    history: RecordedHistory = field(default_factory=RecordedHistory)
    problems: dict[str, str] = field(default_factory=dict)
    settings: Settings = SETTINGS
    weighed: int = 0

    def hold(self, state: AccountState, documents: Documents) -> None:
        """Let IAM hold a state."""
        self.iam = MemoryIam(details(state, documents))

    def run(self) -> Reconciled:
        """One run of reconcile, and of judge."""
        tools = Instruments(
            self.ledger, self.notebook, self.iam, self.history, self._checks, lambda: self.now
        )
        result = reconcile(tools, Watch(ACCOUNT, REGION, self.settings, b"key", self._wider))
        self.judge()
        return result

    def run_again(self, times: int = 1) -> Reconciled:
        """As many runs, each a period after the one before; the last one's result."""
        result = Reconciled()
        for _ in range(times):
            self.now = later(self.now, PERIOD)
            result = self.run()
        return result

    def judge(self) -> None:
        """Derive findings."""
        judge(self.ledger, self.settings, None)

    def findings(self) -> list[Finding]:
        """Those that hold now, but for the baseline's, in the order of time."""
        rows = self.ledger.snapshot().current.values()
        found = [self.ledger.finding(row.slot, row.finding_id) for row in rows]
        held = [finding for finding in found if finding and finding.kind != "baseline"]
        return sorted(held, key=lambda finding: finding.slot)

    def _wider(self, documents: Documents) -> Wider:
        self.weighed += 1
        return wider(documents, self.settings, None)

    def _checks(self) -> Iterator[Check]:
        for sense, problem in self.problems.items():
            yield Check(sense, sense, lambda problem=problem: problem)  # type: ignore[misc]


def account(
    state: AccountState, documents: Documents, now: str, settings: Settings = SETTINGS
) -> Account:
    """An account whose baseline is recorded."""
    iam = MemoryIam(details(state._replace(complete=True), documents))
    made = Account(iam, now, settings=settings)
    made.run()
    return made
