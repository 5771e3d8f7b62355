"""A page in an S3 bucket of the customer's, and whether the public is kept out of it."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from policy_monitor.adapters.faults import code, fault
from policy_monitor.errors import DeniedError, InputError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_EDITION = "edition"

# A HEAD has no body to say more in. S3 API reference, HeadObject: of an object that is not there,
# who may not list the bucket is told 403.
_NOT_THERE = frozenset({"403", "404"})


class Bucket:
    """`policy_monitor_report.publication.Place` in a bucket.

    The object has no ACL, so it is as private as its bucket. It is encrypted as the bucket is by
    default, and not by the stack's key: whoever reads the page may read it there as everything
    else, and need not be let near the key of the ledger and of the raw events.

    Parameters
    ----------
    client : S3Client
        boto3's low-level client.
    name, key : str
        The bucket, and the object's key.
    account : str
        Whose the bucket must be: another account may own one of this name once it was deleted.

    Raises
    ------
    RetryableError
        Every method: S3 was throttled, failed, or was out of reach.
    PolicyMonitorError
        Every method: the call was denied (the message names the action) or refused.

    Notes
    -----
    Actions to allow: ``s3:GetBucketPolicyStatus`` on the bucket, ``s3:GetObject`` (for the
    object's metadata alone) and ``s3:PutObject`` on the object.
    """

    def __init__(self, client: "S3Client", name: str, key: str, account: str) -> None:
        self._client = client
        self._name = name
        self._key = key
        self._account = account

    def check(self) -> None:
        """See `Place.check`.

        Raises
        ------
        InputError
            The bucket's policy is public, as the S3 user guide has it ("Blocking public access",
            "The meaning of public"); or there is no such bucket.
        """
        try:
            answer = self._client.get_bucket_policy_status(
                Bucket=self._name, ExpectedBucketOwner=self._account
            )
        except ClientError as error:
            match code(error):
                case "NoSuchBucketPolicy":
                    return
                case "NoSuchBucket":
                    raise InputError(
                        f"bucket {self._name}: there is none; set ReportBucket to one of account "
                        f"{self._account}"
                    ) from error
                case "AccessDenied":
                    action = "s3:GetBucketPolicyStatus"
                    raise DeniedError(
                        f"bucket {self._name}: {action} was denied; the bucket must be account "
                        f"{self._account}'s, and its policy must not deny this identity",
                        action,
                    ) from error
            raise fault(error, service="s3", thing=f"bucket {self._name}") from error
        except BotoCoreError as error:
            raise fault(error, service="s3", thing=f"bucket {self._name}") from error
        if answer["PolicyStatus"].get("IsPublic"):
            raise InputError(
                f"bucket {self._name}: its policy lets the public in, so no report is written; "
                "take the public out of the policy, or set ReportBucket to another bucket"
            )

    def edition(self) -> str:
        """See `Place.edition`."""
        try:
            answer = self._client.head_object(
                Bucket=self._name, Key=self._key, ExpectedBucketOwner=self._account
            )
        except ClientError as error:
            if code(error) in _NOT_THERE:
                return ""
            raise fault(error, service="s3", thing=self._thing) from error
        except BotoCoreError as error:
            raise fault(error, service="s3", thing=self._thing) from error
        return answer["Metadata"].get(_EDITION, "")

    def put(self, page: bytes, edition: str) -> None:
        """See `Place.put`."""
        try:
            self._client.put_object(
                Bucket=self._name,
                Key=self._key,
                Body=page,
                ContentType="text/html; charset=utf-8",
                # Whoever opens it again gets what is there now, and no cache for many keeps it.
                CacheControl="private, no-cache",
                Metadata={_EDITION: edition},
                ExpectedBucketOwner=self._account,
            )
        except (ClientError, BotoCoreError) as error:
            raise fault(error, service="s3", thing=self._thing) from error

    @property
    def _thing(self) -> str:
        return f"s3://{self._name}/{self._key}"
