"""Object stores and folders, seen as the two things an upload does to them, and their failures in a sentence.

The only module that knows obstore. What obstore says of a failure may hold signed URLs and whole answers, so nothing of it is
repeated: a few known words are looked for in it, and the sentence is our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from inspec_textfile.links import PAGE_MODE
from inspec_textfile.textfile import Folder, TextfileError
from inspec_textfile.upload import settings
from inspec_textfile.upload.settings import Settings, SettingsError
from inspec_textfile.upload.target import Target

if TYPE_CHECKING:
    from obstore.store import ObjectStore

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # A browser may keep the page but asks each time whether it is still the one (304, no body): an alert's link must never
    # show the last hour's findings. Google's own default would be an hour.
    "Cache-Control": "no-cache",
}
_ATTEMPT_SHARE = 3
"""One attempt may take this part of the whole time, so that a stalled one leaves time for others."""
_RETRIES = 6
"""With the pauses below some ten seconds in all."""


class StoreError(Exception):
    """The store could not be opened, or would not take an object; the message is a sentence without anything secret."""


class Store(Protocol):
    """What an upload needs of a store."""

    async def put(self, key: str, data: bytes) -> None:
        """Put an object, whether or not there is one. Raises StoreError."""

    async def create(self, key: str, data: bytes) -> bool:
        """Put an object if there is none, and tell whether there was none. Tried once. Raises StoreError."""


@contextlib.contextmanager
def open_store(target: Target, environment: Mapping[str, str], seconds: float) -> Iterator[tuple[Store, str]]:
    """Open a store without asking it anything, and give it with the place it is, in words that tell it from all others.

    `seconds`: how long the whole upload may take. Raises StoreError.
    """
    if target.scheme != "file":
        yield _open_object_store(target, environment, seconds)
        return
    try:
        with Folder(f"/{target.prefix}", wait=seconds, create=True) as folder:
            yield _FolderStore(folder), target.url
    except TextfileError as error:
        raise StoreError(str(error)) from None


def _open_object_store(target: Target, environment: Mapping[str, str], seconds: float) -> tuple[Store, str]:
    # Its Rust core starts a thread for each processor of the machine, which a sandbox may not allow, nor eight uploads need.
    os.environ.setdefault("TOKIO_WORKER_THREADS", "2")
    try:
        from obstore import store as stores
    except ImportError:
        raise StoreError("the package obstore is missing: pip install 'inspec-textfile[upload]'") from None
    makers: dict[str, Any] = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}
    try:
        found = _settings(target.scheme, environment)
        putting, asking = (
            makers[target.scheme](
                target.bucket,
                prefix=target.prefix or None,
                config=dict(found.config),
                client_options={
                    "allow_http": found.allow_http,
                    "timeout": timedelta(seconds=seconds / _ATTEMPT_SHARE),
                    "connect_timeout": timedelta(seconds=min(5, seconds / _ATTEMPT_SHARE)),
                },
                retry_config={
                    "max_retries": retries,
                    "retry_timeout": timedelta(seconds=seconds),
                    "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=5), "base": 2},
                },
            )
            for retries in (_RETRIES, 0)
        )
    except SettingsError as error:
        raise StoreError(str(error)) from None
    except Exception as error:  # obstore's, by a bad value in the environment; it would repeat the value
        raise StoreError(f"the settings in the environment are not usable: {_reason(error)}") from None
    return _ObjectStore(putting, asking), " ".join(filter(None, (target.url, found.endpoint, found.account)))


def _settings(scheme: str, environment: Mapping[str, str]) -> Settings:
    if scheme == "s3":
        return settings.s3_settings(environment, settings.read_text)
    return settings.gs_settings(environment) if scheme == "gs" else settings.az_settings(environment)


class _ObjectStore:
    """S3, Google Cloud Storage, Azure Blob Storage."""

    def __init__(self, putting: ObjectStore, asking: ObjectStore) -> None:
        """Take the store twice: `asking` tries once, for after an answer that was lost it would meet its own object."""
        self._putting = putting
        self._asking = asking

    async def put(self, key: str, data: bytes) -> None:
        await self._put(self._putting, key, data, "overwrite")

    async def create(self, key: str, data: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError

        try:
            await self._put(self._asking, key, data, "create")
        except AlreadyExistsError:
            return False
        return True

    async def _put(self, store: ObjectStore, key: str, data: bytes, mode: Any) -> None:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            await obstore.put_async(store, key, data, attributes=dict(HEADERS), mode=mode, use_multipart=False)
        except AlreadyExistsError as error:
            if mode == "create":
                raise
            raise StoreError(_reason(error)) from None
        except Exception as error:  # obstore raises its own, OSErrors, ValueErrors, and one for a panic in Rust
            raise StoreError(_reason(error)) from None


class _FolderStore:
    """A folder of this host, or one that is mounted: no extra needed, readable for a web server, replaced atomically."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def put(self, key: str, data: bytes) -> None:
        await asyncio.sleep(0)  # lets the time limit strike
        try:
            self._folder.replace(key, data, PAGE_MODE)
        except TextfileError as error:
            raise StoreError(str(error)) from None

    async def create(self, key: str, data: bytes) -> bool:
        if self._folder.read(key, 1) is not None:
            return False
        await self.put(key, data)
        return True


# --- failures in a sentence ------------------------------------------------------------------------------------------------

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_BY_STATUS = {
    "301": "answers that the bucket is elsewhere{}: is the region right (AWS_REGION)?",
    "307": "answers that the bucket is elsewhere{}: is the region right (AWS_REGION)?",
    "400": "does not understand the request{}: are endpoint and region right?",
    "401": "does not know these credentials{}",
    "403": "refuses these credentials{}: are they right, and may they put objects there?",
    "404": "knows no such bucket{}: make it, or correct its name",
    "413": "finds a page too large{}",
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
"""Where credentials are asked for: an answer of that place says nothing about the store."""
_BY_WORDS = (
    ("ertificate", "shows a certificate that this host does not trust (SSL_CERT_FILE names more authorities)"),
    ("Connection refused", "refuses the connection, after retries"),
    ("ConnectionRefused", "refuses the connection, after retries"),
    ("dns error", "cannot be reached: its name is not known to DNS"),
    ("failed to lookup", "cannot be reached: its name is not known to DNS"),
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
        default = "fails{}, after retries" if number.startswith("5") else "gives an answer that is not understood{}"
        return f"the store {_BY_STATUS.get(number, default).format(detail)}"
    words = words or next((words for sign, words in _BY_WORDS if sign in text), None)
    return f"the store {words or f'failed ({type(error).__name__})'}"
