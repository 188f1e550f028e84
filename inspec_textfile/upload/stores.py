"""Object stores and folders as an upload uses them, and a sentence for each of their failures.

The only module that knows obstore. Its error messages may contain signed URLs and whole answers, so they are never repeated:
this module looks for a few known words in them and writes a sentence of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.upload import settings
from inspec_textfile.upload.settings import Settings, SettingsError
from inspec_textfile.upload.target import Target

if TYPE_CHECKING:
    from obstore.store import ObjectStore

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # A browser may cache the page but asks each time whether it is still current (304, no body): an alert's link must never
    # show the last hour's findings. Google's own default would be an hour.
    "Cache-Control": "no-cache",
}
_MAX_RETRIES = 6
"""About ten seconds in all, if there is time for them, with the pauses below."""


class StoreError(Exception):
    """The store could not be opened, or would not take an object; the message is a sentence without anything secret."""


class Store(Protocol):
    """What an upload needs from a store."""

    async def put(self, key: str, data: bytes) -> None:
        """Put an object, whether or not one exists: all of it, or nothing changes. Raises StoreError."""


@contextlib.contextmanager
def open_store(target: Target, environment: Mapping[str, str], seconds: float) -> Iterator[tuple[Store, str]]:
    """Open a store without a request, and yield it with its place: text that differs for every store.

    `seconds`: how long the whole upload may take. Raises StoreError.
    """
    if target.scheme != "file":
        yield _open_object_store(target, environment, seconds)
        return
    try:
        with OutputFolder(f"/{target.prefix}", wait=seconds, create=True) as folder:
            yield _FolderStore(folder), target.url
    except OutputError as error:
        raise StoreError(str(error)) from None


def _open_object_store(target: Target, environment: Mapping[str, str], seconds: float) -> tuple[Store, str]:
    # obstore's Rust core starts a thread for each CPU, which a sandbox may not allow and eight puts do not need.
    os.environ.setdefault("TOKIO_WORKER_THREADS", "2")
    try:
        from obstore import store as stores
    except ImportError:
        raise StoreError("the package obstore is missing: pip install 'inspec-textfile[upload]'") from None
    makers: dict[str, Any] = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}
    try:
        found = _settings(target.scheme, environment)
        store = makers[target.scheme](
            target.bucket,
            prefix=target.prefix or None,
            config=dict(found.config),
            client_options=_client_options(seconds, allow_http=found.allow_http),
            retry_config=_retry_config(seconds),
        )
    except SettingsError as error:
        raise StoreError(str(error)) from None
    except Exception as error:  # obstore's, for a bad value in the environment; its message would repeat the value
        raise StoreError(f"the settings in the environment are not usable: {_reason(error)}") from None
    return _ObjectStore(store), " ".join(filter(None, (target.url, found.endpoint, found.account)))


def _settings(scheme: str, environment: Mapping[str, str]) -> Settings:
    if scheme == "s3":
        return settings.s3_settings(environment, settings.read_text)
    return settings.gs_settings(environment) if scheme == "gs" else settings.az_settings(environment)


# Shares of the time for the whole upload. A retry starts before 60 % are over, waits at most 10 % and takes at most 25 %, so
# the store's own error about what is sent first, which says what is wrong, comes before the time limit. Three attempts fit in,
# even if they stall.
_RETRIES, _PAUSE, _ATTEMPT = 0.6, 0.1, 0.25


def _client_options(seconds: float, *, allow_http: bool) -> dict[str, Any]:
    attempt = seconds * _ATTEMPT
    return {
        "allow_http": allow_http,
        "timeout": timedelta(seconds=attempt),
        "connect_timeout": timedelta(seconds=min(5, attempt)),
    }


def _retry_config(seconds: float) -> dict[str, Any]:
    longest = min(5, seconds * _PAUSE)
    pauses = {"init_backoff": timedelta(seconds=min(0.2, longest)), "max_backoff": timedelta(seconds=longest), "base": 2}
    return {"max_retries": _MAX_RETRIES, "retry_timeout": timedelta(seconds=seconds * _RETRIES), "backoff": pauses}


class _ObjectStore:
    """S3, Google Cloud Storage, Azure Blob Storage."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, data: bytes) -> None:
        import obstore

        try:
            await obstore.put_async(self._store, key, data, attributes=dict(HEADERS), use_multipart=False)
        except Exception as error:  # obstore raises its own, OSErrors, ValueErrors, and one for a panic in Rust
            raise StoreError(_reason(error)) from None


class _FolderStore:
    """A folder of this host, or one that is mounted: no extra needed, modes as the umask has it, replaced atomically."""

    def __init__(self, folder: OutputFolder) -> None:
        self._folder = folder

    async def put(self, key: str, data: bytes) -> None:
        await asyncio.sleep(0)  # lets the time limit interrupt
        try:
            self._folder.replace(key, data)
        except OutputError as error:
            raise StoreError(str(error)) from None


# --- failures in a sentence ------------------------------------------------------------------------------------------------

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_BY_STATUS = {
    "301": "answers that the bucket is elsewhere{}: is the region right (AWS_REGION)?",
    "307": "answers that the bucket is elsewhere{}: is the region right (AWS_REGION)?",
    "400": "does not understand the request{}: are endpoint and region right?",
    "401": "does not know these credentials{}",
    "403": "refuses these credentials{}: are they right, and may they put objects there?",
    "404": "has no such bucket{}: create it, or correct its name",
    "413": "says that a page is too large{}",
    "429": "is overloaded{}, after retries",
}
_NO_CREDENTIALS = "needs credentials: none are in the environment or a profile file, and this machine has none of its own"
_BY_REQUEST = (
    ("latest/api/token", _NO_CREDENTIALS),
    ("latest/meta-data", _NO_CREDENTIALS),
    ("computeMetadata", _NO_CREDENTIALS),
    ("metadata/identity", _NO_CREDENTIALS),
    ("token request", "needs credentials: the request for a token failed"),
)
"""Requests for credentials: their answers say nothing about the store."""
_BY_WORDS = (
    ("ertificate", "has a certificate that this host does not trust (SSL_CERT_FILE names more authorities)"),
    ("Connection refused", "refuses the connection, after retries"),
    ("ConnectionRefused", "refuses the connection, after retries"),
    ("dns error", "cannot be reached: DNS does not know its name"),
    ("failed to lookup", "cannot be reached: DNS does not know its name"),
    ("TimedOut", "does not answer in time, after retries"),
    ("Timeout", "does not answer in time, after retries"),
    ("timed out", "does not answer in time, after retries"),
    ("ConnectionReset", "breaks the connection, after retries"),
    ("reset by peer", "breaks the connection, after retries"),
    ("IncompleteMessage", "breaks the connection, after retries"),
    ("HTTP error", "cannot be reached, after retries"),
    ("redential", "needs credentials: those in the environment cannot be used"),
    ("private_key", "needs credentials: those in the environment cannot be used"),
)


def _reason(error: BaseException) -> str:
    """Return what went wrong, as the rest of a sentence that starts with "the store"."""
    text = str(error)
    code = _CODE.search(text)
    status = _STATUS.search(text)
    words = next((words for sign, words in _BY_REQUEST if sign in text), None)
    if status and not words:
        number = status.group(1)
        detail = f" ({number}{f' {code.group(1)}' if code else ''})"
        default = "fails{}, after retries" if number.startswith("5") else "gave an unexpected answer{}"
        return f"the store {_BY_STATUS.get(number, default).format(detail)}"
    words = words or next((words for sign, words in _BY_WORDS if sign in text), None)
    return f"the store {words or f'failed ({type(error).__name__})'}"
