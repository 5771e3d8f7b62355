"""The time of this machine."""

from datetime import UTC, datetime


def now() -> str:
    """The time, UTC to the second: ``2026-11-22T06:00:00Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
