"""Object stores and folders as an upload uses them, and a sentence for their failures.

The only module that knows obstore. Its error messages may contain signed URLs and whole answers, so they are never repeated:
this module looks for what helps in them and writes a sentence of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.text import digest_of
from inspec_textfile.upload.target import Target

_MAX_RETRIES = 6
"""About six seconds of pauses in all, if there is time for them."""
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "GOOGLE_BASE_URL", "AZURE_STORAGE_ENDPOINT")
_WHICH_STORE = (*_ENDPOINTS, "AZURE_STORAGE_ACCOUNT_NAME")
"""Variables that say which store it is: buckets of one name exist in many."""
# Shares of the time for the whole upload. A retry starts before 60 % are over and takes at most 25 %, so the store's own error
# about what is sent first, which says what is wrong, comes before the time limit. Three attempts fit in, even if they stall.
_RETRIES, _ATTEMPT = 0.6, 0.25


class StoreError(Exception):
    """The store could not be opened, or would not take an object; the message is a sentence without anything secret."""


Put = Callable[[str, bytes], Awaitable[None]]
"""Puts an object (key, data), whether or not one exists: all of it, or nothing changes. Raises StoreError."""


@contextlib.contextmanager
def open_store(target: Target, variables: Mapping[str, str], seconds: float) -> Iterator[tuple[Put, str]]:
    """Open a store without a request, and yield how to put an object, and its place: text that differs for every store.

    `variables`: those of the --settings file, for what the environment does not say; `seconds`: how long the whole upload may
    take. Raises StoreError.
    """
    if target.scheme != "file":
        # There is no other way to tell obstore, its TLS library and its proxy client, which read the environment themselves.
        # Its Rust core starts a thread for each CPU, which a sandbox may not allow and eight puts do not need.
        for name, value in {"TOKIO_WORKER_THREADS": "2", **variables}.items():
            os.environ.setdefault(name, value)
        place = " ".join([target.url, *(os.environ.get(name, "") for name in _WHICH_STORE)])
        yield _cloud_put(target, seconds), digest_of(place.encode("utf-8", "surrogateescape"))
        return
    try:
        with OutputFolder(target.folder, wait=seconds, create=0o777) as folder:
            yield _folder_put(folder), target.url
    except OutputError as error:
        raise StoreError(str(error)) from None


def _folder_put(folder: OutputFolder) -> Put:
    """Return how to write into a folder: no extra needed, modes as the umask has it, replaced atomically."""

    async def put(key: str, data: bytes) -> None:
        await asyncio.sleep(0)  # lets the time limit interrupt
        try:
            folder.replace(key, data)
        except OutputError as error:
            raise StoreError(str(error)) from None

    return put


def _cloud_put(target: Target, seconds: float) -> Put:
    """Return how to put objects into S3, Google Cloud Storage or Azure Blob Storage."""
    try:
        import obstore
        from obstore import store as stores
    except ImportError:
        raise StoreError("the package obstore is missing: pip install obstore, where inspec-textfile is installed") from None
    makers: dict[str, Any] = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}
    attempt = seconds * _ATTEMPT
    try:
        store = makers[target.scheme](
            target.bucket,
            prefix=target.prefix or None,
            client_options={
                # Only if the user asked for a connection without TLS.
                "allow_http": any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS),
                "timeout": timedelta(seconds=attempt),
                "connect_timeout": timedelta(seconds=min(5, attempt)),
            },
            retry_config={"max_retries": _MAX_RETRIES, "retry_timeout": timedelta(seconds=seconds * _RETRIES)},
        )
    except Exception as error:  # obstore's, for a bad value in the environment; its message would repeat the value
        raise StoreError(f"the settings in the environment are not usable: {_reason(error)}") from None

    async def put(key: str, data: bytes) -> None:
        try:
            await obstore.put_async(store, key, data, attributes=headers(key), use_multipart=False)
        except Exception as error:  # obstore raises its own, OSErrors, ValueErrors, and one for a panic in Rust
            raise StoreError(_reason(error)) from None

    return put


def headers(key: str) -> dict[str, str]:
    """Return the headers with which an object is served: profiles' pages have no ending that tells its type."""
    kind = "text/csv" if key.endswith(".csv") else "text/html"
    # A browser may cache the page but asks each time whether it is still current (304, no body): an alert's link must never
    # show the last hour's findings. Google's own default would be an hour.
    return {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"}


# --- failures in a sentence ------------------------------------------------------------------------------------------------

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_REASONS = (
    # Requests for credentials: their answers say nothing about the store.
    (r"latest/(api/token|meta-data)|computeMetadata|metadata/identity|token request", "needs credentials, and finds none"),
    (r"status code: 40[13]", "refuses these credentials{}: are they right, and may they put objects there?"),
    (r"status code: 404", "has no such bucket{}: create it, or correct its name"),
    (r"status code: 30[17]|region", "answers that the bucket is elsewhere{}: is the region right (AWS_REGION)?"),
    (r"status code: 5", "fails{}, after retries"),
    (r"status code", "gave an unexpected answer{}"),
    (r"redential|private_key|[Aa]ccount must|AccessKey", "needs credentials: those in the environment cannot be used"),
    (r"ertificate", "has a certificate that this host does not trust (SSL_CERT_FILE names more authorities)"),
    (r"dns error|failed to lookup", "cannot be reached: DNS does not know its name"),
    (r"[Tt]imed ?[Oo]ut|Timeout", "does not answer in time, after retries"),
    (r"HTTP error", "cannot be reached, after retries"),
)
"""The first that occurs in obstore's message, and the rest of a sentence that starts with "the store"."""


def _reason(error: BaseException) -> str:
    """Return what went wrong, as a sentence without anything of the message but the store's own codes."""
    text = str(error)
    found = [*_STATUS.findall(text)[:1], *_CODE.findall(text)[:1]]
    detail = f" ({' '.join(found)})" if found else ""
    sentence = next((sentence for sign, sentence in _REASONS if re.search(sign, text)), f"failed ({type(error).__name__})")
    return f"the store {sentence.format(detail)}"
