"""Which objects there are and what they are called: one rule, for the store and for the alerts that link to it.

Below the prefix a bucket holds

    INSTANCE/index.html, INSTANCE/inspec-REPORT.json.html    the reports folder, as it is on the host: links and anchors work
    PROFILE/INSTANCE                                         leads to the pages that show the profile: inspec_exporter's alerts
                                                             link it

A key contains the names unchanged, including spaces and `#`. A link escapes them as in any URL, but keeps the slashes of a
name because browsers resolve relative links by them; in Prometheus' templates (docs/upload.md, "The alert"):

    {{ reReplaceAll "%2F" "/" (reReplaceAll "[+]" "%20" (urlquery $labels.profile)) }}

Names that no URL can carry have no such key: parts that are empty, `.` or `..`, line breaks, more than 1024 bytes.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from inspec_textfile.pages.links import page_file
from inspec_textfile.upload.target import is_path

_MAX_KEY = 1024
"""Bytes, prefix included: S3 and GCS; Azure counts characters."""


class Object(NamedTuple):
    """What one key must hold."""

    key: str
    """Below the prefix."""
    file: str | None
    """The file that it is, as a path below the reports folder; None if it is made for the store."""
    data: bytes = b""
    """The content, if `file` is None."""
    links_to: tuple[str, ...] = ()
    """Keys of the objects that must be there before it."""


class Plan(NamedTuple):
    """Everything that must be in the bucket after a run."""

    stages: tuple[tuple[Object, ...], ...]
    """In the order in which they are sent: the pages of reports, those of profiles, and each of the overviews, which link to
    what comes before."""
    unlinked: tuple[str, ...]
    """Profiles whose names no URL can carry; their pages are published under their reports' names only."""

    @property
    def objects(self) -> tuple[Object, ...]:
        """All of them."""
        return tuple(item for stage in self.stages for item in stage)


def folder_key(file: str, instance: str) -> str:
    """Return the key of a file of the reports folder."""
    return f"{instance}/{file}"


def profile_key(profile: str, instance: str, prefix: str = "") -> str | None:
    """Return the key of the page that leads to a profile's reports, None if no URL can carry the name."""
    key = f"{profile}/{instance}"
    if not is_path(key) or len(posixpath.join(prefix, key).encode()) > _MAX_KEY:
        return None
    return key


def link(seen_from: str, key: str) -> str:
    """Return the relative link from one object to another."""
    return "../" * seen_from.count("/") + quote(key)


def plan(
    profiles_of: Mapping[str, Collection[str]],
    overviews: Sequence[str],
    instance: str,
    prefix: str,
    make_page: Callable[[str, str, Sequence[str]], bytes],
) -> Plan:
    """Return what to publish.

    `profiles_of`: the reports that have a page, with the profiles each of them shows; `overviews`: the files that show all
    reports, the one that leads to the others last; `make_page`: (key, profile, reports) -> the page of a profile.
    """
    page_keys = {report: folder_key(page_file(report), instance) for report in profiles_of}
    pages = tuple(Object(key, page_file(report)) for report, key in page_keys.items())
    leading, unlinked = [], []
    for profile, reports in sorted(_reports_of(profiles_of).items()):
        key = profile_key(profile, instance, prefix)
        if key is None:
            unlinked.append(profile)
        else:
            links_to = tuple(page_keys[report] for report in reports)
            leading.append(Object(key, None, make_page(key, profile, reports), links_to))
    before = tuple(page_keys.values())
    stages: list[tuple[Object, ...]] = [pages, tuple(leading)]
    for name in overviews:
        overview = Object(folder_key(name, instance), name, links_to=before)
        stages.append((overview,))
        before += (overview.key,)
    return Plan(tuple(stages), tuple(unlinked))


def _reports_of(profiles_of: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Return the reports that show a profile, for each profile."""
    found: dict[str, list[str]] = defaultdict(list)
    for report, profiles in profiles_of.items():
        for profile in profiles:
            found[profile].append(report)
    return found
