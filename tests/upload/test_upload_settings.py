"""The environment of each cloud, as its users know it from other programs."""

from __future__ import annotations

import json

import pytest

from inspec_textfile.upload.settings import SettingsError, az_settings, gs_settings, s3_settings

CREDENTIALS = """\
[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key = SECRET%1
[ops]
aws_access_key_id=AKOPS
aws_secret_access_key=SECRET2
aws_session_token=TOKEN
[role-only]
role_arn = arn:aws:iam::1:role/x
"""
CONFIG = """\
[default]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
[profile ops]
region = eu-central-1
endpoint_url = https://minio.example.com:9000
"""
FILES = {
    "/home/x/.aws/credentials": CREDENTIALS,
    "/home/x/.aws/config": CONFIG,
    "/etc/aws": CREDENTIALS,
    "/damaged": "SECRET line",
}


def read(path: str) -> str:
    try:
        return FILES[path]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory") from None


def test_s3_needs_nothing_of_us_where_obstore_finds_everything() -> None:
    assert s3_settings({}, read).config == {}
    assert s3_settings({"AWS_ACCESS_KEY_ID": "A"}, read).config == {}


def test_s3_profiles() -> None:
    home = {"HOME": "/home/x"}

    assert s3_settings(home, read).config == {
        "region": "eu-west-1",
        "access_key_id": "AKDEFAULT",
        "secret_access_key": "SECRET%1",
    }
    assert s3_settings({**home, "AWS_PROFILE": "ops"}, read).config == {
        "region": "eu-central-1",
        "endpoint": "https://minio.example.com:9000",
        "access_key_id": "AKOPS",
        "secret_access_key": "SECRET2",
        "session_token": "TOKEN",
    }
    assert s3_settings({"AWS_SHARED_CREDENTIALS_FILE": "/etc/aws"}, read).config["access_key_id"] == "AKDEFAULT"


def test_s3_the_environment_comes_before_the_profile() -> None:
    given = {
        "HOME": "/home/x",
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9000",
    }
    found = s3_settings(given, read)

    assert found.config == {"region": "us-west-2", "endpoint": "http://127.0.0.1:9000"}
    assert found.allow_http
    assert "access_key_id" not in s3_settings({"HOME": "/home/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}, read).config


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"HOME": "/home/x", "AWS_PROFILE": "role-only"}, "export-credentials"),
        ({"HOME": "/home/x", "AWS_PROFILE": "missing"}, "AWS_PROFILE has no"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/none"}, "/none (from AWS_SHARED_CREDENTIALS_FILE) cannot be read: No such file"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/damaged"}, "/damaged is damaged"),
        ({"AWS_ENDPOINT_URL": "minio:9000"}, "AWS_ENDPOINT_URL must be a URL"),
        ({"AWS_ENDPOINT_URL_S3": "https://user:SECRET@minio:9000"}, "AWS_ENDPOINT_URL_S3 must be a URL"),
    ],
)
def test_s3_what_is_refused(environment: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        s3_settings(environment, read)

    assert told in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_azure_takes_the_names_of_its_command_line_and_its_connection_string() -> None:
    assert az_settings({"AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_KEY": "K"}).config == {
        "account_name": "acc",
        "account_key": "K",
    }
    assert (
        az_settings({"AZURE_STORAGE_ACCOUNT_NAME": "acc", "AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=x"}).config["sas_key"]
        == "sv=1&sig=x"
    )
    text = "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a+b/c==;EndpointSuffix=core.chinacloudapi.cn"
    found = az_settings({"AZURE_STORAGE_CONNECTION_STRING": text})
    assert found.config == {
        "account_name": "acc",
        "account_key": "a+b/c==",
        "endpoint": "https://acc.blob.core.chinacloudapi.cn",
    }
    text = "BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D"
    assert az_settings({"AZURE_STORAGE_CONNECTION_STRING": text}).config == {
        "account_name": "acc",
        "sas_key": "sv=1&sig=x%3D",
        "endpoint": "https://acc.blob.core.windows.net",
    }


@pytest.mark.parametrize("text", ["AccountKey=SECRET", "SECRET"])
def test_azure_what_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        az_settings({"AZURE_STORAGE_CONNECTION_STRING": text})

    assert "SECRET" not in str(caught.value)
    with pytest.raises(SettingsError, match="AZURE_STORAGE_ACCOUNT_NAME is not set"):
        az_settings({})


def test_azure_accounts_are_different_places() -> None:
    assert az_settings({"AZURE_STORAGE_ACCOUNT": "one"}).account == "one"


def test_google_emulators() -> None:
    found = gs_settings({"STORAGE_EMULATOR_HOST": "127.0.0.1:4443"})

    assert found.allow_http
    assert json.loads(found.config["service_account_key"])["gcs_base_url"] == "http://127.0.0.1:4443"
    assert gs_settings({}).config == {}
