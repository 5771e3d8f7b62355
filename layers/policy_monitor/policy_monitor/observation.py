"""IAM as it is read at one time, and what reconcile works with."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from policy_monitor.baseline import Principals, read_baseline, read_principals
from policy_monitor.iam import IamAccount
from policy_monitor.ledger import Ledger
from policy_monitor.mutations import Documents
from policy_monitor.notebook import Notebook
from policy_monitor.ordering import Wider
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
    """What is watched where.

    Attributes
    ----------
    region : str
        The home region.
    mask_key : bytes
        That of external ids.
    wider : callable
        What decides, by documents, between two orders of one second's calls (`derivation.wider`).
        It is called where there is such a second: few have one, and the engine is slow to load.
    """

    account: str
    region: str
    settings: Settings
    mask_key: bytes
    wider: Callable[[Documents], Wider]


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
