"""How hard laws are searched for counterexamples.

They are searched, not timed: a busy machine must not fail them. For a long search:
``pytest tests/laws --hypothesis-profile=search``.
"""

from hypothesis import HealthCheck, settings

for name, examples in (("laws", 60), ("search", 1000)):
    settings.register_profile(
        name,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("laws")
