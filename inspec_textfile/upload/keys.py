"""Which objects there are and what they are called: one rule, for the store and for the alerts that link to it.

Below the prefix a bucket holds

    INSTANCE/index.html, INSTANCE/inspec-REPORT.json.html    the reports folder, as it is on the host: links and anchors work
    PROFILE/INSTANCE                                         the page that shows the profile: inspec_exporter's alerts link it

A key is made of the names as they are, spaces, `#` and all. A link escapes them as in any URL but leaves the slashes of a
name alone, since a browser takes its relative links from them; in Prometheus' templates (README, "The alert"):

    {{ reReplaceAll "%2F" "/" (reReplaceAll "[+]" "%20" (urlquery $labels.profile)) }}

Names that no URL can carry have no such key: parts that are empty, `.` or `..`, line breaks, more than 1024 bytes.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from inspec_textfile.links import INDEX_FILE, page_file
from inspec_textfile.upload.target import is_path

_LONGEST_KEY = 1024
"""Bytes, prefix included: S3 and GCS; Azure counts characters."""
_RELATIVE = re.compile(rb'href="(?!#|https?:|mailto:)([^"]*)"')
"""Pages escape every quote in what reports say, so this finds markup of our own only."""


@dataclass(frozen=True)
class Object:
    """What is to stand under one key."""

    key: str
    """Below the prefix."""
    file: str | None
    """The page below the reports folder that it shows."""
    data: bytes = b""
    """The content, where it shows no single page."""


@dataclass(frozen=True)
class Plan:
    """All that is to be in the bucket after a run."""

    objects: tuple[Object, ...]
    index: Object
    unlinked: tuple[str, ...]
    """Profiles whose names no URL can carry; their pages are there, under their reports' names."""


def folder_key(file: str, instance: str) -> str:
    """Return the key of a file of the reports folder."""
    return f"{instance}/{file}"


def profile_key(profile: str, instance: str, prefix: str = "") -> str | None:
    """Return the key of the page that shows a profile, None if no URL can carry the name."""
    key = f"{profile}/{instance}"
    if not is_path(key) or len(posixpath.join(prefix, key).encode()) > _LONGEST_KEY:
        return None
    return key


def plan(
    profiles_of: Mapping[str, Collection[str]], instance: str, prefix: str, choice: Callable[[Sequence[str]], bytes]
) -> Plan:
    """Return what is to be published.

    `profiles_of`: the reports that have a page, with the profiles each of them shows. A profile that several reports show
    leads to a page with links to all of them, worst first (`choice`: reports -> that page, as if it stood in the folder's
    place of index.html), so that none of them hides another.
    """
    objects = [Object(folder_key(page_file(report), instance), page_file(report)) for report in profiles_of]
    reports_of: dict[str, list[str]] = defaultdict(list)
    for report, profiles in profiles_of.items():
        for profile in profiles:
            reports_of[profile].append(report)
    unlinked = []
    for profile, reports in sorted(reports_of.items()):
        key = profile_key(profile, instance, prefix)
        if key is None:
            unlinked.append(profile)
        elif len(reports) == 1:
            objects.append(Object(key, page_file(reports[0])))
        else:
            objects.append(Object(key, None, relocate(choice(reports), folder_key(INDEX_FILE, instance), key)))
    return Plan(tuple(objects), Object(folder_key(INDEX_FILE, instance), INDEX_FILE), tuple(unlinked))


def relocate(page: bytes, old: str, new: str) -> bytes:
    """Return a page that was made to stand under the key `old` as it must be under `new`: its links lead where they led."""
    if old == new:
        return page
    folder = quote(posixpath.dirname(old))
    up = "../" * new.count("/")

    def moved(found: re.Match[bytes]) -> bytes:
        link = posixpath.normpath(posixpath.join(folder, found.group(1).decode()))
        return f'href="{up}{link}"'.encode()

    return _RELATIVE.sub(moved, page)
