"""The search of CloudTrail's event history for events that never arrived."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from policy_monitor.api_calls import API_CALLS
from policy_monitor.detection import detect
from policy_monitor.drift import POLICY, PRINCIPAL, ROLE, Thing
from policy_monitor.errors import PolicyMonitorError, RetryableError, UnreadableEventError
from policy_monitor.events import SOURCE
from policy_monitor.mutations import Mutation
from policy_monitor.observation import Instruments, Watch
from policy_monitor.recorded_call import Aim
from policy_monitor.timeline import earlier
from policy_monitor.trail import Attribute

MARGIN = timedelta(minutes=5)
"""How much earlier than the last agreement is searched: reading IAM takes its time."""

_AIMS = {
    ROLE: (Aim.ROLE,),
    POLICY: (Aim.POLICY, Aim.NEW_POLICY),
    PRINCIPAL: (Aim.USER, Aim.GROUP, Aim.ROLE),
}

type Question = tuple[Attribute, str]


class Asked(NamedTuple):
    """What is to be explained: what the event history lists it under, and since when to search."""

    resource: str
    since: str


class Search:
    """One run's search; what it finds goes the way of any event.

    Attributes
    ----------
    found : list[Mutation]
        The facts that the ledger did not have.
    unreadable : int
        Records that cannot be understood.
    """

    def __init__(self, tools: Instruments, watch: Watch) -> None:
        self._tools = tools
        self._watch = watch
        self._known: set[tuple[Any, Any]] = set()
        self.found: list[Mutation] = []
        self.unreadable = 0

    def explain(
        self, asked: Mapping[Thing, Asked], until: str, unexplained: Callable[[], frozenset[Thing]]
    ) -> None:
        """Look for the events of some things, and record them.

        First by the things' names. CloudTrail takes those from a call's parameters, which it
        leaves out above 100 KB: what is not explained then is looked for by the names of calls.

        Parameters
        ----------
        asked : Mapping[Thing, Asked]
            What is to be explained.
        unexplained : callable
            Asks which things IAM and the ledger still differ about.

        Raises
        ------
        RetryableError
            The event history did not answer, or not in full. Where it may not be asked at all,
            nothing is found: that sense is looked to by itself.
        """
        snapshot = self._tools.ledger.snapshot()
        self._known = {(m.time, m.event_id) for m in snapshot.mutations}
        for questions in (_by_resource, _by_call):
            since: dict[Question, str] = {}
            for thing, each in asked.items():
                for question in questions(thing, each):
                    since[question] = min(since.get(question, each.since), each.since)
            for question, time in since.items():
                for record in self._records(question, earlier(time, MARGIN), until):
                    self._take(record)
            left = unexplained()
            asked = {thing: each for thing, each in asked.items() if thing in left}
            if not asked:
                return

    def _records(self, question: Question, since: str, until: str) -> Iterator[Mapping[str, Any]]:
        try:
            yield from self._tools.history.events(*question, since, until)
        except RetryableError:
            raise
        except PolicyMonitorError:
            return  # `senses.EVENT_HISTORY` tells that it may not be asked

    def _take(self, record: Mapping[str, Any]) -> None:
        """Record what a record tells, as if its event had arrived."""
        name = record.get("eventName")
        if record and name not in API_CALLS:
            return
        key = (record.get("eventTime"), record.get("eventID"))
        if key in self._known:
            return
        tools, watch = self._tools, self._watch
        event = {"source": SOURCE, "account": watch.account, "detail": record}
        try:
            mutation = detect(
                event,
                tools.ledger,
                tools.iam,
                watch.settings,
                watch.mask_key,
                account=watch.account,
            )
        except UnreadableEventError:
            self.unreadable += 1
            return
        self._known.add(key)
        if mutation is not None:
            self.found.append(mutation)


def _by_resource(_: Thing, asked: Asked) -> Iterator[Question]:
    yield Attribute.RESOURCE_NAME, asked.resource


def _by_call(thing: Thing, _: Asked) -> Iterator[Question]:
    aims = _AIMS[thing[0]]
    for name, call in API_CALLS.items():
        if call.aim in aims:
            yield Attribute.EVENT_NAME, name
