"""Endpoint, region and credentials: the ordinary environment of each cloud, as other programs read it.

obstore reads most of it by itself. This module reads the rest: AWS' profile files, Azure's connection string and the names that
`az` uses, and the emulators' variables. Pure: variables and files in, obstore's settings out.
"""

from __future__ import annotations

import configparser
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

Environment = Mapping[str, str]
ReadText = Callable[[str], str]
"""Returns a file's text, raises OSError."""

_ENDPOINT = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(/[^\s?#@]*)?\Z")


class SettingsError(Exception):
    """The environment cannot be used; the message is a sentence without anything secret."""


class Settings(NamedTuple):
    """What obstore needs in addition to what it finds in the environment."""

    config: Mapping[str, str]
    endpoint: str | None
    """None for the cloud's own."""
    account: str = ""
    """Azure: buckets of one name exist in many accounts."""

    @property
    def allow_http(self) -> bool:
        """Whether the user asked for a connection without TLS."""
        return bool(self.endpoint and self.endpoint.startswith("http://"))


def s3_settings(environment: Environment, read: ReadText) -> Settings:
    """Return the settings for S3 and compatible stores. Raises SettingsError."""
    profile = _aws_profile(environment, read)
    config = {}
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or profile.get("region")
    if region:
        config["region"] = region
    endpoint = _endpoint(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT") or profile.get("endpoint_url")
    if endpoint:
        config["endpoint"] = _checked(endpoint, "endpoint_url of the profile")
    if not (environment.get("AWS_ACCESS_KEY_ID") or environment.get("AWS_WEB_IDENTITY_TOKEN_FILE")):
        if "aws_access_key_id" in profile and "aws_secret_access_key" in profile:
            config["access_key_id"] = profile["aws_access_key_id"]
            config["secret_access_key"] = profile["aws_secret_access_key"]
            if "aws_session_token" in profile:
                config["session_token"] = profile["aws_session_token"]
        elif environment.get("AWS_PROFILE"):
            raise SettingsError(
                "the profile of AWS_PROFILE has no aws_access_key_id and aws_secret_access_key; for profiles that get theirs "
                "elsewhere (role, SSO, process) set the variables that `aws configure export-credentials --format env` prints"
            )
    return Settings(config, endpoint or None)


def gs_settings(environment: Environment) -> Settings:
    """Return the settings for Google Cloud Storage. Raises SettingsError."""
    endpoint = _endpoint(environment, "GOOGLE_BASE_URL")
    emulator = environment.get("STORAGE_EMULATOR_HOST")
    if not emulator:
        return Settings({}, endpoint)
    endpoint = _checked(emulator if "://" in emulator else f"http://{emulator}", "STORAGE_EMULATOR_HOST").rstrip("/")
    nobody = {"gcs_base_url": endpoint, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return Settings({"service_account_key": json.dumps(nobody)}, endpoint)


def az_settings(environment: Environment) -> Settings:
    """Return the settings for Azure Blob Storage. Raises SettingsError."""
    given = _connection_string(environment.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    names = {
        "account_name": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"),
        "account_key": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"),
        "sas_key": ("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"),
    }
    config = dict(given)
    for key, variables in names.items():
        value = next((environment[name] for name in variables if environment.get(name)), None)
        if value and key not in config:
            config[key] = value.removeprefix("?") if key == "sas_key" else value
    endpoint = config.get("endpoint") or _endpoint(environment, "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
    if not config.get("account_name"):
        raise SettingsError("AZURE_STORAGE_ACCOUNT_NAME is not set: which account the container is in")
    if endpoint:
        config["endpoint"] = _checked(endpoint, "BlobEndpoint").rstrip("/")
    return Settings(config, endpoint, config["account_name"])


def read_text(path: str) -> str:
    """Return a settings file's text. Raises OSError."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _endpoint(environment: Environment, *names: str) -> str | None:
    return next((_checked(environment[name], name) for name in names if environment.get(name)), None)


def _checked(endpoint: str, name: str) -> str:
    if not _ENDPOINT.match(endpoint):
        raise SettingsError(f"{name} must be a URL such as https://minio.example.com:9000, without user and query")
    return endpoint


def _aws_profile(environment: Environment, read: ReadText) -> dict[str, str]:
    """Return the user's profile, from the config file and over it the credentials file."""
    name = environment.get("AWS_PROFILE") or "default"
    found: dict[str, str] = {}
    for variable, file, section in (
        ("AWS_CONFIG_FILE", "config", name if name == "default" else f"profile {name}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", name),
    ):
        home = environment.get("HOME")
        path = environment.get(variable) or (os.path.join(home, ".aws", file) if home else "")
        if not path:
            continue
        parser = configparser.RawConfigParser(strict=False, default_section="\0")
        try:
            parser.read_string(read(path))
        except OSError as error:
            if environment.get(variable):
                raise SettingsError(f"{path} (from {variable}) cannot be read: {error.strerror}") from None
        except configparser.Error:
            raise SettingsError(f"{path} is damaged: it does not consist of [profile] and name = value") from None
        else:
            found.update(parser[section] if parser.has_section(section) else {})
    return found


def _connection_string(text: str) -> dict[str, str]:
    """Return what Azure's connection string says, with obstore's names. Raises SettingsError."""
    if not text.strip():
        return {}
    fields = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    if "AccountName" not in fields and "BlobEndpoint" not in fields:
        raise SettingsError("AZURE_STORAGE_CONNECTION_STRING is not valid: it names neither AccountName nor BlobEndpoint")
    endpoint = fields.get("BlobEndpoint")
    if not endpoint and "EndpointSuffix" in fields:
        protocol = fields.get("DefaultEndpointsProtocol", "https")
        endpoint = f"{protocol}://{fields['AccountName']}.blob.{fields['EndpointSuffix']}"
    account = fields.get("AccountName") or re.sub(r"\Ahttps?://([^.:/]+).*", r"\1", endpoint or "")
    found = {
        "account_name": account,
        "account_key": fields.get("AccountKey"),
        "sas_key": fields.get("SharedAccessSignature"),
        "endpoint": endpoint,
    }
    return {key: value for key, value in found.items() if value}
