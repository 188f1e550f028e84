"""Where pages are published, as given on the command line: nothing secret may be part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

SCHEMES = ("s3", "gs", "az", "file")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{1,254}\Z")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class TargetError(ValueError):
    """A URL or an instance that cannot be used; the message is a sentence without anything that may be secret."""


class Target(NamedTuple):
    """A place in a bucket, or a folder."""

    scheme: str
    """One of SCHEMES."""
    bucket: str
    """Azure calls it a container; "" for a folder."""
    prefix: str
    """What comes before every key, without slashes at either end; for a folder, its path without the first slash."""

    @property
    def url(self) -> str:
        """The place as a person knows it."""
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def folder(self) -> str:
        """The path of a folder, if the scheme is `file`."""
        return f"/{self.prefix}"


class Publication(NamedTuple):
    """What a run needs to know to publish its pages."""

    target: Target
    instance: str
    """The host's label `instance`, as Prometheus has it."""
    seconds: float
    """How long it may take in all."""
    variables: Mapping[str, str]
    """Variables of the --settings file, for what the environment does not say: credentials, endpoints."""


def parse_target(url: str) -> Target:
    """Read what `--upload` was given. Raises TargetError."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise TargetError("must be s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///FOLDER")
    bucket, _, prefix = rest.partition("/")
    if "@" in bucket or "?" in rest or "#" in rest:
        raise TargetError("must be a place and nothing more: credentials come from the environment, never from the URL")
    if scheme == "file":
        prefix = unquote(prefix)
        if bucket or not prefix.strip("/"):
            raise TargetError("file:// needs a whole path, with three slashes: file:///var/www/reports")
    elif not _BUCKET.match(bucket):
        raise TargetError(f"{scheme}:// must be followed by the name of a bucket")
    prefix = prefix.strip("/")
    if prefix and not is_path(prefix):
        raise TargetError("the part after the bucket must be a plain path, without //, . and ..")
    return Target(scheme, bucket, prefix)


def parse_instance(text: str) -> str:
    """Read what `--instance` was given. Raises TargetError.

    It is one part of a path, and the last one of a profile's key: because it has no slash, no profile's name can lead to
    another instance's pages, and because it does not end in .html, it never replaces a page.
    """
    if not is_path(text) or "/" in text or text.endswith(".html"):
        raise TargetError("must be the host's label `instance`, such as web01:9100: no slash, no control character, not .html")
    return text


def is_path(path: str) -> bool:
    """Return whether a URL's path and every store can carry these names as they are: none empty, `.`, `..` or unprintable."""
    return not _CONTROL.search(path) and all(part not in ("", ".", "..") for part in path.split("/"))
