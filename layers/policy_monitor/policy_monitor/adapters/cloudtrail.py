"""CloudTrail: its event history, slowly, and its trails."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import code, fault, retryable
from policy_monitor.errors import RetryableError
from policy_monitor.trail import Attribute, Trail

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail.client import CloudTrailClient
    from mypy_boto3_cloudtrail.type_defs import LookupEventsRequestTypeDef, TrailTypeDef

# API reference, LookupEvents: "limited to two per second, per account, per Region"; somebody else
# in the account may look, too.
_PAUSE_SECONDS = 0.6
_PAGE_SIZE = 50

MOST_CALLS = 300
"""Calls that one run may make: three minutes."""


class CloudTrailHistory:
    """`policy_monitor.trail.EventHistory` on boto3.

    Parameters
    ----------
    client : CloudTrailClient
        boto3's low-level client, of the home region: IAM's events are nowhere else.
    sleep : Callable[[float], None]
        Waits so many seconds.
    calls : int
        How many calls may be made in all.

    Notes
    -----
    Actions to allow: ``cloudtrail:LookupEvents``.
    """

    def __init__(
        self,
        client: "CloudTrailClient",
        *,
        sleep: Callable[[float], None] = time.sleep,
        calls: int = MOST_CALLS,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._left = calls
        self._waits = False

    def events(
        self, attribute: Attribute, value: str, since: str, until: str
    ) -> Iterator[Mapping[str, Any]]:
        """See `EventHistory.events`.

        A record that is no JSON is an empty one, which no parser takes for an event.

        Raises
        ------
        RetryableError
            Also where too many calls would have to be made.
        """
        request: LookupEventsRequestTypeDef = {
            "LookupAttributes": [{"AttributeKey": attribute.value, "AttributeValue": value}],
            "StartTime": datetime.fromisoformat(since),
            "EndTime": datetime.fromisoformat(until),
            "MaxResults": _PAGE_SIZE,
        }
        while True:
            page = self._page(request)
            for event in page.get("Events", []):
                yield _record(event.get("CloudTrailEvent", ""))
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]

    def _page(self, request: "LookupEventsRequestTypeDef") -> Mapping[str, Any]:
        if not self._left:
            raise RetryableError(
                "event history: more calls than one run may make; the next goes on"
            )
        self._left -= 1
        if self._waits:
            self._sleep(_PAUSE_SECONDS)
        self._waits = True
        try:
            return self._client.lookup_events(**request)
        except (ClientError, BotoCoreError) as error:
            raise fault(error, service="cloudtrail", thing="event history") from error


class CloudTrailTrails:
    """`policy_monitor.trail.Trails` on boto3.

    Parameters
    ----------
    client : CloudTrailClient
        As that of `CloudTrailHistory`.
    account : str
        The account that asks. Of an organization's trail, which is another's, some of its
        questions may remain unanswered.

    Notes
    -----
    Actions to allow: ``cloudtrail:DescribeTrails``, ``GetTrailStatus``, ``GetEventSelectors``.
    """

    def __init__(self, client: "CloudTrailClient", account: str) -> None:
        self._client = client
        self._account = account

    def trails(self) -> Sequence[Trail]:
        """See `Trails.trails`."""
        try:
            answer = self._client.describe_trails()
        except (ClientError, BotoCoreError) as error:
            raise fault(error, service="cloudtrail", thing="trails") from error
        return [self._trail(trail) for trail in answer["trailList"]]

    def _trail(self, trail: "TrailTypeDef") -> Trail:
        arn = trail["TrailARN"]
        status = self._seen(arn, lambda: self._client.get_trail_status(Name=arn))
        selectors: Mapping[str, Any] | None = {"EventSelectors": [{}]}  # the defaults: all
        if trail.get("HasCustomEventSelectors"):
            selectors = self._seen(arn, lambda: self._client.get_event_selectors(TrailName=arn))
        return Trail(
            name=trail.get("Name", arn),
            home_region=trail.get("HomeRegion", ""),
            multi_region=trail.get("IsMultiRegionTrail", False),
            global_events=trail.get("IncludeGlobalServiceEvents", False),
            logging=None if status is None else bool(status.get("IsLogging")),
            event_selectors=None if selectors is None else selectors.get("EventSelectors", []),
            advanced_selectors=None
            if selectors is None
            else selectors.get("AdvancedEventSelectors", []),
        )

    def _seen(self, arn: str, call: Callable[[], Any]) -> Mapping[str, Any] | None:
        """An answer about one trail: an empty one where it is gone, None where it is another's."""
        try:
            answer: Mapping[str, Any] = call()
        except ClientError as error:
            own = arn.split(":")[4] == self._account
            if own and code(error) == "TrailNotFoundException":
                return {}
            if own or retryable(error):
                raise fault(error, service="cloudtrail", thing=f"trail {arn}") from error
            return None
        except BotoCoreError as error:
            raise fault(error, service="cloudtrail", thing=f"trail {arn}") from error
        return answer


def _record(text: str) -> Mapping[str, Any]:
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
