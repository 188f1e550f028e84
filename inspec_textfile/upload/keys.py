"""Which objects there are and what they are called: one rule, for the store and for the alerts that link to it.

Below the prefix a bucket holds

    INSTANCE/index.html, INSTANCE/inspec-REPORT.json.html    the reports folder, as it is on the host: links and anchors work
    PROFILE/INSTANCE                                         the page that shows the profile: inspec_exporter's alerts link it

A key contains the names unchanged, including spaces and `#`. A link escapes them as in any URL, but keeps the slashes of a
name because browsers resolve relative links by them; in Prometheus' templates (docs/upload.md, "The alert"):

    {{ reReplaceAll "%2F" "/" (reReplaceAll "[+]" "%20" (urlquery $labels.profile)) }}

Names that no URL can carry have no such key: parts that are empty, `.` or `..`, line breaks, more than 1024 bytes.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from inspec_textfile.pages.files import INDEX_FILE, page_file
from inspec_textfile.upload.target import is_path

_MAX_KEY = 1024
"""Bytes, prefix included: S3 and GCS; Azure counts characters."""
_RELATIVE = re.compile(rb'href="(?!#|[a-z]+:)([^"]*)"')
"""Links that are neither to the same page nor have a scheme (https, mailto, data). A colon in a name is escaped in a link.
Pages escape every quote in text of reports, so this matches only our own markup."""


class Object(NamedTuple):
    """What one key must hold."""

    key: str
    """Below the prefix."""
    file: str | None
    """The page it shows, as a path below the reports folder; None if it shows several."""
    data: bytes = b""
    """The content, if `file` is None."""
    links_to: tuple[str, ...] = ()
    """Keys of the objects that must be there before it."""


class Plan(NamedTuple):
    """Everything that must be in the bucket after a run."""

    pages: tuple[Object, ...]
    """The page of each report, and of each profile that only one report shows."""
    overviews: tuple[Object, ...]
    """Files that show several reports: one for each profile that several reports show, those of all, and, last, index.html."""
    unlinked: tuple[str, ...]
    """Profiles whose names no URL can carry; their pages are published under their reports' names only."""

    @property
    def objects(self) -> tuple[Object, ...]:
        """All of them."""
        return self.pages + self.overviews

    @property
    def index_page(self) -> Object:
        """The page that links to all reports."""
        return self.overviews[-1]


def folder_key(file: str, instance: str) -> str:
    """Return the key of a file of the reports folder."""
    return f"{instance}/{file}"


def profile_key(profile: str, instance: str, prefix: str = "") -> str | None:
    """Return the key of the page that shows a profile, None if no URL can carry the name."""
    key = f"{profile}/{instance}"
    if not is_path(key) or len(posixpath.join(prefix, key).encode()) > _MAX_KEY:
        return None
    return key


def plan(
    profiles_of: Mapping[str, Collection[str]],
    instance: str,
    prefix: str,
    overview: Callable[[Sequence[str]], bytes],
    files: Sequence[str] = (INDEX_FILE,),
) -> Plan:
    """Return what to publish.

    `profiles_of`: the reports that have a page, with the profiles each of them shows. A profile that several reports show
    leads to a page with links to all of them, worst first (`overview`: reports -> that page, made for the place of
    index.html), so that none of them hides another. `files`: those that show all reports, in the order in which they are
    published, the index last.
    """
    page_keys = {report: folder_key(page_file(report), instance) for report in profiles_of}
    index_key = folder_key(INDEX_FILE, instance)
    pages = [Object(key, page_file(report)) for report, key in page_keys.items()]
    overviews, unlinked = [], []
    for profile, reports in sorted(_reports_of(profiles_of).items()):
        key = profile_key(profile, instance, prefix)
        if key is None:
            unlinked.append(profile)
        elif len(reports) == 1:
            pages.append(Object(key, page_file(reports[0])))
        else:
            links_to = tuple(page_keys[report] for report in reports)
            overviews.append(Object(key, None, relocate(overview(reports), index_key, key), links_to))
    overviews += [Object(folder_key(file, instance), file, links_to=tuple(page_keys.values())) for file in files]
    return Plan(tuple(pages), tuple(overviews), tuple(unlinked))


def _reports_of(profiles_of: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Return the reports that show a profile, for each profile."""
    found: dict[str, list[str]] = defaultdict(list)
    for report, profiles in profiles_of.items():
        for profile in profiles:
            found[profile].append(report)
    return found


def relocate(page: bytes, old: str, new: str) -> bytes:
    """Return a page that was made for the key `old` as it must be for `new`: its links lead to the same places."""
    if old == new:
        return page
    folder = quote(posixpath.dirname(old))
    up = "../" * new.count("/")

    def moved(found: re.Match[bytes]) -> bytes:
        link = posixpath.normpath(posixpath.join(folder, found.group(1).decode()))
        return f'href="{up}{link}"'.encode()

    return _RELATIVE.sub(moved, page)
