"""Which subjects a change bears on."""

from tests.histories import EXTRA, POLICY, SETTINGS, Shelf, allow, genesis, managed, mutation, role

from policy_monitor.derivation import derive
from policy_monitor.findings import FindingKind
from policy_monitor.mutations import Change, PolicyUseChanged, Use, VersionDeleted

shelf = Shelf()
READ, MORE = shelf(allow("s3:GetObject")), shelf(allow("s3:*"))
BASE = genesis(
    role(attached=frozenset({POLICY})), managed(POLICY, READ, MORE), managed(EXTRA, READ, MORE)
)


def told(change: Change) -> list[tuple[str, str]]:
    """The subjects of what is found, each with its verdict."""
    found = derive(BASE, [mutation("1", change)], shelf.documents, SETTINGS, None)
    return [(f.subject.arn, f.verdict) for f in found if f.kind is not FindingKind.BASELINE]


def test_the_use_of_a_policy_that_is_not_watched_bears_on_nothing() -> None:
    for arn, subjects in ((EXTRA, []), (POLICY, [(POLICY, "expansion")])):
        assert told(PolicyUseChanged("user/ada", Use.ATTACHED, arn, begun=True)) == subjects


def test_a_version_that_goes_changes_nothing_and_is_told_of_what_is_watched() -> None:
    assert told(VersionDeleted(EXTRA, "v2")) == []
    assert told(VersionDeleted(POLICY, "v2")) == [(POLICY, "equivalent")]
