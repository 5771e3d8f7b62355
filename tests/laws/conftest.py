"""How hard laws are searched for counterexamples.

They are searched, not timed: a busy machine must not fail them. For a long search:
``pytest tests/laws --hypothesis-profile=search``.
"""

from hypothesis import settings

settings.register_profile("laws", deadline=None, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=1000)
if settings.get_current_profile_name() != "search":
    settings.load_profile("laws")
