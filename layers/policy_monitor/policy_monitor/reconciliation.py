"""Recording the baseline that everything is folded from."""

from collections.abc import Callable

from policy_monitor.baseline import read_baseline
from policy_monitor.iam import Iam
from policy_monitor.ledger import Genesis, Ledger
from policy_monitor.settings import Settings


def record_baseline(
    ledger: Ledger, iam: Iam, settings: Settings, mask_key: bytes, now: Callable[[], str]
) -> Genesis | None:
    """Read the account and record it as the ledger's baseline, unless it has one.

    Parameters
    ----------
    now : callable
        The time, UTC to the second, ``2026-11-22T06:00:00Z``. Asked after IAM has answered: what
        changed while it did may be in the answer or not, so it must count as before the baseline
        (`timeline.steps`), or its own event would find nothing left to change.

    Returns
    -------
    Genesis or None
        The baseline, None where the ledger had one already.

    Raises
    ------
    InputError
        IAM's answer is not what it documents.
    RetryableError
        IAM or the ledger did not answer; nothing was recorded.
    """
    if ledger.snapshot().genesis is not None:
        return None
    state, documents = read_baseline(iam.authorization_details(), settings, mask_key)
    genesis = Genesis(now(), state)
    return genesis if ledger.put_genesis(genesis, documents) else None
