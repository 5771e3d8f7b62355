"""What a state tells of a subject's access, and what of it is not known."""

from tests.histories import CEILING, POLICY, ROLE, genesis, managed, role

from policy_monitor.access import policy_access, role_access, trust_access, version_access
from policy_monitor.state import AccountState


def test_a_boundary_whose_document_is_not_known_makes_the_access_unknown() -> None:
    bounded = role(attached=frozenset({POLICY}), boundary=CEILING)
    for ceiling, code in (((), "version-unknown"), ((managed(CEILING, None),), "document-unknown")):
        held = role_access(genesis(bounded, managed(POLICY, "a"), *ceiling).state, ROLE)
        assert [reason.code for reason in held.unknown] == [code]
        assert held.all.sha256 is None


def test_a_version_that_no_event_told_of_is_unknown_and_not_nothing() -> None:
    state = genesis(managed(POLICY, "a")).state
    for arn, version in ((POLICY, "v2"), (CEILING, "v1")):
        held = version_access(state, arn, version)
        assert held.exists
        assert held.version == version
        assert [reason.code for reason in held.unknown] == ["document-unknown"]
    assert version_access(state, POLICY, "v1") == policy_access(state, POLICY)


def test_a_role_that_no_baseline_shows_is_unknown_and_not_nothing() -> None:
    for access in (role_access, trust_access):
        assert [each.code for each in access(AccountState(), ROLE).unknown] == ["no-baseline"]
        assert not access(genesis().state, ROLE).exists
