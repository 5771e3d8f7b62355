"""IAM as it is read at one time, and what reconcile works with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from iamdiff.catalogue import Catalogue
from policy_monitor.baseline import Principals, read_baseline, read_principals
from policy_monitor.iam import IamAccount
from policy_monitor.ledger import Ledger
from policy_monitor.mutations import Document, Documents
from policy_monitor.notebook import Notebook
from policy_monitor.settings import Settings
from policy_monitor.state import AccountState
from policy_monitor.trail import EventHistory
from policy_monitor.vigilance import Check


class Instruments(NamedTuple):
    """What reconcile works with.

    Attributes
    ----------
    checks : callable
        The checks of the senses that are asked of AWS.
    now : callable
        The time, UTC to the second, ``2026-11-22T06:00:00Z``.
    """

    ledger: Ledger
    notebook: Notebook
    iam: IamAccount
    history: EventHistory
    checks: Callable[[], Iterable[Check]]
    now: Callable[[], str]


class Watch(NamedTuple):
    """What is watched where: `region` is the home region, `mask_key` that of external ids."""

    account: str
    region: str
    settings: Settings
    mask_key: bytes
    catalogue: Catalogue | None = None


class Observation(NamedTuple):
    """IAM as it was read at one time.

    Attributes
    ----------
    read_at : str
        When the reading ended.
    principals : Principals
        Who else there is; `state.uses` tells only of watched policies.
    """

    read_at: str
    state: AccountState
    principals: Principals
    documents: Documents


def observe(tools: Instruments, watch: Watch) -> Observation:
    """Read the account.

    Raises
    ------
    InputError
        IAM's answer is not what it documents.
    PolicyMonitorError
        IAM did not answer, or may not be asked.
    """
    details = tools.iam.authorization_details()
    state, documents = read_baseline(details, watch.settings, watch.mask_key)
    roles = {
        name: role._replace(max_session_seconds=tools.iam.session_seconds(name))
        for name, role in state.roles.items()
    }
    principals = read_principals(details)
    # The time is asked after IAM has answered: what changed while it did may be in the answer or
    # not, so it must count as before it (`timeline.steps`), or its own event would find nothing
    # left to change.
    return Observation(tools.now(), state._replace(roles=roles), principals, documents)


class DocumentsOnDemand(Mapping[str, Document]):
    """Documents that are read when the first of them is asked for."""

    def __init__(self, read: Callable[[], Documents]) -> None:
        self._read = read
        self._documents: Documents | None = None

    @property
    def _held(self) -> Documents:
        if self._documents is None:
            self._documents = self._read()
        return self._documents

    def __getitem__(self, digest: str) -> Document:
        """One document."""
        return self._held[digest]

    def __iter__(self) -> Iterator[str]:
        """Their digests."""
        return iter(self._held)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._held)
