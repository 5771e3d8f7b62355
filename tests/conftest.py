"""How hard laws are searched for counterexamples, what is read once, and what runs on one worker.

Laws are searched, not timed: a busy machine must not fail them. For a long search:
``pytest tests/laws --hypothesis-profile=search``.

Of several workers (``pytest --numprocesses``) one gets what shares what takes long to make: on two
it would be made twice. The marks of pytest-xdist for this do nothing under pytest 9.2
(pytest-dev/pytest-xdist, issue 1386).
"""

from collections.abc import Iterator
from functools import cache, partial

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings
from xdist.scheduler.loadscope import LoadScopeScheduling

for name, examples in (("laws", 60), ("search", 1000)):
    settings.register_profile(
        name,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("laws")


@pytest.fixture(autouse=True, scope="session")
def _the_sdk_reads_its_models_once() -> Iterator[None]:
    """moto forgets the SDK's session with each emulated account, and megabytes of JSON with it."""
    read = cache(partial(JSONFileLoader.load_file, JSONFileLoader()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


TOGETHER = (
    "tests/built/",
    "tests/browser/",
    "tests/documents/",
    "tests/contract/test_template_permissions.py",
    "tests/integration/test_doctor.py",
    "tests/integration/test_replay_handlers.py",
)
"""How the ids of tests begin that run on one worker; what holds the most tests begins first."""


class Together(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Each test goes to the worker that is free, but for those that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((each for each in TOGETHER if nodeid.startswith(each)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """See `Together`."""
    return Together(config, log)
