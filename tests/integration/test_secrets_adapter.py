"""The mask key from an emulated Secrets Manager."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from botocore.exceptions import ClientError
from moto import mock_aws

from policy_monitor.adapters.secrets import mask_key
from policy_monitor.errors import PolicyMonitorError, RetryableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator["SecretsManagerClient"]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        # Powertools keeps its client and its cache for as long as the process lives.
        DEFAULT_PROVIDERS.clear()
        yield boto3.client("secretsmanager", region_name="us-east-1")
    DEFAULT_PROVIDERS.clear()


def test_the_key_is_the_text_of_the_secret(secrets: "SecretsManagerClient") -> None:
    arn = secrets.create_secret(Name="mask", SecretString="kéy")["ARN"]

    assert mask_key(arn) == "kéy".encode()


def test_a_binary_secret_is_a_key_too(secrets: "SecretsManagerClient") -> None:
    secrets.create_secret(Name="mask", SecretBinary=b"\x00\xff")

    assert mask_key("mask") == b"\x00\xff"


def test_the_key_is_read_once(secrets: "SecretsManagerClient") -> None:
    secrets.create_secret(Name="mask", SecretString="key")
    mask_key("mask")
    secrets.delete_secret(SecretId="mask", ForceDeleteWithoutRecovery=True)

    assert mask_key("mask") == b"key"


def test_a_secret_that_is_not_there_is_named(secrets: "SecretsManagerClient") -> None:
    assert secrets.list_secrets()["SecretList"] == []

    with pytest.raises(PolicyMonitorError, match="secret gone: secretsmanager:GetSecretValue"):
        mask_key("gone")


def test_no_name_says_which_variable_to_set() -> None:
    with pytest.raises(PolicyMonitorError, match="MASK_KEY_SECRET: not set"):
        mask_key("")


@pytest.mark.parametrize(
    ("code", "retryable"), [("ThrottlingException", True), ("AccessDeniedException", False)]
)
@pytest.mark.usefixtures("secrets")
def test_only_what_passes_is_retryable(
    monkeypatch: pytest.MonkeyPatch, code: str, *, retryable: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetSecretValue")

    monkeypatch.setattr(parameters.SecretsProvider, "_get", refuse)

    with pytest.raises(PolicyMonitorError, match="secretsmanager:GetSecretValue") as refusal:
        mask_key("mask")

    assert isinstance(refusal.value, RetryableError) is retryable
